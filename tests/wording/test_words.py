"""Examples of every text about a profile."""

from __future__ import annotations

import math
from typing import Any

import pytest
from alloclens.profile.model import ValueType
from alloclens.series.comparison import LineStats
from alloclens.series.findings import Caller, Finding, ObservedSpan
from alloclens.series.verdicts import Rule
from alloclens.stats.amount import Amount
from alloclens.wording.amounts import MAX_HINT_CHARACTERS, amount, change, duration, growth, hint, rate, share
from alloclens.wording.hover import command
from alloclens.wording.names import short_name
from alloclens.wording.verdict import candidate, figures, message, sparkline

MB = 1 << 20


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
    assert [rate(v, "bytes") for v in (2 * MB, MB / 30, 10)] == ["2.0MB/s", "2.0MB/min", "35.2kB/h"]
    assert [share(v, 1000) for v in (614, 4)] == ["61%", "0.4%"]
    assert share(1, 0) == "0%"


def measure(value: float, growth: float | None = None, *, significant: bool = True) -> Amount:
    if growth is None:
        return Amount(value * MB)
    return Amount(value * MB, growth * MB, growth * MB, growth * MB, significant)


@pytest.mark.parametrize(
    ("flat", "cum", "owned", "wanted"),
    [
        (measure(14.1, 8.3), measure(14.1, 8.3), measure(14.1, 8.3), "14.1MB ▲8.3MB"),
        (measure(2), measure(22.1, 8.3), measure(0), "2.0MB flat · 22.1MB cum ▲8.3MB"),
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
    of |= {"p_value": 4e-5, "tests": 12, "score": 4.0, "load": 2.5, "sampled": 600.0, "retention": 0.98}
    of |= {"value": 482 * MB, "growth": 300 * MB, "low": 280 * MB, "high": 321 * MB, "slope": 2 * MB}
    return Finding(rule=rule, sample_type=ValueType(kind, unit), over=ObservedSpan(14, 150.0), **{**of, **given})


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (
            Rule.RISES,
            (
                "Leak: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) in 2.5min, 2.0MB/s over "
                "14 snapshots; the pace holds."
            ),
        ),
        (
            Rule.YOUNG,
            (
                "Growing: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) in 2.5min. 14 snapshots are too "
                "few to say whether it goes on."
            ),
        ),
        (
            Rule.UNCLEAR,
            (
                "Not yet clear: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) in 2.5min, within what sampling "
                "and load cause by chance."
            ),
        ),
    ],
)
def test_verdicts_say_what_is_held_how_it_grew_and_which_rule_says_so(rule: Rule, wanted: str) -> None:
    assert message(finding(rule)) == wanted


def test_every_rule_has_its_words() -> None:
    said = {rule: message(finding(rule)) for rule in Rule}
    assert len(set(said.values())) == len(Rule)
    others = (Rule.UNCLEAR, Rule.SMALL)
    assert all(said[rule].lower().startswith(rule.verdict) for rule in Rule if rule not in others)
    assert all(said[rule].startswith(("Not yet clear", "Small")) for rule in others)


def test_what_did_not_change_has_no_interval() -> None:
    assert message(finding(Rule.STANDS, growth=0)) == "Stable: 482MB held through this line, unchanged for 2.5min."
    counted = finding(Rule.YOUNG, "goroutine", "count", value=7, growth=5, low=5, high=5)
    assert message(counted).startswith("Growing: 7 goroutines wait in this line, ▲5 in 2.5min.")


def test_when_the_memory_will_be_full() -> None:
    # 482 MB of 1,024 are used and 2 MB/s are added: 542 / 2 = 271 s = 4.5 min.
    said = message(finding(Rule.RISES), 1024 * MB, 482 * MB)
    assert said.endswith("At this pace the memory in use reaches memoryLimit (1.0GB) in 4.5min.")
    assert message(finding(Rule.RISES), 400 * MB, 482 * MB).endswith("The memory in use exceeds memoryLimit (400MB).")
    assert "memoryLimit" not in message(finding(Rule.YOUNG), 1024 * MB, 482 * MB)
    assert "memoryLimit" not in message(finding(Rule.RISES, "goroutine", "count"), 1024 * MB, 482 * MB)


