"""One measurement in a process of its own: `python -m scripts.bench.child HOW CALLS FILE WHAT...` prints it as JSON.

HOW is `call` (a Python function of the file's bytes, MODULE:NAME), `ask` (a program that times itself) or `run` (a
program as a whole). Seconds and bytes. What a call returns is freed after the clock is read.
"""

from __future__ import annotations

import gc
import json
import pkgutil
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CALL_SECONDS = 4.0
"""Seconds after which no further call is begun; gopprof has the same number."""
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


def call(calls: int, file: str, name: str) -> dict[str, Any]:
    """The first call, which imports and grows the heap, stands apart: a server meets it once."""
    work, data = pkgutil.resolve_name(name), Path(file).read_bytes()
    first, warm = _timed(work, data), [_timed(work, data)]
    while len(warm) < calls and sum(warm) < MAX_CALL_SECONDS:
        warm.append(_timed(work, data))
    return {"first": first, "seconds": median(warm), "calls": len(warm), "peak": _own_peak()}


def ask(calls: int, file: str, *command: str) -> dict[str, Any]:
    done = subprocess.run([*command, str(calls), file], check=True, stdout=subprocess.PIPE)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer | {"peak": _peak_of_children()}


def run(_calls: int, file: str, *command: str) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run([*command, file], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    cpu = used.ru_utime + used.ru_stime
    return {"first": seconds, "seconds": seconds, "cpu": cpu, "calls": 1, "peak": _peak_of_children()}


def _timed(work: Callable[[bytes], Any], data: bytes) -> float:
    gc.collect()
    start = time.perf_counter()
    result = work(data)
    seconds = time.perf_counter() - start
    del result
    return seconds


def _own_peak() -> int:
    """Linux's VmHWM where there is one: ru_maxrss begins with what the parent had when it started this process."""
    status = Path("/proc/self/status")
    if status.exists() and (match := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(match[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT


def _peak_of_children() -> int:
    """Of the largest; this process is smaller than any of them."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * MAXRSS_UNIT


if __name__ == "__main__":
    how, calls_wanted, path, *what = sys.argv[1:]
    ways: dict[str, Callable[..., dict[str, Any]]] = {"call": call, "ask": ask, "run": run}
    print(json.dumps(ways[how](int(calls_wanted), path, *what)))
