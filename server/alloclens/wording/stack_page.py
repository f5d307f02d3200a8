"""The page of call stacks through a line, as plain text: each frame with its file:line, which editors can follow."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from alloclens.printable import printable, rows
from alloclens.stats.amount import Amount
from alloclens.wording.amounts import amount, difference, share
from alloclens.wording.drift import LINE_CHANGED
from alloclens.wording.kinds import quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison

UNSURE = "~ perhaps"
INDENT, GAP = "    ", "  "
NAMELESS = "?"
MAX_COLUMN_CHARACTERS = (60, 90)
"""The columns of functions and of files; a longer text pushes the rest of its row to the right."""
MIN_FOLDED_FRAMES = 2
"""A single frame needs no more room than the row that would replace it."""


class WrittenFrame(NamedTuple):
    """A frame of a stack and where it is."""

    function: str
    file: str
    """Absolute if it has a place here, else as recorded."""
    line: int
    """1-based; 0 where unknown."""
    note: str = ""
    """Why it has no place here, or that the place is unsure."""
    placed: bool = False
    """Whether it has a place here."""


class Written(NamedTuple):
    """A stack, leaf first."""

    weight: Amount
    frames: Sequence[WrittenFrame]
    passing: Sequence[Amount]
    """The part of the line's amount that reaches each frame by the same path from the root."""


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
    """The row after its last frame."""
    functions: list[str]
    """The function of each frame that has a row; "" if it has no name."""
    stack: list[str]
    """All named functions of the stack, root first."""


class PageRows(NamedTuple):
    """What is on which row of a page."""

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
    lines, links, blocks = [title, _compared(comparison, whole)], list[Link](), list[StackRows]()
    above: Sequence[FrameRow] = ()
    for number, stack in enumerate(stacks, 1):
        every = [_row(frame, weight, comparison) for frame, weight in zip(stack.frames, stack.passing, strict=True)]
        shown, folded = _shown(every, above)
        lines += ["", f"{number}. {_weight(stack.weight, whole, comparison)}"]
        heading, widths = len(lines) - 1, _widths(shown)
        for frame, row in zip(stack.frames, shown, strict=False):
            if frame.placed:
                begin = len(INDENT) + max(len(row.name), widths[0]) + len(GAP)
                links.append(Link(len(lines), begin, begin + len(row.where), frame.file, frame.line))
            lines.append(_line(row, widths))
        lines += [f"{INDENT}… {folded} frames as above"] if folded else []
        names = [frame.function if _name(frame) != NAMELESS else "" for frame in stack.frames]
        blocks.append(StackRows(heading, len(lines), names[: len(shown)], [n for n in reversed(names) if n]))
        above = every
    if more:
        rest = _rest(whole, [stack.weight for stack in stacks])
        lines += ["", f"The other stacks together: {_weight(rest, whole, comparison)}"]
    return Page(rows((*lines, "")), PageRows(links, blocks))


def together(pages: Sequence[Page]) -> Page:
    """Return one page of several: those of a line in each kind of profile."""
    text, links, blocks = "", list[Link](), list[StackRows]()
    for part in pages:
        text += "\n" * bool(text)
        above = text.count("\n")
        links += [link._replace(row=link.row + above) for link in part.rows.links]
        blocks += [block._replace(heading=block.heading + above, end=block.end + above) for block in part.rows.stacks]
        text += part.text
    return Page(text, PageRows(links, blocks))


def _rest(whole: Amount, shown: Sequence[Amount]) -> Amount:
    value = whole.value - sum(part.value for part in shown)
    grown = [part.growth for part in shown if part.growth is not None]
    if whole.growth is None or len(grown) < len(shown):
        return Amount(value)
    return Amount(value, whole.growth - sum(grown))


def not_here(reason: str) -> str:
    """Return the note of a frame that has no place here."""
    return f"(not here: {reason})"


def gone(line: int) -> str:
    """Say why a line of a file that was found has no place in it."""
    if line < 1:
        return "no line is recorded"
    return LINE_CHANGED


def _compared(comparison: Comparison, whole: Amount) -> str:
    """Return the sample type, base and head, and the amount through the line."""
    kind, head = comparison.sample_type, comparison.head.name
    pair = f"{comparison.base.name} → {head}" if comparison.base else head
    through = f"{quantity(whole.value, comparison)}{_growth(whole, comparison)} through this line"
    return f"{kind.type}, {pair}: {through}, {share(whole.value, comparison.total)} of all"


def _weight(part: Amount, whole: Amount, comparison: Comparison) -> str:
    unit = comparison.sample_type.unit
    return f"{amount(part.value, unit)}, {share(part.value, whole.value)}{_growth(part, comparison)}"


def _growth(weight: Amount, comparison: Comparison) -> str:
    return difference(weight, comparison.sample_type.unit) if comparison.base else ""


def _row(frame: WrittenFrame, weight: Amount, comparison: Comparison) -> FrameRow:
    where = printable(f"{frame.file}:{frame.line}") if frame.file else "no file"
    much = f"{amount(weight.value, comparison.sample_type.unit)}{_growth(weight, comparison)}"
    return FrameRow(_name(frame), where, much, frame.note)


def _shown(frames: Sequence[FrameRow], above: Sequence[FrameRow]) -> tuple[Sequence[FrameRow], int]:
    """Return the frames of a stack that get a row, and the number of the others, which also end the stack above."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(frames[::-1], above[::-1], strict=False)))
    folded = min(same, len(frames) - 1)
    return (frames[: len(frames) - folded], folded) if folded >= MIN_FOLDED_FRAMES else (frames, 0)


def _widths(frames: Sequence[FrameRow]) -> tuple[int, int]:
    """Return the widths of the columns of functions and files."""
    longest = (max((len(row[column]) for row in frames), default=0) for column in range(2))
    name, where = map(min, longest, MAX_COLUMN_CHARACTERS)
    return name, where


def _line(row: FrameRow, widths: tuple[int, int]) -> str:
    note = f"{GAP}{row.note}" if row.note else ""
    return f"{INDENT}{row.name:<{widths[0]}}{GAP}{row.where:<{widths[1]}}{GAP}{row.much}{note}"


def _name(frame: WrittenFrame) -> str:
    return re.sub(r"\s+", " ", printable(frame.function)).strip() or NAMELESS
