"""Debug information in .dwo and .dwp files (-gsplit-dwarf, DWARF 5).

A program has the lines of each unit, and a skeleton of the unit that names the file with the rest: functions, and what
was inlined into them. symbolic reads only units that are whole. `joined` makes a file of one: the unit of the .dwo, with
what it needs of the program. For that, two attributes are added, which fit into the bytes of its header that only split
units have (DWARF 5, section 7.5.1.2).
"""

from __future__ import annotations

import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from alloclens.symbols.layout import ET_DYN, PT_LOAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    DebugSections = Mapping[str, bytes]
    """The bytes of an ELF file's sections, by name."""

SKELETON, SPLIT_COMPILE, COMPILE = 4, 5, 1
"""Types of units, DW_UT_skeleton, DW_UT_split_compile and DW_UT_compile."""
LOW_PC, HIGH_PC, STMT_LIST, RANGES, DWO_NAME = 0x11, 0x12, 0x10, 0x55, 0x76
ADDR_BASE, STR_OFFSETS_BASE, RNGLISTS_BASE = 0x73, 0x72, 0x74
"""Attributes, DW_AT_…"""
ADDR, ADDRX, SEC_OFFSET, RNGLISTX, IMPLICIT_CONST, ADDRX4 = 0x01, 0x1B, 0x17, 0x23, 0x21, 0x2C
STRX, STRP, LINE_STRP, STRING = (0x1A, *range(0x25, 0x29)), 0x0E, 0x1F, 0x08
"""Forms, DW_FORM_…"""
SIZES = {0x01: 8, 0x0B: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x17: 4, 0x0E: 4, 0x1F: 4, 0x0C: 1, 0x19: 0, 0x25: 1, 0x26: 2}
SIZES |= {0x27: 3, 0x28: 4, 0x29: 1, 0x2A: 2, 0x2B: 3, 0x2C: 4, 0x1E: 16}
"""Bytes of the forms of a fixed size; those of the others that occur here are numbers of any length."""
NUMBERS = frozenset((0x0F, 0x0D, 0x1A, 0x1B, 0x22, 0x23))
COMPRESSED = 0x800
"""SHF_COMPRESSED, in the flags of a section."""
HEADER, SPLIT_HEADER = 12, 20
"""Bytes of the header of a unit, and of one with an id: length, version, type, size of addresses, offset of abbreviations, id."""
ADDRESS = struct.Struct("<Q")
MAX_NAME_BYTES = 64
"""Of a section's name that are read; the longest that is meant has 22."""
MAX_RANGES = 1 << 20
"""Of the code of one unit, and of those that are looked at in one program."""
DAMAGED = "its debug information is damaged"
PACKAGE = ".dwp"
"""Ends the name of a file with those of many units."""
INFO, ABBREV, STR_OFFSETS, RNGLISTS = 1, 3, 6, 8
"""Sections in the index of a .dwp file, DW_SECT_…"""
IN_PACKAGE = {
    INFO: ".debug_info.dwo",
    ABBREV: ".debug_abbrev.dwo",
    STR_OFFSETS: ".debug_str_offsets.dwo",
    RNGLISTS: ".debug_rnglists.dwo",
}


@dataclass(frozen=True)
class Skeleton:
    """What a program says of a unit in a .dwo file."""

    id: bytes
    file: str
    """The .dwo file, as recorded."""
    ranges: tuple[tuple[int, int], ...]
    """Where its code begins and ends, as linked."""
    low: int
    lines: int
    """Offset in .debug_line."""
    addresses: int
    """Offset in .debug_addr."""


@contextmanager
def _named() -> Iterator[None]:
    """Raise ValueError for what damaged data leads to."""
    try:
        yield
    except (KeyError, IndexError, OverflowError, struct.error) as error:
        raise ValueError(DAMAGED) from error


