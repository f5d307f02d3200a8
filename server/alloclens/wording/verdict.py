"""Verdicts in words: what a line holds, how it grew, and which rule says so."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from alloclens.languages.go.leak_patterns import Shape
from alloclens.languages.go.names import package_of
from alloclens.paths import name_of
from alloclens.series.findings import MANY, RAISED
from alloclens.series.verdicts import (
    MIN_FIRST_RISE,
    MIN_GROWTH_SHARE,
    MIN_LEAK_OBSERVATIONS,
    MIN_OBSERVATIONS,
    MIN_RETENTION,
    Rule,
)
from alloclens.session.line_mapper import NamedLine
from alloclens.session.signs import Sign
from alloclens.source.line_mapping import Doubt
from alloclens.wording.amounts import amount, change, counted, duration, rate, share, signed
from alloclens.wording.names import short_name
from alloclens.wording.times import time_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.series.comparison import Comparison, Outlook
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding

NEARBY = "The line may be another one nearby."
DOUBTS = {
    Doubt.CHANGED: (
        f"The program may have been built from another version of this file. {NEARBY} To be sure, build it from a commit, and set "
        "`revision` to that; `alloclens explain` says which versions fit."
    ),
    Doubt.EDITED: f"The source has changed, perhaps after the program was built. {NEARBY} To be sure, commit before you build it, or restart it.",
    Doubt.UNCOMPARED: f"The source could not be compared with the one that the program was built from. {NEARBY}",
    Doubt.GUESSED: "This file is a guess: another program may have a file of its name. `alloclens explain` says more.",
}

SENTENCES = {
    Rule.PROVEN: "Leak: {held} for ever. The garbage collector found that nothing can wake them.",
    Rule.RISES: "Leak: {held}, {grown}, at {pace}; the pace holds.",
    Rule.YOUNG: "Growing: {held}, {grown}: too few to say whether it goes on.",
    Rule.UNSETTLED: "Growing: {held}, {grown}, at {pace}; whether the pace holds is not certain yet: {more}.",
    Rule.LIKELY: "Growing: {held}, {grown}, at {pace}. The numbers alone do not prove it, but {kept}; {more}.",
    Rule.SLOWS: "Noise: {held}, {grown}, but lately more slowly, like a cache that fills up.",
    Rule.REFILLS: "Noise: {held}, {grown}, but not certainly beyond where it slowed down in the previous process.",
    Rule.LOADED: "Noise: {held}, {grown}; {load}, as it does under more load.",
    Rule.EARLY: "Not yet clear: {held}, {grown}: it rises since the process started, as a cache that fills up does at first.",
    Rule.FILLED: "Filling: {held}, {grown}, but lately at less than half the earlier pace, like a cache that fills up.",
    Rule.FELL: "Shrinking: {held}, {grown}.",
    Rule.TURNS: "Churn: {held}, {grown}; certainly less than {churn} of what was allocated in that time stayed.",
    Rule.SMALL: "Small: {held}, {grown}: it rises, but by less than {small} of what is in use.",
    Rule.SWINGS: "Noise: {held}, {grown}, but with no steady rise.",
    Rule.UNCLEAR: "Not yet clear: {held}, {grown}, within what sampling and load cause by chance.",
    Rule.STANDS: "Stable: {held}, {grown}.",
}
NO_RISE = "Noise: {held}, {grown}, within what sampling and load cause by chance."
"""What is unclear after enough snapshots, and no candidate."""
REASONS = {
    Rule.EARLY: "but only since the process started, as a cache that fills up does at first",
    Rule.FILLED: "but lately at less than half the earlier pace",
    Rule.SLOWS: "but lately more slowly, as a cache that fills up",
    Rule.REFILLS: "but not certainly beyond where it slowed down in the previous process",
    Rule.LOADED: "but {load}",
    Rule.TURNS: "but nearly all that was allocated was freed again",
}
"""Why a candidate may be harmless."""
UNSTEADY = ", but no more steadily than load may cause by chance"
GARBAGE = ", but not so steadily that it cannot be garbage, which V8 counts until it is collected"
"""The same of one that certainly grew, by none of these rules."""
MAY_BE_YOUNG = " The profiles do not say when the process started: it may be a cache that fills up at first."
SIGNS = {
    Sign.UNENDED: "what it gets from a library has an end (Close, Stop) that your code never names",
    Sign.ADDED: "what it makes is added to something that nothing in its package cuts back",
}
"""What speaks for a leak, beside the numbers and what is made."""
KEPT = {
    Shape.TICKER: "it makes tickers, which are often never stopped",
    Shape.TIMER: "it makes timers, which are often never stopped",
    Shape.RESPONSE_BODY: "it makes HTTP requests, and the bodies of their responses are often never closed",
    Shape.REGISTRATION: "it registers something with a dependency, which is often never removed",
    Shape.LABEL_VALUES: "it makes sets of label values of a metric, which are often never removed",
    Shape.CONTEXT: "it makes contexts, which are often never cancelled",
}
"""What a line makes that often leaks."""
KEPT_OF_ANY_KIND = "it makes timers, contexts, label values or the like, which are often never stopped or removed"
"""The same where the stacks that grew since the base do not show which."""
MAY_BE_INLINED = " V8 may also have inlined this function: what it allocates then counts as its caller's."
"""Another reason why a function grows no more, or more slowly."""
INLINED_INTO = " V8 may have inlined this function into {caller}, which grows: what it allocates then counts there."
OF_SERIES = " A series of snapshots shows whether it goes on."
"""What would settle a candidate of two files."""
TIMES = {1: "once", 2: "twice"}
NOTHING_FREED = 0.99
"""A line that retains a larger share of its allocations has freed nothing."""
MIN_P_VALUE = 1e-6
"""Smaller probabilities are not told apart: no model of load is that exact."""
DENSER = 8
"""How many times as often the suggested run samples, to settle a candidate sooner."""
WITHOUT_GARBAGE = "a run with node --expose-gc that calls gc() before each profile (if this one did not)"
"""V8 counts what is garbage until it is collected."""
MIN_RATE = 4 << 10
"""Bytes between two samples; a program that samples more often is slow."""
NEARLY_ALL = 0.9
"""The share of the growth below which a caller's share is stated."""
CALLER = " · this caller grows"
"""Marks the callers of a finding among the frames of its stack."""
INLINED = " · V8 may have inlined it"
"""Marks the functions that may have grown in a finding's place."""
BARS = "▁▂▃▄▅▆▇█"
MIN_BARS = 5
"""Fewer bars look like words that were blacked out."""


