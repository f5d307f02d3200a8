"""Heap profiles as text: Go's debug=1, and those of gperftools and tcmalloc.

`heap profile: 1: 64 [3: 192] @ heap/1048576`, then `1: 64 [3: 192] @ 0x46a2b1 …` for each stack: objects and bytes in use,
and in brackets all that were ever allocated. Source: pprof's legacy_profile.go, runtime/pprof, gperftools.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Label, Stacks, addresses, assemble
from alloclens.profile.formats.go_symbols import symbols
from alloclens.profile.formats.text import ALLOCATORS, CALLED_BY_GO, matches, sections, unsampled, whole
from alloclens.profile.model import MemStats, Profile, ValueType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

MARK = b"heap profile:"
COUNTS = r"\s*(-?\d+):\s*(-?\d+)\s*\[\s*(-?\d+):\s*(-?\d+)\s*\]\s*@"
HEADER = re.compile(rf"heap profile:{COUNTS}\s*(\w+)/?(\d*)")
SAMPLE = re.compile(rf"{COUNTS}([ x0-9a-f]*)")
IN_USE = (ValueType("inuse_objects", "count"), ValueType("inuse_space", "bytes"))
ALLOCATED = (ValueType("alloc_objects", "count"), ValueType("alloc_space", "bytes"))
ONLY = (ValueType("objects", "count"), ValueType("space", "bytes"))
"""Where nothing is said of what was allocated, as of growthz."""
SAMPLED = ("heap", "heap_v2", "heapz_v2")
UNSAMPLED = ("heapprofile", "growth", "growthz", "fragmentation", "fragmentationz")
GO = "heap"
MEM_STATS = {"HeapInuse": 0, "HeapIdle": 1, "Stack": 2, "Sys": 3, "NumGC": 4}
MEM_STAT = re.compile(r"^# (\w+) = (\d{1,18})", re.MULTILINE)


def parse(data: bytes) -> Profile:
    """Read a profile. Raises Unrecognized or Malformed."""
    if MARK not in data[:4096]:
        raise Unrecognized("no heap profile as text")
    text = data.decode("utf-8", "replace")
    cut = sections(text)
    in_use, in_use_bytes, all_, all_bytes, kind, rate = _header(cut.header)
    has_all = (all_ not in (in_use, 0)) or (all_bytes not in (in_use_bytes, 0))
    found = matches(SAMPLE, cut.body.split("\n"))
    columns = [whole([match[i] for match in found]) for i in (3, 4, 1, 2)]
    pairs = [(columns[0], columns[1]), (columns[2], columns[3])][0 if has_all else 1 :]
    _check(pairs)
    scaled = [unsampled(*pair, rate) if kind in SAMPLED else pair for pair in pairs]
    depth, address = addresses([match[5] for match in found], callers=True)
    return assemble(
        (*ALLOCATED, *IN_USE) if has_all else ONLY,
        Stacks(np.stack([column for pair in scaled for column in pair], axis=1), depth, address),
        memory_map=cut.memory_map,
        symbols=symbols(text),
        labels=[Label(i, "bytes", size) for i, size in enumerate(_block_sizes(pairs))],
        period=max(rate, 1),
        period_type=ValueType("space", "bytes"),
        drop_frames=ALLOCATORS,
        keep_frames=CALLED_BY_GO,
        mem_stats=_mem_stats(text),
    )


def _header(line: str) -> tuple[int, int, int, int, str, int]:
    """Return the four totals, the kind, and how many bytes there were on average for one sampled object."""
    found = HEADER.match(line)
    if not found:
        raise Malformed("the first line of the heap profile is damaged")
    kind, rate = found[5], min(int(found[6] or 0), 2**62)
    if kind not in (*SAMPLED, *UNSAMPLED):
        raise Malformed(f"a heap profile of a kind that is not known: @ {kind}")
    totals = whole([found[i] for i in range(1, 5)]).tolist()
    return (*totals, kind, 1 if kind in UNSAMPLED else rate // 2 if kind == GO else rate)  # Go writes twice the rate


def _check(pairs: list[tuple[Ints, Ints]]) -> None:
    if any(((count == 0) & (size != 0)).any() for count, size in pairs):
        raise Malformed("a line has no objects but bytes")


def _block_sizes(pairs: list[tuple[Ints, Ints]]) -> list[int]:
    """Return the mean bytes of an object as they were sampled, of those in use where there are any."""
    out = np.zeros(len(pairs[0][0]), np.int64)
    for count, size in pairs:
        some = count != 0
        out[some] = size[some] // count[some]
    return out.tolist()


def _mem_stats(text: str) -> MemStats | None:
    _, mark, tail = text.rpartition("# runtime.MemStats")
    found = {MEM_STATS[name]: int(value) for name, value in MEM_STAT.findall(tail) if name in MEM_STATS}
    return MemStats(*(found[i] for i in range(5))) if mark and len(found) == len(MEM_STATS) else None
