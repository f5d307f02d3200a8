"""How processes are told apart: restarts that the totals do not show, replicas in one directory, which process is judged."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.model import ValueType
from alloclens.profile.taken_at import TakenAt
from alloclens.series.owned import NOTHING, OwnedLines
from alloclens.series.restarts import MIN_STACKS
from alloclens.series.series import Series, heaps_beside, process_before
from alloclens.series.snapshot import Snapshot
from alloclens.tables.allocations import StackAllocations, rows, sketch

from tests.support.grouped import group

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPES = tuple(
    ValueType(f"{when}_{what}", unit)
    for when in ("alloc", "inuse")
    for what, unit in (("objects", "count"), ("space", "bytes"))
)
STACKS = 80
DIGESTS = np.sort(np.random.default_rng(0).integers(0, 2**63, STACKS)).astype(np.uint64)
WORK = np.random.default_rng(1).exponential(1, STACKS)
"""Sampled objects that each stack allocates between two snapshots."""


@dataclass
class Process:
    """A process of one program. Each of its stacks allocates at random, and keeps a third."""

    rng: np.random.Generator
    name: str
    start: float = 1.0
    """Sampled objects that each stack allocates at the start."""
    allocated: np.ndarray = field(init=False)
    in_use: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.allocated = self.rng.poisson(self.start, STACKS)
        self.in_use = self.allocated.copy()

    def snapshot(self, seconds: float, steps: float = 1.0) -> Snapshot:
        new = self.rng.poisson(WORK * steps)
        self.allocated = self.allocated + new
        self.in_use = self.rng.binomial(self.in_use + new, 1 / 3)
        row = np.flatnonzero(self.allocated)
        found = StackAllocations(DIGESTS[row], self.allocated[row], self.in_use[row])
        totals = [int(one.sum()) * factor for one in (self.allocated, self.in_use) for factor in (1, 64)]
        return Snapshot(
            path=f"/p/{self.name}.{seconds:05.0f}",
            taken_at=TakenAt(seconds, "profile"),
            is_difference=False,
            default_sample_type="",
            sample_types=TYPES,
            total=tuple(totals),
            owned=NOTHING,
            allocations=sketch(found),
        )


def of(snapshots: Sequence[Snapshot]) -> set[str]:
    """Return the names of their processes."""
    return {one.name.partition(".")[0] for one in snapshots}


def parts(found: Sequence[Series]) -> list[list[set[str]]]:
    """Return the processes of each series, by the names of their snapshots."""
    return sorted(([of(process) for process in one.processes] for one in found), key=str)


def test_a_restart_that_the_totals_do_not_show() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        before, after = Process(rng, "a"), Process(rng, "b")
        made = [before.snapshot(0), before.snapshot(10), after.snapshot(20, 5), after.snapshot(30)]
        assert made[2].total[0] > made[1].total[0]
        (series,) = group(made)
        assert [of(process) for process in series.processes] == [{"a"}, {"b"}]
        assert series.base("first", series.head("latest")) is made[2]


@pytest.mark.parametrize("seed", range(8))
def test_a_process_is_never_split(seed: int) -> None:
    one = Process(np.random.default_rng(seed), "a")
    made = [one.snapshot(at, steps=(0, 0.01, 1, 30)[at % 4]) for at in range(60)]
    assert parts(group(made)) == [[{"a"}]]


@pytest.mark.parametrize("replicas", [2, 3, 7])
@pytest.mark.parametrize("in_turn", [True, False])
def test_replicas_in_one_directory_are_told_apart(replicas: int, *, in_turn: bool) -> None:
    rng = np.random.default_rng(replicas)
    running = [Process(rng, f"r{i}") for i in range(replicas)]
    turns = np.arange(8 * replicas) % replicas if in_turn else rng.integers(0, replicas, 8 * replicas)
    made = [running[turn].snapshot(at) for at, turn in enumerate(turns.tolist())]
    found = group(made)
    assert parts(found) == sorted(([{one.name}] for one in running), key=str)
    assert sorted(one.replica for one in found) == list(range(1, replicas + 1))


@pytest.mark.parametrize("replicas", [2, 3])
@pytest.mark.parametrize("count", [12, 60])
def test_replicas_whose_first_snapshots_have_few_stacks(replicas: int, count: int) -> None:
    rng = np.random.default_rng(replicas)
    running = [Process(rng, f"r{i}", start=0) for i in range(replicas)]
    made = [running[at % replicas].snapshot(at, steps=0.08) for at in range(count * replicas)]
    few, many = made[:replicas], made[-replicas:]
    assert max(rows(one.allocations) for one in few) < MIN_STACKS < min(rows(one.allocations) for one in many)
    assert parts(group(made)) == [[{one.name}] for one in running]


@pytest.mark.parametrize("seed", range(10))
def test_a_program_that_often_restarts_has_no_replicas(seed: int) -> None:
    """Though some snapshot may, by chance, seem to continue a process that has ended."""
    rng = np.random.default_rng(seed)
    made: list[Snapshot] = []
    while len(made) < 40:
        one = Process(rng, f"p{len(made)}", start=0)
        made += [one.snapshot(len(made) + i, steps=rng.exponential()) for i in range(rng.integers(1, 4))]
    (series,) = group(made)
    assert series.replica == 0


def test_replicas_that_are_deployed_again() -> None:
    """Each of the new ones follows one of the old ones."""
    rng = np.random.default_rng(3)
    old, new = ([Process(rng, f"{name}{i}") for i in range(2)] for name in ("old", "new"))
    made = [(old if at < 10 else new)[at % 2].snapshot(at) for at in range(20)]
    found = group(made)
    assert sorted([sorted(of(one.snapshots)) for one in found]) in (
        [["new0", "old0"], ["new1", "old1"]],
        [["new0", "old1"], ["new1", "old0"]],
    )
    assert all(len(one.processes) == 2 for one in found)


def test_one_process_after_the_other_is_one_series() -> None:
    """Even if a later one continues from what an earlier one had: all allocate the same at the start."""
    made = []
    for at in range(30):
        if at % 10 == 0:
            one = Process(np.random.default_rng(7), f"p{at}")  # the same objects are sampled in each
        made.append(one.snapshot(at))
    (series,) = group(made)
    assert series.replica == 0
    assert [of(process) for process in series.processes] == [{"p0"}, {"p10"}, {"p20"}]


def test_snapshots_that_each_are_of_a_process_of_their_own() -> None:
    rng = np.random.default_rng(5)
    apart = [Process(rng, f"p{at}").snapshot(at, steps=5) for at in range(6)]
    together = Process(rng, "one")
    (mixed,), (whole,) = group(apart), group([together.snapshot(at) for at in range(6)])
    assert (mixed.is_mixed, whole.is_mixed) == (True, False)


@pytest.mark.parametrize(
    ("lengths", "wanted"),
    [
        ((4,), ("p0", 4, 0)),
        ((24,), ("p0", 24, 0)),
        ((24, 2), ("p0", 24, 2)),  # restarted 2 snapshots ago
        ((24, 6), ("p0", 24, 6)),
        ((24, 19), ("p0", 24, 19)),
        ((24, 20), ("p1", 20, 0)),  # enough of its own
        ((19, 6), ("p1", 6, 0)),
        ((24, 6, 7), ("p2", 7, 0)),  # p1 went on long enough to show whether what p0 did goes on
        ((24, 9, 2), ("p1", 9, 2)),
        ((24, 3, 2), ("p0", 24, 5)),  # the one between has too few as well
        ((5, 3, 2), ("p2", 2, 0)),
        ((6, 9, 1), ("p1", 9, 1)),  # the last one that has enough
    ],
)
def test_the_process_that_is_judged(lengths: tuple[int, ...], wanted: tuple[str, int, int]) -> None:
    rng = np.random.default_rng(2)
    made: list[Snapshot] = []
    for number, length in enumerate(lengths):
        one = Process(rng, f"p{number}")
        made += [one.snapshot(len(made) + i) for i in range(length)]
    (series,) = group(made)
    judged = series.judged_process(made[-1], 6, 20)
    (name,) = of(judged.observed)
    assert (name, len(judged.observed), judged.snapshots_ago) == wanted


def test_an_older_head_is_judged_by_what_came_before_it() -> None:
    rng = np.random.default_rng(4)
    first, second = Process(rng, "a"), Process(rng, "b")
    made = [*(first.snapshot(at) for at in range(9)), *(second.snapshot(20 + at) for at in range(9))]
    (series,) = group(made)
    found = series.judged_process(made[10], 6, 20)
    assert (found.observed, found.snapshots_ago) == (made[:9], 2)
    assert series.judged_process(made[4], 6, 20).observed == made[:5]


def test_the_process_before() -> None:
    """The last one with enough observations that ended before, in any series of the directory: here of other binaries."""
    rng = np.random.default_rng(3)
    lengths = {"a": (0, 8), "b": (100, 3), "c": (200, 5), "d": (250, 20)}
    made = {name: Process(rng, name) for name in lengths}
    found = [
        replace(made[name].snapshot(begin + 10 * i), program=name)
        for name, (begin, count) in lengths.items()
        for i in range(count)
    ]
    series = group(found)
    (head,) = (one for one in series if one.program == "c")
    assert of(process_before(series, head.snapshots[-1], head, 5)) == {"a"}  # b has too few, d has not ended
    assert of(process_before(series, head.snapshots[-1], head, 2)) == {"b"}
    assert process_before(series, head.snapshots[-1], head, 9) == []


def test_the_heaps_beside_goroutines() -> None:
    """Those of the process at that time: they say how much was allocated meanwhile."""
    rng = np.random.default_rng(4)
    before, after = Process(rng, "a"), Process(rng, "b")
    heaps = [*(before.snapshot(10 * i) for i in range(4)), *(after.snapshot(100 + 10 * i) for i in range(4))]
    count = ValueType("goroutine", "count")
    goroutines = [
        replace(one, path=one.path + ".g", sample_types=(count,), total=(1,), allocations=b"") for one in heaps[4:]
    ]
    series = group([*heaps, *goroutines])
    (of_goroutines,) = (one for one in series if one.snapshots[0].sample_types == (count,))
    assert heaps_beside(series, goroutines[-1], of_goroutines) == heaps[4:]
    (of_heaps,) = (one for one in series if one is not of_goroutines)
    assert heaps_beside(series, heaps[-1], of_heaps) == []
    assert heaps_beside([of_goroutines], goroutines[-1], of_goroutines) == []


def of_what_is_in_use(number: int, **held: float) -> Snapshot:
    """Return a snapshot of lines that hold so much, without what was allocated."""
    values = np.array([*held.values()], np.float32)
    key = np.array([[1000 + ord(name) for name in held]])
    return Snapshot(
        path=f"/p/{number}",
        taken_at=TakenAt(number, "profile"),
        is_difference=False,
        default_sample_type="",
        sample_types=(ValueType("space", "bytes"),),
        total=(int(values.sum()),),
        owned=OwnedLines(key, values, np.zeros((6, len(values)))),
    )


FIRST = {"k": 20, "a": 10, "b": 10, "c": 10}
FULL = {"k": 20.5, "a": 100, "b": 60, "c": 40}


@pytest.mark.parametrize(
    ("after", "is_new"),
    [
        ({"k": 20, "a": 50, "b": 20, "c": 20, "n": 0}, True),
        ({"k": 20, "a": 51, "b": 20, "c": 10}, False),  # not half
        ({"k": 20, "a": 0, "b": 0, "c": 40}, False),  # a leak stays when a task ends
        ({"k": 20, "a": 50, "b": 20, "c": 20, "n": 1}, False),  # 111 of 220.5 in all
        ({"k": 20, "a": 10, "b": 10}, True),
    ],
)
def test_a_process_that_lost_all_that_it_had_gained_seems_to_be_another_one(
    after: dict[str, float], *, is_new: bool
) -> None:
    made = [of_what_is_in_use(0, **FIRST), of_what_is_in_use(1, **FULL), of_what_is_in_use(2, **after)]
    (series,) = group([*made, of_what_is_in_use(3, **FULL)])
    assert [len(process) for process in series.processes] == ([2, 2] if is_new else [4])
    assert [series.seems_new(process) for process in series.processes] == [False, True][: len(series.processes)]
    named = [replace(one, path=f"/p/pid7-{one.name}") for one in made]
    assert len(group(named)[0].processes) == 1, "the process ID decides"
    goroutines = [replace(one, sample_types=(ValueType("goroutine", "count"),)) for one in made]
    assert len(group(goroutines)[0].processes) == 1


@pytest.mark.parametrize(("small", "is_new"), [(2.5, True), (1.5, False)])
def test_fewer_than_three_large_parts_show_no_restart(small: float, *, is_new: bool) -> None:
    """Of 200 in all, a part is large from 2 on."""
    before, after = {"a": 100, "b": 100 - small, "c": small}, {"a": 1, "b": 1, "c": 1}
    made = [of_what_is_in_use(0, a=1, b=1, c=1), of_what_is_in_use(1, **before), of_what_is_in_use(2, **after)]
    assert len(group(made)[0].processes) == 1 + is_new
