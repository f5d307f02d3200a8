"""A quick part of the benchmark, and its own arithmetic."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read

from tests.leaks import ours, pprofs
from tests.leaks.ours import Said
from tests.leaks.pprofs import Ranks
from tests.leaks.programs import GO, Program, Spot, programs
from tests.leaks.score import Outcome, middle, targets, totals
from tests.leaks.series import CUTS, LOADS, ROUNDS, Run, build, cut, produce
from tests.leaks.table import first, report

if TYPE_CHECKING:
    from collections.abc import Mapping

QUICK = {"goroutine": "drift", "labels": "bursts", "redeploy": "daynight", "fleet": "drift"}
"""Programs and their loads."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The snapshots of one run of each quick program."""
    binaries, profiles = tmp_path_factory.mktemp("binaries"), tmp_path_factory.mktemp("profiles")
    build([programs()[name] for name in QUICK], binaries)
    runs = [Run(programs()[name], load, 1) for name, load in QUICK.items()]
    with ThreadPoolExecutor(2) as workers:
        made = workers.map(lambda run: produce(run, binaries, profiles), runs)
        return dict(zip(QUICK, made, strict=True))


@pytest.mark.programs
@pytest.mark.parametrize("name", QUICK)
def test_the_leak_is_first_and_nothing_else_is_accused(name: str, folders: Mapping[str, Path]):
    """As a candidate at least: each run samples other objects, and in one of 14 the 36 of `redeploy` looked slower at night."""
    program = programs()[name]
    found = ours.answer(program, folders[name])
    assert (found.rank == 1 or found.first_candidate, found.alarms) == (bool(program.leak), ())


@pytest.mark.programs
@pytest.mark.parametrize("name", [name for name in QUICK if programs()[name].leak])
def test_pprof_sees_the_leak_as_well(name: str, folders: Mapping[str, Path]):
    """The leak is in the profiles, whatever alloclens makes of them."""
    assert pprofs.ranks(programs()[name], folders[name], "60").cum


@pytest.mark.programs
@pytest.mark.parametrize("name", QUICK)
def test_a_run_has_its_snapshots(name: str, folders: Mapping[str, Path]):
    names = {path.name for path in folders[name].iterdir()}
    replicas = ["", *(f".{number}" for number in range(1, programs()[name].replicas))]
    endings = {"heap": "pb.gz", "goroutine": "txt"}
    rounds = range(1, ROUNDS + 1)
    assert names == {f"{k}.{n:04d}{r}.{endings[k]}" for k in endings for n in rounds for r in replicas}


@pytest.mark.programs
def test_the_clock_of_a_run_goes_twenty_minutes_a_round(folders: Mapping[str, Path]):
    """Also over a restart; replicas are seven minutes apart."""
    taken = [_nanos(path) for path in sorted(folders["redeploy"].glob("heap.*"))]
    assert {after - before for before, after in pairwise(taken)} == {20 * 60 * 10**9}
    apart = [_nanos(folders["fleet"] / f"heap.0001{replica}.pb.gz") for replica in ("", ".1", ".2")]
    assert [at - apart[0] for at in apart] == [0, 7 * 60 * 10**9, 14 * 60 * 10**9]


@pytest.mark.programs
def test_a_cut_keeps_names_and_times(folders: Mapping[str, Path], tmp_path: Path):
    part = cut(folders["goroutine"], "3", tmp_path)
    assert sorted(path.name for path in part.glob("heap.*")) == [f"heap.{n:04d}.pb.gz" for n in (20, 40, 60)]
    assert all(path.stat().st_mtime == (folders["goroutine"] / path.name).stat().st_mtime for path in part.iterdir())


def _nanos(path: Path) -> int:
    return read(path.read_bytes()).time_nanos


def test_the_loads_are_those_of_the_programs():
    text = (GO / "rounds" / "load.go").read_text("utf-8")
    assert [load for load in LOADS if f'"{load}":' in text] == list(LOADS)
    assert max(max(rounds) for rounds in CUTS.values()) == ROUNDS


def test_programs_and_marks():
    found = programs()
    assert len([p for p in found.values() if p.leak]) >= 36
    assert len([p for p in found.values() if not p.leak]) >= 27
    assert found["goroutine"].spots == (Spot(GO / "goroutine" / "main.go", 29),)
    assert found["goroutine"].also == (Spot(GO / "goroutine" / "main.go", 28),)
    assert {spot.file.name for spot in found["decoder"].helpers} == {"wire.go"}
    assert found["outbox"].foreign == ("example.com/outbox.(*Client).loop",)
    assert (found["restarted"].restarts, found["fleet"].replicas) == ((25, 44), 3)
    assert all("alloclens: leak" in spot.file.read_text("utf-8").split("\n")[spot.line - 1] for spot in _spots(found))


