"""The sampling heap profile of V8 (`.heapprofile`), which Node, Deno, Chrome and VS Code's debugger write.

A tree of calls, each with the bytes that its function itself holds: objects that were sampled and are alive, un-sampled by
V8. The line of a call is that of its function. Source: HeapProfiler.SamplingHeapProfile of the DevTools protocol, and V8's
sampling-heap-profiler.cc.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from alloclens.arrays import offsets, owners
from alloclens.paths import canonical
from alloclens.profile.errors import Malformed
from alloclens.profile.formats.addresses import assemble_numbered
from alloclens.profile.formats.json_text import MAX_EXPANDED_FRAMES, column, decoded
from alloclens.profile.model import Frame, Profile, ValueType

if TYPE_CHECKING:
    from alloclens.arrays import Ints

JSON_START = re.compile(rb'\s*\{\s*"head"\s*:\s*\{')
BYTES = ValueType("inuse_space", "bytes")
ANONYMOUS = "(anonymous)"
ZeroBased = Annotated[int, msgspec.Meta(ge=-1, lt=1 << 31)]
"""A line or column, from 0; -1 if unknown."""


class _CallFrame(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    function_name: str
    url: str
    line_number: ZeroBased
    column_number: ZeroBased


class _Node(msgspec.Struct, gc=False, rename="camel"):
    call_frame: _CallFrame
    self_size: Annotated[int, msgspec.Meta(ge=0)]
    children: list[_Node]


class _HeapSample(msgspec.Struct, gc=False):
    size: int
    """The bytes that it stands for."""


class _HeapProfile(msgspec.Struct):
    head: _Node
    samples: list[_HeapSample] = msgspec.field(default_factory=list)


DECODER = msgspec.json.Decoder(_HeapProfile)


def parse(data: bytes) -> Profile:
    """Read a profile. Raises Unrecognized or Malformed."""
    file = decoded(DECODER, JSON_START, data)
    levels = [[file.head]]
    while below := list(chain.from_iterable(node.children for node in levels[-1])):
        levels.append(below)
    nodes = list(chain.from_iterable(levels))
    rows: dict[_CallFrame, int] = {}
    number = column(rows.setdefault(node.call_frame, len(rows)) for node in nodes)
    value = column(node.self_size for node in nodes)
    holding = np.flatnonzero(value)
    depth, node = _stacks(levels, holding)
    made = assemble_numbered(
        (BYTES,), value[holding, None], depth, number[node], [_frame(call) for call in rows],
        period=_interval(file.samples), period_type=ValueType("space", "bytes"), by_function=True,
    )  # fmt: skip
    return replace(
        made,
        columns=column(call.column_number for call in rows)[
            np.flatnonzero(np.bincount(number[node], minlength=len(rows)))
        ],
    )


def _stacks(levels: list[list[_Node]], nodes: Ints) -> tuple[Ints, Ints]:
    """Return the depth of some nodes, and their paths to the root, which is left out, concatenated.

    Nodes are numbered level by level.
    """
    first = offsets(column(map(len, levels)))
    depths = np.repeat(np.arange(len(levels)), np.diff(first))
    callers = (column(len(node.children) for node in level) for level in levels[:-1])
    parent = np.concatenate(
        [[0], *(begin + owners(children) for begin, children in zip(first.tolist(), callers, strict=False))]
    )
    depth = depths[nodes]
    at = offsets(depth)
    if at[-1] > MAX_EXPANDED_FRAMES:
        raise Malformed(f"the stacks have more than {MAX_EXPANDED_FRAMES} frames")
    out, node, place = np.empty(at[-1], np.int64), nodes, at[:-1]
    while len(node := node[inside := node > 0]):
        place = place[inside]
        out[place] = node
        node, place = parent[node], place + 1
    return depth, out


def _frame(call: _CallFrame) -> Frame:
    file = canonical(call.url) if call.url.startswith("file:") else call.url
    return Frame(call.function_name or ANONYMOUS, file, call.line_number + 1)


def _interval(samples: list[_HeapSample]) -> int:
    """Return the mean bytes between two samples, which the file does not state; 0 if nothing tells.

    At an interval R, an object of size s stands for s / (1 - exp(-s/R)) bytes: R and s/2, if it is small. So the least
    of these is close to R, or larger, and the errors computed from it are not too small.
    """
    sizes = column(sample.size for sample in samples)
    return max(int(sizes.min()), 0) if len(sizes) else 0
