"""Recognizes heap profiles that V8 sampled, whatever their format: a frame has the line of its function, not that of the call."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import distinct_pairs
from alloclens.profile.sample_types import allocates

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

SCRIPT = re.compile(r"\.[cm]?[jt]sx?$")
BUILT_IN = re.compile(r"(?:node|wasm|evalmachine|native|internal)\b|<")
MAX_NAMESAKES = 0.25
"""Part of the functions that may have several lines. In a real profile, 2 of 51 had; where lines are of calls, most have."""


def with_v8_lines(profile: Profile) -> Profile:
    """Return a heap profile of JavaScript as one whose lines are those of functions, as @datadog/pprof writes it.

    One that has several lines of many a function is not V8's.
    """
    if profile.by_function or not all(allocates(kind.type) for kind in profile.sample_types):
        return profile
    files = {profile.strings[row] for row in set(profile.functions.file.tolist())}
    named = [file for file in files if file and not BUILT_IN.match(file)]
    is_of_v8 = bool(named) and all(map(SCRIPT.search, named)) and _have_one_line(profile)
    return replace(profile, by_function=True) if is_of_v8 else profile


def _have_one_line(profile: Profile) -> bool:
    """Return whether functions have one line, but for a few: @datadog/pprof takes those of one name in a file for one."""
    function, line = profile.frames.function, profile.frames.line
    known = function >= 0
    lines = np.bincount(distinct_pairs(function[known], line[known])[0])
    return bool(np.count_nonzero(lines > 1) <= MAX_NAMESAKES * np.count_nonzero(lines))
