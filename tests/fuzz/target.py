"""What can be fuzzed: something that makes inputs, and something that says what became of one."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

DETAIL = re.compile(r"\d+|\(.*\)|(['\"]).*\1|: .*", re.DOTALL)


class Outcome(NamedTuple):
    """What became of one input."""

    kind: str
    """In a few words, the same for inputs that fare alike."""
    seconds: float
    """Of the processor, or of the clock where another process does the work."""


class Target(Protocol):
    """One part of alloclens and the inputs that it must bear. Lives in a process and a folder of its own."""

    def made(self, rng: Random) -> bytes:
        """Return an input; the same state of `rng` gives the same one."""

    def outcome(self, data: bytes) -> Outcome:
        """Use an input. Raises what must not happen."""

    def close(self) -> None:
        """Let go of processes and files."""


def kind_of(error: Exception) -> str:
    """Return an expected error without the numbers and texts in it."""
    return f"{type(error).__name__}: {DETAIL.sub('…', str(error))}"


class Clock:
    """The seconds of the processor that a block took."""

    seconds = 0.0


@contextmanager
def measured() -> Iterator[Clock]:
    """Measure a block."""
    clock, begin = Clock(), time.process_time()
    yield clock
    clock.seconds = time.process_time() - begin
