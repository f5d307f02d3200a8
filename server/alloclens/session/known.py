"""What has been read so far, and whether it is settled: whose its files are is decided by the evidence of all snapshots."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from alloclens.faults import Problem
from alloclens.series.owned import LineNumbers
from alloclens.series.snapshot import Snapshot
from alloclens.session.settling import Settling
from alloclens.worker import Lost, seconds_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from alloclens.arrays import Ints
    from alloclens.cache.snapshots import Snapshots
    from alloclens.disk import Stamp
    from alloclens.series.comparison import Contents, Pair
    from alloclens.series.owned import Owned
    from alloclens.session.reading import Reader
    from alloclens.session.settling import Run
    from alloclens.source.evidence import Evidence
    from alloclens.source.places import SourceMap

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
