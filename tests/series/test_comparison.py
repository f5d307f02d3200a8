"""Two snapshots compared: whether they are of one process, of one build, and what follows."""

from __future__ import annotations

import pickle
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from alloclens.series import comparison
from alloclens.series.shown import by_weight, worth_showing
from alloclens.series.verdicts import Rule
from alloclens.session import once
from alloclens.session.assemble import assemble
from alloclens.session.line_mapper import LineMapper, MappedFinding
from alloclens.session.once import world
from alloclens.session.world import FilePair
from alloclens.tables.calls import calls
from alloclens.tables.flame import FlameQuery
from alloclens.tables.growth import growth
from alloclens.tables.holders import growing_callers
from alloclens.tables.sites import RecordedLine
from alloclens.tables.stacks import through
from alloclens.transform.filters import Filters
from alloclens.wording.flame import flame
from alloclens.wording.hover import LinePlaces, markdown
from alloclens.wording.kinds import KindRow, side_by_side
from alloclens.wording.nothing import no_finding
from alloclens.wording.profile import RowQuery, profile_table
from alloclens.wording.status import backwards, in_full, line

from tests.support.profiles import delta, drop, goroutines, heap, profile

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.series.comparison import Comparison
    from alloclens.tables.calls import Calls
    from alloclens.tables.growth import Growth
    from alloclens.tables.holders import GrowingCallers
    from alloclens.tables.stacks import Stack

MB = 1 << 20
GO = "package main\n\nfunc main() {\n" + "\tkeep()\n" * 9 + "}\n"


def compared(folder: Path, *profiles: bytes, **given: str) -> Comparison:
    """Return the comparison of the last profile with the first of its process, or with the one that `base` names."""
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text(GO)
    for number, data in enumerate(profiles):
        drop(folder / f"p/{number}.pb.gz", data)
    return world([str(folder)], [str(folder / "p")], given).shown


def held(folder: Path, allocated: int, line: int = 4, start: int = 3, in_use: int = 2, **given: str) -> bytes:
    """Return a heap in which line 4 of main.go holds 2 MB, and has allocated so many."""
    return heap(f"main.main:{start}@{folder}/main.go:{line} = {in_use}x{MB}/{allocated}", **given)


@pytest.mark.parametrize(
    ("now", "keeps"),
    [
        ("(anonymous:L#13:C#31):13@{}/new/ledger.js:14", True),
        ("(anonymous:L#16:C#31):16@{}/new/ledger.js:17", True),
        ("(anonymous:L#16:C#31):16@{}/new/cart.js:17", False),
        ("settle:16@{}/new/ledger.js:17", False),
    ],
)
def test_a_function_without_a_name_that_moved_keeps_what_was_found_before_a_restart(
    tmp_path: Path, now: str, keeps: bool
) -> None:
    """V8 calls it by its line and column; and each release of a program has a directory of its own."""
    then = f"(anonymous:L#13:C#31):13@{tmp_path}/old/ledger.js:14"
    for file in ("old/ledger.js", "new/ledger.js", "new/cart.js"):
        drop(tmp_path / file, b"const lines = amounts.map((amount) => `${amount}`);\n" * 20)
    for number in range(22 + 7):
        line, held = (then, number) if number < 22 else (now.format(tmp_path), number - 22)
        drop(tmp_path / f"p/{number:02}.pb.gz", heap(f"{line} = {1 + 3 * held}x{MB}"))
    earlier = world([str(tmp_path)], [str(tmp_path / "p")], {}).earlier
    assert [finding.function for of in earlier for finding in of.findings()] == ["(anonymous:L#13:C#31)"] * keeps


@pytest.mark.parametrize(("snapshots", "is_found"), [(2, False), (24, True)])
def test_the_objects_of_a_leak_are_not_said_to_be_noise(tmp_path: Path, snapshots: int, *, is_found: bool) -> None:
    """The many small objects of its line, of which few are sampled, make their number uncertain."""
    (tmp_path / "main.go").write_text(GO)
    line = f"main.main:3@{tmp_path}/main.go:4"
    for number in range(snapshots):
        large, small = f"{1 + 3 * number}x{MB}", "20000x64"
        drop(tmp_path / f"p/{number:02}.pb.gz", heap(f"{line} = {large}", f"{line} < main.init@/x/a.go:1 = {small}"))
    found = world([str(tmp_path)], [str(tmp_path / "p")], {}).shown
    row = found.lines.row_of(f"{tmp_path}/main.go", 4)
    places = LinePlaces(lambda _: MappedFinding(None, "", None), lambda _: ("", ""), lambda _: "")
    said = markdown(found, row, found.stacks(f"{tmp_path}/main.go", 4, 1), places)
    (objects,) = (text for text in said.splitlines() if text.startswith("- inuse_objects"))
    assert " · +" in objects
    assert ("may be noise" not in objects) is is_found


