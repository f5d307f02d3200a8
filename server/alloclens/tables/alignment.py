"""Aligns two builds of a program: finds the lines of one build in the other.

Functions are matched by name, and by file if several share the name. Lines are matched by comparing the two source
texts if they are known, else by their distance from the declaration, so a release that only moved code shows no growth.
Functions with an unknown declaration keep their lines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import packed
from alloclens.paths import clean_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.tables.lines import Lines


LineMaps = Mapping[tuple[str, str], "Ints"]
"""By recorded file of the base and of the head: the head's line for 0 and each line of the base; 0 for none."""
NO_MAPS: LineMaps = {}
REMOVED = -1


class DeclaredFunction(NamedTuple):
    """A function by all that tells it from others in one build: its name, and where it is declared."""

    name: str
    file: str
    line: int
    """1-based; 0 if unknown."""

    def by_name(self) -> tuple[str, ...]:
        return (self.name,)

    def by_file(self) -> tuple[str, ...]:
        return self.name, self.file


Key = Callable[[DeclaredFunction], tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class FunctionAlignment:
    """Maps functions of the base to the head: a row for each function of the base, and a last one for no function."""

    there: Ints
    """Row of the same function in the head; -1 for none."""
    shift: Ints
    """Lines that its declaration moved."""
    map: Ints
    """Number of its file's line map; -1 if the texts are unknown."""
    maps: Sequence[Ints]

    def lines(self, function: Ints, line: Ints) -> Ints:
        """Map lines of the base's functions to the head; REMOVED if the texts show that a line was removed."""
        out = np.where(line > 0, line + self.shift[function], line)
        known = (line > 0) & (self.map[function] >= 0)
        if known.any():
            out[known] = self._mapped(self.map[function[known]], line[known])
        return out

    def _mapped(self, number: Ints, line: Ints) -> Ints:
        at = np.cumsum([0, *map(len, self.maps)])
        inside = line < np.diff(at)[number]
        to = np.concatenate(self.maps)[np.where(inside, at[number] + line, 0)]
        return np.where(inside & (to > 0), to, REMOVED)


def line_pairs(base: Lines, head: Lines) -> list[tuple[str, str]]:
    """Return the file pairs of two builds that share functions, whose texts an alignment needs."""
    mine, theirs = _of_lines(base), _of_lines(head)
    pairs = dict.fromkeys(_pairs(mine, theirs, _counterparts(mine, theirs)))
    return [pair for pair in pairs if pair[1] in head.files]


def _pairs(mine: Sequence[DeclaredFunction], theirs: Sequence[DeclaredFunction], there: Ints) -> list[tuple[str, str]]:
    """Return each base function's file and its file in the head, which is the same if it is missing there."""
    rows = zip(mine, there.tolist(), strict=False)
    return [(f.file, theirs[row].file if row >= 0 else f.file) for f, row in rows]


def _aligned(mine: Sequence[DeclaredFunction], theirs: Sequence[DeclaredFunction], maps: LineMaps) -> FunctionAlignment:
    there = _counterparts(mine, theirs)
    numbers = {pair: number for number, pair in enumerate(maps)}
    number = [numbers.get(pair, -1) for pair in _pairs(mine, theirs, there)]
    start, start_there = (np.array([*(f.line for f in some), 0], np.int64) for some in (mine, theirs))
    known = (there >= 0) & (start > 0) & (start_there[there] > 0)
    shift = np.where(known, start_there[there] - start, 0)
    return FunctionAlignment(there, shift, np.array([*number, -1], np.int64), list(maps.values()))


class Alignment(NamedTuple):
    """How the lines of two builds correspond."""

    file: Ints
    """Index of each base line's file in the head's files; -1 for none."""
    line: Ints
    """Its line in the head."""
    unsaid: Mask
    """Lines of the head whose counterpart in the base is unknown, so their growth is unknown."""
    unsaid_base: Mask
    """Lines of the base that may be their counterparts."""


def align(base: Lines, head: Lines, maps: LineMaps = NO_MAPS) -> Alignment:
    """Find the lines of one build in another."""
    aligned = _aligned(_of_lines(base), _of_lines(head), maps)
    function = base.functions.of_line
    number = {file: i for i, file in enumerate(head.files)}
    file = np.array([number.get(f, -1) for f in base.files], np.int64)[base.file]
    there = aligned.there[function]
    known = np.flatnonzero(there >= 0)
    file[known] = head.functions.file[there[known]]
    line = aligned.lines(function, base.line)
    others = np.isin(head.functions.of_line, aligned.there[:-1])
    """Lines of functions that the base has, too. A removed function cannot have become one of them."""
    gone = (function >= 0) & (aligned.there[function] < 0)
    gone &= np.isin(packed(file, line), packed(head.file[others], head.line[others]))
    line = np.where(gone & (aligned.map[function] < 0), REMOVED, line)
    return Alignment(file, line, *_unsaid(base, head, aligned, file, line))


def _unsaid(base: Lines, head: Lines, aligned: FunctionAlignment, file: Ints, line: Ints) -> tuple[Mask, Mask]:
    """Return the lines of the head without a certain counterpart, and the base's lines that may be it.

    If the texts are known, these are lines added to functions that also lost lines: they may be the lost ones, edited.
    If not, they are all lines of every function whose lines differ.
    """
    of_base, of_head = base.functions.of_line, head.functions.of_line
    mapped = np.full(len(head.functions.name) + 1, -1)
    """Line map of each function of the head."""
    mapped[aligned.there] = aligned.map
    mapped[-1] = -1  # no function
    by_text = mapped[of_head] >= 0
    met = np.isin(packed(file, line), packed(head.file, head.line))
    went = _has_values(base) & np.where(aligned.map[of_base] >= 0, line == REMOVED, ~met)
    met = np.where(
        by_text, _was_there(head, aligned.maps, mapped), np.isin(packed(head.file, head.line), packed(file, line))
    )
    came = _has_values(head) & ~met
    lost, gained, known = (np.zeros(len(mapped), np.bool_) for _ in range(3))
    lost[aligned.there[of_base[went]]] = True
    gained[of_head[came]] = True
    known[aligned.there] = True
    lost[-1] = gained[-1] = known[-1] = False
    disagree, there = known & (lost | gained), aligned.there[of_base]
    unsaid = np.where(by_text, came & lost[of_head], disagree[of_head])
    return unsaid, np.where(aligned.map[of_base] >= 0, went & gained[there], disagree[there])


def _was_there(head: Lines, maps: Sequence[Ints], of_function: Ints) -> Mask:
    """Return which lines of the head are also in the base's text."""
    number = of_function[head.functions.of_line]
    texts = [packed(np.full(len(to), i), to) for i, to in enumerate(maps)]
    return np.isin(packed(number, head.line), np.concatenate(texts)) if texts else np.zeros(len(head), np.bool_)


def _has_values(lines: Lines) -> Mask:
    return np.asarray((lines.value.cum != 0).any(axis=1) & (lines.line > 0))


def are_different_builds(base: Lines, head: Lines) -> bool:
    """Return whether the declaration of any function moved between two snapshots."""
    declared, declared_there = set(_declarations(base)), set(_declarations(head))
    of_base, of_head = ({name for name, *_ in only} for only in (declared - declared_there, declared_there - declared))
    if of_base.isdisjoint(of_head):  # no function is declared in two places: by far the most frequent, and quickly seen
        return False
    return bool(_aligned(_of_lines(base), _of_lines(head), NO_MAPS).shift.any())


def realigned(base: Profile, head: Profile, maps: LineMaps = NO_MAPS) -> Profile:
    """Renumber the lines of the base as in the head; lines that are gone become 0."""
    if base.build_id and base.build_id == head.build_id:
        return base
    aligned = _aligned(_of_profile(base), _of_profile(head), maps)
    rows = np.flatnonzero(aligned.there >= 0)
    file, line = base.functions.file.copy(), aligned.lines(base.frames.function, base.frames.line)
    file[rows] = np.arange(len(rows)) + len(base.strings)
    return replace(
        base,
        frames=replace(base.frames, line=np.maximum(line, 0)),
        functions=replace(base.functions, file=file, start_line=base.functions.start_line + aligned.shift[:-1]),
        strings=(*base.strings, *head.text(head.functions.file[aligned.there[rows]])),
    )


def _of_lines(lines: Lines) -> list[DeclaredFunction]:
    return list(starmap(DeclaredFunction, _declarations(lines)))


def _declarations(lines: Lines) -> Iterator[tuple[str, str, int]]:
    """Yield the fields of `DeclaredFunction`: tuples are made in a fraction of the time."""
    functions = lines.functions
    files = map(lines.files.__getitem__, functions.file.tolist())
    return zip(functions.name, files, functions.start_line.tolist(), strict=True)


def _of_profile(profile: Profile) -> list[DeclaredFunction]:
    functions = profile.functions
    files = map(clean_path, profile.text(functions.file))
    return list(map(DeclaredFunction, profile.text(functions.name), files, functions.start_line.tolist()))


def _counterparts(mine: Sequence[DeclaredFunction], theirs: Sequence[DeclaredFunction]) -> Ints:
    """Return the row of the same function of theirs for each of mine, -1 for none, and a final -1 for no function.

    Functions that share a name are matched if the name is unique within the file.
    """
    there = np.full(len(mine) + 1, -1)
    for key in (DeclaredFunction.by_name, DeclaredFunction.by_file):
        ours, others = _singles(mine, key), _singles(theirs, key)
        same = [others.get(key(f), -1) if key(f) in ours else -1 for f in mine]
        there = np.where(there >= 0, there, [*same, -1])
    return there


def _singles(functions: Sequence[DeclaredFunction], key: Key) -> dict[tuple[str, ...], int]:
    """Return the row of each key whose functions are declared in only one place."""
    places: dict[tuple[str, ...], set[DeclaredFunction]] = {}
    for function in functions:
        places.setdefault(key(function), set()).add(function)
    return {key(f): row for row, f in enumerate(functions) if f.name and len(places[key(f)]) == 1}
