"""Where the functions of a text are, by tree-sitter, under the names that profiles of their language give them."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import tree_sitter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


class Grammar(NamedTuple):
    """Which nodes of a grammar are functions, give names to what is in them, and allocate or call."""

    module: str
    language: str
    functions: frozenset[str]
    scopes: frozenset[str]
    calls: frozenset[str]


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


GRAMMARS = {
    "go": Grammar("tree_sitter_go", "language", _names("function_declaration method_declaration func_literal"), _names(""),
        _names("call_expression composite_literal")),
    "python": Grammar("tree_sitter_python", "language", _names("function_definition lambda"), _names("class_definition"),
        _names("call")),
    "typescript": Grammar("tree_sitter_typescript", "language_typescript",
        _names("function_declaration generator_function_declaration method_definition arrow_function function_expression"),
        _names(""), _names("call_expression new_expression")),
    "rust": Grammar("tree_sitter_rust", "language", _names("function_item closure_expression"),
        _names("impl_item mod_item trait_item"), _names("call_expression macro_invocation")),
    "cpp": Grammar("tree_sitter_cpp", "language", _names("function_definition lambda_expression"),
        _names("namespace_definition class_specifier struct_specifier"), _names("call_expression new_expression")),
}  # fmt: skip


class Function(NamedTuple):
    """A function of a text. Lines are 1-based."""

    name: str
    """As a profile names it; "" of one without a name of its own, whose lines no test asks for."""
    declared: str
    """The name of the declared function that it is, or is in."""
    first: int
    last: int
    start: int
    """Where compilers and interpreters say that it begins."""
    calls: tuple[int, ...]
    """The lines of its body on which something is called or made, without those of functions in it."""


def functions(text: str, path: str, language: str, package: str) -> list[Function]:
    """Return the functions of a text in the order of their declarations, each before those in it."""
    grammar = GRAMMARS[language]
    root = _parser(grammar).parse(text.encode()).root_node
    return list(_within(root, grammar, _Outer(_module(path, language, package))))


@cache
def _parser(grammar: Grammar) -> tree_sitter.Parser:
    language = getattr(import_module(grammar.module), grammar.language)()
    return tree_sitter.Parser(tree_sitter.Language(language))


def _module(path: str, language: str, package: str) -> str:
    """Return what the names of all functions of a file begin with."""
    inside = PurePosixPath(path)
    if language == "go":
        return "/".join((package, *inside.parent.parts))
    if language == "rust":
        parts = inside.with_suffix("").parts[1:]
        return "::".join((package.replace("-", "_"), *(part for part in parts if part not in {"lib", "mod"})))
    return ""


class _Outer(NamedTuple):
    """What a node lies in."""

    scope: str
    declared: str = ""
    counted: list[int] | None = None
    """How many closures of a Go function were seen."""


def _within(node: Node, grammar: Grammar, outer: _Outer) -> Iterator[Function]:
    for child in node.named_children:
        if child.type in grammar.functions:
            name = _name(child, grammar, outer)
            declared = outer.declared or name if _is_closure(child, name) else name
            body = child.child_by_field_name("body")
            calls = tuple(sorted(set(_calls(body, grammar)))) if body and name and not child.has_error else ()
            yield Function(name, declared, child.start_point.row + 1, child.end_point.row + 1, _start(child), calls)
            yield from _within(child, grammar, _Outer(_inner(name, grammar) or outer.scope, declared, [0]))
        elif child.type in grammar.scopes:
            yield from _within(child, grammar, outer._replace(scope=_joined(outer.scope, _scope(child), grammar)))
        else:
            yield from _within(child, grammar, outer)


def _start(node: Node) -> int:
    """Return the line that is recorded: in Python that of the first decorator, in C++ that of the name."""
    if node.parent and node.parent.type == "decorated_definition":
        return node.parent.start_point.row + 1
    declarator = _declarator(node)
    return (declarator or node).start_point.row + 1


def _calls(node: Node, grammar: Grammar) -> Iterator[int]:
    if node.type in grammar.calls:
        yield node.start_point.row + 1
    for child in node.named_children:
        if child.type not in grammar.functions:
            yield from _calls(child, grammar)


def _is_closure(node: Node, name: str) -> bool:
    return not name or node.type in {"func_literal", "closure_expression", "lambda", "lambda_expression"}


def _inner(name: str, grammar: Grammar) -> str:
    """Return what the name of a function in a function begins with."""
    return f"{name}.<locals>" if name and grammar.module == "tree_sitter_python" else name


def _joined(scope: str, name: str, grammar: Grammar) -> str:
    if name.startswith("<") and scope:
        return f"<{scope}::{name[1:]}"  # Rust's <hyper::server::Conn as Future>
    between = "." if grammar.module == "tree_sitter_python" else "::"
    return between.join(filter(None, (scope, name)))


def _scope(node: Node) -> str:
    """Return the name of a class, namespace, module or implementation; of Rust's trait with its type."""
    trait, kind = (node.child_by_field_name(field) for field in ("trait", "type"))
    if trait and kind:
        return f"<{_bare(kind)} as {_bare(trait)}>"
    name = kind or node.child_by_field_name("name")
    return _bare(name) if name else ""


