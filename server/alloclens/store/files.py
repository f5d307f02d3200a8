"""The disk, as the rules of placement ask it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from alloclens.disk import read_file, real_path
from alloclens.source.paths import canonical, join, name_of
from alloclens.source.text import LARGEST, decoded

if TYPE_CHECKING:
    from collections.abc import Sequence


SKIPPED = frozenset({"vendor", "node_modules", "site-packages", "testdata", "__pycache__"})
MOST_DIRECTORIES = 50_000
"""Bounds the walk in a workspace that is a whole home directory."""


@dataclass(frozen=True)
class Disk:
    """The files of this machine, and by name those of some folders, as they were when these were last walked."""

    folders: tuple[str, ...] = ()
    walk: int = 0
    """Another number asks for another walk. The walk itself stays behind when this value goes to another process."""

    def is_file(self, path: str) -> bool:
        """Return whether there is a file of this name."""
        return os.path.isfile(path)

    def real(self, path: str) -> str:
        """Return the path without symbolic links."""
        return real(path)

    def named(self, end: str) -> Sequence[str]:
        """Return the directories of the workspace that hold a file of this name, or whose path ends in directory/name."""
        return walked(self.folders, self.walk).by_end.get(end.casefold(), ())

    def text(self, path: str) -> str | None:
        """Return what is in a source file; None where it cannot be read or is too large for one."""
        return text_of(path)


@dataclass
class Walked:
    """What a walk through some folders has met."""

    go_files: list[str] = field(default_factory=list)
    """Every go.mod and go.work."""
    vendors: list[str] = field(default_factory=list)
    """The vendor directories beside a go.mod."""
    linked: list[str] = field(default_factory=list)
    """The directories that symbolic links lead to."""
    by_end: dict[str, list[str]] = field(default_factory=dict)
    """The directories of the files of each name, and of each directory/name; the case is folded."""


@lru_cache(2)
def walked(folders: tuple[str, ...], walk: int) -> Walked:
    """Walk through folders, once for each number. Takes about a second for 100,000 files."""
    del walk
    found = Walked()
    for folder in folders:
        for _, (directory, names, files) in zip(range(MOST_DIRECTORIES), os.walk(folder), strict=False):
            _meet(canonical(directory), names, files, found)
            names[:] = [n for n in names if n not in SKIPPED and not n.startswith(".")]
    return found


def _meet(directory: str, names: list[str], files: list[str], found: Walked) -> None:
    found.go_files += [join(directory, name) for name in ("go.mod", "go.work") if name in files]
    found.vendors += [join(directory, "vendor")] if "go.mod" in files and "vendor" in names else []
    found.linked += [real(path) for path in (join(directory, name) for name in names) if os.path.islink(path)]  # noqa: PTH114
    for name in files:
        for end in (name.casefold(), f"{name_of(directory)}/{name}".casefold()):
            found.by_end.setdefault(end, []).append(directory)


def real(path: str) -> str:
    """Return a path without symbolic links, canonical."""
    return canonical(real_path(path))


def text_of(path: str) -> str | None:
    """Return what is in a source file; None where it cannot be read or is too large for one."""
    try:
        return decoded(read_file(path, LARGEST))
    except OSError:
        return None


def folds_case(directory: str) -> bool:
    """Return whether the file system that holds a directory takes upper and lower case for the same."""
    swapped = directory.swapcase()
    if swapped == directory or not os.path.exists(directory):
        return sys.platform in {"win32", "darwin"}
    try:
        return os.path.samefile(directory, swapped)  # noqa: PTH121 - paths are texts here
    except OSError:
        return False
