"""Adds frames for the addresses of a profile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import offsets, spread
from alloclens.profile.model import Frames, Functions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.profile.model import Profile


class SymbolizedFrame(NamedTuple):
    """One frame of an address."""

    name: str
    system_name: str
    """The linker's name."""
    file: str
    """"" where unknown."""
    line: int
    """1-based; 0 where unknown."""


def resolved(profile: Profile, stacks: Mapping[int, Sequence[SymbolizedFrame]]) -> Profile:
    """Replace the frames of some locations (by row) with these, innermost first.

    The result is not what `go tool pprof` shows: it reads the names in the file, or finds others.
    """
    rows = np.array(sorted(stacks), np.int64)
    calls = [call for row in rows.tolist() for call in stacks[row]]
    number = {key: n for n, key in enumerate(dict.fromkeys(c[:3] for c in calls))}
    functions, strings = _functions(profile, list(number))
    added = Frames(
        np.array([number[c[:3]] for c in calls], np.int64) + len(profile.functions.name),
        np.array([c.line for c in calls], np.int64),
    )
    frame_at, frames = _spliced(profile, rows, np.array([len(stacks[r]) for r in rows.tolist()], np.int64), added)
    locations = replace(profile.locations, frame_at=frame_at)
    return replace(profile, locations=locations, frames=frames, functions=functions, strings=strings, is_pprof=False)


def _functions(profile: Profile, keys: list[tuple[str, str, str]]) -> tuple[Functions, tuple[str, ...]]:
    """Append a function for each (name, system name, file) to the functions and strings."""
    texts: dict[str, int] = {}
    first = len(profile.strings)

    def rows(names: list[str]) -> Ints:
        return np.array([0 if not n else first + texts.setdefault(n, len(texts)) for n in names], np.int64)

    old = profile.functions
    functions = Functions(
        np.concatenate([old.name, rows([k[0] for k in keys])]),
        np.concatenate([old.system_name, rows([k[1] for k in keys])]),
        np.concatenate([old.file, rows([k[2] for k in keys])]),
        np.concatenate([old.start_line, np.zeros(len(keys), np.int64)]),
    )
    return functions, (*profile.strings, *texts)


def _spliced(profile: Profile, rows: Ints, counts: Ints, added: Frames) -> tuple[Ints, Frames]:
    """Replace the frames of some locations with the added ones; return the new frame_at and frames."""
    was, old = profile.locations.frame_at, profile.frames
    width = np.diff(was)
    width[rows] = counts
    at = offsets(width)
    is_kept = np.ones(len(width), np.bool_)
    is_kept[rows] = False
    kept = np.flatnonzero(is_kept)
    to, new = spread(at[kept], width[kept]), spread(at[rows], counts)
    out = Frames(np.full(at[-1], -1), np.zeros(at[-1], np.int64))
    for into, given, fresh in ((out.function, old.function, added.function), (out.line, old.line, added.line)):
        into[to] = given[spread(was[kept], width[kept])]
        into[new] = fresh
    return at, out
