"""A number as it is shown: its value, its growth, and the errors of both."""

from __future__ import annotations

from math import isnan, nan
from typing import NamedTuple


class Amount(NamedTuple):
    """A value at the head, in the unit of its sample type."""

    value: float
    growth: float | None = None
    """Head - base; None if there is no base, or if it is not known what the value was in it."""
    low: float = nan
    high: float = nan
    """The 99 % interval of the growth; nan where its error is unknown, or was not asked for."""
    significant: bool = False
    """Whether the growth is beyond its sampling error, after the correction for how many amounts were looked at."""
    error: float = nan
    """Standard error of the value, by sampling; nan where it is unknown."""
    sampled: float = nan
    """How many sampled objects the value is made of; nan where that is unknown."""

    @property
    def is_judged(self) -> bool:
        """Whether the error of the growth is known."""
        return not isnan(self.low)
