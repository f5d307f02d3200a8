"""The time limit of work that a worker process does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

extensions: list[Callable[[float], None]] = []
"""In a worker process: what asks its caller for more time."""


def take_longer(seconds: float) -> None:
    """Ask for more time, in a worker process; anywhere else there is no limit.

    For work that depends on more than the size of a file: a walk through a workspace, another process.
    """
    for extend in extensions:
        extend(seconds)
