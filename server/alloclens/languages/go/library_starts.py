"""From a goroutine that a library runs to the user's lines that may have started it, read out of Go texts.

A goroutine profile does not say who started a goroutine. But the texts of the library do, within its package: who calls the
function that the goroutine runs, and who calls these. The exported ones are what the user's code can call. Functions and
methods are known by their last names, so a line may be of another function of the same name: this finds lines to look at, and
proves nothing.
"""

from __future__ import annotations

from bisect import bisect
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from alloclens.languages.go import GRAMMAR
from alloclens.languages.go.names import outer, package_of
from alloclens.languages.go.parser import Name, guess, last_name, parse_go
from alloclens.languages.syntax import captures, node_text, parse
from alloclens.text import memo

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

QUERY = Path(__file__).with_name("calls.scm")


class NamedCall(NamedTuple):
    """A call, also one of a `go` or `defer` statement."""

    name: Name
    line: int
    """1-based."""
    caller: Declared


class Declared(NamedTuple):
    """A declared function."""

    name: str = ""
    """Its last name; "" if there is none."""
    is_method: bool = False


def lines_that_start(function: str, library: Iterable[str], own: Mapping[str, str]) -> list[tuple[str, int]]:
    """Return the lines (path, line) that may start goroutines that run a function of a library; those that call most directly first.

    `library` are the texts of the function's package, and `own` those of the user's files by path. Only files that import the package
    are looked at.
    """
    texts, path = list(library), unquote(package_of(function))
    calls = [call for text in texts for call in calls_of(text)]
    last = outer(function).rpartition(".")[2]
    distance = {Declared(last, is_method): 0 for is_method in (False, True)}
    reached = list(distance)
    for of in reached:
        for caller in (call.caller for call in calls if call.name.name == of.name):
            if caller.name and caller not in distance:
                distance[caller] = distance[of] + 1
                reached.append(caller)
    named = next((name for text in texts if (name := parse_go(text).package)), guess(path))
    found = [
        (distance[of], *place)
        for file, text in own.items()
        for of, place in _calls(file, text, path, named)
        if of in distance
    ]
    return [(file, line) for _, file, line in sorted(set(found))]


def _calls(file: str, text: str, package: str, named: str) -> Iterator[tuple[Declared, tuple[str, int]]]:
    """Yield what a file may call of a package, and where; nothing if it does not import it. `named` is the package's name."""
    read = parse_go(text)
    names = {name or named for name, path in read.imports if path == package}
    for call in calls_of(text) if names else ():
        name, of = call.name
        if name[:1].isupper() and (of in names or of not in {"", *read.packages}):
            yield Declared(name, is_method=of not in names), (file, call.line)


@memo
def calls_of(text: str) -> tuple[NamedCall, ...]:
    """Return the calls in a text; none if it is too large or takes too many steps to parse."""
    source = text.encode("utf-8", "replace")
    tree = parse(source, GRAMMAR)
    if tree is None:
        return ()
    nodes = captures(tree, GRAMMAR, QUERY)
    names = [node_text(node, source) for node in nodes.get("name", ())]
    around = [
        (node.start_byte, node.end_byte, Declared(name, node.type == "method_declaration"))
        for node, name in zip(nodes.get("function", ()), names, strict=True)
    ]
    calls = []
    for node in nodes.get("called", ()):
        name, line = last_name(node, source)
        at = bisect(around, node.start_byte, key=itemgetter(0)) - 1  # none is in another
        is_inside = at >= 0 and node.start_byte < around[at][1]
        calls.append(NamedCall(name, line, around[at][2] if is_inside else Declared()))
    return tuple(calls)
