"""Errors of fetching a profile."""

from __future__ import annotations


class CaptureError(Exception):
    """A profile cannot be fetched: a setting or a permission is missing or wrong, or the server failed. The message says which."""

    def __init__(self, text: str, *, passing: bool = False, wait: float = 0.0, status: int = 0) -> None:
        super().__init__(text)
        self.passing = passing
        """Whether the same request may succeed later."""
        self.wait = wait
        """The server's Retry-After in seconds; 0 if it did not send one."""
        self.status = status
        """The status that the server answered with; 0 if that was not the problem."""

    def said(self, text: str) -> CaptureError:
        """Return the same error with another message."""
        return CaptureError(text, passing=self.passing, wait=self.wait, status=self.status)
