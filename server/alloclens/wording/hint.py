"""The few characters beside a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.wording.units import amount, significant_growth

if TYPE_CHECKING:
    from alloclens.series.comparison import LineStats

LONGEST = 32
"""VS Code cuts all hints of a line, of all servers, at 43 characters together."""


def hint(stats: LineStats, unit: str, *, unsure: bool = False) -> str:
    """Say the one or two numbers that matter most here, and the growth if it is certain.

    Where the line is to answer for more than it allocates itself, that is `owned`. A ~ marks a line that may be another.
    """
    return f"~{_hint(stats, unit)}" if unsure else _hint(stats, unit)


def _hint(stats: LineStats, unit: str) -> str:
    flat, cum, owned = stats.flat, stats.cum, stats.owned
    if flat.value == cum.value:
        judged = owned if owned.value == flat.value else flat  # what findings are about, where it is the same
        return amount(flat.value, unit) + significant_growth(judged, unit)
    if abs(owned.value) > abs(flat.value):
        return f"{amount(owned.value, unit)} owned" + significant_growth(owned, unit)
    if flat.value:
        return f"{amount(flat.value, unit)} flat · {amount(cum.value, unit)} cum" + significant_growth(cum, unit)
    return f"{amount(cum.value, unit)} cum" + significant_growth(cum, unit)
