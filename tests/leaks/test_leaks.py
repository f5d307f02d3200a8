"""A part of the benchmark that is quick, and its own arithmetic."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.leaks import ours, pprofs
from tests.leaks.ours import Said, Verdict
from tests.leaks.pprofs import Ranks
from tests.leaks.programs import GO, Program, Spot, programs
from tests.leaks.score import Outcome, middle, totals
from tests.leaks.series import Series, build, run
from tests.leaks.table import below, first

if TYPE_CHECKING:
    from collections.abc import Mapping

QUICK = ("goroutine", "ticker", "warmup", "wrapped")
SNAPSHOTS = 10


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The snapshots of one run of each quick program."""
    chosen = [programs()[name] for name in QUICK]
    binaries, profiles = tmp_path_factory.mktemp("binaries"), tmp_path_factory.mktemp("profiles")
    build(chosen, binaries)
    with ThreadPoolExecutor(2) as workers:
        made = workers.map(lambda p: run(Series(p, SNAPSHOTS, 1), binaries, profiles), chosen)
        return dict(zip(QUICK, made, strict=True))


@pytest.mark.programs
@pytest.mark.parametrize("name", QUICK)
def test_the_leak_is_first_and_nothing_else_is_accused(name: str, folders: Mapping[str, Path]):
    program = programs()[name]
    found = ours.verdict(program, folders[name])
    assert (found.rank, found.alarms) == (1 if program.leak else None, ())


@pytest.mark.programs
@pytest.mark.parametrize("name", QUICK)
def test_pprof_sees_the_leak_as_well(name: str, folders: Mapping[str, Path]):
    """The leak is in the profiles, whatever alloclens makes of them."""
    program = programs()[name]
    ranks = pprofs.ranks(program, folders[name])
    assert [rank is not None for rank in ranks] == [bool(program.leak)] * 2


@pytest.mark.programs
def test_a_run_has_its_snapshots(folders: Mapping[str, Path]):
    names = sorted(path.name for path in folders["warmup"].iterdir())
    numbers = [f"{number:04d}" for number in range(1, SNAPSHOTS + 1)]
    assert names == [*(f"goroutine.{n}.txt" for n in numbers), *(f"heap.{n}.pb.gz" for n in numbers)]


def test_programs_and_marks():
    found = programs()
    assert len([p for p in found.values() if p.leak]) >= 18
    assert len([p for p in found.values() if not p.leak]) >= 8
    assert found["goroutine"].spots == (Spot(GO / "goroutine" / "main.go", 29),)
    assert all("alloclens: leak" in spot.file.read_text("utf-8").split("\n")[spot.line - 1] for spot in _spots(found))
    assert found["goroutine"].also == (Spot(GO / "goroutine" / "main.go", 28),)


def _spots(found: Mapping[str, Program]) -> list[Spot]:
    return [spot for program in found.values() for spot in program.spots]


A, B, C, D = (Spot(Path("/w/shop/main.go"), line) for line in (11, 22, 33, 44))
LEAKS = Program("shop", "orders", (A, B), (D,))
SOUND = Program("shop", "", ())


@pytest.mark.parametrize(
    ("program", "said", "expected"),
    [
        (LEAKS, "leak A", (1, "", "")),
        (LEAKS, "leak C, leak B, growing A", (2, "C", "")),
        (LEAKS, "churn A, growing C, growing A", (2, "", "C")),
        (LEAKS, "stable A, churn B", (None, "", "")),
        (LEAKS, "leak D, growing B", (2, "", "")),
        (SOUND, "leak A, growing C, filling B", (None, "A", "C")),
    ],
)
def test_what_was_said_against_the_truth(program: Program, said: str, expected: tuple[int | None, str, str]):
    spots = {"A": A, "B": B, "C": C, "D": D}
    findings = [Said(one.split()[0], spots[one.split()[1]], "inuse_space") for one in said.split(", ")]
    found = ours.judged(program, findings)
    wanted = (tuple(spots[name] for name in names) for names in expected[1:])
    assert (found.rank, *(tuple(s.spot for s in some) for some in (found.alarms, found.growing))) == (
        expected[0],
        *wanted,
    )


TOP = """File: shop
Showing nodes accounting for 30B, 100% of 30B total
      flat  flat%   sum%        cum   cum%
       20B 66.67% 66.67%        30B   100%  main.main /w/shop/main.go:1
        9B 30.00% 96.67%         9B 30.00%  main.other /w/shopping/main.go:11
        5B 30.00% 96.67%         5B 30.00%  main.other /w/shop/main.go:111
        7B 23.33%   100%         7B 23.33%  main.(*shop).keep /w/shop/main.go:22 (inline)
        0B     0%   100%         7B 23.33%  main.(*shop).take /w/shop/main.go:11
"""


def test_a_rank_in_pprofs_text():
    assert pprofs.rank(LEAKS, TOP) == 4
    assert pprofs.rank(LEAKS._replace(spots=(A,)), TOP) == 5
    assert pprofs.rank(LEAKS._replace(spots=(C,)), TOP) is None
    assert pprofs.rank(LEAKS, "File: shop\n      flat  flat%   sum%        cum   cum%\n") is None


def _outcome(program: Program, snapshots: int, rank: int | None, alarms: int = 0, growing: int = 0) -> Outcome:
    one = Said("leak", C, "inuse_space")
    return Outcome(Series(program, snapshots, 1), Verdict(rank, (one,) * alarms, (one,) * growing), Ranks(2, rank))


def test_totals_count_long_series_only():
    found = totals(
        [
            _outcome(LEAKS, 3, None, alarms=5),
            _outcome(LEAKS, 10, 1),
            _outcome(LEAKS, 60, 1, alarms=1),
            _outcome(LEAKS, 60, 2, growing=1),
            _outcome(LEAKS, 60, None),
            _outcome(SOUND, 10, None, alarms=1),
            _outcome(SOUND, 60, None),
        ]
    )
    assert found[:7] == (4, 0.5, 0.0, 0.5, 0.25, 2, 0.5)
    assert found.growing == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("firsts", "of", "alarms", "met"), [(19, 20, 0, True), (18, 20, 0, False), (100, 100, 1, True), (99, 99, 1, False)]
)
def test_targets(firsts: int, of: int, alarms: int, met: bool):
    leaking = [_outcome(LEAKS, 10, 1 if number < firsts else 2) for number in range(of)]
    sound = [_outcome(SOUND, 10, None, alarms=int(number < alarms)) for number in range(of)]
    assert totals(leaking + sound).met is met


def test_what_was_not_run_misses_nothing():
    found = totals([_outcome(LEAKS, 10, 1)])
    assert isnan(found.sound_alarms)
    assert found.met


def test_words_of_the_table():
    assert first([1, 1]) == "2/2"
    assert first([1, 4, 2]) == "1/3, worst 4"
    assert first([1, None]) == "1/2, worst –"
    assert middle([3, None, 1]) == 3
    assert middle([None, None, 1]) is None
    said = below(totals([_outcome(LEAKS, 10, 1), _outcome(LEAKS, 10, None)]))
    assert "first: alloclens 50.0% (target 95.0%), pprof by cum 0.0%, by flat 50.0%." in said
    assert "(target 1.0%): sound –, honest lines beside a leak 0.0%." in said
    assert said.endswith("MISSED.")
