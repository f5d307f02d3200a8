"""What has been read so far, and settled: the evidence of all snapshots decides for each of them whose its files are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.analysis.owned import Sites
from alloclens.analysis.series import Snapshot
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Kind
from alloclens.store.evidence import AllEvidence, digest_of
from alloclens.store.reading import Settled
from alloclens.store.worker import Lost, seconds_for
from alloclens.store.world import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from alloclens.analysis.comparison import Contents, Pair
    from alloclens.analysis.owned import Owned
    from alloclens.source.builds import Built
    from alloclens.source.places import Nowhere, Places
    from alloclens.store.evidence import Evidence, Ints, Name
    from alloclens.store.listing import Stamp
    from alloclens.store.reading import Placed, Reader
    from alloclens.store.snapshots import Snapshots

    Run = Callable[..., Any]


EVERY_PROGRAM = re.compile(r"(main\.)?main(\.func\d|$)|main\.init\b|[<(]|$")
"""What functions are called that tell nothing of whose they are: main, <module>, (anonymous)."""


def at_once(work: Callable[..., Any], *arguments: object, seconds: float = 0) -> Any:
    """Do the work in this process, however long it takes."""
    del seconds
    return work(*arguments)


class Known:
    """What one reader has read. Nothing in it depends on the order in which the files were read. Not for two threads at once."""

    def __init__(self, reader: Reader, kept: Snapshots | None = None, run: Run = at_once) -> None:
        """Remember with `kept` what was read before, and `run` the reader's methods."""
        self.snapshots: dict[str, Snapshot] = {}
        """By path."""
        self.unsettled: set[str] = set()
        """Those of them that have to be read again, for what is known of their files has changed."""
        self.problems: dict[str, Problem] = {}
        self.faults: Mapping[str, str] = {}
        """Why entries of the profile directories cannot be read, or these not be listed, by path."""
        self.contents: dict[Pair, Contents | None] = {}
        self.sites = Sites()
        """Numbers the lines that snapshots own, and remembers their windows."""
        self.sources = SourceMap(reader.roots, reader.files)
        """Where the files lie that the snapshots name."""
        self._reader, self._kept, self._run = reader, kept, run
        self._stamps: dict[str, Stamp] = {}
        """Of the files of the snapshots."""
        self._evidence = AllEvidence()
        self._functions: Mapping[str, tuple[str, ...]] = {}
        """By file; with the places that follow from them."""
        self._places: Places = {}
        self._builds: tuple[Built, ...] = ()
        self._kind = self._evidence.column(len)
        """Of each name, what is settled of its file."""
        self._number: Ints | None = None
        """Of each name, that of its function; made when first needed."""
        self._numbers: dict[str, int] = {}
        self._attributions: dict[int, int] = {}
        """By the digest of the evidence; as `_telling`."""
        self._telling: dict[int, Ints] = {}
        self._unchecked = False
        """Whether any snapshot may have become unsettled."""

    @property
    def settled(self) -> list[Snapshot]:
        """The snapshots that may be judged."""
        return [snapshot for path, snapshot in self.snapshots.items() if path not in self.unsettled]

    def remember(self, listing: Mapping[str, Stamp]) -> frozenset[str]:
        """Take over what was read before of these files, and return of which that was."""
        found = self._kept.of(listing, self._reader.digest, self._again) if self._kept else []
        new = {one.evidence for one in found if one.evidence not in self._evidence}
        sets, names = self._kept.evidence(new) if self._kept and new else ({}, {})
        found = [one for one in found if one.evidence in sets or one.evidence in self._evidence]
        for one in found:
            self.forget(one.path)
            self._evidence.add(one.evidence, sets, names)
            self.snapshots[one.path], self._stamps[one.path] = one, listing[one.path]
        self._unchecked = True
        return frozenset(one.path for one in found)

    def next(self, unread: Iterable[str]) -> str | None:
        """Return the file to be read next; None where all are settled. Raises what `run` raises.

        First what was never read, for it may tell more about the files of the others; but before that the latest snapshot,
        for that is what is looked at.
        """
        self.settle()
        first = next(iter(unread), None)
        latest = max(self.unsettled, key=self._order, default=None)
        if first is None or (latest is not None and latest == max(self.snapshots, key=self._order)):
            return latest
        return first

    def _order(self, path: str) -> tuple[float, str]:
        return self.snapshots[path].order

    def read(self, path: str, stamp: Stamp) -> Snapshot | Problem:
        """Read a file, and keep the snapshot in it. Raises what `run` raises."""
        found: Evidence | Problem = self._run(self._reader.evidence, path, seconds=seconds_for(stamp.size))
        if isinstance(found, Problem):
            return found
        digest = found.digest
        read: Snapshot | Problem | None = None
        names = {} if digest in self._evidence else found.names
        self._evidence.add(digest, {digest: found.keys}, names)
        try:
            self.settle()
            read = self._snapshot(path, stamp, digest)
        finally:
            if not isinstance(read, Snapshot):
                self._drop(digest)
        if isinstance(read, Snapshot):
            self.forget(path)
            self.snapshots[path], self._stamps[path] = self._lighter(read, stamp), stamp
        return read

    def _snapshot(self, path: str, stamp: Stamp, digest: int) -> Snapshot | Problem:
        read: Snapshot | Problem = self._run(
            self._reader.snapshot, path, stamp, self._settled(digest), seconds=seconds_for(stamp.size)
        )
        return read

    def _again(self, path: str) -> Owned | None:
        """Read the lines of a snapshot again; None where that cannot be done."""
        try:
            read = self._snapshot(path, self._stamps[path], self.snapshots[path].evidence)
        except (KeyError, Lost):
            return None
        return read.owned if isinstance(read, Snapshot) else None

    def blame(self, problem: Problem) -> None:
        """Keep what is wrong with a file, in place of all that came from it."""
        self.forget(problem.path)
        self.problems[problem.path] = problem

    def forget(self, path: str) -> None:
        """Drop all that came from a file."""
        if path in self.snapshots:
            self._drop(self.snapshots.pop(path).evidence)
            del self._stamps[path]
        self.unsettled.discard(path)
        self.problems.pop(path, None)
        self.contents = {pair: contents for pair, contents in self.contents.items() if path not in pair}

    def settle(self, *, again: bool = False) -> None:
        """Let the evidence that there is now decide where files lie, with `again` also where those are that were not found.

        Raises what `run` raises; then nothing is settled.
        """
        changed = self._evidence.changed
        if not (again or changed or self._unchecked):
            return
        functions = dict(self._evidence.functions)
        new = {file for file in changed if file in functions and functions[file] != self._functions.get(file)}
        lost = {file for file in functions if not isinstance(self._places.get(file), Place)} if again else set()
        if new or lost or len(functions) < len(self._functions):
            self._place(functions, new | lost)
        if new or lost or changed:
            self._kind, self._number = self._evidence.column(lambda name: _kind(self._places[name.file])), None
            changed.clear()
        if self._unchecked:
            each = self.snapshots.items()
            self.unsettled = {path for path, one in each if one.attribution != self._attribution(one.evidence)}
            self._unchecked = False

    def _place(self, functions: Mapping[str, tuple[str, ...]], files: Iterable[str]) -> None:
        """Place these files; all if the places where programs were built are others now."""
        wanted, before = list(files), self._places
        placed: Placed = self._run(self._reader.places, functions, wanted, self._builds)
        found = dict(zip(wanted if placed.builds == self._builds else functions, placed.places, strict=True))
        self._functions, self._builds = functions, placed.builds
        self._places = {file: place for file, place in before.items() if file in functions} | found
        self.sources = SourceMap(self._reader.roots, self._reader.files, functions, self._places)
        if any(before.get(file, place) != place for file, place in found.items()):
            self.contents, self._attributions, self._telling, self._unchecked = {}, {}, {}, True

    def pair(self, pair: Pair) -> Contents | None:
        """Read the files of a comparison; None where one of them cannot be read any more."""
        settled = {path: self._settled(self.snapshots[path].evidence) for path in (pair.head, pair.base) if path}
        seconds = seconds_for(sum(self._stamps[path].size for path in settled))
        try:
            contents: Contents | Problem | None = self._run(self._reader.pair, pair, settled, seconds=seconds)
        except Lost:
            return None
        if isinstance(contents, Problem):
            self.problems[contents.path] = contents
            return None
        return contents

    def functions(self, snapshot: Snapshot) -> Ints:
        """Return numbers of the functions that tell the program of a snapshot from others."""
        digest = snapshot.evidence
        if digest not in self._telling:
            if self._number is None:
                self._number = self._evidence.column(self._number_of)
            numbers = self._number[self._evidence.rows(digest)]
            self._telling[digest] = np.unique(numbers[numbers >= 0])
        return self._telling[digest]

    def _number_of(self, name: Name) -> int:
        """Return the number of a function, -1 if it tells no program from others."""
        if self._places[name.file].kind not in (Kind.OWN, Kind.UNKNOWN) or EVERY_PROGRAM.match(name.function):
            return -1
        return self._numbers.setdefault(name.function, len(self._numbers))

    def _settled(self, digest: int) -> Settled:
        files = dict.fromkeys(name.file for name in self._evidence.names(digest))
        return Settled(digest, self._attribution(digest), {file: self._places[file] for file in files})

    def _attribution(self, digest: int) -> int:
        if digest not in self._attributions:
            self._attributions[digest] = digest_of(self._kind[self._evidence.rows(digest)].tobytes())
        return self._attributions[digest]

    def _drop(self, digest: int) -> None:
        self._evidence.drop(digest)
        if digest not in self._evidence:
            self._attributions.pop(digest, None)
            self._telling.pop(digest, None)

    def _lighter(self, read: Snapshot, stamp: Stamp) -> Snapshot:
        """Return the same as it was kept, if it was: that holds little in memory."""
        kept = self._kept.of({read.path: stamp}, self._reader.digest, self._again) if self._kept else []
        same = (one for one in kept if (one.evidence, one.attribution) == (read.evidence, read.attribution))
        return next(same, read)


def _kind(found: Place | Nowhere) -> int:
    """Return what a snapshot depends on: whose a file is, and whether it is here."""
    return 2 * found.kind + isinstance(found, Place)
