"""The functions that a text declares and how far each reaches, as a grammar reads it."""

from __future__ import annotations

import importlib
import re
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from alloclens.languages import language_of
from alloclens.text import memo, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import tree_sitter
    from tree_sitter import Node, Point, Query, Tree

    from alloclens.languages.language import Grammar, Language

MAX_TEXT_BYTES = 1 << 20
"""Bytes of a text that is parsed; a longer one was made by a program."""
PIECE = 4096
"""Bytes that a parser gets at once. While it asks for more, another thread can run."""
RANGE = 16 << 10
"""Bytes whose nodes are looked for at once."""
MIN_STEPS = 1000
BYTES_OF_A_STEP = 60
"""A parser reports each step. Code has some 190 bytes for each; a hostile text takes ever more steps, and memory for them."""
MAX_EDITED_BYTES = 64 << 10
"""Bytes between the first and the last change for which a known tree is used: to tell it of them takes 1 ms for each 8 KiB, without
another thread in between."""
MAX_TREES = 4
"""Syntax trees that are kept for the next text of the same file; each is some ten times as large as its text."""

DeclarationKind = Literal["function", "closure", "type"]
KINDS: dict[str, DeclarationKind] = {"function": "function", "closure": "closure", "type": "type"}


class Declaration(NamedTuple):
    """A function, a closure or a class in a text. Lines are 1-based."""

    name: tuple[str, ...]
    """Its qualified name, the outermost part first: ("Cart", "add"). The last part is "" where it has no name."""
    parameters: str
    """As they are written, with white space between words only: they tell overloads apart."""
    first: int
    """Where it begins, with its decorators or template parameters."""
    start: int
    """Where profiles say that it starts."""
    line: int
    """Where its name stands; where it begins if it has none."""
    last: int
    kind: DeclarationKind = "function"
    body: int = 0
    """Where its body begins; 0 if it has none."""

    def holds(self, line: int) -> bool:
        """Return whether a line is within it."""
        return self.first <= line <= self.last


class Syntax(NamedTuple):
    """What a grammar finds in a text."""

    declarations: tuple[Declaration, ...]
    """In the order in which they begin, outer ones first."""
    named: dict[str, list[Declaration]]
    """The same, by the last part of their names."""
    comments: tuple[tuple[int, int, int, int], ...]
    """Where each begins and ends: line (1-based), byte, line, byte."""
    loops: tuple[int, ...]
    """The last line of each loop that may have code at its closing brace."""
    whole: bool
    """Whether the grammar reads all of the text. If not, what it makes of the text may be wrong."""


@memo
def syntax(text: str, ending: str) -> Syntax | None:
    """Read a text by the grammar of a file's ending; None if there is none, or the text is too large or takes too long."""
    language = language_of(ending)
    if not language or not language.grammar:
        return None
    if "\r" in text:
        text = "\n".join(split_lines(text))
    source = text.encode("utf-8", "replace")
    if language.ignored:
        source = language.ignored.sub(lambda match: b" " * len(match[0]), source)
    tree = parse(source, language.grammar)
    if tree is None:
        return None
    captured = captures(tree, language.grammar, language.query)
    comments = tuple(sorted(_span(node) for node in captured.pop("comment", ())))
    loops = tuple(sorted(node.end_point.row + 1 for node in captured.pop("loop", ())))
    declarations = tuple(_declarations(captured, source, language))
    named: dict[str, list[Declaration]] = {}
    for declaration in declarations:
        named.setdefault(declaration.name[-1], []).append(declaration)
    return Syntax(declarations, named, comments, loops, not tree.root_node.has_error)


def _span(node: Node) -> tuple[int, int, int, int]:
    begin, end = node.start_point, node.end_point
    return begin.row + 1, begin.column, end.row + 1, end.column


@cache
def _loaded(grammar: Grammar) -> tree_sitter.Language:
    from tree_sitter import Language  # noqa: PLC0415 - few commands need it

    return Language(getattr(importlib.import_module(grammar.package), grammar.get)())


