"""The names of functions as profiles spell them, and which declaration of a text each can mean."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST_NAME = 1000
"""Characters: the time of some expressions grows with the square of a hostile name."""


class FunctionName(NamedTuple):
    """A function's name, taken apart."""

    parts: tuple[str, ...] = ()
    """Its qualified name, the outermost part first; empty where it says nothing."""
    closure: bool = False
    """Whether it is a function without a name that is declared within that one."""
    parameters: int = -1
    """How many it has; -1 where the name does not say."""
    line: int = 0
    """Where it is declared (1-based); 0 where the name does not say."""


@lru_cache(4096)
def name_of(function: str, spelling: str) -> FunctionName:
    """Take a function's name apart. `spelling` is a key of `SPELLINGS`."""
    return SPELLINGS[spelling](function) if len(function) <= LONGEST_NAME else FunctionName()


# Go

CLOSURE = re.compile(r"(?:\.(?:func|gowrap|deferwrap|dwrap)?\d+|-fm|-range\d+|·.*)+$")
TYPE_ARGUMENTS = re.compile(r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]")


def is_closure(function: str) -> bool:
    """Return whether a Go function is declared within another one, which alone can be found by its name."""
    return outer(function) != _bare(function)


def outer(function: str) -> str:
    """Return the Go function that a closure is in; a declared one's own: main.serve.func1.2 -> main.serve."""
    return CLOSURE.sub("", _bare(function)) if len(function) <= LONGEST_NAME else function


def _bare(function: str) -> str:
    """Return a name without type arguments: sync.(*Pool[go.shape.int]).Get -> sync.(*Pool).Get."""
    return TYPE_ARGUMENTS.sub("", function) if len(function) <= LONGEST_NAME else function


def _go(function: str) -> FunctionName:
    """x/main.(*T).f.func1 -> T, f. A closure that was inlined is named after what it was inlined into, which is left out."""
    named = outer(function)
    parts = re.sub(r"[(*)]", "", named[named.rfind("/") + 1 :]).split(".")[1:]
    if not all(part.isidentifier() for part in parts) or len(parts) > 2:
        parts = []
    return FunctionName(tuple(parts), is_closure(function))


NAMELESS = re.compile(r"^<|\(anonymous|(?:^|\.)init(?:\.\d+)?$")


def has_name(function: str) -> bool:
    """Return whether a text may declare a function by its name: not <module>, <lambda>, (anonymous), or Go's initialisers."""
    return not NAMELESS.search(function)


EVERY_PROGRAM = re.compile(r"(main\.)?main(\.func\d|$)|main\.init\b|[<(]|$")
"""What functions are called that tell no program from another: main, <module>, (anonymous)."""


# Python, JavaScript, Java


def _python(function: str) -> FunctionName:
    """Module.T.f.<locals>.g -> module, T, f, g."""
    return FunctionName(tuple(part for part in re.split(r"[.:]", function) if part not in {"", "<locals>"}))


NODE = re.compile(r"(?:.*:)?([^:]*):(\d{1,9})$", re.DOTALL)


def _javascript(function: str) -> FunctionName:
    """./index.js:Router.handle:136 -> Router, handle; line 136."""
    found = NODE.match(function)
    name, line = (found[1], int(found[2])) if found else (function, 0)
    parts = tuple(part.lstrip("#") for part in name.split(" ")[-1].split("."))
    known = tuple(part for part in parts if part not in {"", "prototype"} and not part.startswith(("(", "<")))
    return FunctionName(known, not known, line=line)


LAMBDA = re.compile(r"\blambda\$(\w+)\$\d+$")


def _java(function: str) -> FunctionName:
    """com.x.Cart$Item.lambda$add$0 -> com, x, Cart, Item, add. Initializers are their class."""
    name = function.partition("(")[0].replace("::", ".")
    found = LAMBDA.search(name)
    name = f"{name[: found.start()]}{found[1]}" if found else name
    parts = (part.lstrip("0123456789") for part in re.split(r"[./$]", name))
    skipped = {"", "<init>", "<clinit>", *(("new", "static") if found else ())}
    return FunctionName(tuple(part for part in parts if part not in skipped), found is not None)


