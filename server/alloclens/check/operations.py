"""How many operations a benchmark ran, from what `go test -bench` prints."""

from __future__ import annotations

import re
from pathlib import PurePath

RESULT = re.compile(r"^Benchmark\S*[ \t]+(\d{1,18})[ \t]+[\d.]+ ns/op", re.MULTILINE)
"""BenchmarkDecode-8    1000    1234 ns/op    512 B/op    9 allocs/op."""


def operations(text: str) -> int:
    """Return how often the loop bodies of all benchmarks ran; 0 if the text has no result.

    go test first runs each benchmark once to see that it works, and that is in the profile, too: -benchtime=100x runs it 101
    times, but -benchtime=1x once. See `launch` in src/testing/benchmark.go.
    """
    counts = [int(match[1]) for match in RESULT.finditer(text)]
    return sum(count + 1 if count > 1 else count for count in counts)


def output_beside(profile: str) -> str:
    """Return the path of a benchmark's output beside its profile: mem.txt for mem.out and mem.pb.gz."""
    path = PurePath(profile)
    return str(path.with_name(path.name.partition(".")[0] + ".txt"))
