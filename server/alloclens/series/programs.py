"""Groups the snapshots of a directory and kind by program.

If the profile names its binary, that decides. If not, snapshots belong together if they share a build id or a function
outside the standard library and dependencies, directly or through other snapshots. So a program that merely changed
stays one program. Two groups without anything in common are two programs only if each names enough functions that this
is no accident.
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
    """From a snapshot to the numbers, from 0 on, of its functions that are specific to a program."""

MIN_FUNCTIONS = 10
"""Functions that a group needs to count as a program. Stacks of one program nearly always share its entry functions."""


def programs(by_name: Mapping[str, list[Snapshot]], functions: Functions) -> list[list[Snapshot]]:
    """Split snapshots, given by program name ("" for none), by program, in no particular order."""
    nameless = by_name.get("", [])
    if len(by_name) > 2:
        return [*(snapshots for name, snapshots in by_name.items() if name), *_apart(nameless, functions)]
    return _apart([*chain(*by_name.values())], functions) if nameless else [*by_name.values()]


def _apart(snapshots: Sequence[Snapshot], functions: Functions) -> list[list[Snapshot]]:
    """Split snapshots that have nothing in common. Those with too few functions stay together."""
    distinct, rest = [], []
    for part, count in _connected(snapshots, functions):
        if count >= MIN_FUNCTIONS:
            distinct.append(part)
        else:
            rest += part
    if len(distinct) < 2:
        return [list(snapshots)] if snapshots else []
    return [*distinct, rest] if rest else distinct


def _connected(snapshots: Iterable[Snapshot], functions: Functions) -> list[tuple[list[Snapshot], int]]:
    """Return the connected groups of snapshots, each with its number of functions."""
    alike: dict[tuple[str, str, int], list[Snapshot]] = {}
    for snapshot in snapshots:
        alike.setdefault((snapshot.program, snapshot.build_id, snapshot.evidence), []).append(snapshot)
    parent = list(range(len(alike)))
    first: dict[tuple[str, str], int] = {}
    owner = np.zeros(0, np.int64)
    """A group that names each function; -1 for none."""
    for number, (example, *_) in enumerate(alike.values()):
        named = functions(example)
        if (more := int(named.max(initial=-1)) + 1 - len(owner)) > 0:
            owner = np.append(owner, np.full(more, -1))
        owners = owner[named]
        others = owners[:1] if (owners == owners[:1]).all() else np.unique(owners)  # nearly always the same
        keys = (("program", example.program), ("build id", example.build_id))
        for other in (*others[others >= 0].tolist(), *(first.setdefault(key, number) for key in keys if key[1])):
            parent[_root(parent, number)] = _root(parent, other)
        owner[named] = _root(parent, number)
    parts: dict[int, list[Snapshot]] = {}
    for number, group in enumerate(alike.values()):
        parts.setdefault(_root(parent, number), []).extend(group)
    count = Counter(_root(parent, number) for number in owner[owner >= 0].tolist())
    return [(part, count[root]) for root, part in parts.items()]


def _root(parent: list[int], number: int) -> int:
    while parent[number] != number:
        parent[number] = number = parent[parent[number]]
    return number
