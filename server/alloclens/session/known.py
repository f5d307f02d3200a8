"""The snapshots read so far. The evidence of all of them decides where files lie, so some have to be read again."""

from __future__ import annotations

import math
import os
from collections import Counter
from contextlib import contextmanager, suppress
from threading import RLock
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
from alloclens.source.recorded import Origin
from alloclens.source.rules import ELSEWHERE
from alloclens.worker import Lost, seconds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.cache.snapshots import Snapshots
    from alloclens.disk import Stamp
    from alloclens.series.comparison import Contents, Pair
    from alloclens.series.owned import OwnedLines
    from alloclens.session.reading import Placed, Reader
    from alloclens.source.evidence import Evidence
    from alloclens.source.places import Places

    Run = Callable[..., Any]
    """Calls a function with arguments, in this process or in the worker; `seconds` is its deadline."""

MAX_LOST_FILES = 1000
"""If more files were not found, they are not looked for again: it would take too long, and most are of another machine."""


def at_once(work: Callable[..., Any], *arguments: object, seconds: float = 0) -> Any:
    """Call a function in this process, without a deadline."""
    del seconds
    return work(*arguments)


class Known:
    """What one reader has read, whatever the order in which it was read.

    `read`, `blame` and `forget` may be called from two threads at once. The rest belongs to one thread, while nothing is read.
    """

    def __init__(self, reader: Reader, kept: Snapshots | None = None, run: Run = at_once) -> None:
        """Take what was read before from `kept`, and call the reader's methods with `run`."""
        self.snapshots: dict[str, Snapshot] = {}
        """By path."""
        self.unsettled: set[str] = set()
        """Paths of snapshots that have to be read again: what is settled about their files has changed, or they read differently."""
        self.problems: dict[str, Problem] = {}
        self.faults: Mapping[str, str] = {}
        """Maps entries that cannot be read, and directories that cannot be listed, to the reason."""
        self.closed: tuple[str, ...] = ()
        """Directories whose sub-directories are not listed, because they hold source code."""
        self.packages = frozenset[str]()
        """Directories that are packages of a program."""
        self.since = -math.inf
        """Snapshots taken before this time, in seconds since 1970, tell where files lie, but are not shown."""
        self.contents: dict[Pair, Contents | None] = {}
        self.numbers = LineNumbers()
        """Numbers of the lines that snapshots own."""
        self._stamps: dict[str, Stamp] = {}
        """Stamps of the snapshots' files."""
        self._reader, self._kept, self._run = reader, kept, run
        self._settling = Settling(reader, run)
        self._lock = RLock()
        self._unchecked = False
        """Whether any snapshot may have become unsettled."""

    @property
    def settled(self) -> list[Snapshot]:
        """The snapshots to be shown that need not be read again."""
        shown = list(self.snapshots.values())
        if self.since > -math.inf:
            shown = [snapshot for snapshot in shown if snapshot.taken_at.seconds >= self.since]
        return [snapshot for snapshot in shown if snapshot.path not in self.unsettled] if self.unsettled else shown

    @property
    def sources(self) -> SourceMap:
        """Where the files named by the snapshots lie."""
        return self._settling.sources

    def functions(self, snapshot: Snapshot) -> Ints:
        """Return the numbers of the functions that distinguish a snapshot's program from others."""
        return self._settling.telling(snapshot.evidence)

    def remember(self, listing: Mapping[str, Stamp]) -> frozenset[str]:
        """Take what was read before of these files from the cache, and return their paths."""
        if self._kept is None:
            return frozenset()
        evidence = self._settling.evidence
        kept = self._kept.of(listing, self._reader.digest, self._again)
        keys, names = self._kept.evidence({s.evidence for s in kept if s.evidence not in evidence})
        usable = [s for s in kept if s.evidence in keys or s.evidence in evidence]
        for snapshot in usable:
            self.forget(snapshot.path)
            evidence.add(snapshot.evidence, keys, names)
            self.snapshots[snapshot.path], self._stamps[snapshot.path] = snapshot, listing[snapshot.path]
        self._unchecked = True
        return frozenset(s.path for s in usable)

    def next(self, first: str | None) -> str | None:
        """Return the file to read next: the `first` that is unread, or one again. None if all are settled. Raises what `run` raises.

        The latest snapshot comes first, because it is shown; then the unread files, because their evidence may concern others.
        """
        self.settle()
        latest = max(self.unsettled, key=self._order, default=None)
        if first is None or (latest is not None and latest == max(self.snapshots, key=self._order)):
            return latest
        return first

    def _order(self, path: str) -> tuple[float, str, str]:
        return self.snapshots[path].order

    def read(self, path: str, stamp: Stamp, run: Run | None = None) -> Snapshot | Problem:
        """Read a file, with another `run` than usual if one is given, and keep the snapshot in it. Raises what that raises.

        Meanwhile, another thread may read another file.
        """
        run, seconds = run or self._run, seconds_for(stamp.size)
        with self._latest() as latest:
            read: Snapshot | Evidence | Problem = run(self._reader.read, path, stamp, latest, seconds=seconds)
            if isinstance(read, Snapshot):
                self._keep(read, stamp)
        if isinstance(read, (Snapshot, Problem)):
            return read
        with self._evidence(read) as digest:
            with self._lock:
                self.settle()
                settled = self._settling.of(digest)
            again: Snapshot | Problem = run(self._reader.snapshot, path, stamp, settled, seconds=seconds)
            if isinstance(again, Snapshot):
                self._keep(again, stamp)
        return again

    @contextmanager
    def _latest(self) -> Iterator[Settled | None]:
        """Return what was settled last, and hold its evidence."""
        with self._lock:
            latest = self._settling.latest
            if latest:
                self._settling.evidence.add_again(latest.evidence)
        try:
            yield latest
        finally:
            if latest:
                with self._lock:
                    self._settling.drop(latest.evidence)

    @contextmanager
    def _evidence(self, own: Evidence) -> Iterator[int]:
        """Take the evidence of a file into account while it is read, and return its digest."""
        digest = own.digest
        with self._lock:
            self._settling.evidence.add(digest, {digest: own.keys}, own)
        try:
            yield digest
        finally:
            with self._lock:
                self._settling.drop(digest)

    def _keep(self, read: Snapshot, stamp: Stamp) -> None:
        """Keep a snapshot, whose evidence the caller holds."""
        with self._lock:
            self._settling.evidence.add_again(read.evidence)
            self.forget(read.path)
            self.snapshots[read.path], self._stamps[read.path] = self._lighter(read, stamp), stamp
            if read.attribution != self._settling.attribution(
                read.evidence
            ):  # another file showed that while this was read
                self.unsettled.add(read.path)

    def _snapshot(self, path: str, stamp: Stamp, evidence: int) -> Snapshot | Problem:
        settled, seconds = self._settling.of(evidence), seconds_for(stamp.size)
        read: Snapshot | Problem = self._run(self._reader.snapshot, path, stamp, settled, seconds=seconds)
        return read

    def _lighter(self, read: Snapshot, stamp: Stamp) -> Snapshot:
        """Return the snapshot as the cache holds it, if it does: it takes less memory."""
        kept = self._kept.of({read.path: stamp}, self._reader.digest, self._again) if self._kept else []
        same = (s for s in kept if (s.evidence, s.attribution) == (read.evidence, read.attribution))
        return next(same, read)

    def _again(self, path: str) -> OwnedLines | None:
        """Read the lines of a snapshot again; None if that fails."""
        try:
            read = self._snapshot(path, self._stamps[path], self.snapshots[path].evidence)
        except (KeyError, Lost):
            return None
        return read.owned if isinstance(read, Snapshot) else None

    def blame(self, problem: Problem) -> None:
        """Replace everything read from a file by a problem, unless it may be any file of a package."""
        with self._lock:
            self.forget(problem.path)
            if not (problem.is_no_profile and os.path.dirname(problem.path) in self.packages):
                self.problems[problem.path] = problem

    def forget(self, path: str) -> None:
        """Drop everything read from a file."""
        with self._lock:
            if path in self.snapshots:
                self._settling.drop(self.snapshots.pop(path).evidence)
                del self._stamps[path]
            self.unsettled.discard(path)
            self.problems.pop(path, None)
            self.contents = {pair: contents for pair, contents in self.contents.items() if path not in pair}

    def look_again(self) -> bool:
        """Look again for the files that were not found, and return whether any was found."""
        lost = self._settling.lost
        with suppress(Lost):
            return len(lost) <= MAX_LOST_FILES and self.settle(lost)
        return False

    def settle(self, files: Iterable[str] = ()) -> bool:
        """Place files by the current evidence, and `files` again; return whether any lies elsewhere now.

        Raises what `run` raises; then nothing has changed.
        """
        has_moved = self._settling.settle(tuple(files))
        if has_moved:
            self.contents = {}
        if has_moved or self._unchecked:
            attribution = self._settling.attribution
            of_all = self.snapshots.items()
            self.unsettled = {p for p, snapshot in of_all if snapshot.attribution != attribution(snapshot.evidence)}
            self._unchecked = False
        return has_moved

    def pair(self, pair: Pair) -> Contents | None:
        """Read the files of a comparison; None if one of them can no longer be read, or is unsettled now."""
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
        if contents is None:
            self.unsettled.update(filter(self._reads_differently, paths))
        return contents

    def _reads_differently(self, path: str) -> bool:
        """Return whether a file has other functions than the cache has of it, as when its binary was replaced."""
        try:
            read = self._run(self._reader.evidence, path, seconds=seconds_for(self._stamps[path].size))
        except Lost:
            return False
        return not isinstance(read, Problem) and bool(read.digest != self.snapshots[path].evidence)


