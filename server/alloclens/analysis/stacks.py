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

BASE = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio as a fraction of 2^64: an odd number whose powers mix well


@dataclass(frozen=True)
class Stack:
    """One distinct stack through a line."""

    frames: tuple[Frame, ...]
    """Leaf first."""
    value: int
    """At the head."""
    growth: int | None
    """Head - base; equal to `value` where there is no base; None where it is not known which line of another build one was."""
    sample: int
    """The row of one that has it."""

    @property
    def grown(self) -> int:
        """What counts of it in a growth: at most all that it holds where nothing says how much is new."""
        return max(self.value if self.growth is None else self.growth, 0)


def through(
    profile: Profile,
    sites: Sites,
    wanted: Sequence[int],
    column: int,
    most: int,
    unsaid: NDArray[np.bool_] | None = None,
) -> list[Stack]:
    """Return the heaviest stacks through any of these sites: by growth in a difference, else by value.

    Of a stack through any `unsaid` site, nothing says how it grew; what only the base has of such is left out.
    """
    samples = having(profile, sites, wanted)
    samples = samples[profile.values[samples, column] != 0]
    if not len(samples):
        return []
    example, group = _distinct(profile, sites, samples)
    values = profile.values[samples, column]
    grown = _sums(group, values, len(example))
    now = _sums(group, np.where(profile.is_base[samples], 0, values), len(example))
    hidden = np.zeros(len(example), np.bool_)
    if unsaid is not None:
        hidden[group[np.isin(samples, having(profile, sites, np.flatnonzero(unsaid)))]] = True
    order = np.lexsort((-now, -np.where(hidden, 0, grown)))
    order = order[~hidden[order] | (now[order] != 0)][:most]
    found = zip(*(column[order].tolist() for column in (example, now, grown, hidden)), strict=True)
    return [
        Stack(_frames(profile, sample), value, None if unknown else growth, sample)
        for sample, value, growth, unknown in found
    ]


def having(profile: Profile, sites: Sites, wanted: Sequence[int] | Ints) -> Ints:
    """Return the rows of the samples that have any of these sites in their stack, ascending."""
    location = owners(np.diff(profile.locations.frame_at))[np.isin(sites.of_frame, wanted)]
    has = np.zeros(len(profile.locations.mapping), np.bool_)
    has[location] = True
    sample = np.searchsorted(profile.location_at, np.flatnonzero(has.take(profile.location)), side="right") - 1
    return sample[np.diff(sample, prepend=-1) > 0]


def _distinct(profile: Profile, sites: Sites, samples: Ints) -> tuple[Ints, Ints]:
    """Return one sample for each distinct stack, and for each sample which of them it has.

    A stack's digest is the sum of (site + 1) · BASE^place over its frames. The sum over the frames of one location is the
    same wherever it stands, but for a power of BASE.
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


def _sums(group: Ints, values: Ints, groups: int) -> Ints:
    out = np.zeros(groups, np.int64)
    np.add.at(out, group, values)
    return out


def _frames(profile: Profile, sample: int) -> tuple[Frame, ...]:
    where, at = (
        profile.location[profile.location_at[sample] : profile.location_at[sample + 1]],
        profile.locations.frame_at,
    )
    return tuple(profile.frame(row) for i in where.tolist() for row in range(at[i], at[i + 1]))
