"""The line in the status bar."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from alloclens.session.once import world
from alloclens.wording.status import line, shortened

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("a-name-of-24-characters.", "a-name-of-24-characters."),
        ("before-the-change.pb.gz", "before-the-change.pb.gz"),
        ("before-the-large-change.pb.gz", "before-the-large-change"),
        ("heap-20261129T174420.143Z.pb.gz", "heap-202611…T174420.143Z"),
        ("BenchmarkRender-204349.out", "BenchmarkRender-204349"),
        ("the-service-of-the-front-desk", "the-service…e-front-desk"),
    ],
)
def test_a_long_name_keeps_its_end(name: str, short: str) -> None:
    assert shortened(name) == short
    assert len(short) <= 24


def test_chosen_snapshots_whose_names_have_no_room_are_named_by_their_time(tmp_path: Path) -> None:
    begin = int(datetime(2026, 11, 29, 6, 31, 17).timestamp())  # noqa: DTZ001  # by the local clock, as it is shown
    names = ["heap-20261129T063117.222Z.pb.gz", "heap-20261129T063147.222Z.pb.gz"]
    for i, name in enumerate(names):
        drop(tmp_path / "p" / name, heap(f"main.f@{tmp_path}/main.go:2 = {1 + i}x1048576", seconds=begin + 30 * i))
    shown = world([str(tmp_path)], [str(tmp_path / "p")], {"base": names[0], "head": names[1]}).shown
    assert line(shown, *names) == "inuse_space 2.0MB (+1.0MB), 06:31:17 → 06:31:47"
    assert line(shown, "first", names[1]).endswith(", first → 06:31:47")
    assert line(shown, "", "").endswith(", heap-202611…T063117.222Z → heap-202611…T063147.222Z"), "files of any place"
