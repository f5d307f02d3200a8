"""The texts of source files as they were when a snapshot was first seen, each kept once, in the user's cache directory.

Every snapshot has a manifest, which says what each file held: path -> text. Manifests and texts are known by their digest,
so a hundred snapshots of an unchanged workspace cost no more than one.
"""

from __future__ import annotations

import hashlib
import zlib
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from alloclens.store.cache import Cache, sql_text
from alloclens.store.listing import is_absent

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from alloclens.store.listing import Stamp

SCHEMA = """
    CREATE TABLE IF NOT EXISTS text (digest TEXT PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS entry (manifest TEXT, path TEXT, text TEXT NOT NULL, PRIMARY KEY (manifest, path));
    CREATE TABLE IF NOT EXISTS seen (snapshot TEXT PRIMARY KEY, stamp TEXT NOT NULL, manifest TEXT NOT NULL);
"""
LARGEST = 256 << 20
"""Bytes that all texts may take, compressed; beyond, what was seen first is forgotten first."""


class Texts:
    """A store of texts. Every method may be called from any thread; none raises for what a disk does."""

    def __init__(self, path: Path | None = None) -> None:
        self._cache = Cache("texts.sqlite3", SCHEMA, path)

    def close(self) -> None:
        """Let go of the file."""
        self._cache.close()

    def paths(self, snapshot: str, stamp: Stamp) -> frozenset[str]:
        """Return the files whose texts are kept for a snapshot."""
        return frozenset(self._kept(snapshot, stamp))

    def keep(self, snapshot: str, stamp: Stamp, texts: Mapping[str, str]) -> None:
        """Keep the texts, by path, that were there when the snapshot was first seen; beside those that are kept already."""
        fresh = {sql_text(path): digest(text) for path, text in texts.items()}
        digests = dict(sorted((fresh | self._kept(snapshot, stamp)).items()))
        manifest = digest(repr(digests))
        with self._cache.transaction() as base:
            if not base.execute("SELECT 1 FROM entry WHERE manifest = ?", (manifest,)).fetchone():
                _keep_bodies(base, {digest(text): text for text in texts.values()})
                entries = [(manifest, path, d) for path, d in digests.items()]
                base.executemany("INSERT OR IGNORE INTO entry VALUES (?, ?, ?)", entries)
            seen = sql_text(snapshot), repr(tuple(stamp)), manifest
            base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", seen)

    def _kept(self, snapshot: str, stamp: Stamp) -> dict[str, str]:
        """Return the digests of a snapshot's texts by path."""
        question = "SELECT path, text FROM seen JOIN entry USING (manifest) WHERE snapshot = ? AND stamp = ?"
        return dict(self._cache.ask(question, sql_text(snapshot), repr(tuple(stamp))))

    def of(self, snapshot: str, path: str) -> str | None:
        """Return what a file held when a snapshot was first seen; None where that was not kept."""
        rows = self._cache.ask(
            "SELECT body FROM seen JOIN entry USING (manifest) JOIN text ON text.digest = entry.text "
            "WHERE snapshot = ? AND path = ?",
            sql_text(snapshot),
            sql_text(path),
        )
        with suppress(zlib.error, UnicodeDecodeError, IndexError):  # a damaged text is none
            return zlib.decompress(rows[0][0]).decode("utf-8", "surrogatepass")
        return None

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop the texts of the snapshots of these directories that are no more, and the oldest of what is too much."""
        kept = set(map(sql_text, but))
        with self._cache.transaction() as base:
            for directory in directories:
                begin = sql_text(directory).rstrip("/") + "/"
                rows = base.execute("SELECT snapshot FROM seen WHERE substr(snapshot, 1, ?) = ?", (len(begin), begin))
                gone = [(s,) for (s,) in rows if s not in kept and "/" not in s[len(begin) :] and is_absent(s)]
                base.executemany("DELETE FROM seen WHERE snapshot = ?", gone)
            _sweep(base)
            while _size(base) > LARGEST:
                base.execute("DELETE FROM seen WHERE rowid IN (SELECT rowid FROM seen ORDER BY rowid LIMIT 100)")
                _sweep(base)


def _keep_bodies(base: sqlite3.Connection, bodies: Mapping[str, str]) -> None:
    known = {d for d in bodies if base.execute("SELECT 1 FROM text WHERE digest = ?", (d,)).fetchone()}
    packed = [(d, _packed(text)) for d, text in bodies.items() if d not in known]
    base.executemany("INSERT OR IGNORE INTO text VALUES (?, ?)", packed)


def _sweep(base: sqlite3.Connection) -> None:
    base.execute("DELETE FROM entry WHERE manifest NOT IN (SELECT manifest FROM seen)")
    base.execute("DELETE FROM text WHERE digest NOT IN (SELECT text FROM entry)")


def _size(base: sqlite3.Connection) -> int:
    return int(base.execute("SELECT total(length(body)) FROM text").fetchone()[0])


@lru_cache(1000)  # one snapshot after the other names the same texts
def digest(text: str) -> str:
    """Return what a text is known by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)
