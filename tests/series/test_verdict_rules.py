"""Every rule of a verdict and every threshold, with a row on either side of it.

The histories here are of exact counts: nothing is sampled, so from six observations on the growth has no error, and each
expected rule follows from the arithmetic beside its row. Simulated processes are in test_verdicts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from alloclens.profile.model import ValueType
from alloclens.series import verdicts as module
from alloclens.series.history import History
from alloclens.series.owned import Figures, LineNumbers, OwnedLines, judged
from alloclens.series.snapshot import Snapshot, TakenAt
from alloclens.series.verdicts import RULES, Rule, verdicts
from alloclens.stats.growth import critical_value

MINUTE = 60.0
SPACE = ValueType("inuse_space", "bytes")
ALLOCATED = ValueType("alloc_space", "bytes")
NONE = (math.nan, math.nan, math.nan)


class Line(NamedTuple):
    """What one line owned, observation by observation: objects of one byte, each of which is counted."""

    values: tuple[float, ...]
    allocated: tuple[float, ...] | None = None
    """Since the process started; None where that is not known, as for goroutines."""
    variance: float = 0
    """Of each value and of what was allocated."""

    def figures(self, observation: int) -> tuple[float, ...]:
        value, objects = self.values[observation], self.values[observation]
        sampled = self.variance / R**2
        since_start = (self.allocated[observation], self.variance, sampled) if self.allocated else NONE
        return (value, self.variance, sampled, objects, *since_start)


def process(*lines: Line, minutes: tuple[float, ...] = (), work: tuple[float, ...] = (), rate: float = 0) -> History:
    """Return the history of a process: taken each minute, or at these minutes; `work` is all that it allocated by then."""
    numbers, key = LineNumbers(), np.arange(len(lines))
    observed = []
    for i in range(len(lines[0].values)):
        figures = np.array([line.figures(i) for line in lines], np.float32).T
        assert len(figures) == len(Figures._fields)
        total = (sum(line.values[i] for line in lines), *([work[i]] if work else []))
        observed.append(
            Snapshot(
                path=f"/p/{i}",
                taken_at=TakenAt(MINUTE * (minutes[i] if minutes else i), "profile"),
                is_difference=False,
                default_sample_type="",
                sample_types=(SPACE, ALLOCATED) if work else (SPACE,),
                total=tuple(map(int, total)),
                owned=OwnedLines(key, figures[0], figures[1:]),
                rate=rate,
            )
        )
    return History(observed, key, numbers.numbers(key), numbers)


def rule(*lines: Line, **how: tuple[float, ...]) -> Rule:
    """Return the rule that fires for the first of these lines."""
    return RULES[verdicts(process(*lines, **how)).rule[0]]


def steps(*each: float, begin: float = 0) -> tuple[float, ...]:
    """Return what begins so and grows by each of these."""
    return tuple(begin + sum(each[:i]) for i in range(len(each) + 1))


def kept(values: tuple[float, ...]) -> Line:
    """Return a line that allocates what it grows by, and frees nothing."""
    return Line(values, values)


STABLE = Line((10_000,) * 6)


class Row(NamedTuple):
    name: str
    rule: Rule
    lines: tuple[Line, ...]
    minutes: tuple[float, ...] = ()
    work: tuple[float, ...] = ()


def row(name: str, expected: Rule, *lines: Line, minutes: tuple[float, ...] = (), work: tuple[float, ...] = ()) -> Row:
    return Row(name, expected, lines, minutes, work)


OBSERVATIONS = [
    # Five observations are too few for a trend, six are enough.
    row("five observations", Rule.YOUNG, Line(steps(*[1000] * 4))),
    row("six observations", Rule.RISES, Line(steps(*[1000] * 5))),
    # Of few observations objects count as Poisson numbers. Of 9 the exact 99 % limits begin at 3.133; of 0 they end at 5.298
    # (here 5.45, and half an object): 9 - √((9 - 3.133)² + 5.95²) = 0.6. Of 8: 8 - √((8 - 2.571)² + 5.95²) = -0.1.
    row("nine objects", Rule.YOUNG, Line((0, 9))),
    row("eight objects", Rule.UNCLEAR, Line((0, 8))),
    # Of two lines each has to stand out at 99.5 %, 2.807 standard errors: of 0 that is 6.10 (here 6.6), of 9 it is 2.81, of
    # 10 it is 3.36. 9 - √((9 - 2.81)² + 6.6²) = -0.05, 10 - √((10 - 3.36)² + 6.6²) = 0.6.
    row("nine objects, beside another line", Rule.UNCLEAR, Line((0, 9)), Line((9, 9))),
    row("ten objects, beside another line", Rule.YOUNG, Line((0, 10)), Line((9, 9))),
    # It has to grow of late, too, at 99 %: from 1000 to 1080 by 80, of which 2.576 · √2080 = 117 may be chance;
    # from 1000 to 1130 by 130, of which 119 may be.
    row("young, and of late perhaps not", Rule.SWINGS, Line((0, 1000, 1080))),
    row("young, and of late for certain", Rule.YOUNG, Line((0, 1000, 1130))),
    row("one observation", Rule.STANDS, Line((1000,))),
]

TREND = [
    # Of 720 orders of six numbers, 1 has no inversion, 6 have at most one, 20 at most two.
    # One line: 6/720 = 0.0083 is less than 0.01, 20/720 = 0.028 is not.
    row("one inversion", Rule.RISES, Line((0, 100, 200, 199, 400, 500))),
    row("two inversions", Rule.SWINGS, Line((0, 100, 99, 200, 199, 500))),
    # Two lines, so 0.005 for each: 1/720 = 0.0014 is less, 6/720 is not, but is less than 0.01.
    row("no inversion, beside another line", Rule.RISES, Line((0, 100, 200, 300, 400, 500)), STABLE),
    row("one inversion, beside another line", Rule.UNPROVEN, Line((0, 100, 200, 199, 400, 500)), STABLE),
    row("two inversions, beside another line", Rule.SWINGS, Line((0, 100, 99, 200, 199, 500)), STABLE),
    # A line that owns nothing at the head is not looked at.
    row("one inversion, beside nothing", Rule.RISES, Line((0, 100, 200, 199, 400, 500)), Line((9, 9, 9, 9, 9, 0))),
    # Of 12! = 479001600 orders of twelve numbers 5023790 have at most 16 inversions: 0.01049; of these 1724142 have 16.
    # Six falling numbers have 15.
    row("15 inversions of twelve", Rule.RISES, Line((15, 14, 13, 12, 11, 10, 200, 300, 400, 500, 600, 700))),
    row("16 inversions of twelve", Rule.SWINGS, Line((15, 14, 13, 12, 11, 10, 200, 300, 299, 500, 600, 700))),
    # A floor that rises by 600 may fall by a sixth of it, 100, on its way.
    row("falls by 90", Rule.RISES, Line((0, 300, 210, 400, 500, 600))),
    row("falls by 110", Rule.UNPROVEN, Line((0, 300, 190, 400, 500, 600))),
    row("falls by 100", Rule.UNPROVEN, Line((0, 300, 200, 400, 500, 600))),
]

SIZES = [
    # Of all that is in use, 10000, a half percent is 50.
    row("grew by 50 of 10000", Rule.UNCLEAR, Line(steps(10, 10, 10, 10, 10)), Line((9950,) * 6)),
    row("grew by 51 of 10001", Rule.RISES, Line(steps(10, 10, 10, 10, 11)), Line((9950,) * 6)),
    row("grew by 55 of 10000", Rule.RISES, Line(steps(11, 11, 11, 11, 11)), Line((9945,) * 6)),
    row("grew by 45 of 10000", Rule.UNCLEAR, Line(steps(9, 9, 9, 9, 9)), Line((9955,) * 6)),
    # Of 1000 allocated, churn keeps less than 100.
    row("kept 95 of 1000", Rule.TURNS, Line((500, 500, 500, 500, 500, 595), steps(*[200] * 5)), Line((10**6,) * 6)),
    row("kept 100 of 1000", Rule.UNCLEAR, Line((500, 500, 500, 500, 500, 600), steps(*[200] * 5)), Line((10**6,) * 6)),
    row("kept 105 of 1000", Rule.UNCLEAR, Line((500, 500, 500, 500, 500, 605), steps(*[200] * 5)), Line((10**6,) * 6)),
    row("kept 95 of what nobody knows", Rule.UNCLEAR, Line((500, 500, 500, 500, 500, 595)), Line((10**6,) * 6)),
    # What is 1000 now and was changed by at most 100 is stable.
    row("was 910", Rule.STANDS, Line((910, 910, 910, 910, 910, 1000)), Line((10**6,) * 6)),
    row("was 900", Rule.STANDS, Line((900, 900, 900, 900, 900, 1000)), Line((10**6,) * 6)),
    row("was 890", Rule.UNCLEAR, Line((890, 890, 890, 890, 890, 1000)), Line((10**6,) * 6)),
    # What is counted and became less fell; a change of nothing is none.
    row("fell by one", Rule.FELL, Line((1000, 1000, 1000, 1000, 1000, 999))),
    row("was there all the time", Rule.STANDS, Line((1000,) * 6)),
]

PACES = [
    # Counts so large that the error, 1.28 · √(4 · 10⁸) or 2.6 · 10⁴, is less than a thousandth of the growth.
    # Nine observations: the first half is 10⁸ long, the second is half as fast, or nearly.
    row("at 0.49 of its pace", Rule.SLOWS, Line(steps(*[25e6] * 4, *[12.25e6] * 4))),
    row("at 0.51 of its pace", Rule.RISES, Line(steps(*[25e6] * 4, *[12.75e6] * 4))),
    # The last quarter, two steps, against all eight: 6 steps of 1 and 2 of q have the pace (6 + 2q)/8.
    # q = 0.49 (6 + 2q)/8 is 0.4188, q = 0.51 (6 + 2q)/8 is 0.4384; the second half's pace is 0.71 of the first's either way.
    row("last quarter at 0.49 of the whole", Rule.SLOWS, Line(steps(*[25e6] * 6, *[0.4188 * 25e6] * 2))),
    row("last quarter at 0.51 of the whole", Rule.RISES, Line(steps(*[25e6] * 6, *[0.4384 * 25e6] * 2))),
    # Six observations: the halves are two steps and three, the last quarter is one step.
    row("six, at 0.49 of its pace", Rule.SLOWS, Line(steps(*[25e6] * 2, *[12.25e6] * 3))),
    row("six, at 0.51 of its pace", Rule.RISES, Line(steps(*[25e6] * 2, *[12.75e6] * 3))),
    # It slows down only if it does both by the clock and by what the process allocates.
    row(
        "by the clock alone",
        Rule.RISES,
        Line(steps(*[25e6] * 4, *[10e6] * 4)),
        work=steps(*[50e6] * 4, *[20e6] * 4),
    ),
    row(
        "by the work alone",
        Rule.RISES,
        Line(steps(*[25e6] * 8)),
        work=steps(*[50e6] * 4, *[125e6] * 4),
    ),
    row("by both", Rule.SLOWS, Line(steps(*[25e6] * 4, *[10e6] * 4)), work=steps(*[50e6] * 8)),
    row(
        "by both, taken at odd times",
        Rule.SLOWS,
        Line(steps(*[25e6] * 8)),
        minutes=steps(*[1] * 4, *[2.1] * 4),
        work=steps(*[50e6] * 4, *[105e6] * 4),
    ),
    row(
        "as fast by the clock, taken at odd times",
        Rule.RISES,
        Line(steps(*[25e6] * 4, *[10e6] * 4)),
        minutes=steps(*[1] * 4, *[0.4] * 4),
    ),
    # A clock that stands still, or went back, says nothing.
    row("all at one time", Rule.SLOWS, Line(steps(*[25e6] * 4, *[10e6] * 4)), minutes=(7,) * 9),
    row("no work", Rule.SLOWS, Line(steps(*[25e6] * 4, *[10e6] * 4)), work=(7,) * 9),
    # Few counts: the upper limit of 49 of 600 is far above half the pace. It fades if the late pace is less than a third of
    # that of all: 600/8 · 2/3 is 50.
    row("late 49 of 600", Rule.FADES, Line((0, 90, 180, 270, 360, 455, 551, 575, 600))),
    row("late 50 of 600", Rule.RISES, Line((0, 90, 180, 270, 360, 455, 550, 575, 600))),
    row("late 55 of 600", Rule.RISES, Line((0, 90, 180, 270, 360, 450, 545, 572, 600))),
    row("late 45 of 600", Rule.FADES, Line((0, 90, 180, 270, 360, 455, 555, 577, 600))),
    # Of 9! = 362880 orders 2298 have at most six inversions, as four falling numbers have: 0.0063, more than 0.005.
    row("fades, likely", Rule.FADES, Line((3, 2, 1, 0, 360, 455, 555, 577, 600)), Line((10_000,) * 9)),
    row("likely", Rule.UNPROVEN, Line((3, 2, 1, 0, 360, 450, 540, 570, 600)), Line((10_000,) * 9)),
    # And 4489, 0.012, at most seven.
    row("fades, unlikely", Rule.SWINGS, Line((3, 2, 1, 0, 360, 359, 555, 577, 600)), Line((10_000,) * 9)),
    # The same by what the process allocates alone, and by both.
    row(
        "late 45 of 600 with less work",
        Rule.RISES,
        Line((0, 90, 180, 270, 360, 455, 555, 577, 600)),
        work=steps(*[10_000] * 6, *[3_000] * 2),
    ),
    row(
        "late 45 of 600 with as much work",
        Rule.FADES,
        Line((0, 90, 180, 270, 360, 455, 555, 577, 600)),
        work=steps(*[10_000] * 8),
    ),
    # 399 came in the second half: e = √(399 + 1) = 20. Where nothing went, 399 + 1 + 1.28 · 20 + (1.28² - 1)/3 = 425.8 is
    # its upper limit. That is more than half the first half's growth, 848 or 424 (1.2 standard errors), and less than half
    # of 856, 428 (1.4). The last quarter's 299 are faster than all.
    row("half the pace is 1.2 errors above", Rule.RISES, kept(steps(*[212] * 4, 50, 50, 100, 199))),
    row("half the pace is 1.4 errors above", Rule.SLOWS, kept(steps(*[214] * 4, 50, 50, 100, 199))),
]

FILLS = [
    # Nothing came in the second half. Of 21 observations the floor is that of windows of two: the first and the last
    # window's least, here 0 and 51 or 50, of a growth by 100.
    row("filled", Rule.FILLED, Line((0, 50, 100, 100, 100, 100))),
    row("still fills by one", Rule.SLOWS, Line((0, 10**6, 2 * 10**6, 2 * 10**6, 2 * 10**6, 2 * 10**6 + 1))),
    row("floor rose by 51 of 100", Rule.FILLED, Line((0, 0, *[100] * 16, 51, 100, 100))),
    row("floor rose by 50 of 100", Rule.SWINGS, Line((0, 0, *[100] * 16, 50, 100, 100))),
]

ROWS = [*OBSERVATIONS, *TREND, *SIZES, *PACES, *FILLS]


def fired(one: Row) -> Rule:
    return rule(*one.lines, minutes=one.minutes, work=one.work)


@pytest.mark.parametrize("one", ROWS, ids=lambda one: one.name)
def test_the_rule(one: Row) -> None:
    assert fired(one) is one.rule


def test_every_rule_has_a_row() -> None:
    assert {one.rule for one in ROWS} == set(Rule) - {Rule.PROVEN}  # by the garbage collector, not by these rules


R = 1024
"""Bytes between two samples."""


@pytest.mark.parametrize(("late", "expected"), [(30, Rule.FILLED), (42, Rule.SLOWS)])
def test_sampled_growth_goes_on_if_nine_of_ten_would_say_so(late: float, expected: Rule) -> None:
    # Each value is of 400 sampled objects of R bytes, of which none need be the same. In R, the later is off by
    # 1 + 1.28 · √401 + 0.2 = 26.8 at most, the earlier by 400 (1 - (1 - 1/3600 - 1.28/60)³) = 25.4: together 36.9.
    values = tuple(R * value for value in (0, 100, 200, 210, 220, 200 + late))
    made = verdicts(process(Line(values, variance=400 * R**2), rate=R))
    assert RULES[made.rule[0]] is expected


def test_the_figures_of_a_verdict() -> None:
    made = verdicts(process(Line((100, 200, 199, 400, 500, 600), (100, 300, 500, 700, 900, 1100)), kept((10_000,) * 6)))
    assert made.growth.tolist() == [500, 0]
    assert (made.bounds.low.tolist(), made.bounds.high.tolist()) == ([500, 0], [500, 0])
    assert made.p_value[0] == pytest.approx(6 / 720)
    assert made.retention.tolist() == pytest.approx([0.5, math.nan], nan_ok=True)


def test_the_stated_bounds_are_at_99_percent_however_many_lines_there_are() -> None:
    # 10 sampled objects of 1 byte came, none went: Garwood's limits are 3.717 and 21.398, of 0 it is 5.298 up.
    line = Line((0, 10 * R), (0, 10 * R))
    others = [Line((5, 5))] * 9
    history = process(line, *others, rate=R)
    for one in history.observed:
        rest = one.owned.rest
        assert not callable(rest)
        rest[0:2, 0] = rest[4:6, 0] = one.owned.value[0] * R, one.owned.value[0] / R
    bounds = verdicts(history).bounds
    assert bounds.low[0] == pytest.approx((10 - math.hypot(10 - 3.717, 5.298)) * R, abs=0.2 * R)
    assert bounds.high[0] == pytest.approx(21.398 * R, abs=0.2 * R)


@pytest.mark.parametrize(
    ("observations", "windows", "length"), [(1, 1, 1), (20, 20, 1), (21, 10, 2), (40, 20, 2), (41, 10, 4), (85, 10, 8)]
)
def test_a_history_is_cut_into_twenty_windows_at_most(observations: int, windows: int, length: int) -> None:
    # The least of 100, 101, … in each window is its first; what fills no window at the end is left out.
    made = process(Line(tuple(range(100, 100 + observations)))).windows()
    first = np.arange(windows) * length
    assert made.floor[:, 0].tolist() == (100 + first).tolist()
    assert made.seconds.tolist() == ((first + (length - 1) / 2) * MINUTE).tolist()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"], "inuse_space"),
        (["objects", "space"], "space"),
        (["space", "inuse_space"], "inuse_space"),
        (["goroutine"], "goroutine"),
        (["goroutine", "space"], "space"),
        (["alloc_objects", "alloc_space"], None),  # totals since the start always grow
        (["samples", "cpu"], None),
        (["contentions", "delay"], None),
        ([], None),
    ],
)
def test_what_is_held_is_judged(names: list[str], expected: str | None) -> None:
    found = judged([ValueType(name, "any") for name in names])
    assert (found and found.type) == expected


@pytest.mark.parametrize(("looked_at", "quantile"), [(0, 2.5758), (1, 2.5758), (2, 2.8070), (5, 3.0902), (10, 3.2905)])
def test_the_critical_value_is_the_normal_quantile_of_one_percent_among_all(looked_at: int, quantile: float) -> None:
    # Of the two-sided levels 0.01, 0.005, 0.002 and 0.001.
    assert critical_value(looked_at) == pytest.approx(quantile, abs=1e-4)


THRESHOLDS = [name for name, value in vars(module).items() if name.isupper() and type(value) in (int, float)]


@pytest.mark.parametrize("factor", [0.8, 1.2])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_moved_by_a_fifth_changes_a_row(monkeypatch: pytest.MonkeyPatch, name: str, factor: float) -> None:
    monkeypatch.setattr(module, name, getattr(module, name) * factor)
    assert [one.name for one in ROWS if fired(one) is not one.rule] != []
