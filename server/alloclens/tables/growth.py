"""Growth: of every line between two snapshots, and of all sites of a difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import packed
from alloclens.profile.sample_types import columns
from alloclens.stats.amount import Amount
from alloclens.stats.growth import Amounts, Changes, SampledValues, changes, values_of_samples
from alloclens.stats.sampling import sampling_rate
from alloclens.tables import attribution

if TYPE_CHECKING:
    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile, ValueType
    from alloclens.tables.alignment import Alignment
    from alloclens.tables.lines import Lines
    from alloclens.tables.sites import Sites


@dataclass(frozen=True, eq=False)
class Growth:
    """One row for each row of the head's lines."""

    flat: Changes
    cum: Changes
    owned: Changes
    unsaid: Mask
    """Rows whose growth is unknown; they count as unchanged."""

    def amount(self, measure: str, row: int, value: float, sampled: float = np.nan) -> Amount:
        """Return one measure of a row at the head, of `sampled` sampled objects, with its growth if known."""
        part: Changes = getattr(self, measure)
        return Amount(value, sampled=sampled) if self.unsaid[row] else part.amount(row, value, sampled)


def growth(
    head: Lines, base: Lines, sample_type: ValueType, alignment: Alignment | None = None, *, one_process: bool = True
) -> Growth:
    """Compare one sample type of two snapshots, on the lines of the head.

    Lines that only the base has are omitted. Snapshots of two processes share no objects, so the whole error of both
    counts. For two builds, `alignment` says how their lines correspond.
    """
    row = base_rows(alignment, head) if alignment else rows(base, head)
    unsaid = alignment.unsaid if alignment else np.zeros(len(head), np.bool_)
    now, then = columns(head.sample_types, sample_type), columns(base.sample_types, sample_type)

    def changes_of(name: str) -> Changes:
        of_head = sampled_values(head, name)
        of_base = _side(base, name, row).but(unsaid, of_head)
        return changes(of_head, of_base, now, then, head.rate, one_process=one_process)

    return Growth(changes_of("flat"), changes_of("cum"), changes_of("owned"), unsaid)


def cum_amounts(
    profile: Profile, sites: Sites, sample_type: ValueType, *, one_process: bool, compared: bool
) -> Amounts:
    """Return the cum amount of each site of a head, or of head - base.

    `one_process`: head and base share objects. `compared`: there is a base, even if the profile has none of its samples.
    """
    column, is_head = profile.sample_types.index(sample_type), ~profile.is_base[:, None]
    value = attribution.cum(profile, sites, np.where(is_head, profile.values[:, [column]], 0))[:, 0]
    if not compared and not profile.is_base.any():
        return Amounts(value, None)
    sampled = values_of_samples(profile)
    head, base = (
        SampledValues(*(attribution.cum(profile, sites, np.where(side, values, 0)) for values in sampled))
        for side in (is_head, ~is_head)
    )
    of, rate = columns(profile.sample_types, sample_type), sampling_rate(profile)
    return Amounts(value, changes(head, base, of, of, rate, one_process=one_process))


def base_rows(alignment: Alignment, head: Lines) -> Ints:
    """Return the base's row for each row of the head; -1 for none."""
    row = np.full(len(head), -1)
    there = find(head, alignment.file, alignment.line)
    row[there[there >= 0]] = np.flatnonzero(there >= 0)
    return row


def sampled_values(lines: Lines, measure: str) -> SampledValues:
    """Return one measure of all lines, with its errors."""
    return SampledValues(*(getattr(getattr(lines, name), measure) for name in SampledValues._fields))


def _side(lines: Lines, name: str, row: Ints) -> SampledValues:
    """Return the values of one measure with `row` in the order of other lines, 0 for rows of -1."""
    columns = sampled_values(lines, name)
    if not len(lines):
        return SampledValues(*(np.zeros((len(row), column.shape[1])) for column in columns))
    return SampledValues(*(np.where((row >= 0)[:, None], column[row], 0) for column in columns))


def rows(of: Lines, other: Lines) -> Ints:
    """Return for each row of `other` the row of `of` with the same file and line; -1 for none."""
    number = {file: i for i, file in enumerate(of.files)}
    file = np.array([number.get(f, -1) for f in other.files], np.int64)[other.file]
    return find(of, file, other.line)


def find(of: Lines, file: Ints, line: Ints) -> Ints:
    """Return the rows of these (file number, line) pairs; -1 for none."""
    if not len(of):
        return np.full(len(file), -1)
    key, asked = packed(of.file, of.line), packed(file, line)
    place = np.minimum(np.searchsorted(key, asked), len(key) - 1)
    return np.where(key[place] == asked, place, -1)
