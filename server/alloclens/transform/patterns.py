"""Regular expressions like pprof's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from alloclens.expressions import ExpressionError, compiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile

    Search = Callable[[str], bool]

SPECIAL = re.compile(r"[\x00-/:-@\[-^`{-\x7f]")
"""What is escaped in a pattern for an exact text: all of ASCII but letters, digits and the underscore."""
EXACT = re.compile(r"\^((?:\\.|[\w/.])*)\$")
"""A pattern for an exact text, as `exact` or a person writes it."""
MAX_PATTERN_CHARACTERS = 1 << 16
"""RE2 complains on standard error about patterns of millions of characters. pprof's own drop_frames for C++ has
2,000."""
MAX_QUOTED_PATTERN_CHARACTERS = 60
"""Length of a pattern in a message."""


class PatternError(ValueError):
    """The regular expression is invalid; the message says what is wrong and where."""


def search(pattern: str) -> Search:
    """Compile a pattern into a test whether a text contains a match. Raises PatternError.

    Without RE2, the test may raise TimeoutError.
    """
    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise PatternError(f"longer than {MAX_PATTERN_CHARACTERS} characters: {_quoted(pattern)}")
    try:
        expression = compiled(pattern)
    except ExpressionError as error:
        raise PatternError(_reason(pattern, str(error))) from error
    return lambda text: expression.search(text) is not None


def exact(text: str) -> str:
    """Escape a text so that the pattern matches exactly this text."""
    return f"^{SPECIAL.sub(_escaped, text)}$"


def text_of(pattern: str) -> str:
    """Return the only text that a pattern such as those of `exact` matches; "" for other patterns."""
    match = EXACT.fullmatch(pattern)
    return re.sub(r"\\(.)", r"\1", match[1]) if match else ""


def _escaped(found: re.Match[str]) -> str:
    return "\\x00" if found[0] == "\0" else "\\" + found[0]


def _reason(pattern: str, message: str) -> str:
    """Parse RE2's message, "missing ]: [ab": the fault, then the rest of the pattern or all of it."""
    what, _, part = message.partition(": ")
    at = pattern.find(part)
    where = f" at character {at + 1}, {_quoted(part)}," if part not in {"", pattern} and at >= 0 else ""
    return f"{what}{where} in {_quoted(pattern)}"


def _quoted(text: str) -> str:
    return repr(text if len(text) <= MAX_QUOTED_PATTERN_CHARACTERS else text[:MAX_QUOTED_PATTERN_CHARACTERS] + "…")


def hit_texts(profile: Profile, column: Ints | NDArray[np.int32], test: Search) -> Mask:
    """Apply a test to a column of row numbers, once for each distinct string; returns the column's shape."""
    rows, place = np.unique(column, return_inverse=True)
    return np.array([test(profile.strings[i]) for i in rows.tolist()], np.bool_)[place.reshape(-1)]


def hit_frames(profile: Profile, test: Search) -> Mask:
    """Return which frames match by function name, recorded file, or their binary's file: shape (frames,)."""
    functions = hit_texts(profile, profile.functions.name, test) | hit_texts(profile, profile.functions.file, test)
    binary = np.repeat(_hit_binaries(profile, test), np.diff(profile.locations.frame_at))
    return of_rows(functions, profile.frames.function) | binary


def of_rows(hit: Mask, row: Ints) -> Mask:
    """Return hit[row], False for -1."""
    return np.append(hit, False)[row]


def _hit_binaries(profile: Profile, test: Search) -> Mask:
    mapping = profile.locations.mapping
    if not len(profile.mappings.file):  # pprof then gives all locations a nameless binary
        return np.full(len(mapping), test(""), np.bool_)
    return of_rows(hit_texts(profile, profile.mappings.file, test), mapping)
