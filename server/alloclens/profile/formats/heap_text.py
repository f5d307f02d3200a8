"""Text heap profiles: Go's debug=1, gperftools' and tcmalloc's.

`heap profile: 1: 64 [3: 192] @ heap/1048576`, then `1: 64 [3: 192] @ 0x46a2b1 …` for each stack: objects and bytes in
use, and in brackets allocated since the start. Source: pprof's legacy_profile.go, runtime/pprof, gperftools.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import offsets
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Label, Stacks, addresses, assemble
from alloclens.profile.formats.go_symbols import symbols
from alloclens.profile.formats.text import ALLOCATORS, CALLED_BY_GO, decoded, matches, sections, unsampled, whole
from alloclens.profile.model import MemStats, Profile, ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.arrays import Addresses, Ints
    from alloclens.profile.model import Frame


MARK = b"heap profile:"
COUNTS = r"\s*(-?\d+):\s*(-?\d+)\s*\[\s*(-?\d+):\s*(-?\d+)\s*\]\s*@"
HEADER = re.compile(rf"heap profile:{COUNTS}\s*(\w+)/?(\d{{0,19}})")
SAMPLE = re.compile(rf"{COUNTS}([ x0-9a-f]*)")
IN_USE = (ValueType("inuse_objects", "count"), ValueType("inuse_space", "bytes"))
ALLOCATED = (ValueType("alloc_objects", "count"), ValueType("alloc_space", "bytes"))
ONLY = (ValueType("objects", "count"), ValueType("space", "bytes"))
"""If allocations are not recorded, as in growthz."""
SAMPLED = ("heap", "heap_v2", "heapz_v2")
IN_USE_ONLY = ("growth", "growthz", "fragmentation", "fragmentationz")
GPERFTOOLS = "heapprofile"
UNSAMPLED = (GPERFTOOLS, *IN_USE_ONLY)
GO = "heap"
RUNTIME = ("runtime.", "internal/runtime/")
MEM_STATS = {"HeapInuse": 0, "HeapIdle": 1, "Stack": 2, "Sys": 3, "NextGC": 4}
MEM_STAT = re.compile(r"^# (\w+) = (\d{1,18})(?!\d)", re.MULTILINE)


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed.

    Sample types are pprof's, but for a dump of gperftools before anything was freed: it is of one series with those after it.
    """
    if MARK not in data[:4096]:
        raise Unrecognized("not a text heap profile")
    text = decoded(data)
    cut = sections(text)
    in_use, in_use_bytes, all_, all_bytes, kind, rate = _header(cut.header)
    freed = all_ not in (in_use, 0) or all_bytes not in (in_use_bytes, 0)
    has_all = kind not in IN_USE_ONLY and (freed or (kind == GPERFTOOLS and all_ > 0))
    samples = matches(SAMPLE, cut.body.split("\n"))
    columns = [whole([match[i] for match in samples]) for i in (3, 4, 1, 2)]
    pairs = [(columns[0], columns[1]), (columns[2], columns[3])][0 if has_all else 1 :]
    _check(pairs)
    scaled = [unsampled(*pair, rate) if kind in SAMPLED else pair for pair in pairs]
    known = symbols(text)
    depth, address = _without_allocator(*addresses([match[5] for match in samples], callers=True), known)
    return assemble(
        (*ALLOCATED, *IN_USE) if has_all else ONLY,
        Stacks(np.stack([column for pair in scaled for column in pair], axis=1), depth, address),
        memory_map=cut.memory_map,
        symbols=known,
        labels=[Label(i, "bytes", size) for i, size in enumerate(_block_sizes(pairs))],
        period=rate,
        period_type=ValueType("space", "bytes"),
        drop_frames="" if known else ALLOCATORS,  # runtime.main calls everything: Go's proto has no drop_frames either
        keep_frames="" if known else CALLED_BY_GO,
        mem_stats=_mem_stats(text),
    )


def _header(line: str) -> tuple[int, int, int, int, str, int]:
    """Return the four totals, the kind, and the sampling rate in bytes."""
    match = HEADER.match(line)
    if MARK.decode() not in line:
        raise Unrecognized("not a text heap profile")
    if not match:
        raise Malformed("the first line of the heap profile is damaged")
    kind, rate = match[5], min(int(match[6] or 0), 2**62)
    if kind not in (*SAMPLED, *UNSAMPLED):
        raise Malformed("a heap profile of a kind that is not known: @ ", kind)
    totals = whole([match[i] for i in range(1, 5)]).tolist()
    return (*totals, kind, 1 if kind in UNSAMPLED else rate // 2 if kind == GO else rate)  # Go writes twice the rate


def _without_allocator(depth: Ints, address: Addresses, known: Mapping[int, list[Frame]]) -> tuple[Ints, Addresses]:
    """Start every stack at its first frame outside the runtime, as Go's profile.proto does.

    Go's comments omit those frames, so an address without a comment is taken for one. A stack of only such frames
    stays.
    """
    others = [a for a, frames in known.items() if not all(f.function.startswith(RUNTIME) for f in frames)]
    seen, at = offsets(np.isin(address, np.array(others, np.uint64)).astype(np.int64)), offsets(depth)
    begin, end = (np.repeat(seen[edge], depth) for edge in (at[:-1], at[1:]))
    keep = (seen[1:] > begin) | (begin == end)
    return np.diff(offsets(keep.astype(np.int64))[at]), address[keep]


def _check(pairs: list[tuple[Ints, Ints]]) -> None:
    if any(((count == 0) & (size != 0)).any() for count, size in pairs):
        raise Malformed("a line has no objects but bytes")


def _block_sizes(pairs: list[tuple[Ints, Ints]]) -> list[int]:
    """Return the mean object size as sampled, of the objects in use if there are any."""
    out = np.zeros(len(pairs[0][0]), np.int64)
    for count, size in pairs:
        some = count != 0
        out[some] = np.sign(count[some]) * np.sign(size[some]) * (np.abs(size[some]) // np.abs(count[some]))
    return out.tolist()


def _mem_stats(text: str) -> MemStats | None:
    _, mark, tail = text.rpartition("# runtime.MemStats")
    figures = {MEM_STATS[name]: int(value) for name, value in MEM_STAT.findall(tail) if name in MEM_STATS}
    needed = all(i in figures for i in range(4))  # with GOGC=off, NextGC has 20 digits
    return MemStats(*(figures.get(i, 0) for i in range(5))) if mark and needed else None
