"""Growth between two snapshots, with its sampling error.

Objects that live in both snapshots of a process are the same sampled objects and add no error. At most min(allocated
between the two, in use at the head) objects were added, and at most min(freed between the two, in use at the base) were
removed. The sums here are of variances rather than of objects: that bounds the variance of the growth from above,
without matching stacks. `intervals` turns them into bounds of the true growth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio
from alloclens.stats.amount import Amount
from alloclens.stats.intervals import Interval, Sampling, interval, turnover, value_interval
from alloclens.stats.sampling import POWER, errors

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.profile.sample_types import Columns


FALSE_ALARMS = 0.01
"""The probability that any line is reported as significantly changed though it did not change."""


class SampledValues(NamedTuple):
    """The values of a snapshot with their errors; each of shape (rows, sample types)."""

    value: Floats
    variance: Floats
    sampled: Floats
    cut: Floats
    extremes: Floats
    """See `SampleErrors`."""

    def but(self, some: Mask, other: SampledValues) -> SampledValues:
        """Return these values with some rows replaced by those of another snapshot."""
        return SampledValues(*(np.where(some[:, None], theirs, ours) for ours, theirs in zip(self, other, strict=True)))


def values_of_samples(profile: Profile, samples: Ints | slice = slice(None)) -> SampledValues:
    """Return the values of all samples or of some; the base's, negative in a difference, become positive."""
    values, is_base = profile.values[samples], profile.is_base[samples]
    return SampledValues(np.where(is_base[:, None], -values, values).astype(np.float64), *errors(profile, samples))


def needed(of: Columns) -> tuple[tuple[int, int], ...]:
    """Return which columns `changes` needs: fields of `SampledValues`, and a sample type of each. Others may be 0."""
    own, allocated, objects, space, _ = of
    fields: list[set[int | None]] = [{own, objects, space}, {own, allocated}, {own, allocated}, {own}, {objects, space}]
    return tuple((field, i) for field, types in enumerate(fields) for i in types if i is not None)


@dataclass(frozen=True, eq=False)
class Changes:
    """The growth of each row in one measure."""

    value: Floats
    added: Sampling
    removed: Sampling
    units: Units
    cut: Floats
    """What truncation in both files took from the growth of a number of objects; 0 for other sample types."""
    looked_at: int
    """Number of rows that are not zero at the head."""
    passing: tuple[Sampling, Sampling] | None = None
    """Of an exact number of what comes and goes: what was there at the head, and at the base, as Poisson numbers."""

    @cached_property
    def interval(self) -> Interval:
        """The 99 % interval of each row's growth. Computed for all rows at the first request."""
        return self._interval(critical_value(1))

    @cached_property
    def of_all(self) -> Interval:
        """The interval of each row's growth if 99 % is the probability that all of them hold, corrected for the number of rows.

        Of what comes and goes it is that of the mean: the number is exact, but would be another one a moment later.
        """
        z = critical_value(self.looked_at)
        return self._interval(z) if self.passing is None else poisson_interval(self.value, *self.passing, z)

    @cached_property
    def significant(self) -> Mask:
        """Rows that grew or shrank significantly, corrected for the number of rows."""
        low, high = self.of_all
        return np.asarray((self.value != 0) & ((low > 0) | (high < 0)))

    def _interval(self, z: float) -> Interval:
        """Return the interval at a level. It contains the growth as it was written, which may be cut off."""
        block, rate, least = self.units
        low, high = interval(self.value + self.cut, self.added, self.removed, block, rate, z, least)
        return Interval(np.minimum(low, self.value), np.maximum(high, self.value))

    def amount(self, row: int, value: float, sampled: float = np.nan) -> Amount:
        """Return a row's value at the head, of `sampled` sampled objects, with its growth."""
        low, high = self.interval
        grown = self.value.item(row), low.item(row), high.item(row), self.significant.item(row)
        return Amount(value, *grown, sampled)


class Amounts(NamedTuple):
    """The amounts of rows, as columns."""

    value: Ints
    """At the head."""
    grown: Changes | None
    """None if nothing is compared."""

    def of(self, row: int) -> Amount:
        """Return the amount of a row."""
        value = float(self.value[row])
        return self.grown.amount(row, value) if self.grown else Amount(value)

    @property
    def growth(self) -> Floats:
        """Head - base; 0 if nothing is compared."""
        return self.grown.value if self.grown else np.zeros(len(self.value))


