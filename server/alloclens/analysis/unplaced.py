"""How much of a profile no line can be given for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.ragged import owners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.profile.model import Profile


def unplaced(profile: Profile, column: int) -> int:
    """Return the part of `total` whose stacks name no file at all, in the unit of the sample type.

    Like it the sum of |value|, of the base's samples in a difference.
    """
    nowhere = ~_names_a_file(profile)
    values = np.abs(profile.values[:, column])
    of_base = nowhere & profile.is_base
    is_of_base = int(values[profile.is_base].sum()) > 0
    return int(values[of_base if is_of_base else nowhere].sum())


def _names_a_file(profile: Profile) -> NDArray[np.bool_]:
    """Return for each sample whether any of its frames has a file."""
    texts = np.array([bool(s) for s in profile.strings], np.bool_)
    function = profile.frames.function
    has_file = np.append(texts[profile.functions.file], False)[function]  # row -1, no function, is the one behind
    sample = owners(np.diff(profile.frame_at))
    return np.bincount(sample[has_file[profile.stack_frames]], minlength=len(profile)).astype(np.bool_)
