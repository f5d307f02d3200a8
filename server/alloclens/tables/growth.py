"""How every line grew between two snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import packed
from alloclens.profile.sample_types import columns
from alloclens.stats.amount import Amount
from alloclens.stats.growth import Changes, SampledValues, changes
from alloclens.tables.lines import Measures

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import ValueType
    from alloclens.tables.alignment import Alignment
    from alloclens.tables.lines import Lines


class Significant(NamedTuple):
    """For each measure, which lines changed significantly."""

    flat: Mask
    cum: Mask
    owned: Mask


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
        return Measures(*(one.interval.low for one in (self.flat, self.cum, self.owned)))

    @cached_property
    def high(self) -> Measures:
        """And below this."""
        return Measures(*(one.interval.high for one in (self.flat, self.cum, self.owned)))

    @cached_property
    def significant(self) -> Significant:
        """Which rows grew or shrank significantly, corrected for how many lines have any; never what is not known."""
        return Significant(self.flat.significant, self.cum.significant, self.owned.significant)

    def amount(self, measure: str, row: int, value: float) -> Amount:
        """Return one measure of one row at the head, with its growth where something says it."""
        part: Changes = getattr(self, measure)
        return Amount(value) if self.unsaid[row] else part.amount(row, value)


def growth(
    head: Lines, base: Lines, wanted: ValueType, alignment: Alignment | None = None, *, one_process: bool = True
) -> Growth:
    """Compare one sample type of two snapshots, on the lines of the head.

    A line that only the base has is not a row: nothing of it is left to show. Snapshots of two processes share no
    objects, so both add their whole error; and where they are of two builds, `met` says how their lines meet.
    """
    row = _row_of(alignment, head) if alignment else rows(base, head)
    unsaid = alignment.unsaid if alignment else np.zeros(len(head), np.bool_)
    now, then = columns(head.sample_types, wanted), columns(base.sample_types, wanted)

    def one(name: str) -> Changes:
        of_head = _side(head, name)
        of_base = _side(base, name, row).but(unsaid, of_head)
        return changes(of_head, of_base, now, then, head.rate, one_process=one_process)

    return Growth(one("flat"), one("cum"), one("owned"), unsaid)


def _row_of(alignment: Alignment, head: Lines) -> Ints:
    """Return the row of the base for each row of the head, -1 for none."""
    row = np.full(len(head), -1)
    there = find(head, alignment.file, alignment.line)
    row[there[there >= 0]] = np.flatnonzero(there >= 0)
    return row


def _side(lines: Lines, name: str, row: Ints | None = None) -> SampledValues:
    """Return the numbers of one measure; by `row`, in the order of other lines, 0 where there is no such line."""
    found = (getattr(of, name) for of in (lines.value, lines.variance, lines.sampled))
    return SampledValues(*found) if row is None else SampledValues(*(_taken(one, row) for one in found))


def _taken(columns: Floats, row: Ints) -> Floats:
    return np.where((row >= 0)[:, None], columns[row], 0) if len(columns) else np.zeros((len(row), columns.shape[1]))


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
