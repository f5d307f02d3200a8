"""Processes that die at any moment, two servers at a time on one cache, while snapshots come and go."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

from tests.faults.scene import MIB, gone
from tests.support.processes import children
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.faults.scene import Scene

MAX_LIFE_SECONDS = 2.5
"""A server on this folder has started, read everything and shown it in about half of that."""


def kill(scene: Scene, rng: Random) -> None:
    """Start a server, let a snapshot come and go, and kill the server, its worker, or both. Raises AssertionError."""
    visitor = scene.profiles / f"heap-000-{rng.randrange(1 << 30)}.pb.gz"
    client = scene.started()
    scene.open(client)
    end = time.monotonic() + rng.uniform(0, MAX_LIFE_SECONDS)
    if rng.random() < 0.5:
        drop(visitor, heap(f"main.hold:12@{scene.main}:13 = 5x{MIB}", seconds=1.0))
    time.sleep(max(0.0, end - time.monotonic()))
    if rng.random() < 0.5:
        visitor.unlink(missing_ok=True)
    family = [client.process.pid, *children(client.process.pid)]
    victims = rng.choice((family, family[::-1], family[:1]))
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    gone(family)
    client.close()
    visitor.unlink(missing_ok=True)


def at_once(scene: Scene, work: Callable[[Scene, Random], None], sources: list[Random]) -> None:
    """Do something to a scene several times side by side; raise the first error of any."""
    errors: list[BaseException] = []

    def caught(rng: Random) -> None:
        try:
            work(scene, rng)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=caught, args=(rng,)) for rng in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
