"""Captures of memray, read by the package memray: what was in use at the peak and at the end, by Python stack.

memray parses a capture in C++ and by its path. So it does that in another process, with a copy.
"""

from __future__ import annotations

import importlib
import tempfile
from collections import defaultdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import assemble_numbered
from alloclens.profile.formats.json_text import ragged
from alloclens.profile.model import Frame, Profile, ValueType
from alloclens.worker import Lost, Worker, seconds_for

if TYPE_CHECKING:
    from alloclens.arrays import Ints

MAGIC = b"memray\0"
LZ4 = b"\x04\x22\x4d\x18"
START_BYTES = 64
"""A finished capture is a frame of LZ4, whose first block starts with the magic as it is."""
TYPES = tuple(
    ValueType(f"{when}_{what}", unit)
    for when in ("peak", "inuse")
    for what, unit in (("objects", "count"), ("space", "bytes"))
)
INSTALL = "a capture of memray, which is read by that package: pip install memray"


class _Stacks(NamedTuple):
    """What a capture holds; a stack is a row."""

    values: Ints
    depth: Ints
    number: Ints
    """The row in `frames` of each frame of all stacks, leaf first."""
    frames: list[Frame]
    ended_nanos: int
    """Since 1970."""


def parse(data: bytes) -> Profile:
    """Read a capture. Raises Unrecognized or Malformed."""
    if not (data.startswith(MAGIC) or (data.startswith(LZ4) and MAGIC in data[:START_BYTES])):
        raise Unrecognized("not a capture of memray")
    if not find_spec("memray"):
        raise Malformed(INSTALL)
    worker = Worker(is_quiet=True)
    try:
        stacks: _Stacks = worker.run(_stacks, data, seconds=seconds_for(len(data)))
    except (Lost, ValueError) as error:
        raise Malformed("memray cannot read it: ", str(error)) from error
    finally:
        worker.stop()
    return assemble_numbered(
        TYPES, *stacks[:4], period=1, period_type=ValueType("space", "bytes"), time_nanos=stacks.ended_nanos
    )


def _stacks(data: bytes) -> _Stacks:
    """Read a capture, in the worker process. All errors become ValueError."""
    try:
        with tempfile.NamedTemporaryFile(suffix=".bin") as file:
            file.write(data)
            file.flush()
            return _read(importlib.import_module("memray").FileReader(file.name))
    except Exception as error:
        raise ValueError(str(error)) from error


def _read(reader: Any) -> _Stacks:
    sums: defaultdict[tuple[int, ...], list[int]] = defaultdict(lambda: [0] * len(TYPES))
    rows: dict[tuple[str, str, int], int] = {}
    has_native = reader.metadata.has_native_traces
    methods = reader.get_high_watermark_allocation_records, reader.get_leaked_allocation_records
    for column, records in zip((0, 2), methods, strict=True):
        for record in records(merge_threads=True):  # one for each stack and allocator
            stack = record.hybrid_stack_trace() if has_native else record.stack_trace()
            value = sums[tuple(rows.setdefault(frame, len(rows)) for frame in stack)]
            value[column] += record.n_allocations
            value[column + 1] += record.size
    values = np.array(list(sums.values()), np.int64).reshape(-1, len(TYPES))
    ended = reader.metadata.end_time
    return _Stacks(values, *ragged(list(sums)), [Frame(*frame) for frame in rows], int(ended.timestamp() * 1e9))
