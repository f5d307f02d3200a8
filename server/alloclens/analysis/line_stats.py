"""One source line as it is shown: its three measures, how each grew, and with what error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Change(NamedTuple):
    """How a measure grew from base to head."""

    value: float
    error: float
    """Standard error; nan where it is not known."""
    certain: bool


class Measure(NamedTuple):
    """A measure at the head, and its growth; None where there is nothing to compare with."""

    value: float
    growth: Change | None


@dataclass(frozen=True)
class LineStats:
    """All numbers of one line in one sample type, in its unit."""

    line: int
    """1-based."""
    flat: Measure
    cum: Measure
    owned: Measure
