"""Maps the lines of a text to a later text of the same file.

A line is mapped if every longest common subsequence of the two texts has it in the same two places. If a line occurs
twice and one copy was added or deleted, the texts do not show which: there are several such subsequences. A line that
moved past others is not in all of them; if it occurs once in each text, it is mapped and marked as unsure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from alloclens.text import memo, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.arrays import Ints, Mask


GONE = 0
UNREADABLE = "\ufffd"
MAX_COMPARISONS = 10**8
"""Old lines times new lines compared at once: takes some tens of milliseconds."""
MAX_CUTS = 30
"""Recursion depth of splitting larger texts."""


@dataclass(frozen=True, eq=False)
class TextDiff:
    """Where 0 and each line of a text are in a later text."""

    now: Ints
    """1-based; 0 if the line was changed, deleted, or is ambiguous."""
    unsure: Mask
    """Whether the line moved past others."""
    head: int
    """Number of common lines at the start."""
    tail: int
    """First line (1-based) of the common end."""

    def of(self, lines: Ints) -> tuple[Ints, Mask]:
        """Return the new lines, and which are unsure. Lines beyond the old text are gone."""
        inside = np.where((lines > 0) & (lines < len(self.now)), lines, 0)
        return self.now[inside], self.unsure[inside]


@memo
def diff_texts(then: str, now: str, comment: str = "") -> TextDiff:
    """Map the lines of one text to another, ignoring line ends and indentation.

    If a line has no other counterpart, white space within it is ignored, too, and a trailing comment, which starts with
    `comment`.
    """
    old, new = _numbered(then, now)
    i, j = _once(old, new)
    moved = np.full(len(old), -1)
    moved[i] = j
    head, end = _same(old, new, moved), _same(old[::-1], new[::-1], len(new) - 1 - moved[::-1])
    if np.array_equal(old, new):
        head, end = len(old), 0
    certain = _certain(old, new, head, end)
    certain = _same_code(split_lines(then), split_lines(now), old, new, certain, comment)
    to = np.where(certain >= 0, certain, moved)
    gone, sure = [GONE], [False]
    return TextDiff(
        np.concatenate([gone, to + 1]), np.concatenate([sure, (certain < 0) & (moved >= 0)]), head, len(old) - end + 1
    )


def stays(then: str, other: str) -> Mask:
    """Return whether 0 and each line of a text certainly have the same number in another text."""
    mapping = diff_texts(then, other)
    return np.asarray((mapping.now == np.arange(len(mapping.now))) & ~mapping.unsure)


def is_in(then: str, other: str) -> Mask:
    """Return whether 0 and each line of a text are certainly in another text, under any number."""
    mapping = diff_texts(then, other)
    return np.asarray(((mapping.now != GONE) & ~mapping.unsure) | (np.arange(len(mapping.now)) == 0))


def _numbered(then: str, now: str) -> tuple[Ints, Ints]:
    """Number the lines of both texts; equal lines have equal numbers."""
    old, new = split_lines(then), split_lines(now)
    stripped: Iterable[str] = map(str.strip, old + new)
    if UNREADABLE in then or UNREADABLE in now:  # an editor may decode a file that is not UTF-8 better than we do
        stripped = (line.encode("ascii", "replace").decode() for line in stripped)
    # A generator, not map(hash, …), so that the event loop's thread may run between two lines.
    hashes = np.fromiter((hash(line) for line in stripped), np.int64, len(old) + len(new))
    number = np.unique(hashes, return_inverse=True)[1]
    return number[: len(old)], number[len(old) :]


def _once(old: Ints, new: Ints) -> tuple[Ints, Ints]:
    """Return the positions of the lines that occur once in each text."""
    a, i = _singles(old)
    b, j = _singles(new)
    _, at, there = np.intersect1d(a, b, assume_unique=True, return_indices=True)
    return i[at], j[there]


def _singles(numbers: Ints) -> tuple[Ints, Ints]:
    value, at, many = np.unique(numbers, return_index=True, return_counts=True)
    return value[many == 1], at[many == 1]


def _certain(old: Ints, new: Ints, head: int, end: int) -> Ints:
    """Return each old line's counterpart in all longest common subsequences; else -1.

    All of them start with the first `head` lines and end with the last `end` ones.
    """
    rest, rest_now = len(old) - end, len(new) - end
    middle = _in_all(old[head:rest], new[head:rest_now])
    middle = np.where(middle >= 0, middle + head, -1)
    return np.concatenate([np.arange(head), middle, np.arange(rest_now, len(new))])


def _same(old: Ints, new: Ints, once: Ints) -> int:
    """Return the number of common lines at the start, up to the last that occurs once in each text.

    Leaving out such a line never makes a common subsequence longer: so all longest ones have it, and all lines before
    it.
    """
    both = min(len(old), len(new))
    differ = np.flatnonzero(old[:both] != new[:both])
    same = differ[0] if len(differ) else both
    anchors = np.flatnonzero(once[:same] == np.arange(same))
    return int(anchors[-1]) + 1 if len(anchors) else 0


def _in_all(old: Ints, new: Ints, cuts: int = MAX_CUTS) -> Ints:
    """Like `_certain`, without a common head and end.

    In the plane of old and new lines, all longest common subsequences lie between two extreme ones: what these share,
    all share.
    """
    to = np.full(len(old), -1)
    i, j = np.flatnonzero(np.isin(old, new)), np.flatnonzero(np.isin(new, old))
    if len(i) * len(j) > MAX_COMPARISONS:
        return _in_parts(old, new, cuts - 1) if cuts else to
    if np.array_equal(old[i], new[j]):
        to[i] = j
    else:
        a, b = _outermost(old[i], new[j])
        d, c = _outermost(new[j], old[i])
        one, other = np.full(len(i), -1), np.full(len(i), -1)
        one[a], other[c] = b, d
        same = (one == other) & (one >= 0)
        to[i[same]] = j[one[same]]
    return to


def _in_parts(old: Ints, new: Ints, cuts: int) -> Ints:
    """Like `_in_all` for large texts: split them at a line that occurs once in each.

    Like patience diff, but only at a line that no other such line has moved past.
    """
    i, j = _once(old, new)
    order = np.argsort(i)
    i, j = i[order], j[order]
    stayed = (np.maximum.accumulate(j) == j) & (np.minimum.accumulate(j[::-1])[::-1] == j)
    if not stayed.any():
        return np.full(len(old), -1)
    i, j = i[stayed], j[stayed]
    middle = np.abs(i - len(old) // 2).argmin()
    at, there = int(i[middle]), int(j[middle])
    behind = _in_all(old[at + 1 :], new[there + 1 :], cuts)
    return np.concatenate(
        [_in_all(old[:at], new[:there], cuts), [there], np.where(behind >= 0, behind + there + 1, -1)]
    )


def _outermost(old: Ints, new: Ints) -> tuple[list[int], list[int]]:
    """Return the longest common subsequence that, from the end, skips new lines before old ones."""
    a, b, i, j = old.tolist(), new.tolist(), len(old), len(new)
    rows = _table(a, b)
    at, there = [], []
    while i and j:
        if rows[i] >> (j - 1) & 1:
            j -= 1
        elif a[i - 1] != b[j - 1]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            at.append(i)
            there.append(j)
    return at, there


def _table(old: list[int], new: list[int]) -> list[int]:
    """Return a row for each prefix of the old lines: a 0 bit where a new line makes the subsequence longer.

    Each row is one integer, so that Python adds all bits at once (Hyyrö, 2004); numpy would need a step for each bit.
    """
    places: dict[int, int] = {}
    for j, line in enumerate(new):
        places[line] = places.get(line, 0) | 1 << j
    rows = [all_bits := (1 << len(new)) - 1]
    for line in old:
        both = rows[-1] & places[line]
        rows.append((rows[-1] + both | rows[-1] - both) & all_bits)
    return rows


def _same_code(before: Sequence[str], after: Sequence[str], old: Ints, new: Ints, certain: Ints, comment: str) -> Ints:
    """Add the lines between the same two certain ones that differ only in white space and comments."""
    rows, others = np.flatnonzero(~np.isin(old, new)), np.flatnonzero(~np.isin(new, old))
    if not len(rows) or not len(others):
        return certain
    reached = np.zeros(len(new), np.bool_)
    reached[certain[certain >= 0]] = True
    gaps = np.concatenate([np.cumsum(certain >= 0)[rows], np.cumsum(reached)[others]]).tolist()
    lines = [before[row] for row in rows.tolist()] + [after[row] for row in others.tolist()]
    begun = [(gap, _begin(line)) for gap, line in zip(gaps, lines, strict=True)]
    shared = {*begun[: len(rows)]} & {*begun[len(rows) :]}
    keys = ((*key, code(line, comment) if key in shared else "") for key, line in zip(begun, lines, strict=True))
    numbers: dict[tuple[int, str, str], int] = {}
    number = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)
    to = _in_all(number[: len(rows)], number[len(rows) :])
    out = certain.copy()
    out[rows[to >= 0]] = others[to[to >= 0]]
    return out


WORD = re.compile(r"\w*")


def _begin(line: str) -> str:
    """Return the word that lines of the same `code` begin with, which is found out faster; "" for other lines."""
    return cast("re.Match[str]", WORD.match(line.strip()))[0]


TOKEN = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(["'`])|([ \t]+)|(\w+|.)""")
COMMENTS = {"//": re.compile(r"//|/\*(?:(?!\*/).)*\*/\s*$"), "#": re.compile("#")}


def code(line: str, comment: str) -> str:
    """Strip a trailing comment, and spaces that do not separate two words or operators."""
    ends, out, spaced = COMMENTS.get(comment), "", True
    for match in TOKEN.finditer(line):
        string, quote, space, other = match.groups()
        if quote:  # part of a multi-line string, or not a quote at all
            return line.strip()
        if spaced and ends and ends.match(line, match.start()):
            break
        if space is None:
            token = string or other
            parts = (spaced and out and (out[-1] + token[0]).replace("_", "a").isalnum()) or (
                spaced and out[-1:] == token[0]
            )
            out += f" {token}" if parts else token
        spaced = space is not None
    return out or line.strip()