# C, C++, Rust

HASH = re.compile(r"::h[0-9a-f]{16}$")
CLOSED = re.compile(r"(?:::)?(?:\{\{?(?:closure|lambda|vtable\.shim|shim)|'lambda|\$_\d)")
CLONE = re.compile(r"(?: ?\[clone [^\]]*\]| \(\.[^()]*\)|\.(?:cold|(?:part|isra|constprop)\.\d+))+$")
PIECE = re.compile(
    r"\boperator\b(?:\s*(?:\(\)|\[\]|->\*?|<=>|<<=?|>>=?|[-+*/%^&|~!=<>,]+|\"\"\s*\w+)|\s+[^()]+)?"
    r"|->|::|\s+|[(<\[{]|[)>\]}]|[^\s:()<>\[\]{}-]+|."
)


OPERATOR = re.compile(r"operator\s+(\W)")


def _native(function: str) -> FunctionName:
    """ns::T<int>::f(int) const -> ns, T, f; <x::T as y::Trait>::f::{{closure}} -> x, T, f."""
    name = CLONE.sub("", HASH.sub("", function)).replace("{anonymous}", "(anonymous namespace)")
    found = CLOSED.search(name)
    inner = name[: found.start()] if found else name
    return FunctionName(split(inner), found is not None, -1 if found else _count(inner))


def split(name: str) -> tuple[str, ...]:
    """Return the parts of a qualified name of C, C++ or Rust, without arguments and what a function returns."""
    parts, part, depth, opened, over = list[str](), "", 0, 0, False
    for found in PIECE.finditer(name):
        piece = found[0]
        if piece in "(<[{":
            opened = found.end() if not depth else opened
            depth += 1
            over = over or bool(part and piece == "(")
        elif piece in ")>]}":
            depth = max(depth - 1, 0)
            inner = name[opened : found.start()]
            if piece == ">" and not depth and not part and (not parts or inner.startswith("impl ")):
                parts += split(_self_type(inner))[-1:]  # of Rust
        elif depth or (over and piece != "::"):
            continue
        elif piece == "::":
            parts, part, over = [*parts, part], "", False
        elif piece.isspace():
            if not name.startswith("<", found.end()):  # what was before is what the function returns
                parts, part = [], ""
        else:
            part += OPERATOR.sub(r"operator\1", piece).strip()
    return tuple(one for one in (*parts, part) if one)


def _self_type(inner: str) -> str:
    """Return the type of <T as Trait> and <impl Trait for T>."""
    return inner.removeprefix("impl ").split(" as ")[0].split(" for ")[-1]


PARAMETERS = re.compile(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)[^()]*$")
WITHIN = re.compile(r"<[^<>]*>|\([^()]*\)")


def _count(name: str) -> int:
    """Return how many parameters a C++ name has, -1 where it has no list of them."""
    found = PARAMETERS.search(name)
    return -1 if found is None else parameters_in(found[1])


def parameters_in(inner: str) -> int:
    """Return how many parameters are in a list of them, given without its brackets."""
    while (simpler := WITHIN.sub("", inner)) != inner:
        inner = simpler
    return inner.count(",") + 1 if inner.strip() not in {"", "void"} else 0


SPELLINGS = {"go": _go, "python": _python, "javascript": _javascript, "java": _java, "native": _native}


def common(declared: Sequence[str], recorded: Sequence[str]) -> int:
    """Return how many parts two names end with alike; 0 where the rest of both says that they are not of one function."""
    both = min(len(declared), len(recorded))
    same = next((n for n in range(both) if declared[-1 - n] != recorded[-1 - n]), both)
    return same if same == both else 0
