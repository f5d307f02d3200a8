"""The process that reads profiles, so that the event loop of the server never waits for one."""

from __future__ import annotations

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Worker:
    """One process, started when first needed and again after it died of a file."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Start the process, without waiting until it is ready: what it needs takes half a second to import."""
        self.ahead(_import)

    def ahead(self, work: Callable[..., object], *args: object) -> None:
        """Do what will be needed soon, without waiting for it."""
        with suppress(BrokenProcessPool):  # whoever needs it is told
            self._started().submit(work, *args)

    def run(self, work: Callable[..., Result], *args: object) -> Result:
        """Do the work over there and wait; call it from a thread. Raises MemoryError where a process died of it."""
        for _ in range(2):  # the first may have died of what it did ahead, or at another's hand
            try:
                return self._started().submit(work, *args).result()
            except BrokenProcessPool:
                self._pool = None
        raise MemoryError("reading it ended the process that read it, perhaps for want of memory")

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # spawn: a fork would copy the server's threads' locks
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _start)
        return self._pool

    def stop(self) -> None:
        """End the process without waiting for it."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _import() -> None:
    import_module("alloclens.store.reading")


def _start() -> None:
    os.dup2(2, 1)  # the server's standard output is the wire; nothing else may write there
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed server takes its worker with it; the pool's pipes alone would keep it for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(0)
