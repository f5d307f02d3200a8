"""Protobuf taken apart and put together again, so that what is wrong can be put where a reader looks."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}


class Field(NamedTuple):
    """One field as it is encoded: a number, or the bytes of a body."""

    number: int
    wire: int
    value: int | bytes
    begin: int = 0
    """Where it lies in the message."""
    end: int = 0


def varint(value: int) -> bytes:
    """Return a number as protobuf writes it; negative ones as their two's complement."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def encoded(field: Field) -> bytes:
    tag = varint(field.number << 3 | field.wire)
    if isinstance(field.value, int):
        return tag + varint(field.value)
    return tag + (varint(len(field.value)) if field.wire == LENGTH else b"") + field.value


@lru_cache(32)
def by_number(data: bytes) -> dict[int, list[Field]]:
    """Return the fields of a message. Raises ValueError where it is none."""
    out: dict[int, list[Field]] = {}
    at = 0
    while at < len(data):
        begin = at
        tag, at = _varint(data, at)
        value: int | bytes
        if tag & 7 == VARINT:
            value, at = _varint(data, at)
        else:
            size, at = _varint(data, at) if tag & 7 == LENGTH else (FIXED.get(tag & 7, -1), at)
            if not 0 <= size <= len(data) - at:
                raise ValueError("no message")
            value, at = data[at : at + size], at + size
        out.setdefault(tag >> 3, []).append(Field(tag >> 3, tag & 7, value, begin, at))
    return out


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for read in range(10):
        if at + read >= len(data):
            break
        value |= (data[at + read] & 127) << 7 * read
        if data[at + read] < 128:
            return value, at + read + 1
    raise ValueError("no number")
