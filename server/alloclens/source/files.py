"""What the rules may ask of a disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class Files(Protocol):
    """The files of this machine. All paths are canonical and absolute."""

    def is_file(self, path: str) -> bool:
        """Return whether there is a file of this name."""

    def real(self, path: str) -> str:
        """Return the path without symbolic links."""

    def named(self, end: str) -> Sequence[str]:
        """Return the directories of the workspace that hold a file of this name, or whose path ends in directory/name."""

    def text(self, path: str) -> str | None:
        """Return what is in a file; None where it cannot be read."""

    def renamed(self, path: str) -> str:
        """Return where a file is now that was at a path once, as version control knows; "" if it does not."""

    def beside(self, path: str) -> Sequence[str]:
        """Return the files of one kind with a file, there or not, in its directory."""


class NoFiles:
    """A disk with nothing on it."""

    def is_file(self, path: str) -> bool:
        del path
        return False

    def real(self, path: str) -> str:
        return path

    def named(self, end: str) -> Sequence[str]:
        del end
        return ()

    def text(self, path: str) -> str | None:
        del path
        return None

    def renamed(self, path: str) -> str:
        del path
        return ""

    def beside(self, path: str) -> Sequence[str]:
        del path
        return ()
