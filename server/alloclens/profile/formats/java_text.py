"""Java's heap and contention profiles: `--- heapz 1 ---`, attributes, samples, and a symbol table.

`  7048     1 @ 0x3 0x4` is bytes and objects; ` 0x3 com.example.Main.run (Main.java:12)` names a location. Source: pprof's
legacy_java_profile.go.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import MAX_INT64
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Label, Stacks, addresses, assemble
from alloclens.profile.formats.java_symbols import symbols
from alloclens.profile.formats.text import (
    ALLOCATORS,
    CALLED_BY_GO,
    LOCKS,
    TOO_LARGE,
    attributes,
    decoded,
    number,
    since_reset,
    unsampled,
    whole,
)
from alloclens.profile.model import Profile, ValueType

if TYPE_CHECKING:
    from alloclens.arrays import Addresses, Ints
    from alloclens.profile.model import Frame

    Attributes = dict[str, str]
    AddressStacks = tuple[Ints, Addresses]
    """The depth of each stack, and all addresses."""

HEAP, CONTENTION = "--- heapz 1 ---", "--- contentionz 1 ---"
SAMPLE = re.compile(r"\s*(\d+)\s+(\d+)\s+@\s+([ x0-9a-f]*)")
RATE_BYTES = 512 << 10
"""The Java agent's sampling rate."""


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed."""
    if not data.startswith(b"---"):
        raise Unrecognized("not a profile of Java")
    header, _, text = decoded(data).partition("\n")
    lines = [line for line in text.split("\n") if line.strip()]
    given = attributes(takewhile(lambda line: "=" in line, lines))
    if header.strip() not in (HEAP, CONTENTION):
        raise Unrecognized("not a profile of Java")
    if given.get("format", "java") != "java" or "resolution" not in given:
        raise Malformed("a profile of Java without `resolution`, or with a `format` that is not java")
    samples = [match for line in lines if (match := SAMPLE.match(line))]
    count, value = whole([match[2] for match in samples]), whole([match[1] for match in samples])
    stacks = addresses([match[3] for match in samples], callers=False)
    make = _heap if header.strip() == HEAP else _contention
    return make(given, count, value, stacks, symbols(lines, set(stacks[1].tolist())))


def _heap(given: Attributes, count: Ints, size: Ints, stacks: AddressStacks, known: dict[int, list[Frame]]) -> Profile:
    if (count == 0).any():
        raise Malformed("a line has no objects")
    return assemble(
        (ValueType("inuse_objects", "count"), ValueType("inuse_space", given["resolution"])),
        Stacks(np.stack(unsampled(count, size, RATE_BYTES), axis=1), *stacks),
        symbols=known,
        labels=[Label(i, "bytes", n) for i, n in enumerate((size // count).tolist())],
        period=RATE_BYTES,
        period_type=ValueType("space", "bytes"),
        drop_frames=ALLOCATORS,
        keep_frames=CALLED_BY_GO,
    )


def _contention(
    given: Attributes, count: Ints, delay: Ints, stacks: AddressStacks, known: dict[int, list[Frame]]
) -> Profile:
    period = number(given, "sampling period")
    times = period or 1
    if max((int(column.max(initial=0)) for column in (count, delay)), default=0) * abs(times) > MAX_INT64:
        raise Malformed(TOO_LARGE)
    types = ValueType("contentions", "count"), ValueType("delay", given["resolution"])
    return assemble(
        types,
        Stacks(np.stack([count * times, delay * times], axis=1), *stacks),
        symbols=known,
        period=period,
        period_type=types[0],
        duration_nanos=since_reset(given),
        drop_frames=LOCKS,
    )
