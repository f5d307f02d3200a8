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


def variances(profile: Profile) -> Floats:
    """Return the variance of each value, in the square of its unit; nan where it is not known.

    Shape (samples, sample types).
    """
    out = np.full(profile.values.shape, np.nan)
    names = [t.type for t in profile.sample_types]
    for prefix in ("alloc", "inuse"):
        objects, space = f"{prefix}_objects", f"{prefix}_space"
        if objects in names and space in names and profile.period > 0:
            i, j = names.index(objects), names.index(space)
            out[:, i], out[:, j] = _heap(profile.values[:, i], profile.values[:, j], profile.period)
    if profile.sample_types and all(t.type in ("goroutine", "threadcreate") for t in profile.sample_types):
        out[:] = 0
    return out


def _heap(objects: Ints, space: Ints, rate: int) -> tuple[Floats, Floats]:
    """Return the variance of the number of objects and of their bytes."""
    count = np.abs(objects).astype(np.float64)
    size = np.abs(space) / np.maximum(count, 1)
    p = -np.expm1(-size / rate)
    blocks = np.divide(count * (1 - p), p, out=np.zeros_like(p), where=p > 0)
    return blocks, blocks * size**2