def placed_message(
    finding: Finding, comparison: Comparison, now: MappedFinding, memory_limit: float, before: str = ""
) -> str:
    """Return the message of a finding with what it was reported as `before`, and with the reason if its line is unsure."""
    words = message(finding, comparison, now, memory_limit) + reported(before)
    return f"{words} {DOUBTS[now.doubt]}" if now.doubt else words


def listed_message(
    finding: Finding, comparison: Comparison, now: MappedFinding, memory_limit: float, before: str = ""
) -> str:
    """Return the message of a finding, as `placed_message`, or of a candidate, as `candidate`."""
    if finding.is_candidate:
        return whose(comparison) + candidate(finding, now, before)
    return placed_message(finding, comparison, now, memory_limit, before)


def message(finding: Finding, comparison: Comparison, now: MappedFinding, memory_limit: float) -> str:
    """Return the verdict on a line, and for a leak when the heap reaches the memory limit (in bytes; 0 for none)."""
    said = candidate(finding, now) if finding.is_candidate else sentence(finding, now) + related(finding, now)
    words = whose(comparison) + said
    outlook = comparison.outlook if memory_limit and finding.verdict == "leak" else None
    if outlook:
        words += limit(outlook, memory_limit)
    return f"~ {words}" if now.unsure else words


def edited(path: str, line: int) -> str:
    """Return the beginning of a message about a line that is no longer in its file, and which stands at its function."""
    return f"On {name_of(path)}:{line}, which was edited after the snapshot: "


