"""What bytes that are no profile look like, and what to do about it."""

from __future__ import annotations

HTML = "an HTML page, perhaps a server's error; look at the URL it was fetched from"
MARKS = (
    (b"version https://git-lfs", "a Git LFS pointer; run `git lfs pull` to get the file itself"),
    (b"<!doctype html", HTML),
    (b"<html", HTML),
    (
        b'{"resourceprofiles"',
        "a profile of OpenTelemetry (OTLP); alloclens reads pprof's, which its collectors can export",
    ),
    (b'{"head"', "a heap profile of V8 as JSON; pprof-nodejs writes one that alloclens reads"),
    (b'{"snapshot"', "a heap snapshot of V8; pprof-nodejs writes a heap profile that alloclens reads"),
    (b"{", "JSON; alloclens reads pprof's own formats"),
    (b"java profile", "a Java heap dump; alloclens reads pprof's own formats, as async-profiler writes them"),
    (b"pk\x03\x04", "a zip archive; unpack it"),
    (b"404 page not found", 'a server\'s "404 page not found"; the program has to import "net/http/pprof"'),
    (b"\xff\xfe", "text in UTF-16, as PowerShell's > writes it; fetch it with `curl -o FILE URL`"),
    (b"file:", "pprof's own text output; give alloclens the profile it was made from"),
    (b"type:", "pprof's own text output; give alloclens the profile it was made from"),
    (b"build id:", "pprof's own text output; give alloclens the profile it was made from"),
    (b"showing nodes", "pprof's own text output; give alloclens the profile it was made from"),
)
PROTOBUF = "protobuf that is no profile.proto: cut off, damaged, or another kind such as OTLP; fetch the profile again"
FIRST_FIELD = b"\x0a"
SHOWN = 24
"""Bytes."""


def looks_like(data: bytes) -> str:
    """Say it in words that follow "not a profile alloclens knows:"."""
    if not data:
        return "the file is empty"
    start = data[:200].lstrip().lower()
    words = next((words for mark, words in MARKS if start.startswith(mark)), "")
    if words:
        return words
    return PROTOBUF if data.startswith(FIRST_FIELD) else f"it starts with {_said(data[:SHOWN])}"


def _said(data: bytes) -> str:
    """Write a text's first line as it is, other bytes as numbers."""
    line = data.split(b"\n", 1)[0].decode("latin-1").rstrip()
    return f"“{line}”" if line.isascii() and line.isprintable() and line else f"the bytes {data.hex(' ')}"
