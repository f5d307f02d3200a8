"""Two builds of one program: a release that only moves code shows no growth."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.profile.model import ValueType
from alloclens.tables.alignment import NO_MAPS, align, are_different_builds, realigned
from alloclens.tables.growth import growth
from alloclens.tables.lines import Ownership, lines
from alloclens.tables.sites import by_source_line
from alloclens.tables.top import top
from alloclens.transform.difference import difference
from hypothesis import given
from hypothesis import strategies as st

from scripts import tools
from tests.support.profiles import heap

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from alloclens.profile.model import Profile
    from alloclens.tables.alignment import LineMaps
    from alloclens.tables.lines import Lines

MB = 1 << 20
SPACE = ValueType("inuse_space", "bytes")
BASE = (
    f"main.keep:10@/w/a.go:11 < main.serve:5@/w/a.go:7 = 3x{MB}",
    f"main.keep:10@/w/a.go:12 < main.serve:5@/w/a.go:7 = 4x{MB}",
    f"main.serve.func1:8@/w/a.go:9 < main.serve:5@/w/a.go:8 = 5x{MB}",
    f"main.Map[...]:20@/w/a.go:22 + main.fill:30@/w/a.go:31 < main.main:40@/w/a.go:41 = 6x{MB}",
)
RELEASE = (  # seven lines above all, and main.keep in a file of its own
    f"main.keep:3@/w/b.go:4 < main.serve:12@/w/a.go:14 = 3x{MB}",
    f"main.keep:3@/w/b.go:5 < main.serve:12@/w/a.go:14 = 4x{MB}",
    f"main.serve.func1:15@/w/a.go:16 < main.serve:12@/w/a.go:15 = 5x{MB}",
    f"main.Map[...]:27@/w/a.go:29 + main.fill:37@/w/a.go:38 < main.main:47@/w/a.go:48 = 6x{MB}",
)


def profile(*stacks: str) -> Profile:
    return read(heap(*stacks))


def of(one: Profile) -> Lines:
    def all_own(files: Mapping[str, Sequence[str]]) -> Ownership:
        return Ownership([True] * len(files), [False] * len(files))

    return lines(one, all_own)


def grown(head: Profile, base: Profile, maps: LineMaps = NO_MAPS) -> dict[tuple[str, int], float]:
    """Return the cum growth of the head's lines that have any."""
    now, then = of(head), of(base)
    value = growth(now, then, SPACE, align(then, now, maps), one_process=False).cum.value
    places = zip((now.files[i] for i in now.file.tolist()), now.line.tolist(), strict=True)
    return {place: grew for place, grew in zip(places, value.tolist(), strict=True) if grew}


def stacked(head: Profile, base: Profile) -> dict[tuple[str, int], int]:
    """Return the same from the samples of the difference: the sum of those that pass through each line."""
    between = difference(head, base)
    sites, column = by_source_line(between), between.sample_types.index(SPACE)
    out: Counter[tuple[str, int]] = Counter()
    for sample, values in enumerate(between.values[:, column].tolist()):
        rows = between.stack_frames[between.frame_at[sample] : between.frame_at[sample + 1]]
        for site in set(sites.of_frame[rows].tolist()):
            out[sites.texts[sites.file[site]], int(sites.line[site])] += values
    return {place: grew for place, grew in out.items() if grew}


def without_starts(stacks: Sequence[str]) -> list[str]:
    return [re.sub(r":\d+@", "@", stack) for stack in stacks]


def both(head: Profile, base: Profile) -> dict[tuple[str, int], float]:
    """Return the growth by lines, which by stacks is the same."""
    by_lines, by_stacks = grown(head, base), stacked(head, realigned(base, head))
    now = of(head)
    here = {(now.files[file], line) for file, line in zip(now.file.tolist(), now.line.tolist(), strict=True)}
    here -= unsaid(head, base)
    assert by_lines == {place: grew for place, grew in by_stacks.items() if place in here}
    return by_lines


