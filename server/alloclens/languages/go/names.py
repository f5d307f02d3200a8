"""The names of Go's functions."""

from __future__ import annotations

import re
from functools import lru_cache

from alloclens.languages.language import FunctionName
from alloclens.languages.names import MAX_NAME_CHARACTERS

CLOSURE = re.compile(r"(?:\.(?:func|gowrap|deferwrap|dwrap)?\d+|-fm|-range\d+|·.*)+$")
TYPE_ARGUMENTS = re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]")

INITIALIZER = re.compile(rf"(?:[^/]*/)*[^./]*\.(?:init(?!\.\d)|map\.init|glob\.)(?:{CLOSURE.pattern})?")
"""The initializers of package-level variables, and function literals in them."""
INIT = re.compile(r"(?:[^/]*/)*[^./]*\.init\.\d+")
"""A function that is called init. A package may have many of them, which the linker numbers."""


def is_closure(function: str) -> bool:
    """Return whether a Go function is declared within another one, which alone can be found by its name."""
    return outer(function) != _bare(function)


def outer(function: str) -> str:
    """Return the Go function that a closure is in; a declared one's own: main.serve.func1.2 -> main.serve."""
    return CLOSURE.sub("", _bare(function)) if len(function) <= MAX_NAME_CHARACTERS else function


@lru_cache(10_000)  # stacks have the same functions
def package_of(function: str) -> str:
    """Return the import path of a Go function's package: github.com/x/log.(*Entry).write -> github.com/x/log."""
    named = function.partition("[")[0]
    end = named.find(".", named.rfind("/") + 1)
    return named[:end] if end >= 0 else ""


def has_domain(function: str) -> bool:
    """Return whether a Go function belongs to a module with a domain: Go's own packages have none."""
    domain, slash, _ = function.partition("/")
    return bool(slash) and "." in domain


def _bare(function: str) -> str:
    """Return a name without type arguments: sync.(*Pool[go.shape.int]).Get -> sync.(*Pool).Get."""
    return TYPE_ARGUMENTS.sub("", function) if len(function) <= MAX_NAME_CHARACTERS else function


def parse_name(function: str) -> FunctionName:
    """x/main.(*T).f.func1 -> T, f. A closure that was inlined is named after what it was inlined into, which is left out.

    The initializer of a variable has no name that a text declares.
    """
    if INITIALIZER.fullmatch(function):
        return FunctionName((), is_closure(function))
    named = outer(function)
    parts = re.sub(r"[(*)]", "", named[named.rfind("/") + 1 :]).split(".")[1:]
    if not all(part.isidentifier() for part in parts) or len(parts) > 2:
        parts = []
    return FunctionName(tuple(parts), is_closure(function) and not INIT.fullmatch(function))
