"""A series through time, with numbers that the test put there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.series.timeline import owned, points
from alloclens.session.once import world
from alloclens.wording.flame import line_label

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.series.comparison import Comparison

MB = 1 << 20
MAIN = "package main\n\nfunc main() {\n\tkeep()\n\tload()\n}\n"
KEPT = [3, 9, 1, 4]
"""Of line 4, in MB, in two processes of two snapshots each."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(MAIN)
    for i, (kept, allocated, build) in enumerate(zip(KEPT, (50, 90, 10, 20), "aabb", strict=True)):
        stacks = (
            f"main.main:3@{tmp_path}/main.go:4 = {kept}x{MB}/{allocated}",
            f"main.main:3@{tmp_path}/main.go:5 = 2x{MB}/{allocated}",
        )
        drop(tmp_path / f"p/{i}.pb.gz", heap(*stacks, seconds=1_700_000_000 + 60 * i, build_id=build))
    return tmp_path


def shown(folder: Path, **given: str) -> Comparison:
    return world([str(folder)], [str(folder / "p")], given).shown


def test_every_snapshot_is_a_point(folder: Path) -> None:
    found = points(shown(folder))
    assert [(p.name, p.time - 1_700_000_000, p.value // MB) for p in found] == [
        ("0.pb.gz", 0, 5), ("1.pb.gz", 60, 11), ("2.pb.gz", 120, 3), ("3.pb.gz", 180, 6),
    ]  # fmt: skip
    assert [p.begins for p in found] == [True, False, True, False]
    assert [(p.base, p.head) for p in found] == [(False, False), (False, False), (True, False), (False, True)]
    assert [p.path for p in found] == [str(folder / f"p/{i}.pb.gz") for i in range(4)]
    assert [p.value for p in points(shown(folder, sampleType="inuse_objects"))] == [5, 11, 3, 6]


def test_what_a_line_owned(folder: Path) -> None:
    comparison = shown(folder)
    (row,) = [i for i, line in enumerate(comparison.lines.line.tolist()) if line == 4]
    found = owned(comparison, row)
    assert found.sample_type.type == "inuse_space"
    assert found.values == [None, None, MB, 4 * MB]  # of the other build nothing is said
    assert line_label("/w/main.go", 4, found) == "main.go:4 owned, inuse_space (this build only)"
    alone = found._replace(has_other_builds=False)
    assert line_label("/w/main.go", 4, alone) == "main.go:4 owned, inuse_space"
    assert owned(shown(folder, head="1.pb.gz"), row).values == [3 * MB, 9 * MB, None, None]
    assert owned(shown(folder, sampleType="alloc_space"), row).values == found.values
    assert owned(shown(folder, sampleType="inuse_objects"), row) is None
