"""Opens and writes files safely. All other modules use it.

A profile, a settings file or a source file may turn out to be a FIFO, a device or a file of any size. Only regular
files are read, never more than the limit, and opening one never blocks. A name that no file can have raises OSError,
not ValueError.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import time
from contextlib import suppress
from io import FileIO
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from alloclens.paths import canonical, is_within

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# O_NONBLOCK: do not wait for the other end of a FIFO. O_NOCTTY: do not acquire a controlling terminal.
NO_WAIT = sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))

MAX_PATH_CHARACTERS = 4096
"""No system opens longer paths, and the time to resolve links is quadratic in the length."""
UNFINISHED = re.compile(r"\.alloclens\.[0-9a-f]{16}\.tmp")
"""Temporary names of `write_file`. A process that is killed leaves such a file behind."""
STALE_SECONDS = 3600.0
"""A file is written in one go, right after it was made."""
NOT_A_NAME, NOT_REGULAR = "not a file name", "not a regular file"


def open_file(path: str | Path) -> BinaryIO:
    """Open a regular file for reading, following symbolic links.

    Raises OSError, also for a directory, FIFO, socket or device, and for a path with a null character.
    """
    try:
        return open(path, "rb", opener=_opener)
    except ValueError as error:  # a null character, or a surrogate that the file system's encoding does not have
        raise OSError(errno.EINVAL, NOT_A_NAME) from error


def read_file(path: str | Path, limit: int) -> bytes:
    """Return the contents of a regular file that has at most `limit` bytes.

    Raises OSError like open_file, with EFBIG for a larger file.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(min(size, limit) + 1)
        if size < len(data) <= limit:  # it is growing, or in /proc, where sizes are 0
            data += file.read(limit + 1 - len(data))
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {_size(limit)}")
    return data


def append_to(path: str, *, anew: bool) -> FileIO:
    """Open a regular file so that each write goes to its end, also if others write to it; emptied first with `anew`.

    A file that is not there is made, for its owner only. Raises OSError as open_file does.
    """
    try:
        file = FileIO(path, "ab", opener=_appender)
    except ValueError as error:
        raise OSError(errno.EINVAL, NOT_A_NAME) from error
    if anew:
        file.truncate(0)
    return file


def _appender(path: str, flags: int) -> int:
    return _regular(os.open(path, flags | NO_WAIT, 0o600))


def _opener(path: str, _flags: int) -> int:
    return _regular(os.open(path, os.O_RDONLY | NO_WAIT))


def _regular(descriptor: int) -> int:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EISDIR, os.strerror(errno.EISDIR)) if stat.S_ISDIR(mode) else OSError(errno.EINVAL, NOT_REGULAR)


def write_file(path: Path, data: bytes, *, new: bool = False, mode: int | None = None) -> None:
    """Write a file atomically: a reader sees the old contents or the new, also after a crash.

    An existing file keeps its mode unless one is given, and a symbolic link is followed. Raises OSError, also if the
    path names something other than a regular file. With `new` it raises FileExistsError if the name is taken; of
    several simultaneous writers only one succeeds.
    """
    try:
        path = path if new else path.resolve()
        if not new and path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, NOT_REGULAR)
        aside = path.with_name(f".alloclens.{os.urandom(8).hex()}.tmp")
    except (RuntimeError, ValueError) as error:  # a link loop before Python 3.13; a null character
        raise OSError(errno.EINVAL, NOT_A_NAME) from error
    try:
        with aside.open("xb") as file:
            _lock(file)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            aside.chmod(mode)
        elif not new and path.exists():
            shutil.copymode(path, aside)
        if new:
            _take_name(aside, path)
        else:
            aside.replace(path)
    except BaseException:  # also for Ctrl-C: leave nothing unfinished
        aside.unlink(missing_ok=True)
        raise


def _take_name(aside: Path, path: Path) -> None:
    """Rename a file; raise FileExistsError if the name is taken."""
    if os.name == "nt":
        aside.rename(path)
        return
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        raise
    except OSError:  # the file system has no hard links: take the name by an empty file
        path.touch(exist_ok=False)
        aside.replace(path)
    else:
        aside.unlink()


def sweep(directory: Path) -> None:
    """Remove the temporary files of killed `write_file` calls: those that are old and not locked."""
    with suppress(OSError), os.scandir(directory) as entries:
        names = [entry.name for entry in entries if UNFINISHED.fullmatch(entry.name)]
        for path in [directory / name for name in names]:
            with suppress(OSError):  # on Windows, open files cannot be removed
                if _abandoned(path):
                    path.unlink()


def _abandoned(path: Path) -> bool:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime < STALE_SECONDS:
        return False
    with open_file(path) as file:
        return _lock(file)


def _lock(file: BinaryIO) -> bool:
    """Hold a file until it is closed or the process ends; return whether no other process holds it."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # held, or on a file system without locks
            return False
    return True


def written_at(status: os.stat_result) -> float:
    """Return when a file was last written or moved here, in seconds since 1970.

    cp -p and tar restore the modification time, but cannot set the change time. Windows has no change time.
    """
    return status.st_mtime if os.name == "nt" else max(status.st_mtime, status.st_ctime)


def is_name(path: str) -> bool:
    """Return whether a file can have this name: no null character, and encodable for the file system."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False


def real_path(path: str) -> str:
    """Resolve the symbolic links of a path; return it unchanged if that fails."""
    if len(path) > MAX_PATH_CHARACTERS:
        return path
    try:
        return os.path.realpath(path)
    except (OSError, ValueError, RecursionError):  # RecursionError: a long chain of links, before Python 3.13
        return path


def reason(error: Exception) -> str:
    """Return the message of an error, without its number and file name."""
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"


def real(path: str) -> str:
    """Return the canonical path with symbolic links resolved."""
    return canonical(real_path(path))


def check_inside(path: str, roots: Iterable[str], advice: str = "") -> None:
    """Raise OSError if symbolic links lead out of these directories. The path need not exist."""
    target = real(path)
    if not any(target == root or is_within(target, root) for root in map(real, roots)):
        raise OSError(errno.EINVAL, f"a symbolic link that leads out of the workspace, to {target}{advice}")


Identity = tuple[int, int]
"""Device and inode: another file or directory at the same path has another identity."""


def identity_of(status: os.stat_result) -> Identity:
    """Return the identity of a file or directory."""
    return status.st_dev, status.st_ino


class Stamp(NamedTuple):
    """Identifies a version of a file: if it is replaced or rewritten, the stamp changes."""

    mtime_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Stamp:
        """Return the stamp of a file with this status."""
        return cls(status.st_mtime_ns, status.st_size, status.st_ino)


def is_absent(path: str) -> bool:
    """Return whether nothing exists at this path; False if that cannot be determined."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def stamp(path: str) -> Stamp | None:
    """Return the stamp of a file; None if it cannot be read."""
    try:
        return Stamp.of(os.stat(path))
    except (OSError, ValueError):
        return None
