"""A value with its growth, and the interval of the growth."""

from __future__ import annotations

from math import isnan, nan
from typing import NamedTuple


class Amount(NamedTuple):
    """A value at the head, in the unit of its sample type."""

    value: float
    growth: float | None = None
    """Head - base; None if there is no base or its value is unknown."""
    low: float = nan
    high: float = nan
    """The 99 % interval of the growth; nan if its error is unknown or was not requested."""
    significant: bool = False
    """Whether the growth exceeds its sampling error, corrected for the number of amounts tested."""
    sampled: float = nan
    """Number of sampled objects in the value; nan if unknown."""

    @property
    def is_judged(self) -> bool:
        """Whether the error of the growth is known."""
        return not isnan(self.low)
