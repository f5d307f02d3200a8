"""What a Go text says of goroutines: its `go` statements, its closures, and the functions it hands over.

The nodes are those of tree-sitter's grammar of Go; `goroutines.scm` selects them.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.go import GRAMMAR
from alloclens.languages.syntax import captures, node_text, operands, parse
from alloclens.text import memo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tree_sitter import Node

QUERY = Path(__file__).with_name("goroutines.scm")
EXPRESSION = "()"
VERSION = re.compile(r"(?:/v\d+|\.v\d+)\Z")


class Name(NamedTuple):
    """What a function is called by."""

    name: str = ""
    """Its last name, without type arguments; "" if it has none."""
    of: str = ""
    """What the name is selected from: an identifier, "" if it stands alone, `EXPRESSION` for anything longer."""


class Statement(NamedTuple):
    """A `go` statement. All lines are 1-based."""

    line: int
    """Of the word `go`, which debug=2 names."""
    end: int
    """Where the call ends."""
    called: str
    """As `Name.name`; "" of a closure."""
    of: str
    """As `Name.of`."""
    literal: int
    """The line of `func` if a closure is called in place; else 0."""


class Closure(NamedTuple):
    """A function literal."""

    line: int
    end_line: int
    depth: int
    """1 in a declared function, 2 in a closure there."""
    statement: int
    """The line of the `go` statement that calls it in place; else 0."""
    kept: Name
    """The variable or field that holds it; a field's `of` is not empty."""


class GoText(NamedTuple):
    """What is found in a text."""

    package: str = ""
    imports: tuple[tuple[str, str], ...] = ()
    """The name a package is given here, "" if none is, and its path."""
    statements: tuple[Statement, ...] = ()
    closures: tuple[Closure, ...] = ()
    functions: tuple[tuple[int, int], ...] = ()
    """The first and last line of each declared function."""
    packages: frozenset[str] = frozenset()
    """The names of imported packages that no variable has."""
    values: Mapping[Name, list[int]] = MappingProxyType({})
    """The lines on which something that may be a function is named without being called."""

    def function(self, line: int) -> tuple[int, int] | None:
        """Return the first and last line of the declared function that a line is in."""
        return next((lines for lines in self.functions if lines[0] <= line <= lines[1]), None)


@memo
def parse_go(text: str) -> GoText:
    r"""Return what a text says; nothing if it is too large or takes too many steps to parse. As for Go, a line ends at \n only."""
    source = text.encode("utf-8", "replace")
    tree = parse(source, GRAMMAR)
    if tree is None:
        return GoText()
    nodes = captures(tree, GRAMMAR, QUERY)
    imports = tuple(_import(node, source) for node in nodes.get("import", ()))
    declared = {node_text(node, source) for node in nodes.get("declared", ())}
    statements = [(node, *_statement(node, source)) for node in nodes.get("go", ())]
    started = {function.start_byte: made.line for _, made, function in statements if function and made.literal}
    kept = {at: name for node in nodes.get("kept", ()) for at, name in _kept(node, source)}
    values: dict[Name, list[int]] = {}
    for name, line in (last_name(node, source) for node in nodes.get("value", ())):
        values.setdefault(name, []).append(line)
    return GoText(
        next((node_text(node, source) for node in nodes.get("package", ())), ""),
        imports,
        tuple(made for _, made, _ in statements),
        tuple(_closures(nodes.get("closure", ()), started, kept)),
        tuple((_line(node), _last_line(node)) for node in nodes.get("function", ())),
        frozenset({name or guess(path) for name, path in imports} - declared),
        values,
    )


def guess(package: str) -> str:
    """Return the most likely name of a package, by its path: gopkg.in/queue.v3 -> queue."""
    return VERSION.sub("", package).rpartition("/")[2]


def _line(node: Node) -> int:
    return node.start_point.row + 1


def _last_line(node: Node) -> int:
    return node.end_point.row + 1


def _import(node: Node, source: bytes) -> tuple[str, str]:
    name, path = node.child_by_field_name("name"), node.child_by_field_name("path")
    return node_text(name, source) if name else "", node_text(path, source)[1:-1] if path else ""


def _statement(node: Node, source: bytes) -> tuple[Statement, Node | None]:
    """Return a statement, and the node of what it calls. The grammar takes `go f[T](x)` for a conversion to f[T]."""
    call = next((child for child in node.named_children if child.type != "comment"), None)
    function = (call.child_by_field_name("function") or call.child_by_field_name("type")) if call else None
    (name, of), _ = last_name(function, source) if function else (Name(), 0)
    literal = _line(function) if function and function.type == "func_literal" else 0
    return Statement(_line(node), _last_line(call or node), name, of, literal), function


LAST_NAMES = {
    "identifier": "",
    "type_identifier": "",
    "selector_expression": "operand",
    "qualified_type": "package",
}
"""The nodes that name a function, and the field that it is selected from."""


def last_name(node: Node, source: bytes) -> tuple[Name, int]:
    """Return what a node names, type arguments and indices aside, and the line of its last name."""
    inner: Node | None = node
    while inner and inner.type in {"index_expression", "generic_type", "type_instantiation_expression"}:
        inner = inner.child_by_field_name("operand") or inner.child_by_field_name("type")
    if inner is None or inner.type not in LAST_NAMES:
        return Name(), _line(node)
    operand = inner.child_by_field_name(LAST_NAMES[inner.type]) if LAST_NAMES[inner.type] else None
    last = (inner.child_by_field_name("field") or inner.child_by_field_name("name") if operand else None) or inner
    is_name = operand is not None and operand.type in {"identifier", "package_identifier"}
    of = node_text(operand, source) if operand and is_name else EXPRESSION if operand else ""
    return Name(node_text(last, source), of), _line(last)


def _kept(node: Node, source: bytes) -> Iterator[tuple[int, Name]]:
    """Return where each closure of an assignment begins, and what it is assigned to."""
    if node.type == "keyed_element":
        key, value = (node.child_by_field_name(field) for field in ("key", "value"))
        if key and value and value.named_children:
            yield value.named_children[0].start_byte, Name(node_text(key, source), EXPRESSION)
        return
    if node.type == "var_spec":
        left, values = node.children_by_field_name("name"), node.child_by_field_name("value")
    else:
        left, values = (operands(node.child_by_field_name("left")), node.child_by_field_name("right"))
    for target, value in zip_longest(left, operands(values)):
        if target and value and value.type == "func_literal":
            yield value.start_byte, last_name(target, source)[0]


def _closures(nodes: Iterable[Node], started: dict[int, int], kept: dict[int, Name]) -> Iterator[Closure]:
    """Return the closures, given where those begin that are called in place or kept."""
    around: list[int] = []
    for node in nodes:
        while around and around[-1] <= node.start_byte:
            around.pop()
        around.append(node.end_byte)
        at = node.start_byte
        yield Closure(_line(node), _last_line(node), len(around), started.get(at, 0), kept.get(at, Name()))
