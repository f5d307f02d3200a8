"""A page of call stacks, read back: where its frames lead, and the functions of its stacks."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from alloclens.wording.stack_page import AS_ABOVE, NAMELESS, UNSURE

if TYPE_CHECKING:
    from collections.abc import Sequence

PLACED = re.compile(
    rf" {{4}}(?:\S| (?! ))* {{2,}}(?P<at>(?P<file>(?:/|[A-Za-z]:[\\/]).*):(?P<line>[1-9]\d{{0,9}})) {{2,}}[^\s()]+(?: \([+-]\S+\))?(?:  {UNSURE})?"
)
"""A function's name never has two spaces in a row, and a file with a note that it is not here ends otherwise."""
FRAME = re.compile(r" {4}(?P<name>(?:\S| (?! ))+) {2,}\S.*")
FOLDED = re.compile(rf" {{4}}… (?P<many>\d{{1,9}}) {AS_ABOVE}")
HEADING = re.compile(r"\d+\. .*")


class Link(NamedTuple):
    """A file:line in a page."""

    row: int
    """0-based."""
    begin: int
    end: int
    """Characters of the row."""
    file: str
    line: int
    """1-based."""


class Read(NamedTuple):
    """A stack of a page, from its heading on."""

    rows: range
    """0-based."""
    functions: dict[int, str]
    """By row; "?" where it has no name."""
    names: list[str]
    """Of the whole stack, leaf first."""

    @property
    def known(self) -> list[str]:
        """The functions that have a name, from the root to the leaf."""
        return [name for name in self.names[::-1] if name != NAMELESS]


def links(lines: Sequence[str]) -> list[Link]:
    """Return each file:line of a page that has a place here."""
    found = ((row, PLACED.fullmatch(line)) for row, line in enumerate(lines))
    return [Link(row, one.start("at"), one.end("at"), one["file"], int(one["line"])) for row, one in found if one]


def stacks(lines: Sequence[str]) -> list[Read]:
    """Return the stacks of a page."""
    found: list[Read] = []
    for heading in (row for row, line in enumerate(lines) if HEADING.fullmatch(line)):
        below = takewhile(lambda row: lines[row].startswith("    "), range(heading + 1, len(lines)))
        rows = range(heading, max(below, default=heading) + 1)
        found.append(_stack(lines, rows, found[-1].names if found else []))
    return found


def _stack(lines: Sequence[str], rows: range, above: list[str]) -> Read:
    shown = ((row, FRAME.fullmatch(lines[row])) for row in rows[1:])
    functions = {row: one["name"] for row, one in shown if one}
    folded = FOLDED.fullmatch(lines[rows[-1]])
    rest = above[max(len(above) - int(folded["many"]), 0) :] if folded else []
    return Read(rows, functions, [*functions.values(), *rest])
