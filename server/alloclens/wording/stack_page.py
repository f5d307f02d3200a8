"""The stacks through a line as a text for any editor: each frame with its file:line, which editors can follow."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from alloclens.printable import printable, rows
from alloclens.stats.amount import Amount
from alloclens.wording.amounts import amount, difference, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison

UNSURE = "~ perhaps"
INDENT, GAP = "    ", "  "
NAMELESS = "?"
WIDEST = (60, 90)
"""Characters of the columns of functions and files; what is longer pushes the rest to the right."""
FEWEST_FOLDED = 2
"""Frames as above: one takes no more room than the words that stand for it."""


class FrameSpot(NamedTuple):
    """A frame of a stack and where it is."""

    function: str
    file: str
    """Absolute if it has a place here, else as recorded."""
    line: int
    """1-based; 0 where unknown."""
    note: str = ""
    """Why it has no place here, or how sure that is."""
    placed: bool = False
    """Whether it has a place here."""


class Written(NamedTuple):
    """A stack, leaf first."""

    weight: Amount
    spots: Sequence[FrameSpot]
    passing: Sequence[Amount]
    """What of the line goes through each spot, from the root by the same way."""


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


class StackRows(NamedTuple):
    """The rows of a stack in a page."""

    heading: int
    """0-based; the frames follow it."""
    end: int
    """The row behind the last one."""
    functions: list[str]
    """Of each frame that has a row; "" if it has no name."""
    stack: list[str]
    """The functions of the whole stack that have a name, from the root to the leaf."""


class PageRows(NamedTuple):
    """What the rows of a page are about."""

    links: list[Link]
    stacks: list[StackRows]


class Page(NamedTuple):
    """A page of call stacks."""

    text: str
    rows: PageRows


class FrameRow(NamedTuple):
    """A frame in words."""

    name: str
    where: str
    much: str
    note: str


def page(title: str, comparison: Comparison, whole: Amount, stacks: Sequence[Written], more: bool = False) -> Page:
    """Write a page: what is compared, then each stack, heaviest first. `more` if these are not all of the whole."""
    lines, said = [title, _compared(comparison, whole)], PageRows([], [])
    above: Sequence[FrameRow] = ()
    for number, stack in enumerate(stacks, 1):
        frames = [_row(*one, comparison) for one in zip(stack.spots, stack.passing, strict=True)]
        shown, folded = _shown(frames, above)
        lines += ["", f"{number}. {_weight(stack.weight, whole, comparison)}"]
        heading, widths = len(lines) - 1, _widths(shown)
        for spot, frame in zip(stack.spots, shown, strict=False):
            if spot.placed:
                begin = len(INDENT) + max(len(frame.name), widths[0]) + len(GAP)
                said.links.append(Link(len(lines), begin, begin + len(frame.where), spot.file, spot.line))
            lines.append(_line(frame, widths))
        lines += [f"{INDENT}… {folded} frames as above"] if folded else []
        names = [spot.function if _name(spot) != NAMELESS else "" for spot in stack.spots]
        said.stacks.append(StackRows(heading, len(lines), names[: len(shown)], [n for n in reversed(names) if n]))
        above = frames
    if more:
        rest = _rest(whole, [stack.weight for stack in stacks])
        lines += ["", f"The other stacks together: {_weight(rest, whole, comparison)}"]
    return Page(rows((*lines, "")), said)


def _rest(whole: Amount, shown: Sequence[Amount]) -> Amount:
    grown = [one.growth for one in shown if one.growth is not None]
    said = whole.growth is not None and len(grown) == len(shown)
    return Amount(whole.value - sum(one.value for one in shown), (whole.growth or 0) - sum(grown) if said else None)


def not_here(reason: str) -> str:
    """Return the note of a frame that has no place here."""
    return f"(not here: {reason})"


def gone(line: int) -> str:
    """Say why a line of a file that is here has no place in it."""
    if line < 1:
        return "no line is recorded"
    return "the line was changed or deleted since"


def _compared(comparison: Comparison, whole: Amount) -> str:
    """Say sample type, base and head, and what goes through the line."""
    kind, head = comparison.sample_type, comparison.head.name
    pair = f"{comparison.base.name} → {head}" if comparison.base else head
    much = f"{amount(whole.value, kind.unit)}{_growth(whole, comparison)} through this line"
    return f"{kind.type}, {pair}: {much}, {share(whole.value, comparison.total)} of all"


def _weight(one: Amount, whole: Amount, comparison: Comparison) -> str:
    unit = comparison.sample_type.unit
    return f"{amount(one.value, unit)}, {share(one.value, whole.value)}{_growth(one, comparison)}"


def _growth(one: Amount, comparison: Comparison) -> str:
    return difference(one, comparison.sample_type.unit) if comparison.base else ""


def _row(spot: FrameSpot, weight: Amount, comparison: Comparison) -> FrameRow:
    where = printable(f"{spot.file}:{spot.line}") if spot.file else "no file"
    much = f"{amount(weight.value, comparison.sample_type.unit)}{_growth(weight, comparison)}"
    return FrameRow(_name(spot), where, much, spot.note)


def _shown(frames: Sequence[FrameRow], above: Sequence[FrameRow]) -> tuple[Sequence[FrameRow], int]:
    """Return the frames of a stack that get a row, and how many do not: those that the stack above ends with, too."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(frames[::-1], above[::-1], strict=False)))
    folded = min(same, len(frames) - 1)
    return (frames[: len(frames) - folded], folded) if folded >= FEWEST_FOLDED else (frames, 0)


def _widths(frames: Sequence[FrameRow]) -> tuple[int, int]:
    """Return the widths of the columns of functions and files."""
    name, where = (min(max((len(row[i]) for row in frames), default=0), most) for i, most in enumerate(WIDEST))
    return name, where


def _line(row: FrameRow, widths: tuple[int, int]) -> str:
    note = f"{GAP}{row.note}" if row.note else ""
    return f"{INDENT}{row.name:<{widths[0]}}{GAP}{row.where:<{widths[1]}}{GAP}{row.much}{note}"


def _name(spot: FrameSpot) -> str:
    return re.sub(r"\s+", " ", printable(spot.function)).strip() or NAMELESS
