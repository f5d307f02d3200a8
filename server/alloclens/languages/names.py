"""The names of functions as profiles spell them, whatever their language."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from alloclens.languages.language import FunctionName
from alloclens.paths import name_of as base_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_NAME_CHARACTERS = 1000
"""Characters: the time of some expressions grows with the square of a hostile name."""

RUST_HASH = re.compile(r"::h[0-9a-f]{16}$")
"""Ends a name in Rust's mangling before v0; some demanglers keep it."""
CLONE = r"\.(?:cold|(?:part|isra|constprop)\.\d+)"
"""Ends the symbol of a part or a copy that a compiler made of a function."""
NAMELESS = re.compile(r"^<|\(anonymous|(?:^|(?<!\))\.)init(?:\.(?:func)?\d+)*$|\.glob\.\.")


def has_name(function: str) -> bool:
    """Return whether a function's name can tell which text declares it.

    <module>, <lambda> and (anonymous) cannot. Nor can Go's `init` functions, the initializers of its variables, and the
    closures in both: any file of a package may have them.
    """
    return not NAMELESS.search(function)


PLACED_BY_V8 = re.compile(r"\(anonymous:L#\d+:C#(\d+)\)")
"""How @datadog/pprof names a function without a name: by its line and column, both from 1."""


def lasting_name(function: str, file: str) -> str:
    """Return a name that a function keeps when lines are added above it, and when its program is installed elsewhere.

    One without a name is called by the name of its file, not by where it begins.
    """
    return f"(anonymous) {base_name(file)}" if PLACED_BY_V8.fullmatch(function) else function


EVERY_PROGRAM = re.compile(r"(main\.)?main(\.func\d|$)|main\.init\b|[<(]|$")
"""Names of functions that do not tell one program from another: main, <module>, (anonymous)."""


@lru_cache(4096)
def name_of(function: str, parse_name: Callable[[str], FunctionName]) -> FunctionName:
    """Take a function's name apart by the `parse_name` of its language."""
    return parse_name(function) if len(function) <= MAX_NAME_CHARACTERS else FunctionName()


def common(declared: Sequence[str], recorded: Sequence[str]) -> int:
    """Return how many parts the ends of two names have in common; 0 where the rest of both says that they are not of one function."""
    both = min(len(declared), len(recorded))
    same = next((n for n in range(both) if declared[-1 - n] != recorded[-1 - n]), both)
    return same if same == both else 0


WITHIN = re.compile(r"<[^<>]*>|\([^()]*\)")


def parameters_in(inner: str) -> tuple[str, ...]:
    """Return the parameters in a list of them, given without its brackets, and without what is in brackets within."""
    while (simpler := WITHIN.sub("", inner)) != inner:
        inner = simpler
    return tuple(inner.split(",")) if inner.strip() not in {"", "void"} else ()


def package(function: str, file: str) -> str:
    """Return the package or namespace of a function, whatever its language, else the directory of its file.

    Go: what is before the first dot of the last path element; C++ and Rust: what is before the last ::. The client's
    pictures/packages.ts has the same rule.
    """
    plain = re.split(r"[\[(<]", function, maxsplit=1)[0]
    if (scope := plain.rfind("::")) > 0:
        return plain[:scope]
    dot = plain.find(".", plain.rfind("/") + 1)
    return plain[:dot] if dot > 0 else file.rpartition("/")[0]
