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
from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import unquote

from alloclens.source.declarations import CLOSURE, LONGEST_NAME, is_closure, outer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

TOKEN = re.compile(
    r"//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|`[^`]*`?"
    r'|"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"?'
    r"|'[^'\\\n]*(?:\\[^\n][^'\\\n]*)*'?"
)
"""A comment or a literal. Each ends somewhere, so that no text is searched twice."""
BRACKET = re.compile(r"[()\[\]{}]")
CLOSING = {")": "(", "]": "[", "}": "{"}
GO = re.compile(r"(?<![\w.])go(?!\w)")
FUNC = re.compile(r"(?<![\w.\])])(?<!\) )func[ \t]*(?=\()")
"""Not after a bracket, where it is a type: `[]func(){…}`, `func f() func() {`."""
NAME = re.compile(r"[^\W\d]\w*")
BLANKS = re.compile(r"[ \t\r]*")
SPACE = re.compile(r"\s*")
RESULT = re.compile(r"[ \t]*(?:(?P<word>[^\W\d]\w*)|\*|<-|\.|(?P<open>[(\[{]))")
LONGEST_RESULT = 16
"""Words of a closure's result type: those of closures within closures would be read again and again."""
VALUE = re.compile(r"[ \t\r]*(?:[,)}\];\n]|\Z)")
"""What follows a function that is handed over, not called."""
ASSIGNED = re.compile(r"(?P<dot>\.?)(?<!\w)(?P<name>[^\W\d]\w*)[ \t]*(?P<how>:?=|:)[ \t]*\Z")
LONGEST_LEFT = 80
"""Characters before a closure or a name in which the one it is kept in or selected from is looked for."""
IMPORT = re.compile(r"^import[ \t]*(?:(?P<open>\()|[^\n]*)", re.MULTILINE)
SPEC = re.compile(r'(?:(?<!\w)(?P<name>[^\W\d]\w*|\.)[ \t]+)?"(?P<path>[^"\n]*)"')
DECLARATION = re.compile(r"^(?:func|var|type|const)\b", re.MULTILINE)
PACKAGE = re.compile(r"^package[ \t]+(\w+)", re.MULTILINE)
VERSION = re.compile(r"(?:/v\d+|\.v\d+)\Z")
DEPTH = re.compile(r"\.(?:func)?\d+")
WRAPPER = re.compile(r"(?:\.gowrap|·dwrap·)\d+\Z")
OTHER_NAME = re.compile(r'(?<![\w.])[^\W\d]\w*(?!\w)(?!\s*[."])')
"""What is not selected from, nor stands before an import's path: a variable, a type."""
LAST_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*\Z")
METHOD_VALUE = "-fm"
EXPRESSION = PARAMETERS = "()"


class Statement(NamedTuple):
    """One `go` statement. All lines are 1-based."""

    line: int
    """Of the word `go`, which debug=2 names."""
    end: int
    """Where the call ends."""
    called: str
    """The last name of what is called, without type arguments; "" of a closure, or where it has none."""
    of: str
    """What the name is selected from: an identifier, "" where it stands alone, `EXPRESSION` for anything longer."""
    literal: int
    """The line of `func`, where a closure is called in place; else 0."""


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
    return [statement for statement, _ in _code(text).statements]


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
    code = _code(texts.get(root.file, ""))
    for closure in _closures(code, root):
        statement = code.called_in_place.get(closure.at)
        if not statement:
            yield from _of_kept(code, closure, root, texts)
        elif root.direct:
            yield Start(root.file, statement.line, "go")


def _closures(code: _Code, root: Root) -> list[_Closure]:
    """Return the closures a name and a line can mean; their depth in the name decides where a line is of several."""
    if root.start_line:
        found = [c for c in code.closures if c.line == root.start_line]
    else:
        found = _of_line(code.closures, root.line)
    tail = CLOSURE.search(root.function)
    depth = len(DEPTH.findall(tail[0])) if tail else 0
    named = [c for c in found if c.depth == depth]
    return named or found


def _of_line(closures: list[_Closure], line: int) -> list[_Closure]:
    """Return the innermost closure around a line, and those that begin or end on it: a line may be of either then."""
    around = [c for c in closures if c.line <= line <= c.end_line]
    surely = [i for i, c in enumerate(around) if c.line < line < c.end_line]
    return around[surely[-1] if surely else 0 :]


