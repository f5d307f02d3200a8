"""Heap and contention profiles of Java: `--- heapz 1 ---`, attributes, samples, and at the end what the locations are.

`  7048     1 @ 0x3 0x4` is bytes and objects; ` 0x3 com.example.Main.run (Main.java:12)` names a location. Source: pprof's
legacy_java_profile.go.
"""

from __future__ import annotations

import posixpath
import re
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Label, Stacks, addresses, assemble
from alloclens.profile.formats.memory_map import LONGEST_LINE
from alloclens.profile.formats.text import (
    ALLOCATORS,
    CALLED_BY_GO,
    LARGEST,
    LOCKS,
    attributes,
    number,
    unsampled,
    whole,
)
from alloclens.profile.model import Frame, Profile, ValueType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Given = dict[str, str]
    Samples = list[re.Match[str]]
    Symbols = dict[int, list[Frame]]

HEAP, CONTENTION = "--- heapz 1 ---", "--- contentionz 1 ---"
SAMPLE = re.compile(r"\s*(\d+)\s+(\d+)\s+@\s+([ x0-9a-f]*)")
LOCATION = re.compile(r"\s*0x([0-9a-fA-F]{1,16})\s+(\S.*)")
FILE_AND_LINE = re.compile(r"(.*)\s\((.+):(-?\d{1,18})\)")
LIBRARY = re.compile(r"(.*)\s\((.*)\)")
STUB = "generated stub/JIT"
RATE = 512 << 10
"""Bytes: what the Java agent samples at."""
MILLISECOND = 1_000_000


def parse(data: bytes) -> Profile:
    """Read a profile. Raises Unrecognized or Malformed."""
    if not data.startswith(b"---"):
        raise Unrecognized("no profile of Java")
    header, _, text = data.decode("utf-8", "replace").partition("\n")
    lines = [line for line in text.split("\n") if line.strip()]
    given = attributes(takewhile(lambda line: "=" in line, lines))
    if header.strip() not in (HEAP, CONTENTION):
        raise Unrecognized("no profile of Java")
    if given.get("format") != "java" or "resolution" not in given:
        raise Malformed("a profile of Java without `format = java` and `resolution`")
    samples = [match for line in lines if (match := SAMPLE.match(line))]
    count, value = whole([match[2] for match in samples]), whole([match[1] for match in samples])
    make = _heap if header.strip() == HEAP else _contention
    return make(given, samples, count, value, _locations(lines))


def _heap(given: Given, samples: Samples, count: Ints, size: Ints, known: Symbols) -> Profile:
    if (count == 0).any():
        raise Malformed("a line has no objects")
    return assemble(
        (ValueType("inuse_objects", "count"), ValueType("inuse_space", given["resolution"])),
        _stacks(samples, unsampled(count, size, RATE)),
        symbols=known,
        labels=[Label(i, "bytes", n) for i, n in enumerate((size // count).tolist())],
        period=RATE,
        period_type=ValueType("space", "bytes"),
        drop_frames=ALLOCATORS,
        keep_frames=CALLED_BY_GO,
    )


def _contention(given: Given, samples: Samples, count: Ints, delay: Ints, known: Symbols) -> Profile:
    period = number(given, "sampling period") or 1
    if max((int(column.max(initial=0)) for column in (count, delay)), default=0) * period > LARGEST:
        raise Malformed("a number does not fit into 64 bits once it is un-sampled")
    types = ValueType("contentions", "count"), ValueType("delay", given["resolution"])
    return assemble(
        types,
        _stacks(samples, (count * period, delay * period)),
        symbols=known,
        period=period,
        period_type=types[0],
        duration_nanos=min(number(given, "ms since reset") * MILLISECOND, LARGEST),
        drop_frames=LOCKS,
    )


def _stacks(samples: Samples, columns: tuple[Ints, Ints]) -> Stacks:
    return Stacks(np.stack(columns, axis=1), *addresses([match[3] for match in samples], callers=False))


def _locations(lines: list[str]) -> dict[int, list[Frame]]:
    """Return the frame of each location. A function is of one file: the first that it is seen with."""
    out: dict[int, list[Frame]] = {}
    files: dict[str, str] = {}
    for line in lines:
        found = LOCATION.match(line) if len(line) <= LONGEST_LINE else None
        if found:
            frame = _frame(found[2].strip())
            file = files.setdefault(frame.function, frame.file)
            out[int(found[1], 16)] = [frame._replace(file=file)]
    return out


def _frame(text: str) -> Frame:
    """Read what a location is: a line, a function of a library, or a state of the virtual machine."""
    if found := FILE_AND_LINE.fullmatch(text):
        return Frame(found[1].rstrip(), found[2], max(int(found[3]), 0))
    if found := LIBRARY.fullmatch(text):
        return Frame(found[1].rstrip(), posixpath.basename(found[2]), 0)
    return Frame("STUB" if STUB in text else text, "", 0)
