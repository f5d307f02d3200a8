"""What each stack of a profile has allocated: it shows that two profiles are not of one process.

The heap profile of a process keeps every stack that has allocated, and what it has allocated never falls. What is in
use rises by at most what was allocated meanwhile. Both hold exactly for sampled objects, and for each stack. So two
processes of one program rarely look like one: some stack was sampled in the earlier profile, and less often or never
in the later one.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.sample_types import column_of
from alloclens.stats.sampling import errors
from alloclens.tables.code import mixed
from alloclens.transform.patterns import hit_texts, of_rows
from alloclens.transform.subset import samples_through

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints
    from alloclens.profile.model import Profile
    from alloclens.tables.code import Digests

PROFILERS = ("runtime/pprof.", "net/http/pprof.")
"""Prefixes of the functions that write Go's profiles, which allocate half a megabyte each time."""
MAX_STACKS = 512
"""Number of stacks in a sketch."""
MAX_ROUNDING = 2
"""Sampled objects by which a difference may be off. Without its exact block size, each of two counts may be off by one."""
COUNT = np.uint32
ROW_BYTES = 16
MAX_COUNT = np.iinfo(COUNT).max


class StackAllocations(NamedTuple):
    """One row for each stack that has allocated, by digest."""

    stack: Digests
    """Digest of the stack's functions and lines, ascending; of its addresses if the profile has no names."""
    allocated: Ints
    """Sampled objects since the process started, at most MAX_COUNT; bytes if the number is unknown."""
    in_use: Ints
    """The same, in use now."""

    def rows(self, rows: Ints | slice) -> StackAllocations:
        """Return some of the rows."""
        return StackAllocations(self.stack[rows], self.allocated[rows], self.in_use[rows])


def stack_allocations(profile: Profile) -> StackAllocations:
    """Return what each stack has allocated; nothing for a difference, or a profile without such sample types.

    `profile` is as it was read: names found in a binary change with the binary.
    """
    types = profile.sample_types
    pairs = ((column_of(types, f"alloc_{unit}"), column_of(types, f"inuse_{unit}")) for unit in ("objects", "space"))
    allocated, in_use = next(((a, i) for a, i in pairs if a is not None), (None, None))
    if allocated is None or profile.is_difference:
        nothing = np.zeros(0, np.int64)
        return StackAllocations(nothing.view(np.uint64), nothing, nothing)
    stack, of_sample = np.unique(_stacks(profile), return_inverse=True)
    counted = _counts(profile)

    def total(column: int | None) -> Ints:
        counts = counted[:, column] if column is not None else np.zeros(len(profile))
        totals = np.bincount(of_sample.reshape(-1), counts, len(stack))
        return np.minimum(totals, MAX_COUNT).astype(np.int64)

    since_start = total(allocated)
    return StackAllocations(stack, since_start, total(in_use)).rows(np.flatnonzero(since_start))


def profiling(profile: Profile) -> int:
    """Return the bytes that were allocated and freed to write profiles, which is no work of the program's; 0 if unknown."""
    allocated, in_use = (column_of(profile.sample_types, name) for name in ("alloc_space", "inuse_space"))
    if allocated is None or in_use is None:
        return 0
    writes = hit_texts(profile, profile.functions.name, lambda name: name.startswith(PROFILERS))
    hit = samples_through(profile, of_rows(writes, profile.frames.function))
    return int((profile.values[hit, allocated] - profile.values[hit, in_use]).sum())


def rows(packed: bytes) -> int:
    """Return the number of stacks in a sketch."""
    return len(packed) // ROW_BYTES


def sketch(allocations: StackAllocations) -> bytes:
    """Return the MAX_STACKS rows with the smallest digests (a bottom-k sketch), ROW_BYTES each, column by column.

    The smallest elements of two sets are enough to compare what both have.
    """
    stack, *counts = (column[:MAX_STACKS] for column in allocations)
    return b"".join([stack.tobytes(), *(column.astype(COUNT).tobytes() for column in counts)])


@lru_cache(20_000)  # a series is split again for each new snapshot
def sketches_differ(earlier: bytes, later: bytes) -> bool:
    """Return whether the sketches show that two profiles are of different processes."""
    return of_two_processes(_unpacked(earlier), _unpacked(later), MAX_STACKS)


def of_two_processes(earlier: StackAllocations, later: StackAllocations, limit: int | None = None) -> bool:
    """Return whether the later profile cannot be of the earlier one's process. `limit`: the rows of a full sketch."""
    if not len(later.stack) or not len(earlier.stack):
        return False
    if not np.array_equal(earlier.stack, later.stack):  # they are equal in most snapshots of a series
        if limit is not None and len(later.stack) >= limit:
            end = int(np.searchsorted(earlier.stack, later.stack[-1], "right"))
            earlier = earlier.rows(slice(end))
        at = np.minimum(np.searchsorted(later.stack, earlier.stack), len(later.stack) - 1)
        later = later.rows(at)
        if not np.array_equal(later.stack, earlier.stack):
            return True
    more = later.allocated - earlier.allocated
    retained = (later.in_use - earlier.in_use - more > MAX_ROUNDING) & (later.allocated < MAX_COUNT)
    return bool((more < 0).any() or retained.any())


def _unpacked(packed: bytes) -> StackAllocations:
    count = rows(packed)
    stack = np.frombuffer(packed, np.uint64, count)
    counts = np.frombuffer(packed, COUNT, offset=8 * count).reshape(2, count).astype(np.int64)
    return StackAllocations(stack, *counts)


def _counts(profile: Profile) -> Floats:
    """Return the sampled objects of each value, at least 1 unless it is 0; the value if their number is unknown."""
    sampled, value = errors(profile).sampled, np.abs(profile.values.astype(np.float64))
    return np.where(np.isnan(sampled), value, np.maximum(sampled, value > 0))


def _stacks(profile: Profile) -> Digests:
    """Return a digest of each sample's stack, whatever the order of its frames.

    Frames without a name do not count if others have one: Go's text profiles have the runtime's frames by address only.
    """
    where, frames = profile.locations, profile.frames
    named = _names(profile)
    if named.any():
        of_function = np.append(named, 0).astype(np.uint64)[frames.function]
        digest = mixed(of_function ^ mixed(frames.line.view(np.uint64)))
        digest[of_function == 0] = 0
        of_location = np.add.reduceat(digest, where.frame_at[:-1]) if len(digest) else digest
    else:
        of_location = mixed(where.address.view(np.uint64))
    stacked = np.flatnonzero(np.diff(profile.location_at))
    out = np.zeros(len(profile), np.uint64)
    if len(stacked):
        out[stacked] = np.add.reduceat(of_location[profile.location], profile.location_at[stacked])
    return out


def _names(profile: Profile) -> Digests:
    """Return a digest of each function's name; 0 if it has none."""
    return np.array([_digest(name) if name else 0 for name in profile.text(profile.functions.name)], np.uint64)


@lru_cache(100_000)
def _digest(name: str) -> int:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") | 1
