"""Text of a profile, of a disk or of a person, within Markdown that is shown as it was meant."""

from __future__ import annotations

import re

from alloclens.printable import printable

SIGNS = re.compile(r"[\\`*_{}\[\]()#+!|<>~&]")
MARKS = re.compile(
    r"\\(?P<sign>[^A-Za-z0-9\s])"
    r"|(?P<fence>`+)(?P<code>.+?)(?<!`)(?P=fence)(?!`)"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\([^)]*\)"
    r"|\*\*"
)
"""What we write: escaped signs, code, links, and what is bold."""


def escape(text: str) -> str:
    """Return text that Markdown shows as it is, with no sign, line or link of its own."""
    return SIGNS.sub(r"\\\g<0>", printable(text))


def code(text: str) -> str:
    """Return text as code, which no backtick in it ends."""
    shown = printable(text)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    room = " " if shown.strip("` ") != shown else ""  # Markdown takes one space from each end
    return f"{fence}{room}{shown}{room}{fence}"


def plain(text: str) -> str:
    """Return our own Markdown without marks, for editors that show text as it is."""
    return MARKS.sub(_unmarked, text)


def _unmarked(found: re.Match[str]) -> str:
    if found["code"]:
        return re.sub(r"^ (.+) $", r"\1", found["code"])
    return plain(found["label"]) if found["label"] else found["sign"] or ""
