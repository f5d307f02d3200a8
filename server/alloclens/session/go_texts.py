"""What the Go texts of a workspace and its libraries, as they are now, say beside the numbers: who keeps, and who starts."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from alloclens.languages.go.endings import is_never_ended
from alloclens.languages.go.keeping import addition
from alloclens.languages.go.library_starts import lines_that_start
from alloclens.languages.go.names import has_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from alloclens.languages.go.keeping import Addition
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World

GO, TESTS = ".go", "_test.go"
MAX_PACKAGES = 50
"""Of the user's own code, those that a profile names first."""


class GoTexts:
    """Reads the texts of one answer, each package once. Reads files: use it in a thread."""

    def __init__(self, world: World, text_of: Callable[[str], str | None]) -> None:
        self._world = world
        self._text_of = text_of
        self._packages: dict[str, Mapping[str, str]] = {}

    def addition(self, path: str, line: int) -> Addition | None:
        """Return to what the values are added that a line makes; None if that is unknown."""
        package = self._package(path)
        return addition(package[path], line, package.values()) if path in package else None

    def is_never_ended(self, function: str, comparison: Comparison) -> bool:
        """Return whether something ends what a function of a library returns, and no own text names that."""
        own = self._own_texts([comparison])
        return bool(own) and is_never_ended(function, self._library(comparison, function).values(), own.values())

    def starting(self, function: str, comparisons: Sequence[Comparison]) -> list[tuple[str, int]]:
        """Return the own lines (path, line) that may start goroutines which run a function of a library, likeliest first.

        None for Go's own packages: they are so large that names alone lead everywhere.
        """
        if not has_domain(function):
            return []
        library = next(filter(None, (self._library(comparison, function) for comparison in comparisons)), None)
        return lines_that_start(function, library.values(), self._own_texts(comparisons)) if library else []

    def _library(self, comparison: Comparison, function: str) -> Mapping[str, str]:
        """Return the texts of a function's package by path; none if it is unknown, or the user's own."""
        lines = comparison.contents.whole
        if function not in lines.functions.name:
            return {}
        row = lines.functions.name.index(function)
        place = self._world.sources.place(lines.files[lines.functions.file[row]])
        return self._package(place.path) if place and not place.own else {}

    def _own_texts(self, comparisons: Iterable[Comparison]) -> dict[str, str]:
        """Return the texts of the own packages that profiles name by path."""
        files = [file for comparison in comparisons for file in comparison.contents.whole.files]
        paths = [place.path for place in filter(None, map(self._world.sources.place, files)) if place.own]
        packages = {os.path.dirname(path): path for path in paths if path.endswith(GO)}
        return {
            path: text for one in islice(packages.values(), MAX_PACKAGES) for path, text in self._package(one).items()
        }

    def _package(self, path: str) -> Mapping[str, str]:
        """Return the texts of a file's package by path; none if it is of another language."""
        directory = os.path.dirname(path)
        if directory not in self._packages:
            self._packages[directory] = dict(self._read(path))
        return self._packages[directory]

    def _read(self, path: str) -> Iterator[tuple[str, str]]:
        for other in self._world.sources.files.beside(path) if path.endswith(GO) else ():
            if not other.endswith(TESTS) and (text := self._text_of(other)) is not None:
                yield other, text
