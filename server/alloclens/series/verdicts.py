"""Computes the verdict on each line from the history of a process, with the rule behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from alloclens.arrays import ratio
from alloclens.series.owned import Figures
from alloclens.stats.growth import critical_value
from alloclens.stats.intervals import Interval, Sampling, interval, turnover
from alloclens.stats.trend import p_values

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask, Singles
    from alloclens.series.history import History, Windows


MIN_OBSERVATIONS = 6
"""Minimum number of observations to judge a trend. Fewer show that a line grew, not that it keeps growing: with four,
Mann–Kendall cannot reach 0.01 at all, with five only if no value falls."""
SIGNIFICANCE = 0.01
"""The probability that any line is reported to grow, or to rise steadily, though it does not."""
FLATTENING_PACE = 0.5
"""Growth that certainly fell below this share of its earlier pace is flattening."""
FADED_PACE = 1 / 3
"""Growth whose estimate fell below this share of its overall pace fades. Less than a half, because errors are
ignored."""
DOUBT_ERRORS = 1.28
"""A one-sided 90 % bound, in standard errors. It only refines what stronger evidence has found."""
MAX_SAG = 1 / 6
"""A floor that sank by this share of its total rise swings."""
MIN_GROWTH_SHARE = 0.005
"""Smaller shares of the memory in use are not reported as growth."""
MIN_RETENTION = 0.1
"""Churn retains less than this share of its allocations."""
MAX_STABLE_CHANGE = 0.1
"""A line is stable if it changed by less than this share."""


class Rule(Enum):
    """The rule that fired; the value is the verdict."""

    PROVEN = ("leak", "proven")
    """Goroutines that the garbage collector found to be blocked for ever."""
    RISES = ("leak", "rises")
    """The floor rises steadily, still rises, and does not seem to slow down."""
    YOUNG = ("growing", "young")
    """It grew significantly, but there are too few observations to say more."""
    UNPROVEN = ("growing", "unproven")
    """It grew significantly and still grows, but among so many lines the trend may be chance."""
    FADES = ("growing", "fades")
    """It grew significantly and still grows, but lately seems to slow down."""
    FILLED = ("filling", "filled")
    """It grew significantly, but not in the second half of the observations."""
    SLOWS = ("filling", "slows")
    """It still grows, at less than half its earlier pace."""
    FELL = ("shrinking", "fell")
    TURNS = ("churn", "turns over")
    """Much was allocated and nearly nothing retained."""
    SWINGS = ("noise", "swings")
    """It is larger than at the start, but went up and down."""
    UNCLEAR = ("noise", "unclear")
    """The change is within the noise of sampling and load."""
    STANDS = ("stable", "stands")

    @property
    def verdict(self) -> str:
        """One of leak, growing, filling, churn, noise, stable, shrinking."""
        return self.value[0]


RULES = tuple(Rule)
VERDICTS = ("leak", "growing", "filling", "shrinking", "churn", "noise", "stable")
"""Worst first."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """One entry for each line of a history."""

    rule: Ints
    """Index in RULES."""
    growth: Floats
    """Since the first observation."""
    bounds: Interval
    """The 99 % sampling interval of the growth."""
    windows: Windows
    """Windows of the history."""
    p_value: Floats
    """p-value of the floor's trend (Mann–Kendall)."""
    retention: Floats
    """Growth as a share of the allocations meanwhile; nan if unknown."""


def verdicts(history: History) -> Verdicts:
    """Judge all lines at the last observation. With a single observation, all lines are stable."""
    last, middle = len(history) - 1, (len(history) - 1) // 2
    then, now = history.figures(0), history.figures(last)
    looked_at = int(np.count_nonzero(now.value))
    enough = len(history) >= MIN_OBSERVATIONS  # then the trend accounts for load
    whole = _bounds(history.rate, then, now, critical_value(looked_at), load=not enough)
    late = _bounds(
        history.rate, history.figures(middle), now, DOUBT_ERRORS if enough else critical_value(1), load=not enough
    )
    windows = history.windows()
    p_value = p_values(windows.floor)
    floor = windows.floor[-1] - windows.floor[0]
    growth, allocated = now.value - then.value, np.nan_to_num(now.allocated - then.allocated)
    rule = _rules(
        enough=enough,
        grew=(whole.low > 0) & (growth > MIN_GROWTH_SHARE * now.value.sum()),
        risen=floor > growth / 2,
        still=late.low > 0,
        slows=_slows(history),
        fades=_fades(history),
        proven=(p_value < SIGNIFICANCE / max(looked_at, 1)) & (_sag(windows.floor) < MAX_SAG * floor),
        likely=p_value < SIGNIFICANCE,
        fell=whole.high < 0,
        turns=np.abs(growth) < MIN_RETENTION * allocated,
        stands=np.abs(growth) <= MAX_STABLE_CHANGE * now.value,
    )
    stated = _bounds(history.rate, then, now, critical_value(1), load=False)
    return Verdicts(rule, growth, stated, windows, p_value, _share(growth, allocated))


