"""Markdown: escaping text from profiles, files and users, and removing our own marks."""

from __future__ import annotations

import re

from alloclens.printable import printable

SIGNS = re.compile(r"[\\`\[\]|<~]|(?<!\()\*|\*(?![^\W_])|&(?=[#\w])|^[#>]|^[+-](?!\w)|(?<!\w)_+|_+(?!\w)")
"""What Markdown may take for a mark, and nothing else, because some editors show the backslashes.

An underscore within a word is not a mark, nor is a sign before a number; the asterisk of a method, main.(*shop).order, only begins what
nothing can end, unless asterisks follow that end bold text (see `bold`).
"""
MARKS = re.compile(
    r"\\(?P<sign>[^A-Za-z0-9\s])"
    r"|(?P<fence>`+)(?P<code>.+?)(?<!`)(?P=fence)(?!`)"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\((?P<address>[^)]*)\)"
    r"|\*\*"
)
"""The marks that we write: escapes, code, links and bold text."""
LINE = re.compile(r"#L\d+$")
"""Ends the address of a line, which the text of its link says, too: main.go:24."""


def escape(text: str) -> str:
    """Return text so that Markdown shows it as it is: it can start no line, link or other mark."""
    return SIGNS.sub(lambda signs: "".join(f"\\{sign}" for sign in signs[0]), printable(text))


def bold(text: str) -> str:
    """Return text in bold; as a code span if it has a sign, such as the asterisk of a method, which would end or begin other bold text."""
    shown = printable(text)
    is_plain = escape(text) == shown and "*" not in shown and shown == shown.strip()
    return f"**{shown}**" if is_plain else code(text)


def code(text: str) -> str:
    """Return text as a code span, which no backtick in the text ends."""
    shown = printable(text)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    padding = " " if shown.strip("` ") != shown else ""  # Markdown removes one space from each end
    return f"{fence}{padding}{shown}{padding}{fence}"


def plain(text: str) -> str:
    """Return our own Markdown without its marks, for terminals and for editors that show plain text.

    A page's address follows its name. The sentences of `wording/` are written once, in Markdown, so this takes apart what they
    are made of: it knows the marks that `escape`, `code` and those sentences write, and no others.
    """
    return MARKS.sub(_unmarked, text)


def _unmarked(match: re.Match[str]) -> str:
    if match["code"]:
        return re.sub(r"^ (.+) $", r"\1", match["code"])
    if match["label"]:
        address = match["address"]
        return plain(match["label"]) + ("" if LINE.search(address) else f": {address}")
    return match["sign"] or ""
