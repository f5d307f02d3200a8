"""A profile directory in which everything happens except to the profiles that the scene knows."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.fuzz.targets.listings import DEEDS, OTHERS, Deeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from tests.faults.scene import Scene

PAUSE_SECONDS = 0.01


@contextmanager
def restless(scene: Scene, rng: Random) -> Iterator[None]:
    """Make and delete odd entries of the profile directory as long as the block lasts, and leave none."""
    ended, deeds = threading.Event(), Deeds(scene.profiles)

    def work() -> None:
        while not ended.is_set():
            deeds.do(rng.choice(DEEDS), rng.randrange(OTHERS))
            time.sleep(PAUSE_SECONDS)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        deeds.clear()


def check(scene: Scene, rng: Random) -> None:
    """Raise AssertionError if a server shows anything but what it shows in peace."""
    with restless(scene, rng):
        scene.check()
