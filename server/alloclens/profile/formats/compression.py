"""Decompresses gzip, which Go and most others write, and zstd, for every format."""

from __future__ import annotations

import re
import sys
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

from alloclens.profile.errors import Malformed, TooLarge

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

gzip: Any
try:
    from isal import isal_zlib as gzip  # twice as fast as zlib
except ImportError:  # no package for this system
    gzip = zlib

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LAYERS = 4
"""Nested compressions of a file; one that unpacks to itself would never end."""
MAX_PARTS = 1 << 16
"""Concatenated compressed parts of a file; each takes microseconds, however small."""
INPUT_BYTES = 1 << 14
"""Input given to the decompressor of a part after the first, doubled each time: input after the part's end is copied and
given again.

The first piece holds the whole gzip header, which isal does not parse well in pieces. The first part is given the whole
input, because most files have only one.
"""
GZIP_WBITS = 31
"""A gzip header and trailer, as zlib encodes it."""
PADDING = re.compile(rb"\0+")


class _Packing(NamedTuple):
    name: str
    magic: re.Pattern[bytes]
    """The start of a part."""
    decompressor: Callable[[], Any]


PACKINGS = (
    _Packing("gzip", re.compile(rb"\x1f\x8b"), lambda: gzip.decompressobj(GZIP_WBITS)),
    _Packing("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), zstd.ZstdDecompressor),
)
"""The second magic of zstd is a skippable frame."""


def is_packed(start: bytes) -> bool:
    """Return whether bytes start as compressed data does."""
    return any(packing.magic.match(start) for packing in PACKINGS)


def unpacked(data: bytes, limit: int) -> bytes:
    """Decompress data in time linear in its size and in the unpacked size.

    Compression may be nested, and each layer may have several concatenated parts. Raises Malformed if the data is
    damaged, cut off, or unpacks to more than `limit` bytes.
    """
    for _ in range(MAX_LAYERS + 1):
        packing = next((p for p in PACKINGS if p.magic.match(data)), None)
        if packing is None:
            if len(data) > limit:
                raise _too_large(limit)
            return data
        data = _unpacked_once(packing, data, limit)
    raise Malformed(f"compressed more than {MAX_LAYERS} times")


def _unpacked_once(packing: _Packing, data: bytes, limit: int) -> bytes:
    out: list[bytes] = []
    view, at, left = memoryview(data), 0, limit
    for number in range(MAX_PARTS):
        part, size = packing.decompressor(), INPUT_BYTES if number else len(data)
        while not part.eof:
            given = view[at : at + size]
            if not given:
                raise Malformed(f"the {packing.name} data is cut off: the file was copied or written only in part")
            try:
                out.append(part.decompress(given, left + 1))
            except (gzip.error, zstd.ZstdError) as error:
                raise Malformed(f"the {packing.name} data is damaged ({error})") from error
            left -= len(out[-1])
            if left < 0:
                raise _too_large(limit)
            at, size = at + len(given), 2 * size
        at -= len(part.unused_data)
        padding = PADDING.match(data, at)
        at = padding.end() if padding else at
        if at == len(data):
            return b"".join(out)
    raise Malformed(f"more than {MAX_PARTS} compressed parts in one file")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"unpacks to more than {f'{limit >> 20} MiB' if limit % (1 << 20) == 0 else f'{limit} bytes'}")
