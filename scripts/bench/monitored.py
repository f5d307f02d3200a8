"""python -m scripts.bench.monitored: the language server, with what its event loop does written to the file $ALLOCLENS_STALLS.

A line for each callback of 1 ms or more, and for each beat of a clock in the loop that came as late: when it ended (time.monotonic),
how long it took, how long it used the processor, in seconds, and what it was. The last of the numbers is that of the loop's thread for
a callback, and that of the whole process for a late beat: a thread that does not let go of the interpreter makes beats late.
On a busy machine the times also include waiting for a processor.
"""

from __future__ import annotations

import os
import time
from asyncio import Task, events
from pathlib import Path

from alloclens.cli import main

MIN_LATE_SECONDS, BEAT_SECONDS = 0.001, 0.005


def watch(path: Path) -> None:
    """Time all that the event loop runs from now on."""
    run, out = events.Handle._run, path.open("a", buffering=1)  # noqa: SLF001 - every callback of asyncio goes through it

    def beat(due: float, used: float) -> None:
        if (late := time.monotonic() - due) >= MIN_LATE_SECONDS:
            out.write(f"{time.monotonic()} {late} {time.process_time() - used} late\n")
        events.get_running_loop().call_later(BEAT_SECONDS, beat, time.monotonic() + BEAT_SECONDS, time.process_time())

    def timed(handle: events.Handle) -> None:
        if not beating:
            beating.append(True)
            beat(time.monotonic(), time.process_time())
        began, worked = time.monotonic(), time.thread_time()
        run(handle)
        ended = time.monotonic()
        if ended - began >= MIN_LATE_SECONDS:
            out.write(f"{ended} {ended - began} {time.thread_time() - worked} {_what(handle)}\n")

    beating: list[bool] = []
    events.Handle._run = timed  # type: ignore[method-assign,assignment]  # noqa: SLF001 - as above


def _what(handle: events.Handle) -> str:
    """Return what a callback was: of a task, which one, and where it waits now."""
    task = getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]  # noqa: SLF001 - as above
    if not isinstance(task, Task):
        return " ".join(repr(handle).split())
    frames = [f"{frame.f_code.co_name}:{frame.f_lineno}" for frame in task.get_stack()]
    return " ".join((getattr(task.get_coro(), "__qualname__", ""), *frames))


if __name__ == "__main__":
    watch(Path(os.environ["ALLOCLENS_STALLS"]))
    main(["lsp"])
