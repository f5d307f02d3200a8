"""What was read is kept, and given back as it was; whatever is damaged, old or another's is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.model import MemStats
from alloclens.source.roots import Roots
from alloclens.store.listing import Stamp, stamp
from alloclens.store.reading import Reader, remembered
from alloclens.store.snapshots import Snapshots

from tests.support.profiles import drop, goroutines, heap, heap_text

if TYPE_CHECKING:
    from alloclens.analysis.series import Snapshot

READER = "r"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "snapshots.sqlite3"


def taken(folder: Path, name: str = "a.pb.gz", data: bytes | None = None) -> tuple[Snapshot, Stamp]:
    """Read a snapshot of a module in this folder."""
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text("package main\n")
    stacks = f"main.f@{folder}/main.go:5 = 3x8/9 < x", f"main.g@/gone/lib.go:2 < main.f@{folder}/main.go:7 = 2x64"
    file = drop(folder / name, data or heap(stacks[0].removesuffix(" < x"), stacks[1], build_id="b"))
    at = stamp(str(file))
    made = Reader(Roots(folders=(str(folder),))).snapshot(str(file), at)
    return made, at


def same(one: Snapshot, other: Snapshot) -> bool:
    facts = [f.name for f in fields(one) if f.name != "owned"]
    columns = one.owned.figures(), other.owned.figures()
    return (
        all(getattr(one, name) == getattr(other, name) for name in facts)
        and np.array_equal(one.owned.key, other.owned.key)
        and np.array_equal(*columns, equal_nan=True)
    )


def test_what_was_read_is_known_to_the_next_session(tmp_path: Path, path: Path) -> None:
    snapshot, at = taken(tmp_path)
    threads, when = taken(tmp_path, "g.pb.gz", goroutines(f"main.f@{tmp_path}/main.go:5 = 12"))
    text, then = taken(tmp_path, "t.txt", heap_text(f"main.f@{tmp_path}/main.go:5", 3, 64, 1 << 20))
    assert text.mem_stats == MemStats(1 << 20, 2 << 20, 1 << 20, 4 << 20, 7)
    assert len(snapshot.owned.key)
    with closing(Snapshots(path)) as kept:
        kept.keep(snapshot, at, READER)
        kept.keep(threads, when, READER)
        kept.keep(text, then, READER)
    with closing(Snapshots(path)) as kept:
        wanted = {snapshot.path: at, threads.path: when, text.path: then}
        found = {s.path: s for s in kept.of(wanted | {"/p/new": at}, READER)}
        assert found.keys() == wanted.keys()
        assert same(found[text.path], text)
        assert same(found[snapshot.path], snapshot)
        assert same(found[threads.path], threads)
    assert np.isnan(
        found[snapshot.path].owned.figures()[1:]
    ).all()  # what cannot be read any more makes nothing certain


def test_another_file_or_another_reader_is_not_the_same(tmp_path: Path, path: Path) -> None:
    snapshot, at = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        kept.keep(snapshot, at, READER)
        assert kept.of({snapshot.path: at._replace(size=1)}, READER) == []
        assert kept.of({snapshot.path: at}, "another") == []


@pytest.mark.parametrize("column", ["facts", "owned"])
def test_a_damaged_row_is_none(tmp_path: Path, path: Path, column: str) -> None:
    snapshot, at = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        kept.keep(snapshot, at, READER)
    with closing(sqlite3.connect(path)) as base:
        (body,) = base.execute(f"SELECT {column} FROM snapshot2").fetchone()
        base.execute(f"UPDATE snapshot2 SET {column} = ?", (bytes([body[0] ^ 1]) + body[1:],))
        base.commit()
    with closing(Snapshots(path)) as kept:
        assert kept.of({snapshot.path: at}, READER) == []
        kept.keep(snapshot, at, READER)
        assert len(kept.of({snapshot.path: at}, READER)) == 1


def test_a_damaged_file_is_begun_anew(tmp_path: Path, path: Path) -> None:
    snapshot, at = taken(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    with closing(Snapshots(path)) as kept:
        kept.keep(snapshot, at, READER)
    with closing(Snapshots(path)) as kept:
        assert len(kept.of({snapshot.path: at}, READER)) == 1


def test_what_is_no_more_is_forgotten_in_its_directory_alone(tmp_path: Path, path: Path) -> None:
    one, at = taken(tmp_path)
    (tmp_path / "other").mkdir()
    other, then = taken(tmp_path / "other")
    with closing(Snapshots(path)) as kept:
        kept.keep(one, at, READER)
        kept.keep(other, then, READER)
        kept.forget([str(tmp_path)], [])
        assert len(kept.of({one.path: at}, READER)) == 1  # the file is there, whoever did not see it
        for gone in (one, other):
            Path(gone.path).unlink()
        kept.forget([str(tmp_path)], [])
        assert [s.path for s in kept.of({one.path: at, other.path: then}, READER)] == [other.path]


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alloclens.store.snapshots.LARGEST", 0)
    snapshot, at = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        kept.keep(snapshot, at, READER)
        kept.forget([], [])
        assert kept.of({snapshot.path: at}, READER) == []


def test_what_was_lost_and_is_found_is_judged_anew(tmp_path: Path, path: Path) -> None:
    snapshot, at = taken(tmp_path)
    assert snapshot.lost == ("/gone/lib.go",)
    reader = Reader(Roots(folders=(str(tmp_path),)))
    with closing(Snapshots(path)) as kept:
        kept.keep(snapshot, at, reader.digest)
        asked: list[tuple[str, ...]] = []
        assert len(remembered(kept, {snapshot.path: at}, reader, lambda lost: bool(asked.append(lost)))) == 1
        assert asked == [("/gone/lib.go",)]
        assert remembered(kept, {snapshot.path: at}, reader, lambda _: True) == []