def test_a_release_that_moves_code_shows_no_growth() -> None:
    assert both(profile(*RELEASE), profile(*BASE)) == {}
    assert stacked(profile(*RELEASE), realigned(profile(*BASE), profile(*RELEASE))) == {}


def test_two_builds_that_nothing_else_tells_apart() -> None:
    assert are_different_builds(of(profile(*BASE)), of(profile(*RELEASE)))
    assert not are_different_builds(of(profile(*BASE)), of(profile(*BASE[:2])))
    assert not are_different_builds(of(profile(*without_starts(BASE))), of(profile(*RELEASE)))


FUNCTIONS = st.lists(
    st.tuples(st.sampled_from("fgh"), st.sampled_from(["/w/a.go", "/w/b.go"]), st.sampled_from([0, 10, 20])),
    min_size=1,
    max_size=3,
)


@given(FUNCTIONS, FUNCTIONS)
def test_two_builds_are_told_apart_exactly_if_an_alignment_moves_a_function(
    old: list[tuple[str, str, int]], new: list[tuple[str, str, int]]
) -> None:
    base, head = (
        profile(*(f"{name}:{start}@{file}:{100 + i} = 1x{MB}" for i, (name, file, start) in enumerate(functions)))
        for functions in (old, new)
    )
    moved = (realigned(base, head).functions.start_line != base.functions.start_line).any()
    assert are_different_builds(of(base), of(head)) == moved


def test_what_did_grow_is_shown_where_it_is_now() -> None:
    head = (RELEASE[0].replace("= 3x", "= 10x"), *RELEASE[1:])
    assert both(profile(*head), profile(*BASE)) == {("/w/b.go", 4): 7 * MB, ("/w/a.go", 14): 7 * MB}


def test_without_declarations_lines_meet_by_their_numbers() -> None:
    base = profile(*without_starts(BASE))
    assert both(base, base) == {}
    assert both(profile(f"main.f@/w/a.go:5 = 9x{MB}"), profile(f"main.g@/w/a.go:5 = 2x{MB}")) == {
        ("/w/a.go", 5): 7 * MB
    }


def unsaid(head: Profile, base: Profile, maps: LineMaps = NO_MAPS) -> set[tuple[str, int]]:
    now = of(head)
    rows = np.flatnonzero(align(of(base), now, maps).unsaid).tolist()
    return {(now.files[now.file[row]], int(now.line[row])) for row in rows}


def test_without_declarations_nothing_is_said_of_lines_that_others_may_have_become() -> None:
    head, base = (profile(*without_starts(stacks)) for stacks in (RELEASE, BASE))
    assert grown(head, base) == {}
    assert len(unsaid(head, base)) == 8
    assert unsaid(base, base) == set()


INSIDE = (
    f"main.keep:10@/w/a.go:11 = 3x{MB}",
    f"main.keep:10@/w/a.go:14 = 4x{MB}",
    f"main.serve:20@/w/a.go:22 = 5x{MB}",
)
KEEP = (f"main.keep:10@/w/a.go:11 = 3x{MB}", f"main.keep:10@/w/a.go:12 = 4x{MB}")
"""Before: two lines came into main.keep."""


def test_nothing_is_said_of_a_function_in_which_distances_disagree() -> None:
    head, base = profile(*INSIDE), profile(*KEEP, f"main.serve:18@/w/a.go:20 = 5x{MB}")
    assert unsaid(head, base) == {("/w/a.go", 11), ("/w/a.go", 14)}
    assert grown(head, base) == {}
    found = growth(of(head), of(base), SPACE, align(of(base), of(head)), one_process=False)
    assert [found.amount("cum", row, 0).growth is None for row in range(3)] == [True, True, False]


