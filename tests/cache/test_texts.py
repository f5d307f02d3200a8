"""The texts that snapshots saw: kept once, bounded, and whatever the disk does, nothing is raised."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alloclens.cache import database, texts
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.disk import Stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STAMP = Stamp(*range(len(Stamp._fields)))
LATER = Stamp(*range(1, len(Stamp._fields) + 1))
GO = {"/w/main.go": SourceCopy("package main\n", 1.5), "/w/shop.go": SourceCopy("package main\n\nfunc f() {}\n", 2.5)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "texts.sqlite3"


@pytest.fixture
def kept(path: Path) -> Iterator[Texts]:
    made = Texts(path)
    yield made
    made.close()


def rows(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as base:
        return base.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_what_was_kept(kept: Texts) -> None:
    kept.keep("/p/a", STAMP, GO)
    assert {path: kept.of("/p/a", STAMP, path) for path in GO} == GO
    assert kept.of("/p/a", STAMP, "/w/other.go") is None
    assert kept.of("/p/b", STAMP, "/w/main.go") is None
    assert kept.paths("/p/a", STAMP)
    assert not kept.paths("/p/a", LATER)
    assert not kept.paths("/p/b", STAMP)


def test_another_snapshot_of_the_same_texts(kept: Texts, path: Path) -> None:
    manifest = kept.keep("/p/a", STAMP, GO)
    assert kept.keep_same("/p/b", STAMP, manifest)
    assert {path: kept.of("/p/b", STAMP, path) for path in GO} == GO
    assert not kept.keep_same("/p/c", STAMP, "another")
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("DELETE FROM entry")
    assert not kept.keep_same("/p/d", STAMP, manifest)  # it may be gone
    assert not kept.paths("/p/c", STAMP) | kept.paths("/p/d", STAMP)


def test_what_another_process_writes_drops_nothing(kept: Texts, path: Path) -> None:
    manifest = kept.keep("/p/a", STAMP, GO)
    with closing(Texts(path)) as other:
        other.keep("/p/z", STAMP, {"/w/z.go": SourceCopy("z", 1.5)})
    assert kept.keep_same("/p/b", STAMP, manifest)
    one = "(SELECT text FROM entry WHERE manifest = ? LIMIT 1)"
    for rows in ("text WHERE digest IN", "entry WHERE text IN"):
        with closing(sqlite3.connect(path)) as base, base:
            base.execute(f"DELETE FROM {rows} {one}", (manifest,))
        assert not kept.keep_same("/p/c", STAMP, manifest)


def test_a_snapshot_with_texts_keeps_them(kept: Texts) -> None:
    manifest = kept.keep("/p/a", STAMP, GO)
    kept.keep("/p/b", STAMP, {"/w/b.go": SourceCopy("b", 1.5)})
    assert not kept.keep_same("/p/b", STAMP, manifest)
    assert kept.paths("/p/b", STAMP) == {"/w/b.go"}


def test_a_file_found_later_is_kept_beside_the_others_which_stay(kept: Texts) -> None:
    kept.keep("/p/a", STAMP, {"/w/a.go": SourceCopy("then", 1.5)})
    kept.keep("/p/a", STAMP, {"/w/a.go": SourceCopy("later", 2.5), "/w/b.go": SourceCopy("found", 2.5)})
    assert kept.paths("/p/a", STAMP) == {"/w/a.go", "/w/b.go"}
    assert (kept.of("/p/a", STAMP, "/w/a.go"), kept.of("/p/a", STAMP, "/w/b.go")) == (
        SourceCopy("then", 1.5),
        SourceCopy("found", 2.5),
    )


def test_what_another_file_of_the_same_name_saw_is_none(kept: Texts, tmp_path: Path) -> None:
    """Also before anything was kept for the new one, as where its sources are all younger than it."""
    snapshot = tmp_path / "heap.pb.gz"
    snapshot.write_bytes(b"old")
    first = stamp(str(snapshot))
    kept.keep(str(snapshot), first, GO)
    assert kept.of(str(snapshot), first, "/w/main.go") == GO["/w/main.go"]
    snapshot.write_bytes(b"another")
    assert kept.of(str(snapshot), stamp(str(snapshot)), "/w/main.go") is None
    assert kept.of(str(snapshot), first, "/w/main.go") == GO["/w/main.go"]  # which an older world may still show


def test_equal_texts_are_kept_once(kept: Texts, path: Path) -> None:
    for i in range(100):
        kept.keep(f"/p/{i}", STAMP, GO | {"/w/copy.go": GO["/w/main.go"]})
    assert (rows(path, "text"), rows(path, "entry"), rows(path, "seen")) == (2, 3, 100)


def test_another_file_of_the_same_name_has_texts_of_its_own(kept: Texts, path: Path) -> None:
    kept.keep("/p/a", STAMP, GO)
    kept.keep("/p/a", LATER, {"/w/main.go": SourceCopy("new", 2.5)})
    assert kept.of("/p/a", LATER, "/w/main.go") == SourceCopy("new", 2.5)
    assert kept.of("/p/a", LATER, "/w/shop.go") is None
    assert kept.of("/p/a", STAMP, "/w/main.go") is None
    assert (bool(kept.paths("/p/a", STAMP)), bool(kept.paths("/p/a", LATER))) == (False, True)
    kept.forget([], [])
    assert rows(path, "text") == 1


def test_what_is_gone_is_forgotten_in_these_directories_only(kept: Texts, path: Path) -> None:
    names = ("/p/a", "/p/b", "/p/deep/a", "/pp/a", "/q/a", "/p%/a")
    for name in names:
        kept.keep(name, STAMP, {"/w/main.go": SourceCopy(name, 1.5)})
    kept.forget(["/p", "/p%/"], ["/p/b"])
    assert [name for name in names if kept.paths(name, STAMP)] == ["/p/b", "/p/deep/a", "/pp/a", "/q/a"]
    assert kept.of("/p/a", STAMP, "/w/main.go") is None
    assert (rows(path, "text"), rows(path, "entry")) == (4, 4)


def test_it_outlives_the_process(path: Path) -> None:
    with closing(Texts(path)) as first:
        first.keep("/p/a", STAMP, GO)
    with closing(Texts(path)) as second:
        assert second.of("/p/a", STAMP, "/w/shop.go") == GO["/w/shop.go"]


def test_it_is_bounded_and_the_oldest_go_first(kept: Texts, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(1)
    names = [f"/p/{i}" for i in range(300)]
    for name in names:
        kept.keep(name, STAMP, {"/w/main.go": SourceCopy(rng.randbytes(1000).hex(), 1.5)})
    monkeypatch.setattr(texts, "MAX_TEXTS_BYTES", 150_000)
    kept.forget(["/p"], names)
    left = [name for name in names if kept.paths(name, STAMP)]
    assert left == names[-len(left) :]
    assert 0 < rows(path, "text") == len(left) < 150


def test_one_that_is_too_large_by_itself(kept: Texts, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MAX_TEXTS_BYTES", 10)
    kept.keep("/p/a", STAMP, {"/w/main.go": SourceCopy(random.Random(1).randbytes(1000).hex(), 1.5)})
    kept.forget(["/p"], ["/p/a"])
    assert rows(path, "text") == 0


@pytest.mark.parametrize("text", ["", "\0", "a\0b\r\n\f\u2028", "\ud800 alone", "é€𝄞", "x" * 10**6])
def test_any_text(kept: Texts, text: str) -> None:
    kept.keep("/p/a", STAMP, {"/w/main.go": SourceCopy(text, 1.5)})
    assert kept.of("/p/a", STAMP, "/w/main.go") == SourceCopy(text, 1.5)


@pytest.mark.parametrize("name", ["caf\udce9", "a\nb", "'; DROP TABLE seen", "%", "é"])
def test_any_name(kept: Texts, name: str) -> None:
    """Python has bytes that are no UTF-8 in a path as halves of surrogate pairs."""
    kept.keep(f"/p/{name}/a", STAMP, {f"/w/{name}": SourceCopy("text", 1.5)})
    kept.forget([f"/p/{name}"], [f"/p/{name}/a"])
    assert kept.paths(f"/p/{name}/a", STAMP)
    assert kept.of(f"/p/{name}/a", STAMP, f"/w/{name}") == SourceCopy("text", 1.5)
    kept.forget([f"/p/{name}"], [])
    assert not kept.paths(f"/p/{name}/a", STAMP)


@pytest.mark.programs
def test_two_at_once(path: Path) -> None:
    """Two servers, and in each some threads."""
    program = f"""
