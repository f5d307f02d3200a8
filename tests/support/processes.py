"""Which processes there are, without the package psutil."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 20.0


def until(condition: Callable[[], bool]) -> bool:
    """Wait for a state, and return whether it came."""
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def runs(pid: int) -> bool:
    """Return whether a process exists and is not a zombie, which has ended but whose parent has not asked for it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return _stat(pid)[:1] != ["Z"]


def children(pid: int) -> list[int]:
    """Return the children of a process, zombies too; on Linux."""
    every = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [one for one in every if _stat(one)[1:2] == [str(pid)]]


def _stat(pid: int) -> list[str]:
    """Return what /proc says of a process after its name: the state, the parent …; nothing where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
