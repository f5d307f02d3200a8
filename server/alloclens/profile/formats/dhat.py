"""The JSON of DHAT, which Valgrind and the Rust crate dhat write: every allocation of a program, by stack.

Source of the format: the comments in Valgrind's dhat/dh_main.c, "File format".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from alloclens.profile.errors import Malformed
from alloclens.profile.formats.addresses import assemble_numbered
from alloclens.profile.formats.json_text import column, decoded, ragged
from alloclens.profile.model import Frame, Profile, ValueType

if TYPE_CHECKING:
    from alloclens.arrays import Ints

MARK = re.compile(rb'\s*\{\s*"dhatFileVersion"\s*:')
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


class _Point(msgspec.Struct, gc=False):
    """A program point: one stack."""

    tb: int
    tbk: int
    fs: list[int]
    gb: int = 0
    gbk: int = 0
    eb: int = 0
    ebk: int = 0


class _File(msgspec.Struct):
    version: int = msgspec.field(name="dhatFileVersion")
    bklt: bool
    """Whether the lifetimes of blocks are known: not if copies or the program's own events were counted."""
    pps: list[_Point]
    ftbl: list[str]
    bsu: str = "bytes"
    bksu: str = "blocks"
    """What the program calls bytes and blocks."""


DECODER = msgspec.json.Decoder(_File)


def parse(data: bytes) -> Profile:
    """Read a profile. Raises Unrecognized or Malformed."""
    file = decoded(DECODER, MARK, data)
    if file.version != VERSION:
        raise Malformed(f"version {file.version} of DHAT's format; alloclens reads version {VERSION}")
    depth, frame = ragged([point.fs for point in file.pps])
    types, values = _values(file)
    frames = [_frame(text) for text in file.ftbl]
    return assemble_numbered(types, values, depth, frame, frames, period=1, period_type=BYTES)


def _values(file: _File) -> tuple[tuple[ValueType, ...], Ints]:
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
