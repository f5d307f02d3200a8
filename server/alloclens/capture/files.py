"""Captured profiles on disk: whole or not at all, under a name with their time."""

from __future__ import annotations

import os
import re
import urllib.parse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SUFFIX = ".pb.gz"


def kind_of(address: str) -> str:
    """Return what the address serves, as a word for a file name: heap of /debug/pprof/heap."""
    last = urllib.parse.urlsplit(address).path.rstrip("/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9_]+", "_", last) or "profile"


def write(directory: Path, kind: str, taken: datetime, data: bytes) -> Path:
    """Write a profile; return its path. A reader never sees a part of it, and no older file is overwritten."""
    directory.mkdir(parents=True, exist_ok=True)
    path, aside = _reserve(directory, f"{kind}-{taken:%Y%m%dT%H%M%S}.{taken.microsecond // 1000:03}Z")
    try:
        with aside.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return aside.replace(path)
    except BaseException:  # also Ctrl-C: nothing half done stays
        aside.unlink(missing_ok=True)  # not after success: the name may be another capture's by then
        raise


def prune(directory: Path, kind: str, keep: int) -> list[Path]:
    """Remove the oldest captures of a kind beyond the newest `keep`; files with other names are not ours."""
    pattern = re.compile(rf"({re.escape(kind)}-\d{{8}}T\d{{6}}\.\d{{3}}Z)(?:-(\d+))?{re.escape(SUFFIX)}")
    named = ((pattern.fullmatch(p.name), p) for p in directory.iterdir())
    ours = [p for _, p in sorted(((found[1], int(found[2] or 1)), p) for found, p in named if found)]
    old = ours[: max(len(ours) - keep, 0)]
    for path in old:
        path.unlink(missing_ok=True)
    return old


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
