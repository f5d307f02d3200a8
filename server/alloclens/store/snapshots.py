"""What was read of snapshots, in the user's cache directory: a directory of thousands is known at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec
import numpy as np

from alloclens.analysis.owned import Figures, Owned
from alloclens.analysis.series import Snapshot, TakenAt, TimeSource
from alloclens.profile.model import ValueType
from alloclens.store.cache import Cache, sql_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from alloclens.store.listing import Stamp

SCHEMA = """
    CREATE TABLE IF NOT EXISTS snapshot1 (
        path TEXT PRIMARY KEY, directory TEXT NOT NULL, stamp TEXT NOT NULL, reader TEXT NOT NULL, check_sum INTEGER NOT NULL,
        facts BLOB NOT NULL, owned BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS by_directory ON snapshot1 (directory);
"""
"""The 1 is the version of what the blobs hold."""
LARGEST = 1 << 30
"""Bytes that all snapshots may take; beyond, what was read first is forgotten first. 5,000 of 1,200 owned lines take 170 MB."""
KEY, FIGURES = 8, 4 * len(Figures._fields)
"""Bytes of one line."""


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot is beside its lines."""

    taken_at: tuple[float, TimeSource]
    is_difference: bool
    default_sample_type: str
    sample_types: tuple[tuple[str, str], ...]
    total: tuple[int, ...]
    period: int
    build_id: str
    program: str
    lost: tuple[str, ...]
    built_at: float
    missing: tuple[str, ...]
    notes: tuple[str, ...]


class Snapshots:
    """A store of snapshots. Every method may be called from any thread; none raises for what a disk does."""

    def __init__(self, path: Path | None = None) -> None:
        self._cache = Cache("snapshots.sqlite3", SCHEMA, path)

    def close(self) -> None:
        """Let go of the file."""
        self._cache.close()

    def keep(self, snapshot: Snapshot, stamp: Stamp, reader: str) -> None:
        """Keep what a reader (by its digest) has read of a file. The snapshot's lines go by their keys."""
        facts, owned = _facts(snapshot), _owned(snapshot.owned)
        key = sql_text(snapshot.path), sql_text(os.path.dirname(snapshot.path)), repr(tuple(stamp)), reader  # noqa: PTH120
        with self._cache.transaction() as base:
            row = *key, crc32(owned, crc32(facts)), facts, owned
            base.execute("INSERT OR REPLACE INTO snapshot1 VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def of(self, wanted: Mapping[str, Stamp], reader: str) -> list[Snapshot]:
        """Return what this reader has read of these files, as far as it is kept and whole."""
        found = []
        question = "SELECT check_sum, facts, owned FROM snapshot1 WHERE path = ? AND stamp = ? AND reader = ?"
        with self._cache.transaction() as base:
            for path, stamp in wanted.items():
                row = base.execute(question, (sql_text(path), repr(tuple(stamp)), reader)).fetchone()
                if row and crc32(row[2], crc32(row[1])) == row[0]:
                    found.append(_snapshot(path, *row[1:]))
        return found

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop the snapshots of these directories that are no more, and the oldest of what is too much."""
        kept = set(map(sql_text, but))
        with self._cache.transaction() as base:
            for directory in directories:
                rows = base.execute("SELECT path FROM snapshot1 WHERE directory = ?", (sql_text(directory),))
                gone = [(path,) for (path,) in rows if path not in kept]
                base.executemany("DELETE FROM snapshot1 WHERE path = ?", gone)
            while _size(base) > LARGEST:
                base.execute(
                    "DELETE FROM snapshot1 WHERE rowid IN (SELECT rowid FROM snapshot1 ORDER BY rowid LIMIT 100)"
                )


def _size(base: sqlite3.Connection) -> int:
    return int(base.execute("SELECT total(length(owned)) FROM snapshot1").fetchone()[0])


def _facts(snapshot: Snapshot) -> bytes:
    of = {field: getattr(snapshot, field) for field in Facts.__struct_fields__}
    of |= {"taken_at": tuple(snapshot.taken_at), "sample_types": tuple((t.type, t.unit) for t in snapshot.sample_types)}
    return msgspec.msgpack.encode(Facts(**of))


def _owned(owned: Owned) -> bytes:
    """Return the keys and, behind them, the figures, column by column."""
    return owned.site.tobytes() + owned.figures.tobytes()


def _snapshot(path: str, facts: bytes, owned: bytes) -> Snapshot:
    of = DECODER.decode(facts)
    lines = len(owned) // (KEY + FIGURES)
    keys = np.frombuffer(owned, np.int64, lines)
    figures = np.frombuffer(owned, np.float32, offset=KEY * lines).reshape(len(Figures._fields), lines).copy()
    given = {field: getattr(of, field) for field in Facts.__struct_fields__}
    given |= {"taken_at": TakenAt(*of.taken_at), "sample_types": tuple(ValueType(*t) for t in of.sample_types)}
    return Snapshot(path=path, owned=Owned(keys, figures), **given)


DECODER = msgspec.msgpack.Decoder(Facts)
