"""Finds a function in a line of minified JavaScript by its name, where a profile has no columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alloclens.languages.names import PLACED_BY_V8

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = re.compile(rb"[\w$]+")
MAX_OCCURRENCES = 1000
"""A name that occurs more often in a line, such as a single letter in a large bundle, is not looked for."""
BEFORE = re.compile(rb"\b(?:function|class)\s*\*?\s*\Z")
ASSIGNED = re.compile(
    rb"[\"'\]]*\s*(?:\|\||&&|\?\?)?[=:]\s*"
    rb"(?=((?:async\b\s*)?(?:function\s*\*?\s*\(|class\s*(?:extends\b|\{)|[\w$]+\s*=>|(\())))"
)
"""What is assigned to a name, unless that has a name of its own, which V8 takes instead."""
METHOD = re.compile(rb"[\"'\]]*\s*(?=\()")
TOKEN = re.compile(rb"""([(\[{])|([)\]}])|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|([`/"'])""")
"""An opening or closing bracket, a string, or what may be a template, a regular expression or a damaged string."""
MAX_PARAMETERS = 4096
"""The length of a list of parameters, in bytes. Anything longer in brackets is unlikely to be one."""
NEAR = 20
"""The number of bytes beside a name that are searched for a keyword."""


def column_of(name: str, line: bytes) -> int | None:
    """Return the column from 0, in UTF-16 units, where a function begins in a line; None if nowhere, or perhaps in several places.

    V8 names a function by its declaration, a constructor by its class, and a literal by the variable or property it is assigned to.
    """
    if anonymous := PLACED_BY_V8.fullmatch(name):
        return int(anonymous[1]) - 1
    bare = name.encode("utf-8", "surrogatepass")
    if not NAME.fullmatch(bare) or line.count(bare) > MAX_OCCURRENCES:
        return None
    begins = [begin for place in _places(bare, line) if (begin := _begin(line, place, place + len(bare))) is not None]
    return len(line[: begins[0]].decode("utf-8", "replace").encode("utf-16-le")) // 2 if len(begins) == 1 else None


def _places(name: bytes, line: bytes) -> Iterator[int]:
    """Yield where a name is in a line, but not as the property of something, nor as a part of another name."""
    at = line.find(name)
    while at >= 0:
        around = line[max(at - 1, 0) : at], line[at + len(name) : at + len(name) + 1]
        if around[0] != b"." and not any(map(NAME.fullmatch, around)):
            yield at
        at = line.find(name, at + len(name))


def _begin(line: bytes, start: int, end: int) -> int | None:
    """Return where a function or class begins that may have the name at a place in a line; None if none has it."""
    if BEFORE.search(line[max(start - NEAR, 0) : start]):
        return end
    if assigned := ASSIGNED.match(line, end):
        return assigned.end() if not assigned[2] or _is_followed(line, assigned.start(2), b"=>") else None
    method = METHOD.match(line, end)
    return method.end() if method and _is_followed(line, method.end(), b"{") else None


def _is_followed(line: bytes, at: int, by: bytes) -> bool:
    """Return whether what an opening bracket encloses may be followed by something. It is not known what a template encloses."""
    depth = 0
    for token in TOKEN.finditer(line, at, at + MAX_PARAMETERS):
        opened, closed, unknown = token.groups()
        if unknown:
            return True
        depth += bool(opened) - bool(closed)
        if not depth:
            return line[token.end() : token.end() + NEAR].lstrip().startswith(by)
    return at + MAX_PARAMETERS < len(line)
