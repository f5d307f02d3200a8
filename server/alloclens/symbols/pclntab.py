"""Go's table of functions and lines (pclntab): tells whether a binary is the one that was profiled.

Go reads the build id of a profile from the file at the program's path. If the program was rebuilt while it runs, that
is the new binary's id, and only the code at the profile's addresses tells them apart. Every Go binary has the table,
even a stripped one. The format is that of Go 1.18 and later; see debug/gosym.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

import numpy as np

from alloclens.disk import open_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from alloclens.arrays import Ints
    from alloclens.disk import Stamp
    from alloclens.profile.model import Profile


MAGIC = tuple(first[::way] + b"\0\0" for first in (b"\xf1\xff\xff\xff", b"\xf0\xff\xff\xff") for way in (1, -1))
"""Magic of Go 1.20 and later, and of 1.18, in either byte order. The PC quantum and the pointer size follow."""
QUANTA, POINTERS = (b"\1", b"\2", b"\4"), (b"\4", b"\x08")
TABLE_PIECE_BYTES, MAX_TABLE_PIECES = 4 << 20, 128
"""A binary is searched in pieces of TABLE_PIECE_BYTES, up to MAX_TABLE_PIECES of them."""
MAX_HEADERS = 8
"""Candidates for the table to try in one binary."""
MAX_PCLNTAB_BYTES, MAX_FUNCTION_NAMES = 128 << 20, 4_000_000
"""Size of a table, and names in it; the largest programs have a quarter of that."""
MAX_LOCATIONS = 500
"""Locations to look up, those with the highest addresses. Packages are linked after their imports, so own code is last,
and any change before it moves it."""
MAX_STEPS = 1_000_000
"""Line table entries to decode for one profile."""
CODE_ALIGNMENT_BYTES, MAX_STARTS = 16, 4096
"""Go's code starts at a multiple of CODE_ALIGNMENT_BYTES; at most MAX_STARTS start addresses are tried."""
GENERATED_LINE = 1
"""The line of compiler-generated code, which Go omits from stacks."""


class _TableError(Exception):
    """The table is damaged, or too large."""


@dataclass(frozen=True, eq=False)
class LineTable:
    """The table of one binary, with its functions sorted by address."""

    data: bytes
    """The file's data from the table on."""
    quantum: int
    entry: Ints
    """Start of each function, relative to the first one, and the end of the last one."""
    name: Ints
    """Offset of each function's name in `data`."""
    lines: Ints
    """Offset of each function's lines in `data`."""

    @cached_property
    def row_of(self) -> dict[bytes, int]:
        """The functions by name, without generic ones, which profiles name differently. Raises _TableError."""
        begin, end = int(self.name.min()), self.data.find(b"\0", int(self.name.max()))
        if self.data.count(b"\0", begin, end) > MAX_FUNCTION_NAMES:
            raise _TableError
        texts = self.data[begin:end].split(b"\0")
        at = begin + np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
        named = dict(zip(at.tolist(), texts, strict=True))
        functions = ((named.get(where, b"["), row) for row, where in enumerate(self.name.tolist()))
        return {name: row for name, row in functions if b"[" not in name}

    def steps(self, row: int, most: int) -> tuple[Ints, Ints]:
        """Return the end offset of each line range of a function, and the lines. Raises _TableError."""
        ends: list[int] = []
        lines: list[int] = []
        at, line, end = int(self.lines[row]), -1, 0
        while not ends or self.data[at : at + 1] != b"\0":
            change, at = self._varint(at)
            size, at = self._varint(at)
            line, end = line + (~(change >> 1) if change & 1 else change >> 1), end + size * self.quantum
            ends.append(end)
            lines.append(line)
            if len(ends) > most:
                raise _TableError
        return np.array(ends, np.int64), np.array(lines, np.int64)

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for shift, byte in enumerate(self.data[at : at + 5]):
            value |= (byte & 0x7F) << 7 * shift
            if byte < 0x80:
                return value, at + shift + 1
        raise _TableError


def ran(profile: Profile, path: str, seen: Stamp) -> bool | None:
    """Return whether a binary has the profile's lines at its addresses; None if that cannot be determined."""
    table = _table(path, seen)
    if table is None:
        return None
    where = profile.locations
    rows = np.flatnonzero((where.address > 0) & (where.mapping == 0))
    rows = rows[np.argsort(where.address[rows])][-MAX_LOCATIONS:]
    name = np.append(profile.functions.system_name, 0)  # for no function: ""
    outer = profile.text(name[profile.frames.function[where.frame_at[rows + 1] - 1]])
    address, line = where.address[rows], profile.frames.line[where.frame_at[rows]]
    try:
        named = np.array([table.row_of.get(name.encode("utf-8", "replace"), -1) for name in outer], np.int64)
        looked_up, starts = _Lines(table), _starts(table, address[named >= 0], named[named >= 0])
        return any(looked_up.agree(address - start, line) for start in starts) if starts else None
    except _TableError:
        return None


