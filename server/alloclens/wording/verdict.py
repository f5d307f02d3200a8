"""Verdicts in words: what a line holds, how it grew, and which rule says so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from alloclens.languages.go.leak_patterns import Shape
from alloclens.series.verdicts import Rule
from alloclens.wording.amounts import amount, change, duration, rate, share, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding

UNSURE = "The source changed, or may have changed, after the program was built: the line may be another one nearby."
GUESSED = "This file is a guess: another program may have a file of its name. `alloclens explain` says more."

SENTENCES = {
    Rule.PROVEN: "Leak: {held} for ever. The garbage collector found that nothing can wake them.",
    Rule.RISES: "Leak: {held}, and growing: {grown}, {pace} over {n}, no slower than before.",
    Rule.YOUNG: "Growing: {held}, {grown}. {n} are too few to say whether it goes on.",
    Rule.UNPROVEN: "Growing: {held}, {grown}, {pace} over {n}; among so many lines, that may still be chance.",
    Rule.FILLED: "Filling: {held}, {grown}, but not in the second half of {n}, like a full cache.",
    Rule.FADES: "Growing: {held}, {grown}, {pace} over {n}; it seems to slow down, like a cache that fills up.",
    Rule.SLOWS: "Filling: {held}, {grown}; it still grows, but at less than half its earlier pace.",
    Rule.FELL: "Shrinking: {held}, {grown}.",
    Rule.TURNS: "Churn: {held}, {grown}; {kept} of what was allocated in that time stayed.",
    Rule.SWINGS: "Noise: {held}, {grown}, but up and down, with no steady rise over {n}.",
    Rule.UNCLEAR: "Not yet clear: {held}, {grown}, within what sampling and load cause by chance.",
    Rule.STANDS: "Stable: {held}, {grown}.",
}
BARS = "▁▂▃▄▅▆▇█"


def placed_message(finding: Finding, comparison: Comparison, now: MappedFinding, memory_limit: float) -> str:
    """Return the message of a finding for the line where it is now, with the reason if that line is unsure."""
    words = message(finding, memory_limit, comparison.in_use, waits=now.waits)
    return f"~ {words} {doubt(guessed=now.guessed)}" if now.unsure else words


def message(finding: Finding, memory_limit: float = 0, in_use: float = 0, *, waits: str = "") -> str:
    """Return the verdict and, for a leak, when the process reaches the memory limit (in bytes).

    `in_use` is what the whole process holds at the head. `waits` says where goroutines wait if this line started them.
    """
    return verdict(finding, waits) + limit(finding, memory_limit, in_use)


def doubt(*, guessed: bool) -> str:
    """Say why a line is unsure."""
    return GUESSED if guessed else UNSURE


def verdict(finding: Finding, waits: str = "") -> str:
    """Say what is held, how it grew, and which rule says so."""
    return SENTENCES[finding.rule].format(
        held=amount(finding.value, finding.sample_type.unit) + _what(finding, waits),
        grown=_grown(finding),
        pace=rate(finding.slope, finding.sample_type.unit),
        n=f"{finding.over.observations} snapshots",
        kept=share(finding.retention, 1),
    )


def figures(finding: Finding) -> str:
    """Return the figures behind a verdict."""
    if finding.rule is Rule.PROVEN:
        return "found by the garbage collector (goroutineleak profile)"
    unit, over = finding.sample_type.unit, finding.over
    parts = [
        f"floor {signed(finding.floor, unit)} in {duration(over.seconds)}",
        f"Theil–Sen {signed(finding.per_snapshot, unit)} per snapshot, {signed(finding.slope * 3600, unit)}/h",
        f"Mann–Kendall {_p_value(finding.p_value)}",
    ]
    if not math.isnan(finding.retention):
        parts.append(f"{share(finding.retention, 1)} of what was allocated stayed")
    return "; ".join(parts)


def limit(finding: Finding, memory_limit: float, in_use: float) -> str:
    """Say when a leak will reach the memory limit; "" if no limit is set or it is no leak."""
    if finding.verdict != "leak" or memory_limit <= 0 or finding.slope <= 0 or finding.sample_type.unit != "bytes":
        return ""
    left = (memory_limit - in_use) / finding.slope
    if left <= 0:
        return f" The memory in use exceeds memoryLimit ({amount(memory_limit, 'bytes')})."
    return f" At this pace the memory in use reaches memoryLimit ({amount(memory_limit, 'bytes')}) in {duration(left)}."


def sparkline(points: Sequence[float]) -> str:
    """Draw a number over time, from 0 to its highest value."""
    highest = max(points, default=0)
    if highest <= 0:
        return BARS[0] * len(points)
    return "".join(BARS[min(int(len(BARS) * max(point, 0) / highest), len(BARS) - 1)] for point in points)


def _grown(finding: Finding) -> str:
    """Return the growth with its interval and its time span."""
    unit, span = finding.sample_type.unit, duration(finding.over.seconds)
    if not finding.growth:
        return f"unchanged for {span}"
    between = f" ({signed(finding.low, unit)} to {signed(finding.high, unit)})" if finding.low < finding.high else ""
    return f"{change(finding.growth, unit)}{between} in {span}"


def _p_value(p: float) -> str:
    return f"1 in {amount(1 / p, 'count')}" if 0 < p < 0.1 else share(p, 1)


def _what(finding: Finding, waits: str) -> str:
    if not finding.is_goroutine:
        return " held through this line"
    return f" goroutines started here wait at {waits}" if waits else " goroutines wait in this line"


def goroutine_note(comparison: Comparison) -> str:
    """Say that goroutines pile up, if a heap profile shows it and no goroutine profile says where; else ""."""
    grown = comparison.goroutine_memory
    if grown is None or not grown.significant or not grown.growth or grown.growth <= 0:
        return ""
    return (
        f"runtime.malg holds {change(grown.growth, 'bytes')}: goroutines that do not end. A heap profile cannot say which "
        "`go` statement started them; goroutine profiles beside it can: run "
        "`alloclens capture http://HOST:PORT/debug/pprof/goroutine --into DIR`."
    )


SHAPES = {
    Shape.TICKER: "It creates tickers: is each one stopped?",
    Shape.TIMER: "It creates timers: is each one that does not fire stopped?",
    Shape.RESPONSE_BODY: "It makes HTTP requests: is the body of each response closed?",
    Shape.REGISTRATION: "Each time, it registers something with a dependency: register it once.",
    Shape.CONTEXT: "It creates contexts: is each one cancelled?",
    Shape.MAP: "A map grows: is anything ever deleted from it?",
    Shape.SLICE: "A slice grows: is it ever cut back?",
    Shape.GOROUTINE: "It starts goroutines that do not end.",
}