def _spots(found: Mapping[str, Program]) -> list[Spot]:
    return [spot for program in found.values() for spot in program.spots]


A, B, C, D, H = (Spot(Path("/w/shop/main.go"), line) for line in (11, 22, 33, 44, 55))
LEAKS = Program("shop", "orders", (A, B), also=(D,), helpers=(H,), foreign=("lib.run",), beside=("lib.serve",))
SOUND = Program("shop", "", ())
SPOTS = {"A": A, "B": B, "C": C, "D": D, "H": H}


def _said(text: str) -> list[Said]:
    """Read "leak C, growing H<A": a line, and the caller of a helper; "leak lib.run@A": a function and where it is placed."""
    return [_one(*part.split()) for part in text.split(", ") if part]


def _one(verdict: str, what: str) -> Said:
    function, _, at = what.rpartition("@") if "lib" in what else ("", "", what)
    line, _, caller = at.partition("<")
    callers = (SPOTS[caller],) if caller else ()
    return Said(verdict, "rises", "inuse_space", SPOTS.get(line), function, callers)


@pytest.mark.parametrize(
    ("program", "findings", "candidates", "rank", "candidate", "caller", "alarms", "growing"),
    [
        (LEAKS, "leak A", "", 1, None, True, "", ""),
        (LEAKS, "leak C, leak B, growing A", "", 2, None, False, "C", ""),
        (LEAKS, "growing C, growing A", "", 2, None, False, "", "C"),
        (LEAKS, "leak D, growing B", "", 1, None, True, "", ""),
        (LEAKS, "leak H<A", "", 1, None, True, "", ""),
        (LEAKS, "leak H<C", "", 1, None, False, "", ""),
        (LEAKS, "leak H", "", 1, None, False, "", ""),
        (LEAKS, "leak lib.run@A", "", 1, None, True, "", ""),
        (LEAKS, "leak lib.run@", "", 1, None, False, "", ""),
        (LEAKS, "leak lib.run@C, leak B", "", 2, None, False, "C", ""),
        (LEAKS, "leak lib.run@D, leak lib.serve@, leak B", "", 1, None, True, "", ""),
        (LEAKS, "leak lib.other@A", "", None, None, False, "A", ""),
        (LEAKS, "", "noise A, noise C", None, 1, False, "", ""),
        (LEAKS, "growing C", "noise C, noise H<A", None, 2, False, "", "C"),
        (LEAKS, "", "noise H<C, noise H, noise lib.run@", None, 3, False, "", ""),
        (LEAKS, "", "", None, None, False, "", ""),
        (SOUND, "leak A, growing C", "noise B", None, None, False, "A", "C"),
    ],
)
def test_what_was_said_against_the_truth(
    program: Program,
    findings: str,
    candidates: str,
    rank: int | None,
    candidate: int | None,
    caller: bool,
    alarms: str,
    growing: str,
):
    found = ours.judged(program, _said(findings), _said(candidates))
    assert (found.rank, found.candidate, found.caller) == (rank, candidate, caller)
    assert found.silent is (not findings and not candidates)
    wrong = ([said.spot for said in some] for some in (found.alarms, found.growing))
    assert [*wrong] == [[SPOTS[name] for name in names] for names in (alarms, growing)]


TOP = """File: shop
Showing nodes accounting for 30B, 100% of 30B total
      flat  flat%   sum%        cum   cum%
       20B 66.67% 66.67%        30B   100%  main.main /w/shop/main.go:1
        9B 30.00% 96.67%         9B 30.00%  main.other /w/shopping/main.go:11
        5B 30.00% 96.67%         5B 30.00%  main.other /w/shop/main.go:111
        7B 23.33%   100%         7B 23.33%  main.(*shop).keep /w/shop/main.go:22 (inline)
        0B     0%   100%         7B 23.33%  main.(*shop).take /w/shop/main.go:11
"""


