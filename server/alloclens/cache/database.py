"""An SQLite file in the user's cache directory. Its contents can be recomputed, so no failure raises an error."""

from __future__ import annotations

import atexit
import errno
import logging
import sqlite3
import stat
import threading
import weakref
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from alloclens.cache.folder import folder
from alloclens.disk import NOT_REGULAR, identity_of, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alloclens.disk import Identity

log = logging.getLogger(__name__)

WAIT_SECONDS = 2.0
"""Lock timeout, for another server that writes to the same file."""
MAX_FAILURES = 10
"""Failures after which this process stops using the file."""
MODES = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA cell_size_check = ON;
"""
NOT_DAMAGE = ("locked", "full", "readonly", "unable to open", "disk I/O error", "interrupted")
"""Parts of OperationalError's messages that are about the disk, permissions or another process."""
MEMORY = ":memory:"
VERSION_HERE = "PRAGMA user_version"
OWN_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
"""Those that are not SQLite's."""
WRITING = "BEGIN IMMEDIATE"
"""Starts a write transaction: of two transactions that first read and then write, one would fail."""

Row = tuple[Any, ...]
Version = tuple[int, int, int]
"""Number of connections opened, number of failures, and SQLite's data version."""


class Cache:
    """Tables in a file, or in memory if the file cannot be used.

    All methods are thread-safe. None raises because of the disk or a damaged file.
    """

    def __init__(self, name: str, version: int, schema: str, path: Path | None = None) -> None:
        """Open the file. Tables of another version than that of the schema, which creates them, are dropped."""
        self._path = path or folder() / name
        self._tables = version, schema
        self._lock = threading.Lock()
        self._logged: set[str] = set()
        self._failures = 0
        self._connections = 0
        self._file: Identity | None = None
        """Identity of the open file; None in memory."""
        self._closed = False
        self._base = self._opened()
        _open.add(self)

    def close(self) -> None:
        """Close the file. Later calls find and store nothing."""
        with self._lock:
            self._closed = True
            self._base.close()

    def __del__(self) -> None:
        """Close the file when the cache is garbage-collected: from Python 3.13 on, sqlite3 warns about open ones."""
        if base := getattr(self, "_base", None):
            base.close()

    def ask(self, question: str, *values: object) -> list[Any]:
        """Return the rows of a query; none if the file cannot be read."""
        with self.transaction() as base:
            return list(base.execute(question, values))
        return []

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction. An error ends the block and is not passed to the caller."""
        with self._lock:
            self._follow()
            try:
                yield self._base
                self._base.commit()
            except Exception as error:  # noqa: BLE001 - a damaged file may raise nearly anything
                self._blame(error)
            finally:
                with suppress(sqlite3.Error):
                    self._base.rollback()

    def version(self) -> Version:
        """Return a value that stays the same while only committed transactions of this cache change the tables.

        Call it in a transaction.
        """
        (of_others,) = self._base.execute("PRAGMA data_version").fetchone()
        return self._connections, self._failures, of_others

    def _follow(self) -> None:
        """Reopen the file if another server has recreated it."""
        if self._file and not self._closed and self._file != _identity(self._path):
            self._base.close()
            self._base = self._opened()

    def _blame(self, error: Exception) -> None:
        if self._closed:  # a thread was still working
            return
        self._failures += 1
        if self._file and self._failures >= MAX_FAILURES:
            self._log("%s cannot be used (%s); memory is used in its place", error)
            self._base.close()
            self._base = self._in_memory()
        elif self._file and _is_damage(error):
            self._log("%s is damaged (%s) and is created again", error)
            self._base.close()
            self._unlink()
            self._base = self._opened()
        else:
            self._log("%s: %s", error)

    def _log(self, message: str, error: Exception) -> None:
        """Log each distinct failure once."""
        message = message % (self._path, reason(error))
        if message not in self._logged:
            self._logged.add(message)
            log.warning("%s", message)

    def _opened(self) -> sqlite3.Connection:
        """Open the file, recreating a damaged one; if that fails, use memory."""
        for _ in range(3):
            try:
                return self._in_file()
            except Exception as error:  # noqa: BLE001 - a damaged file may raise nearly anything
                if not _is_damage(error):
                    self._log("%s cannot be used (%s); memory is used in its place", error)
                    break
                self._log("%s is damaged (%s) and is created again", error)
                self._unlink()
        return self._in_memory()

    def _in_file(self) -> sqlite3.Connection:
        """Connect to the file. Raises SQLite's and the disk's errors."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        if not all(map(_is_regular, self._files())):  # SQLite would block on a FIFO
            raise OSError(errno.EINVAL, NOT_REGULAR)
        self._file = _identity(self._path)  # if the file is replaced now, the next transaction notices
        return self._connected(str(self._path))

    def _in_memory(self) -> sqlite3.Connection:
        self._file = None
        return self._connected(MEMORY)

    def _connected(self, path: str) -> sqlite3.Connection:
        self._connections += 1
        base = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
        try:
            base.text_factory = _text
            _create(base, *self._tables)
            with suppress(sqlite3.OperationalError):  # locked: another server sets the same
                base.executescript(MODES)
        except BaseException:
            base.close()
            raise
        return base

    def _unlink(self) -> None:
        """Delete the file and its log, unless another server has: an old log must not be applied to a new file."""
        if self._file == _identity(self._path):
            for path in self._files():
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        """Return the file and SQLite's files beside it."""
        return [Path(f"{self._path}{end}") for end in ("", "-wal", "-shm", "-journal")]


