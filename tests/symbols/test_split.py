"""Units in .dwo and .dwp files, made by hand by the chapters of DWARF 5: whole ones, and any bytes in their place."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from alloclens.symbols import split
from alloclens.symbols.split import contribution, joined, sections, skeletons
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

ID = b"unit-one"
X86_64 = 62


def table(tag: int, *attributes: tuple[int, int]) -> bytes:
    """Return abbreviations (section 7.5.3): one, of a root without children."""
    return bytes([1, tag, 0, *(byte for pair in attributes for byte in pair), 0, 0, 0])


def unit(kind: int, values: bytes) -> bytes:
    """Return a unit with an id (section 7.5.1.2): version 5, its type, 8 bytes for an address, the table at 0."""
    rest = struct.pack("<HBBI", 5, kind, 8, 0) + ID + bytes([1]) + values
    return struct.pack("<I", len(rest)) + rest


PROGRAM = {
    # DW_TAG_skeleton_unit: lines, .debug_addr, name of the .dwo, lowest address, ranges and where their lists begin
    ".debug_abbrev": table(0x4A, (0x10, 0x17), (0x73, 0x17), (0x76, 0x1F), (0x11, 0x1B), (0x55, 0x23), (0x74, 0x17)),
    ".debug_info": unit(4, struct.pack("<III", 0, 8, 0) + bytes([0, 0]) + struct.pack("<I", 12)),
    ".debug_addr": struct.pack("<IHBBQQ", 20, 5, 8, 0, 0x1000, 0x2000),
    ".debug_rnglists": struct.pack("<IHBBII", 17, 5, 8, 0, 1, 4) + bytes([4, 0, 16, 3, 1, 32, 0]),
    ".debug_line": b"lines",
    ".debug_line_str": b"shop.dwo\0",
}
"""From the lowest address on 16 bytes (DW_RLE_offset_pair), and 32 from the second address on (DW_RLE_startx_length)."""
PART = {
    ".debug_info.dwo": unit(5, bytes([0])),
    ".debug_abbrev.dwo": table(0x11, (0x03, 0x1A)),  # DW_TAG_compile_unit with a name
    ".debug_str.dwo": b"shop.cc\0",
    ".debug_str_offsets.dwo": struct.pack("<IHHI", 8, 5, 0, 0),
}
SIZES = {1: len(PART[".debug_info.dwo"]), 3: len(PART[".debug_abbrev.dwo"]), 6: len(PART[".debug_str_offsets.dwo"])}
PACKAGE = {
    **PART,
    ".debug_cu_index": struct.pack("<HHIII", 5, 0, 3, 1, 2)
    + ID
    + bytes(8)
    + struct.pack("<II3I3I3I", 1, 0, *SIZES, 0, 0, 0, *SIZES.values()),
}
"""Two slots, of which the first has the id (section 7.3.5.3)."""


def read(program: Mapping[str, bytes], part: Mapping[str, bytes]) -> list[bytes]:
    """Return what is made of each unit."""
    found = ((one, contribution(part, one.id)) for one in skeletons(program))
    return [joined(program, one, of, 0x1000, X86_64) for one, of in found if of]


def test_a_unit_that_is_whole() -> None:
    (one,) = skeletons(PROGRAM)
    assert (one.id, one.file, one.low, one.lines) == (ID, "shop.dwo", 0x1000, 0)
    assert one.ranges == ((0x1000, 0x1010), (0x2000, 0x2020))
    (made,) = read(PROGRAM, PART)
    again = sections(io.BytesIO(made))
    assert (again[".debug_line"], again[".debug_str"]) == (b"lines", b"shop.cc\0")
    assert read(PROGRAM, PACKAGE) == [made]
    assert contribution(PART, b"unit-two") is contribution(PACKAGE, b"unit-two") is None


def changed(given: Mapping[str, bytes]) -> st.SearchStrategy[dict[str, bytes]]:
    """Return sections of which one has any bytes, is cut off, or has some bytes changed; or is not there."""

    @st.composite
    def one(draw: st.DrawFn) -> dict[str, bytes]:
        name = draw(st.sampled_from([*given]))
        data = bytearray(given[name])
        for at, byte in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=4)):
            data[at] = byte
        cut = draw(st.integers(0, len(data)))
        bad = draw(st.sampled_from([bytes(data), bytes(data)[:cut], draw(st.binary(max_size=64)), None]))
        return {key: value for key, value in {**given, name: bad}.items() if value is not None}

    return one()


@given(changed(PROGRAM), st.one_of(changed(PART), changed(PACKAGE)))
def test_any_bytes_are_read_or_refused(program: Mapping[str, bytes], part: Mapping[str, bytes]) -> None:
    """The only error is a ValueError, which says something."""
    for of_program, of_part in ((program, part), (PROGRAM, part), (program, PART)):
        try:
            read(of_program, of_part)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - any other error fails, and no error is as good


@given(st.data())
def test_any_bytes_of_a_file(data: st.DataObject) -> None:
    """No more is read than the file has, whatever its table of sections says."""
    (made,) = read(PROGRAM, PART)
    bad = bytearray(made)
    places = st.one_of(st.integers(0, 119), st.integers(len(made) - 64 * 9, len(made) - 1))
    for at, byte in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        bad[at] = byte
    for content in (bytes(bad), bytes(bad)[: data.draw(st.integers(0, len(bad)))], data.draw(st.binary(max_size=200))):
        with suppress(ValueError):
            assert sum(map(len, sections(io.BytesIO(content)).values())) <= len(content)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        (".debug_info", unit(4, struct.pack("<III", 0, 8, 0) + 12 * b"\x80")),  # a number without an end
        (".debug_abbrev", table(0x4A).replace(b"\x01", b"\x02", 1)),  # without the abbreviation of the root
    ],
)
def test_what_would_go_on_without_an_end_is_refused(name: str, bad: bytes) -> None:
    with pytest.raises(ValueError, match="its debug information is damaged"):
        list(skeletons({**PROGRAM, name: bad}))


def test_so_many_ranges_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(split, "MAX_RANGES", 9)
    lists = PROGRAM[".debug_rnglists"][:16]
    (one,) = skeletons({**PROGRAM, ".debug_rnglists": lists + 9 * b"\x04\x00\x01" + b"\x00"})
    assert one.ranges == 9 * ((0x1000, 0x1001),)
    with pytest.raises(ValueError, match="its debug information is damaged"):
        list(skeletons({**PROGRAM, ".debug_rnglists": lists + 10 * b"\x04\x00\x01" + b"\x00"}))


def test_an_index_with_more_slots_than_it_has_room_for_is_refused() -> None:
    index = bytearray(PACKAGE[".debug_cu_index"])
    index[12:16] = b"\xff\xff\xff\xff"
    with pytest.raises(ValueError, match="its debug information is damaged"):
        contribution({**PACKAGE, ".debug_cu_index": bytes(index)}, ID)
