"""One name for a file that a profile names in several ways.

A program may be compiled of one file under two paths, or loaded from a relative and an absolute one. Its numbers are of one
line then: a sample whose stack has the line under both names counts once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloclens.paths import clean_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.profile.model import Profile


def renamed(profile: Profile, names: Mapping[str, str]) -> Profile:
    """Return a profile with some of its files called otherwise; `names` is by their clean paths."""
    if not names:
        return profile
    files, row = np.unique(profile.functions.file, return_inverse=True)
    called = [names.get(clean_path(text)) for text in profile.text(files)]
    number = {name: len(profile.strings) + i for i, name in enumerate(dict.fromkeys(filter(None, called)))}
    column = np.array(
        [number[name] if name else old for name, old in zip(called, files.tolist(), strict=True)], np.int64
    )
    functions = replace(profile.functions, file=column[row].astype(profile.functions.file.dtype))
    return replace(profile, functions=functions, strings=(*profile.strings, *number))
