"""Damaged profiles of every format, read and summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.check import outcome
from tests.fuzz.mutate import made

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.fuzz.target import Outcome


class Profiles:
    """Bytes of a profile."""

    def __init__(self, _folder: Path) -> None:
        pass

    def made(self, rng: Random) -> bytes:
        return made(rng)

    def outcome(self, data: bytes) -> Outcome:
        return outcome(data)

    def close(self) -> None:
        pass
