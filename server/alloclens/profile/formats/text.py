"""Helpers of the text formats: sections, sample lines, un-sampling, the frames to drop."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import MAX_INT64
from alloclens.profile.errors import Malformed
from alloclens.profile.formats.memory_map import NO_MAP, SENTINELS, MemoryMap, memory_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from alloclens.arrays import Floats, Ints


SENTINEL = re.compile(rf"^(?![ \t]*#)[^\n]*?(?:{'|'.join(SENTINELS)})[^\n]*", re.MULTILINE)
MAX_TEXT_PROFILE_BYTES = 32 << 20
"""Ten thousand stacks of 30 addresses take about 4 MiB."""
MAX_QUOTED_LINE_CHARACTERS = 60
"""Length of a bad line in a message."""
NANOSECONDS_PER_MILLISECOND = 1_000_000
TOO_LARGE = "a number does not fit into 64 bits once it is un-sampled"


def decoded(data: bytes) -> str:
    """Decode a file. Raises Malformed if it is too large."""
    bounded(data)
    return utf8(data)


def utf8(data: bytes) -> str:
    r"""Decode UTF-8; invalid bytes are escaped as `\xff`, so that different names stay different."""
    return data.decode("utf-8", "backslashreplace")


def bounded(data: bytes) -> None:
    """Raise Malformed if a text file is too large: each line takes many times its size in memory."""
    if len(data) > MAX_TEXT_PROFILE_BYTES:
        raise Malformed(f"larger than the {MAX_TEXT_PROFILE_BYTES >> 20} MiB that a profile in this format may have")


class Sections(NamedTuple):
    """A text profile, split at its memory map."""

    header: str
    """First line that is neither blank nor a comment."""
    body: str
    memory_map: MemoryMap


def sections(text: str) -> Sections:
    """Split a text profile."""
    start = 0
    while (end := text.find("\n", start)) >= 0 and not text[start:end].lstrip(" \t\r")[:1].strip("#"):
        start = end + 1
    header, _, body = text[start:].partition("\n")
    match = SENTINEL.search(body) if any(mark in body for mark in SENTINELS) else None
    if not match:
        return Sections(header.strip(), body, NO_MAP)
    return Sections(header.strip(), body[: match.start()], memory_map(body[match.end() :].split("\n")))


def before_the_next_section(lines: Iterable[str]) -> list[str]:
    """Return the lines before the next one that starts with three dashes."""
    return list(takewhile(lambda line: not line.lstrip().startswith("---"), lines))


def matches(sample: re.Pattern[str], lines: Iterable[str]) -> list[re.Match[str]]:
    """Match the sample lines. Raises Malformed for a line that is not a sample, blank or a comment."""
    given = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
    matched = [sample.match(line) for line in given]
    if None in matched:
        bad = given[matched.index(None)]
        raise Malformed("a line is not a sample: ", repr(bad[:MAX_QUOTED_LINE_CHARACTERS]))
    return [match for match in matched if match]


def whole(numbers: Iterable[str | int]) -> Ints:
    """Return a column of integers, parsed if they are text. Raises Malformed if one does not fit into 64 bits."""
    try:
        return np.fromiter(map(int, numbers), np.int64)
    except (ValueError, OverflowError) as error:
        raise Malformed("a number does not fit into 64 bits: ", str(error)) from error


def attributes(lines: Iterable[str]) -> dict[str, str]:
    """Parse lines such as `sampling period = 100`, ignoring others."""
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): value.strip() for name, _, value in pairs}


def number(given: Mapping[str, str], name: str) -> int:
    """Return a numeric attribute, 0 if it is missing. Raises Malformed."""
    try:
        value = int(given.get(name, "0"), 0)
    except ValueError as error:
        raise Malformed(f"{name} is not a number: ", repr(given[name][:MAX_QUOTED_LINE_CHARACTERS])) from error
    if abs(value) > MAX_INT64:
        raise Malformed(f"{name} does not fit into 64 bits")
    return value


def since_reset(given: Mapping[str, str]) -> int:
    """Return the nanoseconds that a contention profile covers; 0 if it does not say. Raises Malformed."""
    return min(max(number(given, "ms since reset"), 0) * NANOSECONDS_PER_MILLISECOND, MAX_INT64)


def carried(values: Floats) -> Floats:
    """Round numbers so that each, and every sum of the first ones, is off by less than 1."""
    return np.diff(np.floor(np.cumsum(values)), prepend=0)


def unsampled(
    count: Ints, size: Ints, rate: int, whole_numbers: Callable[[Floats], Floats] = np.trunc
) -> tuple[Ints, Ints]:
    """Estimate the objects and bytes from those sampled at a rate in bytes.

    Source: pprof's scaleHeapSample, which truncates; a rate of 1 or less means that every object was recorded.
    """
    if rate <= 1:
        return np.where(size == 0, 0, count), np.where(count == 0, 0, size)
    some = (count != 0) & (size != 0)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        scale = np.where(some, 1 / (1 - np.exp(-(size / np.where(some, count, 1)) / rate)), 0.0)
        scaled = count.astype(np.float64) * scale, size.astype(np.float64) * scale
    if not all(np.abs(column).sum() < MAX_INT64 for column in scaled):
        raise Malformed(TOO_LARGE)
    return whole_numbers(scaled[0]).astype(np.int64), whole_numbers(scaled[1]).astype(np.int64)


ALLOCATORS = (
    r"(tc_|malloc_zone_)?(malloc|calloc|valloc|realloc|free|memalign)|__libc_malloc"
    r"|(tc_)?(cfree|pvalloc|posix_memalign)|__posix_memalign"
    r"|do_memalign|cpp_alloc|allocate|_M_allocate|DoSampledAllocation"
    r"|tc_(new|delete)(array)?|tc_new(array)?_nothrow|__builtin_(vec_)?(new|delete)|operator new(\[\])?"
    r"|(::)?do_malloc(_no_errno|_pages)?|MallocedMemBlock::MallocedMemBlock"
    r"|(simple_alloc|__gnu_cxx::new_allocator|__malloc_alloc_template)::allocate"
    r"|(tcmalloc|BaseArena)::.*|runtime\..*"
)
"""drop_frames of heap profiles: the allocators, from pprof's tables."""
CALLED_BY_GO = r"runtime\.(panic|reflectcall|call[0-9]*)"
"""keep_frames of heap profiles."""
LOCKS = (
    r"(base::)?(RecordLock|SubmitMutex|SubmitSpinLock)ProfileData.*"
    r"|((base::)?Mutex::)?(AwaitCommon|(Reader)?Unlock).*|((base::)?MutexLock::)?~MutexLock.*"
    r"|(SpinLock::)?(Slow)?Unlock.*|(SpinLockHolder::)?~SpinLockHolder.*"
)
"""drop_frames of contention profiles."""
PROFILERS = r"ProfileData::(Add|prof_handler)|CpuProfiler::prof_handler|__pthread_sighandler|__restore"
"""drop_frames of all others."""
