"""The one way to open a file, and the one way to write one.

A directory may hold a FIFO, a device or a file of any size under the name of a profile, a settings file or a source. Only
regular files are read, never more than is asked for, and opening one never waits.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

# O_NONBLOCK: without it, opening a FIFO waits until somebody writes to it. O_NOCTTY: no terminal becomes ours.
FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY"))


def open_file(path: str | Path) -> BinaryIO:
    """Open a regular file for reading; symbolic links are followed.

    Raises OSError, also where the path leads to a directory, FIFO, socket or device, or holds a null character.
    """
    try:
        return open(path, "rb", opener=_opener)
    except ValueError as error:  # a null character, or a surrogate that the file system's encoding does not have
        raise OSError(errno.EINVAL, "not a file name") from error


def read_file(path: str | Path, limit: int) -> bytes:
    """Return the contents of a regular file of at most `limit` bytes. Raises OSError, as open_file does."""
    with open_file(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {_size(limit)}")
    return data


def _opener(path: str, _flags: int) -> int:
    descriptor = os.open(path, FLAGS)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "not a regular file")


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole: whoever reads it meanwhile, or after a crash, finds the old contents or the new.

    An existing file keeps its mode; a symbolic link stays, and the file that it leads to is written. Raises OSError.
    """
    path = path.resolve()
    aside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.tmp")  # 255 bytes is the longest name
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, aside)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count} bytes"
