"""The heaviest stacks through a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import distinct, offsets, spread, sums
from alloclens.stats.amount import Amount
from alloclens.tables.attribution import Attribution
from alloclens.transform.subset import samples_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.profile.model import Frame, Profile
    from alloclens.tables.sites import Sites


BASE = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio, odd: its powers mix well


@dataclass(frozen=True)
class Stack:
    """One distinct stack through a line."""

    frames: tuple[Frame, ...]
    """Leaf first."""
    amount: Amount
    """Its growth is the plain difference, without an interval; equal to the value without a base; None if a line's
    counterpart in the base's build is unknown."""
    sample: int
    """A sample with this stack."""

    @property
    def grown(self) -> float:
        """Its weight in a growth: its value if the growth is unknown; never negative."""
        value, growth = self.amount[:2]
        return max(value if growth is None else growth, 0)


def through(
    profile: Profile,
    sites: Sites,
    chosen: Sequence[int],
    column: int,
    most: int,
    unsaid: Mask | None = None,
) -> list[Stack]:
    """Return the heaviest stacks through any of these sites, by growth in a difference, else by value.

    If all together shrank, those that shrank most are first. For stacks through an `unsaid` site the growth is unknown, and those that only the base has are omitted.
    """
    return heaviest(profile, sites, having(profile, sites, chosen), column, most, unsaid, either_way=True)


def heaviest(
    profile: Profile,
    sites: Sites,
    samples: Ints,
    column: int,
    most: int,
    unsaid: Mask | None = None,
    *,
    either_way: bool = False,
    weight: Floats | None = None,
) -> list[Stack]:
    """Return the heaviest stacks of some samples, as `through` does; those that grew most first, unless `either_way`.

    `weight` has the part of each sample of the profile that counts for this order.
    """
    samples = samples[profile.values[samples, column] != 0]
    if not len(samples):
        return []
    example, group = _distinct(profile, sites, samples)
    values = profile.values[samples, column]
    grown = sums(group, values, len(example))
    now = sums(group, np.where(profile.is_base[samples], 0, values), len(example))
    hidden = np.zeros(len(example), np.bool_)
    if unsaid is not None and unsaid.any():
        hidden[group[np.isin(samples, having(profile, sites, np.flatnonzero(unsaid)))]] = True
    change = -grown if either_way and grown.sum() < 0 else grown
    if weight is not None:
        change = np.bincount(group, values * weight[samples], len(example))
    order = np.lexsort((-now, -np.where(hidden, 0, change)))
    order = order[~hidden[order] | (now[order] != 0)][:most]
    rows = zip(*(column[order].tolist() for column in (example, now, grown, hidden)), strict=True)
    return [
        Stack(_frames(profile, sample), Amount(value, None if unknown else growth), sample)
        for sample, value, growth, unknown in rows
    ]


def having(profile: Profile, sites: Sites, chosen: Sequence[int] | Ints) -> Ints:
    """Return the samples through any of these sites, ascending."""
    return np.flatnonzero(samples_through(profile, np.isin(sites.of_frame, chosen)))


def _distinct(profile: Profile, sites: Sites, samples: Ints) -> tuple[Ints, Ints]:
    """Return one sample for each distinct stack, and the distinct stack of each sample.

    A stack's digest is the sum of (site + 1) · BASE^place over its frames. The sum over a location's frames is the same
    at every place, up to a power of BASE.
    """
    at = profile.locations.frame_at
    width = np.diff(at)
    powers = _powers(int(width.max(initial=0)))
    term = (sites.of_frame.astype(np.uint64) + np.uint64(1)) * powers[np.arange(at[-1]) - np.repeat(at[:-1], width)]
    of_location = np.add.reduceat(term, at[:-1]) if len(width) else term
    location = profile.location[spread(profile.location_at[samples], np.diff(profile.location_at)[samples])]
    begin = offsets(np.diff(profile.location_at)[samples])[:-1]
    frames_before = offsets(width[location])[:-1]
    place = frames_before - np.repeat(frames_before[begin], np.diff(np.append(begin, len(location))))
    digest = np.add.reduceat(of_location[location] * _powers(int(place.max()) + 1)[place], begin)
    _, example, group = np.unique(digest, return_index=True, return_inverse=True)
    return samples[example], group


