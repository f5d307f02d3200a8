"""Where the keys of a TOML text stand, as tree-sitter's grammar reads it: tomllib and tomlkit keep no positions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alloclens.languages.language import Grammar
from alloclens.languages.syntax import captures, node_text, parse

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from tree_sitter import Node

    KeyPath = tuple[str | int, ...]
    """The keys that lead to a value; in a list of tables, which of them."""

GRAMMAR = Grammar("tree_sitter_toml")
QUERY = Path(__file__).with_name("toml.scm")


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """Return the line (1-based) of each key of a valid text; of keys in a value, that of the whole."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for kind, node, source in _statements(text):
        keys = _keys(node, source)
        if kind == "pair":
            path = (*table, *keys)
        elif kind == "table":
            path = table = keys
        else:
            counts[keys] = counts.get(keys, -1) + 1
            path = table = (*keys, counts[keys])
        for depth in range(1, len(path) + 1):
            lines.setdefault(path[:depth], node.start_point.row + 1)
    return lines


def line_at_end(text: str) -> int:
    """Return the line (1-based) of the statement that is wrong if a parser finds that out at the end of the text.

    It is the first that the grammar cannot parse, else the last of all: a key that was there before. 1 if that is not known.
    """
    lines = [(kind, node.start_point.row + 1) for kind, node, _ in _statements(text)]
    return next((line for kind, line in lines if kind == "error"), lines[-1][1] if lines else 1)


def _statements(text: str) -> list[tuple[str, Node, bytes]]:
    """Return the pairs and headers of a text in their order, and what is neither; none if it takes too many steps to parse."""
    source = text.encode("utf-8", "replace")
    tree = parse(source, GRAMMAR)
    captured = captures(tree, GRAMMAR, QUERY) if tree else {}
    nodes = [(kind, node, source) for kind, some in captured.items() for node in some]
    return sorted(nodes, key=lambda entry: entry[1].start_byte)


def _keys(node: Node, source: bytes) -> tuple[str, ...]:
    """Return the keys of a header or a pair, as tomllib reads them: "a".b -> a, b."""
    keys: list[str] = []
    value: Any = tomllib.loads(f"{node_text(node.named_children[0], source)} = 0") if node.named_children else 0
    while isinstance(value, dict):
        ((key, value),) = value.items()
        keys.append(key)
    return tuple(keys)