@pytest.mark.parametrize(("then", "by"), [(5, ""), (3, " by growth"), (7, " by decrease")])
def test_by_what_the_heaviest_stack_is_first(tmp_path: Path, then: int, by: str) -> None:
    found = compared(tmp_path, held(tmp_path, 9, in_use=then), held(tmp_path, 9, in_use=5))
    file = f"{tmp_path}/main.go"
    places = LinePlaces(lambda _: MappedFinding(None, "", None), lambda _: ("", ""), lambda _: "")
    said = markdown(found, found.lines.row_of(file, 4), found.stacks(file, 4, 1), places)
    assert f"Heaviest stack{by}, leaf first: " in said


def test_two_files_are_not_too_early(tmp_path: Path) -> None:
    """They never become the 20 snapshots that a verdict takes."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(GO)
    line = f"main.main:3@{tmp_path}/main.go:4"
    files = [drop(tmp_path / f"{n}.pb.gz", heap(f"{line} = {20 * n}x{MB}/{20 * n}")) for n in (1, 5)]
    made = once.two_files([str(tmp_path)], FilePair(*map(str, files)), {})
    ((found, _),) = made.candidates
    assert (found.rule, found.is_of_files) == (Rule.EARLY, True)
    said = no_finding(made).words
    assert said.startswith(
        "None proven: two files show what grew, but not whether it goes on, as a series of snapshots does. Of 1 line"
    )
    assert "20 snapshots" not in said


@pytest.mark.parametrize(("focus", "found"), [("", ["main.main"]), ("main.main", ["main.main"]), ("main.other", [])])
def test_what_was_found_before_a_restart_is_of_what_is_in_focus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, focus: str, found: list[str]
) -> None:
    (tmp_path / "main.go").write_text(GO)
    for number in range(22 + 3):
        line, other = (f"main.{name}:3@{tmp_path}/main.go:{at}" for name, at in (("main", 4), ("other", 5)))
        of_process = number if number < 22 else number - 22
        drop(tmp_path / f"p/{number:02}.pb.gz", heap(f"{line} = {1 + 3 * of_process}x{MB}", f"{other} = 5x{MB}"))
    steps = (Filters(focus=focus),) if focus else ()
    monkeypatch.setattr(once, "assemble", partial(assemble, focus=steps))
    judged = world([str(tmp_path)], [str(tmp_path / "p")], {}).earlier
    assert [finding.function for of in judged for finding in of.findings()] == found


@pytest.mark.parametrize(
    ("builds", "allocated", "starts", "one_process", "one_build"),
    [
        (("a", "a"), (5, 9), (3, 3), True, True),
        (("a", "a"), (9, 5), (3, 3), False, True),  # what was allocated fell: it was started again
        (("a", "b"), (5, 9), (3, 3), False, False),  # and nothing shows that the code stayed where it is
        (("", ""), (5, 9), (3, 3), True, True),
        (("", ""), (9, 5), (3, 3), False, False),  # two programs that do not say what they are
        (("", ""), (5, 9), (3, 2), False, False),  # the declaration moved, so it is another build
        (("a", ""), (5, 9), (3, 3), False, False),
    ],
)
def test_one_process_and_one_build(
    tmp_path: Path,
    builds: tuple[str, str],
    allocated: tuple[int, int],
    starts: tuple[int, int],
    one_process: bool,
    one_build: bool,
) -> None:
    each = zip(builds, allocated, starts, strict=True)
    profiles = [held(tmp_path, many, start=start, build_id=build) for build, many, start in each]
    found = compared(tmp_path, *profiles, base="0.pb.gz")
    assert (found.base.name, found.head.name) == ("0.pb.gz", "1.pb.gz")
    assert found.one_process is one_process
    assert (found.alignment is None) is one_build
    assert found.growth is not None


@pytest.mark.parametrize(("allocated", "one_process"), [((5, 9), True), ((9, 5), False)])
def test_a_later_base(tmp_path: Path, allocated: tuple[int, int], one_process: bool) -> None:
    """Two snapshots are of one process in either order, and what grew one way declined the other way."""
    profiles = [held(tmp_path, many, in_use=many - 3) for many in allocated]
    forth = compared(tmp_path, *profiles, base="0.pb.gz")
    back = compared(tmp_path, *profiles, base="1.pb.gz", head="0.pb.gz")
    assert (back.base.name, back.head.name) == ("1.pb.gz", "0.pb.gz")
    assert forth.one_process is one_process
    assert back.one_process is one_process
    grown, declined = (found.stats(0).owned for found in (forth, back))
    assert grown.growth == -declined.growth != 0
    assert (grown.low, grown.high) == pytest.approx((-declined.high, -declined.low))
    assert "the base is the later one" in in_full(back)
    assert "the base is the later one" not in in_full(forth)
    assert line(back, "b", "a").startswith("base is newer · ")
    assert "newer" not in line(forth, "a", "b")
    assert backwards(back).startswith("The base 1.pb.gz is newer than the head 0.pb.gz")
    assert ("is of another process: " in backwards(back)) is not one_process
    assert backwards(forth) == ""
    assert ("another process" in in_full(back)) is not one_process


@pytest.mark.parametrize("base", ["first", "5.pb.gz"])
def test_a_rise_that_all_snapshots_show_is_no_noise_in_any_view(tmp_path: Path, base: str) -> None:
    """About 100 sampled objects in use, and 1.6 more at each step: base and head alone could be noise, but none varies so little."""
    keep = f"main.main:3@{tmp_path}/main.go:4"
    found = compared(
        tmp_path, *(heap(f"{keep} = {12800 + 200 * i}x4096/{(i + 1) * 1000000}") for i in range(24)), base=base
    )
    assert found.finding(0).verdict == "leak"
    assert not found.growth.owned.significant.any()
    drawn = flame(found, found.flame_graph.tree(FlameQuery())).root.children[0]
    listed = profile_table(found, RowQuery("line", "flat"), (), "").rows[0]
    since_the_first = base == "first"  # the growth that the verdict is about
    assert (drawn.verdict, listed.verdict) == ("leak", "leak")
    grown = (found.stats(0).owned, drawn.growth, listed.growth)
    assert [of.significant for of in grown] == [since_the_first] * 3
    assert ("▲" in side_by_side([KindRow(found, 0)])) is since_the_first


def test_what_a_line_certainly_owns_its_caller_certainly_holds(tmp_path: Path) -> None:
    """Of one line that owns, 10 more objects of the sampling rate are certain; of 201 that it passes through, they would not be."""
    through = " < ".join(f"x.f{i}@/x/x.go:{i + 1}" for i in range(200))
    keep = f"main.keep:3@{tmp_path}/main.go:4 < main.main@{tmp_path}/main.go:9 < {through}"
    found = compared(tmp_path, *(heap(f"{keep} = {objects}x{MB // 2}/{objects}") for objects in (2, 12)))
    main = found.lines.row_of(f"{tmp_path}/main.go", 9)
    keeper = found.lines.row_of(f"{tmp_path}/main.go", 4)
    assert found.growth.owned.significant[keeper]
    assert not found.growth.cum.significant[main]
    assert [found.stats(row).cum.significant for row in (keeper, main)] == [True, True]
    assert side_by_side([KindRow(found, main)]).endswith("▲5.0MB")


def test_without_a_base_nothing_grew(tmp_path: Path) -> None:
    found = compared(tmp_path, held(tmp_path, 5))
    assert (found.base, found.alignment, found.growth, found.grown, found.judgement) == (None,) * 5
    assert not found.one_process


def test_since_an_empty_base_all_grew(tmp_path: Path) -> None:
    found = compared(
        tmp_path, heap(), *(heap(f"main.main:3@{tmp_path}/main.go:4 = {n}x{MB}", rate=1) for n in (20, 40))
    )
    assert (found.grown, found.stats(0).owned[:2]) == (40 * MB, (40 * MB, 40 * MB))
    assert found.growth is not None
    assert found.growth.owned.significant.tolist() == [True]


def test_what_is_judged(tmp_path: Path) -> None:
    """A process of two observations or more, in what it holds. The profile of some seconds holds nothing."""
    two = [held(tmp_path, many) for many in (5, 9)]
    assert compared(tmp_path, *two).judgement is not None
    assert compared(tmp_path, *two, sampleType="alloc_space").judgement.sample_type.type == "inuse_space"
    assert compared(tmp_path, *two, sampleType="cpu") is None
    for number in range(2):
        (tmp_path / f"p/{number}.pb.gz").unlink()
    assert compared(tmp_path, *(delta(data, seconds=30) for data in two)).judgement is None


def test_the_points_of_a_long_history(tmp_path: Path) -> None:
    """Of 47 observations every other one, so that there are 24: 0, 2, … 46."""
    profiles = [goroutines(f"main.main:3@{tmp_path}/main.go:4 = {100 + number}") for number in range(47)]
    found = compared(tmp_path, *profiles).judgement.of(0)
    assert found.points == tuple(range(100, 147, 2))
    assert (found.owned.value, found.growth, found.over.observations) == (146, 46, 47)
    assert found.over.seconds == 46
    assert found.slope == pytest.approx(1)  # a goroutine each second
    assert found.per_snapshot == pytest.approx(1)
    assert found.is_goroutine
    assert (found.function, found.line, found.file) == ("main.main", 4, f"{tmp_path}/main.go")


def test_which_lines_get_a_hint(tmp_path: Path) -> None:
    """Half a percent of all, and 10 KiB at least; of more than are allowed the heaviest, in their order."""
    total = 4 << 20
    sizes = {4: 20971, 5: 20972, 6: total - 20971 - 20972 - 30000, 7: 30000}  # half a percent is 20971.52
    stacks = [f"main.main:3@{tmp_path}/main.go:{line} = 1x{size}" for line, size in sizes.items()]
    found = compared(tmp_path, heap(*stacks))
    rows = np.arange(len(found.lines))
    assert found.lines.line[worth_showing(found, rows)].tolist() == [5, 6, 7]
    assert found.lines.line[worth_showing(found, rows, most=2)].tolist() == [6, 7]
    assert found.lines.line[by_weight(found, rows)].tolist() == [6, 7, 5, 4]
    small = compared(tmp_path, heap(*(f"main.main:3@{tmp_path}/main.go:{n} = 1x{10231 + n}" for n in (8, 9))))
    assert small.lines.line[worth_showing(small, np.arange(2))].tolist() == [9]  # 10,240 bytes, and 10,239


def test_a_value_of_every_sample_type(tmp_path: Path) -> None:
    profiles = [heap(f"main.main:3@{tmp_path}/main.go:4 = {n}x{MB}/{n + 9}", rate=1) for n in (2, 7)]
    found = compared(tmp_path, *profiles)
    wanted = {"alloc_objects": (16, 5), "alloc_space": (16 * MB, 5 * MB), "inuse_objects": (7, 5)}
    for kind in found.head.sample_types[:3]:
        assert found.stats(0, kind).owned[:2] == wanted[kind.type]
    shown = found.stats(0)
    assert (shown.line, shown.flat[:2], shown.cum[:2]) == (4, (7 * MB, 5 * MB), (7 * MB, 5 * MB))
    assert (found.total, found.in_focus, found.grown, found.in_use) == (7 * MB, 7 * MB, 5 * MB, 7 * MB)
    assert found.bounds(0, "flat") == (7 * MB, 7 * MB)  # every object was recorded


def test_what_goroutines_take(tmp_path: Path) -> None:
    """What runtime.malg allocated: a goroutine and its first stack."""
    made = [
        heap(f"runtime.malg@/go/proc.go:9 = {n}x440", f"main.main:3@{tmp_path}/main.go:4 = 2x{MB}", rate=1)
        for n in (5, 8)
    ]
    found = compared(tmp_path, *made)
    assert found.goroutine_memory[:2] == (8 * 440, 3 * 440)
    assert compared(tmp_path, made[0], held(tmp_path, 9)).goroutine_memory is None


def test_the_stacks_of_a_line_are_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A diagnostic, a view and each hover ask for the same; what is kept is bounded."""
    main, searches = f"{tmp_path}/main.go", []

    def searched(*given: Any) -> list[Stack]:
        searches.append(given)
        return through(*given)

    monkeypatch.setattr(comparison, "through", searched)
    monkeypatch.setattr(comparison, "MAX_KEPT_STACKS", 2)
    found = compared(tmp_path, held(tmp_path, 2), held(tmp_path, 5))
    (stack,) = found.stacks(main, 4, 9)
    assert found.stacks(main, 4, 9) == [stack]
    assert len(searches) == 1
    assert found.stacks(main, 4, 0) == found.stacks(main, 5, 9) == []
    assert len(searches) == 3
    assert len(found._stacks) == 1
    assert found.stacks(main, 4, 9) == [stack]
    assert len(searches) == 4


