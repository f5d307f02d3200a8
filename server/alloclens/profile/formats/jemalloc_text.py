"""jemalloc's heap profile: `heap_v2/524288`, then for each stack `@ 0x… 0x…` and a line for all threads and each one.

`  t*: 7: 112 [0: 0]` says 7 objects of 112 bytes in use, and in brackets what was ever allocated where that is counted
(prof_accum). Source: jemalloc's prof_data.c and jeprof.
"""

from __future__ import annotations

import re

import numpy as np

from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Label, Stacks, addresses, assemble
from alloclens.profile.formats.heap_text import ALLOCATED, IN_USE
from alloclens.profile.formats.text import ALLOCATORS, carried, decoded, sections, unsampled, whole
from alloclens.profile.model import Profile, ValueType

HEADER = re.compile(r"heap_v2/(\d{1,18})$")
MARK = b"heap_v2/"
ALL_THREADS = re.compile(r"^@([ x0-9a-f]*)\n\s*t\*:\s*(-?\d+):\s*(-?\d+)\s*\[\s*(-?\d+):\s*(-?\d+)\s*\]", re.MULTILINE)
STACK = re.compile(r"^@", re.MULTILINE)


def parse(data: bytes) -> Profile:
    """Parse a profile as the sum of all threads. Raises Unrecognized or Malformed."""
    if not data.startswith(MARK):
        raise Unrecognized("not a heap profile of jemalloc")
    cut = sections(decoded(data).replace("\r\n", "\n"))
    header = HEADER.match(cut.header)
    if not header:
        raise Malformed("the first line of the heap profile is damaged")
    totals = ALL_THREADS.findall(cut.body)
    if len(totals) != len(STACK.findall(cut.body)):
        raise Malformed("a stack has no line for all threads (t*): the file was copied or written only in part")
    rate = int(header[1])
    count, size, all_count, all_size = (whole([row[i] for row in totals]) for i in range(1, 5))
    pairs = [(all_count, all_size), (count, size)] if all_count.any() else [(count, size)]
    depth, address = addresses([row[0] for row in totals], callers=True)
    return assemble(
        (*ALLOCATED, *IN_USE) if len(pairs) > 1 else IN_USE,
        Stacks(np.stack([c for pair in pairs for c in unsampled(*pair, rate, carried)], axis=1), depth, address),
        memory_map=cut.memory_map,
        labels=[Label(i, "bytes", n) for i, n in enumerate((size // np.maximum(count, 1)).tolist())],
        period=rate,
        period_type=ValueType("space", "bytes"),
        drop_frames=ALLOCATORS,
    )
