"""What is said of a line that was judged: the verdict, its figures, and the rule that fired."""

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

UNSURE = "The source changed after the program was built: the line may be another one near by."
GUESSED = "That it is this file is a guess: another program may have such a file. `alloclens explain` says more."

SAID = {
    Rule.RISES: "Leak: {held}, and growing: {grown}, {pace} over {n}, no slower than before.",
    Rule.YOUNG: "Growing: {held}, {grown}. {N} cannot say yet whether it goes on.",
    Rule.UNPROVEN: "Growing: {held}, {grown}, {pace} over {n}; among so many lines that may still be chance.",
    Rule.FILLED: "Filling: {held}, {grown}, but not in the second half of {n}: as a cache that is full.",
    Rule.FADES: "Growing: {held}, {grown}, {pace} over {n}; it seems to slow down, as what fills up does.",
    Rule.SLOWS: "Filling: {held}, {grown}; it still grows, at less than half its earlier pace.",
    Rule.FELL: "Shrinking: {held}, {grown}.",
    Rule.TURNS: "Churn: {held}, {grown}; {kept} of what was allocated meanwhile stayed.",
    Rule.SWINGS: "Noise: {held}, {grown}, but it goes up and down: no steady rise over {n}.",
    Rule.UNCLEAR: "Not yet clear: {held}, {grown}: within what sampling and load do by chance.",
    Rule.STANDS: "Stable: {held}, {grown}.",
}
BARS = "▁▂▃▄▅▆▇█"


def placed_message(finding: Finding, comparison: Comparison, now: MappedFinding, memory_limit: float) -> str:
    """Return the message of a finding for the line where it is now, and why that line is unsure."""
    said = message(finding, memory_limit, comparison.in_use, waits=now.waits)
    return f"~ {said} {doubt(guessed=now.guessed)}" if now.unsure else said


def message(finding: Finding, memory_limit: float = 0, in_use: float = 0, *, waits: str = "") -> str:
    """Say what is held, how it grew, and which rule says so; of a leak also when it reaches a memory limit (bytes).

    `in_use` is what the whole process holds at the head. `waits` says where goroutines wait, if it is not this line but
    where they were started.
    """
    return verdict(finding, waits) + limit(finding, memory_limit, in_use)


def doubt(*, guessed: bool) -> str:
    """Say why a line is unsure."""
    return GUESSED if guessed else UNSURE


def verdict(finding: Finding, waits: str = "") -> str:
    """Say what is held, how it grew, and which rule says so."""
    observations = f"{finding.over.observations} snapshots"
    return SAID[finding.rule].format(
        held=amount(finding.value, finding.sample_type.unit) + _what(finding, waits),
        grown=_grown(finding),
        pace=rate(finding.slope, finding.sample_type.unit),
        n=observations,
        N=observations,
        kept=share(finding.retention, 1),
    )


def figures(finding: Finding) -> str:
    """Say the figures behind a verdict."""
    unit, over = finding.sample_type.unit, finding.over
    said = [
        f"floor {signed(finding.floor, unit)} in {duration(over.seconds)}",
        f"Theil–Sen {signed(finding.per_snapshot, unit)} for each snapshot, {signed(finding.slope * 3600, unit)}/h",
        f"Mann–Kendall {_p_value(finding.p_value)}",
    ]
    if not math.isnan(finding.retention):
        said.append(f"{share(finding.retention, 1)} of what was allocated stayed")
    return "; ".join(said)


def limit(finding: Finding, memory_limit: float, in_use: float) -> str:
    """Say when a leak will have filled the memory there is; "" where no limit is set or it is no leak."""
    if finding.verdict != "leak" or memory_limit <= 0 or finding.slope <= 0 or finding.sample_type.unit != "bytes":
        return ""
    left = (memory_limit - in_use) / finding.slope
    if left <= 0:
        return f" What is in use is more than memoryLimit ({amount(memory_limit, 'bytes')})."
    return f" At this pace what is in use reaches memoryLimit ({amount(memory_limit, 'bytes')}) in {duration(left)}."


def sparkline(points: Sequence[float]) -> str:
    """Draw a number through time, from 0 to its highest."""
    highest = max(points, default=0)
    if highest <= 0:
        return BARS[0] * len(points)
    return "".join(BARS[min(int(len(BARS) * max(point, 0) / highest), len(BARS) - 1)] for point in points)


def _grown(finding: Finding) -> str:
    """Return the growth with its interval, and over how long."""
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
    """Say that goroutines pile up, where a heap profile shows that and no goroutine profile says which; else ""."""
    grown = comparison.goroutine_memory
    if grown is None or not grown.significant or not grown.growth or grown.growth <= 0:
        return ""
    return (
        f"runtime.malg holds {change(grown.growth, 'bytes')}: goroutines that do not end. A heap profile cannot say which "
        "`go` statement started them; goroutine profiles beside it can: "
        "`alloclens capture http://HOST:PORT/debug/pprof/goroutine --into DIR`."
    )


SHAPES = {
    Shape.TICKER: "It makes tickers: is each one stopped?",
    Shape.TIMER: "It makes timers: is each one stopped that does not fire?",
    Shape.RESPONSE_BODY: "It asks for HTTP responses: is each body closed?",
    Shape.REGISTRATION: "It registers something in a table of a dependency, each time: register it once.",
    Shape.CONTEXT: "It makes contexts: is each one cancelled?",
    Shape.MAP: "A map grows: is anything ever deleted from it?",
    Shape.SLICE: "A slice grows: is it ever cut back?",
    Shape.GOROUTINE: "Goroutines are started that do not end.",
}
