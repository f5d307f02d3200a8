"""A cache is never worth an error: whatever became of its file, it is begun anew, or memory is used in its place."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
from alloclens.cache import database
from alloclens.cache.database import Cache, checked, whole
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.disk import Stamp

from tests.support.damage import damaged
from tests.support.unprivileged import open_directory, unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = "CREATE TABLE word (key TEXT PRIMARY KEY, value TEXT, check_sum INTEGER)"
STAMP = Stamp(*range(len(Stamp._fields)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "words.sqlite3"


class Words:
    """Some texts by key."""

    def __init__(self, path: Path, version: int = 1, schema: str = SCHEMA) -> None:
        self.cache = Cache(path.name, version, schema, path)

    def __setitem__(self, key: str, value: str) -> None:
        with self.cache.transaction() as base:
            base.execute(database.WRITING)
            base.execute("INSERT OR REPLACE INTO word VALUES (?, ?, ?)", checked(key, value))

    def __getitem__(self, key: str) -> str | None:
        rows = self.cache.ask("SELECT * FROM word WHERE key = ?", key)
        return next((value for _, value, _ in whole(rows, key)), None)

    def close(self) -> None:
        self.cache.close()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_tables_of_another_version_are_dropped(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = 'CREATE TABLE word (word TEXT); CREATE INDEX by_word ON word (word); CREATE TABLE "a""b" (c INTEGER PRIMARY KEY AUTOINCREMENT)'
    with closing(Words(path, 2, other)) as words:
        assert words["a"] is None  # it has no such column
    caplog.clear()
    for _ in range(2):
        with closing(Words(path)) as words:
            words["a"] = f"{words['a'] or ''}1"
    with closing(Words(path)) as words:
        assert words["a"] == "11"
    assert warnings(caplog) == []


def works(words: Words) -> bool:
    words["a"] = "1"
    return words["a"] == "1"


def put_directory(path: Path) -> None:
    path.mkdir(parents=True)


def put_fifo(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)


def put_fifo_as_journal(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"")
    os.mkfifo(f"{path}-journal")


def put_fifo_as_log(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(f"{path}-wal")


def put_loop(path: Path) -> None:
    path.parent.symlink_to(path.parent.name)


def put_file_as_parent(path: Path) -> None:
    path.parent.write_bytes(b"")


def put_directory_as_log(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / f"{path.name}-wal").mkdir()


ODD = (
    put_directory,
    put_fifo,
    put_fifo_as_journal,
    put_fifo_as_log,
    put_loop,
    put_file_as_parent,
    put_directory_as_log,
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")
@pytest.mark.timeout(30)
@pytest.mark.parametrize("put", ODD, ids=lambda put: put.__name__)
def test_an_odd_file_is_left_alone(path: Path, put: Callable[[Path], None], caplog: pytest.LogCaptureFixture) -> None:
    put(path)
    before = path.parent.is_dir() and sorted(os.listdir(path.parent))
    with closing(Words(path)) as words:
        assert works(words)
        assert works(words)
    assert len(warnings(caplog)) == 1
    assert "memory is used in its place" in warnings(caplog)[0]
    if before:
        assert set(before) <= {*os.listdir(path.parent)}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
@pytest.mark.parametrize(("mode", "of_file"), [(0o500, None), (0, None), (0o700, 0), (0o500, 0o400), (0o500, 0o600)])
def test_a_file_that_is_closed_to_us(mode: int, of_file: int | None, caplog: pytest.LogCaptureFixture) -> None:
    with open_directory() as root:
        path = root / "cache" / "words.sqlite3"
        with closing(Words(path)) as words:
            words["old"] = "kept"
        os.chmod(path.parent, mode)
        if of_file is None:
            os.chmod(path.parent, 0o700)
            path.unlink()
            os.chmod(path.parent, mode)
        else:
            os.chmod(path, of_file)
        with unprivileged(), closing(Words(path)) as words:
            works(words)
            assert words["old"] in {None, "kept"}
        assert len(warnings(caplog)) <= 2
        assert not [said for said in warnings(caplog) if "damaged" in said]
        os.chmod(path.parent, 0o700)
        if of_file is not None:
            os.chmod(path, 0o600)
            with closing(Words(path)) as words:
                assert words["old"] == "kept"


def test_a_full_disk_costs_what_is_new(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(Words(path)) as words:
        words["old"] = "kept"
        words.cache.ask("PRAGMA max_page_count = 3")
        for i in range(database.MAX_FAILURES - 1):
            words[f"{i}"] = "x" * 100_000
            assert words[f"{i}"] is None
            assert words["old"] == "kept"
        assert len(warnings(caplog)) == 1
        words["another"] = "x" * 100_000
        assert works(words)  # in memory
        assert len(warnings(caplog)) == 2
    with closing(Words(path)) as words:
        assert words["old"] == "kept"


def test_one_that_another_holds_for_long_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.01)
    with closing(Words(path)) as words, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for i in range(100):
            words[f"{i}"] = "x"
        assert works(words)
        assert len(warnings(caplog)) == 2


@pytest.mark.parametrize(
    "schema",
    [
        b"CREATE TABLE word \xff\xfe TEXT PRIMARY KEY, value TEXT, check_sum INTEGER)",
        b"CREATE TABLE w\xf0rd (key TEXT PRIMARY KEY, value TEXT, check_sum INTEGER)",
        b"CREATE TABLE word (key TEXT PRIMARY KEY, valux TEXT, check_sum INTEGER)",
        b"CREATE VIEW  word AS SELECT 1 AS key, 2 AS value, 3 AS check_sum FROM xyzzy",
        b"\x00REATE TABLE word (key TEXT PRIMARY KEY, value TEXT, check_sum INTEGER)",
    ],
)
def test_a_damaged_schema(path: Path, schema: bytes, caplog: pytest.LogCaptureFixture) -> None:
    right = SCHEMA.replace("IF NOT EXISTS ", "").encode()
    with closing(Words(path)) as words:
        words["old"] = "kept"
    data = path.read_bytes()
    assert right in data
    path.write_bytes(data.replace(right, schema.ljust(len(right))[: len(right)]))
    with closing(Words(path)) as words:
        works(words)  # what finds the damage may be what is lost by it
        assert works(words)
    with closing(Words(path)) as words:
        assert words["a"] == "1"
    assert len(warnings(caplog)) <= 1


def test_a_row_whose_type_is_another(path: Path) -> None:
    """SQLite keeps any kind of value in any column, and text that is no UTF-8."""
    values = (None, 2**62, 1.5, b"\xff", "CAST(x'ff61' AS TEXT)")
    with closing(Words(path)) as words:
        for column in ("key", "value", "check_sum"):
            for value in values:
                words["a"] = words["b"] = "1"
                is_sql = isinstance(value, str)
                with closing(sqlite3.connect(path)) as base:
                    base.execute(
                        f"UPDATE word SET {column} = {value if isinstance(value, str) else '?'} WHERE key = 'a'",
                        () if is_sql else (value,),
                    )
                    base.commit()
                assert (words["a"], words["b"]) == (None, "1")
        assert works(words)


def test_one_server_begins_anew_what_the_other_has_open(path: Path) -> None:
    with closing(Words(path)) as one, closing(Words(path)) as other:
        one["old"] = other["old"] = "x"
        with closing(sqlite3.connect(path)) as base:
            base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.write(b"damage" * 4000)
        works(one)
        for round_ in range(3):
            one["round"] = f"{round_}"
            assert other["round"] == f"{round_}"
            other["answer"] = f"{round_}"
            assert one["answer"] == f"{round_}"
    with closing(Words(path)) as third:
        assert third["answer"] == "2"
    with closing(sqlite3.connect(path)) as base:
        assert base.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.programs
def test_two_servers_whose_file_is_damaged_again_and_again(path: Path) -> None:
    program = f"""
