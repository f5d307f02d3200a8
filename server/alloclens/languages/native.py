"""The languages C, C++ and Rust. Profiles name their functions by the symbols of the binary."""

from __future__ import annotations

import re
from itertools import accumulate
from pathlib import Path

from alloclens.languages.language import FunctionName, Grammar, Language
from alloclens.languages.names import CLONE, RUST_HASH, parameters_in

CLOSED = re.compile(r"(?:::)?(?:\{\{?(?:closure|lambda|vtable\.shim|shim)|'lambda|\$_\d)")
CLONES = re.compile(rf"(?: ?\[clone [^\]]*\]| \(\.[^()]*\)|{CLONE})+$")
PIECE = re.compile(
    r"\boperator\b(?:\s*(?:\(\)|\[\]|->\*?|<=>|<<=?|>>=?|[-+*/%^&|~!=<>,]+|\"\"\s*\w+)|\s+[^()]+)?"
    r"|->|::|\s+|[(<\[{]|[)>\]}]|[^\s:()<>\[\]{}-]+|."
)


OPERATOR = re.compile(r"operator\s+(\W)")


def _parse_name(function: str) -> FunctionName:
    """ns::T<int>::f(int) const -> ns, T, f; <x::T as y::Trait>::f::{{closure}} -> x, T, f."""
    name = CLONES.sub("", RUST_HASH.sub("", function)).replace("{anonymous}", "(anonymous namespace)")
    match = CLOSED.search(name)
    inner = name[: match.start()] if match else name
    return FunctionName(_parts(inner), match is not None, None if match else _listed(inner))


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a qualified name of C, C++ or Rust, without arguments and what a function returns."""
    parts, part, depth, opened, over = list[str](), "", 0, 0, False
    for match in PIECE.finditer(name):
        piece = match[0]
        if piece in "(<[{":
            opened = match.end() if not depth else opened
            depth += 1
            over = over or bool(part and piece == "(")
        elif piece in ")>]}":
            depth = max(depth - 1, 0)
            inner = name[opened : match.start()]
            if piece == ">" and not depth and not part and (not parts or inner.startswith("impl ")):
                parts += _parts(_self_type(inner))[-1:]  # of Rust
        elif depth or (over and piece != "::"):
            continue
        elif piece == "::":
            parts, part, over = [*parts, part], "", False
        elif piece.isspace():
            if not name.startswith("<", match.end()):  # what was before is what the function returns
                parts, part = [], ""
        else:
            part += OPERATOR.sub(r"operator\1", piece).strip()
    return tuple(filter(None, (*parts, part)))


def _self_type(inner: str) -> str:
    """Return the type of <T as Trait> and <impl Trait for T>."""
    return inner.removeprefix("impl ").split(" as ")[0].split(" for ")[-1]


OWNER_OF_ARGUMENT = re.compile(r"[&*<]|alloc::boxed::Box<|core::pin::Pin<")
"""Types for which a crate may implement others' traits if their argument is its own."""


def without_type_arguments(name: str) -> str:
    """Return the name of a Rust function without the type arguments that do not tell which crate it is of.

    `<alloc::vec::Vec<shop::Item> as Clone>::clone` is the library's, but `<u8 as From<shop::Item>>::from` is not.
    """
    plain = name.replace("->", "")
    if not plain.startswith("<"):
        return _outside_brackets(plain)
    depths = list(accumulate((character == "<") - (character == ">") for character in plain))
    end = next((at for at, depth in enumerate(depths) if depth == 0), len(plain))
    separators = (at for at in range(end) if depths[at] == 1 and plain.startswith(" as ", at))
    type_end = next(separators, end)
    of, trait = plain[1:type_end], plain[type_end:end]
    return f"<{of if OWNER_OF_ARGUMENT.match(of) else _outside_brackets(of)}{trait}{_outside_brackets(plain[end:])}"


def _outside_brackets(text: str) -> str:
    """Return a text without what is in angle brackets; the one that closes an outer bracket stays."""
    out, depth = list[str](), 0
    for character in text:
        depth += character == "<"
        if not depth:
            out.append(character)
        depth -= character == ">" and depth > 0
    return "".join(out)


PARAMETERS = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)[^()]*$")


def _listed(name: str) -> tuple[str, ...] | None:
    """Return the types of the parameters in a C++ name; None if it does not list them."""
    match = PARAMETERS.search(name)
    return None if match is None else parameters_in(match[1])


MACRO = re.compile(
    rb"^[ \t]*[A-Z][A-Z0-9_]{3,}[ \t]*(?:\([^(){};\n]*\))?[ \t]*$|(?<!#define )\b[A-Z][A-Z0-9]*_[A-Z0-9_]+(?=[ \t]+[A-Za-z_])",
    re.MULTILINE,
)
"""A macro that is not part of a declaration's grammar: alone on a line, or a word before others."""
C = Language(
    (".c",),
    _parse_name,
    Grammar("tree_sitter_c"),
    Path(__file__).with_name("c.scm"),
    ignored=MACRO,
    split_name=_parts,
    inlines=True,
    family="c",
)
C_PLUS_PLUS = C._replace(
    endings=(".cc", ".cpp", ".cxx", ".c++", ".h", ".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".cu", ".cuh"),
    grammar=Grammar("tree_sitter_cpp"),
    query=Path(__file__).with_name("cpp.scm"),
    nests=True,
)
RUST = C_PLUS_PLUS._replace(
    endings=(".rs",),
    grammar=Grammar("tree_sitter_rust"),
    query=Path(__file__).with_name("rust.scm"),
    ignored=None,
    family="",
)
