"""Unifies the names of a file that a profile records in several ways.

A file may be compiled under two paths, or loaded from a relative and an absolute one. A sample whose stack has a line
under both names must count once.
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
    """Rename files of a profile; `names` maps cleaned paths to the new names."""
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
