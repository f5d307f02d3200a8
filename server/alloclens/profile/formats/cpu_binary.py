"""CPU profiles of gperftools and old Go versions: words of 32 or 64 bits, in the machine's byte order.

0, 3, 0, period in microseconds, 0; then for each stack how often, how deep, and its addresses; then 0, 1, 0 and the
memory map as text. If the third word is 1, it is Java's, and the text names the addresses. Source: gperftools'
cpuprofile-fileformat.html, pprof's legacy_profile.go.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats.addresses import Stacks, assemble, without_twins
from alloclens.profile.formats.java_symbols import symbols
from alloclens.profile.formats.memory_map import ADDRESS_SPACE, NO_MAP, memory_map
from alloclens.profile.formats.text import PROFILERS, bounded, utf8
from alloclens.profile.model import Profile, ValueType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alloclens.arrays import Ints

    Words = NDArray[np.uint64]

TYPES = (ValueType("samples", "count"), ValueType("cpu", "nanoseconds"))
WORDS = ("<u4", ">u4", "<u8", ">u8")
HEADER_WORDS = 5
"""Words."""
CPP, JAVA = 0, 1
STACKS_PER_EXCEPTION = 32
"""One in so many stacks may lack the signal handler's frame that all others have."""
MAX_HANDLER_FRAMES = 2


class _CpuSample(NamedTuple):
    times: int
    stack: list[int]


def parse(data: bytes) -> Profile:
    """Parse a profile. Raises Unrecognized or Malformed."""
    for kind in WORDS:
        words = np.frombuffer(data, kind, len(data) // np.dtype(kind).itemsize)
        head = words[:HEADER_WORDS].tolist()
        if len(head) == HEADER_WORDS and head[:2] == [0, 3] and head[2] in (CPP, JAVA) and head[3] > 0 and head[4] == 0:
            bounded(data)
            return _profile(data, words.astype(np.uint64), np.dtype(kind).itemsize)
    raise Unrecognized("not a binary CPU profile")


def _profile(data: bytes, words: Words, size: int) -> Profile:
    period = _signed([int(words[3]) * 1000 % ADDRESS_SPACE])
    is_java = int(words[2]) == JAVA
    samples, end = _samples(words, callers=not is_java)
    lines = utf8(data[end * size :]).split("\n")
    if not is_java:
        samples = _without_handler(samples)
    counts = _signed([sample.times for sample in samples])
    depth = np.array([len(sample.stack) for sample in samples], np.int64)
    address = np.array([a for sample in samples for a in sample.stack], np.uint64)
    if not is_java:
        depth, address = without_twins(depth, address)
    return assemble(
        TYPES,
        Stacks(np.stack([counts, counts * period], axis=1), depth, address),
        memory_map=NO_MAP if is_java else memory_map(lines),
        symbols=symbols(lines, set(address.tolist())) if is_java else None,
        period=int(period[0]),
        period_type=TYPES[1],
        drop_frames=PROFILERS,
    )


def _signed(words: list[int]) -> Ints:
    """Reinterpret 64-bit numbers as signed, as pprof does."""
    return np.array(words, np.uint64).view(np.int64)


def _samples(words: Words, *, callers: bool) -> tuple[list[_CpuSample], int]:
    """Return the samples and the end of their words. With `callers`, all but the leaf are return addresses."""
    out: list[_CpuSample] = []
    at, numbers = HEADER_WORDS, words.tolist()
    while at + 2 <= len(numbers):
        count, depth = numbers[at], numbers[at + 1]
        stack = numbers[at + 2 : at + 2 + depth]
        if len(stack) < depth:
            raise Malformed("a stack is longer than the file: it was copied or written only in part")
        at += 2 + depth
        if (count, stack) == (0, [0]):
            return out, at
        out.append(_CpuSample(count, [(a - (callers and i > 0)) % ADDRESS_SPACE for i, a in enumerate(stack)]))
    raise Malformed("the end of the samples is missing: the file was copied or written only in part")


def _without_handler(samples: list[_CpuSample]) -> list[_CpuSample]:
    """Remove the second frame while nearly all stacks share it: it is the signal handler's."""
    for _ in range(MAX_HANDLER_FRAMES):
        seconds = Counter(sample.stack[1] for sample in samples if len(sample.stack) > 1)
        frame, count = max(seconds.items(), key=lambda item: item[1], default=(0, 0))
        if not count or count < len(samples) - len(samples) // STACKS_PER_EXCEPTION:
            break
        samples = [_cut(s) if len(s.stack) > 1 and s.stack[1] == frame else s for s in samples]
    return samples


def _cut(sample: _CpuSample) -> _CpuSample:
    return _CpuSample(sample.times, [sample.stack[0], *sample.stack[2:]])
