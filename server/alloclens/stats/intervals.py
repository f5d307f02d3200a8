"""Confidence intervals of sampled growth that hold for few sampled objects, too.

The bytes added and the bytes removed between two snapshots are two sums over sampled objects. At rate R an object of
size s is sampled with p = 1 - exp(-s/R) and then counts for s/p bytes. With y = s/2R it adds
w² = s²(1-p)/p² = R²(y / sinh y)² to the variance, never more than R², and 2uw² to the third central moment,
u = s/p - s/2 = R·y / tanh y, never less than 2Rw². That is a negative binomial distribution; for s much smaller than R,
u = w = R and it is Poisson. As u <= R(1 + ln(R²/w²)), and w²(1 + ln(R²/w²)) is concave in w², a sum of n sampled objects
of any sizes with the variance v has u <= R(1 + ln(nR²/v)).

The distance of the true value from one sum follows from a gamma distribution with these moments, which for small blocks
gives the exact limits of a Poisson mean, quantiles of gamma(n) and gamma(n + 1) (Garwood 1936):

- Down: of all distributions with this variance the least skewed one, u = R, reaches furthest. With n = v/R², after Wilson
  and Hilferty (1931): R·n·(1 - (1 - 1/9n - z/3√n)³), all of R·n where the cube is negative.
- Up: as if one more object, of any kind, had nearly been sampled: variance v + R², third moment 2(uv + R³). So Fay and
  Feuer (1997) add the greatest weight. The quantile is Cornish and Fisher's (1938) of third order, which is defined for
  any skew: R + z·e + U·(z² - 1)/3 + U²/e·(z³ - 7z)/36 with e² = v + R² and U = (uv + R³)/e²; its last term is omitted if
  negative. Large blocks, nearly all of which are sampled, are missed one at a time: add half a block if, at this level,
  one may be missed.

The two sums are independent. The interval of their difference is Zou and Donner's (2008, MOVER): the growth minus the
root of the sum of squares of the lower distance of what was added and the upper distance of what was removed.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Mask


class Sampling(NamedTuple):
    """The sampling error of sums of sampled objects, one for each line."""

    variance: Floats
    """Variance of the sum; nan if unknown."""
    sampled: Floats
    """Number of sampled objects in the sum."""


class Interval(NamedTuple):
    """Bounds of the true growth, in its unit; nan where the variance is nan."""

    low: Floats
    high: Floats


def turnover(head: Sampling, base: Sampling, allocated: Sampling | None) -> tuple[Sampling, Sampling]:
    """Return upper bounds of what was added and removed. `allocated` is the difference of the alloc columns, if known.

    Objects that live in both snapshots are in neither sum if the allocations are known.
    """
    if allocated is None:  # unknown what stayed: assume nothing did
        return head, base
    new = [np.maximum(a, 0) for a in allocated]
    old = [np.maximum(a - (h - b), 0) for a, h, b in zip(new, head, base, strict=True)]
    added = (np.minimum(a, h) for a, h in zip(new, head, strict=True))
    removed = (np.minimum(f, b) for f, b in zip(old, base, strict=True))
    return Sampling(*added), Sampling(*removed)


def interval(
    growth: Floats,
    added: Sampling,
    removed: Sampling,
    block: Floats,
    rate: Floats | float,
    z: float,
    least: Floats | float | None = None,
) -> Interval:
    """Return the confidence interval of each line's growth, shape (lines,).

    `block` is the mean size of the line's objects and `rate` the sampling rate, in the unit of the growth; `z` is the
    normal quantile of the two-sided level, 2.576 for 99 %. In objects, a sampled one counts for about rate/size: then
    `rate` is that of the smallest object of the line, and `least` that of the largest. If no sampled object was added or removed, the interval
    covers what sampling can miss. At a rate of 0, sampling misses nothing and its width is 0.
    """
    rate = np.broadcast_to(np.asarray(rate, np.float64), growth.shape)
    least = rate if least is None else np.broadcast_to(np.asarray(least, np.float64), growth.shape)
    low = np.hypot(_down(added, least, z), _up(removed, block, rate, z))
    high = np.hypot(_up(added, block, rate, z), _down(removed, least, z))
    return Interval(growth - low, growth + high)


def value_interval(
    value: Floats, own: Sampling, block: Floats, rate: Floats, z: float, least: Floats | None = None
) -> Interval:
    """Return the confidence interval of each value, never below 0. Arguments as of `interval`."""
    low = value - _down(own, rate if least is None else least, z)
    return Interval(np.maximum(low, 0), value + _up(own, block, rate, z))


def _down(sampling: Sampling, rate: Floats, z: float) -> Floats:
    """Return how far the true value may be below the estimate."""
    count = ratio(sampling.variance, rate**2)
    root = 1 - ratio(1, 9 * count) - ratio(z, 3 * np.sqrt(count))
    down = rate * count * (1 - np.maximum(root, 0) ** 3)
    return np.where(np.isnan(sampling.variance), np.nan, down)  # at a rate of 0, too


def _up(sampling: Sampling, block: Floats, rate: Floats, z: float) -> Floats:
    """Return how far the true value may be above the estimate."""
    variance = sampling.variance + rate**2
    unit = ratio(sampling.variance * _unit(sampling, rate) + rate**3, variance)
    error = np.sqrt(variance)
    skew = unit * (z**2 - 1) / 3 + ratio(unit**2, error) * max(z**3 - 7 * z, 0) / 36
    return rate + z * error + skew + np.where(_missed(sampling, block, rate, z), block / 2, 0)


def _unit(sampling: Sampling, rate: Floats) -> Floats:
    """Return an upper bound of half the third moment over the variance."""
    most = ratio(sampling.sampled * rate**2, sampling.variance)
    return np.asarray(rate * (1 + np.log(np.maximum(most, 1))))


def _missed(sampling: Sampling, block: Floats, rate: Floats, z: float) -> Mask:
    """Return whether sampling misses a block, of those sampled and one more, with more than the level's probability."""
    chance = (sampling.sampled + 1) * np.where(rate > 0, np.exp(-ratio(block, rate)), 0)
    return np.asarray(chance > NormalDist().cdf(-z))
