"""Where files may lie: the workspace's folders and modules, what the user named, and the caches of dependencies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from alloclens.paths import folders_of, is_within, rest_within


class Module(NamedTuple):
    """A Go module whose files lie in a directory that the user edits."""

    path: str
    """As in its go.mod's module line, or on the left of a `replace`."""
    directory: str
    main: bool = True
    """False for the target of a `replace`."""


class CachedModule(NamedTuple):
    """A module that lies in the module cache: the target of a `replace`, or a required one under its own name."""

    path: str
    version: str
    """The version that is replaced, "" for all; or that is required."""
    target: str
    """Such as example.com/fork@v1.2.0."""


class FolderLink(NamedTuple):
    """A folder by two names."""

    opened: str
    real: str


class PathMapping(NamedTuple):
    """What the user says of recorded paths: where one begins with this, it lies there."""

    recorded: str
    here: str


class Packages(NamedTuple):
    """A directory of installed packages, such as site-packages."""

    marker: str
    """What stands before a package in a recorded path: a regular expression."""
    directory: str
    part: str = ""
    """The name of the directory that it is in, if that is only a part of a project: web for packages/web/node_modules."""


@dataclass(frozen=True)
class Roots:
    """All paths are real, absolute and canonical. Nothing outside them is ever opened because a profile names it."""

    folders: tuple[str, ...] = ()
    """The workspace's."""
    modules: tuple[Module, ...] = ()
    """Longest module path first."""
    vendors: tuple[str, ...] = ()
    """The vendor directories of the modules."""
    renamed: tuple[CachedModule, ...] = ()
    required: tuple[CachedModule, ...] = ()
    """Longest module path first, then in the order of the folders."""
    go_root: str = ""
    go_version: str = ""
    """Of `go_root`, such as go1.26.1."""
    module_cache: str = ""
    packages: tuple[Packages, ...] = ()
    links: tuple[FolderLink, ...] = ()
    """Of workspace folders that were opened through a symbolic link."""
    linked: tuple[str, ...] = ()
    """Directories that symbolic links within the workspace lead to."""
    mappings: tuple[PathMapping, ...] = ()
    """Longest recorded prefix first."""
    own_code: tuple[str, ...] = ()
    """Patterns as in .gitignore, of files that are the user's own beside the rules, or with `!` are not."""
    left_out: tuple[str, ...] = ()
    """What of the workspace was too much to look at: a sentence each."""
    folds_case: bool = False
    """Whether the file system takes Main.go and main.go for one file."""

    def real(self, path: str) -> str:
        """Return the real path of one that goes through the link a folder was opened by."""
        return _moved(path, self.links)

    def opened(self, path: str) -> str:
        """Return a real path as the editor knows it."""
        return _moved(path, tuple(FolderLink(real, opened) for opened, real in self.links))

    def hold(self, path: str) -> bool:
        """Return whether the path lies in a folder of the workspace, in one the user named, or in a cache."""
        return not self._all.isdisjoint(folders_of(self.key(path)))

    def key(self, path: str) -> str:
        """Return what is equal for two paths of one file."""
        return path.casefold() if self.folds_case else path

    @cached_property
    def caches(self) -> frozenset[str]:
        """Where dependencies lie, which nobody edits."""
        found = (self.go_root, self.module_cache, *(p.directory for p in self.packages))
        return frozenset(root.rstrip("/") for root in found if root)

    @cached_property
    def edited(self) -> dict[str, int]:
        """The folders whose files the user edits, each with its rank; a module may lie outside the workspace by go.work."""
        found = (*self.folders, *(m.directory for m in self.modules if m.main), *(m.here for m in self.mappings))
        return {folder: rank for rank, folder in enumerate(dict.fromkeys(root.rstrip("/") for root in found))}

    def in_caches(self, path: str) -> bool:
        """Return whether a path is a dependency's or the language's own, which nobody edits.

        A folder that is opened within such a directory, as a checkout in GOPATH/src is, is edited all the same.
        """
        for folder in folders_of(path):
            if folder in self.caches or folder in self.edited:
                return folder in self.caches
        return False

    @cached_property
    def tops(self) -> frozenset[str]:
        """Directories that may have another name where the program was built."""
        modules, mapped = (m.directory for m in self.modules), (m.here for m in self.mappings)
        packages = (p.directory for p in self.packages)
        return frozenset(map(self.key, (*self.folders, *modules, *mapped, *packages, *self.linked)))

    @cached_property
    def partly_open(self) -> tuple[str, ...]:
        """The directories of modules of which only a part is open: nothing else of them may be opened."""
        found = (m.directory for m in self.modules if any(is_within(folder, m.directory) for folder in self.folders))
        return tuple(directory for directory in dict.fromkeys(found) if not self.hold(f"{directory}/x"))

    @cached_property
    def _all(self) -> frozenset[str]:
        modules = (m.directory for m in self.modules if not any(is_within(f, m.directory) for f in self.folders))
        named = (*self.folders, *modules, *(m.here for m in self.mappings), *self.caches)
        return frozenset(self.key(root.rstrip("/")) for root in named)


def _moved(path: str, links: tuple[FolderLink, ...]) -> str:
    for opened, real in links:
        if (rest := rest_within(path, opened)) is not None:
            return f"{real.rstrip('/')}/{rest}" if rest else real
    return path
