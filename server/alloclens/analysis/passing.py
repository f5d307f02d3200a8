"""How much of what goes through a line passes each frame of a stack, on the way from the root."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.analysis.incidence import One

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alloclens.analysis.sites import Sites
    from alloclens.profile.model import Profile

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]


class Weight(NamedTuple):
    """What goes through something."""

    value: int
    """At the head."""
    growth: int | None
    """Head - base; equal to `value` where there is no base; None where nothing says it."""


def passing(
    profile: Profile, sites: Sites, column: int, through: Ints, stacks: Sequence[int], unsaid: Mask | None = None
) -> list[list[Weight]]:
    """Return what passes each frame of some samples' stacks, leaf first: what has the same frames from the root to there.

    `through` are the rows of the samples that count, ascending; those of `stacks` are among them. From an `unsaid` site on,
    nothing says how it grew.
    """
    values = profile.values[through, column]
    both = np.stack([np.where(profile.is_base[through], 0, values), values], axis=1)
    cursor, rows = _Cursor(profile, through), np.arange(len(through))
    node, key = np.zeros(len(through), np.int64), np.zeros(len(through), np.int64)
    shown, found = np.searchsorted(through, stacks), [[] for _ in stacks]  # type: tuple[Ints, list[list[Weight]]]
    hidden = np.zeros(len(shown), np.bool_)
    while len(here := np.flatnonzero(cursor.stands(shown))):
        rows = rows[cursor.stands(rows)]
        key[rows] = node[rows] * len(sites) + sites.of_frame[cursor.frame[rows]]
        nodes = np.unique(key[shown[here]])
        rows = rows[np.isin(key[rows], nodes)]
        node[rows] = np.searchsorted(nodes, key[rows])
        sums = One(node[rows], len(nodes)).sum(both[rows]).tolist()
        if unsaid is not None:
            hidden[here] |= unsaid[sites.of_frame[cursor.frame[shown[here]]]]
        for stack in here.tolist():
            value, growth = sums[node[shown[stack]]]
            found[stack].append(Weight(value, None if hidden[stack] else growth))
        cursor.advance(rows)
    return [one[::-1] for one in found]


class _Cursor:
    """The frame that each of some samples stands at, from the root on."""

    def __init__(self, profile: Profile, samples: Ints) -> None:
        self._location, self._frame_at = profile.location, profile.locations.frame_at
        self._begin, self._at = profile.location_at[samples], profile.location_at[samples + 1]
        self.frame = np.zeros(len(samples), np.int64)
        self._enter(np.arange(len(samples)))

    def stands(self, rows: Ints) -> Mask:
        """Return which have not come to their end."""
        return np.asarray(self._at[rows] >= self._begin[rows])

    def advance(self, rows: Ints) -> None:
        """Go to what the frame calls."""
        inlined = self.frame[rows] > self._frame_at[self._location[self._at[rows]]]
        self.frame[rows[inlined]] -= 1
        self._enter(rows[~inlined])

    def _enter(self, rows: Ints) -> None:
        self._at[rows] -= 1
        left = rows[self.stands(rows)]
        self.frame[left] = self._frame_at[self._location[self._at[left]] + 1] - 1
