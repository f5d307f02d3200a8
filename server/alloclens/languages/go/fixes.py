"""Finds where a deferred call ends what a line of Go creates: a ticker, a timer, a context, or the body of a response.

Only where that is certain to be the usual fix: the line is a statement `x := create(…)` directly in the body of a function,
in no loop, block or closure that begins and ends earlier, and nothing in the function ends, returns, keeps or passes on `x`. The
nodes are those of tree-sitter's grammar of Go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.go import GRAMMAR
from alloclens.languages.go.leak_patterns import Shape
from alloclens.languages.syntax import node_text, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

MAX_FUNCTION_NODES = 20_000
"""Nodes of a function that are looked at."""
CREATES = {
    Shape.TICKER: ("time.NewTicker",),
    Shape.TIMER: ("time.NewTimer",),
    Shape.CONTEXT: ("context.WithCancel", "context.WithTimeout", "context.WithDeadline"),
    Shape.RESPONSE_BODY: ("http.Get", "http.Head", "http.Post", "http.PostForm"),
}
"""The calls by what they create, as they are written with the packages' own names."""
DO = re.compile(r"[\w.]+\.(?:Do|Get|Head|Post|PostForm)")
"""A call of a method of http.Client."""
FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")
TWO = (Shape.CONTEXT, Shape.RESPONSE_BODY)
"""What is created with a second result."""
ENDED = {Shape.TICKER: ".Stop()", Shape.TIMER: ".Stop()", Shape.RESPONSE_BODY: ".Body.Close()"}
READS = ("io.ReadAll", "io.Copy", "ioutil.ReadAll")
DECODERS = ("json.NewDecoder", "xml.NewDecoder")


class Deferral(NamedTuple):
    """A line to be inserted, and perhaps a name in place of `_`."""

    after: int
    """The line (1-based) after which it belongs."""
    text: str
    """With its indentation."""
    unnamed: int = -1
    """Where the `_` is that becomes `cancel`, in characters of the line that creates the context; -1 for none."""


def deferral(text: str, line: int, shape: Shape) -> Deferral | None:
    """Return the deferred call that ends what a line (1-based) creates; None unless that is certainly the usual fix."""
    source = text.encode("utf-8", "replace")
    if shape not in CREATES or "\r" in text or (tree := parse(source, GRAMMAR)) is None or tree.root_node.has_error:
        return None
    statement = _statement(tree.root_node, line)
    names = _created(statement, shape, source) if statement else []
    body = _body(statement) if statement else None
    if statement is None or body is None or not names or not _may_end(body, statement, names, shape, source):
        return None
    after: Node | None = _error_check(statement, source) if shape is Shape.RESPONSE_BODY else statement
    begin = source.rfind(b"\n", 0, statement.start_byte) + 1
    indent = source[begin : statement.start_byte].decode()
    if after is None or indent.strip() or _is_followed(after):
        return None
    if shape is Shape.CONTEXT:
        return _of_context(names[1], after, indent, source)
    return Deferral(after.end_point.row + 1, f"{indent}defer {node_text(names[0], source)}{ENDED[shape]}")


def _of_context(cancel: Node, after: Node, indent: str, source: bytes) -> Deferral:
    name, last = node_text(cancel, source), after.end_point.row + 1
    if name != "_":
        return Deferral(last, f"{indent}defer {name}()")
    begin = source.rfind(b"\n", 0, cancel.start_byte) + 1
    return Deferral(last, f"{indent}defer cancel()", len(source[begin : cancel.start_byte].decode()))


def _is_followed(node: Node) -> bool:
    """Return whether another statement begins on the line on which this one ends."""
    following = _next(node)
    return following is not None and following.start_point.row == node.end_point.row


def _next(node: Node) -> Node | None:
    """Return the next statement, after any comments."""
    following = node.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following


def _statement(root: Node, line: int) -> Node | None:
    """Return the declaration `x := …` that begins and ends on a line; None if there is none, or several."""
    begun = root.descendant_for_point_range((line - 1, 0), (line - 1, 1 << 20))
    found, stack = [], [begun] if begun else []
    while stack:
        node = stack.pop()
        if node.type == "short_var_declaration" and node.start_point.row == line - 1:
            found.append(node)
        stack += [child for child in node.named_children if child.start_point.row <= line - 1 <= child.end_point.row]
    (only,) = found if len(found) == 1 else (None,)
    return only if only is not None and only.end_point.row == line - 1 else None


def _created(statement: Node, shape: Shape, source: bytes) -> list[Node]:
    """Return the names on the left; none if the statement does not create what has this shape."""
    left, right = statement.child_by_field_name("left"), statement.child_by_field_name("right")
    calls = right.named_children if right else []
    if left is None or len(calls) != 1 or calls[0].type != "call_expression":
        return []
    function = calls[0].child_by_field_name("function")
    called = node_text(function, source) if function else ""
    if called not in CREATES[shape] and not (shape is Shape.RESPONSE_BODY and DO.fullmatch(called)):
        return []
    names = left.named_children
    is_named = all(name.type == "identifier" for name in names) and node_text(names[0], source) != "_"
    return names if is_named and len(names) == (2 if shape in TWO else 1) else []


