"""Growth between two snapshots of one process, with its error.

Objects that live in both snapshots are the same sampled objects: they add no error. Those that came number at most
min(allocated between the two, in use at the head), those that went at most min(freed between the two, in use at the
base). The sums here are not of objects but of their variances, which bounds the variance of the growth from above and
needs no matching of stacks. `intervals` makes of them where the true growth lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import packed, ratio
from alloclens.stats.intervals import Interval, Sampling, exchanged, interval
from alloclens.tables.line_stats import Change
from alloclens.tables.lines import Measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import ValueType
    from alloclens.tables.alignment import Meeting
    from alloclens.tables.lines import Lines


FALSE_ALARMS = 0.01
"""The chance that, of all lines looked at, any is called grown or shrunk though it did neither."""


class Certain(NamedTuple):
    """For each measure, which lines changed for certain."""

    flat: Mask
    cum: Mask
    owned: Mask


@dataclass(frozen=True, eq=False)
class Changes:
    """How one measure of each row grew."""

    value: Floats
    came: Sampling
    went: Sampling
    block: Floats
    rate: Floats | float
    """As `interval` has them."""
    looked_at: int
    """How many rows have any of it at the head."""

    @cached_property
    def stated(self) -> Interval:
        """Where the true growth lies, 99 times of 100. Asked for a few lines, and made for all then."""
        return interval(self.value, self.came, self.went, self.block, self.rate, limit(1))

    @cached_property
    def certain(self) -> Mask:
        """Which rows grew or shrank for certain, allowing for how many there are."""
        low, high = interval(self.value, self.came, self.went, self.block, self.rate, limit(self.looked_at))
        return np.asarray((self.value != 0) & ((low > 0) | (high < 0)))

    def of(self, row: int) -> Change:
        """Return how one row grew."""
        low, high = self.stated
        return Change(float(self.value[row]), float(low[row]), float(high[row]), bool(self.certain[row]))


@dataclass(frozen=True, eq=False)
class Growth:
    """One row for each row of the head's lines."""

    flat: Changes
    cum: Changes
    owned: Changes
    unsaid: Mask
    """Rows of which nothing says how they grew; they count as unchanged."""

    @cached_property
    def value(self) -> Measures:
        """Head - base, shape (lines,)."""
        return Measures(self.flat.value, self.cum.value, self.owned.value)

    @cached_property
    def low(self) -> Measures:
        """Above this the true growth lies, 99 times of 100; nan where that is not known."""
        return Measures(*(one.stated.low for one in (self.flat, self.cum, self.owned)))

    @cached_property
    def high(self) -> Measures:
        """And below this."""
        return Measures(*(one.stated.high for one in (self.flat, self.cum, self.owned)))

    @cached_property
    def certain(self) -> Certain:
        """Which rows grew or shrank for certain, allowing for how many lines have any; never what is not known."""
        return Certain(self.flat.certain, self.cum.certain, self.owned.certain)

    def of(self, measure: str, row: int) -> Change | None:
        """Return how one measure of one row grew; None where nothing says it."""
        part: Changes = getattr(self, measure)
        return None if self.unsaid[row] else part.of(row)


def growth(
    head: Lines, base: Lines, wanted: ValueType, met: Meeting | None = None, *, one_process: bool = True
) -> Growth:
    """Compare one sample type of two snapshots, on the lines of the head.

    A line that only the base has is not a row: nothing of it is left to show. Snapshots of two processes share no
    objects, so both add their whole error; and where they are of two builds, `met` says how their lines meet.
    """
    row = _row_of(met, head) if met else rows(base, head)
    unsaid = met.unsaid if met else np.zeros(len(head), np.bool_)
    now, then = columns(head.sample_types, wanted), columns(base.sample_types, wanted)

    def one(name: str) -> Changes:
        of_head = _side(head, name)
        of_base = _side(base, name, row).but(unsaid, of_head)
        return changes(of_head, of_base, now, then, head.rate, one_process=one_process)

    return Growth(one("flat"), one("cum"), one("owned"), unsaid)


