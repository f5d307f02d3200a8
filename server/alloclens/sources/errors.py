"""Why there is no profile."""

from __future__ import annotations


class CaptureError(Exception):
    """A profile that could not be fetched; the text says what was asked and what came."""

    def __init__(self, text: str, *, passing: bool = False, wait: float = 0.0) -> None:
        super().__init__(text)
        self.passing = passing
        """Whether the same request may succeed a little later."""
        self.wait = wait
        """Seconds after which the server wants to be asked again; 0 where it does not say."""
