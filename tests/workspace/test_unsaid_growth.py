"""Lines of which nothing says how they grew, for two builds disagree on where they are: nor does a stack through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.lsp.features.call_hierarchy import _calls
from alloclens.profile.model import Frame
from alloclens.session.once import world
from alloclens.tables.sites import RecordedLine
from alloclens.tables.stack_tree import branches
from alloclens.wording.hover import stack_label

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.series.comparison import Comparison

MB = 1 << 20
FILE = "/srv/a.go"
KEEP, SERVE, MAIN = f"main.keep:10@{FILE}", f"main.serve:30@{FILE}", f"main.main:40@{FILE}"


def compared(tmp_path: Path, *rest: str) -> Comparison:
    """Compare two builds; the base has the `rest`, too."""
    base = [*rest, f"{KEEP}:11 < {SERVE}:31 < {MAIN}:41 = 3x{MB}", f"{KEEP}:12 < {SERVE}:31 < {MAIN}:41 = 4x{MB}"]
    head = [f"{KEEP}:11 < {SERVE}:31 < {MAIN}:41 = 5x{MB}", f"{KEEP}:14 < {SERVE}:31 < {MAIN}:41 = 12x{MB}"]
    more = f"{SERVE}:32 < {MAIN}:41 = {{}}x{MB}"
    drop(tmp_path / "p/a.pb.gz", heap(*base, more.format(2), build_id="a"))
    drop(tmp_path / "p/b.pb.gz", heap(*head, more.format(9), build_id="b"))
    (tmp_path / "w").mkdir()
    known = world([str(tmp_path / "w")], [str(tmp_path / "p")], {"base": "a.pb.gz"})
    assert known.shown
    return known.shown


@pytest.fixture
def shown(tmp_path: Path) -> Comparison:
    """main.keep's line 12 may be 14 of the head, or another; all else stayed. main.keep grew by 10 MB."""
    return compared(tmp_path)


def lines(shown: Comparison, line: int) -> list[tuple[float, float | None, list[int]]]:
    found = shown.stacks(FILE, line, 9)
    return [
        (value // MB, growth and growth // MB, [f.line for f in one.frames])
        for one in found
        for value, growth in [one.amount[:2]]
    ]


def grown(shown: Comparison, line: int) -> float | None:
    row = shown.lines.row_of(FILE, line)
    assert row is not None
    found = shown.stats(row).cum.growth
    return found / MB if found is not None else None


def test_a_line_and_its_stacks_agree(shown: Comparison) -> None:
    assert [grown(shown, line) for line in (11, 14, 31, 32, 41)] == [None, None, 10, 7, 17]
    assert lines(shown, 14) == [(12, None, [14, 31, 41])]
    assert lines(shown, 11) == [(5, None, [11, 31, 41])]
    assert lines(shown, 41) == [(9, 7, [32, 41]), (12, None, [14, 31, 41]), (5, None, [11, 31, 41])]
    assert [stack_label(one, shown) for one in shown.stacks(FILE, 41, 9)] == ["9.0MB (+7.0MB)", "12.0MB", "5.0MB"]


def test_what_passes_the_frames_of_a_stack(shown: Comparison) -> None:
    """Up to main.serve all is known: what comes in there is the same in both builds."""
    stacks = shown.stacks(FILE, 41, 9)
    passing = [
        [(one.value // MB, one.growth and one.growth // MB) for one in s] for s in shown.passing(FILE, 41, stacks)
    ]
    assert passing == [[(9, 7), (26, 17)], [(12, None), (17, 10), (26, 17)], [(5, None), (17, 10), (26, 17)]]
    (of_14,) = shown.passing(FILE, 14, shown.stacks(FILE, 14, 9))
    assert [one.growth for one in of_14] == [None] * 3


@pytest.mark.parametrize(("line", "growth"), [(14, None), (41, 17 * MB)])
def test_the_tree_and_the_calls_of_a_line(shown: Comparison, line: int, growth: int | None) -> None:
    number = shown.profile.sample_types.index(shown.sample_type)
    top = branches(shown.profile, number, RecordedLine(FILE, line), "callees", unsaid=shown.unsaid)
    assert (top.amount.growth, [one.amount.growth for one in top.nodes]) == (growth, [growth])
    calls = _calls(shown, Frame("main.keep" if line == 14 else "main.main", FILE, line))
    assert calls.cum.growth == growth


def test_the_calls_of_a_whole_function(tmp_path: Path) -> None:
    """Its growth is known, even if the base has a line of it whose number it does not know."""
    shown = compared(tmp_path, f"{KEEP}:0 < {SERVE}:31 < {MAIN}:41 = 1x{MB}")
    assert RecordedLine(FILE, 0) in shown.unsaid
    assert _calls(shown, Frame("main.keep", FILE, 0)).cum.growth == 9 * MB


def test_below_a_line_whose_growth_is_known(shown: Comparison) -> None:
    number, at = shown.profile.sample_types.index(shown.sample_type), RecordedLine(FILE, 41)
    path: list[str] = []
    for expected in ([(26, 17)], [(17, 10), (9, 7)], [(12, None), (5, None)]):
        nodes = branches(shown.profile, number, at, "callees", path, unsaid=shown.unsaid).nodes
        assert [
            (value // MB, growth and growth // MB) for one in nodes for value, growth in [one.amount[:2]]
        ] == expected
        path.append(nodes[0].id)
