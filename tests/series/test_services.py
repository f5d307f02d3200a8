"""Which series are shown together, and which of them leads."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.kinds import ProfileKind
from alloclens.profile.taken_at import TakenAt
from alloclens.series.services import Service, services

from tests.series.test_series import snapshot
from tests.support.profiles import CONTENTION, CPU, LEAKED, goroutines, heap, profile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.series.snapshot import Snapshot

MAIN = "main.f@/o/a.go:1"
KINDS = {
    "heap": (heap(f"{MAIN} = 1x8"), ProfileKind.HEAP),
    "goroutine": (goroutines(f"{MAIN} = 1"), ProfileKind.GOROUTINE),
    "leaked": (profile(LEAKED, f"{MAIN} = 1"), ProfileKind.GOROUTINELEAK),
    "block": (profile(CONTENTION, f"{MAIN} = 1 8"), ProfileKind.BLOCK),
    "mutex": (profile(CONTENTION, f"{MAIN} = 1 8"), ProfileKind.MUTEX),
    "cpu": (profile(CPU, f"{MAIN} = 1 8"), ProfileKind.CPU),
}
"""In the order in which they lead."""


def made_of(directory: str, *names: str, program: str = "", begin: int = 0) -> list:
    return [
        replace(
            snapshot(f"{directory}/{name}", begin + at, KINDS[name][0], program=program),
            contention=name if name in ("block", "mutex") else "",
        )
        for at, name in enumerate(names)
    ]


def kinds(service: Service) -> list[ProfileKind]:
    return [one.kind for one in service.series]


@pytest.mark.parametrize("seed", range(10))
def test_the_heap_leads_whatever_was_written_last(seed: int) -> None:
    given = list(KINDS)
    random.Random(seed).shuffle(given)
    (service,) = services(made_of("/p", *given))
    assert kinds(service) == [kind for _, kind in KINDS.values()]


def test_services_are_apart_by_directory_and_program() -> None:
    two = made_of("/p", "heap", "cpu", program="shop"), made_of("/p", "heap", "goroutine", program="till", begin=10)
    found = services([*two[0], *two[1], *made_of("/q", "block", begin=5)])
    assert [(one.directory, one.program, len(one.series)) for one in found] == [
        ("/p", "till", 2),
        ("/q", "", 1),
        ("/p", "shop", 2),
    ]


def test_a_text_without_a_program_is_beside_the_one_that_names_it() -> None:
    """Goroutines as text name no binary."""
    (service,) = services([*made_of("/p", "heap", program="shop"), *made_of("/p", "goroutine")])
    assert (service.program, kinds(service)) == ("shop", [ProfileKind.HEAP, ProfileKind.GOROUTINE])


def test_what_never_had_a_value_does_not_lead() -> None:
    empty = replace(made_of("/p", "heap")[0], total=(0, 0, 0, 0))
    (service,) = services([empty, *made_of("/p", "cpu")])
    assert kinds(service) == [ProfileKind.CPU, ProfileKind.HEAP]
    later = replace(empty, path="/p/later", total=(1, 8, 0, 0))
    (service,) = services([empty, later, *made_of("/p", "cpu")])
    assert kinds(service) == [ProfileKind.HEAP, ProfileKind.CPU]


def test_a_chosen_sample_type_leads() -> None:
    (service,) = services(made_of("/p", *KINDS))
    assert kinds(service.led_by("cpu"))[0] is ProfileKind.CPU
    assert kinds(service.led_by("delay"))[0] is ProfileKind.BLOCK
    assert kinds(service.led_by("nothing")) == kinds(service)


def test_kinds_beside_a_chosen_head_are_of_its_time() -> None:
    made = [
        replace(one, path=f"{one.path}{at}") for at in (0, 10, 20) for one in made_of("/p", "heap", "cpu", begin=at)
    ]
    (service,) = services(made)
    heaps, cpu = service.series
    heads = {
        wanted: [service.head(of, wanted).name for of in (heaps, cpu)]
        for wanted in ("latest", "heap10", "cpu0", "heap0")
    }
    assert heads == {
        "latest": ["heap20", "cpu20"],
        "heap10": ["heap10", "cpu0"],  # the next one came a second later
        "cpu0": ["heap0", "cpu0"],
        "heap0": ["heap0", "cpu0"],
    }


def test_kinds_beside_a_chosen_base_are_of_its_time() -> None:
    (service,) = services([*of_kind("heap", 0, 10, 20, 30), *of_kind("cpu", 5, 10.2, 20.2)])
    heaps, cpu = service.series
    times = [0, 10, 20, 30]
    bases = {at: service.base(cpu, of.name, cpu.snapshots[-1]) for at, of in zip(times, heaps.snapshots, strict=True)}
    assert {at: base and base.taken_at.seconds for at, base in bases.items()} == {0: 5, 10: 10.2, 20: None, 30: None}
    assert service.base(heaps, cpu.snapshots[1].name, heaps.snapshots[-1]) is heaps.snapshots[1]
    assert service.base(heaps, heaps.snapshots[2].name, heaps.snapshots[-1]) is heaps.snapshots[2]
    assert service.base(cpu, "previous", cpu.snapshots[-1]) is cpu.snapshots[1]


@pytest.mark.parametrize("late", [-0.003, 0.003, 0.9])
def test_what_was_written_within_a_second_of_a_chosen_head_is_beside_it(late: float) -> None:
    made = [*of_kind("heap", 0, 10, 20), *of_kind("leaked", 0 + late, 10 + late, 20 + late)]
    (service,) = services(made)
    heaps, leaked = service.series
    chosen = heaps.snapshots[1]
    assert service.head(leaked, chosen.name) is leaked.snapshots[1]


def test_of_two_within_a_second_the_nearer_is_beside_a_chosen_head() -> None:
    (service,) = services([*of_kind("heap", 10), *of_kind("leaked", 9.9, 10.6)])
    heaps, leaked = service.series
    assert service.head(leaked, heaps.snapshots[0].name).taken_at.seconds == 9.9


HEAP_TOTALS = {0: 5, 10: 7, 20: 9, 30: 1, 40: 3}
"""By time: the process that began after 20 has allocated less."""


def of_kind(kind: str, *seconds: float, totals: Iterable[int] = ()) -> list[Snapshot]:
    """Return profiles of a kind, taken at these times."""
    counted = list(totals) or [1] * len(seconds)
    return [
        replace(one, path=f"/p/{kind}{int(at):02}", taken_at=TakenAt(at, "profile"), total=(total,) * len(one.total))
        for at, total in zip(seconds, counted, strict=True)
        for one in made_of("/p", kind)
    ]


def split(made: Iterable[Snapshot], kind: str) -> list[list[str]]:
    """Return the names of a kind's snapshots by process."""
    (service,) = services(made)
    (of,) = (one for one in service.series if one.kind is ProfileKind[kind.upper()])
    return [[one.name for one in process] for process in of.processes]


