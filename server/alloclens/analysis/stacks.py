"""The heaviest stacks through a line: from a number to the calls behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.ragged import offsets, owners, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.sites import Sites
    from alloclens.profile.model import Frame, Profile

    Ints = NDArray[np.int64]

MIX = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio as a fraction of 2^64: an odd number that mixes well


@dataclass(frozen=True)
class Stack:
    """One distinct stack through a line."""

    frames: tuple[Frame, ...]
    """Leaf first."""
    value: int
    """At the head."""
    growth: int
    """Head - base; equal to `value` where there is no base."""


def through(profile: Profile, sites: Sites, wanted: Sequence[int], column: int, most: int) -> list[Stack]:
    """Return the heaviest stacks through any of these sites: by growth in a difference, else by value."""
    hit = np.flatnonzero(np.isin(sites.of_frame, wanted)[profile.stack_frames])
    samples = np.unique(np.searchsorted(profile.frame_at, hit, side="right") - 1)
    samples = samples[profile.values[samples, column] != 0]
    if not len(samples):
        return []
    example, group = _distinct(profile, sites, samples)
    values = profile.values[samples, column]
    grown = _sums(group, values, len(example))
    now = _sums(group, np.where(profile.is_base[samples], 0, values), len(example))
    order = np.lexsort((-now, -grown))[:most]
    return [Stack(_frames(profile, int(example[i])), int(now[i]), int(grown[i])) for i in order]


def _distinct(profile: Profile, sites: Sites, samples: Ints) -> tuple[Ints, Ints]:
    """Return one sample for each distinct stack, and for each sample which of them it has."""
    depth = np.diff(profile.frame_at)[samples]
    site = sites.of_frame[profile.stack_frames[spread(profile.frame_at[samples], depth)]].astype(np.uint64)
    place = (np.arange(len(site)) - np.repeat(offsets(depth)[:-1], depth)).astype(np.uint64)
    mixed = (site + np.uint64(1)) * MIX
    mixed ^= mixed >> np.uint64(29)
    mixed = (mixed + place) * (MIX ^ (place << np.uint64(1)))
    mixed ^= mixed >> np.uint64(32)
    digest = np.zeros(len(samples), np.uint64)
    np.add.at(digest, owners(depth), mixed)
    _, example, group = np.unique(digest, return_index=True, return_inverse=True)
    return samples[example], group


def _sums(group: Ints, values: Ints, groups: int) -> Ints:
    out = np.zeros(groups, np.int64)
    np.add.at(out, group, values)
    return out


def _frames(profile: Profile, sample: int) -> tuple[Frame, ...]:
    rows = profile.stack_frames[profile.frame_at[sample] : profile.frame_at[sample + 1]]
    return tuple(profile.frame(row) for row in rows.tolist())