import random, sys
from pathlib import Path
from alloclens.cache.texts import SourceCopy, Texts
from alloclens.disk import Stamp
kept, me = Texts(Path({str(path)!r})), sys.argv[1]
for i in range(300):
    name = f"/p/{{me}}-{{i % 20}}"
    text = random.Random(name).randbytes(300).hex()
    kept.keep(name, Stamp(*{tuple(STAMP)}), {{"/w/main.go": SourceCopy(text, 1.5)}})
    assert kept.of(name, Stamp(*{tuple(STAMP)}), "/w/main.go") in (None, SourceCopy(text, 1.5))
    kept.forget(["/other"], [])
kept.keep("/p/last", Stamp(*{tuple(STAMP)}), {{"/w/main.go": SourceCopy("last", 1.5)}})
assert kept.of("/p/last", Stamp(*{tuple(STAMP)}), "/w/main.go") in (None, SourceCopy("last", 1.5))
"""
    rng = random.Random(1)
    run = [
        subprocess.Popen([sys.executable, "-c", program, str(n)], stderr=subprocess.PIPE, text=True) for n in range(2)
    ]
    while any(child.poll() is None for child in run):
        with suppress(FileNotFoundError), path.open("r+b") as file:
            if data := file.read():  # it may be begun anew at any moment
                file.seek(0)
                file.write(
                    damaged(data, rng)[: len(data)]
                )  # not cut off: SQLite holds no more than the pages it has read
        try:
            run[0].wait(rng.random() / 20)
        except subprocess.TimeoutExpired:
            continue
    for child in run:
        said = child.communicate()[1]
        assert (child.returncode, "Traceback" in said) == (0, False), said
        assert len(said.splitlines()) <= 2 * database.MAX_FAILURES
    with closing(Texts(path)) as kept:
        for _ in range(2):
            kept.keep("/p/new", STAMP, {"/w/main.go": SourceCopy("new", 1.5)})
        assert kept.of("/p/new", STAMP, "/w/main.go") == SourceCopy("new", 1.5)


@pytest.mark.slow
def test_texts_of_a_file_damaged_at_random_are_right_or_none(tmp_path: Path) -> None:
    texts = {f"/w/{i}.go": SourceCopy(random.Random(i).randbytes(300).hex(), 1.5) for i in range(10)}
    good = tmp_path / "good.sqlite3"
    with closing(Texts(good)) as kept:
        for i in range(20):
            kept.keep(f"/p/{i}", STAMP, dict(list(texts.items())[: i + 1]))
    data, right = good.read_bytes(), 0
    for seed in range(150):
        path = tmp_path / f"{seed}.sqlite3"
        path.write_bytes(damaged(data, random.Random(seed)))
        with closing(Texts(path)) as kept:
            for i in range(0, 20, 5):
                assert kept.paths(f"/p/{i}", STAMP) <= texts.keys()
                for name, text in texts.items():
                    found = kept.of(f"/p/{i}", STAMP, name)
                    assert found in {None, text}, (seed, i, name)
                    right += found == text
            for _ in range(2):
                kept.keep("/p/new", STAMP, texts)
                kept.forget(["/p"], ["/p/new"])
            assert {name: kept.of("/p/new", STAMP, name) for name in texts} == texts, seed
    assert right > 1000
