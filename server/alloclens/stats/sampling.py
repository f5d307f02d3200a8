"""The variance that a heap profile's sampling adds to every sample's value.

At rate R a block of size s is sampled with p = 1 - exp(-s/R), and n sampled blocks are recorded as n/p. The variance of
n/p is n·(1-p)/p² blocks², and s² times as much in bytes². Go's runtime/pprof un-samples by this formula (protomem.go);
the variance is that of n/p for binomial n. The numbers are written whole: n/p bytes lose nothing by that, but one block
of 360 KiB, which stands for 1.98, is written as 1. So n follows from the bytes.

A profile of bytes alone does not say how large its blocks are. Of all sizes the variance of a value is largest for the
smallest: value · R.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio
from alloclens.profile.sample_types import GOROUTINES, columns

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints
    from alloclens.profile.model import Profile


SPACES = frozenset(("inuse_space", "alloc_space", "peak_space", "space"))


class SampleErrors(NamedTuple):
    """The error of each value, each of shape (samples, sample types). They can be summed, by line for example."""

    variance: Floats
    """nan if unknown."""
    sampled: Floats
    """Number of sampled objects; nan if unknown."""
    cut: Floats
    """What the writer cut off a number of objects; 0 for other types."""
    extremes: Floats
    """For a number of objects (R/s) ** POWER, for bytes (s/R) ** POWER: the POWER-th root of a sum of these is at least
    the largest of them, so it bounds the smallest object from below and the largest from above; 0 if unknown."""


SQUARINGS = 5
POWER = 2**SQUARINGS
"""The bound of a hundred equal objects is 15 % too wide."""
BLOCK = 8192
"""Samples whose errors are best computed at once: what is computed on the way stays in the processor's cache."""
SMALLEST, LARGEST = 2.0**-25, 2.0**20
"""Bounds of s/R whose powers are floats."""


def errors(profile: Profile, samples: Ints | slice = slice(None)) -> SampleErrors:
    """Return the errors of all values, or of those of some samples."""
    values, labelled, pairs = profile.values[samples], profile.block_size[samples], _heap_columns(profile)
    shape = values.shape
    variance, sampled = np.empty(shape, order="F"), np.empty(shape, order="F")  # filled by columns
    unknown = sorted(set(range(shape[1])).difference(*pairs))
    variance[:, unknown] = sampled[:, unknown] = np.nan
    sample_errors = SampleErrors(variance, sampled, np.zeros(shape, order="F"), np.zeros(shape, order="F"))
    for begin in range(0, len(values), BLOCK):
        rows = slice(begin, begin + BLOCK)
        size = np.abs(values[rows].astype(np.float64))
        _fill_heap(SampleErrors(*(error[rows] for error in sample_errors)), pairs, size, labelled[rows], profile.period)
    if _counts_all(profile):
        variance[:], sampled[:] = 0, np.abs(values.astype(np.float64))
    return sample_errors


def sampling_rate(profile: Profile) -> float:
    """Return the mean bytes between two samples of a heap profile; 0 if it is not sampled."""
    return float(profile.period) if _heap_columns(profile) and profile.period > 1 else 0.0


def _heap_columns(profile: Profile) -> list[tuple[int | None, int]]:
    """Return the column pairs of objects, if there are any, and of their bytes."""
    types = profile.sample_types if profile.period > 0 else ()
    spaces = (columns(types, sample_type) for sample_type in types if sample_type.type in SPACES)
    return [(space.objects, space.value) for space in spaces]


def _counts_all(profile: Profile) -> bool:
    names = [t.type for t in profile.sample_types]
    return bool(names) and all(name in (*GOROUTINES, "threadcreate") for name in names)


def _fill_heap(
    sample_errors: SampleErrors, pairs: list[tuple[int | None, int]], size: Floats, labelled: Ints, rate: int
) -> None:
    """Fill in the columns of objects, if there are any, and of their bytes, given the labels of object sizes, or 0."""
    both = [(objects, space) for objects, space in pairs if objects is not None]
    means = [ratio(size[:, space], size[:, objects]) for objects, space in both]
    any_mean = np.max(means, axis=0, initial=0) if means else np.zeros(len(size))
    for (objects, space), mean in zip(both, means, strict=True):
        unlabelled = np.where(mean > 0, mean, any_mean)  # nothing in use: the size of what was allocated
        block = np.where(labelled > 0, labelled, unlabelled)
        _fill(sample_errors, objects, space, size, block, rate)
    for without, space in pairs:
        if without is None:
            known = rate if rate > 1 else 0
            sample_errors.variance[:, space] = size[:, space] * known
            sample_errors.sampled[:, space] = size[:, space] / known if known else np.nan


def _fill(sample_errors: SampleErrors, objects: int, space: int, size: Floats, block: Floats, rate: int) -> None:
    """Fill in the columns of objects and of their bytes."""
    p = -np.expm1(-block / rate) if rate > 1 else np.ones_like(block)  # a rate of 1 samples every object
    exact = ratio(size[:, space] * p, block)
    n = np.where(exact < 0.5, exact, np.rint(exact))  # less than one: not a sampled profile's
    blocks = ratio(n * (1 - p), p**2)
    sample_errors.variance[:, objects], sample_errors.variance[:, space] = blocks, blocks * block**2
    sample_errors.sampled[:, objects] = sample_errors.sampled[:, space] = np.rint(n)
    if rate > 1:
        relative = np.clip(block / rate, SMALLEST, LARGEST)
        sample_errors.cut[:, objects] = np.where(exact < 0.5, 0, ratio(n, p) - size[:, objects])
        for _ in range(SQUARINGS):  # ten times as fast as a power
            relative = relative * relative
        sample_errors.extremes[:, objects] = np.where(block > 0, 1 / relative, 0)
        sample_errors.extremes[:, space] = np.where(block > 0, relative, 0)
