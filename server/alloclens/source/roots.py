"""Where files may lie: the workspace's folders and modules, and the caches whose files are nobody's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Module(NamedTuple):
    """A Go module of the workspace."""

    path: str
    """As in its go.mod's module line."""
    directory: str


class Link(NamedTuple):
    """A folder by two names."""

    opened: str
    real: str


@dataclass(frozen=True)
class Roots:
    """All paths are real and absolute. Nothing outside them is ever opened because a profile names it."""

    folders: tuple[str, ...] = ()
    """The workspace's."""
    modules: tuple[Module, ...] = ()
    """Longest module path first."""
    go_root: str = ""
    module_cache: str = ""
    links: tuple[Link, ...] = ()
    """Of workspace folders that were opened through a symbolic link."""

    def real(self, path: str) -> str:
        """Return the real path of one that goes through the link a folder was opened by."""
        return _moved(path, self.links)

    def opened(self, path: str) -> str:
        """Return a real path as the editor knows it."""
        return _moved(path, tuple(Link(real, opened) for opened, real in self.links))

    def hold(self, path: str) -> bool:
        """Return whether the path lies in a folder of the workspace or in a cache."""
        return any(is_within(path, root) for root in (*self.folders, self.go_root, self.module_cache) if root)


def _moved(path: str, links: tuple[Link, ...]) -> str:
    link = next((k for k in links if is_within(path, k[0])), None)
    return link[1] + path[len(link[0].rstrip("/")) :] if link else path


def is_within(path: str, root: str) -> bool:
    """Return whether a clean path lies in a folder."""
    return path.startswith(root.rstrip("/") + "/")
