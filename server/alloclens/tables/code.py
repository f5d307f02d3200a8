"""Tests whether two profiles have the same code at the same addresses, and the same binaries."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.profile.model import Profile

    Digests = NDArray[np.uint64]

MAX_DIGESTS = 128
"""Number of address digests kept for a profile."""
MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))
"""Constants of splitmix64."""


def code_digests(profile: Profile) -> bytes:
    """Return the MAX_DIGESTS smallest digests of (address, lines) pairs, sorted, 8 bytes each.

    The smallest elements of two sets are enough to test whether one contains the other (a bottom-k sketch).
    """
    where = profile.locations
    if not len(where.address):
        return b""
    lines = np.add.reduceat(mixed(profile.frames.line.view(np.uint64)), where.frame_at[:-1])
    digests = mixed(where.address.view(np.uint64) ^ lines)[where.address != 0]
    return distinct(digests)[:MAX_DIGESTS].tobytes()


@lru_cache(20_000)  # a series is split again for each new snapshot
def contains_code(later: bytes, earlier: bytes) -> bool:
    """Return whether a later profile has all the code of an earlier one; False if either has no addresses.

    Go's heap profiles keep all allocations of a process, so a later profile has it. Another build has other lines at
    some addresses, and another process has sampled other stacks.
    """
    old, new = np.frombuffer(earlier, np.uint64), np.frombuffer(later, np.uint64)
    comparable = old if len(new) < MAX_DIGESTS else old[old <= new[-1]]
    return bool(len(comparable) and np.isin(comparable, new).all())


def memory_map(profile: Profile) -> bytes:
    """Return where the binaries of a profile begin in memory: for each, a digest of its name and the address, 8 bytes each.

    The system loads position-independent programs and libraries at other addresses each time.
    """
    table = profile.mappings
    begin = (table.start - table.offset).view(np.uint64)
    named = np.array([bool(name) for name in profile.text(table.file)], np.bool_)  # others are of code made at run time
    known = np.flatnonzero((table.start != 0) & (table.limit != 0) & named)
    file, number = np.unique(table.file[known], return_inverse=True)
    at = np.full(len(file), np.iinfo(np.uint64).max)
    np.minimum.at(at, number, begin[known])
    names = [hashlib.blake2b(profile.strings[i].encode("utf-8", "surrogatepass"), digest_size=8).digest() for i in file]
    return b"".join(name + address.tobytes() for name, address in zip(names, at, strict=True))


@lru_cache(20_000)  # a series is split again for each new snapshot
def moved(earlier: bytes, later: bytes) -> bool:
    """Return whether most binaries that two profiles have are elsewhere in memory. One may have been unloaded and loaded again."""
    if earlier == later:
        return False
    old, new = _begins(earlier), _begins(later)
    common = old.keys() & new.keys()
    return 2 * sum(old[name] != new[name] for name in common) > len(common)


def _begins(packed: bytes) -> dict[int, int]:
    """Return the pairs of a memory map."""
    return dict(zip(*np.frombuffer(packed, np.uint64).reshape(-1, 2).T.tolist(), strict=True))


def mixed(of: Digests) -> Digests:
    """Return well-mixed numbers, one for each, as splitmix64 does."""
    of = (of + MIX[0]) * MIX[1]
    out: Digests = (of ^ (of >> np.uint64(27))) * MIX[2]
    return out ^ (out >> np.uint64(31))
