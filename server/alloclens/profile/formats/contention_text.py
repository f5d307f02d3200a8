"""Text profiles of lock contention: Go's block and mutex profiles (debug=1) and C++'s contentionz.

`--- contention:` or `--- mutex:`, then `cycles/second=1000000000`, then `3000 2 @ 0x46a2b1 …`: cycles and how often.
Source: pprof's legacy_profile.go, runtime/pprof.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import MAX_INT64
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Stacks, addresses, assemble
from alloclens.profile.formats.go_symbols import symbols
from alloclens.profile.formats.text import (
    LOCKS,
    TOO_LARGE,
    attributes,
    before_the_next_section,
    decoded,
    matches,
    number,
    sections,
    since_reset,
    whole,
)
from alloclens.profile.model import Profile, ValueType

if TYPE_CHECKING:
    from alloclens.arrays import Ints


MARKS = (b"--- contentionz ", b"--- mutex:", b"--- contention:")
SAMPLE = re.compile(r"(\d+) +(\d+) @([ x0-9a-f]*)")
JAVA = ("format", "resolution")
TYPES = (ValueType("contentions", "count"), ValueType("delay", "nanoseconds"))
NANOSECONDS = 1e9


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed."""
    if not data.startswith(MARKS):
        raise Unrecognized("not a text profile of contention")
    text = decoded(data)
    cut = sections(text)
    lines = before_the_next_section(cut.body.split("\n"))
    given = attributes(lines)
    if any(name in given for name in JAVA):
        raise Unrecognized("Java's contention")
    period, per_second = number({"sampling period": "1"} | given, "sampling period"), number(given, "cycles/second")
    samples = matches(SAMPLE, [line for line in lines if "=" not in line])
    delay, count = (whole([match[i] for match in samples]) for i in (1, 2))
    depth, address = addresses([match[3] for match in samples], callers=True)
    return assemble(
        TYPES,
        Stacks(np.stack(_scaled(count, delay, period, per_second), axis=1), depth, address),
        memory_map=cut.memory_map,
        symbols=symbols(text),
        duration_nanos=since_reset(given),
        period=period,
        period_type=TYPES[0],
        drop_frames=LOCKS,
    )


def _scaled(count: Ints, delay: Ints, period: int, per_second: int) -> list[Ints]:
    """Return the un-sampled counts and nanoseconds: one of `period` events was recorded, its time in cycles.

    As in pprof, a period of 0 or less is treated as unknown and the numbers stay as they are.
    """
    if period <= 0:
        return [count, delay]
    waited = delay * float(period) / (per_second / NANOSECONDS) if per_second > 0 else delay.astype(np.float64)
    if (waited >= MAX_INT64).any() or (count * float(period) >= MAX_INT64).any():
        raise Malformed(TOO_LARGE)
    return [count * period, waited.astype(np.int64) if per_second > 0 else delay]
