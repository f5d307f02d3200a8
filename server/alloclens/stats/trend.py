"""Tests for a rising trend: Mann–Kendall's test and Theil–Sen's slope."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.arrays import Floats


def p_values(values: NDArray[np.floating[Any]]) -> Floats:
    """Return the p-value of a rise for each column of (times, series), for at most some dozens of times.

    Mann–Kendall, one-sided: the probability of at least this surplus of rises if all orders were equally likely.
    """
    first, second = np.triu_indices(len(values), k=1)
    rises = np.sign(values[second] - values[first]).sum(axis=0).astype(np.int64)
    return np.asarray(_tail(len(values))[(len(first) - rises + 1) // 2])


def slope(values: NDArray[np.floating[Any]], seconds: Floats) -> float:
    """Return the median of all pairwise slopes of one series, per second (Theil–Sen); 0 for a single value."""
    first, second = np.triu_indices(len(seconds), k=1)
    span = np.maximum(seconds[second] - seconds[first], 1e-9)
    return float(np.median((values[second] - values[first]) / span)) if len(first) else 0.0


@lru_cache(64)
def _tail(n: int) -> Floats:
    """Return P(at most k inversions) of a random permutation of n, for k = 0, 1, …: S = pairs - 2 k (Kendall 1938).

    Exact without ties. Ties narrow the distribution of S, so the test becomes conservative.
    """
    probability = np.ones(1)
    for size in range(2, n + 1):  # the largest of `size` precedes 0 … size - 1 others
        probability = np.convolve(probability, np.full(size, 1 / size))
    return np.minimum(np.cumsum(probability), 1.0)
