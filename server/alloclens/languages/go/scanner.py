"""A Go text, read as far as its `go` statements, closures and imports need: brackets and names, no grammar.

In time linear in the text, whatever it holds. Source: Go's language specification.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import NamedTuple

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
IMPORT = re.compile(r"^import[ \t]*(?:(?P<open>\()|[^\n]*)", re.MULTILINE)
SPEC = re.compile(r'(?:(?<!\w)(?P<name>[^\W\d]\w*|\.)[ \t]+)?"(?P<path>[^"\n]*)"')
DECLARATION = re.compile(r"^(?:func|var|type|const)\b", re.MULTILINE)
VERSION = re.compile(r"(?:/v\d+|\.v\d+)\Z")
OTHER_NAME = re.compile(r'(?<![\w.])[^\W\d]\w*(?!\w)(?!\s*[."])')
"""What is not selected from, nor stands before an import's path: a variable, a type."""
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


class Closure(NamedTuple):
    at: int
    line: int
    end_line: int
    depth: int
    """1 in a declared function, 2 in a closure there."""


@lru_cache(64)
def read(text: str) -> Code:
    return Code(text)


class Code:
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
    def closures(self) -> list[Closure]:
        """Return the function literals, in their order."""
        out: list[Closure] = []
        around: list[int] = []
        for at in (found.start() for found in FUNC.finditer(self.text)):
            while around and around[-1] < at:
                around.pop()
            end = self.behind(body) - 1 if (body := _body(self, at)) >= 0 else -1
            if end >= 0:
                around.append(end)
                out.append(Closure(at, self.line(at), self.line(end), len(around)))
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
        return {name or guess(path) for name, path in self.imports}.difference(OTHER_NAME.findall(self.text))

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


def _body(code: Code, at: int) -> int:
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


def _statement(code: Code, go: int) -> tuple[Statement, int]:
    chain = _first(code, _skip(SPACE, code, go + len("go")))
    while (longer := _longer(code, chain)) is not None:
        chain = longer
    closure = chain.closure if chain.calls == 1 else -1
    name, of = chain.called
    literal = code.line(closure) if closure >= 0 else 0
    end = code.line(min(max(chain.at - 1, go), len(code.text)))
    return Statement(code.line(go), end, name, of if name else "", literal), closure


def _skip(what: re.Pattern[str], code: Code, at: int) -> int:
    found = what.match(code.text, at)
    return found.end() if found else at


def _first(code: Code, at: int) -> _Chain:
    """Read what the expression begins with."""
    if FUNC.match(code.text, at) and (body := _body(code, at)) >= 0:
        return _Chain(code.behind(body), "", EXPRESSION, at)
    if code.text[at : at + 1] in ("(", "["):
        return _Chain(code.behind(at), "", EXPRESSION, -1)
    name = NAME.match(code.text, at)
    return _Chain(name.end() if name else at, name[0] if name else "", "", -1)


def _longer(code: Code, chain: _Chain) -> _Chain | None:
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


def _selected(code: Code, chain: _Chain, at: int) -> _Chain | None:
    if code.text[at : at + 1] == "(":  # a type assertion
        return chain._replace(at=code.behind(at), name="", of=EXPRESSION)
    found = NAME.match(code.text, at)
    alone = chain.name and not chain.of and code.text[chain.at - 1] != "]"
    return chain._replace(at=found.end(), name=found[0], of=chain.name if alone else EXPRESSION) if found else None


def guess(package: str) -> str:
    return VERSION.sub("", package).rpartition("/")[2]