def caller_message(finding: Finding, now: MappedFinding, caller: NamedLine) -> str:
    """Return the verdict for the line of one of the callers."""
    held = NamedLine(finding.file, finding.line, now.at).name
    where = f" goroutines wait in {held}" if finding.is_goroutine else f" held through {held}"
    callers = " ← ".join("this line" if other is caller else other.name for other in now.callers)
    words = _of_rule(finding, where + _called(now, callers), now)
    return f"~ {words} {NEARBY}" if caller.at and caller.at.unsure else words


def whose(comparison: Comparison) -> str:
    """Return the beginning of a message that names the process of a finding, if it is not the only one."""
    chosen, replica = comparison.instead_of, comparison.series.replica
    parts = [f"process {replica} (latest snapshot {comparison.series.snapshots[-1].name})"] if replica else []
    if chosen and comparison.is_before_restart:
        parts.append(f"before the restart {counted(comparison.snapshots_since, 'snapshot')} ago")
    elif chosen:
        parts.append(f"until {time_of(comparison.head, chosen)}")
    words = ", ".join(parts)
    return f"{words[:1].upper()}{words[1:]}: " if words else ""


def sentence(finding: Finding, now: MappedFinding | None = None) -> str:
    """Say what is held, how it grew, and which rule says so. `now` is where the line is, and who calls it."""
    return (
        _of_rule(finding, _what(finding, now), now)
        + _why(finding, now)
        + _beside(finding)
        + _inlined_into(finding, now)
    )


def _why(finding: Finding, now: MappedFinding | None) -> str:
    """Say what texts show of how a finding leaks; "" if they show nothing, or its rule says what it makes."""
    if now is None or finding.verdict not in RAISED or now.sign not in SIGNS:
        return ""
    seen = SIGNS[now.sign]
    return f" {seen[0].upper()}{seen[1:]}."


def _inlined_into(finding: Finding, now: MappedFinding | None) -> str:
    """Say where else V8 may count what a function allocates; "" for one that is reported: it grows itself."""
    if now is None or not now.of_function or finding.with_called or finding.verdict in RAISED:
        return ""
    if now.inlined_into:
        return INLINED_INTO.format(caller=now.inlined_into)
    return MAY_BE_INLINED if finding.slowed_down else ""


def _beside(finding: Finding) -> str:
    """Say what the line of a finding that some calls decided holds through others; "" if that is nothing."""
    beside, unit = finding.beside, finding.sample_type.unit
    if finding.verdict not in RAISED or beside.value <= 0:
        return ""
    held = f"{amount(beside.value, unit)} ({signed(beside.growth or 0, unit)})"
    what = f"make another {held} goroutines wait in" if finding.is_goroutine else f"hold another {held} through"
    return f" Other calls {what} this line; this verdict is not about them."


def _of_rule(finding: Finding, what: str, now: MappedFinding | None) -> str:
    unit = finding.sample_type.unit
    is_noise = (
        finding.rule is Rule.UNCLEAR and finding.over.observations >= MIN_OBSERVATIONS and not finding.is_candidate
    )
    words = NO_RISE if is_noise else SENTENCES[finding.rule]
    young = finding.may_be_young and finding.rule in (Rule.YOUNG, Rule.UNSETTLED)
    return f"{words}{MAY_BE_YOUNG if young else ''}".format(
        held=amount(finding.owned.value, unit) + what,
        grown=_grown(finding),
        pace=rate(finding.slope, unit, finding.over.seconds),
        load=_load(finding),
        kept=_kept(now),
        more=_more(finding),
        churn=share(MIN_RETENTION, 1),
        small=share(MIN_GROWTH_SHARE, 1),
    )