class _Bytes:
    """Reads numbers one after the other. Raises IndexError or ValueError at the end of the data."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def uleb(self) -> int:
        out = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            out |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return out
            if shift > 63:
                raise ValueError(DAMAGED)

    def take(self, size: int) -> int:
        piece = self.data[self.at : self.at + size]
        if len(piece) < size:
            raise IndexError("cut off")
        self.at += size
        return int.from_bytes(piece, "little")

    def text(self) -> str:
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise ValueError(DAMAGED)
        out = self.data[self.at : end].decode("utf-8", "replace")
        self.at = end + 1
        return out


class _Declaration(NamedTuple):
    """An abbreviation."""

    code: int
    begin: int
    """Where it is in .debug_abbrev, and where its attributes begin and it ends."""
    attributes_at: int
    end: int
    attributes: tuple[tuple[int, int], ...]
    """Attribute and form."""
    constants: tuple[int, ...]
    """The value of each attribute that has it here."""


def sections(file: BinaryIO) -> DebugSections:
    """Read the sections of a little-endian 64-bit ELF file that have debug information: no more bytes than it has.

    Raises ValueError for any other file, or a damaged one, or OSError.
    """
    head, end = file.read(64), file.seek(0, os.SEEK_END)
    if head[:6] != b"\x7fELF\x02\x01":
        raise ValueError("it is no little-endian 64-bit ELF file")
    with _named():
        (at,), (width, count, names) = struct.unpack_from("<Q", head, 40), struct.unpack_from("<HHH", head, 58)
        table = _piece(file, at, width * count, end)
        rows = [struct.unpack_from("<IIQQQQ", table, width * n) for n in range(count)]
        *_, offset, size = rows[names]
        text = _piece(file, offset, size, end)
        debug = [(name, row) for row in rows if (name := _section(text, row[0])).startswith(".debug_")]
        if any(flags & COMPRESSED for _, (_, _, flags, *_) in debug):
            raise ValueError("its debug information is compressed")
        if sum(size for _, (*_, size) in debug) > end:
            raise ValueError(DAMAGED)
        return {name: _piece(file, offset, size, end) for name, (*_, offset, size) in debug}


def _piece(file: BinaryIO, offset: int, size: int, end: int) -> bytes:
    if offset + size > end:
        raise ValueError(DAMAGED)
    file.seek(offset)
    return file.read(size)


def _section(names: bytes, at: int) -> str:
    return names[at : at + MAX_NAME_BYTES].partition(b"\0")[0].decode("latin-1")


def skeletons(of: DebugSections) -> Iterator[Skeleton]:
    """Yield the units of a program whose debug information is elsewhere. Raises ValueError."""
    info = of.get(".debug_info", b"")
    for at, end, kind in _units(info):
        if kind == SKELETON:
            with _named():
                unit = _skeleton(of, info, at, end)
            yield unit


def _units(info: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield where each unit begins and ends, and its type; 0 before DWARF 5."""
    at = 0
    while at + HEADER <= len(info):
        length, version, kind = struct.unpack_from("<IHB", info, at)
        if length >= 0xFFFFFFF0:
            raise ValueError("64-bit DWARF")
        yield at, at + 4 + length, kind if version == 5 else 0
        at += 4 + length


def _declarations(abbrev: bytes, at: int) -> Iterator[_Declaration]:
    """Yield the abbreviations of a table."""
    reader = _Bytes(abbrev, at)
    while True:
        begin, code = reader.at, reader.uleb()
        if not code:
            return
        reader.uleb()
        reader.take(1)
        attributes_at, attributes, constants = reader.at, [], []
        while any(pair := (reader.uleb(), reader.uleb())):
            attributes.append(pair)
            constants.append(reader.uleb() if pair[1] == IMPLICIT_CONST else 0)
        yield _Declaration(code, begin, attributes_at, reader.at, tuple(attributes), tuple(constants))


def _root(abbrev: bytes, info: bytes, at: int) -> tuple[_Declaration, _Bytes]:
    """Return the abbreviation of the root of a unit with an id, and a reader of its attributes."""
    table = int.from_bytes(info[at + 8 : at + 12], "little")
    reader = _Bytes(info, at + SPLIT_HEADER)
    code = reader.uleb()
    root = next((one for one in _declarations(abbrev, table) if one.code == code), None)
    if root is None:
        raise ValueError(DAMAGED)
    return root, reader


