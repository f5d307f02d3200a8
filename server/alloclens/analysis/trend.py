"""Does a number keep rising? Two old, robust answers: Mann–Kendall and Theil–Sen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trend:
    """One entry for each series."""

    slope: Floats
    """Theil–Sen: the median of all pairwise slopes, per second."""
    chance: Floats
    """Mann–Kendall, one-sided: the chance of so many rises over falls, or more, if every order were as likely."""


def trend(values: NDArray[np.floating[Any]], seconds: Floats) -> Trend:
    """Judge series side by side: values of shape (times, series), at these seconds; some dozens of times at most."""
    first, second = np.triu_indices(len(seconds), k=1)
    step = values[second] - values[first]
    span = np.maximum(seconds[second] - seconds[first], 1e-9)[:, None]
    rises = np.sign(step).sum(axis=0).astype(np.int64)
    slope = np.median(step / span, axis=0) if len(step) else np.zeros(values.shape[1])
    return Trend(slope, _tail(len(seconds))[(len(step) - rises + 1) // 2])


@lru_cache(64)
def _tail(n: int) -> Floats:
    """Return P(at most k inversions) of a random order of n, for k = 0, 1, …: S = pairs - 2 k (Kendall 1938).

    Exact without ties. Ties narrow the law of S, so with them it errs towards no trend.
    """
    chance = np.ones(1)
    for size in range(2, n + 1):  # the largest of `size` stands before 0 … size - 1 others
        chance = np.convolve(chance, np.full(size, 1 / size))
    return np.minimum(np.cumsum(chance), 1.0)
