"""Finds which lines of a text were edited in place, and which line of a later text each of them has become."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from alloclens.languages import comment_of
from alloclens.languages.declarations import around
from alloclens.source.text_diff import code, diff_texts
from alloclens.text import memo, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.arrays import Ints, Mask

ALIKE = 0.5
"""The share of their tokens that a line and what it became have in common at least, as git asks of renamed files."""
MAX_REPLACED = 20
"""Lines that were replaced together. Where there are more, the code was rewritten."""
TOKEN = re.compile(r"\w+|[^\w\s]")


@memo
def edited(then: str, now: str, path: str) -> Ints:
    """Return for 0 and each line of a text the line that it was edited into; 0 for every line that was not.

    Between two lines that stayed, lines were replaced by as many others, not counting blank lines and comments. Each became
    the one in its place, if that is of the same function and more like it than any other of the replaced lines: what was
    also moved, split or joined has become no line for sure.
    """
    before, after, comment = split_lines(then), split_lines(now), comment_of(path)
    became = np.zeros(len(before) + 1, np.int64)
    for old, new in _replaced(then, now, comment):
        kept = _kept_places(_tokens(before, old, comment), _tokens(after, new, comment))
        for one, other in ((old[place], new[place]) for place in kept):
            if _function(then, one, path) == _function(now, other, path):
                became[one] = other
    return became


def _replaced(then: str, now: str, comment: str) -> Iterator[tuple[list[int], list[int]]]:
    """Yield the lines of both texts that have no counterpart, between two that have one, if they are as many."""
    mapping = diff_texts(then, now, comment)
    stayed, there = (mapping.now > 0) & ~mapping.unsure, np.arange(len(split_lines(now)) + 1)
    new = _by_gap(now, np.isin(there, mapping.now[stayed]), np.isin(there, mapping.now), comment)
    for gap, lines in _by_gap(then, stayed, mapping.now > 0, comment).items():
        if len(lines) == len(new.get(gap, ())) <= MAX_REPLACED:
            yield lines, new[gap]


def _by_gap(text: str, stayed: Mask, found: Mask, comment: str) -> dict[int, list[int]]:
    """Return the lines of code that were not found, by how many lines before them stayed."""
    lines, gap = split_lines(text), np.cumsum(stayed)
    gaps: dict[int, list[int]] = {}
    for line in (np.flatnonzero(~found[1:]) + 1).tolist():
        if _is_code(lines[line - 1], comment):
            gaps.setdefault(int(gap[line]), []).append(line)
    return gaps


def _is_code(line: str, comment: str) -> bool:
    text = line.strip()
    return bool(text) and not (comment and text.startswith(comment))


def _tokens(text: Sequence[str], lines: list[int], comment: str) -> list[list[str]]:
    return [TOKEN.findall(code(text[line - 1], comment)) for line in lines]


def _kept_places(old: Sequence[list[str]], new: Sequence[list[str]]) -> list[int]:
    """Return the places at which the old line and the new one are alike, and neither is as much like another one."""
    ratio = np.array([[SequenceMatcher(None, one, other, autojunk=False).ratio() for other in new] for one in old])
    places = []
    for place in range(len(old)):
        others = np.concatenate([np.delete(ratio[place], place), np.delete(ratio[:, place], place)])
        if ratio[place, place] >= ALIKE and (others < ratio[place, place]).all():
            places.append(place)
    return places


def _function(text: str, line: int, path: str) -> str:
    function = around(text, line, path)
    return function.name[-1] if function else ""
