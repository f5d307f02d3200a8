"""Examples of every text about a profile."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alloclens.profile.model import Frame, ValueType
from alloclens.series.comparison import LineStats, Outlook
from alloclens.series.findings import Finding, ObservedSpan, RelatedLine
from alloclens.series.verdicts import Rule
from alloclens.session.line_mapper import MappedFinding, MappedLine, NamedLine
from alloclens.stats.amount import Amount
from alloclens.transform.filters import Filters
from alloclens.transform.patterns import exact
from alloclens.wording.amounts import MAX_HINT_CHARACTERS, amount, change, duration, growth, hint, rate, share
from alloclens.wording.focus import words
from alloclens.wording.frames import folded, frame_at, frame_name, shortened
from alloclens.wording.hover import command
from alloclens.wording.names import short_name
from alloclens.wording.verdict import caller_message, candidate, drawn_before, figures, limit, sentence, sparkline
from alloclens.wording.views import detail, place, tooltip

MB = 1 << 20
SENTENCE = "Leak: 482MB held through "
SHORT_NAMES = json.loads(Path(__file__).with_name("short_names.json").read_text("utf-8"))
"""Short names by the recorded one; the tests of vscode-client use them, too."""


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (0, "bytes", "0B"), (512, "bytes", "512B"), (1023, "bytes", "1023B"), (1024, "bytes", "1.0kB"),
        (14.1 * MB, "bytes", "14.1MB"), (99.96 * MB, "bytes", "100MB"), (482 * MB, "bytes", "482MB"),
        (-3 * MB, "bytes", "-3.0MB"), (5 << 40, "bytes", "5.0TB"),
        (0, "count", "0"), (999, "count", "999"), (1234, "count", "1.2k"), (7_000_000, "count", "7.0M"),
        (1500, "nanoseconds", "1.5µs"), (20_000_000, "nanoseconds", "20.0ms"), (1500, "milliseconds", "1.5s"),
        (90, "seconds", "1.5min"), (3, "widgets", "3"),
    ],
)  # fmt: skip
def test_amounts(value: float, unit: str, wanted: str) -> None:
    assert amount(value, unit) == wanted


def test_changes_rates_and_shares() -> None:
    assert [change(v * MB, "bytes") for v in (8.3, -2)] == ["▲8.3MB", "▼2.0MB"]
    assert [rate(v, "bytes", 3600) for v in (2 * MB, MB / 30, 10)] == ["2.0MB/s", "2.0MB/min", "35.2kB/h"]
    assert [share(v, 1000) for v in (614, 4)] == ["61%", "0.4%"]
    assert share(1, 0) == "0%"


def test_a_rate_is_for_no_longer_than_it_was_seen() -> None:
    assert [rate(10, "bytes", span) for span in (0.5, 59, 60, 3599, 3600)] == [
        *("10B/s", "10B/s", "600B/min", "600B/min", "35.2kB/h"),
    ]
    assert [rate(v, "count", 7200) for v in (79, 0.02, 0.001, 0.00001)] == ["79/s", "1/min", "4/h", "0.04/h"]


def measure(value: float, growth: float | None = None, *, significant: bool = True) -> Amount:
    if growth is None:
        return Amount(value * MB)
    return Amount(value * MB, growth * MB, growth * MB, growth * MB, significant)


@pytest.mark.parametrize(
    ("flat", "cum", "owned", "wanted"),
    [
        (measure(14.1, 8.3), measure(14.1, 8.3), measure(14.1, 8.3), "14.1MB ▲8.3MB"),
        (measure(2), measure(22.1, 8.3), measure(0), "2.0MB flat · 22.1MB cum ▲8.3MB"),
        (measure(2, 1), measure(22.1, 8.3), measure(2, 1), "2.0MB flat ▲1.0MB · 22.1MB cum"),  # as in Findings
        (measure(2, 1), measure(22.1, 8.3), measure(2, 1, significant=False), "2.0MB flat · 22.1MB cum ▲8.3MB"),
        (measure(0), measure(482, 300), measure(482, 300), "482MB owned ▲300MB"),
        (measure(0), measure(900, 300), measure(482, 12, significant=False), "482MB owned"),
        (measure(0), measure(22, -5), measure(0), "22.0MB cum ▼5.0MB"),
        (measure(3), measure(3), measure(3), "3.0MB"),
    ],
)
def test_hints(flat: Amount, cum: Amount, owned: Amount, wanted: str) -> None:
    assert hint(LineStats(1, flat, cum, owned), "bytes") == wanted


@pytest.mark.parametrize("value", [0.5, 999.4, 1023.4])
@pytest.mark.parametrize("scale", [1 / MB, 1 / 1024, 1, 1024])
@pytest.mark.parametrize("unit", ["bytes", "count"])
def test_a_hint_is_never_longer_than_a_line_has_room_for(value: float, scale: float, unit: str) -> None:
    most, less = measure(value * scale, -value * scale), measure(value * scale * 0.99, -value * scale)
    for flat, cum, owned in ((less, most, measure(0)), (measure(0), most, less), (less, most, less)):
        assert len(hint(LineStats(1, flat, cum, owned), unit)) <= MAX_HINT_CHARACTERS


def finding(rule: Rule, kind: str = "inuse_space", unit: str = "bytes", **given: Any) -> Finding:
    of: dict[str, Any] = {"file": "/a.go", "line": 1, "function": "main.f", "points": ()}
    of |= {"p_value": 4e-5, "tests": 12, "deviate": 4.5, "score": 4.0, "load": 2.5, "sampled": 600.0, "retention": 0.98}
    of |= {"slope": 2 * MB, "rate": 512 << 10, "over": ObservedSpan(14, 150.0)}
    owned = {"value": 482 * MB, "growth": 300 * MB, "low": 280 * MB, "high": 321 * MB}
    owned |= {name: given.pop(name) for name in owned.keys() & given.keys()}
    significant = owned["low"] > 0 or owned["high"] < 0
    amount = Amount(**owned, significant=significant)
    return Finding(rule=rule, sample_type=ValueType(kind, unit), owned=amount, **{**of, **given})


def test_the_tooltip_of_a_method_has_no_mark_within_its_name() -> None:
    method = finding(Rule.RISES, function="main.(*shop).order")
    label = place(method.file, method.line, method.function)
    assert tooltip(method, label, "Leak.", "").startswith("`a.go:1  main.(*shop).order`\n\nLeak.")


def test_growth_of_unknown_error_says_so() -> None:
    said = sentence(finding(Rule.UNSETTLED, low=math.nan, high=math.nan))
    assert "▲300MB (sampling error unknown) over 2.5min" in said
    assert "nan" not in said


def test_an_interval_around_zero_is_said_to_be_of_two_snapshots_where_all_of_them_decided() -> None:
    said = sentence(finding(Rule.RISES, low=-MB, high=321 * MB))
    assert "300MB (99 %, by the first and last snapshot alone: -1.0MB to +321MB) over 2.5min, 14 snapshots" in said
    assert "(99 %: +280MB to" in sentence(finding(Rule.RISES))
    assert "(99 %: -1.0MB to" in candidate(finding(Rule.UNCLEAR, low=-MB, high=321 * MB))


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ((1, 2, 3, 3, 3, 3), " It has not risen in the second half: more snapshots show whether it goes on."),
        ((1, 2, 3, 3, 3, 4), " At least 6 more snapshots at this pace would settle it."),
    ],
)
def test_what_stands_still_has_no_pace(points: tuple[float, ...], said: str) -> None:
    assert candidate(finding(Rule.UNCLEAR, points=points, rate=0)).endswith(said)
    assert "second half" not in candidate(
        finding(Rule.EARLY, points=points, rate=0)
    )  # it is told at 20 snapshots, whatever it does
    assert "second half" not in candidate(finding(Rule.UNCLEAR, points=points, rate=0, has_ended=True))


@pytest.mark.parametrize(
    ("observations", "more"),
    [
        (14, "take at least 6 more snapshots"),
        (19, "take at least 1 more snapshot"),
        (20, "a series twice as long may show it"),
    ],
)
def test_what_grows_says_how_many_more_snapshots_a_leak_takes(observations: int, more: str) -> None:
    said = sentence(finding(Rule.UNSETTLED, over=ObservedSpan(observations, 150.0)))
    assert said.endswith(f"whether the pace holds is not certain yet: {more}.")
    unknown = sentence(finding(Rule.UNSETTLED, over=ObservedSpan(observations, 150.0), may_be_young=True))
    assert (
        unknown == f"{said} The profiles do not say when the process started: it may be a cache that fills up at first."
    )
    assert "started" not in sentence(finding(Rule.RISES, may_be_young=True))


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (
            Rule.RISES,
            (
                "Leak: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) over 2.5min, 14 snapshots, at "
                "2.0MB/s; the pace holds."
            ),
        ),
        (
            Rule.YOUNG,
            (
                "Growing: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) over 2.5min, 14 snapshots: too "
                "few to say whether it goes on."
            ),
        ),
        (
            Rule.LIKELY,
            (
                "Growing: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) over 2.5min, 14 snapshots, at 2.0MB/s. The "
                "numbers alone do not prove it, but it makes timers, contexts, label values or the like, which are often never stopped or "
                "removed; take at least 6 more snapshots."
            ),
        ),
        (
            Rule.UNCLEAR,
            (
                "Not yet clear: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) over 2.5min, 14 snapshots, within what "
                "sampling and load cause by chance."
            ),
        ),
    ],
)
def test_verdicts_say_what_is_held_how_it_grew_and_which_rule_says_so(rule: Rule, wanted: str) -> None:
    assert sentence(finding(rule)) == wanted


def test_every_rule_has_its_words() -> None:
    said = {rule: sentence(finding(rule)) for rule in Rule}
    assert len(set(said.values())) == len(Rule)
    others = (Rule.UNCLEAR, Rule.EARLY, Rule.SMALL)
    assert all(said[rule].lower().startswith(rule.verdict) for rule in Rule if rule not in others)
    assert all(said[rule].startswith(("Not yet clear", "Small")) for rule in others)


def test_what_does_not_rise_is_unclear_only_while_there_are_few_snapshots() -> None:
    for observations, begin in ((5, "Not yet clear: 482MB"), (6, "Noise: 482MB")):
        over = ObservedSpan(observations, 150.0)
        assert sentence(finding(Rule.UNCLEAR, growth=-MB, low=math.nan, high=math.nan, over=over)).startswith(begin)


def test_what_did_not_change_has_no_interval() -> None:
    stands = finding(Rule.STANDS, growth=0, low=0, high=0)
    assert sentence(stands) == "Stable: 482MB held through this line, unchanged over 2.5min, 14 snapshots."
    unseen = finding(Rule.STANDS, growth=0, low=-2 * MB, high=2 * MB)
    assert "no change seen (99 %: -2.0MB to +2.0MB) over 2.5min, 14 snapshots." in sentence(unseen)
    counted = finding(Rule.YOUNG, "goroutine", "count", value=7, growth=5, low=5, high=5)
    assert sentence(counted).startswith("Growing: 7 goroutines wait in this line, ▲5 over 2.5min, 14 snapshots:")


def test_when_the_memory_will_be_full() -> None:
    # 256 MB are live, 4 MB/s are added, and Go collects at twice the live heap: (1024/2 - 256) / 4 = 64 s.
    grows = Outlook(256 * MB, 4 * MB, 150.0, 2.0, is_assumed=True)
    assert limit(grows, 1024 * MB) == (
        " If everything that grows keeps growing as over these 2.5min, at 4.0MB/s, the heap reaches memoryLimit (1.0GB) in 1.1min, "
        "just before a collection, at 2 × what is live (GOGC=100 is assumed)."
    )
    told = limit(grows._replace(collected_at=1.5, is_assumed=False), 1024 * MB)
    assert told.endswith(" in 1.8min, just before a collection, at 1.5 × what is live (by the profile's MemStats).")
    assert limit(grows._replace(collected_at=1), 1024 * MB).endswith("the heap reaches memoryLimit (1.0GB) in 3.2min.")
    assert limit(grows, 400 * MB) == (
        " The heap exceeds memoryLimit (400MB) just before a collection, at 2 × what is live (GOGC=100 is assumed)."
    )


def test_figures() -> None:
    assert figures(finding(Rule.RISES)) == (
        "+23.1MB per snapshot, +2.0MB/s (Theil–Sen); without a leak, a line rises as much in 1 in 25.0k cases; 12 tests of lines, callers "
        "and functions; 98% of what was allocated stayed"
    )
    rare = finding(Rule.RISES, p_value=1e-9, tests=1)
    assert "in less than 1 in 1M cases; 1 test of lines, callers and functions" in figures(rare)
    assert "in 40% of cases" in figures(finding(Rule.RISES, p_value=0.4))


def test_a_candidate_says_what_is_known_and_what_would_settle_it() -> None:
    # Of 12 lines each has to stand out at 0.02/12, 2.935 standard errors. 2 are 14 snapshots: 14 · (2.935/2)² = 30.2.
    said = candidate(finding(Rule.UNCLEAR, score=2.0, sampled=900.0, retention=1.0, points=(0.0, 1.0, 1.0, 2.0)))
    assert said == (
        "Not proven: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) over 2.5min, 14 snapshots: it rose "
        "twice, but no more steadily than load may cause by chance, none of it was freed, 900 sampled objects. "
        "At least 17 more snapshots at this pace would settle it, or a run with runtime.MemProfileRate = 64 << 10."
    )
    # Of 0.5 standard errors, a proof takes (2.935/0.5)² = 34 times as many.
    early = candidate(finding(Rule.EARLY, score=9.0, sampled=9.0, points=(0.0, 1.0, 2.0)))
    assert early.endswith(
        "9 sampled objects, but only since the process started, as a cache that fills up does at first. At least 6 more "
        "snapshots at this pace would settle it."
    )
    # 14 snapshots in 5.2 hours are one in 24 minutes: six more take longer than what is left of six hours.
    slow = finding(Rule.EARLY, score=9.0, points=(0.0, 1.0))
    assert candidate(replace(slow, over=ObservedSpan(14, 5.2 * 3600))).endswith(
        " At least 48.0min more at this pace would settle it."
    )
    # However clearly it rises, no verdict that it leaks rests on fewer than 20; of fewer than six, no trend is known.
    for score, seen, needed in (
        (3.0, 18, "2 more snapshots"),
        (2.0, 19, "22 more snapshots"),
        (0.0, 3, "17 more snapshots"),
    ):
        few = finding(Rule.UNCLEAR, score=score, sampled=math.nan, over=ObservedSpan(seen, 150.0), points=(0.0, 1.0))
        assert candidate(few).endswith(f" At least {needed} at this pace would settle it.")
    # ▲ is only for what is beyond the sampling error.
    unclear = finding(Rule.UNCLEAR, score=2.0, low=-MB, high=601.0 * MB, points=(0.0, 1.0))
    assert "through this line, +300MB (99 %: -1.0MB to +601MB) over" in candidate(unclear)
    far = candidate(finding(Rule.LOADED, score=0.5, sampled=1.0, growth=MB / 2, points=(0.0, 1.0, 2.0)))
    assert far.endswith(
        ": it rose at every step, 1 sampled object, but what is freed rose as well, ×2.5. At this pace, it would take more than "
        "10 times as many snapshots to settle it; a run with runtime.MemProfileRate = 64 << 10 shows it sooner."
    )
    # All of the large objects are sampled as it is: 9 of 300 MB.
    large = candidate(finding(Rule.UNCLEAR, score=2.0, sampled=9.0, points=(0.0, 1.0)))
    assert large.endswith("9 sampled objects. At least 17 more snapshots at this pace would settle it.")
    of_v8 = MappedFinding(MappedLine("/w/a.ts", 9), "", None, of_function=True)
    garbage = candidate(finding(Rule.UNCLEAR, score=2.0, sampled=9.0, points=(0.0, 1.0, 0.0)), of_v8)
    assert (
        ": it rose once, but not so steadily that it cannot be garbage, which V8 counts until it is collected, 9"
        in garbage
    )
    assert "garbage, which" not in candidate(finding(Rule.UNCLEAR, low=-MB, points=(0.0, 1.0, 0.0)), of_v8)
    assert garbage.endswith(
        "would settle it, or a run with node --expose-gc that calls gc() before each profile (if this one did not)."
    )
    # An eighth of the rate that was used; a program that samples more than each 4 KiB is slow.
    for sampling, advice in ((64 << 10, ", or a run with runtime.MemProfileRate = 8 << 10."), (16 << 10, ".")):
        sampled = candidate(finding(Rule.UNCLEAR, score=2.0, sampled=90000.0, rate=sampling, points=(0.0, 1.0)))
        assert sampled.endswith(f"At least 17 more snapshots at this pace would settle it{advice}")
    # What stands still proves nothing at that pace.
    full = candidate(finding(Rule.FILLED, score=2.0, sampled=9.0, points=(0.0, 1.0)))
    assert full.endswith("but lately at less than half the earlier pace. More snapshots show whether it rises again.")
    at_night = candidate(finding(Rule.LOADED, load=0.0, points=(0.0, 1.0)))
    assert "but as much more comes and goes." in at_night
    counted = candidate(finding(Rule.UNCLEAR, "goroutine", "count", score=2.0, sampled=math.nan, points=(1.0, 2.0)))
    assert counted.endswith("it rose at every step. At least 17 more snapshots at this pace would settle it.")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (Rule.EARLY, "too early"),
        (Rule.SLOWS, "slows down"),
        (Rule.REFILLS, "fills as before"),
        (Rule.LOADED, "rises with load"),
        (Rule.UNCLEAR, "not proven"),
        (Rule.UNSETTLED, "growing"),
    ],
)
def test_the_row_of_a_candidate_begins_with_why_it_may_be_harmless(rule: Rule, why: str) -> None:
    assert detail(finding(rule, points=(0.0, 1.0))).startswith(f"{why} · 482MB ▲300MB")


def test_the_row_of_what_grew_from_nothing_has_its_number_once() -> None:
    """A side bar of 300 pixels then has room for the pace."""
    from_nothing = {"growth": 481.9 * MB, "low": 400 * MB}
    assert detail(finding(Rule.RISES, **from_nothing), unsure=True).startswith("leak · ~▲482MB, 2.0MB/s over ")
    chance = finding(Rule.EARLY, points=(0.0, 1.0), growth=482 * MB, low=-MB, high=900 * MB)
    assert detail(chance).startswith("too early · +482MB, ")


def test_of_a_process_that_has_ended_nobody_is_told_to_take_more_snapshots() -> None:
    ended = finding(Rule.EARLY, score=2.0, sampled=9.0, points=(0.0, 1.0), has_ended=True)
    assert candidate(ended).endswith(
        " At least 6 more snapshots at this pace would have settled it; the process has ended."
    )
    for rule, observations in ((Rule.FILLED, 14), (Rule.EARLY, 20)):
        over = ObservedSpan(observations, 150.0)
        assert "ore snapshots show whether" in candidate(replace(ended, rule=rule, over=over, has_ended=False))
        assert "ore snapshots" not in candidate(replace(ended, rule=rule, over=over))
    for observations, said in ((17, "ended at least 3 snapshots too early."), (20, "the process ended too early.")):
        over = ObservedSpan(observations, 150.0)
        assert sentence(finding(Rule.UNSETTLED, over=over, has_ended=True)).endswith(said)


def test_of_two_files_nobody_is_told_to_wait() -> None:
    named = finding(Rule.EARLY, score=2.0, sampled=9.0, points=(0.0, 1.0), is_of_files=True)
    assert candidate(named).endswith(" A series of snapshots shows whether it goes on.")
    assert detail(named).startswith("not proven · ")
    assert "Take a series of snapshots" in candidate(replace(named, rule=Rule.UNCLEAR, is_quiet=True))


def test_while_it_is_early_it_is_said_which_leak_would_not_show() -> None:
    quiet = finding(Rule.UNCLEAR, value=5 * MB, growth=-MB, low=-6 * MB, high=3 * MB, sampled=9.0, is_quiet=True)
    said = (
        "Not proven: 5.0MB held through this line, -1.0MB (99 %: -6.0MB to +3.0MB) over 2.5min, 14 snapshots: no rise so far beyond chance, "
        "but a leak of up to 3.0MB would not show yet. Take more snapshots, or a run with runtime.MemProfileRate = 64 << 10."
    )
    assert candidate(quiet) == said
    assert candidate(replace(quiet, rate=16 << 10)).endswith(" would not show yet. Take more snapshots.")
    assert candidate(replace(quiet, file="a.py")).endswith(" would not show yet. Take more snapshots.")


def test_what_no_own_line_owns_is_named_by_its_function() -> None:
    foreign = finding(Rule.RISES, file="", line=0, function="github.com/x/log.(*Entry).scan")
    assert sentence(foreign).startswith("Leak: 482MB held by log.(*Entry).scan, with no line of yours, ▲300MB")
    counted = finding(Rule.RISES, "goroutine", "count", file="", line=0, function="github.com/x/log%2ev2.(*Entry).scan")
    assert " goroutines run log.v2.(*Entry).scan, with no line of yours, " in sentence(counted)


def test_the_callers_that_grow_are_named() -> None:
    callers = tuple(NamedLine(f"/w/{name}.go", 3, MappedLine(f"/w/{name}.go", 24)) for name in ("pool", "main"))
    now = MappedFinding(MappedLine("/w/a.go", 9), "", None, callers=callers)
    one = finding(Rule.RISES)
    assert "held through this line, called from pool.go:24 ← main.go:24, ▲300MB" in sentence(one, now)
    most = now._replace(share=0.61)
    assert "held through this line (61% of the growth by calls from pool.go:24 ← main.go:24), ▲" in sentence(one, most)
    assert "held through this function, called from" in sentence(one, now._replace(of_function=True)), (
        "as V8 records it"
    )
    inlines = "at less than half the earlier pace, like a cache that fills up. V8 may also have inlined this function"
    slowing = finding(Rule.FILLED)
    assert inlines in sentence(slowing, now._replace(of_function=True))
    for other in (sentence(slowing, now), sentence(replace(slowing, with_called=True), now._replace(of_function=True))):
        assert "V8" not in other
    beside = Amount(146 * MB, 138 * MB)
    said = " Other calls hold another 146MB (+138MB) through this line; this verdict is not about them."
    assert sentence(replace(one, beside=beside), now).endswith(f"; the pace holds.{said}")
    assert "Other calls" not in sentence(replace(slowing, beside=beside), now)
    waiting = finding(Rule.RISES, "goroutine", "count", beside=Amount(5.0, -2.0))
    assert sentence(waiting).endswith(
        " Other calls make another 5 (-2) goroutines wait in this line; this verdict is not about them."
    )
    into = now._replace(of_function=True, inlined_into="serve (main.ts:11)")
    caller = (
        " V8 may have inlined this function into serve (main.ts:11), which grows: what it allocates then counts there."
    )
    for rule in (Rule.FILLED, Rule.SWINGS, Rule.UNCLEAR, Rule.STANDS):
        assert sentence(finding(rule), into).endswith(caller), "it need not look like a cache that fills up"
    assert f"{caller} At least " in candidate(finding(Rule.UNCLEAR), into)
    assert "V8" not in sentence(one, into)
    inlined = now._replace(of_function=True, callers=(), inlined=(*callers, callers[0]))
    three = tuple(RelatedLine(f"/w/{name}.go", 3, name, Amount(1.0)) for name in ("open", "record", "get"))
    names = "open (pool.go:24), record (main.go:24) or get (pool.go:24)"
    assert f"this function or what V8 inlined into it, perhaps {names}, ▲" in sentence(
        replace(one, inlined=three), inlined
    )
    together = replace(one, with_called=True, inlined=three[:2])
    assert (
        " and those that it calls, of which V8 may have inlined open (pool.go:24) and record (main.go:24), ▲"
        in sentence(together, inlined._replace(inlined=callers))
    )
    alone = replace(together, inlined=())
    assert "held through this function and those that it calls, ▲" in sentence(alone, inlined._replace(inlined=()))
    near, far = callers
    assert SENTENCE + "a.go:9, called from this line ← main.go:24, ▲300MB" in caller_message(one, now, near)
    assert SENTENCE + "a.go:9, called from pool.go:24 ← this line, ▲300MB" in caller_message(one, now, far)
    assert SENTENCE + "a.go:9 (61% of the growth by calls from pool.go:24 ← this line), ▲300MB" in caller_message(
        one, most, far
    )
    assert NamedLine("/w/App.kt", 0, None).name == "App.kt"
    unplaced = now._replace(at=None, callers=(NamedLine("/w/x.go", 3, None),))
    assert "called from x.go:3, " in sentence(one, unplaced)
    assert SENTENCE + "a.go:1, called from this line, " in caller_message(one, unplaced, unplaced.callers[0])
    waits = now._replace(waits="main.go:8", callers=())
    counted = finding(Rule.RISES, "goroutine", "count")
    assert " goroutines started here wait at main.go:8, ▲" in sentence(counted, waits)
    assert "goroutines wait in a.go:9, called from this line ← main.go:24, " in caller_message(counted, now, near)


def test_a_frame_that_has_no_name_but_its_place_says_it_once() -> None:
    assert frame_at(Frame("main.f", "/w/f.go", 7), "f.go:9") == "main.f f.go:9"
    assert frame_at(Frame("push", "", 0), "") == "push", "a built-in function of V8"
    assert frame_at(Frame("/w/shop/work.py:14", "/w/shop/work.py", 14), "work.py:16") == "work.py:16"
    assert (
        frame_name(Frame("/lib/python3.11/asyncio/events.py:80", "/lib/python3.11/asyncio/events.py", 80))
        == "asyncio/events.py:80"
    )
    assert place("/w/shop/work.py", 16, "/w/shop/work.py:14") == "work.py:16"
    assert place("/w/shop/work.py", 16, "keep") == "work.py:16  keep"
    assert frame_at(Frame("work.py:14", "/w/shop/work.py", 15), "work.py:15") == "work.py:14 work.py:15"


def test_a_stack_keeps_the_users_frames_and_folds_the_others() -> None:
    def said(*functions: str) -> str:
        frames = [Frame(name, f"/{'w' if name.startswith('main.') else 'r'}/f.go", 7) for name in functions]
        return folded(frames, lambda file: file.startswith("/w/"), lambda f: f"{f.function}!", lambda f: f.function)

    inner = [f"encoding/json.f{i}" for i in range(12)]
    assert said("reflect.New", *inner, "encoding/json.Decode", "main.a", "main.b") == (
        "reflect.New ← 12 frames of encoding/json ← encoding/json.Decode ← main.a! ← main.b!"
    )
    assert said("x.a", "x.b", "x.c", "x.d", "main.f") == "x.a ← x.b ← x.c ← x.d ← main.f!"
    assert said("x.a", "y.b", "z.c", "u.d", "v.e") == "x.a ← 3 frames of y, z and others ← v.e"
    assert said("a", "b", "c", "d", "e") == "a ← 3 frames ← e"
    unknown = [Frame("", "", 0)] * 3
    assert folded([*unknown, Frame("main.f", "/w/f.go", 7)], bool, lambda f: f.function, lambda f: f.function) == (
        "3 without a name ← main.f"
    )
    libraries = [Frame("", "", 0, f"/usr/lib/{name}") for name in ("libstdc++.so.6", "libc.so.6", "libc.so.6")]
    assert folded([*libraries, *unknown], bool, lambda f: f.function, lambda f: f.function) == (
        "[libstdc++.so.6] ← [libc.so.6] (×2) ← 3 without a name"
    )
    traced = [Frame(f"/lib/asyncio/events.py:{line}", "/lib/asyncio/events.py", line) for line in range(80, 86)]
    assert (
        folded(traced, lambda file: not file, frame_name, frame_name)
        == "asyncio/events.py:80 ← 4 frames ← asyncio/events.py:85"
    )
    names = ["main.a", *inner, "reflect.New", "main.b", "x.c"]
    frames = [Frame(name, f"/{'w' if name.startswith('main.') else 'r'}/f.go", 7) for name in names]
    own = folded(frames, lambda file: file.startswith("/w/"), lambda f: f.function, lambda f: f.function, most=0)
    assert own == "main.a ← 13 frames of encoding/json, reflect ← main.b ← x.c"
    assert shortened(frames, lambda file: file.startswith("/w/"), lambda f: f.function) == own
    jemalloc = (
        "prof_backtrace_impl",
        "_rjem_je_malloc_default",
        "<J as core::alloc::GlobalAlloc>::alloc",
        "__rust_alloc",
    )
    assert said(*jemalloc, "alloc::vec::from_elem", "main.f") == "alloc::vec::from_elem ← main.f!"
    assert said("prof_gdump", "malloc", "main.malloc", "malloc", "main.f") == "main.malloc! ← malloc ← main.f!"
    assert said("mmap", "malloc") == "mmap ← malloc", "there is nothing else"
    many = said(*["main.walk"] * 300, *[f"main.f{i}" for i in range(40)])
    assert many.startswith("main.walk! (×300) ← main.f0! ← main.f1! ← ")
    assert many.endswith(" ← main.f39!")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("main.a main.b main.c main.d main.e main.f", "main.a ← main.b ← main.c ← main.d ← main.e ← main.f"),
        (
            "main.a main.b main.c main.d main.e x.h main.f y.l main.g",
            "main.a ← main.b ← main.c ← main.d ← 2 frames of main, x ← main.f ← y.l ← main.g",
        ),
        (
            "z.m main.r main.r main.r main.b main.c main.d x.h main.e main.f main.g y.s",
            "z.m ← main.r (×3) ← main.b ← main.c ← main.d ← x.h ← 1 frame of main ← main.f ← main.g ← y.s",
        ),
    ],
)
def test_of_many_own_frames_the_innermost_and_the_outermost_are_named(names: str, said: str) -> None:
    frames = [Frame(name, "/w/f.go" if name.startswith("main.") else "/r/f.go", 7) for name in names.split()]
    assert shortened(frames, lambda file: file.startswith("/w/"), lambda f: f.function) == said


def test_sparklines() -> None:
    assert sparkline((0, 1, 2, 3, 4, 5, 6, 7, 8)) == "▁▂▃▄▅▆▇██"
    assert sparkline((5, 5)) == "██"
    assert sparkline((0, 0)) == "▁▁"
    assert sparkline(()) == ""
    assert drawn_before((1, 2, 3, 4, 5), "Leak") == "▂▄▅▇█ Leak"
    assert drawn_before((1, 2, 3, 4), "Leak") == "Leak"
    assert drawn_before((1, 2, 3, 4, 5), "") == "▂▄▅▇█"


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0, "0s"), (59, "59s"), (90, "1.5min"), (7200, "2.0h"), (864000, "10.0 days")]
)
def test_durations(seconds: float, wanted: str) -> None:
    assert duration(seconds) == wanted


@pytest.mark.parametrize(("name", "short"), SHORT_NAMES.items())
def test_names(name: str, short: str) -> None:
    assert short_name(name) == short


def test_a_focus_has_short_names_but_patterns_as_they_are() -> None:
    steps = [Filters(focus=exact("a.com/b/c.(*T).Do")), Filters(focus="a/b|c/d"), Filters(ignore=exact("a.com/d.F"))]
    assert words(steps) == "through a.com/b/c.(*T).Do, through a/b|c/d, without a.com/d.F"
    assert words(steps, short_name) == "through c.(*T).Do, through a/b|c/d, without d.F"


def test_the_command_that_shows_the_same() -> None:
    said = command("main.(*S).f", "inuse_space", "/p/b c.pb.gz", "/p/a.pb.gz")
    assert said == (
        r"go tool pprof -sample_index=inuse_space '-list=^main\.\(\*S\)\.f$' -diff_base=/p/a.pb.gz '/p/b c.pb.gz'"
    )


def test_files_of_one_time_have_no_rate() -> None:
    assert rate(2e15, "bytes", 0) == "an unknown rate"
    assert rate(2.0, "bytes", 0.01) == "2B/s"


def test_an_unknown_error_is_said() -> None:
    """It is marked as in the hint, which has no ▲ without an error or a verdict."""
    assert growth(Amount(2, 1), "bytes", interval=True) == "+1B (error unknown)"
    assert growth(Amount(1, -1), "bytes", interval=True) == "-1B (error unknown)"
    assert growth(Amount(2, 1, significant=True), "bytes", interval=True) == "▲1B (error unknown)"
