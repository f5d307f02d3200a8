"""Every rule of a verdict and every threshold, with a row on either side of it.

The histories here are of exact counts: nothing is sampled, so from six observations on the growth has no error, and each
expected rule follows from the arithmetic beside its row. Simulated processes are in test_verdicts.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pytest
from alloclens.profile.model import ValueType
from alloclens.profile.sample_types import judged
from alloclens.profile.taken_at import TakenAt
from alloclens.series import verdicts as module
from alloclens.series.history import Beside, History
from alloclens.series.owned import Figures, LineNumbers, OwnedLines, parts
from alloclens.series.snapshot import Snapshot
from alloclens.series.verdicts import VERDICT_RULES, Rule, verdicts
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
    replaced: float = 0
    """If not 0: it owns so many objects of equal size instead, and all of them are new at each observation."""

    def figures(self, observation: int) -> tuple[float, ...]:
        value = self.values[observation]
        if self.replaced:
            allocated = sum(self.values[: observation + 1])
            return (value, 0, self.replaced, self.replaced, allocated, 0, self.replaced * (observation + 1))
        sampled = self.variance / R**2 if self.variance else value
        if self.allocated is None:
            return (value, self.variance, sampled, value, *NONE)
        allocated = self.allocated[observation]
        return (value, self.variance, sampled, value, allocated, self.variance, sampled if self.variance else allocated)


@cache
def process(*lines: Line, minutes: tuple[float, ...] = (), work: tuple[float, ...] = (), rate: float = 0) -> History:
    """Return the history of a process: taken each minute, or at these minutes; `work` is all that it freed by then."""
    numbers, key = LineNumbers(), np.arange(len(lines))
    observed = []
    for i in range(len(lines[0].values)):
        figures = np.array([line.figures(i) for line in lines], np.float32).T
        assert len(figures) == len(Figures._fields)
        held = sum(line.values[i] for line in lines)
        total = (held, *([held + work[i]] if work else []))
        observed.append(
            Snapshot(
                path=f"/p/{i}",
                taken_at=TakenAt(MINUTE * (minutes[i] if minutes else i), "profile"),
                is_difference=False,
                default_sample_type="",
                sample_types=(SPACE, ALLOCATED) if work else (SPACE,),
                total=tuple(map(int, total)),
                owned=OwnedLines(key[None], figures[0], figures[1:]),
                rate=rate,
            )
        )
    none = np.zeros(len(lines), np.bool_)
    return History(observed, len(key), parts(key[None]), none, numbers.numbers(key), numbers, none)


@cache
def process_after(before: tuple[Line, ...], *lines: Line, **how: tuple[float, ...]) -> History:
    """Return the history of a process after one of other lines."""
    return replace(process(*lines, **how), beside=Beside(process(*before).observed if before else ()))


def rule(*lines: Line, before: tuple[Line, ...] = (), unreturned: int = 0, **how: tuple[float, ...]) -> Rule:
    """Return the rule that fires for the first of these lines, after a process of other ones."""
    of = replace(process_after(before, *lines, **how), unreturned=np.arange(len(lines)) < unreturned)
    return VERDICT_RULES[verdicts(of).rule[0]]


def steps(*each: float, begin: float = 0) -> tuple[float, ...]:
    """Return what begins so and grows by each of these."""
    return tuple(begin + sum(each[:i]) for i in range(len(each) + 1))


def kept(values: tuple[float, ...]) -> Line:
    """Return a line that allocates what it grows by, and frees nothing."""
    return Line(values, values)


def turning(observations: int) -> Line:
    """Return a line of as many objects all the time, all of them new at each observation: it could have shown a trend."""
    return Line((500,) * observations, steps(*[500] * (observations - 1), begin=1000))


class Row(NamedTuple):
    name: str
    rule: Rule
    lines: tuple[Line, ...]
    minutes: tuple[float, ...] = ()
    work: tuple[float, ...] = ()
    before: tuple[Line, ...] = ()
    unreturned: int = 0
    """The first so many of the lines hold what often is not given back."""


def row(
    name: str,
    expected: Rule,
    *lines: Line,
    minutes: tuple[float, ...] = (),
    work: tuple[float, ...] = (),
    before: tuple[Line, ...] = (),
    unreturned: int = 0,
) -> Row:
    return Row(name, expected, lines, minutes, work, before, unreturned)


BUSY = Line((10**6,) * 12)
"""It never changes, so that it could not show a trend: it is not counted among the lines that were tested."""

OBSERVATIONS = [
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
    # Of 10051 a half percent is 50.
    row("young, by a half percent", Rule.SWINGS, Line((0, 25, 50)), Line((9950,) * 3)),
    row("young, by more", Rule.YOUNG, Line((0, 27, 55)), Line((9950,) * 3)),
    row("one observation", Rule.STANDS, Line((1000,))),
    # Five observations are too few for a trend, six are enough; nineteen too few for a leak, twenty are enough.
    row("five observations", Rule.YOUNG, kept(steps(*[1000] * 4))),
    row("six observations", Rule.UNSETTLED, kept(steps(*[1000] * 5))),
    row("nineteen observations", Rule.UNSETTLED, kept(steps(*[1000] * 18))),
    row("twenty observations", Rule.RISES, kept(steps(*[1000] * 19))),
    # Of a rise that began later they are counted from there: it begins at the sixth of 24 or 25 observations.
    row("nineteen of 24 observations", Rule.UNSETTLED, kept(steps(*[0] * 5, *[1000] * 18))),
    row("twenty of 25 observations", Rule.RISES, kept(steps(*[0] * 5, *[1000] * 19))),
]

TREND = [
    # Nothing is freed: k objects are √k standard errors. One line at 2 %: √5 = 2.236 is more than 2.054, √4 is less.
    row("five objects", Rule.UNSETTLED, kept(steps(*[1] * 5))),
    row("four objects", Rule.SWINGS, kept(steps(*[1] * 4, 0))),
    row("4.2 objects, of which p is 2.02 %", Rule.SWINGS, kept(steps(*[1] * 4, 0.2))),
    row("4.4 objects, of which p is 1.80 %", Rule.UNSETTLED, kept(steps(*[1] * 4, 0.4))),
    # Two lines that could show a trend: at 1 % √6 = 2.449 is more than 2.326, √5 is less.
    row("six objects, beside a line of a thousand", Rule.UNSETTLED, kept(steps(*[1] * 6)), turning(7)),
    row("five objects, beside a line of a thousand", Rule.SWINGS, kept(steps(*[1] * 5, 0)), turning(7)),
    # Four objects could not show one, whatever they do: √4 is less than 2.054. They do not count.
    row("five objects, beside four", Rule.UNSETTLED, kept(steps(*[1] * 5)), kept(steps(0, 4, 0, 0, 0))),
    # Once the larger is found, the smaller is tested alone (Holm).
    row("five objects, beside a leak", Rule.UNSETTLED, kept(steps(*[1] * 5)), kept(steps(*[100] * 5))),
    # What is allocated is not known, as for goroutines: the steps' own spread decides, and equal steps have none.
    row("goroutines", Rule.RISES, Line(steps(*[10] * 19))),
    row("goroutines that come and go", Rule.SWINGS, Line(steps(*[90, -80] * 9, 90))),
]

STEPS = [
    # Of 40 observations, the second half begins at the twentieth.
    row("one step late", Rule.UNSETTLED, kept(steps(*[0] * 24, 100, *[0] * 14))),
    row("one step, and the pairs across it are half of all", Rule.UNSETTLED, kept(steps(*[0] * 29, 100, *[0] * 9))),
    row("two steps late", Rule.UNSETTLED, kept(steps(*[0] * 24, 60, *[0] * 7, 60, *[0] * 6))),
    row("one step early", Rule.SLOWS, kept(steps(*[0] * 14, 100, *[0] * 24))),
    # Steps that lie apart are bursts, which hide that the pace fell. Of four, 0.3⁴ is 0.0081, and 0.325⁴ is 0.0112.
    row("four steps, the last after 12 of 40 minutes", Rule.FILLED, kept(steps(*[0, 0, 100] * 4, *[0] * 28))),
    row("four steps, the last after 13 of 40 minutes", Rule.SLOWS, kept(steps(0, *[0, 0, 100] * 4, *[0] * 27))),
    # Ten steps, the last after 20 of 50 minutes: 0.49¹⁰ is 0.0008, but after half of the work it may be any pause.
    *(
        row(
            f"ten steps, the last after {share} % of the work",
            rule,
            kept(steps(*[0, 100] * 10, *[0] * 30)),
            work=(*np.linspace(0, share, 21), *np.linspace(share, 100, 31)[1:]),
        )
        for share, rule in ((49, Rule.FILLED), (51, Rule.UNSETTLED))
    ),
]


def beside_churn(*each: int) -> Line:
    """Return a line that grows by so many at each step, and allocates a hundred more that end before the next observation."""
    return Line(steps(*each), steps(*(100 + grown for grown in each), begin=1000))


def every_fourth(*each: int) -> Line:
    """Return such a line of which only every fourth step is not 0."""
    return beside_churn(*(grown for one in (*each, 0) for grown in (0, 0, one, 0)))


def few(observations: int) -> Line:
    """Return a line of twenty objects, all of them new at each observation: it could have shown a trend."""
    return Line((20,) * observations, steps(*[20] * (observations - 1), begin=1000))


LASTING = [
    # By the turnover, all that is in use would be new at each observation, and these rises would be 2.7 and 3.0 standard errors.
    # But it lasts: by its steps it remembers so long that they are 1.60 and 1.66 (tests/stats/test_trend.py). 1.645 are enough.
    row("1.60 errors if what is in use lasts", Rule.TURNS, every_fourth(1, 1, 1, -1, 1, -1, 1)),
    row("1.66 errors if what is in use lasts", Rule.UNSETTLED, every_fourth(1, 1, -1, 1, -1, 1, 1)),
    # Nine that came one by one and last are √9 = 3 errors, of which p is 0.00135: less than 0.01/7, and more than 0.01/8.
    row(
        "nine that last, and six other lines",
        Rule.RISES,
        beside_churn(*[0] * 6, *[1, 0, 0, 0, 0, 0] * 9),
        *[few(61)] * 6,
    ),
    row("nine that last, and seven", Rule.UNSETTLED, beside_churn(*[0] * 6, *[1, 0, 0, 0, 0, 0] * 9), *[few(61)] * 7),
]

SIZES = [
    # Of all that is in use, some 10⁶, a half percent is 5000.
    row("grew by 4990", Rule.SMALL, kept(steps(*[499] * 10)), Line((10**6 - 5000,) * 11)),
    row("grew by 5010", Rule.UNSETTLED, kept(steps(*[501] * 10)), Line((10**6 - 5000,) * 11)),
    # Of 1000 allocated, churn keeps less than 100.
    row("kept 95 of 1000", Rule.TURNS, Line((500, 405, 595, 405, 595, 595), steps(*[200] * 5, begin=9000)), BUSY),
    row("kept 100 of 1000", Rule.SWINGS, Line((500, 400, 600, 400, 600, 600), steps(*[200] * 5, begin=9000)), BUSY),
    row("kept 95 of what nobody knows", Rule.SWINGS, Line((500, 595, 405, 595, 405, 595)), BUSY),
    # What is 1000 now and was changed by at most 100 is stable.
    row("was 905", Rule.STANDS, Line((905, 1000) * 3), BUSY),
    row("was 890", Rule.SWINGS, Line((890, 1000) * 3), BUSY),
    row("was 915", Rule.STANDS, Line((915, 1000) * 3), BUSY),
    row("was 885", Rule.SWINGS, Line((885, 1000) * 3), BUSY),
    # If the error is unknown, all observations count. Five are too few.
    row("was 900, of unknown error", Rule.STANDS, Line((1000, 900, 1000, 950, 960, 1000), variance=math.nan), BUSY),
    row("was 899, of unknown error", Rule.UNCLEAR, Line((1000, 899, 1000, 950, 960, 1000), variance=math.nan), BUSY),
    row("five of unknown error", Rule.UNCLEAR, Line((1000,) * 5, variance=math.nan), BUSY),
    row("fell by one", Rule.FELL, Line((1000, 1000, 1000, 1000, 1000, 999))),
    row("was there all the time", Rule.STANDS, Line((1000,) * 6)),
]


def paced(*parts: tuple[int, float]) -> Line:
    """Return a line that keeps all it allocates: for each part, so many observations at so many objects each."""
    return kept(steps(*(pace for count, pace in parts for _ in range(count))))


FIRST_RISES = [
    # Watched from its start on: less was allocated before the first observation than since. 4990 were by then, and 5000 more.
    row("4990 before 5000", Rule.EARLY, kept(steps(*[1000] * 5)), work=(4990,) * 6),
    row("5010 before 5000", Rule.UNSETTLED, kept(steps(*[1000] * 5)), work=(5010,) * 6),
    row("five from the start", Rule.EARLY, kept(steps(*[1000] * 4)), work=(0,) * 5),
    row("nineteen from the start", Rule.EARLY, kept(steps(*[1000] * 18)), work=(0,) * 19),
    row("twenty from the start", Rule.RISES, kept(steps(*[1000] * 19)), work=(0,) * 20),
    # Six hours are enough.
    row("six in 355 minutes", Rule.EARLY, kept(steps(*[1000] * 5)), work=(0,) * 6, minutes=steps(*[71] * 5)),
    row("six in 360 minutes", Rule.UNSETTLED, kept(steps(*[1000] * 5)), work=(0,) * 6, minutes=steps(*[72] * 5)),
    row("five in 360 minutes", Rule.YOUNG, kept(steps(*[1000] * 4)), work=(0,) * 5, minutes=steps(*[90] * 4)),
    # What is certain is said: that it slows down, or comes and goes with the load; or that it leaked in the previous process.
    row("seven of 40 in the second half, early", Rule.FILLED, paced((5, 6.6), (5, 1.4)), work=(0,) * 11),
    row("early, after a leak", Rule.UNSETTLED, paced((18, 5)), work=(0,) * 19, before=(paced((20, 5)),)),
    row("early, after it stood", Rule.EARLY, paced((18, 5)), work=(0,) * 19, before=(Line((1000,) * 20),)),
]


def worked(*each: tuple[float, float]) -> Line:
    """Return a line that keeps so many at each step, of so many that it allocates."""
    return Line(steps(*(kept for kept, _ in each)), steps(*(allocated for _, allocated in each)))


PACES = [
    # Nothing is freed: of k objects, l in the last share u of the time and e before. The pace lately less half of that before
    # is l/u - e/2(1 - u), in the time as a unit, with the variance k (1/u + 1/4(1 - u)). For halves: 2l - e of 2.5 k.
    # It holds at 1.645 standard errors: of 40, 2 · 21 - 19 = 23 of 10 (2.3); of 40, 2 · 18 - 22 = 14 of 10 (1.4), and
    # 2 · 19 - 21 = 17 of 10 (1.7).
    row("21 of 40 in the second half", Rule.RISES, paced((10, 1.9), (10, 2.1))),
    row("18 of 40 in the second half", Rule.UNSETTLED, paced((10, 2.2), (10, 1.8))),
    row("19 of 40 in the second half", Rule.RISES, paced((10, 2.1), (10, 1.9))),
    # It fills up at -1.645: of 40, 2 · 7 - 33 = -19 of 10 (-1.9), 2 · 8 - 32 = -16 (-1.6).
    row("8 of 40 in the second half", Rule.SLOWS, paced((10, 3.2), (10, 0.8))),
    row("7 of 40 in the second half", Rule.FILLED, paced((10, 3.3), (10, 0.7))),
    # By least squares, a pace that changes evenly falls by 3 (e - l) in all. In the end it is above half of its first value by
    # k/2 - 9/4 (e - l), with the variance 7 k. It is slower at -1.645: of 20, 10 - 28.8 is -1.59 standard errors, and
    # 10 - 30.15 is -1.70.
    row("3.6 of 20 in the second half", Rule.UNSETTLED, paced((10, 1.64), (10, 0.36))),
    row("3.3 of 20 in the second half", Rule.SLOWS, paced((10, 1.67), (10, 0.33))),
    # Of 90, 45 - 83.25 is -1.52, and 45 - 90 is -1.79.
    row("26.5 of 90 in the second half", Rule.UNSETTLED, paced((10, 6.35), (10, 2.65))),
    row("25 of 90 in the second half", Rule.SLOWS, paced((10, 6.5), (10, 2.5))),
    # It does not hold from -0.674 on: of 4000, 2000 - 2106 is -0.63, 2000 - 2119.5 is -0.71, and 2000 - 2340 is -2.03. All are
    # certainly above half the earlier pace.
    row("1532 of 4000 in the second half", Rule.RISES, paced((10, 246.8), (10, 153.2))),
    row("1529 of 4000 in the second half", Rule.UNSETTLED, paced((10, 247.1), (10, 152.9))),
    row("1480 of 4000 in the second half", Rule.SLOWS, paced((10, 252), (10, 148))),
    # Of 12, 6 - 20.7 is -1.60, and 6 - 21.6 is -1.70.
    row("young, 1.4 of 12 in the second half", Rule.UNSETTLED, paced((5, 2.12), (5, 0.28))),
    row("young, 1.2 of 12 in the second half", Rule.SLOWS, paced((5, 2.16), (5, 0.24))),
    # The last quarter: 4l - 2e/3 of 40 (4 + 1/3), 13.2 errors. Of 40 one is -22, 1.67; four are -8, 0.61.
    row("one of 40 in the last quarter", Rule.FILLED, paced((15, 39 / 15), (5, 0.2))),
    row("four of 40 in the last quarter", Rule.UNSETTLED, paced((15, 36 / 15), (5, 0.8))),
    # The last eighth, three of 24 steps: 8l - 4e/7 of 40 (8 + 2/7), 18.2: none is -22.9, 1.26 standard errors. Of 72: 1.68.
    row("none of 40 in the last eighth", Rule.UNSETTLED, paced((21, 40 / 21), (3, 0))),
    row("none of 72 in the last eighth", Rule.FILLED, paced((21, 72 / 21), (3, 0))),
    # A leak is slower under less load: it slows down only if it does so by the clock and by what the process frees.
    row("by the clock alone", Rule.RISES, paced((10, 80), (10, 8)), work=steps(*[50e6] * 10, *[5e6] * 10)),
    row("by the work alone", Rule.RISES, paced((20, 20)), work=steps(*[50e6] * 10, *[500e6] * 10)),
    row("by both", Rule.FILLED, paced((10, 40), (10, 4)), work=steps(*[50e6] * 20)),
    row("taken at odd times", Rule.RISES, paced((10, 40), (10, 4)), minutes=steps(*[1] * 10, *[0.1] * 10)),
    # Or if its own load falls, of which at least half is freed; what keeps more would be its own measure.
    row("by all but what it allocates", Rule.UNSETTLED, worked(*[(40, 80)] * 10, *[(4, 8)] * 10)),
    row("and keeps more than half", Rule.FILLED, worked(*[(40, 79)] * 10, *[(4, 7.9)] * 10)),
    row("by what it allocates, too", Rule.FILLED, worked(*[(40, 80)] * 10, *[(4, 80)] * 10)),
    # Bursts: of ten steps each, 5 and 35 in turn, and then 1 and 9. Their variance is many times that of Poisson numbers.
    row("in bursts", Rule.UNSETTLED, paced(*[(1, 5), (1, 35)] * 5, *[(1, 1), (1, 9)] * 5)),
    row("the same without", Rule.FILLED, paced((10, 20), (10, 5))),
    # A clock that stands still says nothing, in all or in part.
    row("all at one time", Rule.FILLED, paced((10, 40), (10, 4)), minutes=(7,) * 21),
    row("steady, all at one time", Rule.RISES, paced((20, 20)), minutes=(7,) * 21),
    row("two at one time", Rule.RISES, paced((20, 20)), minutes=(*range(20), 19)),
    row("no more work", Rule.FILLED, paced((10, 40), (10, 4)), work=steps(*[50e6] * 15, *[0] * 5)),
    row("no work", Rule.FILLED, paced((10, 40), (10, 4)), work=(7,) * 21),
]


CACHES = [
    # A cache that is full replaces: in the last quarter it frees 11 or 9 of the 20 that it allocates, and hardly any before.
    row("11 of 20 freed lately", Rule.SLOWS, worked(*[(2, 2)] * 15, *[(1.8, 4)] * 5), work=(0,) * 21),
    row("9 of 20 freed lately", Rule.UNSETTLED, worked(*[(2, 2)] * 15, *[(2.2, 4)] * 5), work=(0,) * 21),
    # Hardly any is less than a tenth: 2.55 of 32.55, or 4.5 of 34.5.
    row("8 % freed before", Rule.SLOWS, worked(*[(2, 2.17)] * 15, *[(1.8, 4)] * 5), work=(0,) * 21),
    row("13 % freed before", Rule.UNSETTLED, worked(*[(2, 2.3)] * 15, *[(1.8, 4)] * 5), work=(0,) * 21),
    # Three objects are enough: in the last eighth, two steps, it frees 2.6 of 5, or 3.2 of 6.2.
    row("2.6 freed lately", Rule.UNSETTLED, worked(*[(2, 2)] * 18, *[(1.2, 2.5)] * 2), work=(0,) * 21),
    row("3.2 freed lately", Rule.SLOWS, worked(*[(2, 2)] * 18, *[(1.5, 3.1)] * 2), work=(0,) * 21),
    # A process that ran before may have been idle at first, and a cache would have been full.
    row("not from the start", Rule.UNSETTLED, worked(*[(2, 2)] * 15, *[(1.8, 4)] * 5), work=(10**6,) * 21),
]


FILLED_BEFORE = (paced((10, 9), (10, 1)),)
"""It slowed down at 100 objects."""

RESTARTS = [
    # It is beyond 100 at 1.645 standard errors: 124 are 24/√224 = 1.60, 128 are 1.85; 120 are 1.35, 132 are 2.10.
    row("124 after 100", Rule.REFILLS, paced((8, 15.5)), before=FILLED_BEFORE),
    row("128 after 100", Rule.UNSETTLED, paced((8, 16)), before=FILLED_BEFORE),
    row("120 after 100", Rule.REFILLS, paced((8, 15)), before=FILLED_BEFORE),
    row("132 after 100", Rule.UNSETTLED, paced((8, 16.5)), before=FILLED_BEFORE),
    # A process that is old enough is judged by itself; and one before that did not slow down says nothing.
    row("old enough, after 100", Rule.RISES, paced((19, 5)), before=FILLED_BEFORE),
    row("too young, after 100", Rule.REFILLS, paced((18, 5)), before=FILLED_BEFORE),
    row("three observations, after 100", Rule.REFILLS, kept((0, 40, 80)), before=FILLED_BEFORE),
    row("three observations, of more than 100", Rule.YOUNG, kept((0, 80, 160)), before=FILLED_BEFORE),
    row("after a leak", Rule.UNSETTLED, paced((18, 5)), before=(paced((20, 5)),)),
]


def loaded(*freed: float, grown: tuple[float, float] = (10, 10)) -> Line:
    """Return a line of 100 objects that grows by as many in each of ten steps, and then in ten more; it frees so many in each."""
    each = [(grown[i >= 10], freed[i >= 10]) for i in range(20)]
    return Line(steps(*(more for more, _ in each), begin=100), steps(*(map(sum, each)), begin=1000))


LOADS = [
    # 100 to 200 to 300: in use are 1500 object-minutes in the first half and 2500 in the second, 62.5 %. What ends after a
    # while comes and goes in that proportion; what leaks is never freed.
    row("freed as the load", Rule.LOADED, loaded(75, 125)),
    row("freed as before", Rule.RISES, loaded(100, 100)),
    # Of 2200 that came, 1375 are expected in the second half, with the error √(515.6 + 515.6² (1/1500 + 1/2500)) = 28.27.
    # 1331 are 1.56 standard errors less, 1325 are 1.77. (Of what went, they are 0.7 and 0.9 less.)
    row("1.6 errors fewer came", Rule.LOADED, loaded(76.9, 123.1)),
    row("1.8 errors fewer came", Rule.UNSETTLED, loaded(77.5, 122.5)),
    # Of 2000 that went, 1250 are expected, with the error √(468.75 + 468.75² (1/1500 + 1/2500)) = 26.52. 1173.1 are 2.9
    # standard errors less, 1162.5 are 3.3. (Of what came, they are 3.6 and 4.0 less.)
    row("2.9 errors fewer went", Rule.UNSETTLED, loaded(82.69, 117.31)),
    row("3.3 errors fewer went", Rule.RISES, loaded(83.75, 116.25)),
    # 100 to 120 to 300: in use are 1100 and 2100, 65.6 %. Of 1200 that went, 787.5 are expected, with the error 19.29: 757.6
    # are 1.55 less, 753.8 are 1.75. (Of what came, more are in the second half than expected.)
    row("1.6 errors fewer went", Rule.LOADED, loaded(44.24, 75.76, grown=(2, 18))),
    row("1.8 errors fewer went", Rule.UNSETTLED, loaded(44.62, 75.38, grown=(2, 18))),
    # 100 to 110 to 300: in use are 1050 and 2050, 66.1 %. Of 1500 that came, 991.9 are expected, with the error 22.33: 927.2
    # are 2.9 less, 918.3 are 3.3. (Of what went, they are 6 and 6.5 less.)
    row("2.9 errors fewer came", Rule.UNSETTLED, loaded(56.28, 73.72, grown=(1, 19))),
    row("3.3 errors fewer came", Rule.RISES, loaded(57.17, 72.83, grown=(1, 19))),
    # The load explains a rise only if all that is in use was exchanged once. 100 to 150 to 300 are 175 in the mean: 170 went as
    # the load, or 180.
    row("170 of 175 freed as the load", Rule.UNSETTLED, loaded(6.07, 10.93, grown=(5, 15))),
    row("180 of 175 freed as the load", Rule.LOADED, loaded(6.43, 11.57, grown=(5, 15))),
    # If less was exchanged, 1.645 standard errors exclude it. Of 150 that went, 93.75 are expected, with the error 6.04: 84.3
    # are 1.56 less, 83.1 are 1.76. (Of what came, they are 3.6 and 3.8 less.)
    row("exchanged in part, 1.6 errors fewer went", Rule.UNSETTLED, loaded(6.57, 8.43)),
    row("exchanged in part, 1.8 errors fewer went", Rule.RISES, loaded(6.69, 8.31)),
    # And if less than a tenth of what came went again, nothing is to be explained: 20 of 220 or 25 of 225, as the load.
    row("20 of 220 freed as the load", Rule.RISES, loaded(0.714, 1.286, grown=(5, 15))),
    row("25 of 225 freed as the load", Rule.UNSETTLED, loaded(0.893, 1.607, grown=(5, 15))),
]


def test_each_line_is_judged_by_its_own_load() -> None:
    together = verdicts(process(*(one.lines[0] for one in LOADS))).rule
    assert [VERDICT_RULES[number] for number in together.tolist()] == [one.rule for one in LOADS]


def growing(*sizes: float, objects: float = 1) -> Line:
    """Return a line of an object, or several, of these sizes, each of which replaces the one before: a slice that grows."""
    return Line(sizes, replaced=objects)


SLICES = [
    # Of six sizes, Kendall's rank correlation has the error √(6 · 5 · 17/18) = 5.32. Fourteen of fifteen pairs rise, 2.63
    # standard errors; or twelve, and two fall, 1.88. One line takes 2.054.
    row("a slice that grows", Rule.UNSETTLED, growing(1e3, 2e3, 3e3, 4e3, 5e3, 5e3)),
    row("a slice that grew three times and shrank", Rule.SWINGS, growing(1e3, 2e3, 3e3, 4e3, 4e3, 3.5e3)),
    # By 4000 in the first two steps, and by 1100 in the last three: half the pace would be 3000.
    row("a slice that hardly grows any more", Rule.FILLED, growing(1e3, 3e3, 5e3, 5.5e3, 6e3, 6.1e3)),
    row(
        "the same, under a sixth of the load",
        Rule.UNSETTLED,
        growing(1e3, 3e3, 5e3, 5.5e3, 6e3, 6.1e3),
        minutes=(0, 72, 144, 216, 288, 360),
        work=(0, 6, 12, 13, 14, 15),
    ),
    row("a slice that grew most in its second step", Rule.FILLED, growing(1e3, 2e3, 5e3, 5.5e3, 6e3, 6.1e3)),
    # A table that doubles: at 2, 6, and 14 of 24, and then at 20, or no more.
    row(
        "a table that grew once in the second half",
        Rule.TURNS,
        growing(*[1e3] * 2, *[2e3] * 4, *[4e3] * 8, *[8e3] * 10),
    ),
    row(
        "a table that grew twice", Rule.UNSETTLED, growing(*[1e3] * 2, *[2e3] * 4, *[4e3] * 8, *[8e3] * 6, *[16e3] * 4)
    ),
    row("2.75 slices that grow", Rule.UNSETTLED, growing(1e3, 2e3, 3e3, 4e3, 5e3, 5e3, objects=2.75)),
    row("3.25 slices that grow", Rule.SWINGS, growing(1e3, 2e3, 3e3, 4e3, 5e3, 5e3, objects=3.25)),
]

UNRETURNED = [
    # What often is not given back needs less: at 5 % √3 = 1.732 is more than 1.645; √2.5 = 1.581, of which p is 5.7 %, is less.
    row("three objects, as of a context", Rule.LIKELY, kept(steps(1, 1, 1, 0, 0)), unreturned=1),
    row("2.5 objects, as of a context", Rule.SWINGS, kept(steps(1, 1, 0.5, 0, 0)), unreturned=1),
    row("three objects", Rule.SWINGS, kept(steps(1, 1, 1, 0, 0))),
    # It is tested among its like alone: of two such lines, at 2.5 % √4 is more than 1.960, and √3 less.
    row("three, beside another line", Rule.LIKELY, kept(steps(1, 1, 1, 0, 0)), turning(6), unreturned=1),
    row("three, beside a line of that kind", Rule.SWINGS, kept(steps(1, 1, 1, 0, 0)), turning(6), unreturned=2),
    row("3.7, of which p is 2.7 %", Rule.SWINGS, kept(steps(1, 1, 1, 0.7, 0)), turning(6), unreturned=2),
    row("four, beside a line of that kind", Rule.LIKELY, kept(steps(1, 1, 1, 1, 0)), turning(6), unreturned=2),
    # What is proven by its numbers needs no more, and what they speak against is not likely.
    row("a leak of contexts", Rule.RISES, paced((20, 20)), unreturned=1),
    row("contexts under load", Rule.LIKELY, loaded(75, 125), unreturned=1),
    row("contexts that become fewer", Rule.FILLED, paced((10, 3.3), (10, 0.7)), unreturned=1),
    row("contexts that slow down", Rule.SLOWS, paced((10, 3.2), (10, 0.8)), unreturned=1),
    row("contexts, early", Rule.EARLY, paced((10, 3)), work=(0,) * 11, unreturned=1),
    row("contexts, too few of all", Rule.SMALL, kept(steps(*[499] * 10)), Line((10**6 - 5000,) * 11), unreturned=1),
    row("contexts, after a restart", Rule.REFILLS, paced((8, 15)), before=FILLED_BEFORE, unreturned=1),
    # By the turnover it rises clearly, and by its steps by 1.60 standard errors.
    row("contexts, most of which end at once", Rule.TURNS, every_fourth(1, 1, 1, -1, 1, -1, 1), unreturned=1),
]

SLOWED = (0, 8, 15, 22, 33, 48, 70)
"""Minutes of profiles that take longer and longer."""
UNEVEN = [
    # What was allocated is unknown, as for tracemalloc. 26 in 8 minutes is 3.3 a minute, 23 in 22 is 1.0.
    row("a straight rise by snapshot", Rule.UNSETTLED, Line(steps(26, 30, 26, 24, 26, 23)), minutes=SLOWED),
    row("a straight rise by the clock", Rule.UNSETTLED, Line(steps(80, 71, 70, 111, 149, 220)), minutes=SLOWED),
    row("what swings at uneven times", Rule.SWINGS, Line(steps(26, 90, -26, 24, -60, 23)), minutes=SLOWED),
    row("what fills up at uneven times", Rule.FILLED, Line(steps(40, 40, 40, 40, 10, 10)), minutes=SLOWED),
    row("what slows down at uneven times", Rule.SLOWS, Line(steps(40, 36, 30, 24, 16, 8)), minutes=SLOWED),
]

ROWS = [
    *OBSERVATIONS,
    *STEPS,
    *FIRST_RISES,
    *TREND,
    *LASTING,
    *SIZES,
    *PACES,
    *CACHES,
    *RESTARTS,
    *LOADS,
    *SLICES,
    *UNEVEN,
    *UNRETURNED,
]


def fired(one: Row) -> Rule:
    return rule(*one.lines, minutes=one.minutes, work=one.work, before=one.before, unreturned=one.unreturned)


@pytest.mark.parametrize("one", ROWS, ids=lambda one: one.name)
def test_the_rule(one: Row) -> None:
    assert fired(one) is one.rule


def test_heaps_beside_goroutines_say_that_less_was_done() -> None:
    slower = process(Line(steps(*[40, 41] * 10, *[4, 5] * 10)))
    heaps = process(turning(41), work=steps(*[50e6] * 20, *[5.5e6] * 20)).observed
    assert VERDICT_RULES[verdicts(slower).rule[0]] is Rule.FILLED
    assert VERDICT_RULES[verdicts(replace(slower, beside=Beside(heaps=heaps))).rule[0]] is Rule.RISES


def test_a_heap_beside_goroutines_says_that_the_process_is_young() -> None:
    few = process(Line(steps(*[40, 41] * 5)))
    assert VERDICT_RULES[verdicts(few).rule[0]] is Rule.UNSETTLED
    young, old = (process(turning(11), work=steps(*[50e6] * 10, begin=begun)).observed for begun in (0, 500e6))
    assert VERDICT_RULES[verdicts(replace(few, beside=Beside(heaps=young))).rule[0]] is Rule.EARLY
    assert VERDICT_RULES[verdicts(replace(few, beside=Beside(heaps=old))).rule[0]] is Rule.UNSETTLED


def test_writing_profiles_makes_no_old_process_young() -> None:
    """The heaps say that the process allocated 400 MB before, and 250 MB since; and 250 MB more for its profiles."""
    few = process(Line(steps(*[40, 41] * 5)))
    heaps = process(turning(11), work=steps(*[50e6] * 10, begin=400e6)).observed
    told = [replace(one, profiling=int(25e6 * number)) for number, one in enumerate(heaps)]
    assert VERDICT_RULES[verdicts(replace(few, beside=Beside(heaps=heaps))).rule[0]] is Rule.EARLY
    assert VERDICT_RULES[verdicts(replace(few, beside=Beside(heaps=told))).rule[0]] is Rule.UNSETTLED


@pytest.mark.parametrize(
    ("gap", "held", "wanted"),
    [(2.0, 0, Rule.EARLY), (2.1, 0, Rule.UNSETTLED), (100, 201, Rule.EARLY), (100, 200, Rule.UNSETTLED)],
)
def test_a_process_that_follows_another_was_watched_from_its_start(gap: float, held: int, wanted: Rule) -> None:
    """As far as is known where profiles do not say what was allocated: `gap` is in intervals, and 100 are in use at first."""
    made = process(Line(steps(*[40, 41] * 5, begin=100)))
    assert made.observed[0].total == (100,)
    before = replace(made.observed[0], taken_at=TakenAt(made.seconds[0] - gap * MINUTE, "profile"), total=(held,))
    assert VERDICT_RULES[verdicts(made).rule[0]] is Rule.UNSETTLED
    of = replace(made, beside=Beside(follows=before))
    assert VERDICT_RULES[verdicts(of).rule[0]] is wanted
    assert of.may_be_young is (wanted is Rule.UNSETTLED)
    counted = [replace(one, sample_types=(ValueType("goroutine", "count"),)) for one in made.observed]
    assert not replace(made, observed=counted).may_be_young
    known = process(Line(steps(*[40, 41] * 5)), work=steps(*[50e6] * 10, begin=600e6))
    assert not replace(known, beside=of.beside).is_from_start
    assert not replace(known, beside=of.beside).may_be_young


def test_what_writing_profiles_takes_is_no_work() -> None:
    # The service frees a tenth in the second half, and the writing of profiles as much as before.
    written = steps(*[50e6] * 20)
    freed = steps(*[50e6] * 10, *[5e6] * 10)
    slower = process(paced((10, 80), (10, 8)), work=tuple(a + b for a, b in zip(freed, written, strict=True)))
    assert VERDICT_RULES[verdicts(slower).rule[0]] is Rule.FILLED
    told = [replace(one, profiling=int(of)) for one, of in zip(slower.observed, written, strict=True)]
    assert VERDICT_RULES[verdicts(replace(slower, observed=told)).rule[0]] is Rule.RISES


def test_every_rule_has_a_row() -> None:
    assert {one.rule for one in ROWS} == set(Rule) - {Rule.PROVEN}  # by the garbage collector, not by these rules


R = 1024
"""Bytes between two samples."""


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
    ("observations", "chosen", "step"),
    [(1, 1, 1), (64, 64, 1), (65, 33, 2), (128, 65, 2), (129, 33, 4), (5000, 41, 128)],
)
def test_a_long_history_is_looked_at_in_even_steps(observations: int, chosen: int, step: int) -> None:
    values = tuple(range(100, 100 + observations))
    made = process(Line(values))
    assert len(made.chosen) == chosen
    assert made.chosen[:-1].tolist() == list(range(0, observations - 1, step))
    assert made.values[:, 0].tolist() == [values[i] for i in made.chosen.tolist()]
    assert made.seconds.tolist() == (made.chosen * MINUTE).tolist()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"], "inuse_space"),
        (["objects", "space"], "space"),
        (["space", "inuse_space"], "inuse_space"),
        (["goroutine"], "goroutine"),
        (["goroutine", "space"], "space"),
        (["cpu", "heap-live-samples", "heap-live-size", "alloc-size"], "heap-live-size"),  # Ruby
        (["wall-time", "lock-release", "alloc-space", "heap-space", "gpu-flops-samples"], "heap-space"),  # Python
        (["heap_space", "inuse_space"], "inuse_space"),
        (["live_objects", "live_bytes"], "live_bytes"),
        (["retained_count", "retained_size"], "retained_size"),
        (["inuse_objects"], "inuse_objects"),
        (["objects", "goroutine"], "objects"),
        (["goroutineleak", "goroutine"], "goroutine"),
        (["alloc_heap_size", "gpu-memory"], None),
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


OTHERS = {"MIN_FREED", "MIN_GAINS", "MIN_LATE_SIZES", "MIN_RISE", "MIN_TICK"}
THRESHOLDS = [
    name
    for name, value in vars(module).items()
    if name.isupper() and type(value) in (int, float) and name not in OTHERS
]


@pytest.mark.parametrize("factor", [0.8, 1.2])
@pytest.mark.parametrize("name", THRESHOLDS)
def test_a_threshold_moved_by_a_fifth_changes_a_row(monkeypatch: pytest.MonkeyPatch, name: str, factor: float) -> None:
    monkeypatch.setattr(module, name, getattr(module, name) * factor)
    assert any(fired(one) is not one.rule for one in ROWS)


@pytest.mark.parametrize(
    ("step", "rate", "expected"),
    [((1, 2), 1000.0, Rule.RISES), ((4, -1), 1000.0, Rule.UNSETTLED), ((1, 2), 0.0, Rule.UNSETTLED)],
)
def test_what_no_observation_saw_does_not_make_a_pace_less_certain(
    step: tuple[float, ...], rate: float, expected: Rule
) -> None:
    """60 of 320 objects stay. Numbers that rise evenly show that hardly any of the others was in use at an observation.

    If they vary as if these were, or if nothing is sampled, so that no chance shows in them, the others may have been.
    """
    assert rule(Line(steps(*step * 20, begin=3), steps(*[8] * 40, begin=15)), rate=rate) is expected
