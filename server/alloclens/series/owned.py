"""What verdicts judge in a snapshot: all that is kept of most snapshots of a series.

That is each owned line; each of them by caller, by caller and its caller, and so on; where a line stands for its function,
each of them with all that it calls; and, of what no own code owns, each outermost function. All of these are sums over
holders (see `tables.holders`), which are what is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import offsets, spread
from alloclens.profile.sample_types import columns, judged
from alloclens.tables.growth import base_rows
from alloclens.tables.holders import MAX_CALLERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from alloclens.arrays import Floats, Ints, Mask, Singles
    from alloclens.tables.alignment import Alignment
    from alloclens.tables.lines import Lines


LINE_BITS = 24
NONE = -1
NO_LINE = 1
"""The key of a caller that is none."""
WITH_CALLED = -1
"""The depth of a line with all that it calls."""


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
    """The holders of one snapshot, in its judged sample type."""

    key: Ints
    """Keys of each holder's line or outermost function, and of its callers, nearest first; the same in every snapshot.

    Shape (1 + callers, holders); after the last caller NO_LINE, then NONE. A snapshot of many holders tells fewer callers apart.
    """
    value: Singles
    """float32: seven digits are enough for verdicts."""
    rest: Floats | Callable[[], Floats]
    """The other columns of `Figures`, shape (6, holders), or a function that loads them: few snapshots need them.

    float64: what was allocated in all may be millions of times what was allocated between two snapshots.
    """

    def figures(self) -> Floats:
        """Return the columns of `Figures`, shape (7, holders)."""
        rest = self.rest() if callable(self.rest) else self.rest
        return np.concatenate([self.value[None], rest], dtype=np.float64)


NOTHING = OwnedLines(
    np.zeros((1 + MAX_CALLERS, 0), np.int64), np.zeros(0, np.float32), np.zeros((len(Figures._fields) - 1, 0))
)


class Parts(NamedTuple):
    """What is judged of a snapshot, each a sum over some of its holders."""

    key: Ints
    depth: Ints
    """How many callers tell it apart; 0 for a line, or an outermost function; WITH_CALLED for a line with what it calls."""
    holder: Ints
    """The holders of each part, part by part; of a line with what it calls, those of the line first."""
    at: Ints
    """Where each part begins in `holder`, and where the last one ends."""

    @property
    def first(self) -> Ints:
        """A holder of each part."""
        return self.holder[self.at[:-1]]

    def some(self, part: Ints) -> Parts:
        """Return some of the parts, in this order."""
        counts = np.diff(self.at)[part]
        return Parts(self.key[part], self.depth[part], self.holder[spread(self.at[part], counts)], offsets(counts))

    def sum(self, figures: Floats) -> Floats:
        """Sum figures of holders, which are on the last axis."""
        if not len(self.holder):
            return np.zeros((*figures.shape[:-1], 0))
        return np.asarray(np.add.reduceat(figures[..., self.holder], self.at[:-1], axis=-1))


def parts(key: Ints, *, with_called: bool = False) -> Parts:
    """Return the parts that holders with these keys belong to, by key. `key` is that of `OwnedLines`.

    With `with_called`, also each line with what it calls.
    """
    by_caller = keys_by_caller(key)
    every = np.vstack([by_caller, np.where(key > NO_LINE, keys_with_called(key), NONE)]) if with_called else by_caller
    depth, holder = np.nonzero(every != NONE)
    of = every[depth, holder]
    order = np.argsort(of, kind="stable")
    begin = np.flatnonzero(np.diff(of[order], prepend=NONE))
    first = depth[order[begin]]
    callers = np.where(first < len(key), first, WITH_CALLED)
    return Parts(of[order[begin]], callers, holder[order], np.append(begin, len(order)))


def keys_with_called(line: Ints) -> Ints:
    """Return the keys of lines with what they call."""
    return _mixed(line, line)


def keys_by_caller(key: Ints) -> Ints:
    """Return the keys of each holder's line, of its line by caller, by caller and its caller, and so on; shaped as `key` is."""
    out = key.copy()
    for depth in range(1, len(key)):
        out[depth] = np.where(key[depth] == NONE, NONE, _mixed(out[depth - 1], key[depth]))
    return out


def keys_of_parts(of: Parts, key: Ints) -> Ints:
    """Return the keys that parts have if these are the keys of their holders. Lines with what they call have to own something."""
    with_called = keys_with_called(key[0, of.first])
    return np.where(of.depth == WITH_CALLED, with_called, keys_by_caller(key)[of.depth, of.first])