def _of_kept(code: _Code, closure: _Closure, root: Root, texts: Mapping[str, str]) -> list[Start]:
    """Return what starts a closure that has a name, or is handed over where it stands."""
    handed = Start(root.file, closure.line, "handed")
    kept = ASSIGNED.search(code.text, max(0, closure.at - LONGEST_LEFT), closure.at)
    if not kept:
        return [handed]
    if kept["dot"] or kept["how"] == ":":
        field, here = _Named(kept["name"], selected=True), _beside(root.file, texts)
        return [handed, *(s for path in here for s in _uses(path, texts[path], field, root.direct))]
    return _of_variable(root, kept["name"], closure, texts) or [handed]


def _of_variable(root: Root, name: str, closure: _Closure, texts: Mapping[str, str]) -> list[Start]:
    """Return what starts the closure in a variable: of the function around it, else of the package."""
    code = _code(texts[root.file])
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
    clause = PACKAGE.search(_code(declaring).text)
    own = clause[1] if clause else _guess(package)
    names = [name or own for name, path in _code(text).imports if path == package]
    return frozenset("" if name == "." else name for name in names)


def _guess(package: str) -> str:
    return VERSION.sub("", package).rpartition("/")[2]


def _uses(path: str, text: str, named: _Named, direct: bool) -> Iterator[Start]:
    """Return the statements that call a function, and the lines that hand it over."""
    if direct:
        yield from (
            Start(path, s.line, "go") for s in statements(text) if s.called == named.name and _is(s.of, named, text)
        )
    code = _code(text)
    yield from (Start(path, code.line(at), "handed") for at in _handed(code, named))


def _is(of: str, named: _Named, text: str) -> bool:
    return bool(of) and of not in _code(text).packages if named.selected else of in named.of


def _handed(code: _Code, named: _Named) -> Iterator[int]:
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


class _Closure(NamedTuple):
    at: int
    line: int
    end_line: int
    depth: int
    """1 in a declared function, 2 in a closure there."""


@lru_cache(64)
def _code(text: str) -> _Code:
    return _Code(text)


class _Code:
    """A text without what comments and literals say, and what is found in it once. Places are offsets in it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = TOKEN.sub(_blank, source)
        self._ends = [found.start() for found in re.finditer("\n", source)]

    def line(self, at: int) -> int:
        return bisect_right(self._ends, at - 1) + 1

    @cached_property
    def closing(self) -> dict[int, int]:
        """Return where each bracket is closed."""
        out: dict[int, int] = {}
        opened: list[int] = []
        for found in BRACKET.finditer(self.text):
            if found[0] not in CLOSING:
                opened.append(found.start())
            elif opened and self.text[opened[-1]] == CLOSING[found[0]]:
                out[opened.pop()] = found.start()
        return out

    def behind(self, at: int) -> int:
        """Return what comes after the brackets that are opened here."""
        return self.closing.get(at, len(self.text)) + 1

    @cached_property
    def statements(self) -> list[tuple[Statement, int]]:
        """Return each statement, and where the closure is that it calls in place, else -1."""
        return [_statement(self, found.start()) for found in GO.finditer(self.text)]

    @cached_property
    def called_in_place(self) -> dict[int, Statement]:
        return {at: statement for statement, at in self.statements if at >= 0}

    @cached_property
    def closures(self) -> list[_Closure]:
        """Return the function literals, in their order."""
        out: list[_Closure] = []
        around: list[int] = []
        for at in (found.start() for found in FUNC.finditer(self.text)):
            while around and around[-1] < at:
                around.pop()
            end = self.behind(body) - 1 if (body := _body(self, at)) >= 0 else -1
            if end >= 0:
                around.append(end)
                out.append(_Closure(at, self.line(at), self.line(end), len(around)))
        return out

    @cached_property
    def imports(self) -> list[tuple[str, str]]:
        """Return the name a package is given here, "" where none is, and its path."""
        out = []
        for found in IMPORT.finditer(self.text):
            end = self.closing.get(found.start("open"), found.end()) if found["open"] else found.end()
            specs = SPEC.finditer(self.text, found.start() + len("import"), end)
            out += [(spec["name"] or "", self.source[slice(*spec.span("path"))]) for spec in specs]
        return out

    @cached_property
    def packages(self) -> set[str]:
        """Return the names of imported packages that are nothing else's in this text."""
        return {name or _guess(path) for name, path in self.imports}.difference(OTHER_NAME.findall(self.text))

    @cached_property
    def _declared(self) -> list[int]:
        return [found.start() for found in DECLARATION.finditer(self.text)]

    def top_level(self, at: int) -> tuple[int, int] | None:
        """Return the first line of the declared function around a place, and the first behind it."""
        row = bisect_right(self._declared, at)
        if not row or not self.text.startswith("func", self._declared[row - 1]):
            return None
        end = self._declared[row] if row < len(self._declared) else len(self.text)
        return self.line(self._declared[row - 1]), self.line(end) + (end == len(self.text))

    def is_value(self, at: int) -> bool:
        """Return whether the name that ends here is a value by itself, type arguments aside."""
        if self.text[at : at + 1] == "[":
            at = self.behind(at)
        return VALUE.match(self.text, at) is not None


