"""Unpacking, for every format alike: gzip, as Go and most others write, and zstd."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from isal import isal_zlib

from alloclens.profile.errors import Malformed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_WBITS = 31
MOST_PARTS = 1000
"""Packed parts of one file; each costs a copy of all that follow."""
PIECE = 16 << 20
"""Bytes that zstd unpacks at a time: it holds them twice."""


def unpacked(data: bytes, limit: int) -> bytes:
    """Return the data without compression; it may be several packed parts one behind the other.

    Raises Malformed where it is damaged, cut off, or more than `limit` bytes.
    """
    if data.startswith(GZIP_MAGIC):
        return _gunzip(data, limit)
    if data.startswith(ZSTD_MAGIC):
        return _unzstd(data, limit)
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _gunzip(data: bytes, limit: int) -> bytes:
    out: list[bytes] = []
    left = limit
    while data:
        _check_parts(len(out))
        unpacker = isal_zlib.decompressobj(wbits=GZIP_WBITS)
        try:
            out.append(unpacker.decompress(data, left + 1))
        except isal_zlib.error as error:  # type: ignore[misc]  # its stub calls the class an instance
            raise Malformed(f"the gzip data is damaged ({error})") from error
        left -= len(out[-1])
        _check("gzip", unpacker.eof, left, limit)
        data = unpacker.unused_data.lstrip(b"\0")
    return b"".join(out)


def _unzstd(data: bytes, limit: int) -> bytes:
    out: list[bytes] = []
    left, parts = limit, 0
    while data:
        _check_parts(parts := parts + 1)
        unpacker = zstd.ZstdDecompressor()
        try:
            for piece in _pieces(unpacker, data):
                out.append(piece)
                left -= len(piece)
                _check("zstd", True, left, limit)
        except zstd.ZstdError as error:
            raise Malformed(f"the zstd data is damaged ({error})") from error
        _check("zstd", unpacker.eof, left, limit)
        data = unpacker.unused_data
    return b"".join(out)


def _pieces(unpacker: zstd.ZstdDecompressor, data: bytes) -> Iterator[bytes]:
    yield unpacker.decompress(data, PIECE)
    while not (unpacker.eof or unpacker.needs_input):
        yield unpacker.decompress(b"", PIECE)


def _check_parts(parts: int) -> None:
    if parts > MOST_PARTS:
        raise Malformed(f"more than {MOST_PARTS} packed parts in one file")


def _check(kind: str, ended: bool, left: int, limit: int) -> None:
    if left < 0:
        raise _too_large(limit)
    if not ended:
        raise Malformed(f"the {kind} data is cut off: the file was copied or written only in part")


def _too_large(limit: int) -> Malformed:
    return Malformed(f"unpacks to more than {limit} bytes (the setting largestProfile)")
