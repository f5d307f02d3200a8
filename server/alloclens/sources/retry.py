"""Tries again what may succeed later."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from alloclens.sources.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TRIES = 3
PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 30.0
"""How long to wait if the server requests it."""
T = TypeVar("T")


def retried(call: Callable[[], T], tell: Callable[[str], None], tries: int = MAX_TRIES) -> T:
    """Return what a call returns, after up to so many tries if another can help. Raises CaptureError."""
    before = ""
    for left in reversed(range(tries)):
        try:
            return call()
        except CaptureError as error:
            if not left or not error.passing or error.wait > MAX_PAUSE_SECONDS:
                raise
            text = str(error)
            tell(f"{'the same again' if text == before else text}; trying {'again' if left > 1 else 'a last time'}")
            before = text
            time.sleep(max(PAUSE_SECONDS, error.wait))
    raise AssertionError
