"""What is known of one language."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping


class FunctionName(NamedTuple):
    """A function's name, taken apart."""

    parts: tuple[str, ...] = ()
    """Its qualified name, the outermost part first; empty where it says nothing."""
    closure: bool = False
    """Whether it is a function without a name that is declared within that one."""
    parameters: tuple[str, ...] | None = None
    """Their types; None where the name does not say."""
    line: int = 0
    """Where it is declared (1-based); 0 where the name does not say."""


class Grammar(NamedTuple):
    """Which of tree-sitter's packages reads a language."""

    package: str
    """Imported when it is first needed."""
    get: str = "language"
    """Its function that returns the grammar."""


class Language(NamedTuple):
    """How the texts of one language are read, and how profiles spell its functions."""

    endings: tuple[str, ...]
    """Of the names of its files, with the dot."""
    parse_name: Callable[[str], FunctionName]
    """Takes a function's name apart, as profiles spell it."""
    grammar: Grammar | None = None
    """Without one, declarations are found by patterns."""
    query: Path = Path()
    """What it captures of a tree of the grammar:

    - function, closure, type: what is declared;
    - scope: what is only part of a name, such as a namespace;
    - head: a declaration with what stands before it, such as its decorators;
    - assigned: what gives a function without a name the name of a variable, a field or a key;
    - loop: what may have code at its closing brace;
    - comment.
    """
    declaration: str = ""
    """A regular expression for the beginning of a line that declares the function {name}, beside the general ones."""
    comment: str = "//"
    """What begins a comment that ends with its line."""
    spelled: Literal["exactly", "fully", "shortly"] = "fully"
    """How much of a function's name profiles have beside what a text says: nothing, the modules around it, or any part of both."""
    nests: bool = False
    """Whether a function's name has the functions around it."""
    ignored: re.Pattern[bytes] | None = None
    """What the grammar cannot read, and is read as spaces instead."""
    split_name: Callable[[str], tuple[str, ...]] | None = None
    """Takes the name in a declaration apart, if that may be qualified."""
    nameless: Mapping[str, str] = MappingProxyType({})
    """What profiles call functions without a name, by the kinds of their nodes."""
    starts_with_head: bool = False
    """Whether profiles say that a function starts with its decorators, not with its name."""
    declares_all: bool = False
    """Whether a text declares every function with a name. Macros make some of C and Rust, compilers some of Java, and a
    script can give a function any name."""
    inlines: bool = False
    """Whether symbols may come with the lines of inlined functions."""
    family: str = ""
    """Common to languages that are compiled to each other or mixed in one program as a matter of course; "" if there is no other."""
    has_lines_beyond_its_end: bool = False
    """Whether the lines of functions that were inlined from other files are numbered on from the end of a file."""
