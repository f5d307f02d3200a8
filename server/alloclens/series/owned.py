"""The owned lines of a snapshot: all that is kept of most snapshots of a series."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.sample_types import GOROUTINES, columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.arrays import Floats, Ints, Mask, Singles
    from alloclens.profile.model import ValueType
    from alloclens.tables.lines import Lines


JUDGED = ("inuse_space", "space", *GOROUTINES)
"""The sample types whose growth can be a leak: those in use now. Totals since the start (alloc_space) always grow."""
LINE_BITS = 24


class Figures(NamedTuple):
    """Figures of owned lines, each of shape (lines,); nan if unknown."""

    value: Floats
    """In the unit of the judged sample type."""
    variance: Floats
    sampled: Floats
    """Number of sampled objects in the value."""
    objects: Floats
    """Number of objects in the value; the value itself for counts."""
    allocated: Floats
    """Allocated since the process started, in the same unit."""
    allocated_variance: Floats
    allocated_sampled: Floats


@dataclass(frozen=True, eq=False)
class OwnedLines:
    """The owned lines of one snapshot, in its judged sample type."""

    key: Ints
    """Key of each line, the same in every snapshot."""
    value: Singles
    """float32: seven digits are enough for verdicts."""
    rest: Floats | Callable[[], Floats]
    """The other columns of `Figures`, shape (6, lines), or a function that loads them: few snapshots need them.

    float64: what was allocated in all may be millions of times what was allocated between two snapshots.
    """

    def figures(self) -> Floats:
        """Return the columns of `Figures`, shape (7, lines)."""
        rest = self.rest() if callable(self.rest) else self.rest
        return np.concatenate([self.value[None], rest])


NOTHING = OwnedLines(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((len(Figures._fields) - 1, 0)))


class LineNumbers:
    """Assigns small, stable numbers to keys."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        """Sorted."""
        self._numbers = np.zeros(0, np.int64)
        self._last = self._keys, self._numbers
        self._floors: dict[tuple[OwnedLines, ...], Singles] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def numbers(self, keys: Ints) -> Ints:
        """Return a number from 0 on for each of these distinct keys. Fast for the keys of the last call."""
        last = self._last[0]
        if not (keys is last or np.array_equal(keys, last)):
            self._last = keys, self._numbered(keys)
        return self._last[1]

    def _numbered(self, keys: Ints) -> Ints:
        place, new = self._places(keys)
        if new.any():
            fresh = np.sort(keys[new])
            at = np.searchsorted(self._keys, fresh)
            self._numbers = np.insert(self._numbers, at, np.arange(len(fresh)) + len(self))
            self._keys = np.insert(self._keys, at, fresh)
            place, _ = self._places(keys)
        return self._numbers[place]

    def floors(self, windows: Sequence[tuple[OwnedLines, ...]], site: Ints) -> Singles:
        """Return the minimum of these sites' owned values in each window, shape (windows, sites).

        Caches the windows of the last call: in a long series most stay the same.
        """
        self._floors = {window: self._floors.get(window, _NONE) for window in windows}
        for window, known in self._floors.items():
            if known is _NONE:
                self._floors[window] = self._floor(window)
        padded = [np.pad(self._floors[w], (0, len(self) - len(self._floors[w])))[site] for w in windows]
        return np.array(padded, np.float32).reshape(len(windows), len(site))

    def _floor(self, window: Sequence[OwnedLines]) -> Singles:
        sites = [self.numbers(owned.key) for owned in window]
        wide = np.zeros((len(window), len(self)), np.float32)
        for row, site, owned in zip(wide, sites, window, strict=True):
            row[site] = owned.value
        least: Singles = wide.min(axis=0)
        return least

    def _places(self, keys: Ints) -> tuple[Ints, Mask]:
        if not len(self):
            return np.zeros(len(keys), np.int64), np.ones(len(keys), np.bool_)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self) - 1)
        return place, self._keys[place] != keys


_NONE = np.zeros(0, np.float32)


def judged(types: Sequence[ValueType]) -> ValueType | None:
    """Return the sample type that verdicts judge; None if there is none."""
    return next((t for name in JUDGED for t in types if t.type == name), None)


def rows_that_own(lines: Lines) -> Ints:
    """Return the rows that own something, or allocated something since the process started."""
    return np.flatnonzero((lines.value.owned != 0).any(axis=1) & (lines.line > 0))


def owned(lines: Lines) -> OwnedLines:
    """Extract the figures that verdicts need of the owned lines."""
    wanted, row = judged(lines.sample_types), rows_that_own(lines)
    if wanted is None:
        return NOTHING
    value, variance, sampled = (of.owned[row] for of in (lines.value, lines.variance, lines.sampled))
    here, since_start, objects, _ = columns(lines.sample_types, wanted)
    nothing = np.full(len(row), np.nan)
    figures = Figures(
        value=value[:, here],
        variance=variance[:, here],
        sampled=sampled[:, here],
        objects=nothing if objects is None else value[:, objects],
        allocated=nothing if since_start is None else value[:, since_start],
        allocated_variance=nothing if since_start is None else variance[:, since_start],
        allocated_sampled=nothing if since_start is None else sampled[:, since_start],
    )
    return OwnedLines(keys(lines, row), figures.value.astype(np.float32), np.array(figures[1:]))


def keys(lines: Lines, row: Ints) -> Ints:
    """Return the keys of these rows: a hash of the file's name, combined with the line."""
    files = np.array([_file_key(file) for file in lines.files] or [0], np.int64)
    return files[lines.file[row]] | (lines.line[row] & ((1 << LINE_BITS) - 1))


@lru_cache(100_000)
def _file_key(file: str) -> int:
    """Return 39 bits of a digest, above the line's bits. A thousand files collide with a probability of 10^-6."""
    digest = hashlib.blake2b(file.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> (LINE_BITS + 1)) << LINE_BITS
