"""The process that reads the inputs, one after the other, and says before each one which it is."""

from __future__ import annotations

import sys
import traceback
import warnings
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from tests.fuzz.targets import TARGETS

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tests.fuzz.target import Target

CLEAR_PEAK = "5"
"""What Linux wants to read to forget the highest memory so far (proc_pid_clear_refs)."""


class Result(NamedTuple):
    """What became of one input."""

    number: int
    kind: str
    seconds: float
    peak: int
    """Bytes of memory at most while it was read; 0 where the system does not say."""
    fault: str
    """What must not happen; empty where it did not."""


def input_of(target: Target, seed: int, number: int) -> bytes:
    """Return an input; the same arguments give the same one."""
    return target.made(Random(f"{seed} {number}"))


def work(pipe: Connection, name: str, folder: Path, seed: int, number: int, step: int) -> None:
    """Use the inputs `number`, `number + step`, … until the process is ended. Sends a number, then its Result."""
    warnings.simplefilter("error")
    target = TARGETS[name](folder)
    while True:
        data = input_of(target, seed, number)
        pipe.send(number)
        pipe.send(result(target, number, data))
        number += step


def result(target: Target, number: int, data: bytes) -> Result:
    forget_peak()
    try:
        kind, seconds = target.outcome(data)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        where = "".join(traceback.format_exception(error)[-4:])
        return Result(number, type(error).__name__, 0.0, peak(), where)
    return Result(number, kind, seconds, peak(), "")


def forget_peak() -> None:
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text(CLEAR_PEAK, "ascii")


def peak() -> int:
    return memory("self", "VmHWM")


def memory(process: int | str, row: str = "VmRSS") -> int:
    """Return a process's memory in bytes; 0 where the system does not say."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text("ascii", "replace").splitlines():
            if line.startswith(row):
                return int(line.split()[1]) << 10
    return 0
