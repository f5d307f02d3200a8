"""Where the goroutines of a profile began: the frames that tell which `go` statement started each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile


BELOW_ALL = "runtime.goexit"
STATE = "state"
"""The label that every goroutine of a dump (debug=2) has, and hardly all of another profile."""


@dataclass(frozen=True, eq=False)
class StartFrames:
    """Rows of `Profile.frames`, one for each sample in each column; -1 where it has none."""

    statement: Ints
    """`created by`: the `go` statement, where it is the user's own. Of the main goroutine, which nothing tells from
    others, the line main.main is at."""
    own: Ints
    """The outermost of the user's own frames: the function that was started or handed over."""
    root: Ints
    """The outermost frame that has a name, runtime.goexit aside."""


def start_frames(profile: Profile, own_of_file: Callable[[str], bool]) -> StartFrames:
    """Return where each sample of a goroutine profile began. Each recorded file is asked for once."""
    own = _of_frames(profile, profile.functions.file, own_of_file)
    named = _of_frames(profile, profile.functions.name, lambda name: name not in ("", BELOW_ALL))
    begin, end = profile.location_at[:-1], profile.location_at[1:]
    if not is_dump(profile):
        return StartFrames(np.full(len(profile), -1), _last(profile, own, end), _last(profile, named, end))
    above = np.maximum(end - 1, begin)
    statement = _last(profile, own, end, above)
    return StartFrames(statement, _last(profile, own, above), _last(profile, named, above))


def is_dump(profile: Profile) -> bool:
    """Return whether the last frame of each stack is the `go` statement (debug=2)."""
    keys = [i for i, text in enumerate(profile.strings) if text == STATE]
    has = profile.labels.sample[np.isin(profile.labels.key, keys) & (profile.labels.text > 0)]
    return len(profile) > 0 and len(np.unique(has)) == len(profile)


def _of_frames(profile: Profile, column: Ints, asked: Callable[[str], bool]) -> Mask:
    """Return for each frame what is said of the text of its function; False where it has no function."""
    texts, row = np.unique(column, return_inverse=True)
    said = np.array([asked(text) for text in profile.text(texts)], np.bool_)
    of_function = np.append(said[row], False)  # the last one is for row -1: no function
    out: Mask = of_function[profile.frames.function]
    return out


def _last(profile: Profile, wanted: Mask, end: Ints, begin: Ints | None = None) -> Ints:
    """Return for each sample the outermost wanted frame of its locations from `begin` up to `end`."""
    outermost = _outermost(profile, wanted)
    hit = np.append(-1, np.flatnonzero((outermost >= 0).take(profile.location)))
    last = hit[np.searchsorted(hit, end) - 1]
    out = np.full(len(profile), -1)
    has = last >= (profile.location_at[:-1] if begin is None else begin)
    out[has] = outermost[profile.location[last[has]]]
    return out


def _outermost(profile: Profile, wanted: Mask) -> Ints:
    """Return for each location its outermost wanted frame, -1 where none is."""
    frame = np.flatnonzero(wanted)
    out = np.full(len(profile.locations.mapping), -1)
    out[np.searchsorted(profile.locations.frame_at, frame, side="right") - 1] = (
        frame  # the outermost comes last and stays
    )
    return out


class GoroutineOrigin(NamedTuple):
    """The one place where the goroutines that wait in a line were started, for all that is known."""

    path: str
    """Of this disk."""
    line: int
    """1-based, in the text as it was when the profile was taken."""
    goroutines: int
    """How many of them."""