class Settling:
    """Where the files named by the snapshots lie. `settle` computes it after evidence was added or dropped."""

    def __init__(self, reader: Reader, run: Run) -> None:
        self.evidence = AllEvidence()
        self.sources = SourceMap(reader.roots, reader.files)
        self._reader, self._run = reader, run
        self._functions: Mapping[str, tuple[str, ...]] = {}
        """By file; everything below follows from them."""
        self._places: Places = {}
        self._builds = LearnedBuilds()
        self._names: Mapping[str, str] = {}
        """Maps recorded files to the name that is used instead of their own."""
        self._several: Mapping[str, Sequence[str]] = {}
        """Maps the path of an own file to its recorded names, if there are several."""
        self._together: dict[int, frozenset[str]] = {}
        """Maps the digest of evidence to the paths of the files that it has by several names."""
        self._codes = np.zeros(0, np.int64)
        """For each name in the evidence: what is settled about its file."""
        self._numbers: dict[str, int] = {}
        """Numbers of functions."""
        self._numbered: Ints | None = None
        """For each name: its function's number, -1 if every program may have it; computed when first needed."""
        self._attributions: dict[int, int] = {}
        self._telling: dict[int, Ints] = {}
        self._latest: dict[int, Settled] = {}
        """All by the digest of the evidence; of the last, only the one that was last asked for."""

    @property
    def latest(self) -> Settled | None:
        """The last result of `of`, if it still holds."""
        return next(iter(self._latest.values()), None)

    @property
    def lost(self) -> list[str]:
        """The recorded files that were not found."""
        return [file for file, place in self._places.items() if not isinstance(place, Place)]

    def settle(self, files: Collection[str] = ()) -> bool:
        """Place `files` and those whose functions have changed; return whether any that was placed lies elsewhere now.

        Raises what `run` raises; then nothing has changed.
        """
        changed, functions = self.evidence.changed, self._functions
        if changed:
            functions = dict(self.evidence.functions)
        new = {file for file in changed if file in functions and functions[file] != self._functions.get(file)}
        to_place = [file for file in {*new, *files} if file in functions]
        has_moved = False
        if to_place or len(functions) < len(self._functions):
            placed: Placed = self._run(self._reader.places, functions, to_place, self._builds)
            has_moved = self._take(functions, to_place, placed)
        if has_names := (names := self._one_name()) != self._names:
            self._names, self._attributions, self._latest = names, {}, {}
        if to_place or changed or has_names:
            self._codes, self._numbered = self.evidence.column(lambda file, _: self._settled(file)), None
            changed.clear()
        return has_moved or has_names

    def _one_name(self) -> dict[str, str]:
        """Map the names of each own file that a snapshot has by several names to one of them.

        Only own files: two files of a dependency may be two versions. A guess may be another program's file, and of two names of
        which one was renamed to the other, both have existed.
        """
        if not self._several:
            return {}
        key_of = {file: key for key, files in self._several.items() for file in files}
        for digest in self.evidence.digests - self._together.keys():
            counts = Counter(filter(None, map(key_of.get, self.evidence.files(digest))))
            self._together[digest] = frozenset(key for key, times in counts.items() if times > 1)
        together = frozenset[str]().union(*map(self._together.__getitem__, self.evidence.digests))
        first = {key: min(self._several[key]) for key in together}
        return {file: first[key] for key in together for file in self._several[key] if file != first[key]}

    def _is_one(self, file: str) -> bool:
        place = self._places[file]
        return isinstance(place, Place) and place.own and not place.guessed and place.rule not in ELSEWHERE

    def _settled(self, file: str) -> int:
        """Return what snapshots depend on: whose a file is, whether it is here, and its name."""
        place = self._places[file]
        code = 2 * place.origin + isinstance(place, Place)
        return (
            digest_of(f"{code} {self._names[file]}".encode("utf-8", "surrogatepass")) if file in self._names else code
        )

    def _take(self, functions: Mapping[str, tuple[str, ...]], to_place: Collection[str], placed: Placed) -> bool:
        before = self._places
        places = dict(zip(to_place if placed.builds == self._builds else functions, placed.places, strict=True))
        self._functions, self._builds = functions, placed.builds
        self._places = {file: place for file, place in before.items() if file in functions} | places
        self.sources = SourceMap(self._reader.roots, self._reader.files, functions, self._places)
        own = ((key, [*filter(self._is_one, files)]) for key, files in self.sources.by_place.items() if len(files) > 1)
        if (several := {key: files for key, files in own if len(files) > 1}) != self._several:
            self._several, self._together = several, {}
        has_moved = any(before.get(file, place) != place for file, place in places.items())
        if has_moved:
            self._attributions, self._telling, self._latest = {}, {}, {}
        return has_moved

    def of(self, digest: int) -> Settled:
        """Return what is settled about the files of a snapshot with this evidence."""
        if digest not in self._latest:
            files = self.evidence.files(digest)
            names = {file: self._names[file] for file in files if file in self._names}
            places = {file: self._places[file] for file in (*files, *names.values())}
            self._latest = {digest: Settled(digest, self.attribution(digest), places, names)}
        return self._latest[digest]

    def attribution(self, digest: int) -> int:
        """Return a digest of whose the files of a snapshot with this evidence are."""
        if digest not in self._attributions:
            self._attributions[digest] = digest_of(self._codes[self.evidence.rows(digest)].tobytes())
        return self._attributions[digest]

    def telling(self, digest: int) -> Ints:
        """Return the numbers of the functions that distinguish the program of a snapshot with this evidence from others."""
        if digest not in self._telling:
            if self._numbered is None:
                self._numbered = self.evidence.column(self._number)
            numbers = self._numbered[self.evidence.rows(digest)]
            self._telling[digest] = numbers[numbers >= 0]
        return self._telling[digest]

    def _number(self, file: str, function: str) -> int:
        if self._places[file].origin not in (Origin.OWN, Origin.UNKNOWN) or EVERY_PROGRAM.match(function):
            return -1
        return self._numbers.setdefault(function, len(self._numbers))

    def drop(self, digest: int) -> None:
        """Remove a snapshot's evidence."""
        self.evidence.drop(digest)
        if digest not in self.evidence:
            self._together.pop(digest, None)
            self._attributions.pop(digest, None)
            self._telling.pop(digest, None)
            self._latest.pop(digest, None)
