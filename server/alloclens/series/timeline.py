"""A series over time: the total at every snapshot, and what one line owned."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.sample_types import judged
from alloclens.series.owned import keys
from alloclens.typed import Message

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alloclens.profile.model import ValueType
    from alloclens.series.comparison import Comparison
    from alloclens.series.snapshot import Snapshot


class TimelinePoint(Message, frozen=True):
    """A snapshot."""

    name: str
    path: str
    time: float
    """Seconds since 1970."""
    value: int
    """In the unit of the shown sample type."""
    begins: bool
    """Whether a process starts here."""
    base: bool
    head: bool


def points(comparison: Comparison) -> list[TimelinePoint]:
    """Return the snapshots of the series in time order."""
    first = {run[0].path for run in comparison.series.processes}
    return [
        TimelinePoint(
            name=snapshot.name,
            path=snapshot.path,
            time=snapshot.taken_at.seconds,
            value=snapshot.total[snapshot.sample_types.index(comparison.sample_type)],
            begins=snapshot.path in first,
            base=snapshot is comparison.base,
            head=snapshot is comparison.head,
        )
        for snapshot in comparison.series.snapshots
    ]


class MemStat(Message, frozen=True):
    """A statistic of the Go runtime, in bytes."""

    name: str
    """As in runtime.MemStats."""
    values: list[int | None]
    """One for each point; null if unknown, as only text profiles have it."""


def mem_stats(comparison: Comparison) -> list[MemStat]:
    """Return the runtime statistics of the process; none unless bytes are shown."""
    stats = [snapshot.mem_stats for snapshot in comparison.series.snapshots]
    if comparison.sample_type.unit != "bytes" or not any(stats):
        return []
    return [
        MemStat("HeapInuse", [at.heap_in_use if at else None for at in stats]),
        MemStat("HeapIdle", [at.heap_idle if at else None for at in stats]),
        MemStat("StackInuse", [at.stack_in_use if at else None for at in stats]),
        MemStat("Sys", [at.sys if at else None for at in stats]),
    ]


class OwnedLine(NamedTuple):
    """The owned value of one line over time."""

    sample_type: ValueType
    """The judged sample type, for which it is kept."""
    values: list[float | None]
    """At each of `points`; None for other builds, where it may be another line."""
    has_other_builds: bool
    """Whether some of `points` are of other builds."""


def owned(comparison: Comparison, row: int) -> OwnedLine | None:
    """Return the owned values of a row of the head's lines; None if unknown in the shown unit."""
    judged_type = judged(comparison.head.sample_types)
    if judged_type is None or judged_type.unit != comparison.sample_type.unit:
        return None
    key = int(keys(comparison.lines, np.array([row]))[0])
    builds = {snapshot.build_id for snapshot in comparison.series.process(comparison.head)}
    snapshots = comparison.series.snapshots
    is_other = any(snapshot.build_id not in builds for snapshot in snapshots)
    return OwnedLine(judged_type, _values(snapshots, key, builds), is_other)


def _values(snapshots: Sequence[Snapshot], key: int, builds: Collection[str]) -> list[float | None]:
    tables = (snapshot.owned if snapshot.build_id in builds else None for snapshot in snapshots)
    return [float(lines.value[lines.key[0] == key].sum()) if lines else None for lines in tables]
