"""Demangles names of functions like pprof.

LLVM's demangler includes types, template arguments and return types. pprof omits them by default
(`-symbolize=demangle=default`), and so does this module.
"""

from __future__ import annotations

import importlib
import itertools
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from alloclens.languages.names import CLONE, RUST_HASH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alloclens.profile.model import Profile

ITANIUM, RUST = ("_Z", "__Z", "___Z"), ("_R", "__R")
MANGLED = (*ITANIUM, *RUST, "?")
OLD_RUST = re.compile(r"_+Z.*17h[0-9a-f]{16}E")
CLONES = re.compile(rf"(?:{CLONE})+$")
SUFFIX = re.compile(r" \(\.[^()]*\)$")
"""The same, and any suffix that starts with a dot, as LLVM prints it."""
SYMBOL = r"\(\)|<=>|<<=?|>>=?|->\*?|<=?|>=?"
BRACKETS = re.compile(rf"(\boperator(?:{SYMBOL})|->|[<>])")
PARENTHESES = re.compile(r"(\(anonymous namespace\)|\boperator\(\)|[()])")
"""Parentheses in an operator's name do not nest."""
TEMPLATE_FUNCTION = re.compile(r"_+Z(St)?([1-9]\d{0,3})(?=[A-Za-z_])")
"""One of namespace std or of none: the length of its name, which follows, and then its arguments."""
LAMBDA = re.compile(r"'lambda(\d*)'$")
UNNAMED = re.compile(r"'unnamed(\d*)'")
AUTO = re.compile(r"\bauto\b")
OPERATOR = re.compile(r"\boperator\b")
"""Starts the only kind of name that may contain a space: operator new, operator bool."""
QUALIFIERS = re.compile(r"(?:\s+(?:const|volatile)|\s*&+)*\s*")
ENCLOSING = re.compile(r"(?: (?:const|volatile)| ?&+)*::")
"""Follows the parameters of an enclosing function."""
THUNK = re.compile(r"(?:(?:non-)?virtual|covariant return) thunk to ")
KINDS = {
    "thread-local wrapper routine for ": "TLS wrapper function for ",
    "thread-local initialization routine for ": "TLS init function for ",
    "invocation function for block in ": "invocation function for block in ",
}
"""LLVM's prefixes and pprof's."""
SPACE = "\0"
"""Replaces a space within a name; other spaces separate the return type."""

REFERENCE = re.compile(r"S([0-9A-Z]*)_|T([0-9]*)_|(B[0-9A-Za-z]*_)")
"""A back reference to an earlier part of the name: in C++ a type or a template argument, in Rust any part."""
MAX_LETTER_CHARACTERS = 8
"""Characters that one letter may expand to, such as y to unsigned long long."""
MAX_MANGLED_CHARACTERS = 4096
"""Length of a mangled name: the demangler recurses for nested parts."""
MAX_DEMANGLED_CHARACTERS = 1 << 22
"""Length of a demangled name: thirty nested references that double each time would be a gigabyte."""
MAX_PROFILE_CHARACTERS = 1 << 25
"""Total length of a profile's demangled names."""
NOT_HERE = "its names are mangled; the package pydemumble makes them readable: pip install pydemumble"
TOO_LARGE = "some of its names are so long that they stay mangled"


def readable(profile: Profile) -> tuple[Profile, tuple[str, ...]]:
    """Demangle the functions of a profile like pprof; also return why some stay mangled."""
    text = profile.strings
    named = sorted(set(profile.functions.name.tolist()))  # np.unique would import numpy.ma: 30 ms for one command
    mangled = [row for row in named if text[row].startswith((*ITANIUM, *RUST))]
    if not mangled:
        return profile, ()
    if not can_demangle():
        return profile, (NOT_HERE,)
    notes: tuple[str, ...] = ()
    left, row_of, names = MAX_PROFILE_CHARACTERS, np.arange(len(text)), list[str]()
    for row in mangled:
        if left <= 0 or not _fits(text[row]):
            notes = (TOO_LARGE,)
        elif full := _full(text[row]):
            left -= len(full)
            row_of[row] = len(text) + len(names)
            names.append(_shown(text[row], full))
    functions = replace(profile.functions, name=row_of[profile.functions.name])
    return replace(profile, functions=functions, strings=(*text, *names)), notes


@lru_cache(maxsize=1 << 16)
def demangled(name: str) -> str:
    """Demangle a C++ name without types and template arguments, or a Rust name without hash and type arguments.

    Other names, and all names without the package pydemumble, stay as they are, except for suffixes of compiler clones.
    """
    if not name.startswith(MANGLED):
        return CLONES.sub("", name)
    full = _full(name) if _fits(name) else ""
    return _shown(name, full) if full else name


def _full(name: str) -> str:
    """Return a demangled name, "" if that is not possible.

    LLVM's demangler cannot read all types of template functions, such as that of std::make_shared, but its own name suffices.
    """
    if (full := _demangler()(name)) or not can_demangle():
        return full
    match = TEMPLATE_FUNCTION.match(name)
    end = match.end() + int(match[2]) if match else 0
    return f"{'std::' if match[1] else ''}{name[match.end() : end]}" if match and name[end : end + 1] == "I" else ""


