"""What the lines of a process owned, observation by observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.series.owned import Figures, keys, rows_that_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.arrays import Floats, Ints, Singles
    from alloclens.series.owned import LineNumbers
    from alloclens.series.snapshot import Snapshot
    from alloclens.tables.lines import Lines


MAX_WINDOWS = 20
"""Into so many windows a history is cut at most: enough for a trend, whose distribution is then small enough to be exact."""


class Windows(NamedTuple):
    """Successive windows of equal length, from the first observation on; what fills none at the end is left out."""

    seconds: Floats
    """The middle of each window, shape (windows,)."""
    floor: Singles
    """The least that each line owned in each window, shape (windows, lines)."""


@dataclass(frozen=True, eq=False)
class History:
    """One process. The lines are those that own something at its last observation, the head."""

    observed: Sequence[Snapshot]
    """In time order."""
    row: Ints
    """Of the head's lines, shape (lines,)."""
    site: Ints
    """Of the same lines."""
    sites: LineNumbers

    def __len__(self) -> int:
        return len(self.observed)

    @property
    def rate(self) -> float:
        """Bytes between two samples; 0 where all is counted."""
        return self.observed[-1].rate

    def seconds(self, observation: int) -> float:
        """Return when it was taken."""
        return self.observed[observation].taken_at.seconds

    def work(self, observation: int) -> float:
        """Return what the whole process had allocated by then; nan where that is not known."""
        found = self.observed[observation]
        each = zip(found.sample_types, found.total, strict=True)
        return next((float(total) for kind, total in each if kind.type == "alloc_space"), np.nan)

    def value(self, observation: int) -> Floats:
        """Return what each line owned then, shape (lines,)."""
        owned = self.observed[observation].owned
        value: Floats = self._wide(owned.value[None], owned.key)[0]
        return value

    def figures(self, observation: int) -> Figures:
        """Return all figures of one observation; 0 where a line owned nothing then."""
        owned = self.observed[observation].owned
        return Figures(*self._wide(owned.figures(), owned.key))

    def windows(self) -> Windows:
        """Cut the history into windows; up to 20 observations are a window each.

        Their length is a power of two, so that one more observation leaves nearly all as they are.
        """
        length = 1
        while length * MAX_WINDOWS < len(self):
            length *= 2
        count = len(self) // length
        owned = [one.owned for one in self.observed]
        cut = [tuple(owned[i * length : (i + 1) * length]) for i in range(count)]
        ends = [(self.seconds(i * length), self.seconds((i + 1) * length - 1)) for i in range(count)]
        return Windows(np.mean(ends, axis=1), self.sites.floors(cut, self.site))

    def _wide(self, columns: Singles, keys: Ints) -> Floats:
        site = self.sites.numbers(keys)
        wide = np.zeros((len(columns), len(self.sites)))
        wide[:, site] = columns
        return wide[:, self.site]


def history(observed: Sequence[Snapshot], head: Lines, sites: LineNumbers) -> History:
    """Gather what the head's owned lines owned in all observations."""
    row = rows_that_own(head)
    return History(observed, row, sites.numbers(keys(head, row)), sites)
