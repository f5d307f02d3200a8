"""What processes use, as Linux counts it."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path


def cpu_seconds(process: int) -> float:
    """Return the processor time of a process and of its descendants, also of those that have ended."""
    # As clock_getcpuclockid(3) computes it: to the nanosecond, where /proc counts in hundredths of a second.
    total = time.clock_gettime(~process << 3 | 2)
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    total += (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    for child in _children(process):
        with suppress(OSError):  # it has ended; the next call counts it
            total += cpu_seconds(child)
    return total


def memory(process: int) -> tuple[int, int]:
    """Return the highest resident memory, in bytes, of a process and of the largest of its children."""
    return _peak(process), max(map(_peak, _children(process)), default=0)


def _peak(process: int) -> int:
    match = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(match[1]) << 10 if match else 0


def _children(process: int) -> list[int]:
    of_threads = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for thread in of_threads for child in thread.read_text().split()]