def _create(base: sqlite3.Connection, version: int, schema: str) -> None:
    """Create the tables in place of those of another version."""
    if base.execute(VERSION_HERE).fetchone() == (version,):
        return
    base.execute(WRITING)
    if base.execute(VERSION_HERE).fetchone() != (version,):  # nobody else has done it meanwhile
        for (name,) in base.execute(OWN_TABLES).fetchall():
            quoted = name.replace('"', '""')
            base.execute(f'DROP TABLE "{quoted}"')
        for statement in schema.split(";"):
            base.execute(statement)
        base.execute(f"PRAGMA user_version = {version}")
    base.commit()


def check_sum(*values: object) -> int:
    """Return a 32-bit check sum of these values."""
    total = 0
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        total = crc32(data, crc32(b"%d " % len(data), total))
    return total


def checked(*columns: object) -> Row:
    """Return a row of these columns and their check sum."""
    return *columns, check_sum(*columns)


def whole(rows: Iterable[Row], *key: object) -> Iterator[Row]:
    """Yield the `checked` rows that are undamaged and start with this key, because an index may be damaged, too."""
    return (row for row in rows if row[-1] == check_sum(*row[:-1]) and row[: len(key)] == key)


def sql_text(path: str) -> str:
    """Escape the undecodable bytes of a path, which SQLite does not accept."""
    return path if path.isascii() else path.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_damage(error: Exception) -> bool:
    """Return whether an error means a damaged file, and not the disk, another process or a bug."""
    if isinstance(error, sqlite3.OperationalError):
        return not any(words in str(error) for words in NOT_DAMAGE)
    return not isinstance(error, (OSError, MemoryError, sqlite3.ProgrammingError))


def _is_regular(path: Path) -> bool:
    """Return whether a path is a regular file or does not exist."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def _identity(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return identity_of(status)


def _text(data: bytes) -> str:
    """Decode a text, even of a damaged row: the check sum detects that."""
    return data.decode("utf-8", "replace")


_open: weakref.WeakSet[Cache] = weakref.WeakSet()


@atexit.register
def _close() -> None:
    """Close all caches at exit: Python may not call `__del__` then, which would leave SQLite's log beside the file."""
    for cache in list(_open):
        cache.close()
