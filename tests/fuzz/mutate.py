"""From good profiles to bad ones: in their bytes, in their fields, in their lines, in how they are packed.

Every function takes the source of chance first, so that a seed gives the same inputs again.
"""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

from alloclens.profile.formats.compression import zstd

from tests.fuzz.seeds import all_seeds
from tests.fuzz.wire import FIXED, LENGTH, VARINT, Field, by_number, encoded, varint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

LARGEST = 1 << 20
"""Bytes of an input before it is packed. What is slower than a second at this size is so for its contents."""
MOSTLY = 1 << 16
"""Bytes of nine inputs of ten: reading one of the largest takes as long as fifty of these."""
BOMB = 300 << 20
"""Bytes; more than any profile may have."""
PIECE = 1 << 20
EDGES = (0, 1, 2, 127, 128, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1)
NUMBERS = (*map(str, EDGES), "-1", str(-(2**63)), "9" * 25, "1" + "0" * 4299, "7" * 5000, "0x" + "f" * 17, "1e999", "٣")
RUNS = (
    " ",
    "\t",
    "\n",
    "\0",
    "1",
    "a",
    "f ",
    "(",
    " (",
    ") ",
    ":",
    "1:",
    " 0x1",
    "[",
    "{",
    "=",
    "$a",
    "@",
    "-",
    "é",
    "#\t",
)
"""What a pattern may go over again and again."""
COMMON = (1, 1, 2, 2, 3, 3, 10, 10, 100, 100, 1000, 10_000, 100_000)
"""How often something is repeated: seldom so often that reading it takes as long as a hundred others."""
NUMBER = re.compile(r"-?\d+")


def made(rng: Random) -> bytes:
    """Return one input."""
    if rng.random() < 0.001:
        return bomb(rng)
    raw, limit = some_seed(rng), MOSTLY if rng.random() < 0.9 else LARGEST
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5))):
        raw = mutated(rng, raw)[:limit]
    return packed(rng, raw)