def _written(node: Node | None) -> str:
    """Return the text of a node, without white space."""
    return re.sub(r"\s", "", (node.text or b"").decode()) if node else ""


def _bare(node: Node | None) -> str:
    """Return a name as it is written, without type arguments and white space."""
    text = _written(node)
    while (shorter := re.sub(r"(?<!operator)<[^<>]*>", "", text)) != text:
        text = shorter
    return text


def _name(node: Node, grammar: Grammar, outer: _Outer) -> str:
    """Return what a profile calls a function; "" if the function cannot be found by that."""
    named = {
        "tree_sitter_go": _go,
        "tree_sitter_python": _python,
        "tree_sitter_typescript": _typescript,
        "tree_sitter_rust": _rust,
        "tree_sitter_cpp": _cpp,
    }
    return named[grammar.module](node, outer)


def _go(node: Node, outer: _Outer) -> str:
    if node.type == "func_literal":
        if outer.counted is None or not outer.declared:
            return ""
        outer.counted[0] += 1
        return f"{outer.scope}.{'func' if outer.scope == outer.declared else ''}{outer.counted[0]}"
    name = _bare(node.child_by_field_name("name"))
    generic = "[...]" if node.child_by_field_name("type_parameters") else ""
    if receiver := node.child_by_field_name("receiver"):
        kind = next(child for child in receiver.named_children if child.type == "parameter_declaration")
        of = re.sub(r"\[.*\]", "[...]", _written(kind.child_by_field_name("type")))
        return f"{outer.scope}.({of}).{name}" if of.startswith("*") else f"{outer.scope}.{of}.{name}"
    return f"{outer.scope}.{name}{generic}"


def _python(node: Node, outer: _Outer) -> str:
    name = node.child_by_field_name("name")
    return ".".join(filter(None, (outer.scope, _bare(name)))) if name else ""


def _typescript(node: Node, _outer: _Outer) -> str:
    """Return the name as V8 has it: of the function alone, with `get` or `set`, or of what it is the value of."""
    name = node.child_by_field_name("name")
    parent = node.parent
    if name is None and parent and parent.type in {"variable_declarator", "pair", "public_field_definition"}:
        name = parent.child_by_field_name("name") or parent.child_by_field_name("key")
    accessor = next((f"{child.type} " for child in node.children if child.type in {"get", "set"}), "")
    return f"{accessor}{_bare(name)}" if name and name.type in {"identifier", "property_identifier"} else ""


def _rust(node: Node, outer: _Outer) -> str:
    name = node.child_by_field_name("name")
    if name is None:
        return f"{outer.scope}::{{{{closure}}}}" if outer.declared else ""
    return "" if "::tests" in outer.scope else f"{outer.scope}::{_bare(name)}"


def _cpp(node: Node, outer: _Outer) -> str:
    name = _declarator(node)
    if name is None or name.type not in {"identifier", "field_identifier", "qualified_identifier", "destructor_name"}:
        return ""
    return "::".join(filter(None, (outer.scope, _bare(name))))


def _declarator(node: Node) -> Node | None:
    """Return the name in a function of C++: it lies in declarators of pointers, references and parameters."""
    declarator = node.child_by_field_name("declarator") if node.type == "function_definition" else None
    while declarator and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator") or next(
            (child for child in declarator.named_children if child.type.endswith("declarator")), None
        )
    return declarator.child_by_field_name("declarator") if declarator else None
