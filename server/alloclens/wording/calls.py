"""What passes over a call, and why a function cannot be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.source.places import Nowhere
from alloclens.wording.amounts import amount, growth, share
from alloclens.wording.hover import short_name

if TYPE_CHECKING:
    from alloclens.source.places import Place
    from alloclens.stats.amount import Amount
    from alloclens.tables.calls import CallLine, CallSite, HotFunction


def passing(passes: Amount, total: float, unit: str) -> str:
    """Say what passes, its share of the whole, and its growth: 12.3MB · 45% · ▲8.3MB."""
    said = [amount(passes.value, unit), share(passes.value, total)]
    return " · ".join([*said, growth(passes, unit)] if passes.growth else said)


def name(site: CallSite, line: int = 0) -> str:
    """Return what a site is called; a line (1-based, where it is now) with its number: serve:42."""
    of = short_name(site.function) or name_of(site.binary or site.file) or "?"
    return f"{of}:{line}" if line else of


def others(many: int) -> str:
    """Name all functions that are too many to be shown: 3506 more."""
    return f"{many} more"


def symbol(one: HotFunction, unit: str) -> str:
    """Name a function by itself and what passes through it: main.serve 45.0MB."""
    return f"{short_name(one.function)} {amount(one.cum, unit)}"


def page(site: CallSite, at: CallLine, found: Place | Nowhere) -> str:
    """Say where a function was recorded, and why it cannot be opened: the text of a page of its own."""
    where = f"{at.file}, line {at.line}" if at.file and at.line else at.file
    recorded = f"It was recorded in {where}." if where else _nameless(site)
    return "\n\n".join(map(printable, (site.function or name(site), recorded, *_why(found), ADVICE))) + "\n"


def _nameless(site: CallSite) -> str:
    return f"The profile does not say where it was written{f'; it is in {site.binary}' if site.binary else ''}."


def _why(found: Place | Nowhere) -> list[str]:
    if not isinstance(found, Nowhere):
        return [f"That file is {found.path}, which has not this function any more, or cannot be read."]
    candidates = [f"It may be {candidate}." for candidate in found.candidates]
    return [f"It is not here: {found.reason}.", *candidates]


ADVICE = "Explain Placement in VS Code, `alloclens explain` elsewhere, says what can be done."
