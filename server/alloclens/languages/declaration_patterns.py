"""Finds where a function is declared in a language that has no grammar here, by what declarations look like."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.names import MAX_NAME_CHARACTERS
from alloclens.languages.syntax import Declaration
from alloclens.text import memo, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

LONG_LINE = 1000
"""Characters: no person wrote a longer line, and searching them takes long."""
NOT_A_NAME = re.compile(r"(?<!^)\(.*")
"""In names of Julia: parameters."""
KEYWORD = r"\b(?:fn|def|function|func|fun|sub|proc|class|struct|impl|macro)\b"
STATEMENT = r"(?:await|case|catch|else|for|if|match|new|return|switch|throw|while|with|yield)\b"
PARAMETERS = r"\([^;{}()]*(?:\([^;{}()]*\)[^;{}()]*)*\)"
BODY = r"(?:[^;{}=()\n]*(?:\{|\n\s*[{:])|(?:::\S+)? = )"
"""A block, or Julia's expression; a call has neither."""
OPENS = re.compile(r"\s*[{)\]]|\s*(?:#|//)")
"""What follows a declaration without being the next one: its brace, the end of its parameters, a comment."""
CLOSES = re.compile(r"\s*\}|\s*end\b")


def look_alikes(text: str, function: str, declaration: str = "") -> Iterator[Declaration]:
    """Return what looks like a declaration of a function: a keyword before its name, or parameters and a body behind it.

    `declaration` is what else does: `Language.declaration`.
    """
    name = _pattern(function, declaration) if len(function) <= MAX_NAME_CHARACTERS else None
    if name is None:
        return
    searched = _searched(text)
    line, counted = 1, 0
    for start in _lines_with(searched, name.text):
        if name.declaration.match(searched, start):
            line += searched.count("\n", counted, start)
            counted = start
            yield Declaration((name.text,), "", line, line, line, _end(text, line))


@memo
def _searched(text: str) -> str:
    """Return what is searched of a text: with one kind of line end, and nothing on long lines."""
    lines = split_lines(text)
    if "\r" in text or any(len(line) >= LONG_LINE for line in lines):
        return "\n".join(line if len(line) < LONG_LINE else "" for line in lines)
    return text


def _lines_with(text: str, name: str) -> Iterator[int]:
    """Return where the lines begin that a name is in: few of many, and only there is it worth trying a pattern."""
    at = text.find(name)
    while at >= 0:
        yield text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        at = text.find(name, end) if end >= 0 else -1


class _Pattern(NamedTuple):
    """What a function is called in its text."""

    text: str
    declaration: re.Pattern[str]
    """Matches where a line begins that declares it; the name is on that line."""


@lru_cache(4096)
def _pattern(function: str, more: str = "") -> _Pattern | None:
    names = re.findall(r"[A-Za-z_$][\w$]*", NOT_A_NAME.sub("", function) or function)
    if not names:
        return None
    name = re.escape(names[-1])
    declaration = re.compile(
        rf"[^#\n]*{KEYWORD}[^\n=(]*(?<![\w$]){name}(?![\w$])"
        rf"|[^\S\n]*(?!{STATEMENT})(?:[A-Za-z_][\w:<>*&,]* )*[\w:*&]*(?<![\w$]){name}(?=[^\S\n]*{PARAMETERS}{BODY})"
        rf"|[^#\n]*(?<![\w$.]){name}(?=[^\S\n]*[:=][^\S\n]*(?:async )?(?:{PARAMETERS}|\w+)[^\S\n]*=>)"
        + (f"|{more.replace('{name}', name)}" if more else "")
    )
    return _Pattern(names[-1], declaration)


def _end(text: str, declaration: int) -> int:
    """Return the last line (1-based) of the function declared on a line: what follows it indented, and the closing one."""
    lines = split_lines(text)
    indent = len(lines[declaration - 1]) - len(lines[declaration - 1].lstrip())
    for number, line in enumerate(lines[declaration:], declaration + 1):
        if line.strip() and len(line) - len(line.lstrip()) <= indent and not OPENS.match(line):
            return number if CLOSES.match(line) else number - 1
    return len(lines)
