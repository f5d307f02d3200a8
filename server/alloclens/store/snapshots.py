"""What was read of snapshots, in the user's cache directory: a directory of thousands is known at once."""

from __future__ import annotations

import json
import os
from dataclasses import astuple
from functools import lru_cache, partial
from typing import TYPE_CHECKING
from zlib import crc32

import msgspec
import numpy as np

from alloclens.analysis.owned import Figures, Owned
from alloclens.analysis.series import Snapshot, TakenAt, TimeSource
from alloclens.profile.model import MemStats, ValueType
from alloclens.store.cache import WRITING, Cache, sql_text
from alloclens.store.listing import is_absent

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from alloclens.store.listing import Stamp

    Singles = NDArray[np.float32]

SCHEMA = """
    DROP TABLE IF EXISTS snapshot1;
    CREATE TABLE IF NOT EXISTS snapshot2 (
        path TEXT PRIMARY KEY, directory TEXT NOT NULL, stamp TEXT NOT NULL, reader TEXT NOT NULL, check_sum INTEGER NOT NULL,
        facts BLOB NOT NULL, owned BLOB NOT NULL, rest_sum INTEGER NOT NULL, rest BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS by_directory ON snapshot2 (directory);
"""
"""The 2 is the version of what the blobs hold."""
KEPT = """
    SELECT path, stamp, check_sum, facts, owned FROM snapshot2 WHERE reader = ? AND path IN (SELECT value FROM json_each(?))
"""
"""One question for thousands: to ask for each alone takes three times as long."""
LARGEST = 1 << 30
"""Bytes that all snapshots may take; beyond, what was read first is forgotten first. 5,000 of 1,200 owned lines take 200 MB."""
KEY, VALUE, REST = 8, 4, len(Figures._fields) - 1
"""Bytes of a line's key and value, and how many more figures it has."""


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """What a snapshot is beside its lines."""

    taken_at: tuple[float, TimeSource]
    is_difference: bool
    default_sample_type: str
    sample_types: tuple[tuple[str, str], ...]
    total: tuple[int, ...]
    rate: float
    build_id: str
    program: str
    lost: tuple[str, ...]
    built_at: float
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    mem_stats: tuple[int, ...] | None


class Snapshots:
    """A store of snapshots. Every method may be called from any thread; none raises for what a disk does."""

    def __init__(self, path: Path | None = None) -> None:
        self._cache = Cache("snapshots.sqlite3", SCHEMA, path)

    def close(self) -> None:
        """Let go of the file."""
        self._cache.close()

    def keep(self, snapshot: Snapshot, stamp: Stamp, reader: str) -> None:
        """Keep what a reader (by its digest) has read of a file. The snapshot's lines go by their keys."""
        owned = snapshot.owned
        facts, light, rest = (
            _facts(snapshot),
            owned.key.tobytes() + owned.value.tobytes(),
            owned.figures()[1:].tobytes(),
        )
        key = sql_text(snapshot.path), sql_text(os.path.dirname(snapshot.path)), repr(tuple(stamp)), reader  # noqa: PTH120
        with self._cache.transaction() as base:
            base.execute(WRITING)
            row = *key, crc32(light, crc32(facts)), facts, light, crc32(rest), rest
            base.execute("INSERT OR REPLACE INTO snapshot2 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def of(self, wanted: Mapping[str, Stamp], reader: str) -> list[Snapshot]:
        """Return what this reader has read of these files, as far as it is kept and whole."""
        found, paths = [], {sql_text(path): path for path in wanted}
        with self._cache.transaction() as base:
            for key, stamp, check_sum, facts, owned in base.execute(KEPT, (reader, json.dumps(list(paths)))):
                path = paths[key]
                if stamp == repr(tuple(wanted[path])) and check_sum == crc32(owned, crc32(facts)):
                    found.append(_snapshot(path, facts, owned, partial(self._rest, path, wanted[path])))
        return found

    def _rest(self, path: str, stamp: Stamp, lines: int) -> Singles:
        """Return the other figures of a snapshot; nan where they are no more: then nothing is certain."""
        question = "SELECT rest_sum, rest FROM snapshot2 WHERE path = ? AND stamp = ?"
        for check_sum, rest in self._cache.ask(question, sql_text(path), repr(tuple(stamp))):
            if crc32(rest) == check_sum and len(rest) == 4 * REST * lines:
                return np.frombuffer(rest, np.float32).reshape(REST, lines)
        return np.full((REST, lines), np.nan, np.float32)

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop the snapshots of these directories that are no more, and the oldest of what is too much."""
        kept = set(map(sql_text, but))
        with self._cache.transaction() as base:
            base.execute(WRITING)
            for directory in directories:
                rows = base.execute("SELECT path FROM snapshot2 WHERE directory = ?", (sql_text(directory),))
                gone = [(path,) for (path,) in rows if path not in kept and is_absent(path)]
                base.executemany("DELETE FROM snapshot2 WHERE path = ?", gone)
            while _size(base) > LARGEST:
                base.execute(
                    "DELETE FROM snapshot2 WHERE rowid IN (SELECT rowid FROM snapshot2 ORDER BY rowid LIMIT 100)"
                )


def _size(base: sqlite3.Connection) -> int:
    return int(base.execute("SELECT total(length(owned) + length(rest)) FROM snapshot2").fetchone()[0])


def _facts(snapshot: Snapshot) -> bytes:
    of = {field: getattr(snapshot, field) for field in Facts.__struct_fields__}
    of |= {"taken_at": tuple(snapshot.taken_at), "sample_types": tuple((t.type, t.unit) for t in snapshot.sample_types)}
    of["mem_stats"] = astuple(snapshot.mem_stats) if snapshot.mem_stats else None
    return msgspec.msgpack.encode(Facts(**of))


def _snapshot(path: str, facts: bytes, owned: bytes, rest: Callable[[int], Singles]) -> Snapshot:
    lines = len(owned) // (KEY + VALUE)
    value = np.frombuffer(owned, np.float32, offset=KEY * lines).copy()  # without what is before it
    kept = Owned(_keys(owned[: KEY * lines]), value, partial(rest, lines))
    given = msgspec.structs.asdict(DECODER.decode(facts))
    given["taken_at"], given["sample_types"] = TakenAt(*given["taken_at"]), _types(given["sample_types"])
    given["mem_stats"] = MemStats(*given["mem_stats"]) if given["mem_stats"] else None
    return Snapshot(path=path, owned=kept, **given)


@lru_cache(10)
def _keys(given: bytes) -> NDArray[np.int64]:
    """Return the keys: one array for the many snapshots that have the same."""
    return np.frombuffer(given, np.int64)


@lru_cache(100)
def _types(given: tuple[tuple[str, str], ...]) -> tuple[ValueType, ...]:
    return tuple(ValueType(*one) for one in given)


DECODER = msgspec.msgpack.Decoder(Facts)
