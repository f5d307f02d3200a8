"""Who holds memory: each owned line by its caller, and the outermost function of what no own code owns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.paths import name_of
from alloclens.profile.formats import read
from alloclens.tables import holders
from alloclens.tables.holders import growing_callers, held_samples, related_sites
from alloclens.tables.lines import Lines, lines
from alloclens.tables.sites import by_source_line

from tests.support.judge import own
from tests.support.profiles import heap

if TYPE_CHECKING:
    from alloclens.arrays import Mask
    from alloclens.tables.sites import Sites

OWN = "/w/"


def held(*stacks: str) -> Lines:
    return lines(read(heap(*stacks)), own(lambda file: file.startswith(OWN)))


def named(made: Lines) -> dict[tuple[str, ...], float]:
    """Return the bytes in use by owned line and its callers, or by outermost function."""
    by = made.holders
    where = [f"{name_of(made.files[f])}:{n}" for f, n in zip(made.file.tolist(), made.line.tolist(), strict=True)]
    out: dict[tuple[str, ...], float] = {}
    for row, callers, function, value in zip(by.row.tolist(), by.callers.tolist(), by.function, by.value, strict=True):
        path = (where[row], *(where[caller] for caller in callers if caller >= 0)) if row >= 0 else (function,)
        assert path not in out
        out[path] = value[-1]
    return out


def test_a_helper_has_a_holder_for_each_path_of_three_callers() -> None:
    """A caller is the next other own line outwards, past foreign frames and past the lines before it."""
    made = held(
        "w/util.get@/w/util.go:9 < main.a@/w/main.go:3 = 1x100",
        "json.read@/r/json.go:4 < w/util.get@/w/util.go:9 < fmt.Do@/r/fmt.go:7 < main.a@/w/main.go:3 = 1x10",
        "w/util.get@/w/util.go:9 < w/util.get@/w/util.go:9 < main.b@/w/main.go:8 = 1x1000",
        "w/util.get@/w/util.go:9 < http.serve@/r/http.go:5 = 1x7",
        "w/util.get@/w/util.go:9 < w/a.a@/w/a.go:1 < x.f@/m/x.go:1 < w/b.b@/w/b.go:2 < main.c@/w/main.go:4 < main.d@/w/main.go:5 = 1x1",
        "w/util.get@/w/util.go:9 < w/a.a@/w/a.go:1 < w/util.get@/w/util.go:9 < w/b.b@/w/b.go:2 < main.c@/w/main.go:4 = 1x2",
        "w/util.get@/w/util.go:9 < w/a.a@/w/a.go:1 < w/b.b@/w/b.go:2 < main.e@/w/main.go:6 = 1x4",
        "w/util.get@/w/util.go:9 < w/a.a@/w/a.go:1 < w/b.b@/w/b.go:2 = 1x8",
    )
    assert named(made) == {
        ("util.go:9", "main.go:3"): 110,
        ("util.go:9", "main.go:8"): 1000,
        ("util.go:9",): 7,
        ("util.go:9", "a.go:1", "b.go:2", "main.go:4"): 3,
        ("util.go:9", "a.go:1", "b.go:2", "main.go:6"): 4,
        ("util.go:9", "a.go:1", "b.go:2"): 8,
    }


@pytest.mark.parametrize(("limit", "callers"), [(5, 3), (4, 1), (3, 1), (2, 0), (1, 0)])
def test_callers_that_tell_too_many_holders_apart_are_left_out(
    monkeypatch: pytest.MonkeyPatch, limit: int, callers: int
) -> None:
    """A line without callers, one with a first caller of two, whose own callers a second one distinguishes, and one of no line."""
    monkeypatch.setattr(holders, "MAX_HOLDERS", limit)
    made = held(
        "w/util.get@/w/util.go:9 < main.a@/w/main.go:3 = 1x1",
        "w/util.get@/w/util.go:9 < main.b@/w/main.go:8 < main.c@/w/main.go:1 = 1x2",
        "w/util.get@/w/util.go:9 < main.b@/w/main.go:8 < main.d@/w/main.go:2 = 1x4",
        "w/util.get@/w/util.go:9 < main.b@/w/main.go:8 < main.e@/w/main.go:4 = 1x8",
        "x.f@/m/x.go:1 = 1x16",
    )
    paths: dict[int, dict[tuple[str, ...], float]] = {
        0: {("util.go:9",): 15},
        1: {("util.go:9", "main.go:3"): 1, ("util.go:9", "main.go:8"): 14},
        3: {
            ("util.go:9", "main.go:3"): 1,
            **{("util.go:9", "main.go:8", f"main.go:{line}"): value for line, value in ((1, 2), (2, 4), (4, 8))},
        },
    }
    assert named(made) == {("x.f",): 16, **paths[callers]}
    assert made.holders.callers.shape[1] == callers


def test_what_no_own_code_owns_belongs_to_the_outermost_function() -> None:
    made = held(
        "bufio.grow@/r/bufio.go:4 < log.(*Entry).scan@/m/log.go:7 < runtime.goexit@/r/asm.s:1 = 1x100",
        "load@/m/jobs.py:4 < Scheduler.run@/m/jobs.py:7 < <1 frame omitted>@:0 = 1x7",
        "log.(*Entry).scan@/m/log.go:9 = 1x10",
        "runtime.malg@/r/proc.go:9 < runtime.newproc1@/r/proc.go:8 = 1x1000",
        "x.f@/m/x.go:1 < runtime.main@/r/proc.go:3 = 1x5",
    )
    assert named(made) == {("log.(*Entry).scan",): 110, ("Scheduler.run",): 7, ("x.f",): 5}


def test_each_sample_has_at_most_one_holder() -> None:
    rng = np.random.default_rng(1)
    frames = [*(f"main.f{i}@/w/{i}.go:{i}" for i in range(1, 5)), *(f"lib.g{i}@/m/{i}.go:{i}" for i in range(1, 5))]
    stacks = [f"{' < '.join(rng.choice(frames, rng.integers(1, 7)))} = 1x{2**i}" for i in range(40)]
    made = held(*stacks)
    assert made.holders.value[:, -1].sum() == made.total[-1] == 2**40 - 1
    for row in range(len(made)):
        assert made.holders.value[made.holders.row == row].sum(axis=0) == pytest.approx(made.value.owned[row])


def own_sites(sites: Sites) -> Mask:
    return np.array([sites.texts[file].startswith(OWN) for file in sites.file.tolist()])


def test_the_own_lines_that_have_to_do_with_a_function() -> None:
    """Those that call functions of some names, and those below the outermost function; not those called by the names."""
    profile = read(
        heap(
            "log.new@/m/log.go:4 < log.Writer@/m/log.go:5 < main.hook@/w/main.go:3 = 1x1",
            "main.work@/w/main.go:4 < log.with@/m/log.go:6 < main.run@/w/run.go:5 = 1x1",
            "json.f@/r/j.go:4 < main.serve@/w/main.go:5 < http.serve@/r/http.go:6 = 1x1",
            "main.other@/w/main.go:6 = 1x1",
        )
    )
    sites = by_source_line(profile)
    own_site = own_sites(sites)
    called = np.array([name.startswith("log.") for name in profile.strings])

    def related(function: str) -> list[list[int]]:
        return [sites.line[site].tolist() for site in related_sites(profile, sites, own_site, function, called)]

    assert related("http.serve") == [[3], [5]]
    assert related("gone") == [[3], []]


@pytest.mark.parametrize(("path", "expected"), [([1], [1, 2]), ([1, 3], [1]), ([1, 4], [2]), ([2], [4]), ([3], [8])])
def test_the_samples_that_a_line_holds_are_not_those_that_pass_through_it(path: list[int], expected: list[int]) -> None:
    profile = read(
        heap(
            "x.leaf@/m/x.go:9 < w.get@/w/main.go:1 < w.a@/w/main.go:3 = 1x1",
            "w.get@/w/main.go:1 < w.b@/w/main.go:4 < w.a@/w/main.go:3 = 1x2",
            "w.other@/w/main.go:2 < w.get@/w/main.go:1 < w.a@/w/main.go:3 = 1x4",
            "x.leaf@/m/x.go:9 < w.a@/w/main.go:3 = 1x8",
        )
    )
    sites = by_source_line(profile)
    own_site = own_sites(sites)
    held = held_samples(profile, sites, own_site, [np.flatnonzero(sites.line == line).tolist() for line in path])
    assert profile.values[held, -1].tolist() == expected


def callers(*stacks: str, decided: int = 0, with_only: bool = False) -> tuple[list[int], float]:
    """Return the lines of main.go that call /w/util.go:1 and hold most of what it holds, and their share."""
    profile = read(heap(*stacks))
    sites = by_source_line(profile)
    own_site = own_sites(sites)
    path = [int(np.flatnonzero(sites.line == line)[0]) for line in ([1, decided] if decided else [1])]
    found = growing_callers(profile, sites, own_site, -1, path, with_only=with_only)
    return [int(sites.line[i]) for i in found.sites], round(found.share, 3)


def via(*lines: int, held: int) -> str:
    """Return a stack of a helper on line 1 that these lines of main.go call, nearest first, past a foreign frame."""
    own_frames = [f"main.f{line}@/w/main.go:{line}" for line in lines]
    return (
        " < ".join(["x.leaf@/m/x.go:999", "w/util.get@/w/util.go:1", "x.do@/m/x.go:998", *own_frames]) + f" = 1x{held}"
    )


def test_the_callers_through_which_most_is_held() -> None:
    assert callers(via(3, held=95), via(4, held=5)) == ([3], 0.95)
    assert callers(via(3, held=40), via(4, held=20)) == ([3], round(2 / 3, 3))
    assert callers(via(3, held=39), via(4, held=20)) == ([], 1)  # two that may be equal
    assert callers(via(3, held=51), via(4, held=25), via(5, held=24)) == ([3], 0.51)
    assert callers(via(3, held=50), via(4, held=25), via(5, held=25)) == ([], 1)
    assert callers(via(3, 9, held=7)) == ([], 1)  # a single caller is no choice
    assert callers(via(3, 9, held=7), with_only=True) == ([3], 1)  # but the nearest one counts if it is wanted
    assert callers(via(held=7), with_only=True) == ([], 1)
    assert callers(via(held=95), via(4, held=5)) == ([], 1)  # called by no own code
    # A helper of a helper, through frames without a choice: 5 is one of three callers, 9 the only one of 5.
    through = [via(3, 4, 5, 9, held=60), via(3, 4, 6, 9, held=20), via(3, 4, 7, 9, held=20)]
    assert callers(*through) == ([3, 4, 5], 0.6)
    assert callers(*through, via(8, held=30)) == ([3], round(100 / 130, 3))  # 60 of 130 are not most
    assert callers(*through, via(8, held=30), decided=8) == ([8], 1)
    assert callers(*through, via(8, held=3000), decided=3) == ([3, 4, 5], 0.6)
    # Recursion passes each line once.
    assert callers(via(3, 4, 3, 4, 5, held=9), via(3, 4, 6, held=1)) == ([3, 4, 5], 0.9)
