"""TOML that a person is still writing: what holds of it, where it is broken, and on which line each key stands."""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

    Path = tuple[str | int, ...]
    """The keys that lead to a value; in a list of tables, which of them."""

MOST = 20
"""How many faults are told, and mended, of one text."""
LONGEST = 1 << 20
"""How many characters are read for one text, in about four ways for each fault: it bounds the time to some seconds."""
TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)|\'\'\'.*?(?:'{3,5}|\Z)|"(?:\\[^\n]|[^"\\\n])*"?|'[^'\n]*'?|#[^\n]*|[\[\]{}\n]''',
    re.DOTALL,
)
"""What tells where a statement ends: strings and comments, within which nothing counts, brackets and line ends."""
KEY = r""""(?:\\[^\n]|[^"\\\n])*"|'[^'\n]*'|[^\s"'=.\[\]#,{}]+"""
DOTTED = re.compile(rf"[ \t]*(?:{KEY})(?:[ \t]*\.[ \t]*(?:{KEY}))*")
HEADER = re.compile(r"[ \t]*(\[\[?)")
POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
LOST = "\0"
"""How the names of tables begin that take what stands below a broken header."""


class Fault(NamedTuple):
    """What is broken, and so left out."""

    first: int
    last: int
    """Lines, from 1 on."""
    reason: str
    path: Path
    """The keys of the statement."""


class Statement(NamedTuple):
    """One header, one key with its value, or a line of neither: together they are the whole text."""

    first: int
    last: int
    path: Path


class Error(NamedTuple):
    """Why a text cannot be parsed, and where that was noticed."""

    statement: Statement
    line: int
    reason: str


def read(text: str) -> tuple[dict[str, Any], list[Fault], dict[Path, int]]:
    """Return what a text says but for its broken lines, these, and the line of each key."""
    lines = text.split("\n")
    faults: list[Fault] = []
    most = max(2, min(MOST, LONGEST // (len(text) + 1)))
    while isinstance(found := _parsed(lines), Error):
        if len(faults) >= most - 1:
            faults.append(Fault(found.statement.first, len(lines), found.reason, found.statement.path))
            lines = lines[: found.statement.first - 1]
        else:
            lines, fault = _mended(lines, found)
            faults.append(fault)
    values = {key: value for key, value in found.items() if not key.startswith(LOST)}
    return values, faults, _lines_of_keys("\n".join(lines))


def loads(text: str) -> dict[str, Any]:
    """Return what a text says, a number with a point as it was written. Raises ValueError if it is no valid TOML."""
    try:
        return tomllib.loads(text, parse_float=str)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _parsed(lines: list[str]) -> dict[str, Any] | Error:
    text = "\n".join(lines)
    try:
        return tomllib.loads(text)
    except RecursionError:
        return _unplaced(text, "it is nested too deep")
    except ValueError as error:  # also a number with too many digits, which has no position
        reason = str(error)
    if not (found := POSITION.search(reason)):
        return _unplaced(text, "a number has too many digits")
    line = int(found[1] or text.rstrip().count("\n") + 1)
    statement = next(s for s in statements(text) if s.first <= line <= s.last)
    return Error(statement, line, reason[: found.start()])


def _unplaced(text: str, reason: str) -> Error:
    """Find the first statement that fails, for an error that does not say where it is."""
    lines = text.split("\n")
    every = list(statements(text))
    at = bisect_left(every, True, hi=len(every) - 1, key=lambda s: _fails("\n".join(lines[: s.last])))
    return Error(every[at], every[at].last, reason)


def _fails(text: str) -> bool:
    try:
        loads(text)
    except ValueError:
        return True
    return False


def _mended(lines: list[str], error: Error) -> tuple[list[str], Fault]:
    """Leave out as much of the broken statement as leaves most lines that are good.

    An error in a list of several lines is noticed where it is, one whose bracket is not closed on a later line, and a key
    that is there twice at the end of its value.
    """
    first, line = error.statement.first, error.line
    ways = dict.fromkeys(((line, line), (first, first), (first, max(first, line - 1)), (first, line)))
    best, (start, end) = max(((_without(lines, *way), way) for way in ways), key=lambda one: _good(*one))
    return best, Fault(start, end, error.reason, error.statement.path)


def _good(lines: list[str], left_out: tuple[int, int]) -> tuple[int, bool]:
    """Return how many lines are good up to the next error, and whether there is none."""
    found = _parsed(lines)
    end = found.statement.first - 1 if isinstance(found, Error) else len(lines)
    return end - (left_out[1] - left_out[0] + 1), not isinstance(found, Error)


def _without(lines: list[str], first: int, last: int) -> list[str]:
    """Empty some lines; a header becomes one of a table nobody asks for, so that its keys do not fall to the table above."""
    empty = [""] * (last - first + 1)
    if HEADER.match(lines[first - 1]):
        empty[0] = f'["\\u0000{first}"]'
    return [*lines[: first - 1], *empty, *lines[last:]]


def statements(text: str) -> Iterator[Statement]:
    """Yield each statement, with the whole path of its key. A value whose bracket is not closed goes on to the end."""
    counts: dict[Path, int] = {}
    table: Path = ()
    for start, end, first, last in _spans(text):
        if header := HEADER.match(text, start, end):
            table = _keys(text, header.end(), end)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield Statement(first, last, table)
        else:
            keys = _keys(text, start, end)
            yield Statement(first, last, table + keys if keys else ())


def _spans(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each statement begins and ends: characters and lines."""
    start, first, line, depth = 0, 1, 1, 0
    for token in TOKEN.finditer(text):
        what = token[0]
        if what == "\n" and depth <= 0:
            yield start, token.start(), first, line
            start, first, depth = token.end(), line + 1, 0
        depth += (what in "[{") - (what in "]}")
        line += what.count("\n")
    yield start, len(text), first, line


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


def _lines_of_keys(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    for statement in statements(text):
        for depth in range(1, min(len(statement.path), DEEPEST) + 1):
            lines.setdefault(statement.path[:depth], statement.first)
    return lines


DEEPEST = 5
"""tool.alloclens.pathMappings, which of them, from."""
