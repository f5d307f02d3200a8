"""What verdicts judge in a snapshot: all that is kept of most snapshots of a series.

That is each owned line; each of them by caller; and, of what no own code owns, each outermost function.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.sample_types import columns, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.arrays import Floats, Ints, Mask, Singles
    from alloclens.tables.lines import Lines


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
    """The owned lines of one snapshot, in its judged sample type, and its holders (see `tables.holders`)."""

    key: Ints
    """Key of each, the same in every snapshot."""
    value: Singles
    """float32: seven digits are enough for verdicts."""
    rest: Floats | Callable[[], Floats]
    """The other columns of `Figures`, shape (6, lines), or a function that loads them: few snapshots need them.

    float64: what was allocated in all may be millions of times what was allocated between two snapshots.
    """

    def figures(self) -> Floats:
        """Return the columns of `Figures`, shape (7, lines)."""
        rest = self.rest() if callable(self.rest) else self.rest
        return np.concatenate([self.value[None], rest], dtype=np.float64)


NOTHING = OwnedLines(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((len(Figures._fields) - 1, 0)))


class LineNumbers:
    """Assigns small, stable numbers to keys."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        """Sorted."""
        self._numbers = np.zeros(0, np.int64)
        self._last = self._keys, self._numbers
        self._figures: tuple[dict[OwnedLines, Floats], ...] = ({}, {})
        """Of the last two calls: a process, and the one before it."""

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

    def figures(self, owned: Sequence[OwnedLines], site: Ints) -> Floats:
        """Return all figures of these sites in each snapshot, shape (snapshots, figures, sites); 0 for what is absent.

        Caches the snapshots of the last two calls: of a long series, most stay the same.
        """
        known = self._figures[0] | self._figures[1]
        all_figures = {lines: known[lines] if lines in known else lines.figures() for lines in owned}
        self._figures = all_figures, self._figures[0]
        numbers = [self.numbers(lines.key) for lines in owned]
        out = np.zeros((len(owned), len(Figures._fields), len(site)))
        for wide, number, figures in zip(out, numbers, all_figures.values(), strict=True):
            if len(number):
                place = np.full(len(self), -1)
                place[number] = np.arange(len(number))
                at = place[site]
                np.take(figures, at, axis=1, out=wide, mode="clip")
                wide[:, at < 0] = 0
        return out

    def _places(self, keys: Ints) -> tuple[Ints, Mask]:
        if not len(self):
            return np.zeros(len(keys), np.int64), np.ones(len(keys), np.bool_)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self) - 1)
        return place, self._keys[place] != keys


def rows_that_own(lines: Lines) -> Ints:
    """Return the rows that own something, or allocated something since the process started."""
    return np.flatnonzero((lines.value.owned != 0).any(axis=1) & (lines.line > 0))


def owned(lines: Lines) -> OwnedLines:
    """Extract the figures that verdicts need of the owned lines and the holders."""
    judged_type, row = judged(lines.sample_types), rows_that_own(lines)
    if judged_type is None:
        return NOTHING
    kept, by = holders_that_own(lines), lines.holders
    value = np.concatenate([lines.value.owned[row], by.value[kept]])
    variance = np.concatenate([lines.variance.owned[row], by.variance[kept]])
    sampled = np.concatenate([lines.sampled.owned[row], by.sampled[kept]])
    here, since_start, objects, _ = columns(lines.sample_types, judged_type)
    nothing = np.full(len(value), np.nan)
    figures = Figures(
        value=value[:, here],
        variance=variance[:, here],
        sampled=sampled[:, here],
        objects=nothing if objects is None else value[:, objects],
        allocated=nothing if since_start is None else value[:, since_start],
        allocated_variance=nothing if since_start is None else variance[:, since_start],
        allocated_sampled=nothing if since_start is None else sampled[:, since_start],
    )
    key = np.concatenate([keys(lines, row), holder_keys(lines, kept)])
    return OwnedLines(key, figures.value.astype(np.float32), np.array(figures[1:]))


def holders_that_own(lines: Lines) -> Ints:
    """Return the holders of anything in use, or allocated since the process started, with a known line or without."""
    by = lines.holders
    has_line = np.append(lines.line > 0, True)[by.row]  # the last entry is for row -1, no line
    return np.flatnonzero((by.value != 0).any(axis=1) & has_line)


def holder_keys(lines: Lines, holder: Ints) -> Ints:
    """Return the keys of these holders, other than those of lines."""
    by, line = lines.holders, keys(lines, np.arange(len(lines)))
    if not len(line):
        line = np.zeros(1, np.int64)
    row, caller = by.row[holder], by.caller[holder]
    key = _mixed(line[row], np.where(caller >= 0, line[caller], 1))
    outermost = np.array([_file_key(f"\0{by.function[i]}") for i in holder[row < 0].tolist()], np.int64)
    key[row < 0] = _mixed(outermost, outermost)
    return key


def _mixed(one: Ints, other: Ints) -> Ints:
    """Return one number for each pair of keys, never negative (a multiplication of large odd numbers, as hashes do)."""
    with np.errstate(over="ignore"):
        mixed = (one.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ (
            (other.astype(np.uint64) + np.uint64(0x632BE59BD9B4E019)) * np.uint64(0xD6E8FEB86659FD93)
        )
        mixed ^= mixed >> np.uint64(32)
    return np.asarray(mixed >> np.uint64(1), np.int64)


def keys(lines: Lines, row: Ints) -> Ints:
    """Return the keys of these rows: a hash of the file's name, combined with the line."""
    files = np.array([_file_key(file) for file in lines.files] or [0], np.int64)
    return files[lines.file[row]] | (lines.line[row] & ((1 << LINE_BITS) - 1))


@lru_cache(100_000)
def _file_key(file: str) -> int:
    """Return 39 bits of a digest, above the line's bits. A thousand files collide with a probability of 10^-6."""
    digest = hashlib.blake2b(file.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> (LINE_BITS + 1)) << LINE_BITS
