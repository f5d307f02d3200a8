"""Stores the texts of source files at the time a snapshot was first seen, each text once.

Every snapshot has a manifest: path -> text. Manifests and texts have digests as keys, so a hundred snapshots of an
unchanged workspace take no more space than one.
"""

from __future__ import annotations

import hashlib
import logging
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from cachetools import LRUCache

from alloclens.cache import folder
from alloclens.cache.database import WRITING, Cache, Row, checked, sql_text, whole
from alloclens.disk import is_absent

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from alloclens.cache.database import Version
    from alloclens.disk import Stamp

log = logging.getLogger(__name__)

VERSION = 3
"""Of the tables and of what their blobs hold."""
SCHEMA = """
    CREATE TABLE text (digest TEXT PRIMARY KEY, body BLOB NOT NULL, check_sum INTEGER NOT NULL);
    CREATE TABLE entry (
        manifest TEXT, path TEXT, text TEXT NOT NULL, written_at REAL NOT NULL, check_sum INTEGER NOT NULL,
        PRIMARY KEY (manifest, path)
    );
    CREATE TABLE seen (
        snapshot TEXT PRIMARY KEY, stamp TEXT NOT NULL, manifest TEXT NOT NULL, check_sum INTEGER NOT NULL
    );
"""
"""A row's check sum covers all its other columns; damaged rows are ignored."""
OLDEST = "DELETE FROM seen WHERE rowid IN (SELECT rowid FROM seen ORDER BY rowid LIMIT 100)"
COUNTS = "SELECT count(*), count(digest) FROM entry LEFT JOIN text ON digest = text WHERE manifest = ?"
MAX_TEXTS_BYTES = 256 << 20
"""Compressed size of all texts; the oldest snapshots are dropped first."""


class SourceCopy(NamedTuple):
    """The contents of a file."""

    text: str
    written_at: float
    """Modification time of the file, in seconds since 1970."""


Entry = tuple[str, float]
"""The digest of a copy's text, and the modification time."""


