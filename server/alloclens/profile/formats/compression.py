"""Unpacking, for every format alike: gzip, as Go and most others write, and zstd."""

from __future__ import annotations

import sys

from isal import isal_zlib

from alloclens.profile.errors import Malformed

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_WBITS = 31


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
    out, left = [], limit
    while data:
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
    out, left = [], limit
    while data:
        unpacker = zstd.ZstdDecompressor()
        try:
            out.append(unpacker.decompress(data, left + 1))
        except zstd.ZstdError as error:
            raise Malformed(f"the zstd data is damaged ({error})") from error
        left -= len(out[-1])
        _check("zstd", unpacker.eof, left, limit)
        data = unpacker.unused_data
    return b"".join(out)


def _check(kind: str, ended: bool, left: int, limit: int) -> None:
    if left < 0:
        raise _too_large(limit)
    if not ended:
        raise Malformed(f"the {kind} data is cut off: the file was copied or written only in part")


def _too_large(limit: int) -> Malformed:
    return Malformed(f"unpacks to more than {limit} bytes (the setting largestProfile)")
