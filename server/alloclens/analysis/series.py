"""Snapshots of one directory and kind, in time order; where the process restarted; which two are compared."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import groupby, pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alloclens.analysis.lines import Lines
    from alloclens.profile.model import ValueType

TimeSource = Literal["profile", "file name", "file's date"]


class TakenAt(NamedTuple):
    """When a snapshot was taken, and how that is known."""

    seconds: float
    """Since 1970."""
    source: TimeSource


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One profile file of a series."""

    path: str
    taken_at: TakenAt
    is_difference: bool
    default_sample_type: str
    build_id: str
    lines: Lines
    built_at: float = math.inf
    """When the program was last written, in seconds since 1970, where it is on this machine."""
    missing: tuple[str, ...] = ()
    """Binaries, as the profile names them, whose addresses have no lines because the binaries are not here."""
    notes: tuple[str, ...] = ()
    """What hindered the reading and what can be done."""

    @property
    def name(self) -> str:
        return PurePath(self.path).name

    @property
    def sample_types(self) -> tuple[ValueType, ...]:
        return self.lines.sample_types


@dataclass(frozen=True, eq=False)
class Series:
    """The snapshots of one directory and one kind of profile. Never empty."""

    directory: str
    snapshots: tuple[Snapshot, ...]
    """In time order."""

    def named(self, name: str) -> Snapshot | None:
        """Return the snapshot of this file name."""
        return next((s for s in self.snapshots if s.name == name), None)

    def process(self, of: Snapshot) -> tuple[Snapshot, ...]:
        """Return the snapshots of the process that this one is of, in time order."""
        return next(run for run in _processes(self.snapshots) if of in run)

    def head(self, wanted: str) -> Snapshot:
        """Return the snapshot that is looked at: latest unless another is named."""
        latest = self.snapshots[-1]
        if wanted == "first":
            return self.snapshots[0]
        if wanted == "previous":
            return self._before(latest) or latest
        return self.named(wanted) or latest

    def base(self, wanted: str, head: Snapshot) -> Snapshot | None:
        """Return the snapshot that is compared with; None where there is nothing to compare.

        first and previous are of the head's own process: before a restart everything was another object.
        """
        if head.is_difference:
            return None
        choice = {"latest": self.snapshots[-1], "previous": self._before(head)}.get(wanted, self.named(wanted))
        chosen = choice or self.process(head)[0]
        return None if chosen is head else chosen

    def _before(self, snapshot: Snapshot) -> Snapshot | None:
        process = self.process(snapshot)
        place = process.index(snapshot)
        return process[place - 1] if place else None


def group(snapshots: Iterable[Snapshot]) -> tuple[Series, ...]:
    """Make one series for each directory and kind of profile, the one with the newest snapshot first."""
    ordered = sorted(snapshots, key=lambda s: (_kind(s), s.taken_at.seconds, s.path))
    made = [Series(key[0], tuple(found)) for key, found in groupby(ordered, key=_kind)]
    return tuple(sorted(made, key=lambda s: -s.snapshots[-1].taken_at.seconds))


def taken_at(time_nanos: int, name: str, mtime_ns: int) -> TakenAt:
    """Return the time in the profile, else in the file's name, else of the file."""
    if time_nanos > 0:
        return TakenAt(time_nanos / 1e9, "profile")
    if (named := _time_in_name(name)) is not None:
        return TakenAt(named, "file name")
    return TakenAt(mtime_ns / 1e9, "file's date")


def observations(process: Iterable[Snapshot]) -> list[Snapshot]:
    """Leave out a snapshot that repeats the totals of the one before: no garbage collection ended between the two."""
    kept: list[Snapshot] = []
    for snapshot in process:
        if not kept or not np.array_equal(kept[-1].lines.total, snapshot.lines.total):
            kept.append(snapshot)
    return kept


def _kind(snapshot: Snapshot) -> tuple[str, tuple[str, ...], bool]:
    types = tuple(f"{t.type}/{t.unit}" for t in snapshot.sample_types)
    return str(PurePath(snapshot.path).parent), types, snapshot.is_difference


def _processes(snapshots: tuple[Snapshot, ...]) -> Iterator[tuple[Snapshot, ...]]:
    run = list(snapshots[:1])
    for before, after in pairwise(snapshots):
        if _restarted(before, after):
            yield tuple(run)
            run = []
        run.append(after)
    yield tuple(run)


def _restarted(before: Snapshot, after: Snapshot) -> bool:
    """Return whether another process wrote the later one: another build, or its totals since the start fell."""
    if before.build_id != after.build_id:
        return True
    since_start = [i for i, t in enumerate(before.sample_types) if t.type.startswith("alloc_")]
    return bool((after.lines.total[since_start] < before.lines.total[since_start]).any())


UNIX_TIME = re.compile(r"(?<!\d)(1\d{9})(\d{3}|\d{6}|\d{9})?(?!\d)")
CALENDAR_TIME = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)[T_.-]?(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:[.,](\d{1,6}))?")


def _time_in_name(name: str) -> float | None:
    """Read a UTC date and time, or seconds (or milli-, micro-, nanoseconds) since 1970."""
    if found := CALENDAR_TIME.search(name):
        *whole, fraction = found.groups(default="0")
        try:
            moment = datetime(*map(int, whole), tzinfo=timezone.utc)  # type: ignore[misc,arg-type]
        except ValueError:
            return None
        return moment.timestamp() + float(f"0.{fraction}")
    if found := UNIX_TIME.search(name):
        return float(f"{found[1]}.{found[2] or 0}")
    return None
