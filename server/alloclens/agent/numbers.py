"""Numbers for a model: each with its unit and its error, as fields and in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from alloclens.wording.amounts import amount, growth

if TYPE_CHECKING:
    from alloclens.stats.amount import Amount


def number(of: Amount, unit: str) -> dict[str, Any]:
    """Return a value with its growth, the 99 % interval of the growth, and whether that is significant."""
    grown = {} if of.growth is None else {"growth": rounded(of.growth), "significant": of.significant}
    bounds = {"growth_low": rounded(of.low), "growth_high": rounded(of.high)} if of.is_judged else {}
    words = amount(of.value, unit)
    if of.growth is not None:
        words += f"; growth: {growth(of, unit, interval=True)}{', 99 % interval' if of.low < of.high else ''}"
    return {"value": rounded(of.value), "unit": unit, **grown, **bounds, "words": words}


def rounded(value: float) -> int | float | None:
    """Return a number without digits that say nothing; None if it is unknown, for JSON has no NaN."""
    if math.isnan(value) or math.isinf(value):
        return None
    return round(value) if abs(value) >= 1000 or value == int(value) else float(f"{value:.4g}")