def test_figures() -> None:
    assert figures(finding(Rule.RISES)) == (
        "+23.1MB per snapshot, +7.0GB/h (Theil–Sen); without a leak, a line rises so in 1 in 25.0k cases; 12 lines tested; "
        "98% of what was allocated stayed"
    )
    rare = finding(Rule.RISES, p_value=1e-9, tests=1)
    assert "in less than 1 in 1M cases; 1 line tested" in figures(rare)
    assert "in 40% of cases" in figures(finding(Rule.RISES, p_value=0.4))


def test_a_candidate_says_what_is_known_and_what_would_settle_it() -> None:
    # Of 12 lines each has to stand out at 0.01/12, 3.144 standard errors. 2 are 14 snapshots: 14 · (3.144/2)² = 34.6.
    said = candidate(finding(Rule.UNCLEAR, score=2.0, sampled=9.0, retention=1.0, points=(0.0, 1.0, 1.0, 2.0)))
    assert said == (
        "Not proven: 482MB held through this line, ▲300MB (99 %: +280MB to +321MB) in 2.5min over 14 snapshots: it rose "
        "2 times, nothing of it was freed, 9 sampled objects. About 21 more snapshots at this pace would settle it, or the "
        "next run with runtime.MemProfileRate = 64 << 10."
    )
    counted = candidate(finding(Rule.UNCLEAR, "goroutine", "count", score=2.0, sampled=math.nan, points=(1.0, 2.0)))
    assert counted.endswith("it rose once. About 21 more snapshots at this pace would settle it.")


def test_what_no_own_line_owns_is_named_by_its_function() -> None:
    foreign = finding(Rule.RISES, file="", line=0, function="github.com/x/log.(*Entry).scan")
    assert message(foreign).startswith("Leak: 482MB held by log.(*Entry).scan, outside your code, ▲300MB")
    counted = finding(Rule.RISES, "goroutine", "count", file="", line=0, function="github.com/x/log%2ev2.(*Entry).scan")
    assert " goroutines run log.v2.(*Entry).scan, with no line of yours, " in message(counted)


def test_the_caller_that_decides_is_named() -> None:
    caller = Caller("/w/main.go", 24, "main.f", 5, 3)
    assert "held through this line, called from main.go:24, ▲300MB" in message(finding(Rule.RISES, caller=caller))


def test_sparklines() -> None:
    assert sparkline((0, 1, 2, 3, 4, 5, 6, 7, 8)) == "▁▂▃▄▅▆▇██"
    assert sparkline((5, 5)) == "██"
    assert sparkline((0, 0)) == "▁▁"
    assert sparkline(()) == ""


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0, "0s"), (59, "59s"), (90, "1.5min"), (7200, "2.0h"), (864000, "10.0 days")]
)
def test_durations(seconds: float, wanted: str) -> None:
    assert duration(seconds) == wanted


def test_names() -> None:
    assert short_name("net/http.(*conn).serve") == "http.(*conn).serve"
    assert short_name("a/b.Map[go.shape.a/b.T]") == "b.Map[go.shape.a/b.T]"


def test_the_command_that_shows_the_same() -> None:
    said = command("main.(*S).f", "inuse_space", "/p/b c.pb.gz", "/p/a.pb.gz")
    assert said == (
        r"go tool pprof -sample_index=inuse_space '-list=^main\.\(\*S\)\.f$' -diff_base=/p/a.pb.gz '/p/b c.pb.gz'"
    )


def test_an_unknown_error_is_said() -> None:
    assert "error unknown" in growth(Amount(2, 1), "bytes", interval=True)