def test_the_calls_around_a_line_are_counted_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor asks for the callers and for the callees of the same line; what is kept is bounded."""
    searches: list[Any] = []

    def searched(*given: Any, **how: Any) -> Calls:
        searches.append(given[1])
        return calls(*given, **how)

    monkeypatch.setattr(comparison, "calls", searched)
    monkeypatch.setattr(comparison, "MAX_KEPT_CALLS", 1)
    found = compared(tmp_path, held(tmp_path, 2), held(tmp_path, 5))
    here, other = (RecordedLine(f"{tmp_path}/main.go", number) for number in (4, 5))
    made = found.calls(here)
    assert made.cum.value == 2 * MB
    assert found.calls(here) is made
    found.calls(other)
    assert found.calls(here) == made
    assert searches == [here, other, here]


def test_the_growth_in_another_type_is_computed_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for the first hint after each snapshot, which shows one type; and once."""
    found, asked = compared(tmp_path, held(tmp_path, 5), held(tmp_path, 9, in_use=4)), []

    def computed(*given: Any, **named: Any) -> Growth:
        asked.append(given[2].type)
        return growth(*given, **named)

    monkeypatch.setattr(comparison, "growth", computed)
    row = found.lines.row_of(f"{tmp_path}/main.go", 4)
    assert found.stats(row).owned.growth == 2 * MB
    assert asked == []
    for _ in range(2):
        grown = {kind.type: found.stats(row, kind).owned.growth for kind in found.head.sample_types}
        assert grown == {"alloc_objects": 4, "alloc_space": 4 * MB, "inuse_objects": 2, "inuse_space": 2 * MB}
    assert sorted(asked) == ["alloc_objects", "alloc_space", "inuse_objects"]


