"""Names of functions as a person wrote them, from the names linkers know them by."""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MANGLED = ("_Z", "__Z", "_R", "?")
RUST = re.compile(r"_R|_*Z.*17h[0-9a-f]{16}E")
CLONE = re.compile(r"(\.cold|\.(part|isra|constprop)\.\d+)+$")
ANONYMOUS = "(anonymous namespace)"
SYMBOL = r"\(\)|<=>|<<=?|>>=?|->\*?|<=?|>=?"
PART = re.compile(rf"{re.escape(ANONYMOUS)}|\boperator(?:{SYMBOL})|.", re.DOTALL)
"""What is looked at as one piece; the brackets of an operator's name open nothing."""
CLOSING = {"<": ">", "(": ")"}
OPERATOR = re.compile(r"\S*\boperator\b.*")
"""The one kind of name that may hold a space: operator new, operator bool."""
QUALIFIERS = re.compile(r"(\s+(const|volatile)|\s*&+)*\s*$")


@lru_cache(maxsize=1 << 16)
def demangled(name: str) -> str:
    """Return a C++ name without types and template arguments, as pprof shows it, or a Rust name without its hash.

    Any other name, and every name where the package pydemumble is missing, is returned as it is, but without the
    suffixes of parts that a compiler split off.
    """
    if not name.startswith(MANGLED):
        return CLONE.sub("", name)
    full = _demangler()(name)
    return (full if RUST.match(name) else _bare(full)) or name


@lru_cache(maxsize=1)
def _demangler() -> Callable[[str], str]:
    try:
        found: Callable[[str], str] = importlib.import_module("pydemumble").demangle
    except ImportError:
        return lambda _: ""
    return found


def _bare(full: str) -> str:
    """Return "std::vector::size" for "unsigned long std::vector<int>::size<char>(int) const"."""
    whole = "".join(_outside(full)).replace(ANONYMOUS, ANONYMOUS.replace(" ", "\0"))
    name = QUALIFIERS.sub("", whole)
    found = OPERATOR.search(name)
    return (found[0] if found else name.rpartition(" ")[2]).replace("\0", " ")


def _outside(full: str) -> list[str]:
    """Return the parts of a text that stand in no brackets."""
    out: list[str] = []
    closing: list[str] = []
    for part in PART.findall(full):
        if closing and part == closing[-1]:
            closing.pop()
        elif part in CLOSING:
            closing.append(CLOSING[part])
        elif not closing:
            out.append(part)
    return out
