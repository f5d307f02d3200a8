"""The stacks through a line as a text for any editor: each frame with its file:line, which editors can follow."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from alloclens.wording.units import amount, change, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.analysis.comparison import Comparison

UNSURE = "~ perhaps"
WIDEST = 60
"""Characters of a function's column; longer names push their file to the right."""
FEWEST_FOLDED = 2
"""Frames as above: one takes no more room than the words that stand for it."""


class Spot(NamedTuple):
    """A frame of a stack and where it is."""

    function: str
    file: str
    """Absolute if it has a place here, else as recorded."""
    line: int
    """1-based; 0 where unknown."""
    note: str = ""
    """Why it has no place here, or how sure that is."""


class Weight(NamedTuple):
    """What goes through something."""

    value: int
    """At the head."""
    growth: int


class Written(NamedTuple):
    """A stack, leaf first."""

    weight: Weight
    spots: Sequence[Spot]


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


def page(title: str, comparison: Comparison, whole: Weight, stacks: Sequence[Written], more: bool = False) -> str:
    """Write a page: what is compared, then each stack, heaviest first. `more` if these are not all of the whole."""
    rows = [_plain(title), _compared(comparison, whole)]
    above: Sequence[Spot] = ()
    for number, stack in enumerate(stacks, 1):
        rows += ["", f"{number}. {_weight(stack.weight, whole, comparison)}", *_frames(stack.spots, above)]
        above = stack.spots
    if more:
        value, growth = (sum(column) for column in zip(*(stack.weight for stack in stacks), strict=True))
        rest = Weight(whole.value - value, whole.growth - growth)
        rows += ["", f"The other stacks together: {_weight(rest, whole, comparison)}"]
    return "\n".join((*rows, ""))


def links(lines: Sequence[str]) -> list[Link]:
    """Return each file:line of a page that has a place here."""
    found = ((row, PLACED.fullmatch(line)) for row, line in enumerate(lines))
    return [Link(row, one.start("at"), one.end("at"), one["file"], int(one["line"])) for row, one in found if one]


def not_here(reason: str) -> str:
    """Return the note of a frame that has no place here."""
    return f"(not here: {_plain(reason)})"


def gone(line: int) -> str:
    """Say why a line of a file that is here has no place in it."""
    if line < 1:
        return "no line is recorded"
    return "the line was changed or deleted since"


PLACED = re.compile(
    rf" {{4}}(?:\S| (?! ))* {{2,}}(?P<at>(?P<file>(?:/|[A-Za-z]:[\\/]).*):(?P<line>[1-9]\d{{0,9}}))(?:  {UNSURE})?"
)
"""A function's name never has two spaces in a row, and a file with a note that it is not here ends otherwise."""


def _compared(comparison: Comparison, whole: Weight) -> str:
    """Say sample type, base and head, and what goes through the line."""
    kind, head = comparison.sample_type, comparison.head.name
    pair = f"{comparison.base.name} → {head}" if comparison.base else head
    much = f"{amount(whole.value, kind.unit)}{_growth(whole, comparison)} through this line"
    return f"{kind.type}, {_plain(pair)}: {much}, {share(whole.value, comparison.total)} of all"


def _weight(one: Weight, whole: Weight, comparison: Comparison) -> str:
    unit = comparison.sample_type.unit
    return f"{amount(one.value, unit)}, {share(one.value, whole.value)}{_growth(one, comparison)}"


def _growth(one: Weight, comparison: Comparison) -> str:
    return f" {change(one.growth, comparison.sample_type.unit)}" if comparison.base and one.growth else ""


def _frames(spots: Sequence[Spot], above: Sequence[Spot]) -> Iterator[str]:
    """Write the frames of a stack, but for those on the side of main that the stack above ends with, too."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(spots[::-1], above[::-1], strict=False)))
    folded = min(same, len(spots) - 1)
    shown = spots[: len(spots) - folded] if folded >= FEWEST_FOLDED else spots
    width = min(max((len(_name(spot)) for spot in shown), default=0), WIDEST)
    yield from (_frame(spot, width) for spot in shown)
    if len(shown) < len(spots):
        yield f"    … {folded} frames as above"


def _frame(spot: Spot, width: int) -> str:
    where = f"{_plain(spot.file)}:{spot.line}" if spot.file else "no file"
    return f"    {_name(spot):<{width}}  {where}{f'  {spot.note}' if spot.note else ''}"


def _name(spot: Spot) -> str:
    return re.sub(" +", " ", _plain(spot.function)).strip() or "?"


def _plain(text: str) -> str:
    """Return a name from a profile as a part of one row: it cannot begin another."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
