"""What was read is kept, and given back as it was; whatever is damaged, old or another's is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.cache.snapshots import Snapshots
from alloclens.disk import Stamp, stamp
from alloclens.profile.model import MemStats
from alloclens.session.known import Known
from alloclens.session.reading import Reader
from alloclens.source.roots import Roots

from tests.support.profiles import drop, goroutines, heap, heap_text

if TYPE_CHECKING:
    from alloclens.series.snapshot import Snapshot
    from alloclens.source.evidence import Evidence

READER = "r"


class Taken(NamedTuple):
    snapshot: Snapshot
    evidence: Evidence
    at: Stamp

    def keep(self, kept: Snapshots) -> None:
        kept.keep(self.snapshot, self.evidence, self.at, READER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "snapshots.sqlite3"


def taken(folder: Path, name: str = "a.pb.gz", data: bytes | None = None) -> Taken:
    """Read a snapshot of a module in this folder."""
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text("package main\n")
    stacks = f"main.f@{folder}/main.go:5 = 3x8/9 < x", f"main.g@/gone/lib.go:2 < main.f@{folder}/main.go:7 = 2x64"
    file = drop(folder / name, data or heap(stacks[0].removesuffix(" < x"), stacks[1], build_id="b"))
    reader, at = Reader(Roots(folders=(str(folder),))), stamp(str(file))
    return Taken(Known(reader).read(str(file), at), reader.evidence(str(file)), at)


def named(found: Evidence) -> dict[int, tuple[str, str]]:
    names = zip(found.files, found.functions, strict=True)
    return dict(zip(found.keys.tolist(), names, strict=True))


def same(one: Snapshot, other: Snapshot) -> bool:
    facts = [f.name for f in fields(one) if f.name != "owned"]
    columns = one.owned.figures(), other.owned.figures()
    return (
        all(getattr(one, name) == getattr(other, name) for name in facts)
        and np.array_equal(one.owned.key, other.owned.key)
        and np.array_equal(*columns, equal_nan=True)
    )


def test_what_was_read_is_known_to_the_next_session(tmp_path: Path, path: Path) -> None:
    heap_, threads, text = every = (
        taken(tmp_path),
        taken(tmp_path, "g.pb.gz", goroutines(f"main.f@{tmp_path}/main.go:5 = 12")),
        taken(tmp_path, "t.txt", heap_text(f"main.f@{tmp_path}/main.go:5", 3, 64, 1 << 20)),
    )
    assert text.snapshot.mem_stats == MemStats(1 << 20, 2 << 20, 1 << 20, 4 << 20)
    assert len(heap_.snapshot.owned.key)
    with closing(Snapshots(path)) as kept:
        for one in every:
            one.keep(kept)
    with closing(Snapshots(path)) as kept:
        wanted = {one.snapshot.path: one.at for one in every}
        found = {s.path: s for s in kept.of(wanted | {"/p/new": heap_.at}, READER)}
        assert found.keys() == wanted.keys()
        assert all(same(found[one.snapshot.path], one.snapshot) for one in every)
        keys, names = kept.evidence([one.snapshot.evidence for one in every])
        assert {digest: of.tolist() for digest, of in keys.items()} == {
            one.snapshot.evidence: one.evidence.keys.tolist() for one in every
        }
        assert named(names) == named(heap_.evidence) | named(threads.evidence) | named(text.evidence)
    assert np.isnan(
        found[heap_.snapshot.path].owned.figures()[1:]
    ).all()  # what cannot be read any more makes nothing certain


def test_another_file_or_another_reader_is_not_the_same(tmp_path: Path, path: Path) -> None:
    one = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
        assert kept.of({one.snapshot.path: one.at._replace(size=1)}, READER) == []
        assert kept.of({one.snapshot.path: one.at}, "another") == []


def test_figures_are_those_of_the_same_reading(tmp_path: Path, path: Path) -> None:
    """Another session, which knows other files, may have attributed the lines otherwise meanwhile."""
    one = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
        (known,) = kept.of({one.snapshot.path: one.at}, READER)
        one._replace(snapshot=replace(one.snapshot, attribution=1)).keep(kept)
        assert np.isnan(known.owned.figures()[1:]).all()
        (again,) = kept.of({one.snapshot.path: one.at}, READER)
        assert np.array_equal(again.owned.figures(), one.snapshot.owned.figures(), equal_nan=True)


@pytest.mark.parametrize("column", ["facts", "owned"])
def test_a_damaged_row_is_none(tmp_path: Path, path: Path, column: str) -> None:
    one = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
    damage(path, "snapshot", column)
    with closing(Snapshots(path)) as kept:
        assert kept.of({one.snapshot.path: one.at}, READER) == []
        one.keep(kept)
        assert len(kept.of({one.snapshot.path: one.at}, READER)) == 1


def test_damaged_figures_are_read_again(tmp_path: Path, path: Path) -> None:
    one = taken(tmp_path)
    reader = Reader(Roots(folders=(str(tmp_path),)))
    with closing(Snapshots(path)) as kept:
        kept.keep(one.snapshot, one.evidence, one.at, reader.digest)
        damage(path, "snapshot", "rest")
        known = Known(reader, kept)
        assert known.remember({one.snapshot.path: one.at}) == {one.snapshot.path}
        assert known.next(None) is None
        assert same(known.snapshots[one.snapshot.path], one.snapshot)


@pytest.mark.parametrize(("table", "column"), [("evidence", "keys"), ("name", "file"), ("name", "function")])
def test_damaged_evidence_is_read_anew(tmp_path: Path, path: Path, table: str, column: str) -> None:
    one = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
    damage(path, table, column)
    with closing(Snapshots(path)) as kept:
        assert kept.evidence([one.snapshot.evidence])[0] == {}
        one.keep(kept)
        keys, names = kept.evidence([one.snapshot.evidence])
        assert keys.keys() == {one.snapshot.evidence}
        assert named(names) == named(one.evidence)


def damage(path: Path, table: str, column: str) -> None:
    with closing(sqlite3.connect(path)) as base:
        body, row = base.execute(f"SELECT {column}, rowid FROM {table}").fetchone()
        base.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes([body[0] ^ 1]) + body[1:], row))
        base.commit()


def test_a_damaged_file_is_begun_anew(tmp_path: Path, path: Path) -> None:
    one = taken(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
    with closing(Snapshots(path)) as kept:
        assert len(kept.of({one.snapshot.path: one.at}, READER)) == 1


def test_what_is_no_more_is_forgotten_in_its_directory_alone(tmp_path: Path, path: Path) -> None:
    one = taken(tmp_path)
    (tmp_path / "other").mkdir()
    other = taken(tmp_path / "other")
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
        other.keep(kept)
        wanted = {one.snapshot.path: one.at, other.snapshot.path: other.at}
        kept.forget([str(tmp_path)], [])
        assert len(kept.of(wanted, READER)) == 2  # the files are there, whoever did not see them
        for gone in wanted:
            Path(gone).unlink()
    with closing(Snapshots(path)) as kept:
        kept.forget([str(tmp_path)], [])
        assert [s.path for s in kept.of(wanted, READER)] == [other.snapshot.path]
        keys, names = kept.evidence([one.snapshot.evidence, other.snapshot.evidence])
        assert keys.keys() == {other.snapshot.evidence}
        assert named(names) == named(other.evidence)
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("SELECT count(*) FROM name").fetchone() == (len(other.evidence.keys),)


def test_the_oldest_go_when_there_are_too_many(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alloclens.cache.snapshots.MAX_SNAPSHOTS_BYTES", 0)
    one = taken(tmp_path)
    with closing(Snapshots(path)) as kept:
        one.keep(kept)
        kept.forget([], [])
        assert kept.of({one.snapshot.path: one.at}, READER) == []


def test_what_is_no_profile_is_not_read_again(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as the file is the same, to the same reader, and the row is whole; else it is read."""
    reader = Reader(Roots(folders=(str(tmp_path),)))
    log = drop(tmp_path / "ü\udcff.log", b"started\n")
    at = stamp(str(log))
    monkeypatch.setattr("alloclens.cache.snapshots.MAX_NO_PROFILES", 1)
    with closing(Snapshots(path)) as kept:
        monkeypatch.setattr("alloclens.session.reading.snapshots", lambda: kept)
        problem = Known(reader, kept).read(str(log), at)
        known = Known(reader, kept)
        assert known.remember({str(log): at}) == {str(log)}
        assert known.problems == {str(log): problem}
        assert problem.is_no_profile
        assert not Known(reader, kept).remember({str(log): at._replace(size=1)})
        assert not Known(replace(reader, largest=1), kept).remember({str(log): at})
        with closing(sqlite3.connect(path)) as base, base:
            base.execute("UPDATE no_profile SET reason = 'x'")
        assert not Known(reader, kept).remember({str(log): at})

        other = drop(tmp_path / "b.log", b"started\n")
        for of in (log, other):
            Known(reader, kept).read(str(of), at)
        kept.forget([], [])
        assert Known(reader, kept).remember({str(log): at, str(other): at}) == {str(other)}
        other.unlink()
        kept.forget([str(tmp_path)], [])
        assert not Known(reader, kept).remember({str(other): at})
