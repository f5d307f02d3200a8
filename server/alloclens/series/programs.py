"""Which snapshots of one directory and kind are of one program.

A profile may name its binary; then that tells. Where it does not, snapshots are of one program if they have anything in
common: a build id, a function of code that is not the language's or a dependency's, or another snapshot that has something
in common with both. So a program that merely changed stays one. Only what has nothing in common is two programs, and only
if each names enough functions for that not to be an accident.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.series.snapshot import Snapshot

    Functions = Callable[[Snapshot], Ints]
    """From a snapshot to small numbers, 0 and up, of the functions that it names and that not every program has."""

MIN_FUNCTIONS = 10
"""Functions. Stacks of one program nearly always meet in the functions that it begins with."""


def programs(by_name: Mapping[str, list[Snapshot]], functions: Functions) -> list[list[Snapshot]]:
    """Part snapshots, given by the names of their programs ("" for none), by program. The order says nothing."""
    nameless = by_name.get("", [])
    if len(by_name) > 2:
        return [*(found for name, found in by_name.items() if name), *_apart(nameless, functions)]
    return _apart([*chain(*by_name.values())], functions) if nameless else [*by_name.values()]


def _apart(snapshots: Sequence[Snapshot], functions: Functions) -> list[list[Snapshot]]:
    """Part snapshots that have nothing in common. Those that name too little to be told apart stay together."""
    told, rest = [], []
    for part, count in _connected(snapshots, functions):
        if count >= MIN_FUNCTIONS:
            told.append(part)
        else:
            rest += part
    if len(told) < 2:
        return [list(snapshots)] if snapshots else []
    return [*told, rest] if rest else told


def _connected(snapshots: Iterable[Snapshot], functions: Functions) -> list[tuple[list[Snapshot], int]]:
    """Return the snapshots that are connected by what they have in common, and how many functions those name."""
    alike: dict[tuple[str, str, int], list[Snapshot]] = {}
    for snapshot in snapshots:
        alike.setdefault((snapshot.program, snapshot.build_id, snapshot.evidence), []).append(snapshot)
    parent = list(range(len(alike)))
    first: dict[tuple[str, str], int] = {}
    owner = np.zeros(0, np.int64)
    """One of those that name each function; -1 where none does."""
    for number, (one, *_) in enumerate(alike.values()):
        named = functions(one)
        if (more := int(named.max(initial=-1)) + 1 - len(owner)) > 0:
            owner = np.append(owner, np.full(more, -1))
        owners = owner[named]
        others = owners[:1] if (owners == owners[:1]).all() else np.unique(owners)  # nearly always the same one
        said = (("program", one.program), ("build id", one.build_id))
        for other in (*others[others >= 0].tolist(), *(first.setdefault(key, number) for key in said if key[1])):
            parent[_root(parent, number)] = _root(parent, other)
        owner[named] = _root(parent, number)
    parts: dict[int, list[Snapshot]] = {}
    for number, found in enumerate(alike.values()):
        parts.setdefault(_root(parent, number), []).extend(found)
    count = Counter(_root(parent, number) for number in owner[owner >= 0].tolist())
    return [(part, count[root]) for root, part in parts.items()]


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = number = parent[parent[number]]
    return number
