"""Text stack traces of all threads: threadz of C++ services.

`--- threadz 1 ---`, then for each thread `--- Thread 7f794ab90940 (name: main/14748) stack: ---` and its addresses, one
line each with its name (` 0x0040be31: main`, which pprof drops), or a line that they are the same as the previous
thread's. Source: pprof's legacy_profile.go.
"""

from __future__ import annotations

import re

import numpy as np

from alloclens.arrays import offsets
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import HEX, Stacks, addresses, assemble, named, without_twins
from alloclens.profile.formats.text import PROFILERS, decoded, sections
from alloclens.profile.model import Frame, Profile, ValueType

MARK = re.compile(rb"--- threadz \d+ ---|--- Thread [0-9a-fA-F]+ \(name: ")
THREAD = re.compile(r"--- Thread [0-9a-fA-F]+ \(name: [^\n]*/\d+\) stack: ---")
NAME = re.compile(r"0x([0-9a-f]{1,16}): (\S[^\n]*)")
THE_OTHERS = "---- no stack trace for"
SAME = "same as previous thread"
KIND = ValueType("thread", "count")


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed."""
    if not MARK.match(data):
        raise Unrecognized("not a text profile of threads")
    cut = sections(decoded(data))
    listed = f"{cut.header}\n{cut.body}".partition(THE_OTHERS)[0]
    counts: list[int] = []
    stacks: list[str] = []
    for stack in THREAD.split(listed)[1:]:
        if SAME not in stack and HEX.search(stack):
            counts.append(1)
            stacks.append(stack)
        elif counts:
            counts[-1] += 1
    if not counts:
        raise Malformed("there is no thread with a stack")
    depth, address = addresses(stacks, callers=False)
    is_caller = np.ones_like(address)
    is_caller[offsets(depth)[:-1]] = 0
    depth, address = without_twins(depth, address - is_caller)
    profile = assemble(
        (KIND,),
        Stacks(np.array(counts, np.int64).reshape(-1, 1), depth, address),
        memory_map=cut.memory_map,
        period=1,
        period_type=KIND,
        drop_frames=PROFILERS,
    )
    return named(profile, {int(digits, 16): [Frame(name.strip(), "", 0)] for digits, name in NAME.findall(listed)})
