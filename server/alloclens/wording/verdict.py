"""Verdicts in words: what a line holds, how it grew, and which rule says so."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from alloclens.languages.go.leak_patterns import Shape
from alloclens.languages.go.names import package_of
from alloclens.paths import name_of
from alloclens.series.verdicts import MIN_GROWTH_SHARE, MIN_OBSERVATIONS, MIN_RETENTION, SIGNIFICANCE, Rule
from alloclens.stats.trend import quantile
from alloclens.wording.amounts import amount, change, duration, rate, share, signed
from alloclens.wording.names import short_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding

UNSURE = "The source changed, or may have changed, after the program was built: the line may be another one nearby."
GUESSED = "This file is a guess: another program may have a file of its name. `alloclens explain` says more."

SENTENCES = {
    Rule.PROVEN: "Leak: {held} for ever. The garbage collector found that nothing can wake them.",
    Rule.RISES: "Leak: {held}, {grown}, {pace} over {n}; the pace holds.",
    Rule.YOUNG: "Growing: {held}, {grown}. {n} are too few to say whether it goes on.",
    Rule.UNSETTLED: "Growing: {held}, {grown}, {pace} over {n}; whether the pace holds is not certain yet.",
    Rule.LOADED: "Noise: {held}, {grown} over {n}; what is freed rose as well, {load}, as it does under more load.",
    Rule.FILLED: "Filling: {held}, {grown}, but lately at less than half the earlier pace, like a cache that fills up.",
    Rule.FELL: "Shrinking: {held}, {grown}.",
    Rule.TURNS: "Churn: {held}, {grown}; certainly less than {churn} of what was allocated in that time stayed.",
    Rule.SMALL: "Small: {held}, {grown}: it rises, but by less than {small} of what is in use.",
    Rule.SWINGS: "Noise: {held}, {grown}, but with no steady rise over {n}.",
    Rule.UNCLEAR: "Not yet clear: {held}, {grown}, within what sampling and load cause by chance.",
    Rule.STANDS: "Stable: {held}, {grown}.",
}
NOTHING_FREED = 0.99
"""What retains more of its allocations has freed nothing."""
MIN_SCORE = 0.5
"""Below this, a rise is too unclear to say when it would be proven, in standard errors."""
MIN_P_VALUE = 1e-6
"""Smaller probabilities are not told apart: no model of load is that exact."""
BARS = "▁▂▃▄▅▆▇█"


def placed_message(finding: Finding, comparison: Comparison, now: MappedFinding, memory_limit: float) -> str:
    """Return the message of a finding for the line where it is now, with the reason if that line is unsure."""
    words = message(finding, memory_limit, comparison.in_use, waits=now.waits) + _related(finding, now.related)
    if ago := comparison.snapshots_since:
        words = f"Before the restart {ago} snapshot{'' if ago == 1 else 's'} ago: {words}"
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
        load=f"×{finding.load:.1f}",
        churn=share(MIN_RETENTION, 1),
        small=share(MIN_GROWTH_SHARE, 1),
    )


def candidate(finding: Finding, now: MappedFinding | None = None) -> str:
    """Say what is known of a line that may leak though nothing is proven, and what would settle it."""
    unit, over = finding.sample_type.unit, finding.over
    rises = sum(later > earlier for earlier, later in pairwise(finding.points))
    known = [f"it rose {rises} times" if rises != 1 else "it rose once"]
    if finding.retention > NOTHING_FREED:
        known.append("nothing of it was freed")
    if not math.isnan(finding.sampled):
        known.append(f"{finding.sampled:.0f} sampled object{'' if round(finding.sampled) == 1 else 's'}")
    held = amount(finding.value, unit) + _what(finding, now.waits if now else "")
    said = f"Not proven: {held}, {_grown(finding)} over {over.observations} snapshots: {', '.join(known)}."
    return said + (_related(finding, now.related) if now else "") + _settles(finding)


def _settles(finding: Finding) -> str:
    """Say how many more snapshots would prove a rise like this: its deviate grows as the root of the time, at least."""
    if finding.over.observations < MIN_OBSERVATIONS:
        return f" At least {MIN_OBSERVATIONS} snapshots of one process show a trend."
    needed = quantile(1 - SIGNIFICANCE / max(finding.tests, 1))
    more = math.ceil(finding.over.observations * ((needed / max(finding.score, MIN_SCORE)) ** 2 - 1))
    if more <= 0:
        return " A few more snapshots show whether it goes on."
    is_sampled_go = finding.file.endswith(".go") and not math.isnan(finding.sampled)
    rate = ", or the next run with runtime.MemProfileRate = 64 << 10" if is_sampled_go else ""
    return f" About {more} more snapshot{'' if more == 1 else 's'} at this pace would settle it{rate}."


def _related(finding: Finding, related: Sequence[str]) -> str:
    """Name the own lines that have to do with what no own line owns."""
    if not related:
        return " No line of your own code that calls it is known." if finding.is_foreign else ""
    package = short_name(package_of(finding.function) or finding.function)
    return f" Your lines that call {package}: {', '.join(related)}."


def figures(finding: Finding) -> str:
    """Return the figures behind a verdict."""
    if finding.rule is Rule.PROVEN:
        return "found by the garbage collector (goroutineleak profile)"
    unit, over = finding.sample_type.unit, finding.over
    parts = [f"{signed(finding.per_snapshot, unit)} per snapshot, {signed(finding.slope * 3600, unit)}/h (Theil–Sen)"]
    if over.observations >= MIN_OBSERVATIONS:
        tested = f"{finding.tests} line{'' if finding.tests == 1 else 's'}"
        parts.append(f"without a leak, a line rises so in {_p_value(finding.p_value)}; {tested} tested")
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
    between = (
        f" (99 %: {signed(finding.low, unit)} to {signed(finding.high, unit)})" if finding.low < finding.high else ""
    )
    return f"{change(finding.growth, unit)}{between} in {span}"


def _p_value(p: float) -> str:
    if p < MIN_P_VALUE:
        return "less than 1 in 1M cases"
    return f"1 in {amount(1 / p, 'count')} cases" if p < 0.1 else f"{share(p, 1)} of cases"


def _what(finding: Finding, waits: str) -> str:
    if finding.is_foreign:
        name = short_name(finding.function)
        return (
            f" goroutines run {name}, with no line of yours"
            if finding.is_goroutine
            else f" held by {name}, outside your code"
        )
    if not finding.is_goroutine:
        caller = finding.caller
        return (
            f" held through this line, called from {name_of(caller.file)}:{caller.line}"
            if caller
            else " held through this line"
        )
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
