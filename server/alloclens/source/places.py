"""From a recorded file name to the file in the workspace, by rules tried in order."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.own import is_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alloclens.source.roots import Roots


class Place(NamedTuple):
    """Where a recorded file lies here."""

    path: str
    rule: str
    """Which rule found it."""
    own: bool


class SourceMap:
    """Places recorded files, each once, when asked for it."""

    def __init__(self, roots: Roots, is_file: Callable[[str], bool]) -> None:
        self.roots = roots
        self._is_file = is_file
        self._known: dict[str, Place | None] = {}

    def place(self, recorded: str) -> Place | None:
        """Return where a recorded file lies; None where no rule finds it within the roots."""
        if recorded not in self._known:
            self._known[recorded] = self._find(recorded)
        return self._known[recorded]

    def is_own(self, recorded: str) -> bool:
        """Return whether a recorded file is found and is the user's own code."""
        place = self.place(recorded)
        return place is not None and place.own

    def _find(self, recorded: str) -> Place | None:
        for rule, candidate in _candidates(recorded, self.roots):
            path = posixpath.normpath(candidate)
            if self.roots.hold(path) and self._is_file(path):
                return Place(path, rule, is_own(path, self.roots))
        return None


def _candidates(recorded: str, roots: Roots) -> Iterator[tuple[str, str]]:
    if not recorded:
        return
    if posixpath.isabs(recorded):
        yield "as recorded", roots.real(recorded)
        return
    for module in roots.modules:
        if recorded.startswith(module.path + "/"):
            yield "module of the workspace", posixpath.join(module.directory, recorded[len(module.path) + 1 :])
    for module in roots.modules:
        yield "vendor", posixpath.join(module.directory, "vendor", VERSION.sub("/", recorded))
    for folder in roots.folders:
        yield "relative to the workspace", posixpath.join(folder, recorded)
    if VERSION.search(recorded) and roots.module_cache:
        yield "module cache", posixpath.join(roots.module_cache, UPPER_CASE.sub(_escaped, recorded))
    if roots.go_root:
        yield "Go's own source", posixpath.join(roots.go_root, "src", recorded)


VERSION = re.compile(r"@v[^/]*/")
"""The version in a module's path: example.com/x@v1.2.3/y.go."""
UPPER_CASE = re.compile(r"[A-Z]")


def _escaped(letter: re.Match[str]) -> str:
    """Return how the module cache writes an upper-case letter, for file systems that have none."""
    return "!" + letter[0].lower()
