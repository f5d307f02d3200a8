"""What the lines of a process owned over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct, ratio
from alloclens.profile.sample_types import columns, judged
from alloclens.series.owned import (
    NONE,
    WITH_CALLED,
    Figures,
    holder_keys,
    holders_that_own,
    keys_by_caller,
    keys_of_parts,
    keys_with_called,
    parts,
)
from alloclens.stats.trend import Counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.series.owned import LineNumbers, Parts
    from alloclens.series.snapshot import Snapshot
    from alloclens.tables.lines import Lines


MAX_OBSERVATIONS = 64
"""Enough for a trend, and few enough to load all their figures for each new snapshot."""


MAX_GAP_INTERVALS = 2.0
"""A process that follows another one within so many intervals was started under observation."""


class Beside(NamedTuple):
    """What is known of a process besides its own observations."""

    before: Sequence[Snapshot] = ()
    """The observations of the previous process."""
    heaps: Sequence[Snapshot] = ()
    """Its heap profiles, if the observed ones, such as those of goroutines, do not say what was allocated."""
    follows: Snapshot | None = None
    """The last snapshot of the previous process, but for those that were written as it ended."""
    has_ended: bool = False
    """Whether another process followed it, so that there will be no more observations."""
    are_files: bool = False
    """Whether the observations are files that the user named, to which no more come."""
    was: Ints | None = None
    """The keys of the head's lines in the previous process; None if they have the same."""


ALONE = Beside()


@dataclass(frozen=True, eq=False)
class History:
    """The history of one process.

    Its entries are the head's owned lines, by row; and after them its other parts: lines by callers, what no line owns, and
    lines with what they call.
    """

    observed: Sequence[Snapshot]
    """In time order."""
    lines: int
    """The number of owned lines."""
    parts: Parts
    """What each entry is a sum of: the head's holders."""
    foreign: Mask
    """Which entries no own line owns, shape (entries,)."""
    site: Ints
    """Site numbers of the entries."""
    numbers: LineNumbers
    unreturned: Mask
    """Which entries hold what often is not given back, as their stacks show."""
    beside: Beside = ALONE
    was: Ints | None = None
    """Site numbers of the entries in the previous process; None if they have the same."""

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def rate(self) -> float:
        """Mean bytes between two samples; 0 if the profile is not sampled."""
        return self.observed[-1].rate

    @property
    def comes_and_goes(self) -> bool:
        """Whether it counts goroutines, see `Columns`."""
        types = self.observed[-1].sample_types
        kind = judged(types)
        return kind is not None and columns(types, kind).comes_and_goes

    @cached_property
    def before(self) -> History | None:
        """The history of the same entries in the previous process."""
        site = self.site if self.was is None else self.was
        return replace(self, observed=self.beside.before, site=site, beside=ALONE) if self.beside.before else None

    @cached_property
    def chosen(self) -> Ints:
        """The observations that are looked at: all, or evenly spaced ones and the head.

        Their distance is a power of two, so that a new observation changes few of them.
        """
        step = 1
        while (len(self) - 1) // step >= MAX_OBSERVATIONS:
            step *= 2
        return distinct(np.append(np.arange(0, len(self), step), len(self) - 1))

    @cached_property
    def seconds(self) -> Floats:
        """When each chosen observation was made."""
        return np.array([self.observed[i].taken_at.seconds for i in self.chosen.tolist()])

    @cached_property
    def clock(self) -> Floats:
        """The seconds, from 0 to 1; the numbers of the observations if two were made at one time."""
        ticks = self.seconds if (np.diff(self.seconds) > 0).all() else np.arange(len(self.chosen), dtype=np.float64)
        return np.asarray((ticks - ticks[0]) / max(float(np.ptp(ticks)), 1e-9))

    @cached_property
    def work(self) -> Floats:
        """The bytes that the process had allocated and freed by each chosen observation, from 0 to 1.

        If they are unknown, a process is taken to do as much in each interval: it may be slower the more its profiles take.

        What is kept is left out: a cache that fills by its misses, or a leak, would be its own measure. So is what the
        writing of profiles took: at night, or in a small process, that is most of it.
        """
        total = self._of_process(_freed)
        if np.isnan(total).any():
            return np.linspace(0, 1, len(total))
        done = np.maximum.accumulate(total) - total[0]
        return np.asarray(done / max(done[-1], 1))

    @cached_property
    def is_from_start(self) -> bool:
        """Whether most of what the process ever allocated, but to write profiles, was allocated under observation.

        If profiles do not say what was allocated: whether another process had ended just before, or held twice as much.
        """
        total = self._of_process(_made)
        if not np.isnan(total).any():
            return bool(2 * total[0] < total[-1])
        longest = max((later - earlier for earlier, later in pairwise(self.seconds.tolist())), default=0)
        return self.beside.follows is not None and bool(
            self.seconds[0] - self.beside.follows.taken_at.seconds <= MAX_GAP_INTERVALS * longest
            or 2 * _in_use(self.observed[0]) < _in_use(self.beside.follows)
        )

    @cached_property
    def may_be_young(self) -> bool:
        """Whether profiles of memory say neither that the process was watched from its start on, nor that it was not."""
        kind = judged(self.observed[-1].sample_types)
        is_memory = kind is not None and kind.unit == "bytes"
        return is_memory and bool(np.isnan(self._of_process(_allocated)).any()) and not self.is_from_start

    def _of_process(self, number: Callable[[Snapshot], float]) -> Floats:
        """Return a number of the whole heap at each chosen observation."""
        if heaps := self.beside.heaps:
            return np.interp(self.seconds, [heap.taken_at.seconds for heap in heaps], [*map(number, heaps)])
        return np.array([number(self.observed[i]) for i in self.chosen.tolist()])

    @cached_property
    def _figures(self) -> Floats:
        """Shape (chosen observations, figures, entries)."""
        of = [self.observed[i].owned for i in self.chosen.tolist()]
        return self.numbers.figures(of, self.site, with_called=bool((self.parts.depth == WITH_CALLED).any()))

    def figures(self, place: int) -> Figures:
        """Return all figures of a chosen observation, by its place among them."""
        return Figures(*self._figures[place])

    @cached_property
    def values(self) -> Floats:
        """What each entry owned at each chosen observation, shape (chosen observations, entries)."""
        return self._figures[:, Figures._fields.index("value")]

    @cached_property
    def sizes(self) -> Floats:
        """The mean size of each entry's objects at each chosen observation; 0 if unknown."""
        return ratio(self.values, np.nan_to_num(self._figures[:, Figures._fields.index("objects")]))

    @cached_property
    def counts(self) -> Counts:
        """The number of sampled objects of each entry. Where that is unknown, how many the value stands for."""
        sampled, arrived = (self._figures[:, Figures._fields.index(name)] for name in ("sampled", "allocated_sampled"))
        return Counts(np.where(np.isnan(sampled), self.values / (self.rate or 1), sampled), arrived)


