"""A damaged cache changes no output: what it has lost is read again."""

from __future__ import annotations

import os
import random
import sqlite3
from collections import deque
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.cli import main
from alloclens.session import profile_file, reading
from click.testing import CliRunner

from tests.support.damage import damaged
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MB = 1 << 20
SEEDS = 50
SHOWN = " What it makes is added to something that nothing in its package cuts back."
MAIN = (
    "package main\n\nfunc leak() { kept = append(kept, page()) }\n\nfunc page() []byte { return make([]byte, 1<<20) }\n"
)


class Session(NamedTuple):
    """A folder that was read once: what was said of it, and what is kept in the caches since."""

    folder: Path
    leaks: str
    kept: Mapping[str, bytes]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = leaking(tmp_path_factory.mktemp("first") / "w")
    cache = folder.parent / "cache"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
        monkeypatch.chdir(folder)
        forget()
        leaks = said(folder, "leaks")
        forget()
    kept = {path.name: path.read_bytes() for path in (cache / "alloclens").iterdir() if path.suffix == ".sqlite3"}
    return Session(folder, leaks, kept)


@pytest.fixture
def cache(tmp_path: Path, first: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of the caches as the first session left them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(first.folder)
    cache = tmp_path / "cache" / "alloclens"
    cache.mkdir(parents=True)
    for name, data in first.kept.items():
        (cache / name).write_bytes(data)
    forget()
    yield cache
    forget()


def leaking(folder: Path) -> Path:
    """Make a line that leaks, one that holds a full cache, and a source that is older than all snapshots."""
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text(MAIN)
    os.utime(folder / "main.go", (1_500_000_000, 1_500_000_000))
    for i in range(22):
        stacks = (
            f"main.leak@{folder}/main.go:3 = {1 + 3 * i}x{MB}",
            f"main.page@{folder}/main.go:5 = {min(i, 1) * 40}x{MB}",
        )
        drop(folder / f"profiles/h{i}.pb.gz", heap(*stacks))
    return folder


def forget() -> None:
    """End what would be one session."""
    for cache in (reading.texts, reading.snapshots, profile_file.frames):
        if cache.cache_info().currsize:
            cache().close()
        cache.cache_clear()


def said(folder: Path, command: str) -> str:
    """Return all that a command says of the folder."""
    arguments = {
        "leaks": ["leaks", str(folder / "profiles"), "--all", "--json"],
        "annotate": ["annotate", str(folder / "main.go"), "--profiles", str(folder / "profiles")],
    }[command]
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None, result.output
    return result.stdout


@pytest.mark.slow
def test_random_damage_changes_no_verdict(first: Session, cache: Path) -> None:
    folder, leaks, whole = first
    annotated = said(folder, "annotate")
    assert '"verdict": "leak"' in leaks
    assert "~" not in annotated
    forget()
    assert whole.keys() == {"texts.sqlite3", "snapshots.sqlite3"}
    for seed in range(SEEDS):
        rng = random.Random(seed)
        harmed = {"snapshots.sqlite3"} if seed % 2 else {*whole}
        for path in cache.glob("*.sqlite3*"):
            path.unlink()
        for name, data in whole.items():
            (cache / name).write_bytes(damaged(data, rng) if name in harmed else data)
        found = said(folder, "leaks")
        if seed % 2:
            assert (found, said(folder, "annotate")) == (leaks, annotated), seed
        else:  # texts cannot be made again: where they are lost, lines are marked, and nobody knows what is done with them
            found = found.replace('"placement": "unsure"', '"placement": "sure"')
            assert found.replace(SHOWN, "") == leaks.replace(SHOWN, ""), seed
        forget()


COLUMNS = {
    "snapshot": "path directory stamp reader evidence facts owned check_sum rest rest_sum",
    "evidence": "digest keys",
    "name": "key file function",
}


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in COLUMNS.items() for column in columns.split()]
)
def test_a_row_with_a_damaged_column_is_read_anew(first: Session, cache: Path, table: str, column: str) -> None:
    """Whatever is in it instead, in as many rows at once as there are: another row's, or another kind of value."""
    values = deque((f"(SELECT {column} FROM {table} ORDER BY rowid DESC LIMIT 1)", "x'00ff'", "'text'", "7", "1.5"))
    while values:
        with closing(sqlite3.connect(cache / "snapshots.sqlite3")) as base:
            rows = [row for (row,) in base.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
            harmed = [(row, values.popleft()) for row in rows[:5] if values]
            for row, value in harmed:
                with suppress(sqlite3.IntegrityError):
                    base.execute(f"UPDATE OR REPLACE {table} SET {column} = {value} WHERE rowid = {row}")
            base.commit()
        assert said(first.folder, "leaks") == first.leaks, harmed
        forget()


def test_a_row_under_the_name_of_another_is_read_anew(first: Session, cache: Path) -> None:
    """As where a page of the file holds another's keys."""
    with closing(sqlite3.connect(cache / "snapshots.sqlite3")) as base:
        other = "(SELECT path, stamp FROM snapshot WHERE path LIKE '%h7%')"
        base.execute(f"UPDATE OR REPLACE snapshot SET (path, stamp) = {other} WHERE path LIKE '%h2%'")
        base.commit()
    assert said(first.folder, "leaks") == first.leaks
