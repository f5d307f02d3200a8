"""Heap profiles as Go's runtime writes them, of any size: `python -m tests.bench.generate SAMPLES FILE`.

Stacks share their root side as those of one program do, some recurse, a quarter of the locations has an inlined frame,
and two samples of five have nothing in use any more. Field order, packing, interleaving and compression level are those
of runtime/pprof. The same arguments give the same bytes.
"""

from __future__ import annotations

import gzip
import random
import sys
from pathlib import Path

TYPES = (("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes"))
SIZES = (16, 32, 48, 64, 128, 512, 4096, 65536)
RATE = 512 << 10
DEPTH = 30
"""Of a stack, on average."""


def profile(samples: int, seed: int = 1) -> bytes:
    """Return a heap profile of so many samples, compressed."""
    return gzip.compress(encoded(samples, seed), 1, mtime=0)


def encoded(samples: int, seed: int = 1) -> bytes:
    """Return the same without compression."""
    writer = _Writer(random.Random(seed), samples)
    for kind, unit in TYPES:
        writer.message(1, number(1, writer.string(kind)) + number(2, writer.string(unit)))
    writer.message(11, number(1, writer.string("space")) + number(2, writer.string("bytes")))
    writer.parts.append(number(12, RATE))
    for _ in range(samples):
        writer.sample()
    return writer.finish()


def functions(samples: int) -> int:
    """Return the number of functions of the program whose heap has so many samples."""
    return _places(samples) // 4


def _places(samples: int) -> int:
    return int(min(55 * samples**0.5, 40_000))


def varint(value: int) -> bytes:
    """Return a number as protobuf writes it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """Return a number field; nothing for 0."""
    return varint(field << 3) + varint(value) if value else b""


def nested(field: int, body: bytes) -> bytes:
    """Return a field with a body of its own: a message, a text, packed numbers."""
    return varint(field << 3 | 2) + varint(len(body)) + body


class _Writer:
    def __init__(self, rng: random.Random, samples: int) -> None:
        self.rng = rng
        self.parts: list[bytes] = []
        self.strings = {"": 0}
        self.places, self.functions = _places(samples), functions(samples)
        self.location_ids: dict[int, bytes] = {}
        self.function_ids: dict[int, int] = {}
        self.stacks: list[tuple[int, ...]] = []

    def message(self, field: int, body: bytes) -> None:
        self.parts.append(nested(field, body))

    def string(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def sample(self) -> None:
        stack = self.stack()
        ids = b"".join(self.location_ids.get(place) or self.location(place) for place in stack)
        size = SIZES[int(self.rng.random() * len(SIZES))]
        count = int(self.rng.expovariate(0.05)) + 1
        left = 0 if self.rng.random() < 0.4 else int(self.rng.random() * count) + 1
        values = varint(count) + varint(count * size) + varint(left) + varint(left * size)
        label = number(1, self.string("bytes")) + number(3, size)
        self.message(2, nested(2, values) + nested(1, ids) + nested(3, label))

    def stack(self) -> tuple[int, ...]:
        rng, pool = self.rng, self.stacks
        depth = max(3, int(rng.gauss(DEPTH, DEPTH / 4)))
        if pool and rng.random() < 0.98:
            kept = pool[int(rng.random() * len(pool))][int(rng.random() * 8) + 1 :]
            depth = len(kept) + min(max(depth - len(kept), 1), 8)
        else:
            kept = ()
        made = tuple(self.place() for _ in range(depth - len(kept))) + kept
        if rng.random() < 0.1:  # recursion
            made = made[:4] + made[2:]
        if len(pool) < 50_000:
            pool.append(made)
        else:
            pool[int(rng.random() * 50_000)] = made
        return made

    def place(self) -> int:
        return min(self.places, 1 + int(self.rng.expovariate(3 / self.places)))

    def location(self, place: int) -> bytes:
        """Write a location when it is first met, as the runtime does; return its encoded id."""
        rng = random.Random(place)
        lines = b"".join(
            nested(4, number(1, self.function(rng.randrange(self.functions))) + number(2, rng.randrange(20, 900)))
            for _ in range(2 if rng.random() < 0.25 else 1)
        )
        number_of = len(self.location_ids) + 1
        self.message(4, number(1, number_of) + number(2, 1) + number(3, 0x400000 + place * 40) + lines)
        return self.location_ids.setdefault(place, varint(number_of))

    def function(self, row: int) -> int:
        if row not in self.function_ids:
            self.function_ids[row] = len(self.function_ids) + 1
            name = self.string(f"example.com/shop/internal/p{row % 97}.(*Service).Handle{row}")
            file = self.string(f"/srv/src/example.com/shop/internal/p{row % 97}/f{row % 7}.go")
            body = number(1, self.function_ids[row]) + number(2, name) + number(3, name) + number(4, file)
            self.message(5, body + number(5, 15))
        return self.function_ids[row]

    def finish(self) -> bytes:
        binary = self.string("/srv/app/bin/server")
        flags = number(7, 1) + number(8, 1) + number(9, 1) + number(10, 1)
        self.message(3, number(1, 1) + number(2, 0x400000) + number(3, 0x4000000) + number(5, binary) + flags)
        self.parts.append(number(9, 1_700_000_000_000_000_000))
        for text in self.strings:
            self.message(6, text.encode())
        return b"".join(self.parts)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(profile(int(sys.argv[1])))
