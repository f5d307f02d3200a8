"""The formats alloclens reads. A new one is one file with a `parse` and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.profile.errors import ProfileError, Unrecognized
from alloclens.profile.formats import proto

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

FORMATS = (proto.parse,)

UNPACKED_LIMIT = 2 << 30
"""Bytes; protobuf itself reads no more than 2 GiB."""


def read(data: bytes, limit: int = UNPACKED_LIMIT) -> Profile:
    """Read a profile in whatever format it is. Raises ProfileError with what the bytes look like."""
    for parse in FORMATS:
        try:
            return parse(data, limit)
        except Unrecognized:
            continue
    raise Unrecognized(f"not a profile alloclens knows: {looks_like(data)}")


def looks_like(data: bytes) -> str:
    """Say in words what bytes that are no profile look like."""
    start = data[:200].lstrip().lower()
    if not data:
        return "the file is empty"
    for mark, words in LOOKS:
        if start.startswith(mark):
            return words
    return f"it starts with {data[:24]!r}"


LOOKS = (
    (b"version https://git-lfs", "a Git LFS pointer; run `git lfs pull` to get the file itself"),
    (b"<!doctype html", "an HTML page, perhaps a server's error; look at the URL it was fetched from"),
    (b"<html", "an HTML page, perhaps a server's error; look at the URL it was fetched from"),
    (b"heap profile:", "a heap profile as text; fetch it without `debug=1`"),
    (b"goroutine profile:", "a goroutine profile as text; fetch it without `debug=1`"),
    (b"goroutine ", "a list of goroutines; fetch it without `debug=2`"),
    (b"file:", "pprof's own text output; give alloclens the profile it was made from"),
)

__all__ = ["FORMATS", "UNPACKED_LIMIT", "ProfileError", "looks_like", "read"]