import sys, threading
from pathlib import Path
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.disk import Stamp
kept = Texts(Path({str(path)!r}))
def some(thread):
    for i in range(25):
        name = f"/p/{{sys.argv[1]}}-{{thread}}-{{i}}"
        kept.keep(name, Stamp(*{tuple(STAMP)}), {{"/w/main.go": SourceCopy(name, 1.5), "/w/shop.go": SourceCopy("same", 1.5)}})
        assert kept.of(name, Stamp(*{tuple(STAMP)}), "/w/main.go") == SourceCopy(name, 1.5)
        kept.forget(["/other"], [])
threads = [threading.Thread(target=some, args=(n,)) for n in range(3)]
[t.start() for t in threads]
[t.join() for t in threads]
"""
    run = [
        subprocess.Popen([sys.executable, "-c", program, str(n)], stderr=subprocess.PIPE, text=True) for n in range(2)
    ]
    assert [child.communicate(timeout=60)[1] for child in run] == ["", ""]
    assert [child.returncode for child in run] == [0, 0]
    assert (rows(path, "seen"), rows(path, "text")) == (150, 151)


def test_threads_of_one(kept: Texts, path: Path) -> None:
    def some(thread: int) -> None:
        for i in range(30):
            kept.keep(f"/p/{thread}-{i}", STAMP, GO)

    threads = [threading.Thread(target=some, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (rows(path, "seen"), rows(path, "text")) == (120, 2)


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def damaged(data: bytes) -> bytes:
    """Leave the head and damage all pages behind it."""
    return data[:4096] + random.Random(1).randbytes(len(data) - 4096)


def another(_data: bytes) -> bytes:
    return random.Random(1).randbytes(20_000)


@pytest.mark.parametrize("harm", [truncated, damaged, another, lambda _: b"", lambda _: b"SQLite format 3\0"])
def test_a_damaged_file_is_begun_anew(path: Path, harm) -> None:
    with closing(Texts(path)) as first:
        for i in range(50):
            first.keep(f"/p/{i}", STAMP, {"/w/main.go": SourceCopy(random.Random(i).randbytes(500).hex(), 1.5)})
    path.write_bytes(harm(path.read_bytes()))
    with closing(Texts(path)) as second:
        second.paths("/p/1", STAMP)
        second.forget(["/p"], [])
        second.keep("/p/new", STAMP, GO)
        second.keep("/p/new", STAMP, GO)  # what finds the damage may be what is lost by it
        assert second.of("/p/new", STAMP, "/w/main.go") == GO["/w/main.go"]
    with closing(Texts(path)) as third:
        assert third.of("/p/new", STAMP, "/w/main.go") == GO["/w/main.go"]


@pytest.mark.parametrize("harm", [truncated, damaged, another])
def test_a_file_damaged_while_it_is_open(path: Path, harm) -> None:
    with closing(Texts(path)) as kept:
        for i in range(50):
            kept.keep(f"/p/{i}", STAMP, {"/w/main.go": SourceCopy(random.Random(i).randbytes(500).hex(), 1.5)})
        with closing(sqlite3.connect(path)) as base:
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.write_bytes(harm(path.read_bytes()))
        for i in range(50):
            kept.paths(f"/p/{i}", STAMP)
            text = kept.of(f"/p/{i}", STAMP, "/w/main.go")
            assert text in {None, SourceCopy(random.Random(i).randbytes(500).hex(), 1.5)}
        kept.forget(["/p"], [])
        for _ in range(3):
            kept.keep("/p/new", STAMP, GO)
        assert kept.of("/p/new", STAMP, "/w/main.go") == GO["/w/main.go"]


def test_the_log_of_a_damaged_file_goes_with_it(tmp_path: Path, path: Path) -> None:
    """As a server leaves both that was killed."""
    with closing(Texts(path)) as killed:
        killed.keep("/p/a", STAMP, GO)
        copy = tmp_path / path.name
        copy.write_bytes(b"damaged" * 1000)
        copy.with_name(f"{path.name}-wal").write_bytes(path.with_name(f"{path.name}-wal").read_bytes())
    with closing(Texts(copy)) as kept:
        assert not kept.paths("/p/a", STAMP)
        kept.keep("/p/b", STAMP, GO)
    with closing(Texts(copy)) as again:
        assert again.of("/p/b", STAMP, "/w/main.go") == GO["/w/main.go"]


def test_one_that_is_closed_leaves_its_file_as_it_is(path: Path) -> None:
    """A thread may still ask when the server ends."""
    kept = Texts(path)
    kept.keep("/p/a", STAMP, GO)
    kept.close()
    assert not kept.paths("/p/a", STAMP)
    kept.keep("/p/b", STAMP, GO)
    with closing(Texts(path)) as again:
        assert again.paths("/p/a", STAMP)


def test_a_text_that_is_damaged_is_none(kept: Texts, path: Path) -> None:
    kept.keep("/p/a", STAMP, GO)
    with closing(sqlite3.connect(path)) as base:
        base.execute("UPDATE text SET body = substr(body, 1, 5)")
        base.commit()
    assert kept.of("/p/a", STAMP, "/w/main.go") is None


@pytest.mark.parametrize("harm", ["DELETE FROM text", "DELETE FROM entry", "UPDATE text SET body = 'damaged'"])
def test_texts_that_another_server_removed_are_stored_again(kept: Texts, path: Path, harm: str) -> None:
    kept.keep("/p/a", STAMP, GO)
    kept.keep("/p/b", STAMP, GO)
    with closing(sqlite3.connect(path)) as other:
        other.execute(harm)
        other.commit()
    kept.keep("/p/c", STAMP, GO)
    assert {path: kept.of("/p/c", STAMP, path) for path in GO} == GO


def test_texts_of_a_transaction_that_failed_are_stored_again(kept: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as failing:
        failing.setattr(texts.log, "debug", fail)  # the last step of the transaction
        kept.keep("/p/a", STAMP, GO)
    assert not kept.paths("/p/a", STAMP)
    kept.keep("/p/a", STAMP, GO)
    assert {path: kept.of("/p/a", STAMP, path) for path in GO} == GO


def test_texts_that_were_forgotten_are_stored_again(kept: Texts) -> None:
    kept.keep("/p/a", STAMP, GO)
    kept.forget(["/p"], [])
    kept.keep("/p/b", STAMP, GO)
    assert {path: kept.of("/p/b", STAMP, path) for path in GO} == GO


def test_unchanged_texts_are_not_read_again(kept: Texts, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.keep("/p/a", STAMP, GO)
    checked: list[object] = []
    monkeypatch.setattr(database, "check_sum", lambda *row: checked.append(row[0]))
    kept.keep("/p/b", STAMP, GO)
    assert checked == ["/p/b"]


def test_a_file_that_is_deleted_while_it_is_open(kept: Texts, path: Path) -> None:
    kept.keep("/p/a", STAMP, GO)
    path.unlink()
    kept.keep("/p/b", STAMP, GO)
    assert kept.of("/p/b", STAMP, "/w/main.go") == GO["/w/main.go"]


def test_where_nothing_can_be_written_they_are_kept_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with closing(Texts(tmp_path / "file" / "texts.sqlite3")) as kept:
        kept.keep("/p/a", STAMP, GO)
        assert kept.of("/p/a", STAMP, "/w/main.go") == GO["/w/main.go"]
    (tmp_path / "texts.sqlite3").mkdir()
    with closing(Texts(tmp_path / "texts.sqlite3")) as kept:
        kept.keep("/p/a", STAMP, GO)
        assert kept.of("/p/a", STAMP, "/w/main.go") == GO["/w/main.go"]


def test_another_server_that_writes_for_long(kept: Texts, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(Texts(path)) as waiting:
        other.execute("BEGIN IMMEDIATE")
        waiting.keep("/p/a", STAMP, GO)
        assert not waiting.paths("/p/a", STAMP)  # so it is tried again at the next look
        other.execute("ROLLBACK")
        waiting.keep("/p/a", STAMP, GO)
        assert kept.of("/p/a", STAMP, "/w/main.go") == GO["/w/main.go"]


def test_nobody_else_may_read_them(kept: Texts, path: Path) -> None:
    kept.keep("/p/a", STAMP, GO)
    assert path.parent.stat().st_mode & 0o077 == 0
    assert [file.name for file in path.parent.iterdir() if file.stat().st_mode & 0o077] == []