def candidate(finding: Finding, now: MappedFinding | None = None, before: str = "") -> str:
    """Say what is known of a line that may leak though nothing is proven, and what would settle it. `before`: see `reported`."""
    if finding.is_quiet:
        return _quiet(finding, now)
    rises = sum(later > earlier for earlier, later in pairwise(finding.points))
    always = rises == len(finding.points) - 1
    known = ["it rose at every step" if always else f"it rose {TIMES.get(rises, f'{rises} times')}"]
    if finding.owned.low > 0 and not always and finding.rule not in REASONS:
        known[0] += GARBAGE if now and now.of_function else UNSTEADY
    if finding.retention > NOTHING_FREED:
        known.append("none of it was freed")
    if not math.isnan(finding.sampled):
        known.append(counted(round(finding.sampled), "sampled object"))
    if finding.rule in REASONS:
        known.append(REASONS[finding.rule].format(load=_load(finding)))
    if now and now.sign:
        known.append(SIGNS.get(now.sign) or _kept(now))
    held = amount(finding.owned.value, finding.sample_type.unit) + _what(finding, now)
    words = f"Not proven: {held}, {_grown(finding)}: {', '.join(known)}.{reported(before)}"
    sooner = WITHOUT_GARBAGE if now and now.of_function else _denser(finding)
    settles = OF_SERIES if finding.is_of_files else _settles(finding, sooner)
    return words + (related(finding, now) if now else "") + _inlined_into(finding, now) + settles


def reported(before: str) -> str:
    """Say what a line was reported as, and since when: growing since 20:02:11, a leak since 20:38:21; "" if that never changed."""
    return f" Reported as {before}." if before else ""


def _quiet(finding: Finding, now: MappedFinding | None) -> str:
    """Say which leak may hide in a line that does not rise so far, and what would show it."""
    unit = finding.sample_type.unit
    held, hidden = amount(finding.owned.value, unit) + _what(finding, now), amount(finding.owned.high, unit)
    sooner, take = _denser(finding), "a series of snapshots" if finding.is_of_files else "more snapshots"
    return (
        f"Not proven: {held}, {_grown(finding)}: no rise so far beyond chance, but a leak of up to {hidden} would not show yet. "
        f"Take {take}{sooner and f', or {sooner}'}."
    )


def _kept(now: MappedFinding | None) -> str:
    """Say what a line makes that often leaks."""
    return KEPT.get(now.kept, KEPT_OF_ANY_KIND) if now and now.kept else KEPT_OF_ANY_KIND


def _load(finding: Finding) -> str:
    """Say how much more comes and goes; without a factor if nothing was freed at first, or no more than that."""
    if not finding.load > 1:
        return "as much more comes and goes"
    return f"what is freed rose as well, ×{finding.load:.1f}"


def _more(finding: Finding) -> str:
    """Say how many more snapshots a leak takes, at least; if there are enough, that more time may show it."""
    missing = MIN_LEAK_OBSERVATIONS - finding.over.observations
    if finding.has_ended:
        lacking = f" at least {counted(missing, 'snapshot')}" if missing > 0 else ""
        return f"the process ended{lacking} too early"
    return f"take at least {counted(missing, 'more snapshot')}" if missing > 0 else "a series twice as long may show it"


def _settles(finding: Finding, run: str) -> str:
    """Say how many more snapshots would prove a rise like this, or which run would show it sooner; "" for none.

    Of a process that has ended, say that these would have been needed.
    """
    if finding.has_ended and (finding.rule is Rule.FILLED or finding.stands or not finding.snapshots_needed):
        return ""
    if finding.rule is Rule.FILLED:
        return " More snapshots show whether it rises again."
    more, run = finding.snapshots_needed, "" if finding.rule is Rule.EARLY else run
    if not more:
        return " A few more snapshots show whether it goes on."
    if finding.is_remote:
        sooner = f"; {run} shows it sooner" if run else ""
        return f" At this pace, it would take more than {MANY} times as many snapshots to settle it{sooner}."
    if finding.stands and finding.rule is not Rule.EARLY:
        sooner = f", and {run} shows it sooner" if run else ""
        return f" It has not risen in the second half: more snapshots show whether it goes on{sooner}."
    left = MIN_FIRST_RISE - finding.over.seconds if finding.rule is Rule.EARLY else math.inf
    is_sooner = left < more * finding.over.seconds / max(finding.over.observations - 1, 1)
    needed = f"{duration(left)} more" if is_sooner else counted(more, "more snapshot")
    would = "would have settled it; the process has ended" if finding.has_ended else "would settle it"
    return f" At least {needed} at this pace {would}{run and f', or {run}'}."


