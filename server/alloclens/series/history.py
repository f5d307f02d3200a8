"""The owned values of a process's lines over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.series.owned import Figures, keys, rows_that_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Floats, Ints, Numbers, Singles
    from alloclens.series.owned import LineNumbers
    from alloclens.series.snapshot import Snapshot
    from alloclens.tables.lines import Lines


MAX_WINDOWS = 20
"""Enough windows for a trend, and few enough to compute its distribution exactly."""


class Windows(NamedTuple):
    """Successive windows of equal length. An incomplete last window is omitted."""

    seconds: Floats
    """Midpoint of each window, shape (windows,)."""
    floor: Singles
    """Minimum owned value of each line in each window, shape (windows, lines)."""


@dataclass(frozen=True, eq=False)
class History:
    """The history of one process. Its lines are those that own something at the last observation, the head."""

    observed: Sequence[Snapshot]
    """In time order."""
    row: Ints
    """Rows of the head's lines, shape (lines,)."""
    site: Ints
    """Site numbers of the same lines."""
    sites: LineNumbers

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def rate(self) -> float:
        """Mean bytes between two samples; 0 if the profile is not sampled."""
        return self.observed[-1].rate

    def seconds(self, observation: int) -> float:
        """Return when an observation was made."""
        return self.observed[observation].taken_at.seconds

    def work(self, observation: int) -> float:
        """Return the bytes the process had allocated by then; nan if unknown."""
        found = self.observed[observation]
        each = zip(found.sample_types, found.total, strict=True)
        return next((float(total) for kind, total in each if kind.type == "alloc_space"), np.nan)

    def value(self, observation: int) -> Floats:
        """Return each line's owned value then, shape (lines,)."""
        owned = self.observed[observation].owned
        value: Floats = self._wide(owned.value[None], owned.key)[0]
        return value

    def figures(self, observation: int) -> Figures:
        """Return all figures of an observation; 0 for lines that owned nothing."""
        owned = self.observed[observation].owned
        return Figures(*self._wide(owned.figures(), owned.key))

    def windows(self) -> Windows:
        """Split the history into windows; up to 20 observations are one window each.

        The length is a power of two, so that a new observation changes few windows.
        """
        length = 1
        while length * MAX_WINDOWS < len(self):
            length *= 2
        count = len(self) // length
        owned = [one.owned for one in self.observed]
        cut = [tuple(owned[i * length : (i + 1) * length]) for i in range(count)]
        ends = [(self.seconds(i * length), self.seconds((i + 1) * length - 1)) for i in range(count)]
        return Windows(np.mean(ends, axis=1), self.sites.floors(cut, self.site))

    def _wide(self, columns: Numbers, keys: Ints) -> Floats:
        site = self.sites.numbers(keys)
        wide = np.zeros((len(columns), len(self.sites)))
        wide[:, site] = columns
        return wide[:, self.site]


def history(observed: Sequence[Snapshot], head: Lines, sites: LineNumbers) -> History:
    """Return the history of the head's owned lines."""
    row = rows_that_own(head)
    return History(observed, row, sites.numbers(keys(head, row)), sites)
