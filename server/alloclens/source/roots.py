"""Where files may be: the workspace's folders and modules, paths the user named, and dependency caches."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from alloclens.paths import folders_of, is_within, rest_within


class Module(NamedTuple):
    """A Go module in a directory that the user edits."""

    path: str
    """The module path in go.mod, or on the left of a `replace`."""
    directory: str
    main: bool = True
    """False for the target of a `replace`."""


class CachedModule(NamedTuple):
    """A module in the module cache: the target of a `replace`, or a required module under its own name."""

    path: str
    version: str
    """The replaced version, "" for all, or the required one."""
    target: str
    """Such as example.com/fork@v1.2.0."""


class FolderLink(NamedTuple):
    """A folder opened through a symbolic link."""

    opened: str
    real: str


class PrefixMapping(NamedTuple):
    """A path mapping of the user: replaces a prefix of recorded paths."""

    recorded: str
    here: str


class Packages(NamedTuple):
    """A directory of installed packages, such as site-packages."""

    marker: str
    """Regular expression for the part of a recorded path before a package."""
    directory: str
    part: str = ""
    """The enclosing directory's name if it is only a part of a project: web for packages/web/node_modules."""


@dataclass(frozen=True)
class Roots:
    """All paths are real, absolute and canonical. No file outside them is opened because a profile names it."""

    folders: tuple[str, ...] = ()
    """The workspace's folders."""
    modules: tuple[Module, ...] = ()
    """Longest module path first."""
    vendors: tuple[str, ...] = ()
    """The vendor directories of the modules."""
    renamed: tuple[CachedModule, ...] = ()
    required: tuple[CachedModule, ...] = ()
    """Longest module path first, then in the order of the folders."""
    go_root: str = ""
    go_version: str = ""
    """Version of `go_root`, such as go1.26.1."""
    module_cache: str = ""
    packages: tuple[Packages, ...] = ()
    links: tuple[FolderLink, ...] = ()
    """The workspace folders opened through symbolic links."""
    linked: tuple[str, ...] = ()
    """Targets of symbolic links within the workspace."""
    mappings: tuple[PrefixMapping, ...] = ()
    """Longest recorded prefix first."""
    own_code: tuple[str, ...] = ()
    """Patterns as in .gitignore of further own code, or with `!` of files that are not."""
    left_out: tuple[str, ...] = ()
    """Parts of the workspace that exceeded a limit: a sentence each."""
    folds_case: bool = False
    """Whether the file system ignores case."""

    def real(self, path: str) -> str:
        """Resolve the links through which folders were opened."""
        return _moved(path, self.links)

    def opened(self, path: str) -> str:
        """Return a real path under the name that the editor uses."""
        return _moved(path, tuple(FolderLink(real, opened) for opened, real in self.links))

    def hold(self, path: str) -> bool:
        """Return whether a path is in the workspace, in a folder the user named, or in a cache."""
        return not self._all.isdisjoint(folders_of(self.key(path)))

    def key(self, path: str) -> str:
        """Return a key that is equal for all paths of one file."""
        return path.casefold() if self.folds_case else path

    @cached_property
    def caches(self) -> frozenset[str]:
        """The directories of dependencies, which nobody edits."""
        roots = (self.go_root, self.module_cache, *(p.directory for p in self.packages))
        return frozenset(root.rstrip("/") for root in roots if root)

    @cached_property
    def edited(self) -> dict[str, int]:
        """The folders whose files the user edits, with their rank. go.work may add modules outside the workspace."""
        roots = (*self.folders, *(m.directory for m in self.modules if m.main), *(m.here for m in self.mappings))
        return {folder: rank for rank, folder in enumerate(dict.fromkeys(root.rstrip("/") for root in roots))}

    def in_caches(self, path: str) -> bool:
        """Return whether a path belongs to a dependency or the language, which nobody edits.

        A folder opened inside such a directory, such as a checkout in GOPATH/src, is edited nevertheless.
        """
        for folder in folders_of(path):
            if folder in self.caches or folder in self.edited:
                return folder in self.caches
        return False

    @cached_property
    def partly_open(self) -> tuple[str, ...]:
        """Directories of modules that are only partly opened; the rest of them must not be read."""
        directories = (
            m.directory for m in self.modules if any(is_within(folder, m.directory) for folder in self.folders)
        )
        return tuple(directory for directory in dict.fromkeys(directories) if not self.hold(f"{directory}/x"))

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
