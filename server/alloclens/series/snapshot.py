"""A profile file of a series."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from alloclens.profile.build import UNKNOWN_BUILD, Build
from alloclens.profile.kinds import ProfileKind, kind_of
from alloclens.series.owned import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alloclens.profile.model import MemStats, ValueType
    from alloclens.profile.taken_at import TakenAt
    from alloclens.series.owned import OwnedLines


OF_PROCESS = re.compile(
    r"\.(\d{1,7})\.\d+\.(?:[a-z]\d*\.heap|pprof)\b"
    r"|^Heap\.\d{8}\.\d{6}\.(\d+\.\d+)\.\d+\.heapprofile\b"
    r"|(?<![a-zA-Z])pid[-_.]?(\d+(?:[-_.]?t(?:id)?\d+(?![a-zA-Z]))?)"
)
"""Names with a process ID: of jemalloc's dumps (prefix, ID, number, and what it was written for), ddtrace's, those of node --heap-prof
(date, time, ID, thread, number), and any with pid387, or pid387-t2: each of Node's worker threads has a heap of its own."""
JEMALLOC_FINAL = re.compile(r"\.\d+\.f\.heap\b")
OF_HEAP_PROF = re.compile(r"^Heap\.\d{8}\.\d{6}\.\d+\.\d+\.\d+\.heapprofile\b")
NUMBER = re.compile(r"\d+")
MAX_DIGITS = 20
"""Of a number in a file's name that is compared as a number."""
COPY_SECONDS = 1.0
"""Files that were copied together have dates at most this long after each other."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A profile file of a series."""

    path: str
    taken_at: TakenAt
    is_difference: bool
    default_sample_type: str
    sample_types: tuple[ValueType, ...]
    total: tuple[int, ...]
    """Sum of all samples for each sample type."""
    owned: OwnedLines
    rate: float = 0.0
    """Mean bytes between two samples of a heap profile; 0 if it is not sampled."""
    build_id: str = ""
    """Build id of the binary when the profile was written."""
    code: bytes = b""
    """Digests of code addresses and their lines, see tables/code.py; b"" without a build id."""
    allocations: bytes = b""
    """Sketch of what each stack has allocated, see tables/allocations.py."""
    memory: bytes = b""
    """Where its binaries are in memory, see tables/code.py; b"" if it records what was allocated, which tells a restart."""
    profiling: int = 0
    """Bytes that were allocated and freed to write profiles."""
    program: str = ""
    """Base name of its binary; "" if unknown."""
    evidence: int = 0
    """Digest of its functions and their files."""
    attribution: int = 0
    """Digest of the files' ownership when the lines were computed."""
    build: Build = UNKNOWN_BUILD
    stamp: tuple[int, ...] = ()
    """Stamp of the file that was read."""
    missing: tuple[str, ...] = ()
    """Recorded names of binaries that are missing here, so that their addresses have no lines."""
    named: tuple[str, ...] = ()
    """Recorded names of the binaries of which an address has a line."""
    unnamed: tuple[str, ...] = ()
    """Recorded names of the binaries, except the system's, of which no address has a line, because they are missing or unusable."""
    notes: tuple[str, ...] = ()
    """Problems while reading, and what to do about them."""
    mem_stats: MemStats | None = None
    contention: str = ""
    """What a profile of contention is of: block or mutex. Its sample types do not say."""
    is_pprof: bool = False
    """Whether `go tool pprof` reads its format."""
    languages: tuple[str, ...] = ()
    """The families of the languages of the files it names, see `languages.families_of`."""
    duration: float = 0
    """The seconds it covers, as recorded; 0 if it records none."""

    @cached_property
    def kind(self) -> ProfileKind:
        """What it is a profile of."""
        return kind_of(self.sample_types, self.contention)

    @cached_property
    def series_key(self) -> str:
        """Key that separates the series of a program: the kind, and what else cannot be compared.

        A string, because its hash is cached: all snapshots are grouped again for each new one.
        """
        return sys.intern(f"{self.kind.name}\0{self.sample_types}\0{self.is_difference}")

    @cached_property
    def order(self) -> tuple[float, str, str]:
        """Sort key within a series. Of one time, those with smaller numbers in their names come first: m4, m10."""
        return self.taken_at.seconds, NUMBER.sub(lambda number: number[0].zfill(MAX_DIGITS), self.path), self.path

    def total_of(self, kind: ValueType) -> int:
        """Return the sum of all samples in a sample type."""
        return self.total[self.sample_types.index(kind)]

    def of_types(self, types: tuple[ValueType, ...]) -> Snapshot:
        """Return it with only some of its sample types, without what is judged."""
        if types == self.sample_types:
            return self
        default = self.default_sample_type if any(kind.type == self.default_sample_type for kind in types) else ""
        total = tuple(map(self.total_of, types))
        return replace(self, sample_types=types, default_sample_type=default, total=total, owned=NOTHING)

    @cached_property
    def directory(self) -> str:
        return sys.intern(
            os.path.dirname(self.path)
        )  # one object for thousands of snapshots, which is compared at once

    @cached_property
    def name(self) -> str:
        return self.path[self.path.rfind(os.sep) + 1 :]

    @cached_property
    def process_id(self) -> str:
        """The process ID in the file's name, "" if there is none: where only what is in use is counted, nothing else shows a restart."""
        match = OF_PROCESS.search(self.name)
        return next(filter(None, match.groups()), "") if match else ""

    @property
    def is_of_heap_prof(self) -> bool:
        """Whether it has a name as node --heap-prof gives them, which writes as a thread ends."""
        return OF_HEAP_PROF.search(self.name) is not None

    @cached_property
    def is_final(self) -> bool:
        """Whether jemalloc wrote it as the process ended (prof_final)."""
        return JEMALLOC_FINAL.search(self.name) is not None


def in_order(snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """Return snapshots in the order in which they were taken.

    Files that were copied together may have their dates in the order of their names as texts: m10 before m4. Then the numbers
    in the names tell the order.
    """
    by_time, ordered = sorted(snapshots, key=attrgetter("order")), list[Snapshot]()
    if not any(snapshot.taken_at.source == "file's date" for snapshot in by_time):
        return tuple(by_time)
    for run in _copied_together(by_time):
        by_number = sorted(run, key=lambda snapshot: snapshot.order[1:])
        if by_number != run and [snapshot.path for snapshot in run] == sorted(snapshot.path for snapshot in run):
            times = [snapshot.taken_at for snapshot in run]
            ordered += [
                replace(snapshot, taken_at=taken_at) for snapshot, taken_at in zip(by_number, times, strict=True)
            ]
        else:
            ordered += run
    return tuple(ordered)


def _copied_together(ordered: Sequence[Snapshot]) -> Iterator[list[Snapshot]]:
    """Yield runs of snapshots, in time order, whose files have dates soon after each other and no other times."""
    run: list[Snapshot] = []
    for snapshot in ordered:
        times = [one.taken_at for one in (*run[-1:], snapshot)]
        is_copy = all(time.source == "file's date" for time in times)
        if run and not (is_copy and times[-1].seconds - times[0].seconds <= COPY_SECONDS):
            yield run
            run = []
        run.append(snapshot)
    if run:
        yield run
