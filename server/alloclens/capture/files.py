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
    path = _free(directory, f"{kind}-{taken:%Y%m%dT%H%M%S}.{taken.microsecond // 1000:03}Z")
    aside = path.with_name(f".{path.name}.tmp")
    try:
        with aside.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        return aside.replace(path)
    finally:  # also Ctrl-C: nothing half done stays
        aside.unlink(missing_ok=True)


def prune(directory: Path, kind: str, keep: int) -> list[Path]:
    """Remove the oldest captures of a kind beyond the newest `keep`; files with other names are not ours."""
    pattern = re.compile(rf"{re.escape(kind)}-\d{{8}}T\d{{6}}\.\d{{3}}Z(-\d+)?{re.escape(SUFFIX)}")
    ours = sorted(p for p in directory.iterdir() if pattern.fullmatch(p.name))
    old = ours[: max(len(ours) - keep, 0)]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _free(directory: Path, stem: str) -> Path:
    path, number = directory / f"{stem}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = directory / f"{stem}-{number}{SUFFIX}"
    return path
