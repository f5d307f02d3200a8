"""What the rules of placement ask of the disk. `workspace/files.py` answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Files(Protocol):
    """The files of this machine. All paths are canonical and absolute."""

    def is_file(self, path: str) -> bool:
        """Return whether a file exists."""

    def real(self, path: str) -> str:
        """Resolve symbolic links."""

    def named(self, end: str) -> Sequence[str]:
        """Return the workspace's directories that contain a file with this name, or with the end directory/name."""

    def of_classes(self) -> Mapping[str, Sequence[str]]:
        """Return the workspace's source files for the JVM by the classes that are made of them, such as com.shop.Cart."""

    def text(self, path: str) -> str | None:
        """Return the text of a file; None if it cannot be read."""

    def renamed(self, path: str) -> str:
        """Return where version control moved a file from this path; "" if unknown."""

    def is_known(self, path: str) -> bool:
        """Return whether version control has a file at this path, or had one not long ago, in any branch."""

    def beside(self, path: str) -> Sequence[str]:
        """Return the files with the same extension in a file's directory. The file need not exist."""

    def is_beside(self, folder: str, path: str) -> bool:
        """Return whether a file exists at a path from the parent of a folder, if both are in one repository."""


class NoFiles:
    """An empty file system."""

    def is_file(self, path: str) -> bool:
        del path
        return False

    def real(self, path: str) -> str:
        return path

    def named(self, end: str) -> Sequence[str]:
        del end
        return ()

    def of_classes(self) -> Mapping[str, Sequence[str]]:
        return {}

    def text(self, path: str) -> str | None:
        del path
        return None

    def renamed(self, path: str) -> str:
        del path
        return ""

    def is_known(self, path: str) -> bool:
        del path
        return False

    def beside(self, path: str) -> Sequence[str]:
        del path
        return ()

    def is_beside(self, folder: str, path: str) -> bool:
        del folder, path
        return False