def _denser(finding: Finding) -> str:
    """Suggest a run of a Go program that samples more often; "" if that would hardly help."""
    is_go = finding.file.endswith(".go") or (finding.is_foreign and package_of(finding.function))
    is_small = finding.growth < 2 * finding.rate * finding.sampled  # all large objects are sampled anyway
    return denser(finding.rate) if is_go and is_small else ""


def denser(rate: float) -> str:
    """Suggest a run of a Go program that samples more often than this; "" if that would slow it down."""
    kib = int(rate / DENSER) >> 10
    return f"a run with runtime.MemProfileRate = {kib} << 10" if kib << 10 >= MIN_RATE else ""


def related(finding: Finding, now: MappedFinding) -> str:
    """Name the own lines related to what no own line owns; "" for a finding on a line."""
    if not (now.related or now.run):
        return " No line of your own code that calls it is known." if finding.is_foreign else ""
    package = short_name(package_of(finding.function) or finding.function)
    if now.by_text:
        return f" Your lines that may start it: {', '.join(now.related)}."
    run = f" Your lines that it runs: {', '.join(now.run)}." if now.run else ""
    return run + (f" Your lines that call {package}: {', '.join(now.related)}." if now.related else "")


def figures(finding: Finding) -> str:
    """Return the figures behind a verdict."""
    if finding.rule is Rule.PROVEN:
        return "found by the garbage collector"
    unit, over = finding.sample_type.unit, finding.over
    pace = rate(finding.slope, unit, over.seconds)
    parts = [f"{signed(finding.per_snapshot, unit)} per snapshot, {'' if finding.slope < 0 else '+'}{pace} (Theil–Sen)"]
    if over.seconds <= 0:
        parts = ["the files have the same time, so the pace is unknown"]
    if over.observations >= MIN_OBSERVATIONS:
        tests = f"{counted(finding.tests, 'test')} of lines, callers and functions"
        parts.append(f"without a leak, a line rises as much in {_p_value(finding.p_value)}; {tests}")
    if not math.isnan(finding.retention):
        parts.append(f"{share(finding.retention, 1)} of what was allocated stayed")
    return "; ".join(parts)


def limit(outlook: Outlook, memory_limit: float) -> str:
    """Say when the heap reaches the memory limit (in bytes) if everything that grows keeps growing."""
    setting, when = f"memoryLimit ({amount(memory_limit, 'bytes')})", ""
    if outlook.collected_at > 1:
        basis = "GOGC=100 is assumed" if outlook.is_assumed else "by the profile's MemStats"
        when = f" just before a collection, at {outlook.collected_at:.2g} × what is live ({basis})"
    left = (memory_limit / outlook.collected_at - outlook.live) / outlook.pace
    if left <= 0:
        return f" The heap exceeds {setting}{when}."
    pace = rate(outlook.pace, "bytes", outlook.seconds)
    return (
        f" If everything that grows keeps growing as over these {duration(outlook.seconds)}, at {pace}, "
        f"the heap reaches {setting} in {duration(left)}{f',{when}' if when else ''}."
    )


def sparkline(points: Sequence[float]) -> str:
    """Draw a number over time, from 0 to its highest value."""
    highest = max(points, default=0)
    if highest <= 0:
        return BARS[0] * len(points)
    return "".join(BARS[min(int(len(BARS) * max(point, 0) / highest), len(BARS) - 1)] for point in points)


def drawn_before(points: Sequence[float], words: str) -> str:
    """Return words after the sparkline of a number over time, if that has enough points to be read."""
    return f"{sparkline(points)} {words}".strip() if len(points) >= MIN_BARS else words


def grown(finding: Finding) -> str:
    """Return the growth without its interval: ▲8.3MB if it is tested, else +8.3MB."""
    words = change if finding.is_tested else signed
    return words(finding.growth, finding.sample_type.unit)


