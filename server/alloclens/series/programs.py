"""Groups the snapshots of a directory and kind by program.

If the profile names its binary, that decides. If not, snapshots belong together if they share a build id or a function
outside the standard library and dependencies, directly or through other snapshots. So a program that merely changed
stays one program. Two groups without anything in common are two programs only if each names enough functions that this
is no accident, or if they are written in different languages.

Heap profiles with other sample types are of other programs, also if they are few: they cannot be compared, and which of
them is shown must not depend on which was written last.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import distinct
from alloclens.profile.kinds import ProfileKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.profile.model import ValueType
    from alloclens.series.snapshot import Snapshot

    FunctionsOf = Callable[[Snapshot], Ints]
    """From a snapshot to the numbers, from 0 on, of its functions that are specific to a program."""

MIN_FUNCTIONS = 10
"""Functions that a group needs to count as a program. Stacks of one program nearly always share its entry functions."""


def programs(by_name: Mapping[str, list[Snapshot]], functions: FunctionsOf) -> list[list[Snapshot]]:
    """Split snapshots, given by program name ("" for none), by program, in no particular order."""
    nameless = by_name.get("", [])
    if len(by_name) > 2:
        parts = [*(snapshots for name, snapshots in by_name.items() if name), *_apart(nameless, functions)]
    else:
        parts = _apart([*chain(*by_name.values())], functions) if nameless else [*by_name.values()]
    return [of_heap for part in parts for of_heap in _by_heap(part, functions)]


@dataclass(frozen=True, eq=False)
class _Signs:
    """What tells whether snapshots are of one program."""

    programs: set[str]
    build_ids: set[str]
    functions: Ints

    @staticmethod
    def of(snapshots: Sequence[Snapshot], functions: FunctionsOf) -> _Signs:
        by_evidence = {snapshot.evidence: snapshot for snapshot in snapshots}
        named = distinct(np.concatenate([functions(snapshot) for snapshot in by_evidence.values()]))
        return _Signs({s.program for s in snapshots} - {""}, {s.build_id for s in snapshots} - {""}, named)

    def likeness(self, other: _Signs) -> tuple[int, int, int]:
        common = len(np.intersect1d(self.functions, other.functions, assume_unique=True))
        return len(self.programs & other.programs), len(self.build_ids & other.build_ids), common


def _by_heap(snapshots: list[Snapshot], functions: FunctionsOf) -> list[list[Snapshot]]:
    """Split snapshots by the sample types of heap profiles. Other kinds stay with the heaps that are most like them."""
    heaps: dict[tuple[ValueType, ...], list[Snapshot]] = {}
    beside: dict[tuple[str, str, int], list[Snapshot]] = {}
    for snapshot in snapshots:
        if snapshot.kind is ProfileKind.HEAP:
            heaps.setdefault(snapshot.sample_types, []).append(snapshot)
        else:
            beside.setdefault((snapshot.program, snapshot.build_id, snapshot.evidence), []).append(snapshot)
    if len(heaps) < 2:
        return [snapshots]
    parts = [(_Signs.of(heaps[types], functions), heaps[types]) for types in sorted(heaps)]
    for others in beside.values():
        signs = _Signs.of(others[:1], functions)
        _, nearest = max(parts, key=lambda part: part[0].likeness(signs))
        nearest += others
    return [part for _, part in parts]


def _apart(snapshots: Sequence[Snapshot], functions: FunctionsOf) -> list[list[Snapshot]]:
    """Split snapshots that have nothing in common. Those with too few functions stay together if a language may be the same."""
    parts = _connected(snapshots, functions)
    distinct = [part for part, count in parts if count >= MIN_FUNCTIONS]
    if len(distinct) < 2:
        return _by_language([part for part, _ in parts])
    return [*distinct, *_by_language([part for part, count in parts if count < MIN_FUNCTIONS])]


def _by_language(parts: Iterable[list[Snapshot]]) -> list[list[Snapshot]]:
    """Join the groups that have a language in common. Groups of unknown language join the only other group, if there is only one."""
    of_language: dict[str, list[Snapshot]] = {}
    unknown: list[Snapshot] = []
    for part in parts:
        languages = {family for snapshot in part for family in snapshot.languages}
        alike = _distinct(group for family, group in of_language.items() if family in languages)
        group, *others = alike or [[] if languages else unknown]
        group += chain(*others, part)
        joined = {family for family, other in of_language.items() if any(other is one for one in others)}
        of_language.update(dict.fromkeys(languages | joined, group))
    groups = _distinct(of_language.values())
    return [[*groups[0], *unknown]] if len(groups) == 1 else [group for group in (*groups, unknown) if group]


def _distinct(groups: Iterable[list[Snapshot]]) -> list[list[Snapshot]]:
    return list({id(group): group for group in groups}.values())


def _connected(snapshots: Iterable[Snapshot], functions: FunctionsOf) -> list[tuple[list[Snapshot], int]]:
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
        others = owners[:1] if (owners == owners[:1]).all() else distinct(owners)  # nearly always the same
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
