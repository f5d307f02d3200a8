"""Growth with its words, as pictures and views show it; apart, because `alloclens top` needs no JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.typed import Message
from alloclens.wording.amounts import growth

if TYPE_CHECKING:
    from alloclens.stats.amount import Amount


class LabelledGrowth(Message, frozen=True):
    """How a value grew since the base, with its words."""

    value: int
    """In the unit of the sample type."""
    label: str
    significant: bool
    """Whether it exceeds its sampling error, or is that of a finding."""


def labelled_growth(of: Amount, unit: str) -> LabelledGrowth | None:
    """Return the growth of an amount; None without a base."""
    if of.growth is None:
        return None
    return LabelledGrowth(int(of.growth), growth(of, unit), significant=bool(of.significant))
