"""A file of tables in the user's cache directory. What it holds can be made again: it is never worth an error."""

from __future__ import annotations

import errno
import logging
import sqlite3
import stat
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import platformdirs

from alloclens.disk import NOT_REGULAR, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

log = logging.getLogger(__name__)

WAIT_SECONDS = 2.0
"""For another server that writes to the same file."""
MAX_FAILURES = 10
"""After so many, the file is not used any more in this process."""
MODES = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cell_size_check = ON;
"""
NOT_DAMAGE = ("locked", "full", "readonly", "unable to open", "disk I/O error", "interrupted")
"""What is in SQLite's messages about a disk, a permission or another process, which an OperationalError may be about, too."""
MEMORY = ":memory:"
WRITING = "BEGIN IMMEDIATE"
"""How a transaction begins that writes: of two that have read before, one could not go on."""

Row = tuple[Any, ...]
Identity = tuple[int, int]
"""Device and inode."""


class Cache:
    """Tables in a file, or in memory where the file cannot be used.

    Every method may be called from any thread. None raises for what a disk does, or for what a damaged file holds.
    """

    def __init__(self, name: str, schema: str, path: Path | None = None) -> None:
        self._path = path or Path(platformdirs.user_cache_dir("alloclens", appauthor=False), name)
        self._schema = schema
        self._lock = threading.Lock()
        self._logged: set[str] = set()
        self._failures = 0
        self._file: Identity | None = None
        """The file that is open; None in memory."""
        self._closed = False
        self._base = self._opened()

    def close(self) -> None:
        """Let go of the file. What is asked for or kept later is lost."""
        with self._lock:
            self._closed = True
            self._base.close()

    def __del__(self) -> None:
        """Close the file of a cache that was dropped: from Python 3.13 on, sqlite3 warns of one that is left open."""
        if base := getattr(self, "_base", None):
            base.close()

    def ask(self, question: str, *values: object) -> list[Any]:
        """Return the rows of an answer; none where the file cannot be read."""
        with self.transaction() as base:
            return list(base.execute(question, values))
        return []

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of it or nothing. An error ends the block, costs the cache and not the caller."""
        with self._lock:
            self._follow()
            try:
                yield self._base
                self._base.commit()
            except Exception as error:  # noqa: BLE001 - damage may come to light as nearly anything
                self._blame(error)
            finally:
                with suppress(sqlite3.Error):
                    self._base.rollback()

    def _follow(self) -> None:
        """Open the file again if another server has begun it anew."""
        if self._file and not self._closed and self._file != _identity(self._path):
            self._base.close()
            self._base = self._opened()

    def _blame(self, error: Exception) -> None:
        if self._closed:  # a thread that was still at work
            return
        self._failures += 1
        if self._file and self._failures >= MAX_FAILURES:
            self._log("%s cannot be used (%s); memory is used in its place", error)
            self._base.close()
            self._base = self._in_memory()
        elif self._file and _is_damage(error):
            self._log("%s is damaged (%s) and begun anew", error)
            self._base.close()
            self._unlink()
            self._base = self._opened()
        else:
            self._log("%s: %s", error)

    def _log(self, message: str, error: Exception) -> None:
        """Log a failure, each once."""
        said = message % (self._path, reason(error))
        if said not in self._logged:
            self._logged.add(said)
            log.warning("%s", said)

    def _opened(self) -> sqlite3.Connection:
        """Open the file, a new one in place of a damaged one, or none: then all is kept for this process only."""
        for _ in range(3):
            try:
                return self._in_file()
            except Exception as error:  # noqa: BLE001 - as above
                if not _is_damage(error):
                    self._log("%s cannot be used (%s); memory is used in its place", error)
                    break
                self._log("%s is damaged (%s) and begun anew", error)
                self._unlink()
        return self._in_memory()

    def _in_file(self) -> sqlite3.Connection:
        """Connect to the file. Raises whatever SQLite or the disk does."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        if not all(map(_is_regular, self._files())):  # SQLite would wait at a FIFO
            raise OSError(errno.EINVAL, NOT_REGULAR)
        self._file = _identity(self._path)  # if another file takes the name now, the next transaction opens that
        return self._connected(str(self._path))

    def _in_memory(self) -> sqlite3.Connection:
        self._file = None
        return self._connected(MEMORY)

    def _connected(self, path: str) -> sqlite3.Connection:
        base = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
        try:
            base.text_factory = _text
            base.executescript(self._schema)
            with suppress(sqlite3.OperationalError):  # locked: another server is setting the same
                base.executescript(MODES)
        except BaseException:
            base.close()
            raise
        return base

    def _unlink(self) -> None:
        """Drop the file and its log, unless another server has done so: a new file must not be mended by the log of the old."""
        if self._file == _identity(self._path):
            for path in self._files():
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Return the file and what SQLite puts beside it."""
        return [Path(f"{self._path}{end}") for end in ("", "-wal", "-shm", "-journal")]


def check_sum(*values: object) -> int:
    """Return a number of 32 bits by which damage to any of these values is noticed."""
    total = 0
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        total = crc32(data, crc32(b"%d " % len(data), total))
    return total


def checked(*columns: object) -> Row:
    """Return a row: some columns and their check sum."""
    return *columns, check_sum(*columns)


def whole(rows: Iterable[Row], *key: object) -> Iterator[Row]:
    """Yield those of some `checked` rows that are not damaged, and begin with this key: an index may be, too."""
    return (row for row in rows if row[-1] == check_sum(*row[:-1]) and row[: len(key)] == key)


def sql_text(path: str) -> str:
    """Return a path without the bytes that are no text, of which the file system has some and SQLite takes none."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_damage(error: Exception) -> bool:
    """Return whether an error is about what a file holds, and not about the disk, another process or our own code."""
    if isinstance(error, sqlite3.OperationalError):
        return not any(words in str(error) for words in NOT_DAMAGE)
    return not isinstance(error, (OSError, MemoryError, sqlite3.ProgrammingError))


def _is_regular(path: Path) -> bool:
    """Return whether a name is a regular file's, or nobody's."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _text(data: bytes) -> str:
    """Return a text, also of a damaged row: it is for a check sum to tell."""
    return data.decode("utf-8", "replace")
