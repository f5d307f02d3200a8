"""The call hierarchy: the amounts of calls, and the page of a function that cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.source.places import Nowhere
from alloclens.wording.amounts import growth, share
from alloclens.wording.kinds import SEPARATOR, quantity
from alloclens.wording.names import short_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.profile.model import Frame
    from alloclens.series.comparison import Comparison
    from alloclens.source.places import Place
    from alloclens.stats.amount import Amount


def passing(passes: Amount, comparison: Comparison) -> str:
    """Return the amount that a call passes, its share of the whole, and its growth: 12.3MB · 45% · ▲8.3MB."""
    parts = [quantity(passes.value, comparison), share(passes.value, comparison.total)]
    return " · ".join([*parts, growth(passes, comparison.sample_type.unit)] if passes.growth else parts)


def name(frame: Frame, line: int = 0) -> str:
    """Return the name of a frame's function, with its current line (1-based) if there is one: serve:42."""
    function = short_name(frame.function) or name_of(frame.binary or frame.file) or "?"
    return f"{function}:{line}" if line else function


def others(count: int) -> str:
    """Return the label of the functions that are left out: 3506 more."""
    return f"{count} more"


def symbol(function: str, amounts: Iterable[str]) -> str:
    """Return a function's name and its cum in each kind of profile: main.serve 45.0MB · 500 goroutines."""
    return f"{short_name(function)} {SEPARATOR.join(amounts)}"


def page(frame: Frame, place: Place | Nowhere) -> str:
    """Return a page that says where a frame's function was recorded, and why it cannot be opened."""
    where = f"{frame.file}, line {frame.line}" if frame.file and frame.line else frame.file
    recorded = f"It was recorded in {where}." if where else _nameless(frame)
    return "\n\n".join(map(printable, (frame.function or name(frame), recorded, *_why(place), ADVICE))) + "\n"


def _nameless(frame: Frame) -> str:
    return f"The profile does not say where it is defined{f'; it is in {frame.binary}' if frame.binary else ''}."


def _why(place: Place | Nowhere) -> list[str]:
    if not isinstance(place, Nowhere):
        return [f"That file is {place.path}, which no longer has this function or cannot be read."]
    candidates = [f"It may be {candidate}." for candidate in place.candidates]
    return [f"It is not here: {place.reason}.", *candidates]


ADVICE = "To see what you can do, run Explain Placement in VS Code, or `alloclens explain` elsewhere."
