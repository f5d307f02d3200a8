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
    Indices = NDArray[np.int32]
    Addresses = NDArray[np.uint64]
    Numbers = NDArray[Any]
    """Integers or floats."""


MAX_INT64 = 2**63 - 1
MAX_TABLE = 16
"""Entries of a table, for each number, up to which it takes less time than sorting the numbers."""


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


def sums(group: Ints, values: Ints, groups: int) -> Ints:
    """Return the sum of the values of each group, exact beyond 2^53, unlike those of numpy.bincount."""
    out = np.zeros(groups, np.int64)
    np.add.at(out, group, values)
    return out


def ratio(above: Floats | float, below: Floats) -> Floats:
    """Return above / below, 0 where `below` is 0."""
    return np.divide(above, below, out=np.zeros_like(below), where=below != 0)


def packed(high: Ints, low: Ints) -> Ints:
    """Return one number for each pair, in the order of the pairs. Both are at least -1 and less than 2**31."""
    return (high << 32) | (low & 0xFFFFFFFF)


def distinct(numbers: Numbers) -> Numbers:
    """Return the distinct numbers, ascending. numpy.unique without further results hashes them, which takes up to a hundred times as long."""
    ordered = np.sort(numbers, axis=None)
    is_first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    return ordered[is_first]


def distinct_pairs(high: Ints, low: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the distinct pairs in their order, as two columns, and which of them each pair is. Numbers are at least -1.

    A table of all possible pairs is several times as fast as sorting, unless it is large.
    """
    (highs, high), (lows, low) = _distinct(high), _distinct(low)
    key, size = high * len(lows) + low, len(highs) * len(lows)
    pairs, number = _distinct(key) if size <= MAX_TABLE * len(key) else np.unique(key, return_inverse=True)
    above, below = np.divmod(pairs, max(len(lows), 1))
    return highs[above], lows[below], number


def _distinct(numbers: Ints) -> tuple[Ints, Ints]:
    """Return the distinct numbers, ascending, and the place of each among them; at the cost of the largest number."""
    there = np.zeros(int(numbers.max(initial=-1)) + 2, np.bool_)
    there[numbers + 1] = True
    return np.flatnonzero(there) - 1, (np.cumsum(there) - 1)[numbers + 1]
