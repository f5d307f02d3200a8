"""The compiled loops over samples and frames: kernel.wasm, built from server/kernel/ by `make kernel`."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.arrays import Floats, Indices, Ints, Mask
    from alloclens.profile.arena import Arena

MAX_KEPT_BYTES = 128 << 20
"""An arena of up to this size is reused: allocating fresh memory takes longer than reading most files."""
GATHERED = 1024
"""Sites that are gathered before values are added to them, as in kernel.ts."""
BLOCK = 4096
"""Samples whose values are copied at once."""
_local = threading.local()


@contextmanager
def arena() -> Iterator[Arena]:
    """Lend this thread's arena, empty."""
    from alloclens.profile.arena import Arena  # noqa: PLC0415 - a server needs it for few requests, `--help` never

    lent = getattr(_local, "arena", None) or Arena()
    _local.arena = None  # a nested use gets another arena
    lent.clear()
    yield lent  # not kept after an exception: how much was touched is unknown
    _local.arena = lent if lent.touched <= MAX_KEPT_BYTES else None


class LoadedStacks:
    """The stacks of all samples, in the kernel's memory.

    Sample i has the locations location[location_at[i]:location_at[i + 1]], location l the sites site[site_at[l]:site_at[l + 1]].
    """

    def __init__(
        self, memory: Arena, location_at: Ints, location: Indices, site_at: Ints, site: Ints, sites: int
    ) -> None:
        self._memory = memory
        self._site_at, self._site, self._sites = site_at, site, sites
        at, stacks, at_sites, of_locations = (memory.put(c, np.uint32) for c in (location_at, location, site_at, site))
        self._samples = len(location_at) - 1
        self._stacks = at, stacks, self._samples, at_sites, of_locations

    def cum(self, values: LoadedValues) -> tuple[Ints, Floats]:
        """Add the values of each sample to every site of its stack, once; returns them as `LoadedValues.by` does."""
        widest = int(np.diff(self._site_at).max(initial=0))
        gathered = self._memory.room(size := 4 * (GATHERED + widest + 1))
        self._memory.keep(gathered, size)
        return values.summed("cum", self._sites, *self._stacks, *values.rows, gathered)

    def owned(self, own: Mask, most: int) -> Ints:
        """Return the deepest own site of each sample, and the next other ones outwards, shape (samples, most); -1 for none.

        `own` has shape (sites,).
        """
        memory = self._memory
        is_own, has_own = (memory.put(mask, np.uint8) for mask in (own, some(own[self._site], self._site_at)))
        out = memory.room(4 * most * self._samples)
        memory.call("owned", *self._stacks, is_own, has_own, most, out)
        sites: Ints = memory.taken(out, most * self._samples, np.int32).reshape(-1, most).astype(np.int64)
        return sites


class LoadedValues:
    """Integers and floats of each sample, in the kernel's memory."""

    def __init__(self, memory: Arena, samples: int, whole: Sequence[Ints], fractions: Sequence[Floats]) -> None:
        """Take columns with shape (samples,)."""
        self._memory, self._samples = memory, samples
        begin, pairs = 1 + (len(whole) | 1), (len(fractions) + 1) // 2
        self._width = begin + 2 * pairs
        self._whole, self._fractions = slice(1, 1 + len(whole)), slice(begin, begin + len(fractions))
        at = self._zeros(samples)
        columns = *whole, *(fraction.view(np.int64) for fraction in fractions)
        places = *range(1, 1 + len(whole)), *range(begin, begin + len(fractions))
        rows = memory.view(at, self._width * samples, np.int64).reshape(samples, self._width)
        for first in range(0, samples, BLOCK):  # rows of one block stay in the processor's cache
            block = slice(first, first + BLOCK)
            for place, column in zip(places, columns, strict=True):
                rows[block, place] = column[block]
        self.rows = at, begin - 1, pairs
        """As the kernel's functions take them."""

    def by(self, group: Ints, groups: int) -> tuple[Ints, Floats]:
        """Sum the samples of each group, without those in group -1; each with shape (groups, columns)."""
        return self.summed("sums", groups, self._memory.put(group, np.uint32), self._samples, *self.rows)

    def summed(self, name: str, groups: int, *arguments: int) -> tuple[Ints, Floats]:
        """Call a function of the kernel that adds to sums, whose address is its last argument."""
        out = self._zeros(groups)
        self._memory.call(name, *arguments, out)
        sums = self._memory.taken(out, groups * self._width, np.int64).reshape(groups, self._width)
        return sums[:, self._whole], sums[:, self._fractions].view(np.float64)

    def _zeros(self, rows: int) -> int:
        at = self._memory.room(size := 8 * self._width * rows)
        self._memory.keep(at, size)
        self._memory.view(at, size, np.uint8)[:] = 0
        return at
