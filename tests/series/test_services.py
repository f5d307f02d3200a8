"""Which series are shown together, and which of them leads."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from alloclens.profile.kinds import ProfileKind
from alloclens.series.services import Service, services

from tests.series.test_series import snapshot
from tests.support.profiles import CONTENTION, CPU, LEAKED, goroutines, heap, profile

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


def test_a_choice_leads() -> None:
    (service,) = services(made_of("/p", *KINDS))
    assert kinds(service.led_by("latest", "cpu"))[0] is ProfileKind.CPU
    assert kinds(service.led_by("latest", "delay"))[0] is ProfileKind.BLOCK
    assert kinds(service.led_by("mutex", "cpu"))[0] is ProfileKind.MUTEX
    assert kinds(service.led_by("latest", "nothing")) == kinds(service)


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
