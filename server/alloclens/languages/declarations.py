"""Where the functions that profiles name are declared in a text, and how far they reach.

A grammar says so for the languages that have one, patterns for the others and for texts that are too large for a grammar.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alloclens.languages import language_of
from alloclens.languages.declaration_patterns import look_alikes
from alloclens.languages.go.names import is_closure, outer
from alloclens.languages.language import FunctionName
from alloclens.languages.names import common, has_name, name_of, parameters_in
from alloclens.languages.syntax import syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.languages.syntax import Declaration, DeclarationKind, Syntax


def declared(text: str, function: str, path: str) -> list[int]:
    """Return the lines (1-based) that declare a function, or the one that a closure is in. Its name as profiles have it.

    The path of the text's file tells its language.
    """
    return [declaration.line for declaration in declarations(text, function, path)]


def declares_most(text: str, functions: Iterable[str], path: str) -> bool:
    """Return whether a text declares at least half of some functions, of those that have names; False if none has one."""
    named = {outer(function) for function in functions if has_name(function)}
    return bool(named) and 2 * sum(1 for function in named if declared(text, function, path)) >= len(named)


def declarations(text: str, function: str, path: str) -> list[Declaration]:
    """Return the declarations that a function's name can mean, in their order; of a closure's name the function it is in."""
    language = language_of(path)
    if not language:
        return list(look_alikes(text, function))
    name = parsed(function, path)
    if not name.parts or not may_name(text, name.parts[-1]):
        return []
    read = read_as(text, path)
    meant = _meant(read, name, language.spelled) if read else []
    if meant or (read and (read.whole or language.spelled == "exactly")):
        return meant
    return list(look_alikes(text, name.parts[-1], language.declaration))  # a brace that is not closed yet can hide it


def may_name(text: str, part: str) -> bool:
    """Return whether the last part of a name is in a text, which is found out faster than what is declared there."""
    return part.startswith("<") or part.removeprefix("~").split(" ")[0].removeprefix("operator") in text


def parsed(function: str, path: str) -> FunctionName:
    """Return the parts of a function's name, as profiles spell it in the language of a file."""
    language = language_of(path)
    return name_of(function, language.parse_name) if language else FunctionName((function,), is_closure(function))


def _meant(read: Syntax, name: FunctionName, spelled: str) -> list[Declaration]:
    """Return the declarations that a name can mean: of those that end alike, the ones that have most in common with it."""
    alike = [(common(declaration.name, name.parts), declaration) for declaration in read.named.get(name.parts[-1], ())]
    if spelled == "exactly":
        alike = [(same, declaration) for same, declaration in alike if declaration.name == name.parts]
    elif spelled == "fully" and (
        len(name.parts) > 1 or name.parameters is not None
    ):  # some symbolizers give only the last part
        alike = [(same, declaration) for same, declaration in alike if same == len(declaration.name)] or alike
    most = max((same for same, _ in alike), default=0)
    closest = [declaration for same, declaration in alike if same == most > 0]
    return closest if name.parameters is None else _overloads(closest, name.parameters)


def _overloads(candidates: list[Declaration], types: Sequence[str]) -> list[Declaration]:
    """Return the declarations with these types of parameters, or if there are none, those with as many parameters."""
    listed = [(parameters_in(overload.parameters[1:-1]), overload) for overload in candidates]
    as_many = [(parameters, overload) for parameters, overload in listed if len(parameters) == len(types)]
    same = [overload for parameters, overload in as_many if all(map(_is_of_type, parameters, types))]
    return same or [overload for _, overload in as_many] or candidates


IN_TYPE = re.compile(r"\w+(?!\w|::)|[*&]")
"""What a type consists of, without namespaces."""
UNNAMED = frozenset(("const", "struct", "class", "enum", "union", "typename"))
"""Words that a symbol omits or has at another place."""


def _is_of_type(parameter: str, of: str) -> bool:
    """Return whether a C++ parameter is written with a type: `const std::string& s` with `std::string const&`."""
    written, expected = (
        [word for word in IN_TYPE.findall(text) if word not in UNNAMED] for text in (parameter.partition("=")[0], of)
    )
    name = written[len(expected) :]
    return written[: len(expected)] == expected and len(name) <= 1 and all(map(str.isidentifier, name))


def again(text: str, declaration: Declaration, path: str) -> list[Declaration]:
    """Return the declarations of a text that have the name of one in another text of the same file.

    Of several, those with the same parameters.
    """
    read = read_as(text, path)
    if read is None:
        language = language_of(path)
        return list(look_alikes(text, declaration.name[-1], language.declaration if language else ""))
    same = [
        other
        for other in read.named.get(declaration.name[-1], ())
        if other.name == declaration.name and other.kind == declaration.kind
    ]
    return [other for other in same if other.parameters == declaration.parameters] or same


def around(text: str, line: int, path: str) -> Declaration | None:
    """Return the innermost function with a name that a line (1-based) is in; None for any other line, or without a grammar."""
    return _innermost(text, line, path, "function")


def is_generated(text: str, line: int, function: str, path: str) -> bool:
    """Return whether a compiler made a member of a type at a line (1-based): a copy of a struct is on the line that declares that.

    Then no function is written there. False without a grammar.
    """
    name, read = parsed(function, path).parts, read_as(text, path)
    inside = (d for d in read.declarations if d.kind != "closure" and d.holds(line)) if read and len(name) > 1 else ()
    innermost = max(inside, key=lambda d: d.first, default=None)
    return innermost is not None and innermost.kind == "type" and innermost.name[-1] in name[:-1]


def closure_around(text: str, line: int, path: str) -> Declaration | None:
    """Return the innermost closure that a line (1-based) is in; None for any other line, or without a grammar."""
    return _innermost(text, line, path, "closure")


def _innermost(text: str, line: int, path: str, kind: DeclarationKind) -> Declaration | None:
    read = read_as(text, path)
    inside = (d for d in read.declarations if d.kind == kind and d.holds(line)) if read else ()
    return max(inside, key=lambda d: d.first, default=None)


def read_as(text: str, path: str) -> Syntax | None:
    """Return what a grammar makes of the text of a file; None where there is none for it, or the text is too large."""
    language = language_of(path)
    return syntax(text, language.endings[0]) if language and language.grammar else None
