"""Does a number keep rising? Two old, robust answers: Mann–Kendall and Theil–Sen."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trend:
    """One entry for each series."""

    slope: Floats
    """Theil–Sen: the median of all pairwise slopes, per second."""
    chance: Floats
    """Mann–Kendall, one-sided: the chance of so many rises over falls without a trend."""


def trend(values: Floats, seconds: Floats) -> Trend:
    """Judge series side by side: values of shape (snapshots, series), at these seconds."""
    first, second = np.triu_indices(len(seconds), k=1)
    step = values[second] - values[first]
    span = np.maximum(seconds[second] - seconds[first], 1e-9)[:, None]
    rises = np.sign(step).sum(axis=0)
    slope = np.median(step / span, axis=0) if len(step) else np.zeros(values.shape[1])
    return Trend(slope, np.array([_chance(s, v) for s, v in zip(rises.tolist(), values.T, strict=True)]))


def _chance(rises: float, values: Floats) -> float:
    """Return P(S >= rises) by the normal approximation with ties and continuity correction (Kendall 1975)."""
    n = len(values)
    ties = np.unique(values, return_counts=True)[1]
    spread = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    if rises <= 0 or spread <= 0:
        return 1.0
    return 0.5 * erfc((rises - 1) / sqrt(2 * spread))
