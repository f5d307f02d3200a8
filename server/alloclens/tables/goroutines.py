"""Finds the frames that tell which `go` statement started each goroutine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import distinct

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile


BELOW_ALL = "runtime.goexit"
STATE = "state"
"""A label of every goroutine of a dump (debug=2). Other profiles hardly have it on all samples."""


@dataclass(frozen=True, eq=False)
class StartFrames:
    """Rows of `Profile.frames` for each sample; -1 for none."""

    statement: Ints
    """The `go` statement (`created by`) if it is in own code. For the main goroutine, which looks like any other,
    main.main's line."""
    own: Ints
    """The outermost frame in own code: the function that was started or passed on."""
    root: Ints
    """The outermost named frame except runtime.goexit."""


def start_frames(profile: Profile, own_of_file: Callable[[str], bool]) -> StartFrames:
    """Return the start frames of each sample of a goroutine profile. `own_of_file` is called once for each file."""
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
    return len(profile) > 0 and len(distinct(has)) == len(profile)


def _of_frames(profile: Profile, column: Ints, asked: Callable[[str], bool]) -> Mask:
    """Return for each frame the predicate of its function's text; False without a function."""
    texts, row = np.unique(column, return_inverse=True)
    wanted_text = np.array([asked(text) for text in profile.text(texts)], np.bool_)
    of_function = np.append(wanted_text[row], False)  # the last entry is for row -1, no function
    out: Mask = of_function[profile.frames.function]
    return out


def _last(profile: Profile, wanted: Mask, end: Ints, begin: Ints | None = None) -> Ints:
    """Return each sample's outermost wanted frame among the locations from `begin` to `end`."""
    outermost = _outermost(profile, wanted)
    hit = np.append(-1, np.flatnonzero((outermost >= 0).take(profile.location)))
    last = hit[np.searchsorted(hit, end) - 1]
    out = np.full(len(profile), -1)
    has = last >= (profile.location_at[:-1] if begin is None else begin)
    out[has] = outermost[profile.location[last[has]]]
    return out


def _outermost(profile: Profile, wanted: Mask) -> Ints:
    """Return each location's outermost wanted frame; -1 for none."""
    frame = np.flatnonzero(wanted)
    out = np.full(len(profile.locations.mapping), -1)
    out[np.searchsorted(profile.locations.frame_at, frame, side="right") - 1] = (
        frame  # the last assignment, the outermost, wins
    )
    return out


class GoroutineOrigin(NamedTuple):
    """Where the goroutines that wait in a line were started: a place on this disk, unlike a `RecordedLine`."""

    path: str
    line: int
    """1-based, in the source text at the time of the profile."""
    goroutines: int
    """Number of goroutines."""
