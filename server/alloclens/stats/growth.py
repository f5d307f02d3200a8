"""Growth between two snapshots of one process, with its error.

Objects that live in both snapshots are the same sampled objects: they add no error. Those that came number at most
min(allocated between the two, in use at the head), those that went at most min(freed between the two, in use at the
base). The sums here are not of objects but of their variances, which bounds the variance of the growth from above and
needs no matching of stacks. `intervals` turns them into bounds of the true growth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio
from alloclens.stats.amount import Amount
from alloclens.stats.intervals import Interval, Sampling, interval, turnover
from alloclens.stats.sampling import errors

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Mask
    from alloclens.profile.model import Profile
    from alloclens.profile.sample_types import Columns


FALSE_ALARMS = 0.01
"""The probability that any of the lines looked at is said to have changed significantly though it did not."""


class SampledValues(NamedTuple):
    """What one of two snapshots has, a row for each row of the head; each of shape (rows, sample types)."""

    value: Floats
    variance: Floats
    sampled: Floats

    def but(self, some: Mask, other: SampledValues) -> SampledValues:
        """Return these numbers, with those of another side in some rows."""
        return SampledValues(*(np.where(some[:, None], theirs, ours) for ours, theirs in zip(self, other, strict=True)))


def values_of_samples(profile: Profile) -> SampledValues:
    """Return what every sample has; those of a base, whose values are negative in a difference, with their sign turned."""
    values = np.where(profile.is_base[:, None], -profile.values, profile.values).astype(np.float64)
    return SampledValues(values, *errors(profile))


@dataclass(frozen=True, eq=False)
class Changes:
    """How one measure of each row grew."""

    value: Floats
    added: Sampling
    removed: Sampling
    block: Floats
    rate: Floats | float
    """As `interval` has them."""
    looked_at: int
    """How many rows have any of it at the head."""

    @cached_property
    def interval(self) -> Interval:
        """Where the true growth lies, 99 times of 100. Asked for a few lines, and made for all then."""
        return interval(self.value, self.added, self.removed, self.block, self.rate, critical_value(1))

    @cached_property
    def significant(self) -> Mask:
        """Which rows grew or shrank significantly, corrected for how many there are."""
        low, high = interval(
            self.value, self.added, self.removed, self.block, self.rate, critical_value(self.looked_at)
        )
        return np.asarray((self.value != 0) & ((low > 0) | (high < 0)))

    def amount(self, row: int, value: float) -> Amount:
        """Return the value of one row at the head, with its growth."""
        low, high = self.interval
        grown = float(self.value[row]), float(low[row]), float(high[row]), bool(self.significant[row])
        return Amount(value, *grown)


def changes(
    head: SampledValues, base: SampledValues, now: Columns, then: Columns, rate: float, *, one_process: bool
) -> Changes:
    """Compare two sides whose rows are the same lines or functions, allowing for how many of them there are."""
    value = head.value[:, now.value]
    grown = value - base.value[:, then.value]
    allocated = None
    if one_process and now.allocated is not None and then.allocated is not None:
        after, before = _sampling(head, now.allocated), _sampling(base, then.allocated)
        allocated = Sampling(after.variance - before.variance, after.sampled - before.sampled)
    added, removed = turnover(_sampling(head, now.value), _sampling(base, then.value), allocated)
    size = np.maximum(_size(head.value, now), _size(base.value, then))
    block, unit = (np.ones_like(size), ratio(rate, size)) if now.value == now.objects else (size, rate)
    return Changes(grown, added, removed, block, unit, int(np.count_nonzero(value)))


def _sampling(side: SampledValues, column: int) -> Sampling:
    return Sampling(side.variance[:, column], side.sampled[:, column])


def _size(value: Floats, columns: Columns) -> Floats:
    """Return the mean size of each line's objects in bytes, 0 where it is not known."""
    if columns.objects is None or columns.space is None:
        return np.zeros(len(value))
    return ratio(value[:, columns.space], value[:, columns.objects])


def critical_value(looked_at: int) -> float:
    """Return the bound in standard errors for this many lines (Bonferroni, two-sided)."""
    return NormalDist().inv_cdf(1 - FALSE_ALARMS / (2 * max(looked_at, 1)))
