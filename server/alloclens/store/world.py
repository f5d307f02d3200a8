"""Everything known now, as one frozen value that is replaced whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from alloclens.source.places import SourceMap
from alloclens.source.roots import Roots
from alloclens.store.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.analysis.comparison import Comparison
    from alloclens.analysis.lines import Lines
    from alloclens.analysis.series import Series

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, and why."""

    path: str
    reason: str

    @property
    def name(self) -> str:
        return PurePath(self.path).name


@dataclass(frozen=True, eq=False)
class FileLines:
    """The lines of one file of the workspace that a comparison has numbers for."""

    comparison: Comparison
    rows: Ints
    """Rows of the head's lines, by line."""


@dataclass(frozen=True, eq=False)
class World:
    """What the profile directories say. Before the first load it is empty, and every feature answers from it."""

    generation: int = 0
    settings: Settings = field(default_factory=Settings)
    directories: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    """Of the series that have the wanted sample type, newest first."""
    problems: tuple[Problem, ...] = ()
    pending: int = 0
    """How many files are still to be read."""
    sources: SourceMap = field(default_factory=lambda: SourceMap(Roots(), lambda _: False))

    @property
    def shown(self) -> Comparison | None:
        """The comparison that speaks for the workspace: the newest."""
        return self.comparisons[0] if self.comparisons else None

    def file(self, path: str) -> FileLines | None:
        """Return the numbers of one file of the workspace, of the newest comparison that has any."""
        for comparison in self.comparisons:
            rows = self._rows(comparison.head.lines, path)
            if len(rows):
                return FileLines(comparison, rows)
        return None

    def _rows(self, lines: Lines, path: str) -> Ints:
        """Return the rows that lie in a file of the workspace, by line. Only files of the same name are placed."""
        names = lines.by_name.get(PurePath(path).name, ())
        numbers = [i for i in names if (place := self.sources.place(lines.files[i])) and place.path == path]
        rows = np.flatnonzero(np.isin(lines.file, numbers) & (lines.line > 0))
        return rows[np.argsort(lines.line[rows], kind="stable")]
