"""Heap profiles as Go's runtime writes them, of any size: `python -m tests.bench.generate NAME FILE`.

Stacks share their root side as those of one program do, some recurse, a quarter of the locations has an inlined frame,
and many samples have nothing in use any more. Field order, packing, interleaving and compression level are those
of runtime/pprof. The same arguments give the same bytes. NAME is one of SHAPES.
"""

from __future__ import annotations

import gzip
import math
import random
import sys
from pathlib import Path
from typing import NamedTuple

TYPES = (("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes"))
SIZES = (16, 32, 48, 64, 128, 512, 4096, 65536)
RATE = 512 << 10


class Shape(NamedTuple):
    """What a profile is like."""

    samples: int
    depth: float = 30
    """The mean depth of a stack."""
    spread: float = 0.25
    """The standard deviation of the logarithm of the depth."""
    deepest: int = 128
    zeros: float = 0.4
    """The share of the samples that have nothing in use any more."""
    locations: int = 0
    """0: as many as a program with so many samples has."""
    functions: int = 0
    """0: a quarter of the locations."""
    type_arguments: int = 0
    """Of each function's name; the names of generic functions are long."""


SHAPES = {
    "typical": Shape(2_000),
    "big": Shape(200_000),
    "huge": Shape(1_000_000),
    "deep": Shape(3_366, 38.2, 0.5, 130, zeros=0.87, locations=1_193, functions=645),
    "shallow": Shape(30_347, 9.1, 0.5, 48, zeros=0.76, locations=7_233, functions=3_335),
    "freed": Shape(65_380, 27.2, 0.5, 130, zeros=0.99, locations=4_535, functions=1_438),
    "generic": Shape(30_000, 20, type_arguments=6),
}
"""Those after huge have the sizes of `go test -memprofile` of encoding/json, net/http and go/types; generic adds long names."""


def profile(shape: Shape, seed: int = 1) -> bytes:
    """Return a heap profile, compressed."""
    return gzip.compress(encoded(shape, seed), 1, mtime=0)


def encoded(shape: Shape, seed: int = 1) -> bytes:
    """Return the same without compression."""
    writer = _Writer(random.Random(seed), shape)
    for kind, unit in TYPES:
        writer.message(1, number(1, writer.string(kind)) + number(2, writer.string(unit)))
    writer.message(11, number(1, writer.string("space")) + number(2, writer.string("bytes")))
    writer.parts.append(number(12, RATE))
    for _ in range(shape.samples):
        writer.sample()
    return writer.finish()


def functions(shape: Shape) -> int:
    """Return the number of functions of the program."""
    return shape.functions or _places(shape) // 4


def _places(shape: Shape) -> int:
    return shape.locations or int(min(55 * shape.samples**0.5, 40_000))


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
    def __init__(self, rng: random.Random, shape: Shape) -> None:
        self.rng, self.shape = rng, shape
        self.parts: list[bytes] = []
        self.strings = {"": 0}
        self.places, self.functions = _places(shape), functions(shape)
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
        left = 0 if self.rng.random() < self.shape.zeros else int(self.rng.random() * count) + 1
        values = varint(count) + varint(count * size) + varint(left) + varint(left * size)
        label = number(1, self.string("bytes")) + number(3, size)
        self.message(2, nested(2, values) + nested(1, ids) + nested(3, label))

    def stack(self) -> tuple[int, ...]:
        rng, pool, shape = self.rng, self.stacks, self.shape
        mean = math.log(shape.depth) - shape.spread**2 / 2
        depth = min(max(3, round(rng.lognormvariate(mean, shape.spread))), shape.deepest)
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
            arguments = ",".join(
                f"example.com/shop/internal/p{i}.Pair[string,int{i}]" for i in range(self.shape.type_arguments)
            )
            generic = arguments and f"[{arguments}]"
            name = self.string(f"example.com/shop/internal/p{row % 97}.(*Service{generic}).Handle{row}")
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
    Path(sys.argv[2]).write_bytes(profile(SHAPES[sys.argv[1]]))
