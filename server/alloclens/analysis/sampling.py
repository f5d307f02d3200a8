"""What a heap profile's sampling does to its numbers: the variance of every sample's value.

With rate R a block of size s is sampled with p = 1 - exp(-s/R), and n sampled blocks are written down as n/p. The
variance of that is n·(1-p)/p² blocks², and s² times as much in bytes². Source: Go's runtime/pprof un-samples by this
formula (protomem.go); the variance is that of n/p for binomial n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


def sampled(profile: Profile) -> Floats:
    """Return how many objects were sampled, of which each value tells; nan where it is not known.

    Shape (samples, sample types).
    """
    out = np.full(profile.values.shape, np.nan)
    for i, j in _heap_columns(profile):
        count, p = _chances(profile.values[:, i], profile.values[:, j], profile.period)
        out[:, i] = out[:, j] = np.rint(count * p)
    if _counts_all(profile):
        out[:] = np.abs(profile.values)
    return out


def variances(profile: Profile) -> Floats:
    """Return the variance of each value, in the square of its unit; nan where it is not known.

    Shape (samples, sample types).
    """
    out = np.full(profile.values.shape, np.nan)
    for i, j in _heap_columns(profile):
        out[:, i], out[:, j] = _heap(profile.values[:, i], profile.values[:, j], profile.period)
    if _counts_all(profile):
        out[:] = 0
    return out


def sampling_rate(profile: Profile) -> float:
    """Return the bytes between two samples of a heap; 0 where all is counted."""
    return float(profile.period) if _heap_columns(profile) and profile.period > 1 else 0.0


def _heap_columns(profile: Profile) -> list[tuple[int, int]]:
    """Return the columns of objects and of their bytes."""
    names = [t.type for t in profile.sample_types]
    pairs = [(f"{prefix}objects", f"{prefix}space") for prefix in ("alloc_", "inuse_", "")]
    there = [(names.index(a), names.index(b)) for a, b in pairs if a in names and b in names]
    return there if profile.period > 0 else []


def _counts_all(profile: Profile) -> bool:
    names = [t.type for t in profile.sample_types]
    return bool(names) and all(name in ("goroutine", "threadcreate") for name in names)


def _heap(objects: Ints, space: Ints, rate: int) -> tuple[Floats, Floats]:
    """Return the variance of the number of objects and of their bytes."""
    count, p = _chances(objects, space, rate)
    blocks = np.divide(count * (1 - p), p, out=np.zeros_like(p), where=p > 0)
    return blocks, blocks * (np.abs(space) / np.maximum(count, 1)) ** 2


def _chances(objects: Ints, space: Ints, rate: int) -> tuple[Floats, Floats]:
    """Return the number of objects, and the chance of one of them to be sampled. At a rate of 1 every one is."""
    count = np.abs(objects).astype(np.float64)
    size = np.abs(space) / np.maximum(count, 1)
    return count, -np.expm1(-size / rate) if rate > 1 else np.ones_like(size)
