"""The layout of a binary's code in its file and in memory.

A mapping gives the memory address of each byte of the file; symbols use the addresses the file was linked for.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from alloclens.arrays import Addresses


NOWHERE = np.uint64(2**64 - 1)
PT_LOAD, PF_X, ET_DYN = 1, 1, 3
SEGMENT_64 = ("IIQQQQQQ", (0, 1, 2, 3, 5))
SEGMENT_32 = ("IIIIIIII", (0, 6, 1, 2, 4))
"""Format of a program header, and the indices of p_type, p_flags, p_offset, p_vaddr, p_filesz."""


class Mapped(NamedTuple):
    """A mapping's memory range as recorded, unsigned."""

    start: int
    limit: int
    offset: int
    """Offset of `start` in the file."""


class Section(NamedTuple):
    """An executable part of the file."""

    offset: int
    """Offset in the file."""
    address: int
    """Address it was linked for."""
    size: int


@dataclass(frozen=True)
class Layout:
    """How the loader maps a file."""

    base: int
    """The lowest address it was linked for; symbols are relative to it."""
    code: tuple[Section, ...]
    """Empty if the file has only debug information."""
    is_moved: bool
    """Whether it is position-independent, as a library or a PIE."""
    machine: int = 0
    """The processor, as ELF numbers it; 0 if unknown."""

    def lookup_addresses(self, addresses: Addresses, mapped: Mapped) -> Addresses:
        """Convert memory addresses to addresses relative to `base`; NOWHERE outside the code.

        file offset = address - start + offset, linked address = file offset - p_offset + p_vaddr: as in the System V
        ABI, and as pprof computes it.
        """
        out = np.full(len(addresses), NOWHERE)
        direct = not self.is_moved or _is_whole(mapped)
        place = addresses if direct else addresses - np.uint64(mapped.start) + np.uint64(mapped.offset)
        for offset, address, size in self.code:
            begin = np.uint64(address if direct else offset)
            hit = (place >= begin) & (place - begin < np.uint64(size))
            out[hit] = place[hit] - begin + np.uint64(address - self.base)
        return out

    def file_offsets(self, addresses: Addresses) -> Addresses:
        """Convert addresses relative to `base` to offsets in the file; NOWHERE outside the code."""
        out = np.full(len(addresses), NOWHERE)
        for offset, address, size in self.code:
            begin = np.uint64(address - self.base)
            hit = (addresses >= begin) & (addresses - begin < np.uint64(size))
            out[hit] = addresses[hit] - begin + np.uint64(offset)
        return out


def _is_whole(mapped: Mapped) -> bool:
    """Return whether the mapping is a placeholder for all memory, so that addresses are those of the file."""
    return mapped.start == mapped.offset == 0 and mapped.limit in {0, 2**64 - 1}


def layout(file: BinaryIO, size: int) -> Layout:
    """Read the layout of a binary of this size. Raises ValueError or struct.error for a damaged ELF file.

    Mach-O and PE files are assumed to be mapped as one piece, with their headers at the start.
    """
    head = file.read(64)
    if not head.startswith(b"\x7fELF"):
        return Layout(0, (Section(0, 0, size),), is_moved=True)
    segments = list(_segments(file, head))
    code = tuple(Section(s.offset, s.address, s.size) for s in segments if s.flags & PF_X and s.size)
    if any(c.offset + c.size > size for c in code):
        raise ValueError("cut off")
    base = min((s.address for s in segments), default=0)
    return Layout(base, code, _number(head, head, 16, 2) == ET_DYN, _number(head, head, 18, 2))


class _Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    address: int
    size: int


def _segments(file: BinaryIO, head: bytes) -> list[_Segment]:
    """Return the loaded segments."""
    wide = head[4] == 2
    if len(head) < (64 if wide else 52):
        raise ValueError("cut off")
    form, order = SEGMENT_64 if wide else SEGMENT_32
    at = _number(head, head, 32, 8) if wide else _number(head, head, 28, 4)
    width, count = (_number(head, head, n, 2) for n in ((54, 56) if wide else (42, 44)))
    entry = struct.Struct(_endian(head) + form)
    if count and width != entry.size:
        raise ValueError("its program headers are not of the size that the format prescribes")
    file.seek(at)
    table = file.read(width * count)
    rows = [entry.unpack_from(table, n * width) for n in range(count)]
    return [s for row in rows if (s := _Segment(*(row[k] for k in order))).kind == PT_LOAD]


def _number(head: bytes, data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big" if _endian(head) == ">" else "little")


def _endian(head: bytes) -> str:
    return ">" if head[5] == 2 else "<"