class _Lines:
    """Decodes and caches the lines of functions of a table."""

    def __init__(self, table: LineTable) -> None:
        self._table = table
        self._known: dict[int, tuple[Ints, Ints]] = {}
        self._left = MAX_STEPS

    def agree(self, offset: Ints, line: Ints) -> bool:
        """Return whether code at these offsets from the first function has these lines. Raises _TableError."""
        inside = (offset >= 0) & (offset < self._table.entry[-1]) & (line > 0)  # C code is outside
        row = np.searchsorted(self._table.entry, offset[inside], "right") - 1
        within = offset[inside] - self._table.entry[row]
        points = zip(row.tolist(), within.tolist(), line[inside].tolist(), strict=True)
        return bool(inside.any()) and all(
            self._at(function, at) in (recorded, GENERATED_LINE) for function, at, recorded in points
        )

    def _at(self, row: int, offset: int) -> int:
        if row not in self._known:
            self._known[row] = self._table.steps(row, self._left)
            self._left -= len(self._known[row][0])
        ends, lines = self._known[row]
        at = int(np.searchsorted(ends, offset, "right"))
        return int(lines[at]) if at < len(lines) else 0


def _starts(table: LineTable, address: Ints, row: Ints) -> list[int]:
    """Return possible addresses of the first function, for which nearly all addresses are in their functions."""
    if not len(row):
        return []
    first, behind = address - table.entry[row + 1] + 1, address - table.entry[row] + 1
    points = np.concatenate([first, behind])
    order = np.argsort(points, kind="stable")
    points, held = points[order], np.cumsum(np.repeat([1, -1], len(row))[order])
    best = np.flatnonzero(held[:-1] * 10 >= held.max() * 9)
    spans = zip(points[best].tolist(), points[best + 1].tolist(), strict=True)
    ranges = (
        range(-(-begin // CODE_ALIGNMENT_BYTES) * CODE_ALIGNMENT_BYTES, end, CODE_ALIGNMENT_BYTES)
        for begin, end in spans
    )
    return list(islice(chain.from_iterable(ranges), MAX_STARTS))


@lru_cache(2)
def _table(path: str, seen: Stamp) -> LineTable | None:
    """Read the table of a binary; None if it has no readable one."""
    del seen
    try:
        with open_file(path) as file:
            for at in islice(_headers(file), MAX_HEADERS):
                file.seek(at)
                if table := _parsed(file.read(MAX_PCLNTAB_BYTES)):
                    return table
    except OSError:
        pass
    return None


def _headers(file: BinaryIO) -> Iterator[int]:
    """Yield possible offsets of the table in a file. The caller may seek in between."""
    before = b""
    for begin in range(0, MAX_TABLE_PIECES * TABLE_PIECE_BYTES, TABLE_PIECE_BYTES):
        file.seek(begin)
        data = before + file.read(TABLE_PIECE_BYTES)
        for magic in MAGIC:
            at = data.find(magic)
            while at >= 0:
                if data[at + 6 : at + 7] in QUANTA and data[at + 7 : at + 8] in POINTERS:
                    yield begin - len(before) + at
                at = data.find(magic, at + 1)
        if len(data) < TABLE_PIECE_BYTES:
            return
        before = data[-7:]


def _parsed(data: bytes) -> LineTable | None:
    """Parse the table at the start of some bytes; None if there is none.

    The header continues with words: the number of functions and files, the start of the text (unused since Go 1.26),
    and the offsets of names, compilation units, files, lines and functions. The functions part starts with a pair for
    each function: its address, and the offset of its _func, whose second number is its name and the seventh its lines.
    """
    order, size = ">" if data[0] == 0xFF else "<", data[7]
    if len(data) < 8 + 8 * size:
        return None
    words = np.frombuffer(data[8 : 8 + 8 * size], f"{order}u{size}").astype(np.int64)
    count, names, lines, functions = (int(words[i]) for i in (0, 3, 6, 7))
    if not (0 < count <= len(data) // 8 and all(0 < at < len(data) for at in (names, lines, functions))):
        return None
    numbers = np.frombuffer(data, f"{order}u4", (len(data) - functions) // 4, functions)
    if len(numbers) < 2 * count + 1:
        return None
    entry, about = (numbers[i : 2 * count + 1 : 2].astype(np.int64) for i in (0, 1))
    about //= 4
    if entry[0] or (np.diff(entry) < 0).any() or about.max() + 6 >= len(numbers):
        return None
    name, line = names + numbers[about + 1].astype(np.int64), lines + numbers[about + 6].astype(np.int64)
    whole = data[: functions + 4 * int(about.max()) + 28]
    return LineTable(whole, data[6], entry, name, line) if max(name.max(), line.max()) < len(whole) else None