def test_a_function_that_only_one_of_them_has() -> None:
    head, base = profile(*INSIDE), profile(*INSIDE[:2])
    assert unsaid(head, base) == unsaid(base, head) == set()
    assert grown(head, base) == {("/w/a.go", 22): 5 * MB}


TO = np.array([0, *range(1, 12), 14, *range(15, 50)])
"""Two lines came before line 12."""


def test_the_texts_say_which_line_is_which() -> None:
    head, base, maps = profile(*INSIDE), profile(*KEEP), {("/w/a.go", "/w/a.go"): TO}
    assert unsaid(head, base, maps) == set()
    met = align(of(base), of(head), maps)
    assert met.line.tolist() == [11, 14]
    value = growth(of(head), of(base), SPACE, met, one_process=False).cum.value
    assert value.tolist() == [0, 0, 5 * MB]


def test_of_a_line_that_was_changed_nothing_is_said() -> None:
    head, base = profile(*INSIDE[:2]), profile(*KEEP)
    maps = {("/w/a.go", "/w/a.go"): np.where(np.arange(len(TO)) == 12, 0, TO)}
    assert unsaid(head, base, maps) == {("/w/a.go", 14)}
    assert stacked(head, realigned(base, head, maps))["/w/a.go", 14] == 4 * MB


CHANGED = np.where(np.isin(np.arange(len(TO)), (12, 14, 22)), 0, np.arange(len(TO)))
"""Lines 12, 14 and 22 are others than before, and all the rest stayed."""


@pytest.mark.parametrize(
    ("base", "head", "to", "now", "then"),
    [
        # By distance from the declaration: 1 and 2 lines below it before, 1 and 4 now. main.serve agrees.
        ((*KEEP, f"main.serve:18@/w/a.go:20 = 5x{MB}"), INSIDE, None, {11, 14}, {11, 12}),
        # By the text: the line that came may be the one that went.
        (KEEP, INSIDE[:2], CHANGED, {14}, {12}),
        # No line came, or none went.
        (KEEP, INSIDE[:1], CHANGED, set(), set()),
        (KEEP[:1], INSIDE[:2], CHANGED, set(), set()),
        # One function lost a line, and the other got one.
        (
            (*KEEP, f"main.serve:20@/w/a.go:21 = 5x{MB}"),
            (KEEP[0], f"main.serve:20@/w/a.go:21 = 5x{MB}", f"main.serve:20@/w/a.go:22 = 5x{MB}"),
            CHANGED,
            set(),
            set(),
        ),
        # What holds nothing neither came nor went, nor did what has no line.
        ((KEEP[0], f"main.keep:10@/w/a.go:12 = 0x{MB}"), INSIDE[:2], CHANGED, set(), set()),
        (KEEP, (KEEP[0], f"main.keep:10@/w/a.go:14 = 0x{MB}"), CHANGED, set(), set()),
        (KEEP, (KEEP[0], f"main.keep:10@/w/a.go:0 = 4x{MB}"), CHANGED, set(), set()),
        # A function that is gone, or new, became no other.
        (KEEP, (f"main.serve:20@/w/a.go:22 = 5x{MB}",), CHANGED, set(), set()),
        (KEEP, (f"main.serve:20@/w/a.go:22 = 5x{MB}",), None, set(), set()),
    ],
)
def test_which_lines_of_both_nothing_is_said_of(
    base: tuple[str, ...], head: tuple[str, ...], to: np.ndarray | None, now: set[int], then: set[int]
) -> None:
    before, after = of(profile(*base)), of(profile(*head))
    found = align(before, after, NO_MAPS if to is None else {("/w/a.go", "/w/a.go"): to})
    assert set(after.line[found.unsaid].tolist()) == now
    assert set(before.line[found.unsaid_base].tolist()) == then


def test_what_a_line_held_that_had_no_sample_is_growth() -> None:
    head, base = profile(*INSIDE[:2]), profile(KEEP[0])
    maps = {("/w/a.go", "/w/a.go"): TO}
    assert unsaid(head, base, maps) == set()
    assert grown(head, base, maps) == {("/w/a.go", 14): 4 * MB}


