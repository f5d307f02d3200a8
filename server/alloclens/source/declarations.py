"""Where a function is declared in a text, found by its name: in Go exactly, elsewhere by what declarations look like."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.memo import memo
from alloclens.source.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_NAME = 1000
"""Characters: the time of a search grows with the square of some hostile names."""
LONG_LINE = 1000
"""Characters."""
PACKAGE = re.compile(r"package \w+(?![\w.;])")
"""Of Go; other languages have dots or a semicolon in theirs."""
CLOSURE = re.compile(r"(?:\.(?:func|gowrap|deferwrap|dwrap)?\d+|-fm|-range\d+|·.*)+$")
TYPE_ARGUMENTS = re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]")
NOT_A_NAME = re.compile(r"(?:::)?(?:\{\{?.*?\}\}?|h[0-9a-f]{16}$)|(?<!^)\(.*|<[^<>]*>|<[^<>]*<[^<>]*>[^<>]*>")
"""In names of C++, Rust and JavaScript: {{closure}}, a hash, parameters and type arguments."""
NAMELESS = re.compile(r"^<|\(anonymous|(?:^|\.)init(?:\.\d+)?$")
KEYWORD = r"\b(?:fn|def|function|func|fun|sub|proc|class|struct|impl|macro)\b"

STATEMENT = r"(?:await|case|catch|else|for|if|match|new|return|switch|throw|while|with|yield)\b"
PARAMETERS = r"\([^;{}()]*(?:\([^;{}()]*\)[^;{}()]*)*\)"
BODY = r"(?:[^;{}=()\n]*(?:\{|\n\s*[{:])|(?:::\S+)? = )"
"""A block, C++'s initialisers, or Julia's expression; a call has none of them."""


def declared(text: str, function: str) -> list[int]:
    """Return the lines (1-based) that declare a function, or the one that a closure is in. Its name as profiles have it."""
    if len(function) > LONGEST_NAME:
        return []
    searched, is_go = _searched(text)
    name = _go_name(outer(function)) if is_go else _name(function)
    if name is None:
        return []
    lines, counted = [1], 0
    for start in _lines_with(searched, name.text):
        if name.declaration.match(searched, start):
            lines.append(lines[-1] + searched.count("\n", counted, start))
            counted = start
    return lines[1:]


class _Searched(NamedTuple):
    """What is searched of a text."""

    text: str
    """With one kind of line end, and nothing on lines that no person wrote: searching them takes long."""
    is_go: bool


@memo
def _searched(text: str) -> _Searched:
    lines = split_lines(text)
    if "\r" in text or any(len(line) >= LONG_LINE for line in lines):
        lines = tuple(line if len(line) < LONG_LINE else "" for line in lines)
        text = "\n".join(lines)
    return _Searched(text, any(PACKAGE.match(line) for line in lines))


def _lines_with(text: str, name: str) -> Iterator[int]:
    """Return where the lines begin that a name is in: few of many, and only there is it worth trying a pattern."""
    at = text.find(name)
    while at >= 0:
        yield text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        at = text.find(name, end) if end >= 0 else -1


def may_be_absent(function: str, text: str) -> bool:
    """Return whether a function can be in a program though its text does not declare it: Go makes `init` by itself."""
    return function.endswith(".init") or not _searched(text).is_go


def has_name(function: str) -> bool:
    """Return whether a text may declare a function by its name: not <module>, <lambda>, (anonymous), or Go's initialisers."""
    return not NAMELESS.search(function)


def is_closure(function: str) -> bool:
    """Return whether a Go function is declared within another one, which alone can be found by its name."""
    return outer(function) != _bare(function)


def outer(function: str) -> str:
    """Return the Go function that a closure is in; a declared one's own: main.serve.func1.2 -> main.serve."""
    return CLOSURE.sub("", _bare(function)) if len(function) <= LONGEST_NAME else function


def _bare(function: str) -> str:
    """Return a name without type arguments: sync.(*Pool[go.shape.int]).Get -> sync.(*Pool).Get."""
    return TYPE_ARGUMENTS.sub("", function) if len(function) <= LONGEST_NAME else function


class _Name(NamedTuple):
    """What a function is called in its text."""

    text: str
    declaration: re.Pattern[str]
    """Matches where a line begins that declares it; the name is on that line."""


@lru_cache(4096)
def _go_name(function: str) -> _Name | None:
    """Return how main.(*T).f is declared: `func (t *T) f`, and main.f: `func f`."""
    _, _, inside = function[function.rfind("/") + 1 :].partition(".")
    receiver, _, name = re.sub(r"[(*)]", "", inside).rpartition(".")
    if not name.isidentifier() or (receiver and not receiver.isidentifier()):
        return None
    before = rf"\([^)\n]*\b{receiver}\b[^)\n]*\) " if receiver else ""
    return _Name(name, re.compile(rf"func {before}{name}\b"))


@lru_cache(4096)
def _name(function: str) -> _Name | None:
    """Return how a function is declared elsewhere: a keyword before it, parameters and a body after it, or an arrow."""
    names = re.findall(r"[A-Za-z_$][\w$]*", NOT_A_NAME.sub("", function) or function)
    if not names:
        return None
    name = re.escape(names[-1])
    declaration = re.compile(
        rf"[^#\n]*{KEYWORD}[^\n=(]*(?<![\w$]){name}(?![\w$])"
        rf"|[^\S\n]*(?!{STATEMENT})(?:[A-Za-z_][\w:<>*&,]* )*[\w:*&]*(?<![\w$]){name}(?=[^\S\n]*{PARAMETERS}{BODY})"
        rf"|[^#\n]*(?<![\w$.]){name}(?=[^\S\n]*[:=][^\S\n]*(?:async )?(?:{PARAMETERS}|\w+)[^\S\n]*=>)"
    )
    return _Name(names[-1], declaration)
