"""Captured profiles on disk: whole or not at all, under a name with their time."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
import time
from typing import TYPE_CHECKING, BinaryIO

from alloclens.disk import UNFINISHED, open_file

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SUFFIX = ".pb.gz"
NAME = re.compile(rf"([A-Za-z0-9_]+)-(\d{{8}}T\d{{6}}\.\d{{3}}Z)(?:-(\d+))?{re.escape(SUFFIX)}")
"""Its groups: kind, time, and a number where several were captured within a millisecond."""
ASIDE = re.compile(rf"\.{NAME.pattern}\.tmp")
STALE_SECONDS = 3600.0
"""A file is written in one go, right after it was made."""


def write(directory: Path, kind: str, taken: datetime, data: bytes) -> Path:
    """Write a profile and return its path. A reader never sees a part of it, and no older file is overwritten.

    Raises OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path, aside = _reserve(directory, f"{kind}-{taken:%Y%m%dT%H%M%S}.{taken.microsecond // 1000:03}Z")
    try:
        with aside.open("wb") as out:
            _lock(out)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return aside.replace(path)
    except BaseException:  # also Ctrl-C: nothing half done stays
        aside.unlink(missing_ok=True)  # not after success: the name may be another capture's by then
        raise


def sweep(directory: Path) -> None:
    """Remove the temporary files of captures that were killed: those that are old and that no process holds."""
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        names = [entry.name for entry in entries if ASIDE.fullmatch(entry.name) or UNFINISHED.fullmatch(entry.name)]
        for path in [directory / name for name in names]:
            with contextlib.suppress(OSError):  # also: it is open on Windows, where such a file cannot be removed
                if _abandoned(path):
                    path.unlink()


def _abandoned(path: Path) -> bool:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or time.time() - found.st_mtime < STALE_SECONDS:
        return False
    with open_file(path) as file:
        return _lock(file)


def _reserve(directory: Path, stem: str) -> tuple[Path, Path]:
    """Return a free name, and the file beside it that keeps every other capture from using that name."""
    number = 1
    while True:
        path = directory / f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"
        aside = path.with_name(f".{path.name}.tmp")
        if _made(aside):
            if not path.exists():
                return path, aside
            aside.unlink()
        number += 1


def _made(path: Path) -> bool:
    """Make an empty file; return whether there was none."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def _lock(file: BinaryIO) -> bool:
    """Hold a file until it is closed or the process ends; return whether no other process holds it."""
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # held, or on a file system without locks
            return False
    return True
