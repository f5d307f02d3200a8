"""Which methods end what a function of a library returns: what it made may be kept until one of them is called.

Go's libraries call them Close, Stop and the like. They are those of the function's result types in its own package, whether
they are declared there or required by an interface.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.languages.go import GRAMMAR
from alloclens.languages.go.names import outer
from alloclens.languages.syntax import captures, node_text, parse
from alloclens.text import memo

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tree_sitter import Node

QUERY = Path(__file__).with_name("endings.scm")
ENDING = frozenset({"Cancel", "Close", "Disconnect", "Release", "Shutdown", "Stop", "Unregister", "Unsubscribe"})
"""Names of methods that end something."""
WORD = re.compile(r"\w+")


def is_never_ended(function: str, library: Iterable[str], own: Collection[str]) -> bool:
    """Return whether something ends what a function returns, and the user's texts never name that.

    `library` are the texts of the function's package.
    """
    declared = [declarations(text) for text in library]
    name = outer(function)
    returned = frozenset().union(*(types.get(_short(name), frozenset()) for types, _ in declared))
    methods = frozenset().union(*(of.get(type_, frozenset()) for _, of in declared for type_ in returned))
    named = ENDING & methods
    return bool(named) and not any(f".{method}" in text for text in own for method in named)


def _short(function: str) -> str:
    """Return a function as `declarations` names it: x/metrics.(*Registry).Get -> Registry.Get."""
    return re.sub(r"[(*)]", "", function[function.rfind("/") + 1 :]).partition(".")[2]


@memo
def declarations(text: str) -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    """Return what each function of a text returns (the words of its results), and the methods of each type.

    Nothing if the text is too large or takes too many steps to parse.
    """
    source = text.encode("utf-8", "replace")
    tree = parse(source, GRAMMAR)
    if tree is None:
        return {}, {}
    nodes = captures(tree, GRAMMAR, QUERY)
    returned, methods = dict[str, frozenset[str]](), dict[str, set[str]]()
    for node in nodes.get("function", ()):
        name, result, receiver = (_text(node, field, source) for field in ("name", "result", "receiver"))
        of = next((word for word in WORD.findall(receiver.partition("[")[0])[::-1]), "")
        returned[f"{of}.{name}" if of else name] = frozenset(WORD.findall(result))
        methods.setdefault(of, set()).add(name)
    for node in nodes.get("interface", ()):
        required = node.child_by_field_name("type")
        names = {_text(child, "name", source) for child in required.named_children} if required else set()
        methods.setdefault(_text(node, "name", source), set()).update(names)
    return returned, {of: frozenset(names) for of, names in methods.items()}


def _text(node: Node, field: str, source: bytes) -> str:
    child = node.child_by_field_name(field)
    return node_text(child, source) if child else ""
