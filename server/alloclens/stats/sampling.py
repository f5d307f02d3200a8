"""The variance that a heap profile's sampling adds to every sample's value.

At rate R a block of size s is sampled with p = 1 - exp(-s/R), and n sampled blocks are recorded as n/p. The variance of
n/p is n·(1-p)/p² blocks², and s² times as much in bytes². Go's runtime/pprof un-samples by this formula (protomem.go);
the variance is that of n/p for binomial n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.sample_types import columns
from alloclens.stats.intervals import Sampling

if TYPE_CHECKING:
    from alloclens.profile.model import Profile


SPACES = frozenset(("inuse_space", "alloc_space", "space"))


def errors(profile: Profile) -> Sampling:
    """Return the variance and the number of sampled objects of each value; nan if unknown.

    Both of shape (samples, sample types).
    """
    found = Sampling(*(np.full(profile.values.shape, np.nan) for _ in Sampling._fields))
    for i, j in _heap_columns(profile):
        _fill(found, i, j, profile)
    if _counts_all(profile):
        found.variance[:], found.sampled[:] = 0, np.abs(profile.values.astype(np.float64))
    return found


def sampling_rate(profile: Profile) -> float:
    """Return the mean bytes between two samples of a heap profile; 0 if it is not sampled."""
    return float(profile.period) if _heap_columns(profile) and profile.period > 1 else 0.0


def _heap_columns(profile: Profile) -> list[tuple[int, int]]:
    """Return the column pairs of objects and of their bytes."""
    types = profile.sample_types if profile.period > 0 else ()
    each = (columns(types, one) for one in types if one.type in SPACES)
    return [(one.objects, one.value) for one in each if one.objects is not None]


def _counts_all(profile: Profile) -> bool:
    names = [t.type for t in profile.sample_types]
    return bool(names) and all(name in ("goroutine", "threadcreate") for name in names)


def _fill(errors: Sampling, objects: int, space: int, profile: Profile) -> None:
    """Fill in the columns of objects and of their bytes."""
    rate, size = profile.period, np.abs(profile.values[:, space].astype(np.float64))
    count = np.abs(profile.values[:, objects].astype(np.float64))
    block = size / np.maximum(count, 1)
    p = -np.expm1(-block / rate) if rate > 1 else np.ones_like(size)  # a rate of 1 samples every object
    blocks = np.divide(count * (1 - p), p, out=np.zeros_like(p), where=p > 0)
    errors.variance[:, objects], errors.variance[:, space] = blocks, blocks * block**2
    errors.sampled[:, objects] = errors.sampled[:, space] = np.rint(count * p)
