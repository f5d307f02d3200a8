"""What has been read so far, and whether it is settled: whose its files are is decided by the evidence of all snapshots."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.faults import Problem
from alloclens.languages.names import EVERY_PROGRAM
from alloclens.series.owned import LineNumbers
from alloclens.series.snapshot import Snapshot
from alloclens.session.reading import Settled
from alloclens.source.build_roots import LearnedBuilds
from alloclens.source.evidence import AllEvidence, digest_of
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Kind
from alloclens.source.rules import ELSEWHERE
from alloclens.worker import Lost, seconds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.cache.snapshots import Snapshots
    from alloclens.disk import Stamp
    from alloclens.series.comparison import Contents, Pair
    from alloclens.series.owned import OwnedLines
    from alloclens.session.reading import Placed, Reader
    from alloclens.source.evidence import Evidence
    from alloclens.source.places import Places

    Run = Callable[..., Any]
    """Calls a function with the arguments that follow, and has as many `seconds` for it: here or in the worker."""

MOST_LOST = 1000
"""So many files that were not found are looked for again; more are of another machine, or take too long."""


def at_once(work: Callable[..., Any], *arguments: object, seconds: float = 0) -> Any:
    """Do the work in this process, however long it takes."""
    del seconds
    return work(*arguments)


class Known:
    """What one reader has read. Nothing in it depends on the order in which files were read. Not for two threads at once."""

    def __init__(self, reader: Reader, kept: Snapshots | None = None, run: Run = at_once) -> None:
        """Remember with `kept` what was read before, and `run` the reader's methods."""
        self.snapshots: dict[str, Snapshot] = {}
        """By path."""
        self.unsettled: set[str] = set()
        """Those of them that have to be read again, for what is settled of their files has changed."""
        self.problems: dict[str, Problem] = {}
        self.faults: Mapping[str, str] = {}
        """Why entries of the profile directories cannot be read, or these not be listed, by path."""
        self.contents: dict[Pair, Contents | None] = {}
        self.sites = LineNumbers()
        """Numbers the lines that snapshots own, and remembers their windows."""
        self._stamps: dict[str, Stamp] = {}
        """Of the files of the snapshots."""
        self._reader, self._kept, self._run = reader, kept, run
        self._settling = Settling(reader, run)
        self._unchecked = False
        """Whether any snapshot may have become unsettled."""

    @property
    def settled(self) -> list[Snapshot]:
        """The snapshots that may be judged."""
        return [snapshot for path, snapshot in self.snapshots.items() if path not in self.unsettled]

    @property
    def sources(self) -> SourceMap:
        """Where the files lie that the snapshots name."""
        return self._settling.sources

    def functions(self, snapshot: Snapshot) -> Ints:
        """Return numbers of the functions that tell the program of a snapshot from others."""
        return self._settling.telling(snapshot.evidence)

    def remember(self, listing: Mapping[str, Stamp]) -> frozenset[str]:
        """Take over what was read before of these files, and return of which that was."""
        if self._kept is None:
            return frozenset()
        evidence = self._settling.evidence
        found = self._kept.of(listing, self._reader.digest, self._again)
        keys, names = self._kept.evidence({one.evidence for one in found if one.evidence not in evidence})
        found = [one for one in found if one.evidence in keys or one.evidence in evidence]
        for one in found:
            self.forget(one.path)
            evidence.add(one.evidence, keys, names)
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
        evidence, digest = self._settling.evidence, found.digest
        evidence.add(digest, {digest: found.keys}, found)
        read: Snapshot | Problem | None = None
        try:
            self.settle()
            read = self._snapshot(path, stamp, digest)
        finally:
            if not isinstance(read, Snapshot):
                self._settling.drop(digest)
        if isinstance(read, Snapshot):
            self.forget(path)
            self.snapshots[path], self._stamps[path] = self._lighter(read, stamp), stamp
        return read

    def _snapshot(self, path: str, stamp: Stamp, evidence: int) -> Snapshot | Problem:
        settled, seconds = self._settling.of(evidence), seconds_for(stamp.size)
        read: Snapshot | Problem = self._run(self._reader.snapshot, path, stamp, settled, seconds=seconds)
        return read

    def _lighter(self, read: Snapshot, stamp: Stamp) -> Snapshot:
        """Return the same as it was kept, if it was: that holds little in memory."""
        kept = self._kept.of({read.path: stamp}, self._reader.digest, self._again) if self._kept else []
        same = (one for one in kept if (one.evidence, one.attribution) == (read.evidence, read.attribution))
        return next(same, read)

    def _again(self, path: str) -> OwnedLines | None:
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
            self._settling.drop(self.snapshots.pop(path).evidence)
            del self._stamps[path]
        self.unsettled.discard(path)
        self.problems.pop(path, None)
        self.contents = {pair: contents for pair, contents in self.contents.items() if path not in pair}

    def look_again(self) -> bool:
        """Look again for the files that were not found; return whether any is found now."""
        lost = self._settling.lost
        with suppress(Lost):
            return len(lost) <= MOST_LOST and self.settle(lost)
        return False

    def settle(self, files: Iterable[str] = ()) -> bool:
        """Let the evidence that there is decide where files lie, and look for these anew; return whether any lies elsewhere now.

        Raises what `run` raises; then nothing is settled.
        """
        has_moved = self._settling.settle(tuple(files))
        if has_moved:
            self.contents = {}
        if has_moved or self._unchecked:
            attribution = self._settling.attribution
            of_all = self.snapshots.items()
            self.unsettled = {path for path, one in of_all if one.attribution != attribution(one.evidence)}
            self._unchecked = False
        return has_moved

    def pair(self, pair: Pair) -> Contents | None:
        """Read the files of a comparison; None where one of them cannot be read any more."""
        paths = [path for path in (pair.head, pair.base) if path]
        settled = {path: self._settling.of(self.snapshots[path].evidence) for path in paths}
        seconds = seconds_for(sum(self._stamps[path].size for path in paths))
        try:
            contents: Contents | Problem | None = self._run(self._reader.pair, pair, settled, seconds=seconds)
        except Lost:
            return None
        if isinstance(contents, Problem):
            self.problems[contents.path] = contents
            return None
        return contents


