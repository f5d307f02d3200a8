"""What speaks for a leak beside the numbers: what stacks and texts say. It proves nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from alloclens.languages.go.leak_patterns import OFTEN_KEPT
from alloclens.series.comparison import MAX_SHAPE_STACKS
from alloclens.series.verdicts import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.languages.go.keeping import Addition
    from alloclens.languages.go.leak_patterns import Shape
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.go_texts import GoTexts


class Sign(Enum):
    """What speaks for a leak of own memory."""

    SHAPE = "shape"
    """Its stacks are those of something that is often not given back."""
    UNENDED = "unended"
    """It calls a function of a library, and no own text names what ends that which it returns."""
    ADDED = "added"
    """What it makes is appended to something from which nothing removes."""


SLOWED = (Rule.FILLED, Rule.SLOWS, Rule.REFILLS)
"""What the numbers show to become slower is likelier a table that is built once, whatever the texts say."""


def sign(finding: Finding, comparison: Comparison, texts: GoTexts, added: Iterable[Addition]) -> Sign | None:
    """Return what speaks for a leak; None if nothing does. `added` says to what the values are added. Reads files."""
    if finding.is_goroutine or finding.is_foreign or finding.rule in SLOWED:
        return None
    if kept(finding, comparison):
        return Sign.SHAPE
    if any(texts.is_never_ended(function, comparison) for function in _called(finding, comparison)):
        return Sign.UNENDED
    return Sign.ADDED if any(addition.only_grows for addition in added) else None


def kept(finding: Finding, comparison: Comparison) -> Shape | None:
    """Return what a line makes that often leaks, by its stacks, if that counts for it; None for nothing."""
    if not (finding.may_leak or finding.rule is Rule.LIKELY):
        return None
    shape = comparison.shape(finding)
    return shape if shape in OFTEN_KEPT else None


def _called(finding: Finding, comparison: Comparison) -> set[str]:
    """Return the functions that the own line calls in its heaviest stacks."""
    called = set[str]()
    for stack in comparison.stacks_of(finding, MAX_SHAPE_STACKS):
        deepest = next((i for i, frame in enumerate(stack.frames) if comparison.is_own(frame.file)), 0)
        if deepest:
            called.add(stack.frames[deepest - 1].function)
    return called
