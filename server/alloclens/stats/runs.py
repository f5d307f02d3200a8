"""Several runs of two programs: sums of their samples, and how much they differ from run to run.

Sampling says how exact each run is, but not how much one run of a program differs from the next: when the garbage collector
ran, how goroutines were scheduled. That shows only in several runs.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.stats.growth import SampledValues
from alloclens.stats.intervals import Interval
from alloclens.stats.sampling import POWER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Floats, Mask

T_QUANTILES = (
    *((1, 63.657), (2, 9.925), (3, 5.841), (4, 4.604), (5, 4.032), (6, 3.707), (7, 3.499), (8, 3.355), (9, 3.25)),
    *((10, 3.169), (12, 3.055), (15, 2.947), (20, 2.845), (30, 2.75), (60, 2.66)),
)
"""The two-sided 99 % quantiles of Student's t, by degrees of freedom; those between two have the lower number's."""

MAX_SCALED = 1000.0
"""The largest factor of extremes, whose powers have to be floats."""
Z_95 = 1.6449
"""The one-sided 95 % quantile of the normal distribution."""


class Pooled(NamedTuple):
    """The sum of runs, each as often as another side has runs, so that both sides count alike."""

    values: SampledValues
    largest: float
    """The largest factor of a run: a sampled object of it counts for so many."""


def pooled(runs: Sequence[SampledValues], factors: Sequence[float]) -> Pooled:
    """Return the sum of runs, each multiplied by a factor of at least 1. They have the same rows."""
    parts = [scaled(run, factor) for run, factor in zip(runs, factors, strict=True)]
    return Pooled(SampledValues(*(np.sum(columns, axis=0) for columns in zip(*parts, strict=True))), max(factors))


def scaled(side: SampledValues, factor: float) -> SampledValues:
    """Return values that stand for more: a limit of 10 % is the base times 1.1."""
    value, variance, sampled, cut, extremes = side
    largest = min(factor, MAX_SCALED) ** POWER
    return SampledValues(value * factor, variance * factor**2, sampled, cut * factor, extremes * largest)


def between_runs(base: Floats, head: Floats) -> Interval:
    """Return the 99 % interval of the growth of each row's mean, shape (rows,), by how much runs differ.

    Both have the shape (runs, rows). It is Welch's, and nan unless each side has at least two runs.
    """
    if min(len(base), len(head)) < 2:
        unknown = np.full(head.shape[1], np.nan)
        return Interval(unknown, unknown)
    grown = head.mean(axis=0) - base.mean(axis=0)
    ours, theirs = (side.var(axis=0, ddof=1) / len(side) for side in (head, base))
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = (ours + theirs) ** 2 / (ours**2 / (len(head) - 1) + theirs**2 / (len(base) - 1))
    far = np.array([_quantile(n) for n in freedom]) * np.sqrt(ours + theirs)
    return Interval(grown - far, grown + far)


def explained(base: Sequence[SampledValues], head: Sequence[SampledValues], columns: tuple[int, int]) -> Mask:
    """Return for which rows sampling explains how much runs of one side differ, at 95 %: then its interval is all there is to say.

    By Cochran's Q, the sum of the squared distances from the mean of each side, in variances, which is chi-squared then; its
    quantile is Wilson and Hilferty's. `columns` are those of the base and of the head.
    """
    q, freedom = np.zeros(len(head[0].value)), np.zeros(len(head[0].value))
    for side, column in zip((base, head), columns, strict=True):
        values = np.array([run.value[:, column] for run in side])
        variance = np.mean([run.variance[:, column] for run in side], axis=0)
        apart = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            q += np.where(apart > 0, apart / variance, 0)
        freedom += np.where(apart > 0, len(side) - 1, 0)
    n = np.maximum(freedom, 1)
    return np.asarray(q <= n * (1 - 2 / (9 * n) + Z_95 * np.sqrt(2 / (9 * n))) ** 3)


def _quantile(freedom: float) -> float:
    if math.isnan(freedom):  # all runs of both sides are equal
        return 0.0
    row = bisect_right(T_QUANTILES, freedom, key=lambda pair: pair[0]) - 1
    return T_QUANTILES[max(row, 0)][1]
