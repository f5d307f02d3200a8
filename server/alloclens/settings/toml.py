"""Reads and edits TOML files of users: reports the syntax error with its line, and keeps the layout."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from alloclens.languages.toml import line_at_end

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_DEPTH = 16
"""Levels of brackets, and dots of a key: tomllib's time grows with the square of a key's length, and its stack with each level."""
MAX_EDITED_CHARACTERS = 64 << 10
"""Characters: tomlkit's time grows with the square of the keys in a table, to two seconds for a text of this length."""
TOKEN = re.compile(
    r'''"""(?:\\(?:.|\Z)|[^\\])*?(?:"{3,5}|\Z)|\'\'\'.*?(?:'{3,5}|\Z)|"(?:\\[^\n]|[^"\\\n])*"?|'(?:[^']*\Z|[^'\n]*'?)|#[^\n]*|[][{}=.,\n]''',
    re.DOTALL,
)
"""What tells how deep a text is nested: strings and comments, within which nothing counts, brackets, dots and line ends."""
POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
NUMBER = re.compile(r"[\d_]{4300,}")
"""Python reads no number of more digits, and its error does not say where that one stands."""
BOM = "\ufeff"


class TOMLError(ValueError):
    """The text is not TOML, or is nested too deeply."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"{reason} (line {line})")
        self.reason = reason
        self.line = line
        """1-based."""


def loads(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Parse a text in time linear in its length. Raises TOMLError."""
    _refuse_deep(text)
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except ValueError as error:
        reason = str(error)
    if not (match := POSITION.search(reason)):
        number = NUMBER.search(text)
        raise TOMLError("a number has too many digits", _line_at(text, number.start() if number else 0))
    raise TOMLError(reason[: match.start()], int(match[1]) if match[1] else line_at_end(text))


def edit_toml(text: str, change: Callable[[Any], None], added: str = "") -> str:
    """Return a text after a change to its values. Comments, layout, a byte order mark and line ends stay.

    `added` is TOML that may make the same change at the end of the text; it is used if it does. Raises ValueError if the
    text is not TOML, if `change` does, or if no text can be made that says exactly what was changed.
    """
    bom, end = BOM if text.startswith(BOM) else "", "\r\n" if "\r\n" in text else "\n"
    plain = text.removeprefix(BOM).replace("\r\n", "\n")
    values = loads(plain, str)
    change(values)
    made = _appended(plain, added)
    if not added or not _says(made, values):
        made = _changed(plain, change)
        if loads(made, str) != values:
            raise ValueError("alloclens cannot extend a file of this form")
    made.encode()  # surrogates are ValueErrors here
    return bom + made.replace("\n", end)


def _appended(text: str, added: str) -> str:
    before = f"{text}\n" if text and not text.endswith("\n") else text
    return f"{before}{before and chr(10)}{added}"


def _says(text: str, values: dict[str, Any]) -> bool:
    try:
        return loads(text, str) == values
    except TOMLError:
        return False


def _changed(text: str, change: Callable[[Any], None]) -> str:
    """Return a text after a change to its tomlkit document. Raises ValueError."""
    import tomlkit  # noqa: PLC0415 - slow to import, and seldom needed
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    if len(text) > MAX_EDITED_CHARACTERS:
        raise ValueError(f"larger than {MAX_EDITED_CHARACTERS >> 10} KiB")
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
        if depth > MAX_DEPTH or dots > MAX_DEPTH:
            raise TOMLError(f"nested more than {MAX_DEPTH} levels deep", _line_at(text, token.start()))


_RESET = frozenset("[]{}=,\n")


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
