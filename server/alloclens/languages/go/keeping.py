"""What Go texts say of the values that a line makes: to what they are added, and whether anything removes them again.

Only what is certain within one package counts. A variable or field is known by its last name: all of that name are taken
for one, so that what removes from any of them counts. One that is exported, or handed out (passed, returned, or given to
another variable), may be cut back elsewhere. What is stored by a key may replace what was there: only `append` always adds.
The nodes are those of tree-sitter's grammar of Go.
"""

from __future__ import annotations

from bisect import bisect
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.go import GRAMMAR
from alloclens.languages.syntax import captures, node_text, operands, parse
from alloclens.text import memo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

QUERY = Path(__file__).with_name("keeping.scm")
MAX_SELECTIONS = 8
"""Of fields, one from another: a.b.c has two."""
MAX_NODES = 500
"""Of a statement; what comes behind them in a larger one is not looked at."""


class Step(NamedTuple):
    """A statement that gives values to variables, or adds them to something. Lines are 1-based."""

    line: int
    end: int
    function: int
    """The byte at which the declared function around it begins."""
    uses: frozenset[str]
    """The variables in what is given."""
    gives: frozenset[str] = frozenset()
    """The variables of the function that it gives values to."""
    is_call: bool = False
    """Whether it only calls something, which may write to what it is passed."""
    adds: str = ""
    """The last name of what it adds to, which outlives the call: a slice, a map or an array; "" for none."""
    by_key: bool = False
    """Whether it stores by a key or index."""


class KeepingText(NamedTuple):
    """What one text says."""

    steps: tuple[Step, ...] = ()
    """By line."""
    removed: frozenset[str] = frozenset()
    """The names of what is cut back or replaced."""
    handed: frozenset[str] = frozenset()
    """The names of what is used in any other way than by its elements."""


class Addition(NamedTuple):
    """To what the values are added that a line makes."""

    function: int
    """Of the text: the byte at which the function begins that adds."""
    to: str
    """The last name of a variable or field."""
    here: bool
    """Whether the line itself adds them, rather than one that follows."""
    only_grows: bool
    """Whether each is appended, and nothing in the package removes any."""


def addition(text: str, line: int, package: Iterable[str]) -> Addition | None:
    """Return to what the values are added that a line (1-based) of a text makes; None if that is unknown.

    `package` are the texts of its package, this one among them.
    """
    added = _added(parse_keeping(text).steps, line)
    if not added:
        return None
    beside, last = [parse_keeping(other) for other in package], added[-1]
    here = any(step.line <= line <= step.end for step in added)
    return Addition(last.function, last.adds, here, any(_only_grows(step, beside) for step in added))


def _added(steps: Iterable[Step], line: int) -> list[Step]:
    """Return the steps that add what a line makes to something, in the same function."""
    around = [step for step in steps if step.line <= line <= step.end]
    innermost = max((step.line for step in around), default=0)
    made = [step for step in around if step.line == innermost]
    names, out = set[str](), list[Step]()
    for step in steps if made else ():
        is_later = step.function == made[0].function and step.line > innermost and bool(names & step.uses)
        if step in made or (is_later and not step.is_call):
            names |= step.gives
            out += [step] if step.adds else []
    return out


def _only_grows(step: Step, package: Iterable[KeepingText]) -> bool:
    name = step.adds
    return not (step.by_key or name[:1].isupper() or any(name in text.removed | text.handed for text in package))


@memo
def parse_keeping(text: str) -> KeepingText:
    r"""Return what a text says; nothing if it is too large or takes too many steps to parse. As for Go, a line ends at \n only."""
    source = text.encode("utf-8", "replace")
    tree = parse(source, GRAMMAR)
    return _Read(source, captures(tree, GRAMMAR, QUERY)).text() if tree else KeepingText()