@cache
def _query(grammar: Grammar, file: Path) -> Query:
    from tree_sitter import Query  # noqa: PLC0415 - few commands need it

    return Query(_loaded(grammar), file.read_text("utf-8"))


class _Trees:
    """The trees of the texts that were parsed last: the next text is mostly one of these with an edit."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: list[tuple[Grammar, bytes, Tree]] = []

    def keep(self, grammar: Grammar, source: bytes, tree: Tree) -> None:
        """Keep a tree instead of the one that was kept before all others."""
        with self._lock:
            self._known = [(grammar, source, tree), *self._known][:MAX_TREES]

    def edited(self, grammar: Grammar, source: bytes) -> Tree | None:
        """Return the tree of a text that differs from this one in a small part, told where it differs; None if there is none."""
        with self._lock:
            known = list(self._known)
        for other, before, tree in known:
            if other is grammar:
                begin, end = _alike(before, source)
                if len(source) - begin - end <= min(len(source) // 2, MAX_EDITED_BYTES):
                    return _told(tree, before, source, begin, end)
        return None


_trees = _Trees()


def _alike(before: bytes, now: bytes) -> tuple[int, int]:
    """Return how many bytes two texts have in common at their start, and after that at their end."""
    a, b = np.frombuffer(before, np.uint8), np.frombuffer(now, np.uint8)
    both = min(len(a), len(b))
    begin = _same(a[:both], b[:both])
    rest = both - begin
    return begin, _same(a[len(a) - rest :][::-1], b[len(b) - rest :][::-1])


def _same(a: np.ndarray, b: np.ndarray) -> int:
    differ = a != b
    return int(differ.argmax()) if differ.any() else len(a)


def _told(tree: Tree, before: bytes, now: bytes, begin: int, end: int) -> Tree:
    """Return a copy of a tree that knows which bytes have become other ones."""
    copy, old, new = tree.copy(), len(before) - end, len(now) - end
    copy.edit(begin, old, new, _point(before, begin), _point(before, old), _point(now, new))
    return copy


def _point(source: bytes, at: int) -> tuple[int, int]:
    return source.count(b"\n", 0, at), at - source.rfind(b"\n", 0, at) - 1


def parse(source: bytes, grammar: Grammar) -> Tree | None:
    """Return the syntax tree of a text; None if the text is too large or takes too many steps."""
    from tree_sitter import Parser  # noqa: PLC0415 - few commands need it

    if len(source) > MAX_TEXT_BYTES:
        return None
    left = MIN_STEPS + len(source) // BYTES_OF_A_STEP

    def stop(_at: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    def read(at: int, _point: Point) -> bytes:
        return source[at : at + PIECE]

    parser = Parser(_loaded(grammar))
    edited = _trees.edited(grammar, source)
    try:
        if edited is None:
            tree = parser.parse(read, progress_callback=stop)
        else:
            tree = parser.parse(read, edited, progress_callback=stop)
    except ValueError:  # it was stopped
        return None
    _trees.keep(grammar, source, tree)
    return tree


def captures(tree: Tree, grammar: Grammar, query: Path) -> dict[str, list[Node]]:
    """Return the nodes that the query in a file captures, in the order in which they begin, outer ones first.

    They are looked for in pieces, between which another thread can run.
    """
    from tree_sitter import QueryCursor  # noqa: PLC0415 - few commands need it

    cursor = QueryCursor(_query(grammar, query))  # its progress callback crashes Python in tree-sitter 0.26
    captured: dict[str, set[Node]] = {}
    for at in range(0, tree.root_node.end_byte, RANGE):
        cursor.set_byte_range(at, at + RANGE)
        for kind, nodes in cursor.captures(tree.root_node).items():
            captured.setdefault(kind, set()).update(nodes)
    return {kind: sorted(nodes, key=_extent) for kind, nodes in captured.items()}


def _extent(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


class _Around(NamedTuple):
    """A node that others are in."""

    end: int
    """The byte behind it."""
    name: tuple[str, ...]
    """What the names of those in it begin with."""
    first: int = 0
    """The first line of a declaration that ends where this node does; 0 if it is not part of one."""
    given: tuple[str, ...] = ()
    """The name of such a declaration, if it has none of its own."""


def _declarations(captured: dict[str, list[Node]], source: bytes, language: Language) -> Iterator[Declaration]:
    """Return what is declared, named by all that is around it."""
    nodes = [(node.start_byte, -node.end_byte, kind, node) for kind, some in captured.items() for node in some]
    around = [_Around(len(source), ())]
    for begin, minus_end, kind, node in sorted(nodes, key=lambda entry: entry[:2]):
        while len(around) > 1 and around[-1].end <= begin:
            around.pop()
        outer, end = around[-1], -minus_end
        head = outer if outer.end == end else _Around(end, ())
        first = head.first or node.start_point.row + 1
        if kind in {"head", "assigned"}:
            around.append(_Around(end, outer.name, first, _given(node, source) if kind == "assigned" else ()))
            continue
        own, line = _own(node, source, language)
        name = own or head.given
        if kind != "scope":
            last, start = node.end_point.row + 1, first if language.starts_with_head else line
            means = KINDS["closure" if kind == "function" and not name else kind]
            full = (*outer.name, *(name or ("",)))
            body = node.child_by_field_name("body")
            within = body.start_point.row + 1 if body else 0
            yield Declaration(full, _parameters(node, source), first, start, line, last, means, within)
        inside = name if language.nests or kind in {"scope", "type"} else ()
        around.append(_Around(end, (*outer.name, *inside)))


RECEIVER = re.compile(r"(\w+)\s*(?:\[.*\])?\s*,?\s*\)$", re.DOTALL)
SCRIPT_NAME = re.compile(r"[\"'#]?([\w$]+(?:\.[\w$#]+)*)[\"']?$")


def _own(node: Node, source: bytes, language: Language) -> tuple[tuple[str, ...], int]:
    """Return the parts of a node's own name, none if it has none, and the line where it stands."""
    named = _name_node(node)
    if named is None:
        called = language.nameless.get(node.type)
        return (called,) if called else (), node.start_point.row + 1
    text, line = node_text(named, source), named.start_point.row + 1
    if language.split_name:
        return language.split_name(text)[-1 if node.type == "impl_item" else 0 :], line
    receiver = node.child_by_field_name("receiver")
    of = RECEIVER.search(node_text(receiver, source)) if receiver else None
    return ((of[1], text) if of else (text.lstrip("#"),)), line


