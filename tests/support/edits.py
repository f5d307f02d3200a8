"""A text under edit whose every line is known by a number of its own: where each line really is, whatever it looks like.

What two texts alone cannot tell is left out by one rule: an edit that a smaller one could have made into the same text is
taken back. Delete one of two equal lines and paste a copy where the other was: whoever has only the two texts sees one line
inserted. So of all the lines of the first text, those that stayed in order must be as many as can have stayed in order: as
many as a longest common subsequence of the two texts has. Everything else is allowed, moved blocks with repeated lines in
them, too.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

ENDS = ("\n", "\r\n", "\r")
INSIDE = ("\f", "\u2028", "\x0b\x1c", "é€𝄞", "\x85")
"""None of these ends a line for an editor, though some do for str.splitlines."""
REPEATED = ("}", "", "\treturn nil", "\tkept = append(kept, b)", "\t}", "\tif err != nil {")
KINDS = ("insert", "copy", "delete", "replace", "move", "indent", "ends", "inside", "split")


class Edited:
    """Lines with numbers. The first text has 1, 2, 3 and so on."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._number = itertools.count(1)
        self.first = tuple(texts)
        self.lines = [(next(self._number), text) for text in texts]
        self.end = "\n"

    @property
    def text(self) -> str:
        return self.end.join(text for _, text in self.lines)

    @property
    def where(self) -> dict[int, int]:
        """Where each line of the first text is now (1-based); without those that were changed or deleted."""
        return {number: place for place, (number, _) in enumerate(self.lines, 1) if number <= len(self.first)}

    def edit(self, kind: str, at: int, to: int, count: int) -> None:
        """Do one thing to some lines; nothing, if a smaller edit could have made the same text."""
        before = list(self.lines)
        length = len(self.lines)
        getattr(self, f"_{kind}")(at % length, to % length, 1 + count % min(4, length))
        if not self.lines or not self.is_smallest():
            self.lines = before

    def is_smallest(self) -> bool:
        """Whether no smaller edit of the first text makes this one."""
        stayed = longest_rising([number for number, _ in self.lines if number <= len(self.first)])
        return stayed == longest_common(
            *([t.strip() for t in texts] for texts in (self.first, [t for _, t in self.lines]))
        )

    def _fresh(self, text: str | None = None) -> tuple[int, str]:
        number = next(self._number)
        return number, f"\tfresh{number}()" if text is None else text

    def _insert(self, at: int, _to: int, count: int) -> None:
        self.lines[at:at] = [self._fresh() for _ in range(count)]

    def _copy(self, at: int, to: int, count: int) -> None:
        self.lines[at:at] = [self._fresh(text) for _, text in self.lines[to : to + count]]

    def _delete(self, at: int, _to: int, count: int) -> None:
        del self.lines[at : at + count]

    def _replace(self, at: int, _to: int, count: int) -> None:
        self.lines[at : at + count] = [self._fresh() for _ in self.lines[at : at + count]]

    def _move(self, at: int, to: int, count: int) -> None:
        block = self.lines[at : at + count]
        del self.lines[at : at + count]
        self.lines[to:to] = block

    def _indent(self, at: int, to: int, count: int) -> None:
        indent = ("", "\t", "    ", "\t\t")[to % 4]
        self.lines[at : at + count] = [(n, indent + text.strip()) for n, text in self.lines[at : at + count]]

    def _ends(self, at: int, _to: int, _count: int) -> None:
        self.end = ENDS[at % len(ENDS)]

    def _inside(self, at: int, to: int, _count: int) -> None:
        """Type something into a line: it is then another line."""
        text = self.lines[at][1].strip()
        middle = max(len(text) // 2, 1)
        self.lines[at] = self._fresh(f"\t{text[:middle] or 'x'}{INSIDE[to % len(INSIDE)]}{text[middle:] or 'y'}")

    def _split(self, at: int, _to: int, _count: int) -> None:
        """Break a line in two, of which neither is the line it was."""
        text = self.lines[at][1].strip()
        middle = max(len(text) // 2, 1)
        halves = (text[:middle] or "x", text[middle:] or "y")
        self.lines[at : at + 1] = [self._fresh(f"\t{half}") for half in halves]


def some_text(rng: random.Random, length: int) -> list[str]:
    """Return lines, half of which occur many times."""
    return [rng.choice(REPEATED) if rng.random() < 0.5 else f"\tx{i} := f({i})" for i in range(length)]


def some_edit(rng: random.Random) -> tuple[str, int, int, int]:
    return rng.choice(KINDS), rng.randrange(1000), rng.randrange(1000), rng.randrange(4)


def longest_rising(numbers: Sequence[int]) -> int:
    tops: list[int] = []
    for number in numbers:
        place = bisect_left(tops, number)
        tops[place : place + 1] = [number]
    return len(tops)


def longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of a longest common subsequence."""
    return _lengths(one, other)[-1][-1]


def in_all_longest(one: Sequence[str], other: Sequence[str]) -> set[tuple[int, int]]:
    """Return the pairs of places (1-based) that every longest common subsequence has.

    Those that can be the k-th pair of one are the equal lines with k - 1 pairs before them and enough behind. Where there
    is but one of them, all have it.
    """
    before = _lengths(one, other)
    behind = _lengths(one[::-1], other[::-1])
    found: dict[int, list[tuple[int, int]]] = {}
    for i, j in itertools.product(range(len(one)), range(len(other))):
        rest = behind[len(one) - 1 - i][len(other) - 1 - j]
        if one[i] == other[j] and before[i][j] + 1 + rest == before[-1][-1]:
            found.setdefault(before[i][j], []).append((i + 1, j + 1))
    return {pairs[0] for pairs in found.values() if len(pairs) == 1}


def _lengths(one: Sequence[str], other: Sequence[str]) -> list[list[int]]:
    """Return the length of a longest common subsequence of so many lines of each text."""
    table = [[0] * (len(other) + 1)]
    for a in one:
        above, row = table[-1], [0]
        for j, b in enumerate(other):
            row.append(above[j] + 1 if a == b else max(above[j + 1], row[j]))
        table.append(row)
    return table
