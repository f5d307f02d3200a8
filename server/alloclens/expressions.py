"""Regular expressions whose searches cannot run away: RE2's, or others with a limit on their time.

RE2 searches in time linear in the text for any pattern. It has no package for some systems (Windows on ARM, Alpine Linux).
There, the package regex takes its place. It tries one way after another, so each pattern has a limited time.
"""

from __future__ import annotations

from importlib import import_module
from time import monotonic
from typing import Any, Protocol

try:
    import re2
except ImportError:  # no package for this system
    re2 = None

MAX_RE2_BYTES = 8 << 20
"""Memory for one pattern: drop_frames is untrusted."""
MAX_SECONDS = 2.0
"""Time for all searches of one pattern without RE2."""
MAX_CHARACTERS = 1 << 13
"""Length of a pattern without RE2. pprof's own drop_frames for C++ has 2,000 characters."""


class ExpressionError(ValueError):
    """The pattern is invalid. Without RE2, the message says where; RE2's names the part."""


class Expression(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object | None:
        """Return the first match in a text, or None. Raises TimeoutError."""


class Linear:
    """A pattern of RE2. Raises ExpressionError."""

    def __init__(self, pattern: str) -> None:
        options = re2.Options()
        options.log_errors = False  # standard error belongs to the caller
        options.max_mem = MAX_RE2_BYTES
        try:
            self._compiled = re2.compile(pattern.encode("utf-8", "surrogateescape"), options)
        except re2.error as error:
            raise ExpressionError(error.args[0].decode("utf-8", "replace")) from error

    def search(self, text: str) -> Any:
        return self._compiled.search(text.encode("utf-8", "replace"))


class Limited:
    """A pattern of the package regex. Raises ExpressionError."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > MAX_CHARACTERS:
            raise ExpressionError(f"longer than {MAX_CHARACTERS} characters, the most without the package google-re2")
        regex = import_module("regex")  # which takes 8 ms to import
        try:
            self._compiled = regex.compile(pattern)
        except (regex.error, RecursionError, OverflowError) as error:
            raise ExpressionError(getattr(error, "msg", "nested too deeply")) from error
        self._left = MAX_SECONDS

    def search(self, text: str) -> Any:
        if self._left <= 0:
            raise _too_slow(self._compiled.pattern)
        began = monotonic()
        try:
            return self._compiled.search(text, timeout=self._left)
        except TimeoutError as error:
            raise _too_slow(self._compiled.pattern) from error
        finally:
            self._left -= monotonic() - began


def are_linear() -> bool:
    """Return whether there is RE2."""
    return re2 is not None


def compiled(pattern: str) -> Expression:
    """Compile a pattern. Raises ExpressionError."""
    return Linear(pattern) if are_linear() else Limited(pattern)


def _too_slow(pattern: str) -> TimeoutError:
    return TimeoutError(
        f"the pattern {pattern[:60]!r} takes more than {MAX_SECONDS:.0f} s; the package google-re2 is faster"
    )