def test_a_function_declared_on_the_first_line() -> None:
    first, later = (profile(f"f:{start}@/w/a.c:{start + 1} = 3x{MB}") for start in (1, 3))
    assert both(later, first) == both(first, later) == {}
    assert are_different_builds(of(first), of(later))


def test_a_line_that_is_unknown_stays_so_whatever_the_text() -> None:
    head, base = (profile(f"main.keep:10@/w/a.go:0 = {n}x{MB}", KEEP[0]) for n in (5, 3))
    met = align(of(base), of(head), {("/w/a.go", "/w/a.go"): TO})
    assert met.line.tolist() == [0, 11]
    assert growth(of(head), of(base), SPACE, met, one_process=False).cum.value.tolist() == [2 * MB, 0]


def test_a_function_that_is_gone_was_on_no_line_of_another() -> None:
    head, base = profile(f"main.serve:5@/w/a.go:11 = 9x{MB}"), profile(KEEP[0], f"main.serve:20@/w/a.go:26 = 9x{MB}")
    assert grown(head, base) == {}


def test_a_function_of_another_name_by_its_text() -> None:
    head, base = profile(f"main.hold:12@/w/a.go:13 = 9x{MB}"), profile(KEEP[0])
    to = {("/w/a.go", "/w/a.go"): np.array([*range(11), 13])}
    assert grown(head, base, to) == {("/w/a.go", 13): 6 * MB}


def test_a_line_that_another_function_took_over_by_its_text() -> None:
    """main.keep is gone, and its line is one of main.serve. Without the texts it might be any other."""
    head = profile(f"main.serve:12@/w/a.go:13 = 9x{MB}")
    base = profile(KEEP[0], f"main.serve:20@/w/a.go:21 = 5x{MB}")
    to = np.where(np.arange(22) == 11, 13, 0)
    assert grown(head, base, {("/w/a.go", "/w/a.go"): to}) == {("/w/a.go", 13): 6 * MB}
    assert grown(head, base) == {("/w/a.go", 13): 4 * MB}


def test_a_function_in_another_file_by_the_texts_of_both() -> None:
    head, base = profile(*RELEASE[:2]), profile(*BASE[:2])
    maps = {("/w/a.go", "/w/b.go"): np.array([0, *[0] * 10, 5, 4])}  # and its lines changed places
    met = align(of(base), of(head), maps)
    value = growth(of(head), of(base), SPACE, met, one_process=False).cum.value
    assert dict(zip(of(head).line.tolist(), value.tolist(), strict=True)) == {14: 0, 4: -MB, 5: MB}


def test_with_declarations_in_one_of_the_two_lines_meet_by_their_numbers() -> None:
    assert both(profile(*BASE), profile(*without_starts(BASE))) == {}
    assert both(profile(*without_starts(BASE)), profile(*BASE)) == {}


def test_a_function_of_another_name_is_another_one() -> None:
    """What was renamed is gone and came, even on the same line; lines that nothing moved stay."""
    head, base = profile(f"main.new:10@/w/c.go:11 = 3x{MB}"), profile(f"main.old:10@/w/a.go:11 = 3x{MB}")
    assert both(head, base) == {("/w/c.go", 11): 3 * MB}


def test_two_of_one_name_do_not_move() -> None:
    twice = (f"init:1@/w/a.c:2 = 3x{MB}", f"init:1@/w/b.c:2 = 4x{MB}")
    assert both(profile(*twice), profile(*twice)) == {}
    assert both(profile(*twice), profile(*twice[:1])) == {("/w/b.c", 2): 4 * MB}