def changes(
    head: SampledValues, base: SampledValues, now: Columns, then: Columns, rate: float, *, one_process: bool
) -> Changes:
    """Compare two snapshots whose rows are the same lines or functions."""
    value = head.value[:, now.value]
    grown = value - base.value[:, then.value]
    allocated = None
    if one_process and now.allocated is not None and then.allocated is not None:
        ours, theirs = _sampling(head, now.allocated), _sampling(base, then.allocated)
        allocated = Sampling(ours.variance - theirs.variance, ours.sampled - theirs.sampled)
    after, before = _sampling(head, now.value), _sampling(base, then.value)
    if allocated is not None and allocated.sampled.sum() < 0:  # the base was taken later: what it added is removed
        removed, added = turnover(before, after, Sampling(*(-part for part in allocated)))
    else:
        added, removed = turnover(after, before, allocated)
    units = _units(head, base, now, then, rate)
    cut = head.cut[:, now.value] - base.cut[:, then.value]
    passing = (_poisson(value), _poisson(base.value[:, then.value])) if now.comes_and_goes else None
    return Changes(grown, added, removed, units, cut, int(np.count_nonzero(value)), passing)


def poisson_interval(growth: Floats, head: Sampling, base: Sampling, z: float) -> Interval:
    """Return the interval of the growth of the means of two Poisson numbers, as if nothing were there at head and base alike."""
    one = np.ones_like(growth)
    return interval(growth, head, base, one, one, z)


def undone_before(values: Floats, growth: Floats) -> Mask:
    """Return which numbers had grown to what they are in the end once before, and come back to what they grew from.

    `values` has the shape (observations, numbers); `growth` is that of each until the last observation, and may be negative.
    Such a number comes and goes as much, whatever its variance seems to be.
    """
    sign = np.sign(growth)
    above = sign * (values - values[-1])
    was_there = np.logical_or.accumulate(above[:-1] >= 0, axis=0)
    return np.asarray((was_there & (above[:-1] <= -np.abs(growth))).any(axis=0) & (sign != 0))


def _poisson(count: Floats) -> Sampling:
    return Sampling(count, count)


def bounds(of: SampledValues, columns: Columns, rate: float) -> Interval:
    """Return the 99 % interval of each row's value, never below 0."""
    value = of.value[:, columns.value]
    block, most, least = _units(of, of, columns, columns, rate)
    low, high = value_interval(
        value + of.cut[:, columns.value], _sampling(of, columns.value), block, most, critical_value(1), least
    )
    return Interval(np.minimum(low, value), np.maximum(high, value))


class Units(NamedTuple):
    """See `interval`."""

    block: Floats
    rate: Floats
    least: Floats


def _units(head: SampledValues, base: SampledValues, now: Columns, then: Columns, rate: float) -> Units:
    size = np.maximum(_size(head.value, now), _size(base.value, then))
    if now.objects is None or then.objects is None or now.space is None or then.space is None:
        return Units(size, np.full_like(size, rate), np.full_like(size, rate))
    smallest, largest = (
        np.maximum(head.extremes[:, of_head], base.extremes[:, of_base]) ** (1 / POWER)
        for of_head, of_base in ((now.objects, then.objects), (now.space, then.space))
    )
    if now.value == now.objects:
        return Units(np.ones_like(size), smallest, ratio(1, largest))
    return Units(np.where(size > 0, size, rate * largest), np.full_like(size, rate), np.full_like(size, rate))


def _sampling(side: SampledValues, column: int) -> Sampling:
    return Sampling(side.variance[:, column], side.sampled[:, column])


def _size(value: Floats, columns: Columns) -> Floats:
    """Return the mean size in bytes of each line's objects; 0 if unknown."""
    if columns.objects is None or columns.space is None:
        return np.zeros(len(value))
    return ratio(value[:, columns.space], value[:, columns.objects])


def critical_value(looked_at: int) -> float:
    """Return the critical value in standard errors for this many tests (Bonferroni, two-sided)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * max(looked_at, 1)))
