"""Describes bytes that are not a profile, and what to do about them."""

from __future__ import annotations

import re

from alloclens.profile.formats.goroutine_dump import HEADER

LOOKED_AT_BYTES = 4096
"""Length of the start of a file that is examined."""
HTML = "an HTML page, perhaps a server's error; look at the URL it was fetched from"
PICTURE = "a picture or table that pprof wrote; give alloclens the profile it was made from"
PACKED = "an archive; unpack it"
JFR = (
    "a recording of Java Flight Recorder; `jfrconv --alloc --total -o pb.gz FILE OUT.pb.gz` of async-profiler makes a "
    "profile of it (with --live for --alloc: of the objects that are still alive)"
)
DHAT = "alloclens reads what `valgrind --tool=dhat` writes, and heap profiles of jemalloc and of gperftools' tcmalloc"
V8 = "alloclens reads its sampling heap profiles, as `node --heap-prof` and Allocation sampling of DevTools write them"
TRACEMALLOC = (
    "a snapshot of Python's tracemalloc, a pickle, which could run any code when it is loaded; docs/formats.md shows how to "
    "write it as pprof"
)
OTHER_JSON = "JSON that does not start as a profile of DHAT, a heap profile of V8 or OTLP does, the kinds of JSON that alloclens reads"
UTF_16 = rb"\xff\xfe|\xfe\xff|(?:[ -~]\x00){2}|(?:\x00[ -~]){2}"
MARKS = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), words)
    for pattern, words in (
        (rb"version https://git-lfs", "a Git LFS pointer; run `git lfs pull` to get the file itself"),
        (rb"\s*<(!doctype html|html)", HTML),
        (rb"404 page not found", 'a server\'s "404 page not found"; the program has to import "net/http/pprof"'),
        (UTF_16, "text in UTF-16, as PowerShell's > writes it; fetch it with `curl -o FILE URL`"),
        (rb"file:|type:|build id:|showing nodes|digraph |\s*<(\?xml|svg)", PICTURE),
        (rb"pk\x03\x04|bzh|\xfd7zxz|7z\xbc\xaf|.{257}ustar", PACKED),
        (rb"flr\x00", JFR),
        (
            rb"java profile",
            "a Java heap dump; open it with Eclipse Memory Analyzer or VisualVM, or profile with async-profiler",
        ),
        (rb"\x80[\x02-\x05].{0,64}tracemalloc", TRACEMALLOC),
        (rb"desc:[^\n]*\ncmd:", f"output of Valgrind's massif; see `ms_print FILE`. {DHAT}"),
        (rb"v [0-9a-f]{5,6}( \d+)?\n", f"a recording of heaptrack; see `heaptrack_print FILE`. {DHAT}"),
        (
            rb"# callgrind format|version: 1\ncreator: ",
            "a profile of callgrind; see `callgrind_annotate FILE` or KCachegrind",
        ),
        (
            rb"perfile2|perffile",
            "a recording of perf; `perf_to_profile -i FILE -o OUT.pb` of perf_data_converter makes a profile of it",
        ),
        (rb"go 1\.\d+ trace\x00", "an execution trace of Go; see `go tool trace FILE`"),
        (rb"nettrace", "a trace of .NET; see `dotnet-trace report FILE topN`"),
        (
            rb"\x7felf|mz.\x00|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe",
            "a program or library; the setting `binaries` (--binary) takes it, for profiles that have only addresses",
        ),
        (
            rb'\s*{\s*"snapshot"\s*:',
            f"a heap snapshot of V8, which has no call stacks; {V8}",
        ),
        (rb'\s*{\s*"nodes"\s*:', f"a CPU profile of V8; {V8}"),
        (
            rb'\s*{.*"https://www\.speedscope\.app/',
            "a file for speedscope; give alloclens the profile it was made from",
        ),
        (rb'\s*{\s*"log"\s*:', "a log as Docker keeps it; `docker logs CONTAINER` prints it plain"),
        (rb"\s*(\{|\[\s*[{\"])", OTHER_JSON),
    )
)
PROTOBUF = "protobuf that is not a profile.proto: cut off, damaged, or another kind; fetch the profile again"
FIRST_FIELD = b"\x0a"
SHOWN_BYTES = 24
"""Bytes."""


def looks_like(data: bytes) -> str:
    """Describe the bytes in words that follow "not a profile alloclens knows:"."""
    if not data:
        return "the file is empty"
    words = next((words for mark, words in MARKS if mark.match(data[:LOOKED_AT_BYTES])), "") or _prefixed(data)
    if words:
        return words
    return PROTOBUF if data.startswith(FIRST_FIELD) else f"it starts with {_said(data[:SHOWN_BYTES])}"


def _prefixed(data: bytes) -> str:
    """Return what to do about goroutines in a log whose collector prefixes each line."""
    match = HEADER.search(data)
    if not match:
        return ""
    prefix = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()].strip()
    return (
        f"goroutines with a prefix on each line ({_said(prefix)}), as log collectors add one; print the log without: "
        "`journalctl -o cat`, `docker compose logs --no-log-prefix`, `kubectl logs`"
    )


def _said(data: bytes) -> str:
    """Return the first line of a text as it is, other bytes in hexadecimal."""
    line = data.split(b"\n", 1)[0].decode("latin-1").rstrip()
    return f"“{line}”" if line.isascii() and line.isprintable() and line else f"the bytes {data.hex(' ')}"
