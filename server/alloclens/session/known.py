"""The snapshots read so far. The evidence of all of them decides where files lie, so some have to be read again."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, Any

from alloclens.faults import Problem
from alloclens.series.owned import LineNumbers
from alloclens.series.snapshot import Snapshot
from alloclens.session.settling import Settling
from alloclens.worker import Lost, seconds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from alloclens.arrays import Ints
    from alloclens.cache.snapshots import Snapshots
    from alloclens.disk import Stamp
    from alloclens.series.contents import Contents, Pair
    from alloclens.series.owned import OwnedLines
    from alloclens.session.listing import Scan
    from alloclens.session.reading import Reader, Settled
    from alloclens.session.settling import Run
    from alloclens.source.evidence import Evidence
    from alloclens.source.places import SourceMap

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

    def take(self, listing: Scan) -> None:
        """Take what a scan says of the directories."""
        self.faults, self.closed, self.packages = listing.faults, listing.closed, listing.packages

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
        no_profiles = self._kept.no_profiles(listing, self._reader.digest)
        for problem in no_profiles:
            self.blame(problem)
        return frozenset(s.path for s in usable) | {problem.path for problem in no_profiles}

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
        paths = [path for path in (pair.head, pair.base, pair.previous) if path]
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