def _name_node(node: Node) -> Node | None:
    """Return the node of a declaration's name; of C and C++ the innermost of its declarators."""
    name = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    if node.type == "impl_item":
        return node.child_by_field_name("type")
    while name is not None and name.type.endswith("_declarator"):
        inner = name.child_by_field_name("declarator")
        name = inner or (name.named_children[-1] if name.named_children else None)
    return name


def _given(node: Node, source: bytes) -> tuple[str, ...]:
    """Return the name that a variable, a field or a key gives to the function that it is."""
    fields = ("name", "left", "key", "property")
    named = next(filter(None, map(node.child_by_field_name, fields)), None)
    match = SCRIPT_NAME.match(node_text(named, source)) if named else None
    return tuple(part for part in match[1].split(".") if part not in {"prototype", "this"}) if match else ()


def _parameters(node: Node, source: bytes) -> str:
    parameters = node.child_by_field_name("parameters")
    within = node.child_by_field_name("declarator")
    while parameters is None and within is not None:
        parameters, within = within.child_by_field_name("parameters"), within.child_by_field_name("declarator")
    return SPACES.sub("", " ".join(node_text(parameters, source).split())) if parameters else ""


SPACES = re.compile(r"(?<!\w) | (?!\w)")
"""Spaces that are not between two words."""


def operands(node: Node | None) -> list[Node]:
    """Return the named children of a node but comments: the expressions of a list, on either side of an assignment."""
    return [child for child in node.named_children if child.type != "comment"] if node else []


def node_text(node: Node, source: bytes) -> str:
    """Return what a node spans of its source."""
    return source[node.start_byte : node.end_byte].decode("utf-8", "replace")
