"""A file of tables in the user's cache directory. What it holds can be made again: it is never worth an error."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)

WAIT_SECONDS = 2.0
"""For another server that writes to the same file."""
MODES = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
"""


class Cache:
    """Every method may be called from any thread; none raises for what a disk does."""

    def __init__(self, name: str, schema: str, path: Path | None = None) -> None:
        self._path = path or Path(platformdirs.user_cache_dir("alloclens", appauthor=False), name)
        self._schema = schema + MODES
        self._lock = threading.Lock()
        self._base = self._open()

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def ask(self, question: str, *values: object) -> list[Any]:
        """Return the rows of an answer; none where the file cannot be read."""
        found: list[Any] = []
        with self.transaction() as base:
            found += base.execute(question, values)
        return found

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of it or nothing; what a disk does costs the cache, not the caller."""
        with self._lock:
            try:
                yield self._base
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
            log.warning("%s: %s", self._path.name, error)

    def _open(self) -> sqlite3.Connection:
        """Open the file, a new one in place of a damaged one, or none: then all is kept for this process only."""
        for _ in range(2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._path.touch(mode=0o600)
                return self._connected(str(self._path))
            except sqlite3.OperationalError as error:  # a disk that is full or closed to us, or another server writing
                log.warning("%s cannot be used (%s); memory is used in its place", self._path, error)
                break
            except sqlite3.DatabaseError as error:
                log.warning("%s is damaged (%s) and begun anew", self._path, error)
                self._unlink()
            except OSError as error:
                log.warning("%s cannot be made (%s); memory is used in its place", self._path, error)
                break
        return self._connected(":memory:")

    def _connected(self, path: str) -> sqlite3.Connection:
        base = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
        base.executescript(self._schema)
        return base

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


def sql_text(path: str) -> str:
    """Return a path without the bytes that are no text, of which the file system has some and SQLite takes none."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")
