"""Caches what was read of snapshots, and which files are none, so that a directory of thousands loads at once."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import astuple
from functools import lru_cache, partial
from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from alloclens.arrays import distinct
from alloclens.cache import folder
from alloclens.cache.database import WRITING, Cache, check_sum, checked, sql_text, whole
from alloclens.disk import is_absent
from alloclens.faults import Problem
from alloclens.profile.build import Build
from alloclens.profile.model import MemStats, ValueType
from alloclens.profile.taken_at import TakenAt, TimeSource
from alloclens.series.owned import Figures, OwnedLines
from alloclens.series.snapshot import Snapshot
from alloclens.source.evidence import RecordedName, digest_of, evidence_of, packed
from alloclens.typed import ready

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from alloclens.arrays import Floats, Ints
    from alloclens.disk import Stamp
    from alloclens.source.evidence import Evidence

    Again = Callable[[str], OwnedLines | None]
    """Reads the lines of a file again; None if that fails."""

log = logging.getLogger(__name__)

VERSION = 16
"""Of the tables and of what their blobs hold."""
SCHEMA = """
    CREATE TABLE snapshot (
        path TEXT PRIMARY KEY, directory TEXT NOT NULL, stamp TEXT NOT NULL, reader TEXT NOT NULL, evidence INTEGER NOT NULL,
        check_sum INTEGER NOT NULL, facts BLOB NOT NULL, owned BLOB NOT NULL, rest_sum INTEGER NOT NULL, rest BLOB NOT NULL
    );
    CREATE INDEX by_directory ON snapshot (directory);
    CREATE INDEX by_evidence ON snapshot (evidence);
    CREATE TABLE evidence (digest INTEGER PRIMARY KEY, keys BLOB NOT NULL);
    CREATE TABLE name (key INTEGER PRIMARY KEY, file BLOB NOT NULL, function BLOB NOT NULL);
    CREATE TABLE no_profile (
        path TEXT PRIMARY KEY, directory TEXT NOT NULL, stamp TEXT NOT NULL, reader TEXT NOT NULL,
        reason TEXT NOT NULL, summary TEXT NOT NULL, check_sum INTEGER NOT NULL
    );
    CREATE INDEX no_profile_by_directory ON no_profile (directory);
"""
"""check_sum covers all columns but the rest, rest_sum covers check_sum and the rest. Evidence and names have digests as
keys.
"""
SELECT_KEPT = """
    SELECT path, directory, stamp, reader, evidence, facts, owned, check_sum FROM snapshot
    WHERE reader = ? AND path IN (SELECT value FROM json_each(?))
"""
"""One query for thousands: separate queries take three times as long."""
SELECT_NO_PROFILES = """
    SELECT path, directory, stamp, reader, reason, summary, check_sum FROM no_profile
    WHERE reader = ? AND path IN (SELECT value FROM json_each(?))
"""
SETS = "SELECT digest, keys FROM evidence WHERE digest IN (SELECT value FROM json_each(?))"
NAMES = "SELECT key, file, function FROM name WHERE key IN (SELECT value FROM json_each(?))"
OLDEST = "DELETE FROM snapshot WHERE rowid IN (SELECT rowid FROM snapshot ORDER BY rowid LIMIT 100)"
OLDEST_NO_PROFILES = "DELETE FROM no_profile WHERE rowid <= (SELECT max(rowid) FROM no_profile) - ?"
MAX_NO_PROFILES = 100_000
"""Files that are no profiles; the oldest are dropped first. A row takes about 300 bytes."""
MAX_SNAPSHOTS_BYTES = 1 << 30
"""Size of all snapshots; the oldest are dropped first. 5,000 snapshots of 2,000 holders take 850 MiB."""
KEY, VALUE, REST = 8, 4, len(Figures._fields) - 1
"""Bytes of a holder's value and of each of its keys, and its number of other figures."""


@ready
class SnapshotFacts(msgspec.Struct, frozen=True, array_like=True):
    """A snapshot without its lines."""

    taken_at: tuple[float, TimeSource, bool]
    is_difference: bool
    default_sample_type: str
    sample_types: tuple[tuple[str, str], ...]
    total: tuple[int, ...]
    rate: float
    build_id: str
    code: bytes
    allocations: bytes
    memory: bytes
    profiling: int
    program: str
    evidence: int
    attribution: int
    build: tuple[float, bool, bool, str, str, bool, str, bool, bool]
    missing: tuple[str, ...]
    named: tuple[str, ...]
    notes: tuple[str, ...]
    mem_stats: tuple[int, ...] | None
    contention: str
    is_pprof: bool
    languages: tuple[str, ...]
    duration: float