def _row_of(met: Meeting, head: Lines) -> Ints:
    """Return the row of the base for each row of the head, -1 for none."""
    row = np.full(len(head), -1)
    there = find(head, met.file, met.line)
    row[there[there >= 0]] = np.flatnonzero(there >= 0)
    return row


class Side(NamedTuple):
    """What one of two snapshots has, a row for each row of the head; each of shape (rows, sample types)."""

    value: Floats
    variance: Floats
    sampled: Floats

    def but(self, some: Mask, other: Side) -> Side:
        """Return these numbers, with those of another side in some rows."""
        return Side(*(np.where(some[:, None], theirs, ours) for ours, theirs in zip(self, other, strict=True)))


class Columns(NamedTuple):
    """Row numbers of sample types that belong together, by what they count."""

    own: int
    """The wanted one's."""
    allocated: int | None
    """What was allocated of the same since the process started."""
    objects: int | None
    space: int | None
    """How many objects there are, and how many bytes."""


def columns(types: Sequence[ValueType], wanted: ValueType) -> Columns:
    """Find what belongs to a sample type."""
    names = [t.type for t in types]
    alloc = wanted.type.replace("inuse_", "alloc_")
    kinds = (wanted.type.replace("space", "objects"), wanted.type.replace("objects", "space"))
    objects, space = (names.index(name) if name in names else None for name in kinds)
    allocated = names.index(alloc) if alloc in names and alloc.startswith("alloc_") else None
    return Columns(types.index(wanted), allocated, objects, space)


def changes(head: Side, base: Side, now: Columns, then: Columns, rate: float, *, one_process: bool) -> Changes:
    """Compare two sides whose rows are the same lines or functions, allowing for how many of them there are."""
    value = head.value[:, now.own]
    grown = value - base.value[:, then.own]
    allocated = None
    if one_process and now.allocated is not None and then.allocated is not None:
        after, before = _sampling(head, now.allocated), _sampling(base, then.allocated)
        allocated = Sampling(after.variance - before.variance, after.sampled - before.sampled)
    came, went = exchanged(_sampling(head, now.own), _sampling(base, then.own), allocated)
    size = np.maximum(_size(head.value, now), _size(base.value, then))
    block, unit = (np.ones_like(size), ratio(rate, size)) if now.own == now.objects else (size, rate)
    return Changes(grown, came, went, block, unit, int(np.count_nonzero(value)))


def _side(lines: Lines, name: str, row: Ints | None = None) -> Side:
    """Return the numbers of one measure; by `row`, in the order of other lines, 0 where there is no such line."""
    found = (getattr(of, name) for of in (lines.value, lines.variance, lines.sampled))
    return Side(*found) if row is None else Side(*(_taken(one, row) for one in found))


def _taken(columns: Floats, row: Ints) -> Floats:
    return np.where((row >= 0)[:, None], columns[row], 0) if len(columns) else np.zeros((len(row), columns.shape[1]))


def _sampling(side: Side, column: int) -> Sampling:
    return Sampling(side.variance[:, column], side.sampled[:, column])


def _size(value: Floats, columns: Columns) -> Floats:
    """Return the mean size of each line's objects in bytes, 0 where it is not known."""
    if columns.objects is None or columns.space is None:
        return np.zeros(len(value))
    return ratio(value[:, columns.space], value[:, columns.objects])


def limit(looked_at: int) -> float:
    """Return the bound in standard errors for this many lines (Bonferroni, two-sided)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * max(looked_at, 1)))


def rows(of: Lines, wanted: Lines) -> Ints:
    """Return for each row of `wanted` the row of `of` with the same file and line, -1 where it has none."""
    number = {file: i for i, file in enumerate(of.files)}
    file = np.array([number.get(f, -1) for f in wanted.files], np.int64)[wanted.file]
    return find(of, file, wanted.line)


def find(of: Lines, file: Ints, line: Ints) -> Ints:
    """Return the rows of these (file number, line) pairs, -1 where there are none."""
    if not len(of):
        return np.full(len(file), -1)
    key, asked = packed(of.file, of.line), packed(file, line)
    place = np.minimum(np.searchsorted(key, asked), len(key) - 1)
    return np.where(key[place] == asked, place, -1)
