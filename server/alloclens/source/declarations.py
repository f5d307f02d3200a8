"""Where a function is declared in a text, found by its name: in Go exactly, elsewhere by what declarations look like."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_NAME = 1000
"""Characters: the time of a search grows with the square of some hostile names."""
LONG_LINE = re.compile(r"^[^\n]{1000,}$", re.MULTILINE)
GO_TEXT = re.compile(r"^package \w+", re.MULTILINE)
CLOSURE = re.compile(r"(?:\.(?:func|gowrap|deferwrap|dwrap)?\d+|-fm|-range\d+|·.*)+$")
TYPE_ARGUMENTS = re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]")
NOT_A_NAME = re.compile(r"(?:::)?(?:\{\{?.*?\}\}?|h[0-9a-f]{16}$)|(?<!^)\(.*|<[^<>]*>|<[^<>]*<[^<>]*>[^<>]*>")
"""In names of C++, Rust and JavaScript: {{closure}}, a hash, parameters and type arguments."""
KEYWORD = r"\b(?:fn|def|function|func|fun|sub|proc|class|struct|impl|macro)\b"

STATEMENT = r"(?:await|case|catch|else|for|if|match|new|return|switch|throw|while|with|yield)\b"
PARAMETERS = r"\([^;{}()]*(?:\([^;{}()]*\)[^;{}()]*)*\)"
BODY = r"(?:[^;{}=()\n]*(?:\{|\n\s*[{:])|(?:::\S+)? = )"
"""A block, C++'s initialisers, or Julia's expression; a call has none of them."""


def declared(text: str, function: str) -> list[int]:
    """Return the lines (1-based) that declare a function, or the one that a closure is in. Its name as profiles have it."""
    if len(function) > LONGEST_NAME:
        return []
    text = _searched(text)
    pattern = _go_pattern(outer(function)) if GO_TEXT.search(text) else _pattern(function)
    if pattern is None:
        return []
    return [1 + text.count("\n", 0, found.end()) for found in pattern.finditer(text)]


@lru_cache(16)
def _searched(text: str) -> str:
    """Return a text with one kind of line end and nothing on lines that no person wrote: searching them takes long."""
    return LONG_LINE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def may_be_absent(function: str, text: str) -> bool:
    """Return whether a function can be in a program though its text does not declare it: Go makes `init` by itself."""
    return function.endswith(".init") or not GO_TEXT.search(text)


def is_closure(function: str) -> bool:
    """Return whether a Go function is declared within another one, which alone can be found by its name."""
    return outer(function) != _bare(function)


def outer(function: str) -> str:
    """Return the Go function that a closure is in; a declared one's own: main.serve.func1.2 -> main.serve."""
    return CLOSURE.sub("", _bare(function)) if len(function) <= LONGEST_NAME else function


def _bare(function: str) -> str:
    """Return a name without type arguments: sync.(*Pool[go.shape.int]).Get -> sync.(*Pool).Get."""
    return TYPE_ARGUMENTS.sub("", function) if len(function) <= LONGEST_NAME else function


@lru_cache(4096)
def _go_pattern(function: str) -> re.Pattern[str] | None:
    """Return what declares main.(*T).f: `func (t *T) f`, and main.f: `func f`."""
    _, _, inside = function[function.rfind("/") + 1 :].partition(".")
    receiver, _, name = re.sub(r"[(*)]", "", inside).rpartition(".")
    if not name.isidentifier() or (receiver and not receiver.isidentifier()):
        return None
    before = rf"\([^)\n]*\b{receiver}\b[^)\n]*\) " if receiver else ""
    return re.compile(rf"^func {before}{name}\b", re.MULTILINE)


@lru_cache(4096)
def _pattern(function: str) -> re.Pattern[str] | None:
    """Return what declares a function elsewhere: a keyword before it, parameters and a body after it, or an arrow."""
    names = re.findall(r"[A-Za-z_$][\w$]*", NOT_A_NAME.sub("", function) or function)
    if not names:
        return None
    name = re.escape(names[-1])
    return re.compile(
        rf"^[^#\n]*{KEYWORD}[^\n=(]*(?<![\w$]){name}(?![\w$])"
        rf"|^[^\S\n]*(?!{STATEMENT})(?:[A-Za-z_][\w:<>*&,]* )*[\w:*&]*(?<![\w$]){name}(?=[^\S\n]*{PARAMETERS}{BODY})"
        rf"|^[^#\n]*(?<![\w$.]){name}(?=[^\S\n]*[:=][^\S\n]*(?:async )?(?:{PARAMETERS}|\w+)[^\S\n]*=>)",
        re.MULTILINE,
    )