class LineNumbers:
    """Assigns small, stable numbers to the keys of parts."""

    def __init__(self) -> None:
        self._keys = np.zeros(0, np.int64)
        """Sorted."""
        self._numbers = np.zeros(0, np.int64)
        self._answers: tuple[tuple[Ints, dict[OwnedLines, Floats]], ...] = ()
        """The sites and the figures of the last two calls: of a process, and of the previous one."""

    def __len__(self) -> int:
        return len(self._keys)

    def numbers(self, keys: Ints) -> Ints:
        """Return a number from 0 on for each of these distinct keys."""
        place, new = self._places(keys)
        if new.any():
            fresh = np.sort(keys[new])
            at = np.searchsorted(self._keys, fresh)
            self._numbers = np.insert(self._numbers, at, np.arange(len(fresh)) + len(self))
            self._keys = np.insert(self._keys, at, fresh)
            place, _ = self._places(keys)
        return self._numbers[place]

    def figures(self, owned: Sequence[OwnedLines], site: Ints, *, with_called: bool = False) -> Floats:
        """Return all figures of these sites in each snapshot, shape (snapshots, figures, sites); 0 for what is absent.

        With `with_called`, some sites are of lines with what they call.
        Uses the last two answers again if they were of the same sites: of a long series, most snapshots stay the same.
        """
        same = [figures for sites, figures in self._answers if np.array_equal(sites, site)]
        known = {lines: figures for answer in same for lines, figures in answer.items()}
        out, key = np.zeros((len(owned), len(Figures._fields), len(site))), np.zeros(0, np.int64)
        for wide, lines in zip(out, owned, strict=True):
            if lines in known:
                wide[:] = known[lines]
                continue
            if not (lines.key is key or np.array_equal(lines.key, key)):  # most have the keys of the previous one
                key = lines.key
                there, chosen = self._chosen(parts(key, with_called=with_called), site)
            wide[:, there] = chosen.sum(lines.figures())
        self._answers = (site, dict(zip(owned, out, strict=True))), *self._answers[:1]
        return out

    def _chosen(self, of: Parts, site: Ints) -> tuple[Ints, Parts]:
        """Return which of these sites are among some parts, and those parts."""
        place = np.full(len(self) + len(of.key), -1)
        place[self.numbers(of.key)] = np.arange(len(of.key))
        there = np.flatnonzero(place[site] >= 0)
        return there, of.some(place[site[there]])

    def _places(self, keys: Ints) -> tuple[Ints, Mask]:
        if not len(self):
            return np.zeros(len(keys), np.int64), np.ones(len(keys), np.bool_)
        place = np.minimum(np.searchsorted(self._keys, keys), len(self) - 1)
        return place, self._keys[place] != keys


def keys_in(build: Lines, lines: Lines, alignment: Alignment) -> Ints:
    """Return the key that each row of `lines` has in another build; without a certain counterpart there, one that no line has."""
    row, own = base_rows(alignment, lines), keys(lines, np.arange(len(lines)))
    known = (row >= 0) & ~alignment.unsaid
    there = _mixed(own, np.full_like(own, NONE))
    there[known] = keys(build, row[known])
    return there


def rows_that_own(lines: Lines) -> Ints:
    """Return the rows that own something, or allocated something since the process started."""
    return np.flatnonzero((lines.value.owned != 0).any(axis=1) & (lines.line > 0))


def owned(lines: Lines) -> OwnedLines:
    """Extract the figures that verdicts need of the holders."""
    judged_type = judged(lines.sample_types)
    if judged_type is None:
        return NOTHING
    kept, by = holders_that_own(lines), lines.holders
    value, variance, sampled = (columns_of[kept] for columns_of in (by.value, by.variance, by.sampled))
    here, since_start, objects, *_ = columns(lines.sample_types, judged_type)
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
    return OwnedLines(holder_keys(lines, kept), figures.value.astype(np.float32), np.array(figures[1:]))


def holders_that_own(lines: Lines) -> Ints:
    """Return the holders of anything in use, or allocated since the process started, with a known line or without."""
    by = lines.holders
    has_line = np.append(lines.line > 0, True)[by.row]  # the last entry is for row -1, no line
    return np.flatnonzero((by.value != 0).any(axis=1) & has_line)


def holder_keys(lines: Lines, holder: Ints, of_line: Ints | None = None) -> Ints:
    """Return the keys of these holders' lines and callers, as in `OwnedLines`; with `of_line`, those have these keys instead."""
    by = lines.holders
    line = np.append(keys(lines, np.arange(len(lines))) if of_line is None else of_line, NO_LINE)  # for row -1
    row, before = by.row[holder], by.row[holder]
    key = np.full((1 + by.callers.shape[1], len(holder)), NONE)
    key[0] = line[row]
    outermost = np.array([_file_key(f"\0{by.function[i]}") for i in holder[row < 0].tolist()], np.int64)
    key[0, row < 0] = _mixed(outermost, outermost)
    for depth, caller in enumerate(by.callers[holder].T, start=1):
        key[depth] = np.where(before >= 0, line[caller], NONE)
        before = caller
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
    """Return the keys of these rows: a hash of the file's name, combined with the line. They are those of parts of depth 0."""
    files = np.array([_file_key(file) for file in lines.files] or [0], np.int64)
    return files[lines.file[row]] | (lines.line[row] & ((1 << LINE_BITS) - 1))


def passes_through(owned: OwnedLines, files: Iterable[str]) -> bool:
    """Return whether a line of one of these recorded files holds something in a snapshot, or is among the callers that are kept."""
    return bool(np.isin(owned.key >> LINE_BITS << LINE_BITS, [*map(_file_key, files)]).any())


@lru_cache(100_000)
def _file_key(file: str) -> int:
    """Return 39 bits of a digest, above the line's bits. A thousand files collide with a probability of 10^-6."""
    digest = hashlib.blake2b(file.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> (LINE_BITS + 1)) << LINE_BITS