class Snapshots:
    """A store of snapshots. All methods are thread-safe; none raises because of the disk."""

    def __init__(self, path: Path | None = None) -> None:
        self._cache = Cache(folder.SNAPSHOTS, VERSION, SCHEMA, path)
        self._swept = False
        """Whether unused names were removed: once per session is enough."""

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def keep(self, snapshot: Snapshot, evidence: Evidence, stamp: Stamp, reader: str) -> None:
        """Store what a reader (by its digest) has read of a file."""
        owned = snapshot.owned
        facts, light, rest = (
            _facts(snapshot),
            owned.key.tobytes() + owned.value.tobytes() + bytes((len(owned.key),)),
            owned.figures()[1:].tobytes(),
        )
        path, directory = sql_text(snapshot.path), sql_text(os.path.dirname(snapshot.path))
        key = path, directory, repr(tuple(stamp)), reader, snapshot.evidence
        total = check_sum(*key, facts, light)
        with self._cache.transaction() as base:
            base.execute(WRITING)
            _keep_evidence(base, evidence)
            row = *key, total, facts, light, check_sum(total, rest), rest
            base.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            log.debug("kept the snapshot %s", snapshot.path)

    def of(self, stamps: Mapping[str, Stamp], reader: str, again: Again | None = None) -> list[Snapshot]:
        """Return the stored, undamaged snapshots of these files by this reader.

        Most figures of the lines are loaded on demand. If they are gone by then, `again` reads them.
        """
        snapshots, paths = [], {sql_text(path): path for path in stamps}
        with self._cache.transaction() as base:
            rows = base.execute(SELECT_KEPT, (reader, json.dumps(list(paths))))
            for key, _, stamp, _, _, facts, owned, total in whole(rows):
                path = paths.get(key)
                if path and stamp == repr(tuple(stamps[path])):
                    rest = partial(self._rest, path, stamp, total, again)
                    snapshots.append(_snapshot(path, stamps[path], facts, owned, rest))
        log.debug("read %d of %d snapshots from the cache", len(snapshots), len(stamps))
        return snapshots

    def keep_no_profile(self, problem: Problem, stamp: Stamp, reader: str) -> None:
        """Store why a file is no profile to a reader (by its digest)."""
        path, directory = sql_text(problem.path), sql_text(os.path.dirname(problem.path))
        row = path, directory, repr(tuple(stamp)), reader, sql_text(problem.reason), sql_text(problem.summary)
        with self._cache.transaction() as base:
            base.execute("INSERT OR REPLACE INTO no_profile VALUES (?, ?, ?, ?, ?, ?, ?)", checked(*row))

    def no_profiles(self, stamps: Mapping[str, Stamp], reader: str) -> list[Problem]:
        """Return those of these files that are no profiles, if they are as they were when this reader read them."""
        found, paths = [], {sql_text(path): path for path in stamps}
        with self._cache.transaction() as base:
            for key, _, stamp, _, reason, summary, _ in whole(
                base.execute(SELECT_NO_PROFILES, (reader, json.dumps(list(paths))))
            ):
                path = paths.get(key)
                if path and stamp == repr(tuple(stamps[path])):
                    found.append(Problem(path, reason, is_no_profile=True, summary=summary))
        return found

    def evidence(self, digests: Iterable[int]) -> tuple[dict[int, Ints], Evidence]:
        """Return the stored, undamaged keys of evidence by digest, and the names of all keys."""
        whole: dict[int, Ints] = {}
        names: dict[int, RecordedName] = {}
        asked = json.dumps(list(digests))
        with self._cache.transaction() as base:
            sets = {d: np.frombuffer(k, np.int64) for d, k in base.execute(SETS, (asked,)) if _is_whole(d, k)}
            keys = distinct(np.concatenate(list(sets.values()))) if sets else np.zeros(0, np.int64)
            for key, *texts in base.execute(NAMES, (json.dumps(keys.tolist()),)):
                if _is_whole(key, *texts):
                    names[key] = RecordedName(*(text.decode("utf-8", "surrogatepass") for text in texts))
            known = np.fromiter(names, np.int64)
            whole |= {digest: keys for digest, keys in sets.items() if np.isin(keys, known).all()}
        if damaged := set(json.loads(asked)) - whole.keys():
            with self._cache.transaction() as base:
                base.execute(WRITING)
                base.executemany("DELETE FROM evidence WHERE digest = ?", [(digest,) for digest in damaged])
        return whole, evidence_of(names)

    def _rest(self, path: str, stamp: str, of: int, again: Again | None, holders: int) -> Floats:
        """Return the other figures of a snapshot; nan if they are lost, so that nothing is significant.

        `of` is the check sum of its lines: another session may have changed their attribution meanwhile.
        """
        question = "SELECT check_sum, rest, rest_sum FROM snapshot WHERE path = ? AND stamp = ? AND check_sum = ?"
        for _, rest, _ in whole(self._cache.ask(question, sql_text(path), stamp, of), of):
            return np.frombuffer(rest, np.float64).reshape(REST, holders)
        read = again(path) if again else None
        if read and len(read.value) == holders:
            return read.figures()[1:]
        return np.full((REST, holders), np.nan)

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop what is kept of deleted files in these directories, and the oldest beyond the limits."""
        kept = set(map(sql_text, but))
        with self._cache.transaction() as base:
            base.execute(WRITING)
            for table, directory in product(("snapshot", "no_profile"), directories):
                rows = base.execute(f"SELECT path FROM {table} WHERE directory = ?", (sql_text(directory),))  # noqa: S608 - ours
                gone = [(path,) for (path,) in rows if path not in kept and is_absent(path)]
                base.executemany(f"DELETE FROM {table} WHERE path = ?", gone)  # noqa: S608 - ours
            base.execute(OLDEST_NO_PROFILES, (MAX_NO_PROFILES,))
            base.execute("DELETE FROM evidence WHERE NOT EXISTS (SELECT 1 FROM snapshot WHERE evidence = digest)")
            if not self._swept:
                _sweep_names(base)
                self._swept = True
            while _size(base) > MAX_SNAPSHOTS_BYTES and base.execute(OLDEST).rowcount:
                pass


def _keep_evidence(base: sqlite3.Connection, evidence: Evidence) -> None:
    """Store the names in a profile unless they are stored already."""
    row = evidence.digest, evidence.keys.tobytes()
    if base.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?)", row).rowcount:
        texts = (
            [text.encode("utf-8", "surrogatepass") for text in column]
            for column in (evidence.files, evidence.functions)
        )
        base.executemany(
            "INSERT OR REPLACE INTO name VALUES (?, ?, ?)", zip(evidence.keys.tolist(), *texts, strict=True)
        )


def _sweep_names(base: sqlite3.Connection) -> None:
    """Drop names without evidence."""
    sets = base.execute("SELECT * FROM evidence")
    used = [np.frombuffer(keys, np.int64) for digest, keys in sets if _is_whole(digest, keys)]
    kept = np.fromiter((key for (key,) in base.execute("SELECT key FROM name")), np.int64)
    gone = np.setdiff1d(kept, np.concatenate(used)) if used else kept
    base.executemany("DELETE FROM name WHERE key = ?", [(key,) for key in gone.tolist()])


def _is_whole(digest: int, *data: Any) -> bool:
    """Return whether bytes match their digest."""
    return all(isinstance(part, bytes) for part in data) and digest == digest_of(packed(*data) if data[1:] else data[0])


def _size(base: sqlite3.Connection) -> int:
    return int(base.execute("SELECT total(length(owned) + length(rest)) FROM snapshot").fetchone()[0])


def _facts(snapshot: Snapshot) -> bytes:
    of = {field: getattr(snapshot, field) for field in SnapshotFacts.__struct_fields__}
    of |= {
        "taken_at": tuple(snapshot.taken_at),
        "build": tuple(snapshot.build),
        "sample_types": tuple((t.type, t.unit) for t in snapshot.sample_types),
    }
    of["mem_stats"] = astuple(snapshot.mem_stats) if snapshot.mem_stats else None
    return msgspec.msgpack.encode(SnapshotFacts(**of))


def _snapshot(path: str, stamp: Stamp, facts: bytes, owned: bytes, rest: Callable[[int], Floats]) -> Snapshot:
    keys = owned[-1]
    holders = (len(owned) - 1) // (KEY * keys + VALUE)
    value = np.frombuffer(owned, np.float32, holders, KEY * keys * holders).copy()  # drop the keys before it
    kept = OwnedLines(_keys(owned[: KEY * keys * holders], keys), value, partial(rest, holders))
    given = msgspec.structs.asdict(DECODER.decode(facts))
    given["taken_at"], given["sample_types"] = TakenAt(*given["taken_at"]), _types(given["sample_types"])
    given["build"] = Build(*given["build"])
    given |= {name: sys.intern(given[name]) for name in ("program", "build_id")}  # the same in thousands
    given["mem_stats"] = MemStats(*given["mem_stats"]) if given["mem_stats"] else None
    return Snapshot(path=path, stamp=stamp, owned=kept, **given)


@lru_cache(10)
def _keys(given: bytes, count: int) -> Ints:
    """Return `count` keys of each holder, sharing one array between equal snapshots."""
    return np.frombuffer(given, np.int64).reshape(count, -1)


@lru_cache(100)
def _types(given: tuple[tuple[str, str], ...]) -> tuple[ValueType, ...]:
    return tuple(ValueType(*pair) for pair in given)


DECODER = msgspec.msgpack.Decoder(SnapshotFacts)