def test_ranks_in_pprofs_text():
    """The rank by cum counts what has more, also if it is listed below."""
    assert pprofs.ranked(LEAKS, TOP) == Ranks(cum=3, flat=3)
    assert pprofs.ranked(LEAKS._replace(spots=(A,)), TOP) == Ranks(cum=3, flat=None)
    assert pprofs.ranked(LEAKS._replace(spots=(C,)), TOP) == Ranks()
    assert pprofs.ranked(LEAKS._replace(spots=(), foreign=("main.other",)), TOP) == Ranks(cum=2, flat=2)
    assert pprofs.ranked(LEAKS, "File: shop\n      flat  flat%   sum%        cum   cum%\n") == Ranks()


def _outcome(program: Program, at: str, findings: str = "", candidates: str = "", load: str = "drift") -> Outcome:
    found = ours.judged(program, _said(findings), _said(candidates))
    return Outcome(Run(program, load, 1), at, found, Ranks(2, 1) if program.leak else Ranks())


def test_totals():
    found = totals(
        [
            _outcome(LEAKS, "60", "leak H<A"),
            _outcome(LEAKS, "60", "growing A, leak C"),
            _outcome(LEAKS, "60", "growing C", "noise A"),
            _outcome(LEAKS, "60"),
            _outcome(SOUND, "60", "leak A"),
            _outcome(SOUND, "60", "leak A, growing B"),
            _outcome(SOUND, "60"),
            _outcome(SOUND, "60", candidates="noise A"),
        ]
    )
    assert (found.leaking, found.first, found.leak, found.candidate, found.silent) == (4, 0.5, 0.25, 0.25, 0.25)
    assert (found.helpers, found.caller, found.cum_first, found.flat_first) == (4, 0.5, 0.0, 1.0)
    assert (found.accused, found.sound, found.alarms, found.growing) == (0.25, 4, 0.5, 0.25)


@pytest.mark.parametrize(
    ("number", "right", "wrong", "misses"),
    [
        (0, _outcome(LEAKS, "12", "leak A"), _outcome(LEAKS, "12", "growing C, leak A"), 3),
        (1, _outcome(LEAKS, "60", "leak H<A"), _outcome(LEAKS, "60", "leak H<C"), 10),
        (2, _outcome(LEAKS, "first 12", "growing C"), _outcome(LEAKS, "first 12"), 0),
        (3, _outcome(SOUND, "12", "growing C"), _outcome(SOUND, "12", "leak C"), 1),
        (4, _outcome(LEAKS, "12", "leak A"), _outcome(LEAKS, "12", "leak A, leak C"), 1),
        (5, _outcome(SOUND, "60"), _outcome(SOUND, "60", "growing C"), 10),
        (6, _outcome(SOUND, "first 12"), _outcome(SOUND, "first 12", "growing C"), 10),
    ],
)
def test_targets(number: int, right: Outcome, wrong: Outcome, misses: int):
    """Of a hundred series, so many may be wrong."""
    reached, missed = (targets([right] * (100 - n) + [wrong] * n)[number] for n in (misses, misses + 1))
    assert (reached.met, missed.met) == (True, False)


def test_three_snapshots_miss_no_target():
    assert all(target.met for target in targets([_outcome(LEAKS, "3"), _outcome(SOUND, "3", "leak A")]))


def test_what_was_not_run_misses_nothing():
    found = targets([_outcome(LEAKS, "60", "leak A")])
    assert isnan(found[3].reached)
    assert all(target.met for target in found)


def test_words_of_the_tables():
    assert first([1, 1]) == "2/2"
    assert first([1, 4, 2]) == "1/3, worst 4"
    assert first([1, None]) == "1/2, worst –"
    assert middle([3, None, 1]) == 3
    assert middle([None, None, 1]) is None


def test_the_tables():
    said = report(
        [
            _outcome(LEAKS, "12", "leak A", load="drift"),
            _outcome(LEAKS, "12", candidates="noise A", load="bursts"),
            _outcome(SOUND, "12", "growing C", load="bursts"),
        ]
    )
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.split("\n") if line.startswith("|")]
    assert ["shop", "orders: shop/main.go:11", "1/2, worst –", "1", "0", "1", "2", "1", "0", "0"] in rows
    assert ["shop", "sound", "", "", "", "", "", "", "0", "1"] in rows
    nothing = ["0.0%", "0.0%"]
    assert ["12", "drift", "1", "100.0%", "100.0%", *nothing, "100.0%", "0.0%", "100.0%", "0.0%", "0", "–", "–"] in rows
    assert ["12", "bursts", "1", *nothing, "100.0%", *nothing, "0.0%", "100.0%", "0.0%", "1", "0.0%", "100.0%"] in rows
    assert ["12 and 60 snapshots: a correct line is first", "50.0%", "at least 97.0%", "MISSED"] in rows
