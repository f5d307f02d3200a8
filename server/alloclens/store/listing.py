"""What lies in the profile directories now. Truth is a scan, compared with the scan before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Stamp(NamedTuple):
    """Enough to see that a file is another one or has other content."""

    mtime_ns: int
    size: int
    inode: int


Listing = dict[str, Stamp]
"""By absolute path."""

NOT_PROFILES = (
    ".go",
    ".mod",
    ".sum",
    ".md",
    ".py",
    ".js",
    ".ts",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".sh",
    ".html",
    ".svg",
    ".png",
)
"""A directory named pprof may well be a Go package, and one of profiles holds notes and pictures."""


class Changes(NamedTuple):
    """The difference of two listings."""

    loaded: tuple[str, ...]
    """New or with other content."""
    removed: tuple[str, ...]


def scan(directories: Iterable[str]) -> Listing:
    """List the files that may be profiles. A directory that is missing or closed to us is empty."""
    return {path: stamp for directory in directories for path, stamp in _files(directory)}


def changes(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> Changes:
    """Return what makes one listing of the other."""
    loaded = tuple(p for p, s in after.items() if before.get(p) != s)
    return Changes(loaded, tuple(p for p in before if p not in after))


def settled(before: Mapping[str, Stamp], after: Mapping[str, Stamp]) -> Listing:
    """Return the files that were the same in two scans: a file being written still changes size or time."""
    return {p: s for p, s in after.items() if before.get(p) == s}


def stamp(path: str) -> Stamp | None:
    """Return the stamp of one file; None where there is none."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - paths are texts here
    except OSError:
        return None
    return Stamp(stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _files(directory: str) -> list[tuple[str, Stamp]]:
    found = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if _may_be_a_profile(entry):
                    stat = entry.stat()
                    found.append((entry.path, Stamp(stat.st_mtime_ns, stat.st_size, stat.st_ino)))
    except OSError:  # missing, closed to us, or changing under our eyes: the next scan sees
        return found
    return found


def _may_be_a_profile(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    hidden = name.startswith(".") or name.endswith(("~", ".tmp", ".part"))
    return not hidden and not name.endswith(NOT_PROFILES) and entry.is_file()
