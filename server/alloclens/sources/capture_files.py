"""Writes captured profiles to disk atomically, with their time in the name."""

from __future__ import annotations

import os
import re
from itertools import count
from typing import TYPE_CHECKING

from alloclens.disk import write_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SUFFIX = ".pb.gz"
NAME = re.compile(rf"([A-Za-z0-9_]+)-(\d{{8}}T\d{{6}}\.\d{{3}}Z)(?:-(\d+))?{re.escape(SUFFIX)}")
"""Groups: kind, time, and a number if several were captured within a millisecond."""


def write(directory: Path, kind: str, taken: datetime, data: bytes) -> Path:
    """Write a profile atomically and return its path. No existing file is overwritten.

    Raises OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    names = (file_name(kind, taken, number) for number in count(1))
    return next(path for path in map(directory.joinpath, names) if _written(path, data))


def file_name(kind: str, taken: datetime, number: int = 1) -> str:
    """Return the name of a profile of a kind, the first or another that was taken in this millisecond."""
    stem = f"{kind}-{taken:%Y%m%dT%H%M%S}.{taken.microsecond // 1000:03}Z"
    return f"{stem}{f'-{number}' if number > 1 else ''}{SUFFIX}"


def _written(path: Path, data: bytes) -> bool:
    """Write a file unless its name is taken; return whether it was written."""
    try:
        if not os.path.lexists(path):
            write_file(path, data, new=True)
            return True
    except FileExistsError:
        pass
    return False