def _rules(
    *,
    enough: bool,
    grew: Mask,
    risen: Mask,
    still: Mask,
    slows: Mask,
    fades: Mask,
    proven: Mask,
    likely: Mask,
    fell: Mask,
    turns: Mask,
    stands: Mask,
) -> Ints:
    """Return the first rule that holds for each line."""
    order = (
        (Rule.FELL, fell),
        (Rule.YOUNG, grew & still & (not enough)),
        (Rule.FILLED, grew & ~still & risen & enough),
        (Rule.SLOWS, grew & still & risen & slows),
        (Rule.RISES, grew & still & proven & ~fades),
        (Rule.FADES, grew & still & likely & fades),
        (Rule.UNPROVEN, grew & still & likely),
        (Rule.SWINGS, grew),
        (Rule.TURNS, turns),
        (Rule.STANDS, stands),
    )
    holds = [condition for _, condition in order]
    return np.select(holds, [RULES.index(rule) for rule, _ in order], RULES.index(Rule.UNCLEAR))


def _bounds(rate: float, then: Figures, now: Figures, z: float, *, load: bool) -> Interval:
    """Return the growth's interval from sampling error and, with `load`, random fluctuation of load."""
    size = np.maximum(_size(then), _size(now))
    each = size if load else np.zeros_like(size)  # variance added by each object, as a Poisson number
    between = Figures(*(after - before for after, before in zip(now, then, strict=True)))
    allocated = Sampling(between.allocated_variance + between.allocated * each, between.allocated_sampled)
    added, removed = turnover(
        Sampling(now.variance + now.value * each, now.sampled),
        Sampling(then.variance + then.value * each, then.sampled),
        None if np.isnan(allocated.variance).all() else allocated,
    )
    step = rate or (1.0 if load else 0.0)  # unsampled objects come and go one by one
    return interval(between.value, added, removed, size, step, z)


def _size(figures: Figures) -> Floats:
    """Return the mean object size: the variance that each object adds as a Poisson number."""
    return np.where(figures.objects > 0, ratio(figures.value, figures.objects), 0)


def _slows(history: History) -> Mask:
    """Return which lines grow at less than half their earlier pace, both per second and per byte allocated.

    Compares the second half with the first, and the last quarter with the whole. Under less load, a leak keeps its pace
    per byte allocated; a cache that fills slows down by both measures.
    """
    last = len(history) - 1
    middle, quarter = last // 2, last - max(1, last // 4)
    now, out = history.figures(last), np.zeros(len(history.row), np.bool_)
    for begin, end, since in ((0, middle, middle), (0, last, quarter)):
        before = history.value(end) - history.value(begin)
        at_most = _bounds(history.rate, history.figures(since), now, DOUBT_ERRORS, load=True).high
        by_clock, by_work = (
            _slower(FLATTENING_PACE * before, clock(end) - clock(begin), at_most, clock(last) - clock(since))
            for clock in (history.seconds, history.work)
        )
        out |= by_clock & by_work
    return out


def _fades(history: History) -> Mask:
    """Return which lines seem to grow in the last quarter at less than a third of their overall pace."""
    last = len(history) - 1
    quarter = last - max(1, last // 4)
    whole, late = (history.value(last) - history.value(begin) for begin in (0, quarter))
    by_clock, by_work = (
        _slower(FADED_PACE * whole, clock(last) - clock(0), late, clock(last) - clock(quarter))
        for clock in (history.seconds, history.work)
    )
    return by_clock & by_work


def _slower(before: Floats, span_before: float, now: Floats, span: float) -> Mask:
    """Return which lines grow slower than before, given the spans of a clock; all if a span is unknown or 0."""
    if not (span > 0 and span_before > 0):
        return np.ones(len(now), np.bool_)
    slower: Mask = now / span < before / span_before
    return slower


def _sag(floor: Singles) -> Singles:
    """Return each line's largest fall of the floor below an earlier value. A leak's floor falls only by sampling."""
    return np.asarray((np.maximum.accumulate(floor) - floor).max(axis=0))


def _share(growth: Floats, allocated: Floats) -> Floats:
    return np.divide(growth, allocated, out=np.full_like(growth, np.nan), where=allocated > 0)
