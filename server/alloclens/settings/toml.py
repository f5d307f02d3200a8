"""TOML that a person writes: what it says, or what is wrong with it, and on which line each key stands."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Path = tuple[str | int, ...]
    """The keys that lead to a value; in a list of tables, which of them."""

DEEPEST = 16
"""Levels of brackets, and dots of a key: tomllib's time grows with the square of a key's length, and its stack with each level."""
LARGEST_EDITED = 64 << 10
"""Characters: tomlkit's time grows with the square of the keys in a table, to two seconds for a text of this length."""
TOKEN = re.compile(
    r'''"""(?:\\(?:.|\Z)|[^\\])*?(?:"{3,5}|\Z)|\'\'\'.*?(?:'{3,5}|\Z)|"(?:\\[^\n]|[^"\\\n])*"?|'(?:[^']*\Z|[^'\n]*'?)|#[^\n]*|[][{}=.,\n]''',
    re.DOTALL,
)
"""What tells where a statement ends: strings and comments, within which nothing counts, brackets, dots and line ends."""
KEY = r""""(?:\\[^\n]|[^"\\\n])*"|'[^'\n]*'|[^\s"'=.\[\]#,{}]+"""
DOTTED = re.compile(rf"[ \t]*(?:{KEY})(?:[ \t]*\.[ \t]*(?:{KEY}))*")
HEADER = re.compile(r"[ \t]*(\[\[?)")
POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
NUMBER = re.compile(r"[\d_]{4300,}")
"""Python reads no number of more digits, and its error does not say where that one stands."""


class TOMLError(ValueError):
    """A text is not TOML, or is nested too deep."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"{reason} (line {line})")
        self.reason = reason
        self.line = line
        """From 1 on."""


def loads(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return what a text says, in time linear in its length. Raises TOMLError."""
    _refuse_deep(text)
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except ValueError as error:
        reason = str(error)
    if not (found := POSITION.search(reason)):
        number = NUMBER.search(text)
        raise TOMLError("a number has too many digits", _line_at(text, number.start() if number else 0))
    if found[1]:
        raise TOMLError(reason[: found.start()], int(found[1]))
    *_, (line, _) = _statements(text.rstrip())  # the one that does not end
    raise TOMLError(reason[: found.start()], line)


def lines_of_keys(text: str) -> dict[Path, int]:
    """Return the line of each key of a valid text; of keys in a value, that of the whole."""
    lines: dict[Path, int] = {}
    for line, path in _statements(text):
        for depth in range(1, len(path) + 1):
            lines.setdefault(path[:depth], line)
    return lines


def edited(text: str, change: Callable[[Any], None]) -> str:
    """Return a text after a change to tomlkit's document of it: comments and layout stay. Raises ValueError."""
    import tomlkit  # noqa: PLC0415 - takes a while, and is seldom wanted
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    if len(text) > LARGEST_EDITED:
        raise ValueError(f"larger than {LARGEST_EDITED >> 10} KiB")
    try:
        document = tomlkit.parse(text)
        change(document)
        return document.as_string()
    except (TOMLKitError, AttributeError, RecursionError, TypeError) as error:
        raise ValueError(str(error)) from error


def _refuse_deep(text: str) -> None:
    depth = dots = 0
    for token in TOKEN.finditer(text):
        what = token[0]
        if what == ".":
            dots += 1
        elif what in _RESET:
            dots = 0
            depth = max(depth + (what in "[{") - (what in "]}"), 0)
        if depth > DEEPEST or dots > DEEPEST:
            raise TOMLError(f"nested more than {DEEPEST} levels deep", _line_at(text, token.start()))


_RESET = frozenset("[]{}=,\n")


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _statements(text: str) -> Iterator[tuple[int, Path]]:
    """Yield the line and the keys of each header and each key with its value; a value whose bracket is open goes on."""
    counts: dict[Path, int] = {}
    table: Path = ()
    for line, start, end in _spans(text):
        if header := HEADER.match(text, start, end):
            table = _keys(text, header.end(), end)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield line, table
        else:
            keys = _keys(text, start, end)
            yield line, table + keys if keys else ()


def _spans(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the first line of each statement, and where it begins and ends."""
    start, first, line, depth = 0, 1, 1, 0
    for token in TOKEN.finditer(text):
        what = token[0]
        if what == "\n" and depth <= 0:
            yield first, start, token.start()
            start, first, depth = token.end(), line + 1, 0
        depth += (what in "[{") - (what in "]}")
        line += what.count("\n")
    yield first, start, len(text)


def _keys(text: str, start: int, end: int) -> Path:
    found = DOTTED.match(text, start, end)
    return tuple(_unquoted(part) for part in re.findall(KEY, found[0])) if found else ()


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except ValueError:
        return key
