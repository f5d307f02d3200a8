"""Names of captures: never one for two files, and in their order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from alloclens.capture.files import prune, write

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc)


def test_captures_at_once_are_as_many_files(tmp_path: Path) -> None:
    bodies = [bytes([i]) for i in range(60)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda body: write(tmp_path, "heap", MOMENT, body), bodies))
    assert sorted(tmp_path.iterdir()) == sorted(made)
    assert [path.read_bytes() for path in made] == bodies


def test_a_name_that_another_capture_is_writing_under_is_left_to_it(tmp_path: Path) -> None:
    theirs = tmp_path / ".heap-20260102T030405.678Z.pb.gz.tmp"
    theirs.write_bytes(b"half")
    assert write(tmp_path, "heap", MOMENT, b"ours").name == "heap-20260102T030405.678Z-2.pb.gz"
    assert theirs.read_bytes() == b"half"


def test_the_oldest_go_first_within_one_millisecond(tmp_path: Path) -> None:
    made = [write(tmp_path, "heap", MOMENT, b"") for _ in range(11)]
    assert prune(tmp_path, "heap", 2) == made[:9]
    assert sorted(tmp_path.iterdir()) == sorted(made[9:])


def test_only_its_own_captures_go(tmp_path: Path) -> None:
    others = [
        write(tmp_path, "allocs", MOMENT, b""),
        tmp_path / "heap-mine.pb.gz",
        tmp_path / "my-heap-20260102T030405.678Z.pb.gz",
    ]
    for path in others[1:]:
        path.touch()
    for _ in range(2):
        write(tmp_path, "heap", MOMENT, b"")
    prune(tmp_path, "heap", 1)
    assert set(tmp_path.iterdir()) == {*others, tmp_path / "heap-20260102T030405.678Z-2.pb.gz"}
