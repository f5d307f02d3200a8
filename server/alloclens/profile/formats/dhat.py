"""The JSON of DHAT, which Valgrind and the Rust crate dhat write: every allocation of a program, by stack.

Source of the format: the comments in Valgrind's dhat/dh_main.c, "File format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import msgspec
import numpy as np

from alloclens.profile.errors import Malformed
from alloclens.profile.formats.addresses import assemble_numbered
from alloclens.profile.formats.json_text import column, decoded, decoded_part
from alloclens.profile.model import Frame, Profile, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.arrays import Ints

JSON_START = re.compile(rb'\s*\{\s*"(?:dhatFileVersion|bkacc|bklt)"\s*:')
"""The first key as it is written, or if the keys are sorted."""
VERSION = 2
BYTES = ValueType("space", "bytes")
OF_HEAP = tuple(
    ValueType(f"{when}_{what}", unit)
    for when in ("alloc", "peak", "inuse")
    for what, unit in (("objects", "count"), ("space", "bytes"))
)
"""In total, at t-gmax (when the heap was largest), and at t-end, when the program ended or wrote the file."""
PLACE = re.compile(r"(.+?):(\d{1,9})(?::\d{1,9})?\)")
UNKNOWN = "???"


Count = Annotated[int, msgspec.Meta(ge=0)]


class _Point(msgspec.Struct, gc=False):
    """A program point: one stack."""

    tb: Count
    tbk: Count
    fs: msgspec.Raw
    """Its frames, leaf first: decoded one stack at a time, since a list takes up to 40 bytes for each."""
    gb: Count = 0
    gbk: Count = 0
    eb: Count = 0
    ebk: Count = 0


class _DhatFile(msgspec.Struct):
    version: int = msgspec.field(name="dhatFileVersion")
    bklt: bool
    """Whether the lifetimes of blocks are known: not if copies or the program's own events were counted."""
    pps: list[_Point]
    ftbl: msgspec.Raw
    """The names of frames."""
    bsu: str = "bytes"
    bksu: str = "blocks"
    """What the program calls bytes and blocks."""


DECODER = msgspec.json.Decoder(_DhatFile)
STACK, NAMES = msgspec.json.Decoder(list[int]), msgspec.json.Decoder(list[str])
MAX_NAMES = 1 << 20
"""Each takes up to 400 bytes, but as text only three."""
MAX_DHAT_FRAMES = 1 << 24
"""Of all stacks: each takes 20 bytes. Valgrind writes 14 to 17 bytes for each, so 128 MiB have about 9 million."""
MAX_DEPTH = 1 << 20
"""Of one stack: while it is decoded, each frame takes 40 bytes more."""


def parse(data: bytes) -> Profile:
    """Read a profile. Raises Unrecognized or Malformed."""
    file = decoded(DECODER, JSON_START, data)
    if file.version != VERSION:
        raise Malformed(f"version {file.version} of DHAT's format; alloclens reads version {VERSION}")
    depth, frame = _stacks([point.fs for point in file.pps])
    types, values = _values(file)
    if bytes(file.ftbl).count(b'"') > 2 * MAX_NAMES:
        raise Malformed(f"it may name more than {MAX_NAMES:,} frames")
    frames = [_frame(text) for text in decoded_part(NAMES, file.ftbl)]
    return assemble_numbered(types, values, depth, frame, frames, period=1, period_type=BYTES)


def _stacks(texts: list[msgspec.Raw]) -> tuple[Ints, Ints]:
    """Return the depths of stacks and their frames, concatenated. Raises Malformed if there are too many."""
    most = [bytes(text).count(b",") + 1 for text in texts]
    if sum(most) > MAX_DHAT_FRAMES:
        raise Malformed(f"the stacks have more than {MAX_DHAT_FRAMES} frames")
    if max(most, default=0) > MAX_DEPTH:
        raise Malformed(f"a stack has more than {MAX_DEPTH} frames")
    depth: list[int] = []

    def numbers() -> Iterator[int]:
        for text in texts:
            row = decoded_part(STACK, text)
            depth.append(len(row))
            yield from row

    frame = column(numbers())
    return column(depth), frame


def _values(file: _DhatFile) -> tuple[tuple[ValueType, ...], Ints]:
    points = file.pps
    if not file.bklt:
        types = ValueType(file.bksu, "count"), ValueType(file.bsu, "bytes" if file.bsu == "bytes" else "count")
        return types, np.stack([column(p.tbk for p in points), column(p.tb for p in points)], axis=1)
    total = column(p.tbk for p in points), column(p.tb for p in points)
    peak = column(p.gbk for p in points), column(p.gb for p in points)
    end = column(p.ebk for p in points), column(p.eb for p in points)
    return OF_HEAP, np.stack([*total, *peak, *end], axis=1)


def _frame(text: str) -> Frame:
    """Parse a frame.

    "0x10916D: keep (leak.c:5)" -> keep, leak.c, 5; "0x4840: malloc (in /usr/lib/libc.so.6)" -> malloc;
    "0x10: app::main (app/src/main.rs:5:9)" -> app::main, app/src/main.rs, 5.
    """
    address, _, rest = text.partition(": ")
    name, place = rest if address.startswith("0x") else text, None
    function, _, where = name.rpartition(" (")  # a name of C++ may have parentheses, too
    if not where.startswith("in ") and not (place := PLACE.fullmatch(where)):
        function = name
    file, line = (place[1], int(place[2])) if place else ("", 0)
    return Frame(_known(function), _known(file), line)


def _known(text: str) -> str:
    return "" if text == UNKNOWN else text
