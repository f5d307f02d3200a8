"""Finds the `go` statement that started a goroutine, in texts of Go.

A goroutine dump (debug=2) names the statement itself (`created by`). The other forms of a goroutine profile have only the
function that the goroutine runs, the outermost one but for runtime.goexit. A closure is found by its line, and a named function
by the statements that call it. For `go f(x)`, the compiler makes a wrapper (`main.serve.gowrap1`). The runtime leaves it out of
stacks; if a binary's debug information names it, its line is within the statement. So it is in Go 1.21 to 1.26. Source: Go's language specification, and
runtime/traceback.go (elideWrapperCalling).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from alloclens.languages.go.names import CLOSURE, is_closure, outer
from alloclens.languages.go.parser import Name, Statement, guess, parse_go
from alloclens.languages.names import MAX_NAME_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alloclens.languages.go.parser import Closure, GoText

DEPTH = re.compile(r"\.(?:func)?\d+")
WRAPPER = re.compile(r"(?:\.gowrap|·dwrap·)\d+\Z")
METHOD_VALUE = "-fm"


class Root(NamedTuple):
    """The outermost frame of a goroutine, or its outermost own one."""

    function: str
    """As profiles name it."""
    file: str
    """Spelled as in the texts."""
    line: int
    start_line: int = 0
    """Of the function's declaration; 0 where the profile does not say, as no text form does."""
    direct: bool = True
    """Whether the goroutine has no other function below it, runtime.goexit aside: a `go` statement may name it then."""


class Start(NamedTuple):
    """Where a goroutine may have been started."""

    file: str
    line: int
    """1-based."""
    how: Literal["go", "handed"]
    """By a `go` statement on this line; or the function was handed over here, to something that starts it."""


def statement_at(text: str, line: int) -> Statement | None:
    """Return the first statement that begins on a line: whether what debug=2 ends with is `created by`, or main itself."""
    return next((s for s in parse_go(text).statements if s.line == line), None)


def started_by(root: Root, texts: Mapping[str, str]) -> list[Start]:
    """Return what may have started a goroutine, by file and line; a single one is certain, several are not; none if it is unknown.

    The texts are those of the user's own packages by path, that of the root's file among them. What a library starts by
    an interface that it was given (http.Handler) is not found.
    """
    if len(root.function) > MAX_NAME_CHARACTERS:
        return []
    name = root.function.removesuffix(METHOD_VALUE)
    if WRAPPER.search(name):
        statement = _around(root, texts.get(root.file, ""))
    elif is_closure(name):
        statement = _of_closure(root, texts)
    else:
        statement = _of_named(root._replace(function=name), texts)
    return sorted(set(statement))


def _around(root: Root, text: str) -> Iterable[Start]:
    """Return the statement around the line of a compiler's wrapper, which is not always the statement's first line."""
    inside = [s.line for s in parse_go(text).statements if s.line <= root.line <= s.end]
    return [Start(root.file, line, "go") for line in inside if line == max(inside)]


def _of_closure(root: Root, texts: Mapping[str, str]) -> Iterator[Start]:
    read = parse_go(texts.get(root.file, ""))
    for closure in _closures(read, root):
        if not closure.statement:
            yield from _of_kept(read, closure, root, texts)
        elif root.direct:
            yield Start(root.file, closure.statement, "go")


def _closures(read: GoText, root: Root) -> list[Closure]:
    """Return the closures a name and a line can mean; their depth in the name decides where a line is of several."""
    if root.start_line:
        closures = [c for c in read.closures if c.line == root.start_line]
    else:
        closures = _of_line(read.closures, root.line)
    tail = CLOSURE.search(root.function)
    depth = len(DEPTH.findall(tail[0])) if tail else 0
    named = [c for c in closures if c.depth == depth]
    return named or closures


def _of_line(closures: Iterable[Closure], line: int) -> list[Closure]:
    """Return the innermost closure around a line, and those that begin or end on it: a line may be of either then."""
    around = [c for c in closures if c.line <= line <= c.end_line]
    surely = [i for i, c in enumerate(around) if c.line < line < c.end_line]
    return around[surely[-1] if surely else 0 :]


def _of_kept(read: GoText, closure: Closure, root: Root, texts: Mapping[str, str]) -> list[Start]:
    """Return what starts a closure that a variable or a field holds, or that is handed over where it stands."""
    handed = Start(root.file, closure.line, "handed")
    if not closure.kept.name:
        return [handed]
    named = _Named(closure.kept.name, selected=bool(closure.kept.of))
    uses = [s for path in _beside(root.file, texts) for s in _uses(path, texts[path], named, root.direct)]
    if named.selected:
        return [handed, *uses]
    here = read.function(closure.line)  # else it is a variable of the package
    return [s for s in uses if not here or (s.file == root.file and here[0] <= s.line <= here[1])] or [handed]


def _beside(file: str, texts: Mapping[str, str]) -> list[str]:
    return [path for path in texts if _folder(path) == _folder(file)]


def _folder(path: str) -> str:
    return posixpath.dirname(path.replace("\\", "/"))


class _Named(NamedTuple):
    """What a function is called by in one text."""

    name: str
    selected: bool = False
    """Whether it is a method or a field, which is selected from anything but a package."""
    of: frozenset[str] = frozenset({""})
    """Otherwise the package's names; "" in the package itself."""


def _of_named(root: Root, texts: Mapping[str, str]) -> Iterator[Start]:
    package, receiver, name = _parts(outer(root.function))
    for path, text in texts.items() if name else ():
        if name not in text:
            continue
        inside = _folder(path) == _folder(root.file)
        if not inside and not name[0].isupper():
            continue
        of = _names_of(package, text, texts.get(root.file, "")) | (frozenset({""}) if inside else frozenset())
        yield from _uses(path, text, _Named(name, bool(receiver), of), root.direct)


def _parts(function: str) -> tuple[str, str, str]:
    """Return the package's path, the receiver's type or "", and the name: ("x/shop", "Cart", "add"); "" if it is none."""
    slash = function.rfind("/") + 1
    package, _, inside = function[slash:].partition(".")
    receiver, _, name = re.sub(r"[(*)]", "", inside).rpartition(".")
    return unquote(function[:slash] + package), receiver, name if name.isidentifier() else ""


def _names_of(package: str, text: str, declaring: str) -> frozenset[str]:
    """Return what a text calls a package that it imports; "" where it imports its names."""
    own = parse_go(declaring).package or guess(package)
    names = [name or own for name, path in parse_go(text).imports if path == package]
    return frozenset("" if name == "." else name for name in names)


def _uses(path: str, text: str, named: _Named, direct: bool) -> Iterator[Start]:
    """Return the statements that call a function, and the lines that hand it over."""
    if named.name not in text:
        return
    read = parse_go(text)
    if direct:
        yield from (Start(path, s.line, "go") for s in read.statements if _means(Name(s.called, s.of), named, read))
    for name, lines in read.values.items():
        if _means(name, named, read):
            yield from (Start(path, line, "handed") for line in lines)


def _means(name: Name, named: _Named, read: GoText) -> bool:
    if name.name != named.name:
        return False
    return bool(name.of) and name.of not in read.packages if named.selected else name.of in named.of
