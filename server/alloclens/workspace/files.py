"""Reads the disk for the rules of placement, which know it only as `source/files.py` describes it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from cachetools import LRUCache, cached

from alloclens.disk import is_name, read_file, real
from alloclens.disk import stamp as stamp_of
from alloclens.languages.jvm import classes_of
from alloclens.paths import canonical, join, name_of
from alloclens.source.build_roots import NODE_MODULES
from alloclens.source.recorded import JVM_FILE
from alloclens.text import MAX_SOURCE_BYTES, decoded
from alloclens.time_limit import take_longer
from alloclens.walk import MAX_WALK_SECONDS, NOT_OWN, tree
from alloclens.workspace import git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.disk import Stamp


MAX_LINKS = MAX_GO_FILES = 1000
MAX_JVM_FILES = 10_000
"""To read them for the classes that they declare takes some three seconds."""
MAX_SIBLINGS = 200
"""Files of a directory that are searched for moved functions."""
MAX_TEXT_BYTES = 16 << 20
"""Size of the texts in memory that are kept for the next question: those of a thousand files."""


@dataclass(frozen=True)
class Disk:
    """The files of this machine, and an index of some folders by file name from their last walk."""

    folders: tuple[str, ...] = ()
    walk: int = 0
    """A new number triggers a new walk. The result of the walk is not sent to other processes."""

    def is_file(self, path: str) -> bool:
        """Return whether a file exists."""
        return os.path.isfile(path)

    def real(self, path: str) -> str:
        """Resolve symbolic links."""
        return real(path)

    def named(self, end: str) -> Sequence[str]:
        """Return the workspace's directories that contain a file with this name, or with the end directory/name."""
        return walked(self.folders, self.walk).by_end.get(end.casefold(), ())

    def of_classes(self) -> Mapping[str, Sequence[str]]:
        """Return the workspace's source files for the JVM by the classes that are made of them, such as com.shop.Cart."""
        return _of_classes(self.folders, self.walk)

    def text(self, path: str) -> str | None:
        """Return the text of a source file; None if it is unreadable or too large."""
        return text_of(path)

    def renamed(self, path: str) -> str:
        """Return where git moved a file from this path; "" if unknown."""
        repository = git.repository_of(path)
        inside = _renames(repository, self.walk).get(path[len(repository) + 1 :]) if repository else None
        return join(repository, inside) if inside else ""

    def is_known(self, path: str) -> bool:
        """Return whether git has a file at this path, or had one not long ago, in any branch."""
        repository = git.repository_of(path)
        return bool(repository) and path[len(repository) + 1 :] in _paths(repository, self.walk)

    def is_beside(self, folder: str, path: str) -> bool:
        """Return whether a file exists at a path from the parent of a folder, if both are in one repository."""
        is_part = git.repository_of(folder) and not os.path.lexists(f"{folder}/.git")
        return bool(is_part) and is_name(path) and os.path.isfile(join(folder.rpartition("/")[0], path))

    def beside(self, path: str) -> Sequence[str]:
        """Return the files with the same extension in a file's directory; none if there are too many."""
        if not is_name(path):  # no file can have this name
            return ()
        directory, _, name = path.rpartition("/")
        kind = os.path.splitext(name)[1]
        try:
            with os.scandir(directory or "/") as entries:
                names = [entry.name for entry in islice(entries, MAX_SIBLINGS + 1) if entry.name.endswith(kind)]
        except OSError:
            return ()
        return [f"{directory}/{name}" for name in sorted(names)] if len(names) <= MAX_SIBLINGS else ()


@dataclass
class WalkResult:
    """The result of walking some folders."""

    go_files: list[str] = field(default_factory=list)
    """Every go.mod and go.work."""
    vendors: list[str] = field(default_factory=list)
    """The vendor directories beside a go.mod."""
    packages: list[str] = field(default_factory=list)
    """Every outermost node_modules directory."""
    linked: list[str] = field(default_factory=list)
    """Directories that symbolic links point to."""
    jvm_files: list[str] = field(default_factory=list)
    """The sources of Java, Kotlin and Scala."""
    by_end: dict[str, list[str]] = field(default_factory=dict)
    """The directories with a file of each name, and of each directory/name, case-folded."""
    left_out: set[str] = field(default_factory=set)
    """Limits that were exceeded: a sentence each."""


@lru_cache(2)
def walked(folders: tuple[str, ...], walk: int) -> WalkResult:
    """Walk folders, once for each number. Takes about a second for 100,000 files."""
    del walk
    result = WalkResult()
    for folder in folders:
        for directory, names, files in tree(folder, NOT_OWN, result.left_out):
            _meet(canonical(directory), names, files, result)
    for kind, some, most in (
        ("links", result.linked, MAX_LINKS),
        ("go.mod files", result.go_files, MAX_GO_FILES),
        ("sources of Java, Kotlin and Scala", result.jvm_files, MAX_JVM_FILES),
    ):
        if len(some) > most:
            result.left_out.add(f"Only the first {most:,} {kind} were looked at.")
            del some[most:]
    return result


def _meet(directory: str, names: list[str], files: list[str], result: WalkResult) -> None:
    result.go_files += [join(directory, name) for name in ("go.mod", "go.work") if name in files]
    result.vendors += [join(directory, "vendor")] if "go.mod" in files and "vendor" in names else []
    result.packages += [join(directory, NODE_MODULES)] if NODE_MODULES in names else []
    links = filter(os.path.islink, (join(directory, name) for name in names))
    result.linked += map(real, islice(links, MAX_LINKS + 1 - len(result.linked)))
    result.jvm_files += [join(directory, name) for name in files if name.endswith(JVM_FILE)]
    for name in files:
        for end in (name.casefold(), f"{name_of(directory)}/{name}".casefold()):
            result.by_end.setdefault(end, []).append(directory)


@lru_cache(2)
def _of_classes(folders: tuple[str, ...], walk: int) -> Mapping[str, Sequence[str]]:
    """Read the sources for the JVM once for each walk, and only if a profile is of such a program."""
    take_longer(MAX_WALK_SECONDS)
    files: dict[str, list[str]] = {}
    for path in walked(folders, walk).jvm_files:
        for name in classes_of(text_of(path) or "", path):
            files.setdefault(name, []).append(path)
    return files


@lru_cache(8)
def _renames(repository: str, walk: int) -> Mapping[str, str]:
    """Call git once for each walk."""
    del walk
    take_longer(git.RENAME_TIMEOUT_SECONDS)
    return git.renames(repository)


@lru_cache(8)
def _paths(repository: str, walk: int) -> frozenset[str]:
    """Call git once for each walk."""
    del walk
    take_longer(git.RENAME_TIMEOUT_SECONDS)
    return git.paths(repository)


def text_of(path: str) -> str | None:
    """Return the text of a source file; None if it is unreadable or too large."""
    stamp = stamp_of(path)
    try:
        return _text_of(path, stamp) if stamp else None
    except OSError:
        return None


@cached(LRUCache(MAX_TEXT_BYTES, getsizeof=sys.getsizeof), lock=Lock())
def _text_of(path: str, stamp: Stamp) -> str:
    """Read a file once for each stamp: every hover and list of lines needs the texts of the same files."""
    del stamp
    return decoded(read_file(path, MAX_SOURCE_BYTES))


def folds_case(directory: str) -> bool:
    """Return whether the file system of a directory ignores case."""
    swapped = directory.swapcase()
    if swapped == directory or not os.path.exists(directory):
        return sys.platform in {"win32", "darwin"}
    try:
        return os.path.samefile(directory, swapped)
    except OSError:
        return False
