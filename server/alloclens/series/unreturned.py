"""Which lines hold what often is not given back, as their stacks show: evidence of a leak beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import first, offsets, spread
from alloclens.languages.go.leak_patterns import is_kept_by_caller, is_kept_inside
from alloclens.profile.sample_types import judged
from alloclens.tables.attribution import allocators
from alloclens.transform.subset import samples, samples_through

if TYPE_CHECKING:
    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.tables.lines import Lines
    from alloclens.tables.sites import Sites

MIN_SHARE = 0.1
"""Of what a line owns: less says little of what grew."""


def unreturned(profile: Profile, sites: Sites, lines: Lines) -> Mask:
    """Return which lines own mostly what often is not given back, such as contexts that wait to be cancelled; shape (lines,).

    `profile` is that of the lines, and `sites` are its source lines, one for each. None in a profile that is not of memory.
    """
    nothing, kind = np.zeros(len(lines), np.bool_), judged(profile.sample_types)
    names = profile.text(profile.functions.name)
    by_caller, inside = (np.array([*map(of, names), False]) for of in (is_kept_by_caller, is_kept_inside))
    marked = (by_caller | inside)[profile.frames.function]  # the last entry is for row -1, no function
    if kind is None or kind.unit != "bytes" or not marked.any():
        return nothing
    column = profile.sample_types.index(kind)
    part = samples(profile, samples_through(profile, marked) & (profile.values[:, column] > 0))
    at, frame = _frames(part)
    own = lines.own[lines.file] & ~allocators(profile, sites)
    owner = first(own[sites.of_frame[frame]], at)
    some = np.flatnonzero(owner < at[1:])
    begin, owner, function = at[some], owner[some], part.frames.function[frame]
    called = np.append(by_caller[function], False)[np.where(owner > begin, owner - 1, -1)]
    kept = called | (first(inside[function], at)[some] < owner)
    held = np.bincount(sites.of_frame[frame[owner[kept]]], part.values[some[kept], column], len(lines))
    return np.asarray((held > 0) & (held >= MIN_SHARE * lines.value.owned[:, column]))


def _frames(profile: Profile) -> tuple[Ints, Ints]:
    """Return the frames of all samples as a ragged column, leaf first: where the rows begin, and the frames."""
    begin, width = profile.locations.frame_at[profile.location], np.diff(profile.locations.frame_at)[profile.location]
    return offsets(width)[profile.location_at], spread(begin, width)
