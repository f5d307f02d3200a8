"""Rows of unequal length, kept as one flat column and the offsets at which rows begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where rows of these lengths begin: shape (rows + 1,), first 0, last the total."""
    out = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=out[1:])
    return out


def spread(begin: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return begin[0], begin[0] + 1, … (counts[0] of them), then begin[1], … as one index column."""
    at = offsets(counts)
    return np.arange(at[-1]) + np.repeat(begin - at[:-1], counts)


def owners(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the row number of each entry of the flat column."""
    return np.repeat(np.arange(len(counts)), counts)