class Texts:
    """A store of texts. All methods are thread-safe; none raises because of the disk."""

    def __init__(self, path: Path | None = None) -> None:
        self._cache = Cache(folder.TEXTS, VERSION, SCHEMA, path)
        self._stored: set[str] = set()
        """Digests of manifests and texts that are whole in the file as of `_version`: successive snapshots share most."""
        self._version: Version | None = None
        self._sizes: LRUCache[str, int] = LRUCache(16)
        """The numbers of entries of manifests that were once whole in the file."""

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def paths(self, snapshot: str, stamp: Stamp) -> frozenset[str]:
        """Return the files with stored texts for a snapshot."""
        with self._cache.transaction() as base:
            return frozenset(_kept(base, snapshot, stamp))
        return frozenset()

    def keep(self, snapshot: str, stamp: Stamp, copies: Mapping[str, SourceCopy]) -> str:
        """Store copies, by path, made when the snapshot was first seen, and return the digest of the manifest.

        Copies that are already stored stay.
        """
        manifest = ""
        fresh = {sql_text(path): (digest(copy.text), float(copy.written_at)) for path, copy in copies.items()}
        with self._cache.transaction() as base:
            base.execute(WRITING)
            stored = self._still_stored()
            entries = dict(sorted((fresh | _kept(base, snapshot, stamp)).items()))
            manifest = digest(repr(entries))
            bodies = {digest(copy.text): copy.text for copy in copies.values()}
            _keep_bodies(base, {named: text for named, text in bodies.items() if named not in stored})
            if manifest not in stored and _entries(base, manifest) != entries:
                rows = (checked(manifest, path, *entry) for path, entry in entries.items())
                base.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?)", rows)
            stored |= {manifest, *bodies}
            self._sizes[manifest] = len(entries)
            _keep_seen(base, snapshot, stamp, manifest)
            log.debug("kept %d source files for %s", len(copies), snapshot)
        return manifest

    def keep_same(self, snapshot: str, stamp: Stamp, manifest: str) -> bool:
        """Give a snapshot without texts the manifest of another one; return whether it had none, and that is stored."""
        with self._cache.transaction() as base:
            base.execute(WRITING)
            if self._is_stored(base, manifest) and not _manifest(base, snapshot, stamp):
                _keep_seen(base, snapshot, stamp, manifest)
                log.debug("kept the source files of %s, which are those of an earlier snapshot", snapshot)
                return True
        return False

    def of(self, snapshot: str, stamp: tuple[int, ...], path: str) -> SourceCopy | None:
        """Return a file's contents when a snapshot was first seen; None if they were not stored.

        Copies for another snapshot of the same name, which has another stamp, are not used.
        """
        with self._cache.transaction() as base:
            manifest = _manifest(base, snapshot, stamp)
            return _copy(base, manifest, sql_text(path)) if manifest else None
        return None

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop the texts of deleted snapshots in these directories, and the oldest beyond the limit."""
        kept = set(map(sql_text, but))
        with self._cache.transaction() as base:
            base.execute(WRITING)
            self._stored.clear()
            for directory in directories:
                begin = sql_text(directory).rstrip("/") + "/"
                rows = base.execute("SELECT snapshot FROM seen WHERE substr(snapshot, 1, ?) = ?", (len(begin), begin))
                gone = [(s,) for (s,) in rows if s not in kept and "/" not in s[len(begin) :] and is_absent(s)]
                base.executemany("DELETE FROM seen WHERE snapshot = ?", gone)
            _sweep(base)
            while _size(base) > MAX_TEXTS_BYTES and base.execute(OLDEST).rowcount:
                _sweep(base)

    def _is_stored(self, base: sqlite3.Connection, manifest: str) -> bool:
        """Return whether the file holds a manifest with all its texts: another process may have dropped some."""
        stored = self._still_stored()
        if manifest not in stored and (size := self._sizes.get(manifest)) is not None:
            entries, bodies = base.execute(COUNTS, (manifest,)).fetchone()
            if entries == bodies == size:
                stored.add(manifest)
        return manifest in stored

    def _still_stored(self) -> set[str]:
        """Return what the file certainly holds: nothing if anything but a finished `keep` may have changed it."""
        version = self._cache.version()
        if version != self._version:
            self._stored.clear()
            self._version = version
        return self._stored


def _manifest(base: sqlite3.Connection, snapshot: str, stamp: tuple[int, ...]) -> str | None:
    """Return the manifest of a snapshot; None if there is none with this stamp."""
    key = sql_text(snapshot), repr(tuple(stamp))
    rows = base.execute("SELECT * FROM seen WHERE snapshot = ?", key[:1])
    return next((manifest for _, _, manifest, _ in whole(rows, *key)), None)


def _entries(base: sqlite3.Connection, manifest: str) -> dict[str, Entry]:
    """Return the entries of a manifest by path."""
    rows = base.execute("SELECT * FROM entry WHERE manifest = ?", (manifest,))
    return {path: (named, written_at) for _, path, named, written_at, _ in whole(rows, manifest)}


def _copy(base: sqlite3.Connection, manifest: str, path: str) -> SourceCopy | None:
    """Return the copy of a path in a manifest; None if there is none."""
    entries = base.execute("SELECT * FROM entry WHERE manifest = ? AND path = ?", (manifest, path))
    for _, _, named, written_at, _ in whole(entries, manifest, path):
        for _, body, _ in _bodies(base, named):
            return SourceCopy(zlib.decompress(body).decode("utf-8", "surrogatepass"), written_at)
    return None


def _bodies(base: sqlite3.Connection, named: str) -> Iterator[Row]:
    return whole(base.execute("SELECT * FROM text WHERE digest = ?", (named,)), named)


def _kept(base: sqlite3.Connection, snapshot: str, stamp: tuple[int, ...]) -> dict[str, Entry]:
    """Return the manifest entries of a snapshot by path."""
    manifest = _manifest(base, snapshot, stamp)
    return _entries(base, manifest) if manifest else {}


def _keep_seen(base: sqlite3.Connection, snapshot: str, stamp: Stamp, manifest: str) -> None:
    seen = checked(sql_text(snapshot), repr(tuple(stamp)), manifest)
    base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", seen)


def _keep_bodies(base: sqlite3.Connection, bodies: Mapping[str, str]) -> None:
    packed = (checked(named, _packed(text)) for named, text in bodies.items() if not any(_bodies(base, named)))
    base.executemany("INSERT OR REPLACE INTO text VALUES (?, ?, ?)", packed)


def _sweep(base: sqlite3.Connection) -> None:
    base.execute("DELETE FROM entry WHERE manifest NOT IN (SELECT manifest FROM seen)")
    base.execute("DELETE FROM text WHERE digest NOT IN (SELECT text FROM entry)")


def _size(base: sqlite3.Connection) -> int:
    return int(base.execute("SELECT total(length(body)) FROM text").fetchone()[0])


@lru_cache(1000)  # successive snapshots have the same texts
def digest(text: str) -> str:
    """Return the key of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