def _body(statement: Node) -> Node | None:
    """Return the body of the function that the statement is directly in, so that it runs once for each call; else None."""
    block = statement.parent
    if block is not None and block.type == "statement_list":  # of newer grammars
        block = block.parent
    function = block.parent if block is not None and block.type == "block" else None
    return block if function is not None and function.type in FUNCTIONS else None


def _error_check(statement: Node, source: bytes) -> Node | None:
    """Return the statement `if err != nil { … return … }` after a request; None if something else follows."""
    check = _next(statement)
    left = statement.child_by_field_name("left")
    error = node_text(left.named_children[-1], source) if left else ""
    if check is None or check.type != "if_statement" or check.child_by_field_name("alternative") is not None:
        return None
    condition, consequence = check.child_by_field_name("condition"), check.child_by_field_name("consequence")
    if condition is None or consequence is None or node_text(condition, source) != f"{error} != nil":
        return None
    last = consequence.named_children[-1:]
    if last and last[0].type == "statement_list":
        last = last[0].named_children[-1:]
    return check if last and last[0].type == "return_statement" else None


def _may_end(body: Node, statement: Node, names: list[Node], shape: Shape, source: bytes) -> bool:
    """Return whether what was created is of no use when the function ends, and nothing is deferred yet."""
    created, last = (node_text(name, source) for name in (names[0], names[-1]))
    if shape is Shape.CONTEXT:
        cancel = "cancel" if last == "_" else last
        if last == "_" and any(_uses(body, statement, "cancel", source)):
            return False
        if not all(use is not None and _is_called(use) for use in _uses(body, statement, cancel, source)):
            return False
    ends = ENDS_WITH[shape]
    return all(use is not None and ends(use, source) for use in _uses(body, statement, created, source))


def _uses(body: Node, statement: Node, name: str, source: bytes) -> Iterator[Node | None]:
    """Yield where a name is used in a function; None for use in a closure, or if there is too much of it."""
    stack, left = [(body, False)], MAX_FUNCTION_NODES
    while stack:
        node, is_inside = stack.pop()
        left -= 1
        if left < 0:
            yield None
            return
        is_here = node.type == "identifier" and node_text(node, source) == name
        if is_here and not statement.start_byte <= node.start_byte < statement.end_byte:
            yield None if is_inside else node
        within = is_inside or node.type in ("func_literal", "go_statement")
        stack += [(child, within) for child in node.named_children]


def _is_called(cancel: Node) -> bool:
    """Return whether it is called at once: a second call does nothing. A deferred one is the fix already."""
    call = cancel.parent
    return (
        call is not None
        and call.type == "call_expression"
        and call.parent is not None
        and call.parent.type == "expression_statement"
    )


def _selected(use: Node, source: bytes) -> tuple[Node | None, str]:
    """Return the expression `x.field` of a use of x, and the field."""
    parent = use.parent
    field = parent.child_by_field_name("field") if parent and parent.type == "selector_expression" else None
    return (parent, node_text(field, source)) if field else (None, "")


def _is_received(use: Node, source: bytes) -> bool:
    """Return whether the function itself waits for a ticker or a timer there."""
    selected, field = _selected(use, source)
    around = selected.parent if selected else None
    if field == "Reset":
        return True
    return field == "C" and around is not None and around.type in ("unary_expression", "range_clause")


def _is_passed_down(use: Node, source: bytes) -> bool:
    """Return whether a context is asked, or an argument of a call that is not returned."""
    if _selected(use, source)[1] in ("Done", "Err", "Value", "Deadline"):
        return True
    node: Node | None = use.parent
    if node is None or node.type != "argument_list":
        return False
    while node is not None and node.type != "block":
        if node.type in ("return_statement", "composite_literal"):
            return False
        node = node.parent
    return True


def _is_read(use: Node, source: bytes) -> bool:
    """Return whether a response is asked for what stays, or its body is read as a whole."""
    selected, field = _selected(use, source)
    if field in ("Header", "Status", "StatusCode", "ContentLength"):
        return True
    arguments = selected.parent if selected and field == "Body" else None
    call = arguments.parent if arguments is not None and arguments.type == "argument_list" else None
    function = call.child_by_field_name("function") if call is not None else None
    called = node_text(function, source) if function else ""
    if called in READS:
        return True
    around = call.parent if call is not None and called in DECODERS else None
    return around is not None and _selected_method(around, source) == "Decode"


def _selected_method(node: Node, source: bytes) -> str:
    field = node.child_by_field_name("field") if node.type == "selector_expression" else None
    return node_text(field, source) if field and node.parent and node.parent.type == "call_expression" else ""


ENDS_WITH = {
    Shape.TICKER: _is_received,
    Shape.TIMER: _is_received,
    Shape.CONTEXT: _is_passed_down,
    Shape.RESPONSE_BODY: _is_read,
}
"""Whether a use of what was created allows to end it when the function ends."""
