"""Reads the runs of two builds and pairs them, one kind of profile after the other."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.check.growth import Runs
from alloclens.check.operations import operations, output_beside
from alloclens.disk import read_file, real
from alloclens.profile.kinds import ProfileKind
from alloclens.series.restarts import one_each
from alloclens.session import once
from alloclens.session.world import FilePair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alloclens.faults import Problem
    from alloclens.session.once import FilesRead
    from alloclens.session.world import World
    from alloclens.tables.lines import Lines

MAX_OUTPUT_BYTES = 16 << 20
"""Of a benchmark."""
MAX_RUNS = 50
"""Of one side and kind of profile."""
HELD, ALLOCATIONS = (ProfileKind.HEAP, ProfileKind.GOROUTINE, ProfileKind.GOROUTINELEAK), (ProfileKind.HEAP,)
"""The kinds that say what is in use, and what operations allocate."""
BESIDE = (".txt", ".toml", ".json")
"""The ends of names of files that are left out without a note if they are no profiles, such as the output of a benchmark."""


class RunPairs(NamedTuple):
    """The runs of two builds, in pairs."""

    kinds: Sequence[tuple[Runs, World]] = ()
    """Of each kind of profile that can be compared, with the world of the first pair."""
    notes: Sequence[str] = ()
    """What is left out, and why."""
    unjudged: Sequence[str] = ()
    """Why nothing can be compared, or not all that should."""


class _IncomparableError(Exception):
    """Runs of one kind of profile cannot be compared."""


def run_pairs(base: str, head: str, folder: str, *, per_operation: bool, number: int | None) -> RunPairs:
    """Read the profiles of two builds, each one file or all files of a directory, with the sources of a folder.

    With `per_operation`, each run is of `number` operations of a benchmark, or of as many as its output says if that is None.
    """
    sides = [_files(side) for side in (base, head)]
    read = once.read_files([folder], [path for side in sides for path in side], {})
    kinds = [_by_kind(read, side) for side in sides]
    notes = [*_left_out(read)]
    if not per_operation:
        notes += filter(None, (_one_of_each_process(of, read) for of in kinds))
    if missing := [side for side, of in zip((base, head), kinds, strict=True) if not of]:
        return RunPairs(notes=notes, unjudged=[f"there is no profile in {' and none in '.join(missing)}"])
    shared = [kind for kind in kinds[0] if kind in kinds[1]]
    if not shared:
        names = [", ".join(kind.name.lower() for kind in of) for of in kinds]
        why = f"the profiles of the base are of another kind ({names[0]}) than those of the head ({names[1]})"
        return RunPairs(notes=notes, unjudged=[why])
    alone, unjudged = sorted({*kinds[0], *kinds[1]}.difference(shared)), list[str]()
    for kind in alone:
        of_interest = unjudged if kind in (ALLOCATIONS if per_operation else HELD) else notes
        of_interest.append(f"only the {'base' if kind in kinds[0] else 'head'} has profiles of {kind.name.lower()}")
    notes += [
        f"of {len(of[kind])} runs with profiles of {kind.name.lower()}, the first {MAX_RUNS} count"
        for of in kinds
        for kind in shared
        if len(of[kind]) > MAX_RUNS
    ]
    operations_of = partial(_operations, number=number) if per_operation else lambda _: 1.0
    paired: list[tuple[Runs, World]] = []
    for kind in shared:
        base_runs, head_runs = (of[kind][:MAX_RUNS] for of in kinds)
        try:
            paired.append(_paired(base_runs, head_runs, folder, operations_of))
        except _IncomparableError as error:
            unjudged.append(str(error))
    return RunPairs(paired, notes, unjudged)


def incomparable(runs: Runs) -> Iterator[str]:
    """Say why the runs of two sides tell nothing of growth: one has no sample, or they are of different programs."""
    heads = [run.contents.head for run in runs.comparisons[: runs.heads]]
    bases = [run.contents.base for run in runs.comparisons[: runs.bases] if run.contents.base is not None]
    kind = runs.comparisons[0].series.kind.name.lower()
    for side, tables in (("base", bases), ("head", heads)):
        if not any(lines.total.any() for lines in tables):
            yield f"the {kind} profiles of the {side} are empty: nothing was sampled, or profiling is off"
    names = [{name for lines in tables for name in _own_names(lines)} for tables in (bases, heads)]
    if any(names) and names[0].isdisjoint(names[1]):
        yield f"no function of your own code is in the {kind} profiles of both: they seem to be of different programs"


def _own_names(lines: Lines) -> Iterator[str]:
    """Return the names of functions of your own code, without packages and types, which a refactoring renames at once."""
    for function in np.unique(lines.functions.of_line[lines.own[lines.file]]).tolist():
        if function >= 0:
            yield lines.functions.name[function].rpartition(".")[2]


def _files(side: str) -> list[str]:
    """Return the files of a side, as real paths."""
    if not os.path.isdir(side):
        return [real(side)]
    return sorted(entry.path for entry in os.scandir(real(side)) if entry.is_file() and not entry.name.startswith("."))


def _left_out(read: FilesRead) -> Iterator[str]:
    """Say which files are not compared, and why."""
    for problem in read.problems:
        if not _is_beside(problem):
            yield f"{problem.name} could not be read: {problem.reason}"
    for snapshot in read.snapshots.values():
        if snapshot.is_difference:
            yield f"{snapshot.name} is a difference (taken with ?seconds=N) and is left out: take it without"


def _is_beside(problem: Problem) -> bool:
    """Return whether a file is no profile and is meant to be none, such as what a benchmark printed."""
    return problem.is_no_profile and problem.path.endswith(BESIDE)


def _by_kind(read: FilesRead, files: Sequence[str]) -> dict[ProfileKind, list[str]]:
    """Return the profiles among some files by their kind, without those that are differences."""
    out: dict[ProfileKind, list[str]] = {}
    for path in files:
        if (snapshot := read.snapshots.get(path)) and not snapshot.is_difference:
            out.setdefault(snapshot.kind, []).append(path)
    return out


def _one_of_each_process(of: dict[ProfileKind, list[str]], read: FilesRead) -> str:
    """Leave of the heap profiles of one process the last one: they show the same objects again, and so are one run. Say so."""
    heaps = sorted(
        (read.snapshots[path] for path in of.get(ProfileKind.HEAP, ())), key=lambda one: one.taken_at.seconds
    )
    kept = one_each(heaps)
    if len(kept) == len(heaps):
        return ""
    of[ProfileKind.HEAP] = [snapshot.path for snapshot in kept]
    where = os.path.basename(os.path.dirname(heaps[0].path))
    one = "one process, so one run" if len(kept) == 1 else f"{len(kept)} processes, so as many runs"
    last = f"the last, {kept[0].name}, is" if len(kept) == 1 else "the last of each are"
    return f"the {len(heaps)} heap profiles in {where} are snapshots of {one}: only {last} compared"


def _paired(base: list[str], head: list[str], folder: str, operations_of: Callable[[str], float]) -> tuple[Runs, World]:
    """Compare the runs of one kind of profile in pairs."""
    counts = [*map(operations_of, base)], [*map(operations_of, head)]
    comparisons, worlds = [], []
    for i in range(max(len(base), len(head))):
        world = once.two_files([folder], FilePair(base[i % len(base)], head[i % len(head)]), {})
        if world.named is None:
            reasons = "; ".join(f"{problem.name} {problem.reason}" for problem in world.problems)
            raise _IncomparableError(reasons or "they cannot be compared")
        comparisons.append(world.named.comparison)
        worlds.append(world)
    return Runs(comparisons, len(base), len(head), counts), worlds[0]


def _operations(profile: str, number: int | None) -> float:
    """Return how many operations a profile is of: `number`, or what the output of its benchmark says if that is None."""
    output = output_beside(profile)
    try:
        count = number or operations(read_file(output, MAX_OUTPUT_BYTES).decode("utf-8", "replace"))
    except OSError:
        count = 0
    if not count:
        raise _IncomparableError(
            f"{os.path.basename(profile)}: how many operations it is of is not known: write what `go test -bench` prints "
            f"to {os.path.basename(output)} beside it, or give --operations"
        )
    return float(count)
