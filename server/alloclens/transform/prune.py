"""Removes frames of no interest: those that the profile's drop_frames names, and those that the user cuts off.

For example, an allocator's own frames: its caller is of interest.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import first, last, some
from alloclens.transform.patterns import PatternError, hit_texts, of_rows, search
from alloclens.transform.subset import frames, stacks

if TYPE_CHECKING:
    from alloclens.arrays import Mask
    from alloclens.profile.model import Profile
    from alloclens.transform.patterns import Search


PARENTHESIS = re.compile(r"\(anonymous namespace\)|operator\(\)|\(")
"""The first bare parenthesis starts a C++ function's arguments."""


def pruned(profile: Profile) -> Profile:
    """Remove the frames that match drop_frames but not keep_frames.

    What they called goes with them, up to the outermost such frame that has been called by another. The two patterns
    are empty in what is returned: they have been followed. Both stay, and so do all frames, if one is not a regular
    expression: pprof ignores both then.
    """
    if not profile.drop_frames or unusable(profile):
        return profile
    drop = search(_whole(profile.drop_frames))
    keep = search(_whole(profile.keep_frames)) if profile.keep_frames else lambda _: False
    hit = _hit_functions(profile, lambda name: drop(name) and not keep(name))
    return replace(_dropped(profile, hit), drop_frames="", keep_frames="")


def unusable(profile: Profile) -> str:
    """Return why the profile's own patterns are invalid; "" if they are valid."""
    if not profile.drop_frames:
        return ""
    try:
        for pattern in (profile.drop_frames, profile.keep_frames):
            search(_whole(pattern))
    except PatternError as error:
        return f"nothing is dropped by the file's drop_frames and keep_frames: {error}"
    return ""


def prune_from(profile: Profile, test: Search) -> Profile:
    """Remove the callees of the innermost matching function of each stack."""
    return from_innermost(profile, _hit_functions(profile, test))


def from_innermost(profile: Profile, hit: Mask) -> Profile:
    """Remove the callees of the innermost matching frame of each stack. Shape of `hit`: (frames,)."""
    at = profile.locations.frame_at
    begin = np.where(some(hit, at), first(hit, at), at[:-1])
    keep = np.arange(len(hit)) >= np.repeat(begin, np.diff(at))
    return frames(_from_first(profile, some(hit, at)), keep)


def up_to_outermost(profile: Profile, hit: Mask) -> Profile:
    """Remove the callers of the outermost matching frame of each stack. Shape of `hit`: (frames,)."""
    at, stack_at = profile.locations.frame_at, profile.location_at
    end = np.where(some(hit, at), last(hit, at), at[1:])
    keep = np.arange(len(hit)) <= np.repeat(end, np.diff(at))
    there = some(hit, at)[profile.location]
    outermost = np.where(some(there, stack_at), last(there, stack_at), stack_at[1:])
    return frames(stacks(profile, np.arange(len(there)) <= np.repeat(outermost, np.diff(stack_at))), keep)


def _whole(pattern: str) -> str:
    return f"^({pattern})$"


def _hit_functions(profile: Profile, test: Search) -> Mask:
    """Return which frames match by their function's name without arguments: shape (frames,)."""
    names = hit_texts(profile, profile.functions.name, lambda name: bool(name) and test(_simple(name)))
    return of_rows(names, profile.frames.function)


def _simple(name: str) -> str:
    name = name.removeprefix(".")  # PowerPC's prefix of a function's code
    end = next((m.start() for m in PARENTHESIS.finditer(name) if m[0] == "("), len(name))
    return name[:end]


def _from_first(profile: Profile, hit: Mask) -> Profile:
    """Start every stack at its innermost matching location. Shape of `hit`: (locations,)."""
    at, there = profile.location_at, hit[profile.location]
    begin = np.where(some(there, at), first(there, at), at[:-1])
    return stacks(profile, np.arange(len(there)) >= np.repeat(begin, np.diff(at)))


def _dropped(profile: Profile, hit: Mask) -> Profile:
    """Drop the frames of every location up to its outermost match, and their callees from every stack.

    A location whose outermost frame matches is dropped whole; if it must stay in a stack, it keeps its frames.
    """
    at = profile.locations.frame_at
    outermost = last(hit, at)
    whole = outermost == at[1:] - 1
    keep = np.repeat(whole, np.diff(at)) | (np.arange(len(hit)) > np.repeat(outermost, np.diff(at)))
    return frames(stacks(profile, _above(profile, some(hit, at), whole)), keep)


def _above(profile: Profile, hit: Mask, whole: Mask) -> Mask:
    """Return which entries of the stacks stay.

    Matches without another caller stay, so that a stack of only allocator frames does not become empty.
    """
    at, here = profile.location_at, np.arange(len(profile.location))
    depth = np.diff(at)
    there = hit[profile.location]
    called = here < np.repeat(last(~there, at), depth)
    cut = np.repeat(last(there & called, at), depth)
    out: Mask = (here > cut) | ((here == cut) & ~whole[profile.location])
    return out