class Settling:
    """Where the files lie that the snapshots name. Worked out by `settle`, after evidence has come or gone."""

    def __init__(self, reader: Reader, run: Run) -> None:
        self.evidence = AllEvidence()
        self.sources = SourceMap(reader.roots, reader.files)
        self._reader, self._run = reader, run
        self._functions: Mapping[str, tuple[str, ...]] = {}
        """By file; all that follows is worked out from them."""
        self._places: Places = {}
        self._builds = LearnedBuilds()
        self._names: Mapping[str, str] = {}
        """What a recorded file is called, if that is not its own name."""
        self._several: Mapping[str, Sequence[str]] = {}
        """The recorded files that are one of the user's own, where there are several, by its path here."""
        self._together: dict[int, frozenset[str]] = {}
        """By the digest of the evidence: the paths here of the files that it has by several names."""
        self._kinds = np.zeros(0, np.int64)
        """Of each name, what is settled of its file."""
        self._numbers: dict[str, int] = {}
        """Of functions."""
        self._numbered: Ints | None = None
        """Of each name, that of its function, -1 if it tells no program from another; made when first needed."""
        self._attributions: dict[int, int] = {}
        self._telling: dict[int, Ints] = {}
        """By the digest of the evidence, as the attributions."""

    @property
    def lost(self) -> list[str]:
        """The files that were not found."""
        return [file for file, place in self._places.items() if not isinstance(place, Place)]

    def settle(self, files: Collection[str] = ()) -> bool:
        """Place the files whose functions have changed, and these; return whether one that was placed lies elsewhere now.

        Raises what `run` raises; then nothing is settled.
        """
        changed, functions = self.evidence.changed, self._functions
        if changed:
            functions = dict(self.evidence.functions)
        new = {file for file in changed if file in functions and functions[file] != self._functions.get(file)}
        wanted = [file for file in {*new, *files} if file in functions]
        has_moved = False
        if wanted or len(functions) < len(self._functions):
            placed: Placed = self._run(self._reader.places, functions, wanted, self._builds)
            has_moved = self._take(functions, wanted, placed)
        if has_names := (names := self._one_name()) != self._names:
            self._names, self._attributions = names, {}
        if wanted or changed or has_names:
            self._kinds, self._numbered = self.evidence.column(lambda file, _: self._settled(file)), None
            changed.clear()
        return has_moved or has_names

    def _one_name(self) -> dict[str, str]:
        """Return what a file of the user's own is called that a snapshot has by several names, for each other name of it.

        Two files of a dependency may be two versions, one that is guessed may be of another program, and where one was renamed to
        the other, both have been.
        """
        if not self._several:
            return {}
        key_of = {file: key for key, files in self._several.items() for file in files}
        for digest in self.evidence.digests - self._together.keys():
            found = Counter(filter(None, map(key_of.get, self.evidence.files(digest))))
            self._together[digest] = frozenset(key for key, times in found.items() if times > 1)
        together = frozenset[str]().union(*map(self._together.__getitem__, self.evidence.digests))
        first = {key: min(self._several[key]) for key in together}
        return {file: first[key] for key in together for file in self._several[key] if file != first[key]}

    def _is_one(self, file: str) -> bool:
        place = self._places[file]
        return isinstance(place, Place) and place.own and not place.guessed and place.rule not in ELSEWHERE

    def _settled(self, file: str) -> int:
        """Return what a snapshot depends on: whose a file is, whether it is here, and what it is called."""
        place = self._places[file]
        kind = 2 * place.kind + isinstance(place, Place)
        return (
            digest_of(f"{kind} {self._names[file]}".encode("utf-8", "surrogatepass")) if file in self._names else kind
        )

    def _take(self, functions: Mapping[str, tuple[str, ...]], wanted: Collection[str], placed: Placed) -> bool:
        before = self._places
        found = dict(zip(wanted if placed.builds == self._builds else functions, placed.places, strict=True))
        self._functions, self._builds = functions, placed.builds
        self._places = {file: place for file, place in before.items() if file in functions} | found
        self.sources = SourceMap(self._reader.roots, self._reader.files, functions, self._places)
        own = ((key, [*filter(self._is_one, files)]) for key, files in self.sources.by_place.items() if len(files) > 1)
        if (several := {key: files for key, files in own if len(files) > 1}) != self._several:
            self._several, self._together = several, {}
        has_moved = any(before.get(file, place) != place for file, place in found.items())
        if has_moved:
            self._attributions, self._telling = {}, {}
        return has_moved

    def of(self, digest: int) -> Settled:
        """Return what is settled of the files of a snapshot, given by its evidence."""
        files = self.evidence.files(digest)
        names = {file: self._names[file] for file in files if file in self._names}
        places = {file: self._places[file] for file in (*files, *names.values())}
        return Settled(digest, self.attribution(digest), places, names)

    def attribution(self, digest: int) -> int:
        """Return a digest of whose the files of a snapshot are, given by its evidence."""
        if digest not in self._attributions:
            self._attributions[digest] = digest_of(self._kinds[self.evidence.rows(digest)].tobytes())
        return self._attributions[digest]

    def telling(self, digest: int) -> Ints:
        """Return numbers of the functions of a snapshot, given by its evidence, that tell its program from others."""
        if digest not in self._telling:
            if self._numbered is None:
                self._numbered = self.evidence.column(self._number)
            numbers = self._numbered[self.evidence.rows(digest)]
            self._telling[digest] = numbers[numbers >= 0]
        return self._telling[digest]

    def _number(self, file: str, function: str) -> int:
        if self._places[file].kind not in (Kind.OWN, Kind.UNKNOWN) or EVERY_PROGRAM.match(function):
            return -1
        return self._numbers.setdefault(function, len(self._numbers))

    def drop(self, digest: int) -> None:
        """Take a snapshot's evidence away."""
        self.evidence.drop(digest)
        if digest not in self.evidence:
            self._together.pop(digest, None)
            self._attributions.pop(digest, None)
            self._telling.pop(digest, None)
