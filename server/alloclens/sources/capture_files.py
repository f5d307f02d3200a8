"""Writes captured profiles to disk atomically, with their time in the name."""

from __future__ import annotations

import os
import re
from datetime import datetime, timezone
from itertools import count
from typing import TYPE_CHECKING

from alloclens.disk import write_file

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".pb.gz"
NAME = re.compile(rf"([A-Za-z0-9_]+)-(\d{{8}}T\d{{6}}\.\d{{3}}Z)(?:-(\d+))?{re.escape(SUFFIX)}")
"""Groups: kind, time, and a number if several were captured within a millisecond."""


def write(directory: Path, kind: str, taken: datetime, data: bytes) -> Path:
    """Write a profile atomically and return its path. No existing file is overwritten.

    Raises OSError.
    """
    names = (file_name(kind, taken, number) for number in count(1))
    return next(path for path in map(directory.joinpath, names) if write_new(path, data))


def file_name(kind: str, taken: datetime, number: int = 1) -> str:
    """Return the name of a profile of a kind, the first or another that was taken in this millisecond."""
    stem = f"{kind}-{taken:%Y%m%dT%H%M%S}.{taken.microsecond // 1000:03}Z"
    return f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"


def time_of(name: str, kind: str) -> datetime | None:
    """Return when the profile of a kind in a file was taken; None if the file's name is another."""
    match = NAME.fullmatch(name)
    if not match or match[1] != kind:
        return None
    try:
        return datetime.strptime(match[2], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=timezone.utc)
    except ValueError:  # such as February 30
        return None


def write_new(path: Path, data: bytes) -> bool:
    """Write a file, and its directory, unless its name is taken; return whether it was written. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not os.path.lexists(path):
            write_file(path, data, new=True)
            return True
    except FileExistsError:
        pass
    return False
