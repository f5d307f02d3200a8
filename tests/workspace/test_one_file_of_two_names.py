"""A file that a profile names in two ways: all numbers are those of the same profile with one name for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alloclens.lsp.documents import Documents
from alloclens.lsp.features.hot_lines import _hot_lines
from alloclens.lsp.protocol import HotLinesQuery
from alloclens.series.verdicts import VERDICTS
from alloclens.session.once import world

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.session.world import World

MB = 1 << 20
SNAPSHOTS = 12
DB = """package db

func Open() {
	kept = append(kept, make([]byte, 1<<20))
}

func Close() {
	Open()
}
"""
ONE, TWO = "/ci/1/db/db.go", "/ci/2/db/db.go"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app/db").mkdir(parents=True)
    (tmp_path / "app/go.mod").write_text("module example.com/app\n")
    (tmp_path / "app/db/db.go").write_text(DB)
    return tmp_path / "app"


def series(folder: Path, one: str, two: str, first: int = 0) -> World:
    """Return the world of a process. The second name is in its profiles from one of them on."""
    for i in range(SNAPSHOTS):
        other = two if i >= first else one
        opened, closed = "example.com/app/db.Open:3", "example.com/app/db.Close:7"
        stacks = [
            f"{opened}@{one}:4 < {closed}@{other}:8 < {opened}@{other}:4 = {1 + 9 * i}x{MB}",
            f"{opened}@{other}:4 = {2 + i}x{MB}",
            f"{opened}@{one}:4 < {closed}@{one}:8 = 3x{MB}",
        ]
        drop(folder.parent / "p" / f"{i:03}.pb.gz", heap(*stacks, seconds=1_700_000_000 + 60 * i))
    return world([str(folder)], [str(folder.parent / "p")], {})


def numbers(known: World) -> list[Any]:
    """Return what is said of every line, but for the names of its file."""
    shown, lines = known.shown, known.shown.lines
    stacks = [
        [(*s.amount[:2], [f.line for f in s.frames]) for s in shown.stacks(lines.files[lines.file[row]], line, 9)]
        for row, line in enumerate(lines.line.tolist())
    ]
    findings = [(f.verdict, f.line, f.owned, f.points) for f in shown.findings(VERDICTS)]
    hot = [(one.label, one.location.range, one.growth) for one in _hot_lines(known, Documents(), HotLinesQuery())]
    return [[shown.stats(row) for row in range(len(lines))], stacks, findings, hot]


@pytest.mark.parametrize("first", [0, 5, SNAPSHOTS - 1], ids=["from the first on", "later", "in the last"])
def test_the_numbers_of_one_name(folder: Path, first: int) -> None:
    expected = numbers(series(folder, ONE, ONE))
    by_hand = 1 + 9 * (SNAPSHOTS - 1) + 2 + (SNAPSHOTS - 1) + 3
    line4 = next(stats for stats in expected[0] if stats.line == 4)
    assert [one.value for one in (line4.flat, line4.cum, line4.owned)] == [by_hand * MB] * 3  # each sample once
    assert numbers(series(folder, ONE, TWO, first)) == expected


def test_profiles_that_name_it_in_one_way_each_keep_their_names(folder: Path) -> None:
    """As those of two builds do: that they are one file is for the comparison to find."""
    for i, name in enumerate((ONE, TWO)):
        drop(folder.parent / f"p/{i}.pb.gz", heap(f"example.com/app/db.Open:3@{name}:4 = {1 + i}x{MB}"))
    known = world([str(folder)], [str(folder.parent / "p")], {})
    assert known.shown.lines.files == (TWO,)


def test_two_versions_of_a_dependency_stay_apart(folder: Path) -> None:
    """Both are found where one of them is installed: their lines are not the same."""
    (folder / "node_modules/x").mkdir(parents=True)
    (folder / "node_modules/x/x.js").write_text("function load() {\n  return new Array(1 << 20);\n}\n")
    names = ["/srv/web/node_modules/x/x.js", "/srv/web/node_modules/y/node_modules/x/x.js"]
    drop(folder.parent / "p/1.pb.gz", heap(*(f"load@{name}:2 = 1x{MB}" for name in names)))
    known = world([str(folder)], [str(folder.parent / "p")], {})
    assert {known.sources.place(name).path for name in names} == {f"{folder}/node_modules/x/x.js"}
    assert known.shown.lines.files == tuple(names)


def test_a_relative_name_of_a_file_that_is_recorded_by_its_path_as_well(folder: Path) -> None:
    """It is no guess then, so both names have one number. A function that many programs have proves nothing."""
    (folder / "shop.py").write_text("def fill():\n    return [0] * 9\n\n\ndef main():\n    return fill()\n")
    stacks = [f"fill@{folder}/shop.py:2 = 1x{MB}", f"fill@shop.py:2 = 2x{MB}"]
    drop(folder.parent / "p/1.pb.gz", heap(*stacks, seconds=1_700_000_000))
    known = world([str(folder)], [str(folder.parent / "p")], {})
    assert not known.sources.place("shop.py").guessed
    assert known.shown.stats(0).owned.value == 3 * MB
    assert len(known.shown.lines) == 1
    drop(folder.parent / "q/1.pb.gz", heap(*(one.replace("fill", "main") for one in stacks), seconds=1_700_000_000))
    assert world([str(folder)], [str(folder.parent / "q")], {}).sources.place("shop.py").guessed