class _Read:
    """Reads one text."""

    def __init__(self, source: bytes, nodes: dict[str, list[Node]]) -> None:
        self._source, self._nodes = source, nodes
        self._functions = [(node.start_byte, node.end_byte) for node in nodes.get("function", ())]  # none in another
        self._locals, self._parameters = (
            {(self._function(node), self._said(node)) for node in nodes.get(kind, ())}
            for kind in ("local", "parameter")
        )
        self._first = _places(first for node in nodes.get("if", ()) for first in self._of_nil(node))

    def text(self) -> KeepingText:
        """Return what it says."""
        steps = [step for node in self._nodes.get("step", ()) for step in self._steps(node)]
        steps.sort(key=lambda step: step[:2])
        seen = _places(self._nodes.get("seen", ()))
        handed = {
            self._name(node) for node in self._nodes.get("use", ()) if (node.start_byte, node.end_byte) not in seen
        }
        removed = {self._name(node) for node in self._nodes.get("removed", ())}
        replaced = {name for node in self._nodes.get("step", ()) for name in self._replaced(node)}
        return KeepingText(tuple(steps), frozenset(removed | replaced), frozenset(handed))

    def _said(self, node: Node) -> str:
        return node_text(node, self._source)

    def _function(self, node: Node) -> int:
        """Return where the declared function around a node begins; -1 if there is none."""
        at = bisect(self._functions, node.start_byte, key=itemgetter(0)) - 1
        return self._functions[at][0] if at >= 0 and node.start_byte < self._functions[at][1] else -1

    def _name(self, node: Node | None) -> str:
        """Return the last name of a variable or field that outlives the call; "" for a variable of the function, or anything else."""
        if node is None or node.type not in {"identifier", "selector_expression"}:
            return ""
        function, root = self._function(node), self._said(_root(node))
        is_local = function >= 0 and (function, root) in self._locals
        if node.type == "identifier":
            return "" if is_local else root
        field = node.child_by_field_name("field")
        return self._said(field) if field and (not is_local or (function, root) in self._parameters) else ""

    def _steps(self, node: Node) -> Iterator[Step]:
        """Return what a statement does with the values in it."""
        at = node.start_point.row + 1, node.end_point.row + 1, self._function(node)
        if node.type == "expression_statement":  # what is passed may be written to
            passed = frozenset(self._names(node, but="func_literal"))
            yield Step(*at, passed, passed, is_call=True)
            return
        uses = frozenset(name for _, value in _pairs(node) if value for name in self._names(value))
        gives = set[str]()
        for target, value in _pairs(node):
            inner = target.child_by_field_name("operand") if target.type == "index_expression" else None
            name = self._name(inner or target)
            if not name:
                gives |= set(self._names(inner or target))
            elif inner or (value and self._appends(value, name)):
                yield Step(*at, uses, adds=name, by_key=bool(inner))
        if gives:
            yield Step(*at, uses, frozenset(gives))

    def _replaced(self, node: Node) -> Iterator[str]:
        """Return the names of what a statement gives another value as a whole."""
        for target, value in _pairs(node):
            name = self._name(target)
            if (
                name
                and not (value and self._appends(value, name))
                and (target.start_byte, target.end_byte) not in self._first
            ):
                yield name

    def _of_nil(self, node: Node) -> Iterator[Node]:
        """Return what gets its first value in an `if` statement, if that asks whether it is nil."""
        asked, block = node.child_by_field_name("condition"), node.child_by_field_name("consequence")
        what = asked.child_by_field_name("left") if asked else None
        statements = [one for inner in (block.named_children if block else ()) for one in inner.named_children]
        for one in statements:
            if what and one.type == "assignment_statement":
                targets = operands(one.child_by_field_name("left"))
                yield from (target for target in targets if self._said(target) == self._said(what))

    def _names(self, node: Node, *, but: str = "") -> Iterator[str]:
        """Return the variables in a node that are of the function around it, but for those in nodes of one type."""
        function, left = self._function(node), [node]
        for _ in range(MAX_NODES):
            if not left:
                break
            one = left.pop()
            if one.type == "identifier" and (function, name := self._said(one)) in self._locals and name != "_":
                yield name
            left += [child for child in reversed(one.named_children) if child.type != but]

    def _appends(self, value: Node, name: str) -> bool:
        """Return whether a value is what it is assigned to, with more appended."""
        called, arguments = value.child_by_field_name("function"), value.child_by_field_name("arguments")
        if value.type != "call_expression" or not called or self._said(called) != "append":
            return False
        return self._name(next(iter(operands(arguments)), None)) == name


def _pairs(node: Node) -> Iterator[tuple[Node, Node | None]]:
    """Return what a statement gives a value, each with that; None for all but the first if a call returns several values."""
    left, right = (operands(node.child_by_field_name(field)) for field in ("left", "right"))
    yield from zip_longest(left, right) if len(left) >= len(right) else ()


def _places(nodes: Iterable[Node]) -> set[tuple[int, int]]:
    return {(node.start_byte, node.end_byte) for node in nodes}


def _root(node: Node) -> Node:
    """Return what the outermost of some selections is made from."""
    for _ in range(MAX_SELECTIONS):
        node = node.child_by_field_name("operand") or node
    return node
