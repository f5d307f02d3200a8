"""The texts of source files as they were when a snapshot was first seen, each kept once, in the user's cache directory.

Every snapshot has a manifest, which says what each file held: path -> text. Manifests and texts are known by their digest,
so a hundred snapshots of an unchanged workspace cost no more than one.
"""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import threading
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from alloclens.store.listing import Stamp

log = logging.getLogger(__name__)

SCHEMA = """
    CREATE TABLE IF NOT EXISTS text (digest TEXT PRIMARY KEY, body BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS entry (manifest TEXT, path TEXT, text TEXT NOT NULL, PRIMARY KEY (manifest, path));
    CREATE TABLE IF NOT EXISTS seen (snapshot TEXT PRIMARY KEY, stamp TEXT NOT NULL, manifest TEXT NOT NULL);
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
"""
LARGEST = 256 << 20
"""Bytes that all texts may take, compressed; beyond, what was seen first is forgotten first."""
WAIT_SECONDS = 2.0
"""For another server that writes to the same cache."""


class Texts:
    """A store of texts. Every method may be called from any thread; none raises for what a disk does."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or Path(platformdirs.user_cache_dir("alloclens", appauthor=False), "texts.sqlite3")
        self._lock = threading.Lock()
        self._base = self._open()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def paths(self, snapshot: str, stamp: Stamp) -> frozenset[str]:
        """Return the files whose texts are kept for a snapshot."""
        return frozenset(self._kept(snapshot, stamp))

    def keep(self, snapshot: str, stamp: Stamp, texts: Mapping[str, str]) -> None:
        """Keep the texts, by path, that were there when the snapshot was first seen; beside those that are kept already."""
        digests = dict(
            sorted(({_name(path): digest(text) for path, text in texts.items()} | self._kept(snapshot, stamp)).items())
        )
        manifest = digest(repr(digests))
        bodies = {digest(text): text for text in texts.values()}
        with self._transaction():
            known = {d for d in bodies if self._base.execute("SELECT 1 FROM text WHERE digest = ?", (d,)).fetchone()}
            packed = [(d, _packed(text)) for d, text in bodies.items() if d not in known]
            self._base.executemany("INSERT OR IGNORE INTO text VALUES (?, ?)", packed)
            entries = [(manifest, path, d) for path, d in digests.items()]
            self._base.executemany("INSERT OR IGNORE INTO entry VALUES (?, ?, ?)", entries)
            seen = _name(snapshot), repr(tuple(stamp)), manifest
            self._base.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", seen)

    def _kept(self, snapshot: str, stamp: Stamp) -> dict[str, str]:
        """Return the digests of a snapshot's texts by path."""
        question = "SELECT path, text FROM seen JOIN entry USING (manifest) WHERE snapshot = ? AND stamp = ?"
        return dict(self._ask(question, _name(snapshot), repr(tuple(stamp))))

    def of(self, snapshot: str, path: str) -> str | None:
        """Return what a file held when a snapshot was first seen; None where that was not kept."""
        rows = self._ask(
            "SELECT body FROM seen JOIN entry USING (manifest) JOIN text ON text.digest = entry.text "
            "WHERE snapshot = ? AND path = ?",
            _name(snapshot),
            _name(path),
        )
        with suppress(zlib.error, UnicodeDecodeError, IndexError):  # a damaged text is none
            return zlib.decompress(rows[0][0]).decode("utf-8", "surrogatepass")
        return None

    def forget(self, directories: Iterable[str], but: Collection[str]) -> None:
        """Drop the texts of the snapshots of these directories that are no more, and the oldest of what is too much."""
        kept = set(map(_name, but))
        with self._transaction():
            for directory in directories:
                begin = _name(directory).rstrip("/") + "/"
                rows = self._base.execute(
                    "SELECT snapshot FROM seen WHERE substr(snapshot, 1, ?) = ?", (len(begin), begin)
                )
                gone = [(s,) for (s,) in rows if s not in kept and "/" not in s[len(begin) :]]
                self._base.executemany("DELETE FROM seen WHERE snapshot = ?", gone)
            self._sweep()
            while self._size() > LARGEST:
                self._base.execute("DELETE FROM seen WHERE rowid IN (SELECT rowid FROM seen ORDER BY rowid LIMIT 100)")
                self._sweep()

    def _sweep(self) -> None:
        self._base.execute("DELETE FROM entry WHERE manifest NOT IN (SELECT manifest FROM seen)")
        self._base.execute("DELETE FROM text WHERE digest NOT IN (SELECT text FROM entry)")

    def _size(self) -> int:
        return int(self._base.execute("SELECT total(length(body)) FROM text").fetchone()[0])

    def _ask(self, question: str, *values: str) -> list[Any]:
        found: list[Any] = []
        with self._transaction():
            found += self._base.execute(question, values)
        return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Do all of it or nothing; what a disk does costs the texts, not the caller."""
        with self._lock:
            try:
                yield
                self._base.commit()
            except sqlite3.Error as error:
                self._blame(error)
            finally:
                with suppress(sqlite3.Error):
                    self._base.rollback()

    def _blame(self, error: sqlite3.Error) -> None:
        if type(error) is sqlite3.DatabaseError:  # the file is no database; its subclasses are about other things
            log.warning("%s is damaged (%s) and begun anew", self._path, error)
            self._begin_anew()
        else:
            log.warning("source texts: %s", error)

    def _open(self) -> sqlite3.Connection:
        """Open the file, a new one in place of a damaged one, or none: then texts are kept for this process only."""
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._path.touch(mode=0o600)
                return _connected(str(self._path))
            except sqlite3.OperationalError as error:  # a disk that is full or closed to us, or another server writing
                log.warning("%s cannot be used (%s); source texts are kept in memory", self._path, error)
                break
            except sqlite3.DatabaseError as error:
                log.warning("%s is damaged (%s) and begun anew", self._path, error)
                self._unlink()
            except OSError as error:
                log.warning("%s cannot be made (%s); source texts are kept in memory", self._path, error)
                break
        return _connected(":memory:")

    def _begin_anew(self) -> None:
        with suppress(sqlite3.Error):
            self._base.close()
        self._unlink()
        self._base = self._open()

    def _unlink(self) -> None:
        """Drop the file and its log: a new file must not be mended by the log of the old one."""
        for beside in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self._path}{beside}").unlink(missing_ok=True)


def digest(text: str) -> str:
    """Return what a text is known by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def _name(path: str) -> str:
    """Return a path without the bytes that are no text, of which the file system has some and SQLite takes none."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _connected(path: str) -> sqlite3.Connection:
    base = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
    base.executescript(SCHEMA)
    return base
