"""Array types used everywhere, and helpers that numpy lacks for ragged columns and for pairs of numbers.

A ragged column holds rows of unequal length one after the other: row i is values[at[i]:at[i + 1]].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]
    Mask = NDArray[np.bool_]
    Numbers = NDArray[Any]
    """Integers or floats."""


MAX_INT64 = 2**63 - 1


def offsets(counts: Ints) -> Ints:
    """Return the offsets of rows of these lengths: shape (rows + 1,), first 0, last the total."""
    out = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=out[1:])
    return out


def spread(begin: Ints, counts: Ints) -> Ints:
    """Concatenate the ranges begin[i], begin[i] + 1, …, counts[i] numbers each, into one index column."""
    at = offsets(counts)
    return np.arange(at[-1]) + np.repeat(begin - at[:-1], counts)


def owners(counts: Ints) -> Ints:
    """Return the row number of each entry of the ragged column."""
    return np.repeat(np.arange(len(counts)), counts)


def some(hit: Mask, at: Ints) -> Mask:
    """Return whether each row has a hit."""
    return first(hit, at) < at[1:]


def first(hit: Mask, at: Ints) -> Ints:
    """Return the position of the first hit of each row, or the end of the row."""
    place = np.append(np.flatnonzero(hit), len(hit))
    out: Ints = np.minimum(place[np.searchsorted(place, at[:-1])], at[1:])
    return out


def last(hit: Mask, at: Ints) -> Ints:
    """Return the position of the last hit of each row, or the position before the row."""
    place = np.append(-1, np.flatnonzero(hit))
    out: Ints = np.maximum(place[np.searchsorted(place, at[1:]) - 1], at[:-1] - 1)
    return out


def ratio(above: Floats | float, below: Floats) -> Floats:
    """Return above / below, 0 where `below` is 0."""
    return np.divide(above, below, out=np.zeros_like(below), where=below != 0)


def packed(high: Ints, low: Ints) -> Ints:
    """Return one number for each pair, in the order of the pairs. Both are at least -1 and less than 2**31."""
    return (high << 32) | (low & 0xFFFFFFFF)


def unpacked(pairs: Ints) -> tuple[Ints, Ints]:
    """Return the numbers of each packed pair. The second is not negative."""
    return pairs >> 32, pairs & 0xFFFFFFFF
