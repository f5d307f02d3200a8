"""Recorded lines of a file, carried to the text of that file as it is now."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.source.declarations import declared, is_closure, may_be_absent, outer
from alloclens.source.drift import line_map, stays
from alloclens.source.text import split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class Origin(NamedTuple):
    """The text that recorded lines are of."""

    source: str
    """Where it is from, such as "as in git's commit 1234567890ab"; "" where nothing is known of it."""
    text: str | None = None
    """None where `source` says that the file never changes, or is unknown."""
    others: tuple[str, ...] = ()
    """The sources of other texts that the lines may be of as well."""
    doubtful: Bools | None = None
    """For 0 and each line of `text`, whether it is another line in one of the others."""

    def disagrees(self, lines: Ints) -> Bools:
        """Return which lines of the text are other ones in another text that they may be of."""
        if self.doubtful is None:
            return np.zeros(len(lines), np.bool_)
        return self.doubtful[np.where(lines < len(self.doubtful), lines, 0)]


SAME = Origin("a file that never changes")
UNKNOWN = Origin("")


@dataclass(frozen=True, eq=False)
class Marks:
    """Recorded lines of one file, and the functions they are in."""

    line: Ints
    """1-based; 0 where unknown."""
    function: Ints
    """Row number in `names`; -1 where unknown."""
    names: Sequence[str]
    start: Ints
    """Where each of the functions was declared, 1-based; 0 where unknown."""


class Carried(NamedTuple):
    """Where recorded lines are now."""

    line: Ints
    """1-based; 0 where the line is no more, or cannot be told."""
    unsure: Bools


def one_of(fitting: Sequence[Origin]) -> Origin:
    """Return the first of some texts, which are all that the lines may be of; UNKNOWN if there is none."""
    if not fitting:
        return UNKNOWN
    first, others = fitting[0], {one.text: one for one in reversed(fitting[1:]) if one.text != fitting[0].text}
    if not others:
        return first
    doubtful = np.logical_or.reduce([~stays(first.text or "", text or "") for text in others])
    return first._replace(others=tuple(one.source for one in reversed(others.values())), doubtful=doubtful)


def carried(marks: Marks, origin: Origin, now: str) -> Carried:
    """Carry lines to the text as it is now. Those that the texts they may be of disagree on are unsure."""
    line, unsure = _carried(marks, origin, now)
    return Carried(line, (unsure | origin.disagrees(marks.line)) & (line > 0))


def _carried(marks: Marks, origin: Origin, now: str) -> Carried:
    if origin is SAME or origin.text == now:
        line = np.where(marks.line <= len(split_lines(now)), marks.line, 0)
        return Carried(line, np.zeros(len(line), np.bool_))
    if origin.text is None:
        line = _by_function(marks, now)
        return Carried(line, line > 0)
    line, unsure = line_map(origin.text, now).of(marks.line)
    again = _by_text(marks, origin.text, now, np.flatnonzero((line == 0) & (marks.function >= 0)))
    return Carried(np.where(line > 0, line, again), unsure | (again > 0))


def fits(marks: Marks, text: str) -> bool:
    """Return whether a text can be what was profiled: each function is declared where the profile says."""
    told = [(n, s) for n, s in zip(marks.names, marks.start.tolist(), strict=True) if s > 0 and not is_closure(n)]
    return all(start in lines or (not lines and may_be_absent(name, text)) for name, start, lines in _found(told, text))


def _found(told: list[tuple[str, int]], text: str) -> Iterator[tuple[str, int, list[int]]]:
    return ((name, start, declared(text, name)) for name, start in told)


def _by_function(marks: Marks, now: str) -> Ints:
    """Find each function again by its name, and in it the line as far from its declaration as it was.

    A line of a function whose declaration was not recorded stays where it is, if it is still in that function.
    """
    found = [_extent(now, name) for name in (*marks.names, "")]  # the last one is for function -1
    first, last = np.array(found, np.int64).T
    told = zip(marks.names, marks.start.tolist(), strict=True)
    starts = {outer(name): start for name, start in told if start > 0 and not is_closure(name)}
    then = np.array([starts.get(outer(name), 0) for name in marks.names] + [0])
    shift = np.where(then > 0, first - then, 0)[marks.function]
    line = marks.line + shift
    inside = (line >= first[marks.function]) & (line <= last[marks.function])
    return np.where((marks.line > 0) & inside, line, 0)


def _by_text(marks: Marks, then: str, now: str, spots: Ints) -> Ints:
    """Find these lines again as the only one of their text in their function, then and now."""
    out = np.zeros(len(marks.line), np.int64)
    before, after = split_lines(then), split_lines(now)
    for spot in spots.tolist():
        name, line = marks.names[marks.function[spot]], int(marks.line[spot])
        text = before[line - 1].strip() if 0 < line <= len(before) else ""
        old, new = (_only(lines, text, _extent(whole, name)) for lines, whole in ((before, then), (after, now)))
        out[spot] = new if old == line and text else 0
    return out


def _only(lines: Sequence[str], text: str, extent: tuple[int, int]) -> int:
    """Return the one line (1-based) of a stretch with this text; 0 where there is none or more."""
    first, last = extent
    same = [n for n in range(first, last + 1) if lines[n - 1].strip() == text]
    return same[0] if len(same) == 1 else 0


def _extent(text: str, function: str) -> tuple[int, int]:
    """Return the first and last line (1-based) of a function that is declared once; (1, 0) of any other."""
    lines = declared(text, function) if function else []
    return (lines[0], _end(text, lines[0])) if len(lines) == 1 else (1, 0)


def _end(text: str, declaration: int) -> int:
    """Return the last line (1-based) of the function declared on a line: what follows it indented, and the closing one."""
    lines = split_lines(text)
    indent = len(lines[declaration - 1]) - len(lines[declaration - 1].lstrip())
    for number, line in enumerate(lines[declaration:], declaration + 1):
        if line.strip() and len(line) - len(line.lstrip()) <= indent and not OPENS.match(line):
            return number if CLOSES.match(line) else number - 1
    return len(lines)


OPENS = re.compile(r"\s*[{)\]]|\s*(?:#|//)")
"""What follows a declaration without being the next one: its brace, the end of its parameters, a comment."""
CLOSES = re.compile(r"\s*\}|\s*end\b")