def test_the_callers_of_a_line_are_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a finding has figures that are not known, which makes each equal to none."""
    helper = f"main.keep:3@{tmp_path}/main.go:4"
    profiles = [
        goroutines(
            f"{helper} < main.a:3@{tmp_path}/main.go:7 = {count}", f"{helper} < main.b:3@{tmp_path}/main.go:8 = 1"
        )
        for count in range(1, 7)
    ]
    found, searches = compared(tmp_path, *profiles), []

    def searched(*given: Any, **named: Any) -> GrowingCallers:
        searches.append(given)
        return growing_callers(*given, **named)

    monkeypatch.setattr(comparison, "growing_callers", searched)
    row = found.lines.row_of(f"{tmp_path}/main.go", 4)
    first = found.finding(row)
    again = pickle.loads(pickle.dumps(first))
    assert first is found.finding(row)  # it is made once
    assert first != again
    assert found.callers_of(first) == found.callers_of(again) == ([(f"{tmp_path}/main.go", 7)], 1.0)
    assert len(searches) == 1


def test_what_a_collection_left_of_comes_first_in_the_stacks_of_a_function_with_what_it_calls(tmp_path: Path) -> None:
    """`page` grew most, and is garbage: at the only collection, all that it had made was gone."""
    shop = tmp_path / "shop.js"
    shop.write_text("function serve() {\n}\nfunction open() {\n}\nfunction page() {\n}\n")
    for number in range(24):
        before, after = min(number, 19), max(number - 19, 0)
        made = {
            f"serve@{shop}:1": 1 + 11 * after,
            f"open@{shop}:3 < serve@{shop}:1": 5 + 3 * before,
            f"page@{shop}:5 < serve@{shop}:1": 5 + 8 * (before % 10),
        }
        stacks = (f"{stack} = {held} {held * MB}" for stack, held in made.items())
        data = profile("objects/count space/bytes", *stacks, seconds=1_700_000_000 + 60 * number)
        drop(tmp_path / f"p/heap-pid7-{number:02}.pb.gz", data)
    whole = world([str(tmp_path)], [str(tmp_path / "p")], {})
    found = whole.shown
    row = found.lines.row_of(str(shop), 1)
    finding = found.finding(row)
    assert finding.with_called
    assert [(stack.frames[0].function, stack.grown / MB) for stack in found.stacks_of(finding, 3)] == [
        ("open", 57),
        ("page", 72),
        ("serve", 44),
    ]
    assert found.stacks(str(shop), 1, 1)[0].frames[0].function == "page", "the heaviest"
    places = LinePlaces(lambda _: MappedFinding(None, "", None), lambda _: ("", ""), lambda _: "")
    said = markdown(found, row, found.stacks_of(finding, 1), places)
    assert (
        "Heaviest stack by growth that outlived the last garbage collection, leaf first: 62.0MB (+57.0MB): open" in said
    )
    opened = found.finding(found.lines.row_of(str(shop), 3))
    assert opened.slowed_down
    assert found.inlined_into(opened) is finding
    mapper = LineMapper(whole, lambda _: shop.read_text())
    for rule in (opened.rule, Rule.UNCLEAR):  # a function that was inlined after a single step does not slow down
        assert mapper.finding(found, replace(opened, rule=rule)).inlined_into == "serve (shop.js:1)"
