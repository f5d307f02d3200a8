"""The compiled loops over samples and frames: kernel.wasm, built from server/kernel/ by `make kernel`."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.arrays import Floats, Indices, Ints, Mask
    from alloclens.profile.arena import Arena

MAX_KEPT_BYTES = 128 << 20
"""An arena of up to this size is reused: allocating fresh memory takes longer than reading most files."""
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


def cum(
    location_at: Ints, location: Indices, site_at: Ints, site: Ints, whole: Ints, fractions: Floats
) -> tuple[Ints, Floats]:
    """Add the values of each sample to every site of its stack, once.

    Sample i has the locations location[location_at[i]:location_at[i + 1]], location l the sites
    site[site_at[l]:site_at[l + 1]]. Values have the shape (samples, k), sums (sites, k).
    """
    sites, widths = int(site.max(initial=-1)) + 1, (whole.shape[1], fractions.shape[1])
    pairs = [-(-width // 2) for width in widths]
    begin, row = 2 * pairs[0], 2 * sum(pairs)
    with arena() as memory:
        at, stacks, at_sites, all_sites = (memory.put(c, np.uint32) for c in (location_at, location, site_at, site))
        given = memory.room(size := 8 * row * len(whole))
        memory.keep(given, size)
        values = memory.view(given, row * len(whole), np.int64).reshape(len(whole), row)
        values[:, : widths[0]], values[:, begin : begin + widths[1]] = whole, fractions.view(np.int64)
        values[:, widths[0] : begin] = values[:, begin + widths[1] :] = 0
        out = memory.put(np.zeros(sites * (row + 2), np.int64), np.int64)
        memory.call("cum", at, stacks, len(whole), at_sites, all_sites, given, *pairs, out)
        # The first pair of each row says which sample was added last.
        sums = memory.view(out, sites * (row + 2), np.int64).reshape(sites, row + 2)[:, 2:].copy()
    return sums[:, : widths[0]], sums[:, begin : begin + widths[1]].view(np.float64)


def owned(location_at: Ints, location: Indices, site_at: Ints, site: Ints, own: Mask, most: int) -> Ints:
    """Return the deepest own site of each sample, and the next other ones outwards, shape (samples, most); -1 for none.

    Samples and locations are as in `cum`; `own` is of the shape (sites,).
    """
    samples = len(location_at) - 1
    with arena() as memory:
        at, stacks, at_sites, all_sites = (memory.put(c, np.uint32) for c in (location_at, location, site_at, site))
        is_own, out = memory.put(own, np.uint8), memory.room(4 * most * samples)
        memory.call("owned", at, stacks, samples, at_sites, all_sites, is_own, most, out)
        sites: Ints = memory.taken(out, most * samples, np.int32).reshape(samples, most).astype(np.int64)
    return sites
