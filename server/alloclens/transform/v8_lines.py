"""Knows the heap profiles that V8 sampled, whatever their format: V8 records the line of a function, and no other."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from alloclens.arrays import distinct, packed
from alloclens.profile.sample_types import allocates

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

SCRIPT = re.compile(r"\.[cm]?[jt]sx?$")
BUILT_IN = re.compile(r"(?:node|wasm|evalmachine|native|internal)\b|<")


def with_v8_lines(profile: Profile) -> Profile:
    """Return a heap profile of JavaScript as one whose lines are those of functions, as @datadog/pprof writes it.

    A profile with two lines of one function is not V8's.
    """
    if profile.by_function or not all(allocates(kind.type) for kind in profile.sample_types):
        return profile
    files = {profile.strings[row] for row in set(profile.functions.file.tolist())}
    named = [file for file in files if file and not BUILT_IN.match(file)]
    is_of_v8 = bool(named) and all(map(SCRIPT.search, named)) and _has_one_line_each(profile)
    return replace(profile, by_function=True) if is_of_v8 else profile


def _has_one_line_each(profile: Profile) -> bool:
    function, line = profile.frames.function, profile.frames.line
    known = function >= 0
    return len(distinct(packed(function[known], line[known]))) == len(distinct(function[known]))