def _skeleton(of: DebugSections, info: bytes, at: int, end: int) -> Skeleton:
    declared, reader = _root(of[".debug_abbrev"], info[:end], at)
    found = {}
    for (attribute, form), constant in zip(declared.attributes, declared.constants, strict=True):
        found[attribute] = form, _value(reader, form, constant)
    addresses = found[ADDR_BASE][1]
    low = _address(of, *found[LOW_PC], addresses) if LOW_PC in found else 0
    if RANGES in found:
        form, value = found[RANGES]
        base = found[RNGLISTS_BASE][1] if RNGLISTS_BASE in found else HEADER
        listed = _ranges(of, value if form == SEC_OFFSET else _listed(of, base, value), low, addresses)
        ranges = tuple(islice(listed, MAX_RANGES + 1))
        if len(ranges) > MAX_RANGES:
            raise ValueError(DAMAGED)
    else:
        form, high = found.get(HIGH_PC, (0, 0))
        ranges = ((low, _address(of, form, high, addresses) if form in (ADDR, ADDRX) else low + high),)
    offsets = found[STR_OFFSETS_BASE][1] if STR_OFFSETS_BASE in found else 8
    file = _text(of, *found[DWO_NAME], offsets)
    return Skeleton(info[at + HEADER : at + SPLIT_HEADER], file, ranges, low, found[STMT_LIST][1], addresses)


def _value(reader: _Bytes, form: int, constant: int) -> int:
    """Return a value, or where the text begins that is there."""
    if form == IMPLICIT_CONST:
        return constant
    if form == STRING:
        at = reader.at
        reader.text()
        return at
    if form in NUMBERS:
        return reader.uleb()
    return reader.take(SIZES[form])


def _text(of: DebugSections, form: int, value: int, offsets: int) -> str:
    if form == STRING:
        return _Bytes(of[".debug_info"], value).text()
    if form in STRX:
        value = _Bytes(of[".debug_str_offsets"], offsets + 4 * value).take(4)
    return _Bytes(of[".debug_line_str" if form == LINE_STRP else ".debug_str"], value).text()


def _address(of: DebugSections, form: int, value: int, base: int) -> int:
    return value if form == ADDR else _Bytes(of[".debug_addr"], base + 8 * value).take(8)


def _listed(of: DebugSections, base: int, index: int) -> int:
    return base + _Bytes(of[".debug_rnglists"], base + 4 * index).take(4)


