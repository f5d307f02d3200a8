"""Damage to a file of pages, as a disk, a crash or a stray program does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

PAGE = 4096


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return the data with bits flipped, bytes overwritten, pages swapped, or cut off."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 3, 10, 50])):
        at = rng.randrange(len(out) if rng.random() < 0.7 else min(len(out), PAGE))  # the first page has the schema
        length = min(rng.choice([1, 4, 100, PAGE]), len(out) - at)
        match rng.randrange(4):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at : at + length] = bytes(length)
            case 2:
                out[at : at + length] = rng.randbytes(length)
            case _:
                one, other = (slice(n * PAGE, (n + 1) * PAGE) for n in rng.choices(range(-(-len(out) // PAGE)), k=2))
                out[one], out[other] = out[other], out[one]
    return bytes(out[: rng.randrange(len(out))] if rng.random() < 0.05 else out)
