"""Whether two profiles are of the same code in memory: the lines of one are at the same addresses in the other."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.profile.model import Profile

    Digests = NDArray[np.uint64]

MAX_DIGESTS = 128
"""Addresses of which a digest is kept."""
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Of splitmix64."""


def code_digests(profile: Profile) -> bytes:
    """Return the MAX_DIGESTS smallest digests of pairs of an address and its lines, in order, 8 bytes each.

    The smallest elements of two sets are samples that can be compared: whether one set contains the other.
    """
    where = profile.locations
    if not len(where.address):
        return b""
    lines = np.add.reduceat(_mixed(profile.frames.line.view(np.uint64)), where.frame_at[:-1])
    digests = _mixed(where.address.view(np.uint64) ^ lines)[where.address != 0]
    return np.unique(digests)[:MAX_DIGESTS].tobytes()


@lru_cache(20_000)  # a series is parted anew for each snapshot that comes
def contains_code(later: bytes, earlier: bytes) -> bool:
    """Return whether a later profile has all the code of an earlier one; False where one of them has no addresses.

    Go never forgets the allocations of a process, so a later profile of the same process has it. Another build has other lines at
    some addresses, and another process has sampled other stacks.
    """
    old, new = np.frombuffer(earlier, np.uint64), np.frombuffer(later, np.uint64)
    told = old if len(new) < MAX_DIGESTS else old[old <= new[-1]]
    return bool(len(told) and np.isin(told, new).all())


def _mixed(of: Digests) -> Digests:
    of = (of + MIX[0]) * MIX[1]
    mixed: Digests = (of ^ (of >> np.uint64(27))) * MIX[2]
    return mixed ^ (mixed >> np.uint64(31))
