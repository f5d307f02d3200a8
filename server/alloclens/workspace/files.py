"""The disk, as the rules of placement ask it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from alloclens.disk import is_name, read_file, real
from alloclens.paths import canonical, join, name_of
from alloclens.text import MAX_SOURCE_BYTES, decoded
from alloclens.walk import tree
from alloclens.worker import take_longer
from alloclens.workspace import git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


NODE_MODULES = "node_modules"
SKIPPED = frozenset({"vendor", NODE_MODULES, "site-packages", "testdata", "__pycache__"})
MAX_LINKS = MAX_GO_FILES = 1000
MAX_SIBLINGS = 200
"""Files of a directory, each of which may hold what is looked for."""


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

    def renamed(self, path: str) -> str:
        """Return where a file is now that was at a path once, as git knows; "" if it does not."""
        repository = git.repository_of(path)
        inside = _renames(repository, self.walk).get(path[len(repository) + 1 :]) if repository else None
        return join(repository, inside) if inside else ""

    def beside(self, path: str) -> Sequence[str]:
        """Return the files of one kind with a file, there or not, in its directory; of very many none."""
        if not is_name(path):  # no file was ever called so
            return ()
        directory, _, name = path.rpartition("/")
        kind = os.path.splitext(name)[1]  # noqa: PTH122 - paths are texts here
        try:
            with os.scandir(directory or "/") as entries:
                names = [entry.name for entry in islice(entries, MAX_SIBLINGS + 1) if entry.name.endswith(kind)]
        except OSError:
            return ()
        return [join(directory, name) for name in sorted(names)] if len(names) <= MAX_SIBLINGS else ()


@dataclass
class WalkResult:
    """What a walk through some folders has met."""

    go_files: list[str] = field(default_factory=list)
    """Every go.mod and go.work."""
    vendors: list[str] = field(default_factory=list)
    """The vendor directories beside a go.mod."""
    packages: list[str] = field(default_factory=list)
    """Every directory node_modules that is in no other."""
    linked: list[str] = field(default_factory=list)
    """The directories that symbolic links lead to."""
    by_end: dict[str, list[str]] = field(default_factory=dict)
    """The directories of the files of each name, and of each directory/name; the case is folded."""
    left_out: set[str] = field(default_factory=set)
    """What was too much: a sentence each."""


@lru_cache(2)
def walked(folders: tuple[str, ...], walk: int) -> WalkResult:
    """Walk through folders, once for each number. Takes about a second for 100,000 files."""
    del walk
    found = WalkResult()
    for folder in folders:
        for directory, names, files in tree(folder, SKIPPED, found.left_out):
            _meet(canonical(directory), names, files, found)
    for kind, some, most in (("links", found.linked, MAX_LINKS), ("go.mod files", found.go_files, MAX_GO_FILES)):
        if len(some) > most:
            found.left_out.add(f"Only the first {most:,} {kind} were looked at.")
            del some[most:]
    return found


def _meet(directory: str, names: list[str], files: list[str], found: WalkResult) -> None:
    found.go_files += [join(directory, name) for name in ("go.mod", "go.work") if name in files]
    found.vendors += [join(directory, "vendor")] if "go.mod" in files and "vendor" in names else []
    found.packages += [join(directory, NODE_MODULES)] if NODE_MODULES in names else []
    links = filter(os.path.islink, (join(directory, name) for name in names))
    found.linked += map(real, islice(links, MAX_LINKS + 1 - len(found.linked)))
    for name in files:
        for end in (name.casefold(), f"{name_of(directory)}/{name}".casefold()):
            found.by_end.setdefault(end, []).append(directory)


@lru_cache(8)
def _renames(repository: str, walk: int) -> Mapping[str, str]:
    """Ask git once for each walk."""
    del walk
    take_longer(git.RENAME_TIMEOUT_SECONDS)
    return git.renames(repository)


def text_of(path: str) -> str | None:
    """Return what is in a source file; None where it cannot be read or is too large for one."""
    try:
        return decoded(read_file(path, MAX_SOURCE_BYTES))
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
