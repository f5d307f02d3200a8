"""Intervals of sampled growth that hold for few sampled objects, too.

What came and what went between two snapshots are two sums over sampled objects. At rate R an object of size s is sampled
with p = 1 - exp(-s/R), and counts for s/p bytes then. With y = s/2R it adds w² = s²(1-p)/p² = R²(y / sinh y)² to the
variance, never more than R², and 2uw² to the third central moment, u = s/p - s/2 = R·y / tanh y, never less than 2Rw². That
is the negative binomial law; where s is small against R, u = w = R and it is Poisson's. As u <= R(1 + ln(R²/w²)), and
w²(1 + ln(R²/w²)) is concave in w², a sum of n sampled objects of whatever sizes with the variance v has u <= R(1 + ln(nR²/v)).

How far the truth may lie from one sum is read off a gamma law with these moments, which for small blocks gives the exact
limits of a Poisson mean, quantiles of gamma(n) and gamma(n + 1) (Garwood 1936):

- Down: of all laws with this variance the least skewed reaches furthest, u = R. With n = v/R², after Wilson and Hilferty
  (1931): R·n·(1 - (1 - 1/9n - z/3√n)³), all of R·n where the cube is negative.
- Up: as if one more object, of any kind, had nearly been sampled: variance v + R², third moment 2(uv + R³). So Fay and Feuer
  (1997) add the greatest weight. The quantile is Cornish and Fisher's (1938) of third order, which has a value however
  skewed the law: R + z·e + U·(z² - 1)/3 + U²/e·(z³ - 7z)/36 with e² = v + R² and U = (uv + R³)/e²; its last term is left
  out where it is negative. Blocks so large that nearly each is sampled are missed one by one: half a block more where, at
  this level, chance misses any.

Both sums are independent. The interval of the difference is Zou and Donner's (2008, MOVER): down from the growth by the
root of the sum of squares of what came, down, and what went, up.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Mask


class Sampling(NamedTuple):
    """What is known of how a sum of sampled objects was sampled. One entry for each line."""

    variance: Floats
    """Of the sum, in the square of its unit; nan where it is not known."""
    sampled: Floats
    """How many sampled objects the sum is made of."""


class Interval(NamedTuple):
    """Where the truth lies, in the unit of the growth; nan where the variance is."""

    low: Floats
    high: Floats


def turnover(head: Sampling, base: Sampling, allocated: Sampling | None) -> tuple[Sampling, Sampling]:
    """Return what came and what went, at most. `allocated` is the difference of the totals since the start, if known.

    Objects that live in both snapshots are the same sampled objects, and are in neither if the allocations are known.
    """
    if allocated is None:  # nothing says what stayed: as if everything had been exchanged
        return head, base
    new = [np.maximum(a, 0) for a in allocated]
    old = [np.maximum(a - (h - b), 0) for a, h, b in zip(new, head, base, strict=True)]
    added = (np.minimum(a, h) for a, h in zip(new, head, strict=True))
    removed = (np.minimum(f, b) for f, b in zip(old, base, strict=True))
    return Sampling(*added), Sampling(*removed)


def interval(
    growth: Floats, added: Sampling, removed: Sampling, block: Floats, rate: Floats | float, z: float
) -> Interval:
    """Return the interval of each line's true growth, shape (lines,).

    `block` is the mean size of the line's objects and `rate` the sampling rate, in the unit of the growth; `z` is the
    normal quantile of the two-sided level, 2.576 for 99 %. Where nothing was sampled as coming or going the interval is
    that of what can go unseen; a rate of 0 says that nothing can: then it is 0 wide.
    """
    rate = np.broadcast_to(np.asarray(rate, np.float64), growth.shape)
    low = np.hypot(_down(added, rate, z), _up(removed, block, rate, z))
    high = np.hypot(_up(added, block, rate, z), _down(removed, rate, z))
    return Interval(growth - low, growth + high)


def _down(one: Sampling, rate: Floats, z: float) -> Floats:
    """Return how far below its estimate the truth may lie."""
    count = ratio(one.variance, rate**2)
    root = 1 - ratio(1, 9 * count) - ratio(z, 3 * np.sqrt(count))
    return np.asarray(rate * count * (1 - np.maximum(root, 0) ** 3))


def _up(one: Sampling, block: Floats, rate: Floats, z: float) -> Floats:
    """Return how far above its estimate the truth may lie."""
    variance = one.variance + rate**2
    unit = ratio(one.variance * _unit(one, rate) + rate**3, variance)
    error = np.sqrt(variance)
    skew = unit * (z**2 - 1) / 3 + ratio(unit**2, error) * max(z**3 - 7 * z, 0) / 36
    return rate + z * error + skew + np.where(_missed(one, block, rate, z), block / 2, 0)


def _unit(one: Sampling, rate: Floats) -> Floats:
    """Return half of the third moment over the variance, at most."""
    most = ratio(one.sampled * rate**2, one.variance)
    return np.asarray(rate * (1 + np.log(np.maximum(most, 1))))


def _missed(one: Sampling, block: Floats, rate: Floats, z: float) -> Mask:
    """Return whether chance, as often as the level asks, misses any block among those sampled and one more."""
    chance = (one.sampled + 1) * np.where(rate > 0, np.exp(-ratio(block, rate)), 0)
    return np.asarray(chance > NormalDist().cdf(-z))
