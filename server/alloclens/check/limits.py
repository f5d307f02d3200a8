"""What may grow, and by how much."""

from __future__ import annotations

from typing import NamedTuple

from alloclens.settings.settings import LIMIT, SIZE, size

BYTES = "bytes"


class Limit(NamedTuple):
    """A part of what the base held, or an amount; infinite for no limit."""

    share: float = float("inf")
    amount: float = float("inf")
    is_count: bool = False
    """Whether the amount has no unit, and so is of what is counted, not of bytes."""

    @property
    def words(self) -> str:
        """The limit as it may be written."""
        return f"{100 * self.share:g}%" if self.share < float("inf") else f"{self.amount:g}"


class Least(NamedTuple):
    """Growth that is too small to matter, by what is counted."""

    of_bytes: float
    of_counts: float

    def of(self, unit: str) -> float:
        """Return it for a unit."""
        return self.of_bytes if unit == BYTES else self.of_counts


HELD, PER_OPERATION = Least(5 << 20, 100), Least(64, 1)
"""The defaults: of what is in use, and of what one operation allocates."""
MAX_GROWTH = 0.1
"""The default."""


def limit(text: str) -> Limit:
    """Return a limit: 10%, 5MB or a number. Raises ValueError."""
    if not text or not LIMIT.match(text):
        raise ValueError(f"{text!r} is neither a percentage, such as 10%, nor a size, such as 5MB")
    return (
        Limit(share=float(text.rstrip("% ")) / 100)
        if text.endswith("%")
        else Limit(amount=size(text), is_count=is_count(text))
    )


def percentage(text: str) -> float:
    """Return a percentage as a share. Raises ValueError."""
    share = limit(text).share
    if share == float("inf"):
        raise ValueError(f"{text!r} is not a percentage, such as 10%")
    return share


def is_count(text: str) -> bool:
    """Return whether a size has no unit, and so is a number of what is counted."""
    return text.isdigit()


def least(texts: tuple[str, ...], default: Least) -> Least:
    """Return what matters: 5MB for bytes, 100 for what is counted, or both. Raises ValueError."""
    for text in texts:
        if not text or not SIZE.match(text):
            raise ValueError(f"{text!r} is neither a size, such as 5MB, nor a number, such as 100")
        default = default._replace(of_counts=size(text)) if is_count(text) else default._replace(of_bytes=size(text))
    return default
