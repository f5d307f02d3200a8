"""Which function each line is in, and where that is declared: what finds a line again when the text has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.sites import Sites
    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]

UNKNOWN = np.iinfo(np.int64).max
"""As a start: after every known one."""


@dataclass(frozen=True, eq=False)
class LineFunctions:
    """One row for each function, by the row number of its file."""

    name: tuple[str, ...]
    start_line: Ints
    """Of its declaration, 1-based; 0 where unknown."""
    file: Ints
    of_line: Ints
    """For each line its function's row, -1 where it has none."""

    def rows_of(self, file: int) -> range:
        """Return the rows of one file's functions."""
        return range(*np.searchsorted(self.file, [file, file + 1]).tolist())

    def by_file(self, files: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the names of each file's functions."""
        at = np.searchsorted(self.file, np.arange(len(files) + 1)).tolist()
        return {file: self.name[begin:end] for file, begin, end in zip(files, at[:-1], at[1:], strict=True)}


def line_functions(profile: Profile, sites: Sites, file: Ints) -> LineFunctions:
    """Return the functions of source lines. `file` is the row number of each site's file.

    Of several functions on one line the outermost is taken, which is declared first.
    """
    row = profile.frames.function
    known = np.flatnonzero(row >= 0)
    row, site = row[known], sites.of_frame[known]
    start = profile.functions.start_line[row]
    order = np.lexsort((row, np.where(start > 0, start, UNKNOWN), site))
    first = order[np.diff(site[order], prepend=-1) > 0]
    count = max(len(profile.functions.name), 1)
    pairs, of_site = np.unique(file[site[first]] * count + row[first], return_inverse=True)
    owner, function = np.divmod(pairs, count)
    of_line = np.full(len(sites), -1)
    of_line[site[first]] = of_site
    names = tuple(profile.text(profile.functions.name[function]))
    return LineFunctions(names, np.maximum(profile.functions.start_line[function], 0), owner, of_line)