def _fits(name: str) -> bool:
    return len(name) <= MAX_MANGLED_CHARACTERS and _may_become(name) <= MAX_DEMANGLED_CHARACTERS


def _may_become(name: str) -> int:
    """Return an upper bound of the demangled length.

    A reference expands to at most everything before it. C++ numbers references by the end of their targets: a target
    ended before the first reference with its number or a higher one.
    """
    size = at = 0
    known: dict[str, list[tuple[int, int]]] = {"S": [], "T": []}
    backward: dict[str, int] = {}
    for match in REFERENCE.finditer(name):
        size += MAX_LETTER_CHARACTERS * (match.start() - at)
        at = match.end()
        if match[3]:
            size += backward.setdefault(match[3], size)
        else:
            digits, before = match[1] or match[2], known[match[0][0]]
            number = int(digits, 36) + 1 if digits else 0
            earlier = next((was for highest, was in before if highest >= number), None)
            if earlier is None:
                before.append((number, earlier := size))
            size += earlier
        if size > MAX_DEMANGLED_CHARACTERS:
            break
    return size + MAX_LETTER_CHARACTERS * (len(name) - at)


def _shown(name: str, full: str) -> str:
    """Return the name that pprof shows, from the full one."""
    if OLD_RUST.match(name):
        return RUST_HASH.sub("", SUFFIX.sub("", full))
    return _without_arguments(SUFFIX.sub("", full), of_rust=True) if name.startswith(RUST) else _bare(full) or name


def can_demangle() -> bool:
    """Return whether the demangler is installed."""
    return bool(_demangler()("_Z1fv"))


@lru_cache(maxsize=1)
def _demangler() -> Callable[[str], str]:
    try:
        demangle: Callable[[str], str] = importlib.import_module("pydemumble").demangle
    except ImportError:
        return lambda _: ""
    return demangle


def _bare(full: str) -> str:
    """Return "std::vector::size" for "unsigned long std::vector<int>::size<char>(int) const"."""
    if match := THUNK.match(full):
        return match[0] + _without_arguments(full[match.end() :])
    for kind, label in KINDS.items():
        if full.startswith(kind):
            return label + _bare(full[len(kind) :])
    name = _without_parameters(_without_arguments(full))
    operator = OPERATOR.search(name) if "operator" in name else None
    return name[name.rfind(" ", 0, operator.start() if operator else None) + 1 :].replace(SPACE, " ")


def _without_arguments(full: str, *, of_rust: bool = False) -> str:
    """Remove template arguments in angle brackets.

    In Rust, the brackets stay, and so does the content of those without arguments: `<T as Trait>::f`.
    """
    out: list[str] = []
    depth, before = 0, ""
    for part in BRACKETS.split(full):
        opens = part == "<" and (depth > 0 or not of_rust or before.isalnum() or before in ("_", ":"))
        closes = part == ">" and depth > 0
        depth += opens
        if depth == 0 or (of_rust and depth == 1 and (opens or closes)):
            out.append(part)
        depth -= closes
        before = part[-1:] or before
    return "".join(out)


def _without_parameters(text: str) -> str:
    """Remove parameter lists, except those of lambdas; one within a name becomes `()`."""
    out: list[str] = []
    is_function = False
    for piece, parameters in _parted(UNNAMED.sub(_numbered, text)):
        plain = _behind_parameters(piece) if is_function else piece
        is_lambda = LAMBDA.search(plain)
        out.append(plain[: is_lambda.start()] if is_lambda else plain)
        if is_lambda:
            out.append(f"{{lambda{_counted(parameters)}#{_number(is_lambda)}}}")
        is_function = bool(parameters) and not is_lambda
    return "".join(out)


def _behind_parameters(piece: str) -> str:
    """Return the rest of a piece after a function's parameters, which may name a declaration in the function."""
    enclosing = ENCLOSING.match(piece)
    if enclosing:
        return "()" + enclosing[0].replace(" ", SPACE) + piece[enclosing.end() :]
    return "" if QUALIFIERS.fullmatch(piece) else piece


def _counted(parameters: str) -> str:
    """Number each `auto` in the parameters of a lambda."""
    count = itertools.count(1)
    return AUTO.sub(lambda _: f"auto:{next(count)}", parameters).replace(" ", SPACE)


def _parted(text: str) -> Iterator[tuple[str, str]]:
    """Yield pieces of a text, each with the parameter list after it, and finally the rest."""
    plain: list[str] = []
    parameters: list[str] = []
    depth = 0
    for part in PARENTHESES.split(text):
        if not depth and part != "(":
            plain.append(part.replace(" ", SPACE) if part.startswith("(") else part)
            continue
        depth += (part == "(") - (part == ")")
        parameters.append(part)
        if not depth:
            yield "".join(plain), "".join(parameters)
            plain, parameters = [], []
    yield "".join(plain), ""


def _numbered(match: re.Match[str]) -> str:
    return f"{{unnamed{SPACE}type#{_number(match)}}}"


def _number(match: re.Match[str]) -> int:
    """Return pprof's number, which starts at 1: LLVM omits the first number and starts the second at 0."""
    return int(match[1]) + 2 if match[1] else 1
