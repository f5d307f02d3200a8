"""How much of a profile no line can be given for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.ragged import offsets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]


def unplaced(profile: Profile) -> Ints:
    """Return the part of `total` whose stacks name no file at all: shape (sample types,), in their units.

    As in `total` the sum of |value|, and in a difference of the base's samples.
    """
    values = np.abs(profile.values)
    if profile.is_base.any():
        values = np.where(profile.is_base[:, None], values, 0)
    result: Ints = values[_lacks_a_file(profile)].sum(axis=0)
    return result


def _lacks_a_file(profile: Profile) -> NDArray[np.bool_]:
    """Return for each sample whether none of its frames has a file."""
    texts = np.array([bool(text) for text in profile.strings], np.bool_)
    of_function = np.append(texts[profile.functions.file], False)  # the last one is for row -1: no function
    of_location = _some(of_function[profile.frames.function], profile.locations.frame_at)
    return ~_some(of_location[profile.location], profile.location_at)


def _some(marks: NDArray[np.bool_], at: Ints) -> NDArray[np.bool_]:
    """Return for each row of a ragged column whether any of its entries is marked."""
    before = offsets(marks.astype(np.int64))
    out: NDArray[np.bool_] = before[at[1:]] > before[at[:-1]]
    return out