def test_one_that_the_file_has_twice_does() -> None:
    """Some writers have a function for each place that it is inlined at."""
    head, base = profile(*RELEASE), profile(*BASE)
    functions = head.functions
    more = [
        np.append(column, column)
        for column in (functions.name, functions.system_name, functions.file, functions.start_line)
    ]
    again = type(head)(**{**vars(head), "functions": type(functions)(*more)})
    again.frames.function[1::2] += len(functions.name)
    assert both(again, base) == {}


def test_frames_without_a_function_or_a_line() -> None:
    """They are left as they are."""
    head = profile(f"main.keep:3@/w/b.go:0 < x@:0 = 3x{MB}", *RELEASE)
    base = profile(f"main.keep:10@/w/a.go:0 < x@:0 = 3x{MB}", *BASE)
    assert both(head, base) == {}
    nothing = profile()
    assert both(nothing, nothing) == both(nothing, profile(*BASE)) == {}
    assert len(both(profile(*BASE), nothing)) == 8


PROGRAM = """package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte
%s
func keep(n int) {
	kept = append(kept, make([]byte, n))
}

func serve(n int) {
	for range n {
		keep(10000)
	}
	func() {
		kept = append(kept, make([]byte, 70000))
	}()
}
%s
func main() {
	runtime.MemProfileRate = 1
	kept = make([][]byte, 0, 1000)
	serve(%d)
	runtime.GC()
	out, _ := os.Create(os.Args[1])
	pprof.WriteHeapProfile(out)
	runtime.KeepAlive(kept)
}
"""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Profiles of three releases: one with lines above everything, and one that also holds more."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "go.mod").write_text("module example.com/program\n\ngo 1.22\n")
    made = []
    comment = "\n// more\n" * 7
    for name, above, below, calls in (("old", "", "", 20), ("new", comment, comment, 20), ("more", comment, "", 50)):
        (folder / "main.go").write_text(PROGRAM % (above, below, calls))
        subprocess.run([tools.go(), "build", "-o", name, "."], cwd=folder, check=True, env=tools.environment())
        subprocess.run([folder / name, folder / f"{name}.pb.gz"], check=True, env={"GODEBUG": ""})
        made.append(folder / f"{name}.pb.gz")
    return made


@cache
def pprof() -> str:
    """Return pprof's own program: `go tool` builds it at every call."""
    subprocess.run([tools.go(), "tool", "pprof", "-h"], capture_output=True, check=False)
    said = subprocess.run([tools.go(), "tool", "-n", "pprof"], capture_output=True, text=True, check=True)
    return said.stdout.strip()


def by_pprof(head: Path, base: Path) -> dict[str, int]:
    """Return the cum growth of the program's functions, as pprof has it."""
    options = ("-top", "-cum", "-functions", "-unit=B", "-nodefraction=0", "-sample_index=inuse_space")
    command = [pprof(), *options, f"-diff_base={base}", head]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=tools.environment())
    rows = (line.split() for line in said.stdout.splitlines() if " main." in line)
    return {row[5]: int(row[3].removesuffix("B")) for row in rows if row[3] != "0"}


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_real_releases_as_pprof_compares_their_functions(releases: list[Path]) -> None:
    old, new, more = (read(path.read_bytes()) for path in releases)
    assert own(both(new, old)) == {}
    assert by_pprof(releases[1], releases[0]) == {}
    between = difference(more, realigned(old, more))
    rows = top(between, between.sample_types.index(SPACE), "function", "cum").rows()
    ours = {row.function: row.cum for row in rows if row.function.startswith("main.") and row.cum}
    assert ours == by_pprof(releases[2], releases[0])
    kept = 30 * 10240  # the size class of 10,000 bytes
    assert set(own(both(more, old)).values()) == {kept}
    assert ours["main.main"] == kept


def own(of_lines: dict[tuple[str, int], float]) -> dict[tuple[str, int], float]:
    return {place: grew for place, grew in of_lines.items() if place[0].endswith("main.go") and "program" in place[0]}
