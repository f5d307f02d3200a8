"""Two builds of one program: where the code of one is in the other.

A function is the same if its name is; a line of it is as far from the declaration. So a release that only moved code shows
no growth. Functions that do not say where they are declared stay where they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.lines import Lines
    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]


def lines_in(other: Lines, lines: Lines) -> tuple[Ints, Ints]:
    """Return for each line its file (row number in the other's files, -1 for none) and line in another build."""
    number = {file: i for i, file in enumerate(other.files)}
    file = np.array([number.get(f, -1) for f in lines.files], np.int64)[lines.file]
    there = _counterparts(_of_lines(lines), _of_lines(other))[lines.functions.of_line]
    known = np.flatnonzero(there >= 0)
    at = there[known]
    file[known] = other.functions.file[at]
    shift = np.zeros(len(lines), np.int64)
    shift[known] = other.functions.start_line[at] - lines.functions.start_line[lines.functions.of_line[known]]
    return file, np.where(lines.line > 0, lines.line + shift, lines.line)


def moved(base: Profile, head: Profile) -> Profile:
    """Return the base with the lines that its code has in the head."""
    if base.build_id and base.build_id == head.build_id:
        return base
    there = _counterparts(_of_profile(base), _of_profile(head))
    rows = np.flatnonzero(there >= 0)
    shift = np.zeros(len(there), np.int64)
    shift[rows] = head.functions.start_line[there[rows]] - base.functions.start_line[rows]
    file, line = base.functions.file.copy(), base.frames.line
    file[rows] = np.arange(len(rows)) + len(base.strings)
    return replace(
        base,
        frames=replace(base.frames, line=np.where(line > 0, line + shift[base.frames.function], line)),
        functions=replace(base.functions, file=file, start_line=base.functions.start_line + shift[:-1]),
        strings=(*base.strings, *head.text(head.functions.file[there[rows]])),
    )


class Declared(NamedTuple):
    """Where a function is declared."""

    name: str
    file: str
    line: int
    """1-based; 0 where unknown."""


def _of_lines(lines: Lines) -> list[Declared]:
    found = lines.functions
    return [
        Declared(n, lines.files[f], at)
        for n, f, at in zip(found.name, found.file.tolist(), found.start_line.tolist(), strict=True)
    ]


def _of_profile(profile: Profile) -> list[Declared]:
    found = profile.functions
    return list(map(Declared, profile.text(found.name), profile.text(found.file), found.start_line.tolist()))


def _counterparts(mine: Sequence[Declared], theirs: Sequence[Declared]) -> Ints:
    """Return for each of my functions the row of the same one of theirs, -1 for none; and one -1 more, for no function."""
    ours, others = _singles(mine), _singles(theirs)
    return np.array([others.get(f.name, -1) if f.name in ours else -1 for f in mine] + [-1], np.int64)


def _singles(functions: Sequence[Declared]) -> dict[str, int]:
    """Return the row of each name that is declared in one place alone, and that place is known."""
    places: dict[str, set[Declared]] = {}
    for function in functions:
        places.setdefault(function.name, set()).add(function)
    return {f.name: row for row, f in enumerate(functions) if f.name and f.line > 0 and len(places[f.name]) == 1}