def _grown(finding: Finding) -> str:
    """Return the growth with its interval, and what it rests on: its time span and the number of snapshots."""
    unit = finding.sample_type.unit
    over = f"over {duration(finding.over.seconds)}, {counted(finding.over.observations, 'snapshot')}"
    low, high = finding.owned.low, finding.owned.high
    if low == high:
        return f"{grown(finding)} {over}" if finding.growth else f"unchanged {over}"
    growth = grown(finding) if finding.growth else "no change seen"
    alone = ", by the first and last snapshot alone" if finding.verdict in RAISED and low <= 0 else ""
    error = (
        f"99 %{alone}: {signed(low, unit)} to {signed(high, unit)}"
        if finding.owned.is_judged
        else "sampling error unknown"
    )
    return f"{growth} ({error}) {over}"


def _p_value(p: float) -> str:
    if p < MIN_P_VALUE:
        return "less than 1 in 1M cases"
    return f"1 in {amount(1 / p, 'count')} cases" if p < 0.1 else f"{share(p, 1)} of cases"


def _what(finding: Finding, now: MappedFinding | None) -> str:
    """Return who holds it, after its value."""
    if finding.is_foreign:
        name = short_name(finding.function)
        held = "goroutines run" if finding.is_goroutine else "held by"
        return f" {held} {name}, with no line of yours"
    if now and now.waits:
        return f" goroutines started here wait at {now.waits}"
    held = (
        f" held through this function{_inlined(finding, now)}" if now and now.of_function else " held through this line"
    )
    where = " goroutines wait in this line" if finding.is_goroutine else held
    return where + (_called(now, " ← ".join(caller.name for caller in now.callers)) if now and now.callers else "")


def _inlined(finding: Finding, now: MappedFinding) -> str:
    """Name what V8 may have inlined into a function: it counts what that allocates as its caller's."""
    named = [f"{of.function} ({other.name})" for of, other in zip(finding.inlined, now.inlined, strict=True)]
    if finding.with_called:
        return " and those that it calls" + (f", of which V8 may have inlined {_listed(named, 'and')}" if named else "")
    return f" or what V8 inlined into it, perhaps {_listed(named, 'or')}" if named else ""


def _listed(names: Sequence[str], word: str) -> str:
    """Return names as a list: a.ts:1, b.ts:2 or c.ts:3."""
    *others, last = names
    return f" {word} ".join([", ".join(others), last] if others else [last])


def _called(now: MappedFinding, callers: str) -> str:
    if now.share < NEARLY_ALL:
        return f" ({share(now.share, 1)} of the growth by calls from {callers})"
    return f", called from {callers}"


def goroutine_note(comparison: Comparison) -> str:
    """Say that goroutines pile up, if a heap profile shows it and no goroutine profile says where; else ""."""
    grown = comparison.goroutine_memory
    if grown is None or not grown.significant or not grown.growth or grown.growth <= 0:
        return ""
    return (
        f"runtime.malg holds {change(grown.growth, 'bytes')}: there are more goroutines than before, as when some do not end. A "
        "heap profile cannot say which `go` statement started them; goroutine profiles beside it can: run "
        "`alloclens capture http://HOST:PORT/debug/pprof/goroutine --into DIR`."
    )


SHAPES = {
    Shape.TICKER: "It creates tickers: is each one stopped?",
    Shape.TIMER: "It creates timers: is each one that does not fire stopped?",
    Shape.RESPONSE_BODY: "It makes HTTP requests: is the body of each response closed?",
    Shape.REGISTRATION: "Each time, it registers something with a dependency: register it once.",
    Shape.LABEL_VALUES: "Each new name or set of label values of a metric is kept: bound the values (no ids, paths or addresses).",
    Shape.LIBRARY_GOROUTINE: "A library started these goroutines: is what starts them closed or stopped after use?",
    Shape.CONTEXT: "It creates contexts: is each one cancelled?",
    Shape.MAP: "A map grows: is anything ever deleted from it?",
    Shape.SLICE: "A slice grows: is it ever cut back?",
    Shape.GOROUTINE: "It starts goroutines that do not end.",
}