def _ranges(of: DebugSections, at: int, base: int, addresses: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a list (DWARF 5, section 7.25)."""
    reader = _Bytes(of[".debug_rnglists"], at)

    def indexed() -> int:
        return _address(of, ADDRX, reader.uleb(), addresses)

    while kind := reader.take(1):
        if kind == 1:
            base = indexed()
        elif kind == 5:
            base = reader.take(8)
        elif kind in (2, 3, 6, 7):
            low = indexed() if kind in (2, 3) else reader.take(8)
            yield low, low + reader.uleb() if kind in (3, 7) else indexed() if kind == 2 else reader.take(8)
        elif kind == 4:
            yield base + reader.uleb(), base + reader.uleb()
        else:
            raise ValueError(f"an unknown kind of range: {kind}")


def contribution(of: DebugSections, unit: bytes) -> DebugSections | None:
    """Return the sections of the unit with this id, in a .dwo or a .dwp file; None if it is not there. Raises ValueError."""
    with _named():
        part = of if ".debug_cu_index" not in of else _packaged(of, unit)
    info = part.get(".debug_info.dwo", b"") if part else b""
    for at, end, kind in _units(info):
        if kind == SPLIT_COMPILE and info[at + HEADER : at + SPLIT_HEADER] == unit:
            return {**(part or {}), ".debug_info.dwo": info[at:end]}
    return None


def _packaged(of: DebugSections, unit: bytes) -> DebugSections | None:
    """Return what the index of a .dwp file says is of a unit (DWARF 5, section 7.3.5.3)."""
    index = of[".debug_cu_index"]
    version, _, columns, units, slots = struct.unpack_from("<HHIII", index)
    if version != 5:
        return None
    if 16 + 12 * slots > len(index):
        raise ValueError(DAMAGED)
    ids = [index[16 + 8 * n : 24 + 8 * n] for n in range(slots)]
    row = struct.unpack_from("<I", index, 16 + 8 * slots + 4 * ids.index(unit))[0] if unit in ids else 0
    if not row:
        return None
    at = 16 + 12 * slots
    numbers = struct.unpack_from(f"<{columns}I", index, at)
    begin, size = (struct.unpack_from(f"<{columns}I", index, at + 4 * columns * (n + row)) for n in (0, units))
    places = {number: (b, s) for number, b, s in zip(numbers, begin, size, strict=True)}
    out = {".debug_str.dwo": of[".debug_str.dwo"]}
    for number, name in IN_PACKAGE.items():
        if number in places:
            b, s = places[number]
            out[name] = of[name][b : b + s]
    return out


def joined(program: DebugSections, unit: Skeleton, part: DebugSections, base: int, machine: int) -> bytes:
    """Return an ELF file with one whole unit, linked for the same addresses as the program, of which `base` is the lowest.

    Raises ValueError.
    """
    with _named():
        return _joined(program, unit, part, base, machine)


def _joined(program: DebugSections, unit: Skeleton, part: DebugSections, base: int, machine: int) -> bytes:
    info, abbrev = part[".debug_info.dwo"], part[".debug_abbrev.dwo"]
    declared, _ = _root(abbrev, info, 0)
    code = info[SPLIT_HEADER : SPLIT_HEADER + len(_uleb(declared.code))]
    length, table = info[:4], int.from_bytes(info[8:12], "little")
    addresses = program[".debug_addr"][unit.addresses :]
    addresses = addresses[: len(addresses) // 8 * 8] + ADDRESS.pack(unit.low)
    ranges = part.get(".debug_rnglists.dwo", b"")[HEADER:]
    low, at_low = (LOW_PC, ADDRX4), len(addresses) // 8 - 1
    if (
        not unit.low
    ):  # symbolic leaves out a unit at 0 without a list of ranges, as linkers leave dead ones; this one is empty
        low, at_low, ranges = (RANGES, SEC_OFFSET), len(ranges), ranges + b"\0"
    added = struct.pack("<II", 0, at_low)  # the lines, and the lowest address: the last one
    whole = length + struct.pack("<HBBI", 5, COMPILE, 8, 0) + code + added + info[SPLIT_HEADER + len(code) :]
    root = abbrev[declared.begin : declared.attributes_at] + bytes([STMT_LIST, SEC_OFFSET, *low])
    root += abbrev[declared.attributes_at : declared.end]
    return _elf(
        {
            ".debug_info": whole,
            ".debug_abbrev": root + abbrev[table : declared.begin] + abbrev[declared.end :],
            ".debug_line": program[".debug_line"][unit.lines :],
            ".debug_line_str": program.get(".debug_line_str", b""),
            ".debug_addr": addresses,
            ".debug_str": part[".debug_str.dwo"],
            ".debug_str_offsets": part.get(".debug_str_offsets.dwo", b"")[
                8:
            ],  # without headers, as the unit names no base
            ".debug_rnglists": ranges,
        },
        base,
        machine,
    )


def _uleb(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def _elf(of: Mapping[str, bytes], base: int, machine: int) -> bytes:
    """Return an ELF file with these sections, and a segment that begins at `base`."""
    names = b"\0" + b"\0".join(name.encode() for name in (*of, ".shstrtab")) + b"\0"
    body, rows = bytearray(64 + 56), [bytes(64)]
    for name, data, kind in (*((name, data, 1) for name, data in of.items()), (".shstrtab", names, 3)):
        rows.append(
            struct.pack(
                "<IIQQQQIIQQ",
                names.index(b"\0" + name.encode() + b"\0") + 1,
                kind,
                0,
                0,
                len(body),
                len(data),
                0,
                0,
                1,
                0,
            )
        )
        body += data
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    body[:64] = ident + struct.pack(
        "<HHIQQQIHHHHHH", ET_DYN, machine, 1, 0, 64, len(body), 0, 64, 56, 1, 64, len(rows), len(rows) - 1
    )
    body[64:120] = struct.pack("<IIQQQQQQ", PT_LOAD, 5, 0, base, base, 0, 1 << 32, 1)
    return bytes(body) + b"".join(rows)