def mutant(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Return one of some seeds with a few changes."""
    raw = rng.choice(seeds)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5))):
        raw = mutated(rng, raw)[:LARGEST]
    return raw


def some_seed(rng: Random) -> bytes:
    """Return a seed, a small one more often: more of those are read in a minute."""
    seeds = all_seeds()
    return min(rng.choice(seeds), rng.choice(seeds), key=len)


def mutated(rng: Random, raw: bytes) -> bytes:
    ways: tuple[Callable[[Random, bytes], bytes], ...] = (in_bytes, in_lines if is_text(raw) else in_fields)
    return rng.choices(ways, (1, 3))[0](rng, raw)


def is_text(raw: bytes) -> bool:
    return b"\0" not in raw[:64] and raw[:64].isascii() and b"\n" in raw[:4096] and raw[:1] != b"\n"


# --- bytes


def in_bytes(rng: Random, raw: bytes) -> bytes:
    return rng.choice((flipped, cut, without_block, doubled, spliced, with_edge, with_noise))(rng, raw)


def block(rng: Random, raw: bytes) -> slice:
    begin = rng.randrange(len(raw) + 1)
    return slice(begin, begin + rng.choice((1, 2, 4, 8, 64, 1000, len(raw))))


def flipped(rng: Random, raw: bytes) -> bytes:
    out = bytearray(raw or b"\0")
    for _ in range(rng.choice((1, 1, 2, 10, 100))):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def cut(rng: Random, raw: bytes) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def without_block(rng: Random, raw: bytes) -> bytes:
    gone = block(rng, raw)
    return raw[: gone.start] + raw[gone.stop :]


def doubled(rng: Random, raw: bytes) -> bytes:
    again = block(rng, raw)
    piece = raw[again]
    return raw[: again.start] + piece * times(rng, len(piece)) + raw[again.start :]


def times(rng: Random, size: int) -> int:
    """Return how often, at most until the largest input is full."""
    return min(rng.choice(COMMON), LARGEST // max(size, 1) + 1)


def spliced(rng: Random, raw: bytes) -> bytes:
    other = rng.choice(all_seeds())
    return raw[: rng.randrange(len(raw) + 1)] + other[rng.randrange(len(other)) :]


def with_edge(rng: Random, raw: bytes) -> bytes:
    at, value = rng.randrange(len(raw) + 1), rng.choice(EDGES)
    size = rng.choice((4, 8))
    number = (value % 2 ** (8 * size)).to_bytes(size, rng.choice(("little", "big")))
    return raw[:at] + rng.choice((number, varint(value))) + raw[at + rng.choice((0, size)) :]


def with_noise(rng: Random, raw: bytes) -> bytes:
    where = block(rng, raw)
    return raw[: where.start] + rng.randbytes(rng.choice((1, 10, 1000))) + raw[where.stop :]


# --- fields


def in_fields(rng: Random, raw: bytes) -> bytes:
    """Change one field, of the message or of a message within; where there are none, change bytes."""
    try:
        field = some_field(rng, by_number(raw))
    except (ValueError, IndexError):
        return in_bytes(rng, raw)
    if field.wire == LENGTH and rng.random() < 0.7:
        changed = encoded(field._replace(value=within(rng, field.value)))
    else:
        changed = rng.choice((repeated, dropped, renumbered, lying, retyped, moved, emptied))(rng, field)
    return raw[: field.begin] + changed + raw[field.end :]


def some_field(rng: Random, fields: dict[int, list[Field]]) -> Field:
    """Choose a kind of field first: most are samples."""
    return rng.choice(fields[rng.choice(sorted(fields))])


def within(rng: Random, body: bytes) -> bytes:
    return rng.choice((in_fields, in_fields, in_numbers))(rng, body) if body else varint(rng.choice(EDGES))


def in_numbers(rng: Random, body: bytes) -> bytes:
    """Treat the body as packed numbers."""
    return rng.choice(
        (
            body * times(rng, len(body)),
            body + varint(rng.choice(EDGES)),
            varint(rng.choice(EDGES)) + body[1:],
            b"\x80" * rng.choice((1, 9, 10, 100)) + body,
            bytes(len(body)),
        )
    )


def repeated(rng: Random, field: Field) -> bytes:
    one = encoded(field)
    return one * times(rng, len(one))


def dropped(_: Random, __: Field) -> bytes:
    return b""


def renumbered(rng: Random, field: Field) -> bytes:
    value = rng.choice(EDGES)
    return encoded(field._replace(wire=VARINT, value=value))


def lying(rng: Random, field: Field) -> bytes:
    """Promise another length than the body has."""
    body = field.value if isinstance(field.value, bytes) else varint(field.value)
    return (
        varint(field.number << 3 | LENGTH) + varint(rng.choice((*EDGES, len(body) + 1, max(len(body) - 1, 0)))) + body
    )


def retyped(rng: Random, field: Field) -> bytes:
    wire = rng.choice((0, 1, 2, 3, 4, 5, 6, 7))
    body = field.value if isinstance(field.value, bytes) else varint(field.value)
    return varint(field.number << 3 | wire) + body.ljust(FIXED.get(wire, 0), b"\0")


def moved(rng: Random, field: Field) -> bytes:
    """Give the field another number, or its fields each twice."""
    if isinstance(field.value, bytes) and rng.random() < 0.5:
        try:
            inner = [f for fields in by_number(field.value).values() for f in fields]
        except ValueError:
            return encoded(field._replace(number=rng.randrange(16)))
        return encoded(field._replace(value=b"".join(encoded(f) * 2 for f in inner)))
    return encoded(field._replace(number=rng.choice((*range(17), 2**28, 2**40))))


def emptied(rng: Random, field: Field) -> bytes:
    return encoded(Field(field.number, LENGTH, b"")) * rng.choice(COMMON)


# --- lines


def in_lines(rng: Random, raw: bytes) -> bytes:
    lines = raw.decode("utf-8", "replace").split("\n")
    at = rng.randrange(len(lines))
    way = rng.choice((other_number, other_number, again, run, run_in_place, words, shuffled, gone))
    lines[at : at + 1] = way(rng, lines[at], lines)
    return rng.choice((plain,) * 12 + (windows, utf16))("\n".join(lines))


def other_number(rng: Random, line: str, _: list[str]) -> list[str]:
    found = list(NUMBER.finditer(line))
    if not found:
        return [line]
    number = rng.choice(found)
    return [line[: number.start()] + rng.choice(NUMBERS) + line[number.end() :]]


def again(rng: Random, line: str, _: list[str]) -> list[str]:
    """Repeat the line, each time the same, or with another number in it."""
    count = times(rng, len(line) + 8)
    if rng.random() < 0.5:
        return [line] * count
    return [NUMBER.sub(str(i), line, count=rng.choice((0, 1, 2))) for i in range(count)]


def run(rng: Random, line: str, _: list[str]) -> list[str]:
    at, text = rng.randrange(len(line) + 1), rng.choice(RUNS)
    return [line[:at] + text * times(rng, len(text)) + line[at:]]


def run_in_place(rng: Random, line: str, _: list[str]) -> list[str]:
    """Put lines there that a pattern may take long over; most readers look at lines of at most 4096 characters."""
    text = rng.choice(RUNS) * rng.choice((10, 1000)) + rng.choice(("", "x", ")", ":1)", " 0 00:00 z"))
    return [line, *[text[-4096:]] * rng.choice((1, 10, 100))]


def words(rng: Random, line: str, lines: list[str]) -> list[str]:
    """Mix the words of two lines."""
    mixed = [*line.split(" "), *rng.choice(lines).split(" ")]
    rng.shuffle(mixed)
    return [" ".join(mixed)]


def shuffled(rng: Random, line: str, lines: list[str]) -> list[str]:
    return [line, *rng.sample(lines, min(len(lines), 20))]


def gone(_: Random, __: str, ___: list[str]) -> list[str]:
    return []


def plain(text: str) -> bytes:
    return text.encode()


def windows(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def utf16(text: str) -> bytes:
    return text.encode("utf-16")


# --- packing


def packed(rng: Random, raw: bytes) -> bytes:
    way = rng.choices((bare, zipped, zstandard, in_parts, damaged, twice), (6, 3, 2, 1, 1, 1))[0]
    return way(rng, raw)


def bare(_: Random, raw: bytes) -> bytes:
    return raw


def zipped(_: Random, raw: bytes) -> bytes:
    return gzip.compress(raw, 1, mtime=0)


def zstandard(_: Random, raw: bytes) -> bytes:
    return zstd.compress(raw, 1)


def in_parts(rng: Random, raw: bytes) -> bytes:
    """Pack it in several parts, perhaps very many empty ones."""
    pack = rng.choice((zipped, zstandard))
    half = rng.randrange(len(raw) + 1)
    return pack(rng, raw[:half]) + pack(rng, b"") * rng.choice(COMMON[:-1]) + pack(rng, raw[half:])


def damaged(rng: Random, raw: bytes) -> bytes:
    return in_bytes(rng, rng.choice((zipped, zstandard))(rng, raw))


def twice(rng: Random, raw: bytes) -> bytes:
    return zipped(rng, zstandard(rng, raw))


# --- bombs

FILLINGS = (b"\0", b" ", b"\n", b"\x12\0", b"\x22\0", b"\x2a\0", b"\x32\0", b"\x0a\0", b"1: 1 [1: 1] @ 0x1\n", b" 0x1")


def bomb(rng: Random) -> bytes:
    """Return a small file that unpacks to more than may be read, behind the beginning of a good one."""
    start, filling = rng.choice(all_seeds()), rng.choice(FILLINGS)
    piece = filling * (PIECE // len(filling))
    return rng.choice((gzip_bomb, zstd_bomb))(start, piece)


def gzip_bomb(start: bytes, piece: bytes) -> bytes:
    """Pack piece by piece: members one behind the other are one file."""
    return gzip.compress(start, 1) + gzip.compress(piece * 30, 1) * (BOMB // PIECE // 30)


def zstd_bomb(start: bytes, piece: bytes) -> bytes:
    packer = zstd.ZstdCompressor(level=1)
    return packer.compress(start) + b"".join(packer.compress(piece) for _ in range(BOMB // PIECE)) + packer.flush()