def _powers(count: int) -> NDArray[np.uint64]:
    return np.cumprod(np.concatenate([[np.uint64(1)], np.full(max(count - 1, 0), BASE)]), dtype=np.uint64)


def _frames(profile: Profile, sample: int) -> tuple[Frame, ...]:
    where, at = (
        profile.location[profile.location_at[sample] : profile.location_at[sample + 1]],
        profile.locations.frame_at,
    )
    frames = ((i, profile.frame(row)) for i in where.tolist() for row in range(at[i], at[i + 1]))
    return tuple(frame if frame.function else frame._replace(binary=_binary(profile, i)) for i, frame in frames)


def _binary(profile: Profile, location: int) -> str:
    mapping = profile.locations.mapping[location]
    return profile.strings[profile.mappings.file[mapping]] if mapping >= 0 else ""


def passing(
    profile: Profile, sites: Sites, column: int, through: Ints, stacks: Sequence[int], unsaid: Mask | None = None
) -> list[list[Amount]]:
    """Return the amount through each frame of some stacks, leaf first: of samples with the same path from the root.

    `through` are the samples that count, ascending, including `stacks`. From an `unsaid` site on, the growth is
    unknown.
    """
    values = profile.values[through, column]
    both = np.stack([np.where(profile.is_base[through], 0, values), values], axis=1)
    cursor, rows = _Cursor(profile, through), np.arange(len(through))
    node, key = np.zeros(len(through), np.int64), np.zeros(len(through), np.int64)
    shown, amounts = np.searchsorted(through, stacks), [[] for _ in stacks]  # type: tuple[Ints, list[list[Amount]]]
    hidden = np.zeros(len(shown), np.bool_)
    while len(here := np.flatnonzero(cursor.stands(shown))):
        rows = rows[cursor.stands(rows)]
        key[rows] = node[rows] * len(sites) + sites.of_frame[cursor.frame[rows]]
        nodes = distinct(key[shown[here]])
        rows = rows[np.isin(key[rows], nodes)]
        node[rows] = np.searchsorted(nodes, key[rows])
        totals = Attribution(node[rows], len(nodes)).sum(both[rows]).tolist()
        if unsaid is not None:
            hidden[here] |= unsaid[sites.of_frame[cursor.frame[shown[here]]]]
        for stack in here.tolist():
            value, growth = totals[node[shown[stack]]]
            amounts[stack].append(Amount(value, None if hidden[stack] else growth))
        cursor.advance(rows)
    return [of_stack[::-1] for of_stack in amounts]


class _Cursor:
    """The current frame of each of some samples, walking from the root."""

    def __init__(self, profile: Profile, samples: Ints) -> None:
        self._location, self._frame_at = profile.location, profile.locations.frame_at
        self._begin, self._at = profile.location_at[samples], profile.location_at[samples + 1]
        self.frame = np.zeros(len(samples), np.int64)
        self._enter(np.arange(len(samples)))

    def stands(self, rows: Ints) -> Mask:
        """Return which have not reached their end."""
        return np.asarray(self._at[rows] >= self._begin[rows])

    def advance(self, rows: Ints) -> None:
        """Advance to the next callee."""
        inlined = self.frame[rows] > self._frame_at[self._location[self._at[rows]]]
        self.frame[rows[inlined]] -= 1
        self._enter(rows[~inlined])

    def _enter(self, rows: Ints) -> None:
        self._at[rows] -= 1
        left = rows[self.stands(rows)]
        self.frame[left] = self._frame_at[self._location[self._at[left]] + 1] - 1