def _blank(found: re.Match[str]) -> str:
    """Return as many blanks, with the ends of the lines and the quotes."""
    token = found[0]
    inner = re.sub(r"[^\n]+", lambda part: " " * len(part[0]), token)
    return inner if token[0] == "/" or len(token) < 2 else token[0] + inner[1:-1] + token[0]


def _body(code: _Code, at: int) -> int:
    """Return where the body of a closure begins, -1 where `func` is a type: behind the parameters and the result."""
    at, before = code.behind(code.text.index("(", at)), PARAMETERS
    for _ in range(LONGEST_RESULT):
        found = RESULT.match(code.text, at)
        if not found or (found["open"] == "(" and before not in {"func", PARAMETERS}):
            return -1
        if found["open"] == "{" and before not in {"struct", "interface"}:
            return found.start("open")
        at = code.behind(found.start("open")) if found["open"] else found.end()
        before = PARAMETERS if before == "func" else found["word"] or ""
    return -1


class _Chain(NamedTuple):
    """How far the expression behind `go` is read."""

    at: int
    name: str
    of: str
    closure: int
    """Where it begins with one, -1 where it does not."""
    calls: int = 0
    called: tuple[str, str] = ("", "")


def _statement(code: _Code, go: int) -> tuple[Statement, int]:
    chain = _first(code, _skip(SPACE, code, go + len("go")))
    while (longer := _longer(code, chain)) is not None:
        chain = longer
    closure = chain.closure if chain.calls == 1 else -1
    name, of = chain.called
    literal = code.line(closure) if closure >= 0 else 0
    end = code.line(min(max(chain.at - 1, go), len(code.text)))
    return Statement(code.line(go), end, name, of if name else "", literal), closure


def _skip(what: re.Pattern[str], code: _Code, at: int) -> int:
    found = what.match(code.text, at)
    return found.end() if found else at


def _first(code: _Code, at: int) -> _Chain:
    """Read what the expression begins with."""
    if FUNC.match(code.text, at) and (body := _body(code, at)) >= 0:
        return _Chain(code.behind(body), "", EXPRESSION, at)
    if code.text[at : at + 1] in ("(", "["):
        return _Chain(code.behind(at), "", EXPRESSION, -1)
    name = NAME.match(code.text, at)
    return _Chain(name.end() if name else at, name[0] if name else "", "", -1)


def _longer(code: _Code, chain: _Chain) -> _Chain | None:
    """Read one selector, call, index or list of values more; None where the statement ends."""
    at = _skip(BLANKS, code, chain.at)
    sign = code.text[at : at + 1]
    if sign == ".":
        return _selected(code, chain, _skip(SPACE, code, at + 1))
    if sign == "(":
        behind = code.behind(at)
        return _Chain(behind, "", EXPRESSION, chain.closure, chain.calls + 1, (chain.name, chain.of))
    if sign == "[":
        return chain._replace(at=code.behind(at))
    if sign == "{" and chain.name:
        return chain._replace(at=code.behind(at), name="", of=EXPRESSION)
    return None


def _selected(code: _Code, chain: _Chain, at: int) -> _Chain | None:
    if code.text[at : at + 1] == "(":  # a type assertion
        return chain._replace(at=code.behind(at), name="", of=EXPRESSION)
    found = NAME.match(code.text, at)
    alone = chain.name and not chain.of and code.text[chain.at - 1] != "]"
    return chain._replace(at=found.end(), name=found[0], of=chain.name if alone else EXPRESSION) if found else None