@pytest.mark.parametrize("kind", ["goroutine", "cpu", "block", "mutex"])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_the_heaps_tell_where_other_kinds_restart(kind: str, offset: float) -> None:
    """Those taken in one round are of one process, whichever is taken first."""
    heaps = of_kind("heap", *HEAP_TOTALS, totals=HEAP_TOTALS.values())
    beside = of_kind(kind, *(at + offset for at in HEAP_TOTALS))
    assert [len(process) for process in split([*heaps, *beside], kind)] == [3, 2]


def test_a_restart_is_seen_once() -> None:
    """Contentions that fell between 21 and 22 are the restart that the heaps show between 20 and 30."""
    heaps = of_kind("heap", *HEAP_TOTALS, totals=HEAP_TOTALS.values())
    blocked = of_kind("block", 1, 21, 22, 23, 28, 41, totals=(4, 6, 1, 2, 3, 4))
    assert split([*heaps, *blocked], "block") == [["block01", "block21"], ["block22", "block23", "block28", "block41"]]


@pytest.mark.parametrize("kind", ["block", "mutex"])
def test_contentions_that_fell_are_a_restart(kind: str) -> None:
    contended = of_kind(kind, 0, 10, 20, 30, totals=(4, 6, 1, 3))
    waiting = of_kind("goroutine", 1, 11, 21, 31)
    assert [len(process) for process in split([*contended, *waiting], kind)] == [2, 2]
    assert [len(process) for process in split([*contended, *waiting], "goroutine")] == [2, 2]
    of_an_interval = [replace(one, duration=30) for one in contended]
    assert [len(process) for process in split(of_an_interval, kind)] == [4]


def test_goroutines_that_fell_are_no_restart() -> None:
    assert [len(process) for process in split(of_kind("goroutine", 0, 10, 20, totals=(4, 6, 1)), "goroutine")] == [3]
