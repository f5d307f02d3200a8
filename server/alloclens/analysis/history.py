"""What the lines of a process owned, observation by observation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.owned import Figures, Owned, keys, rows_that_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.lines import Lines
    from alloclens.analysis.owned import Sites
    from alloclens.analysis.series import Snapshot
    from alloclens.profile.model import ValueType

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Singles = NDArray[np.float32]

MOST_WINDOWS = 20
"""Into so many windows a long history is cut at most: enough for a trend, and Mann–Kendall's law is exact for them."""


class Windows(NamedTuple):
    """Successive windows of equal length; the oldest observations that fill none are left out."""

    seconds: Floats
    """The middle of each window, shape (windows,)."""
    floor: Singles
    """The least that each line owned in each window, shape (windows, lines)."""
    length: int
    """Observations in a window."""


@dataclass(frozen=True, eq=False)
class History:
    """One process. The lines are those that own something at its last observation, the head."""

    row: Ints
    """Of the head's lines, shape (lines,)."""
    seconds: Floats
    """Shape (observations,)."""
    value: Singles
    """Owned, shape (observations, lines)."""
    work: Floats
    """What the whole process has allocated since it started, shape (observations,); nan where it is not known."""
    rate: float
    """Bytes between two samples; 0 where nothing is sampled."""
    _site: Ints
    _owned: tuple[Owned, ...]

    def __len__(self) -> int:
        return len(self.seconds)

    def at(self, observation: int) -> Figures:
        """Return all figures of one observation, each of shape (lines,); 0 where a line owned nothing then."""
        owned = self._owned[observation]
        wide = np.zeros((len(Figures._fields), 1 + max(self._site.max(initial=0), owned.site.max(initial=0))))
        wide[:, owned.site] = owned.figures
        return Figures(*wide[:, self._site])

    def windows(self) -> Windows:
        """Cut the history into windows; up to 20 observations are a window each."""
        length = -(-len(self) // MOST_WINDOWS)
        count = len(self) // length
        begin = len(self) - count * length
        floor = self.value[begin:].reshape(count, length, -1).min(axis=1)
        return Windows(self.seconds[begin:].reshape(count, length).mean(axis=1), floor, length)


def history(observed: Sequence[Snapshot], head: Lines, sites: Sites, wanted: ValueType) -> History:
    """Gather what the head's owned lines owned in all observations, whose `owned` is numbered by the same sites."""
    row = rows_that_own(head)
    site = sites.numbers(keys(head, row))
    kept = tuple(one.owned for one in observed)
    return History(
        row=row,
        seconds=np.array([one.taken_at.seconds for one in observed]),
        value=_values(kept, site, len(sites)),
        work=np.array([_work(one, wanted) for one in observed]),
        rate=float(observed[-1].period),
        _site=site,
        _owned=kept,
    )


def _values(kept: Sequence[Owned], site: Ints, sites: int) -> Singles:
    """Return a row for each snapshot: one scatter for all of them together."""
    column = np.full(sites, len(site))  # one more, for what the head does not own
    column[site] = np.arange(len(site))
    wide = np.zeros((len(kept), len(site) + 1), np.float32)
    begin = np.repeat(np.arange(len(kept)) * wide.shape[1], [len(one.site) for one in kept])
    at = begin + column[np.concatenate([one.site for one in kept])]
    wide.reshape(-1)[at] = np.concatenate([one.figures[0] for one in kept])
    return wide[:, :-1]


def _work(snapshot: Snapshot, wanted: ValueType) -> float:
    name = wanted.type.replace("inuse_", "alloc_")
    found = (total for t, total in zip(snapshot.sample_types, snapshot.total, strict=True) if t.type == name)
    return float(next(found, np.nan)) if name != wanted.type else np.nan
