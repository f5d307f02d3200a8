"""A source file that is edited as people do, commit by commit, and of which it is known where every line really is."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import random

REPEATED = ("b := next()", "kept = append(kept, b)", "if b == nil { return }", "count++")
"""Statements that stand many times in a file."""


class Line(NamedTuple):
    number: int
    """Its own, as long as nobody changes it."""
    text: str


class Function(NamedTuple):
    name: str
    head: Line
    body: list[Line]


class Recorded(NamedTuple):
    """A line as a profile of one version has it."""

    number: int
    line: int
    function: str
    start: int


class Program:
    """A file of Go or Python as it is now; `edit` makes the next version."""

    def __init__(self, dice: random.Random, *, is_go: bool) -> None:
        self.dice, self.is_go = dice, is_go
        self._next = itertools.count(1)
        self.top = [self._line("package main" if is_go else "import os"), self._line("")]
        self.functions = [self._function() for _ in range(dice.randint(4, 10))]

    def _line(self, text: str) -> Line:
        return Line(next(self._next), text)

    def _statement(self) -> Line:
        if self.dice.random() < 0.3:
            return self._line(f"\t{self.dice.choice(REPEATED)}")
        return self._line(f"\tx = grow({next(self._next)})")

    def _function(self) -> Function:
        name = f"f{next(self._next)}"
        head = self._line(f"func {name}() {{" if self.is_go else f"def {name}():")
        return Function(name, head, [self._statement() for _ in range(self.dice.randint(2, 12))])

    def lines(self) -> list[Line]:
        """Return all lines of the file."""
        end = ["}", ""] if self.is_go else ["", ""]
        found = list(self.top)
        for function in self.functions:
            found += [function.head, *function.body, *(Line(0, text) for text in end)]
        return found

    def text(self) -> str:
        return "\n".join(line.text for line in self.lines())

    def where(self) -> dict[int, int]:
        """Return where each line is (1-based) by its number."""
        return {line.number: at for at, line in enumerate(self.lines(), 1) if line.number}

    def recorded(self) -> list[Recorded]:
        """Return the lines that a profile of this version may have: those whose text is unique."""
        where = self.where()
        return [
            Recorded(line.number, where[line.number], function.name, where[function.head.number])
            for function in self.functions
            for line in function.body
            if line.text.strip() not in REPEATED
        ]

    def edit(self) -> None:
        """Change some places, as one commit does."""
        for _ in range(self.dice.randint(1, 4)):
            kind = self.dice.choice(
                ("insert", "insert", "delete", "replace", "replace", "above", "function_new", "gone", "move")
            )
            getattr(self, f"_{kind}")(self.dice.choice(self.functions))

    def _insert(self, of: Function) -> None:
        at = self.dice.randint(0, len(of.body))
        of.body[at:at] = [self._statement() for _ in range(self.dice.randint(1, 3))]

    def _delete(self, of: Function) -> None:
        if len(of.body) > 1:
            del of.body[self.dice.randrange(len(of.body))]

    def _replace(self, of: Function) -> None:
        of.body[self.dice.randrange(len(of.body))] = self._statement()

    def _above(self, _of: Function) -> None:
        self.top.append(self._line(f"// note {next(self._next)}" if self.is_go else f"# note {next(self._next)}"))

    def _function_new(self, of: Function) -> None:
        self.functions.insert(self._function_at(of), self._function())

    def _function_at(self, of: Function) -> int:
        return next(i for i, one in enumerate(self.functions) if one is of)

    def _gone(self, of: Function) -> None:
        if len(self.functions) > 2:
            del self.functions[self._function_at(of)]

    def _move(self, of: Function) -> None:
        del self.functions[self._function_at(of)]
        self.functions.insert(self.dice.randint(0, len(self.functions)), of)