def history(
    observed: Sequence[Snapshot],
    head: Lines,
    numbers: LineNumbers,
    beside: Beside = ALONE,
    unreturned: Mask | None = None,
) -> History:
    """Return the history of the head's owned lines, its lines by callers, what no line owns, and lines with what they call.

    The last only if each line stands for its function: a compiler may inline what it calls, and count it as the function's.
    `unreturned`: which lines of the head hold what often is not given back; None for none.
    """
    kept = holders_that_own(head)
    told_apart = [len(snapshot.owned.key) for snapshot in (*observed, *beside.before)]
    keys = holder_keys(head, kept)[: min(told_apart)]  # only what every snapshot tells apart
    whole = parts(keys, with_called=head.by_function and min(told_apart) == max(told_apart))
    row = head.holders.row[kept[whole.first]]
    is_line, is_group = (whole.depth == 0) & (row >= 0), whole.depth == WITH_CALLED
    lines = np.flatnonzero(is_line)
    lines = lines[np.argsort(row[lines])]
    others = np.flatnonzero(~is_line & ~is_group & ((row < 0) | _forks(whole, keys)))
    others = others[np.argsort(whole.first[others], kind="stable")]
    groups = np.flatnonzero(is_group & _owns_and_calls(whole, keys))
    chosen = whole.some(np.concatenate([lines, others, groups]))
    was = None
    if beside.was is not None:
        then = holder_keys(head, kept, beside.was)[: min(told_apart)]
        was = numbers.numbers(keys_of_parts(chosen, then))
    chosen = chosen._replace(holder=kept[chosen.holder])
    owner = head.holders.row[chosen.first]
    marked = np.zeros(len(head) + 1, np.bool_)  # the last is for row -1, no line
    if unreturned is not None:
        marked[:-1] = unreturned
    site = numbers.numbers(chosen.key)
    return History(observed, len(lines), chosen, owner < 0, site, numbers, marked[owner], beside, was)


def _forks(of: Parts, keys: Ints) -> Mask:
    """Return which parts are one of several of their line, or of their line by fewer callers: any other equals what it is a part of."""
    above = np.where(of.depth > 0, keys_by_caller(keys)[of.depth - 1, of.first], NONE)
    _, place, count = np.unique(above, return_inverse=True, return_counts=True)
    several: Mask = (above != NONE) & (count[place] > 1)
    return several


def _owns_and_calls(of: Parts, keys: Ints) -> Mask:
    """Return which lines with what they call own something, and call something that does."""
    line = keys[0, of.holder]
    owns = of.key == keys_with_called(keys[0, of.first])
    counts = np.diff(of.at)
    return np.asarray(owns & np.logical_or.reduceat(line != np.repeat(keys[0, of.first], counts), of.at[:-1]))


def _in_use(snapshot: Snapshot) -> int:
    """Return the total of what is judged."""
    kind = judged(snapshot.sample_types)
    return snapshot.total_of(kind) if kind else 0


def _allocated(snapshot: Snapshot) -> float:
    return _total(snapshot, "alloc_space", np.nan)


def _made(snapshot: Snapshot) -> float:
    """Return what was allocated, but for what Go's writing of profiles allocated and freed."""
    return _allocated(snapshot) - snapshot.profiling


def _freed(snapshot: Snapshot) -> float:
    return _made(snapshot) - _total(snapshot, "inuse_space", 0)


def _total(snapshot: Snapshot, sample_type: str, default: float) -> float:
    totals = zip(snapshot.sample_types, snapshot.total, strict=True)
    return float(next((value for kind, value in totals if kind.type == sample_type), default))
