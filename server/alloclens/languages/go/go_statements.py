"""From a goroutine to the `go` statement that started it, read out of Go texts.

What profiles of Go 1.21 and 1.26 hold: where a goroutine began, debug=2 names the statement itself (`created by`). The other
forms only have the function it runs, outermost but for runtime.goexit: a closure is found by its line, a named function by
who calls it. The wrapper that the compiler makes of `go f(x)` (`main.serve.gowrap1`) is left out by the runtime; where a
binary's debug information names it, its line lies within the statement. Source: Go's language specification, and
runtime/traceback.go (elideWrapperCalling).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from alloclens.languages.go.scanner import EXPRESSION, Statement, guess, read
from alloclens.languages.names import CLOSURE, LONGEST_NAME, is_closure, outer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from alloclens.languages.go.scanner import Closure, Code

ASSIGNED = re.compile(r"(?P<dot>\.?)(?<!\w)(?P<name>[^\W\d]\w*)[ \t]*(?P<how>:?=|:)[ \t]*\Z")
LONGEST_LEFT = 80
"""Characters before a closure or a name in which the one it is kept in or selected from is looked for."""
PACKAGE = re.compile(r"^package[ \t]+(\w+)", re.MULTILINE)
DEPTH = re.compile(r"\.(?:func)?\d+")
WRAPPER = re.compile(r"(?:\.gowrap|·dwrap·)\d+\Z")
LAST_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*\Z")
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


def statements(text: str) -> list[Statement]:
    """Return the `go` statements of a Go text, in their order. Whatever the text, in time linear in it."""
    return [statement for statement, _ in read(text).statements]


def statement_at(text: str, line: int) -> Statement | None:
    """Return the first statement that begins on a line: whether what debug=2 ends with is `created by`, or main itself."""
    return next((s for s in statements(text) if s.line == line), None)


def started_by(root: Root, texts: Mapping[str, str]) -> list[Start]:
    """Return what may have started a goroutine, by file and line; one is certain, several are not, none is not known.

    The texts are those of the user's own packages by path, that of the root's file among them. What a library starts by
    an interface that it was given (http.Handler) is not found.
    """
    if len(root.function) > LONGEST_NAME:
        return []
    name = root.function.removesuffix(METHOD_VALUE)
    if WRAPPER.search(name):
        found = _around(root, texts.get(root.file, ""))
    elif is_closure(name):
        found = _of_closure(root, texts)
    else:
        found = _of_named(root._replace(function=name), texts)
    return sorted(set(found))


def _around(root: Root, text: str) -> Iterable[Start]:
    """The compiler's wrapper has a line of the statement, not always the first."""
    inside = [s.line for s in statements(text) if s.line <= root.line <= s.end]
    return [Start(root.file, line, "go") for line in inside if line == max(inside)]


def _of_closure(root: Root, texts: Mapping[str, str]) -> Iterator[Start]:
    code = read(texts.get(root.file, ""))
    for closure in _closures(code, root):
        statement = code.called_in_place.get(closure.at)
        if not statement:
            yield from _of_kept(code, closure, root, texts)
        elif root.direct:
            yield Start(root.file, statement.line, "go")


def _closures(code: Code, root: Root) -> list[Closure]:
    """Return the closures a name and a line can mean; their depth in the name decides where a line is of several."""
    if root.start_line:
        found = [c for c in code.closures if c.line == root.start_line]
    else:
        found = _of_line(code.closures, root.line)
    tail = CLOSURE.search(root.function)
    depth = len(DEPTH.findall(tail[0])) if tail else 0
    named = [c for c in found if c.depth == depth]
    return named or found


def _of_line(closures: list[Closure], line: int) -> list[Closure]:
    """Return the innermost closure around a line, and those that begin or end on it: a line may be of either then."""
    around = [c for c in closures if c.line <= line <= c.end_line]
    surely = [i for i, c in enumerate(around) if c.line < line < c.end_line]
    return around[surely[-1] if surely else 0 :]


def _of_kept(code: Code, closure: Closure, root: Root, texts: Mapping[str, str]) -> list[Start]:
    """Return what starts a closure that has a name, or is handed over where it stands."""
    handed = Start(root.file, closure.line, "handed")
    kept = ASSIGNED.search(code.text, max(0, closure.at - LONGEST_LEFT), closure.at)
    if not kept:
        return [handed]
    if kept["dot"] or kept["how"] == ":":
        field, here = _Named(kept["name"], selected=True), _beside(root.file, texts)
        return [handed, *(s for path in here for s in _uses(path, texts[path], field, root.direct))]
    return _of_variable(root, kept["name"], closure, texts) or [handed]


def _of_variable(root: Root, name: str, closure: Closure, texts: Mapping[str, str]) -> list[Start]:
    """Return what starts the closure in a variable: of the function around it, else of the package."""
    code = read(texts[root.file])
    here = code.top_level(closure.at)
    uses = (s for path in _beside(root.file, texts) for s in _uses(path, texts[path], _Named(name), root.direct))
    if not here:
        return list(uses)
    first, behind = here
    return [s for s in uses if s.file == root.file and first <= s.line < behind]


def _beside(file: str, texts: Mapping[str, str]) -> list[str]:
    return [path for path in texts if _folder(path) == _folder(file)]


def _folder(path: str) -> str:
    return posixpath.dirname(path.replace("\\", "/"))


class _Named(NamedTuple):
    """What a function is called by in one text."""

    name: str
    selected: bool = False
    """A method or a field: from whatever it is selected."""
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
    clause = PACKAGE.search(read(declaring).text)
    own = clause[1] if clause else guess(package)
    names = [name or own for name, path in read(text).imports if path == package]
    return frozenset("" if name == "." else name for name in names)


def _uses(path: str, text: str, named: _Named, direct: bool) -> Iterator[Start]:
    """Return the statements that call a function, and the lines that hand it over."""
    if direct:
        yield from (
            Start(path, s.line, "go") for s in statements(text) if s.called == named.name and _is(s.of, named, text)
        )
    code = read(text)
    yield from (Start(path, code.line(at), "handed") for at in _handed(code, named))


def _is(of: str, named: _Named, text: str) -> bool:
    return bool(of) and of not in read(text).packages if named.selected else of in named.of


def _handed(code: Code, named: _Named) -> Iterator[int]:
    """Return where a function is named without being called."""
    clause = PACKAGE.search(code.text)  # `package main` hands no function main over
    for found in re.compile(rf"(?<!\w){named.name}(?!\w)").finditer(code.text, clause.end() if clause else 0):
        if _is(_selected_from(code.text, found.start()), named, code.source) and code.is_value(found.end()):
            yield found.start()


def _selected_from(text: str, at: int) -> str:
    """Return what a name is selected from, as `Statement.of` has it."""
    if text[at - 1 : at] != ".":
        return ""
    before = LAST_NAME.search(text, max(0, at - 1 - LONGEST_LEFT), at - 1)
    return before[0] if before else EXPRESSION
