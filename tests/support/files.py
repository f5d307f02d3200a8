"""A disk in memory, for the rules of placement."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from alloclens.languages.jvm import classes_of
from alloclens.source.recorded import JVM_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SKIPPED = {"vendor", "node_modules", "site-packages"}


class FakeFiles:
    """Files in memory, as a disk has them, with symbolic links and perhaps without regard to case."""

    def __init__(
        self,
        texts: dict[str, str],
        links: dict[str, str] | None = None,
        *,
        folds_case: bool = False,
        renames: dict[str, str] | None = None,
        gone: Sequence[str] = (),
        folder: str = "/w/",
        repository: Sequence[str] = (),
    ) -> None:
        """Take also what version control had, the opened folder, and the files of its repository that lie outside."""
        self._texts = texts
        self._links = links or {}
        self._key = str.casefold if folds_case else str
        self._true = {self._key(path): path for path in texts}
        self._renames = renames or {}
        self._gone = gone
        self._folder = folder
        self._repository = repository
        self.asked: list[str] = []

    def is_file(self, path: str) -> bool:
        self.asked.append(path)
        return self._key(self.real(path)) in self._true

    def real(self, path: str) -> str:
        self.asked.append(path)
        for link, target in self._links.items():
            if f"{path}/".startswith(f"{link}/"):
                path = target + path[len(link) :]
        return self._true.get(self._key(path), path)

    def named(self, end: str) -> Sequence[str]:
        found = (PurePosixPath(path) for path in self._texts if path.startswith((self._folder, "C:/w/")))
        ending = [path for path in found if self._key(f"/{path}").endswith(self._key(f"/{end}"))]
        return [str(path.parent) for path in ending if not SKIPPED.intersection(path.parts)]

    def of_classes(self) -> Mapping[str, Sequence[str]]:
        files: dict[str, list[str]] = {}
        for path, text in self._texts.items():
            for name in classes_of(text, path) if path.endswith(JVM_FILE) else ():
                files.setdefault(name, []).append(path)
        return files

    def text(self, path: str) -> str | None:
        return self._texts.get(self.real(path))

    def renamed(self, path: str) -> str:
        return self._renames.get(path, "")

    def is_known(self, path: str) -> bool:
        return path in self._gone

    def beside(self, path: str) -> Sequence[str]:
        there = PurePosixPath(path)
        return [
            p for p in self._texts if (PurePosixPath(p).parent, PurePosixPath(p).suffix) == (there.parent, there.suffix)
        ]

    def is_beside(self, folder: str, path: str) -> bool:
        return str(PurePosixPath(folder).parent / path) in self._repository


def go(*functions: str) -> str:
    return "package x\n\n" + "".join(f"func {function}() {{}}\n" for function in functions)
