"""One source line as it is shown: its three measures, how each grew, and with what error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Change(NamedTuple):
    """How a measure grew from base to head."""

    value: float
    low: float
    high: float
    """Between these the truth lies, 99 times of 100; nan where that is not known."""
    certain: bool


class Measure(NamedTuple):
    """A measure at the head."""

    value: float
    growth: Change | None
    """None where there is nothing to compare with, or it is not known which line of another build it was."""
    error: float
    """Standard error of the value, by sampling; nan where it is not known."""
    sampled: float
    """How many sampled objects the value is made of; nan where it is not known."""


@dataclass(frozen=True)
class LineStats:
    """All numbers of one line in one sample type, in its unit."""

    line: int
    """1-based."""
    flat: Measure
    cum: Measure
    owned: Measure
