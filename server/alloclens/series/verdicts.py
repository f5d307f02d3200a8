"""What the history of a process says of each line that owns something: does it leak? With the rule that says so."""

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
"""Observations from which on a trend is judged. Fewer can say that a line grew, not that it goes on: with four,
Mann–Kendall cannot reach one in a hundred at all, with five only if none ever falls."""
SIGNIFICANCE = 0.01
"""The probability that any of the lines looked at is said to grow, or to rise steadily, though it does not."""
FLATTENING_PACE = 0.5
"""Growth that has fallen below this part of its earlier pace flattens."""
FADED_PACE = 1 / 3
"""Growth that seems to have fallen below this part of the pace of all fades: less than half, as errors are not allowed for."""
DOUBT_ERRORS = 1.28
"""In standard errors: what nine of ten such figures would be. It guards what stronger evidence has found already."""
MAX_SAG = 1 / 6
"""A floor that fell by this part of its whole rise goes up and down."""
MIN_GROWTH_SHARE = 0.005
"""A growth is worth a word if it is this part of all that is in use."""
MIN_RETENTION = 0.1
"""Of what is allocated, churn keeps less than this."""
MAX_STABLE_CHANGE = 0.1
"""A line is stable if it changed by less than this part of it."""


class Rule(Enum):
    """What fired; the value is the verdict."""

    RISES = ("leak", "rises")
    """Its floor rises steadily, still rises, and does not seem to slow down."""
    YOUNG = ("growing", "young")
    """It grew for certain; there are too few observations to say more."""
    UNPROVEN = ("growing", "unproven")
    """It grew for certain and still does, but the trend may yet be chance among so many lines."""
    FADES = ("growing", "fades")
    """It grew for certain and still does, but of late it seems to slow down."""
    FILLED = ("filling", "filled")
    """It grew for certain, but not in the second half of the observations."""
    SLOWS = ("filling", "slows")
    """It still grows, at less than half the pace it had."""
    FELL = ("shrinking", "fell")
    TURNS = ("churn", "turns over")
    """Much was allocated and nearly nothing of it kept."""
    SWINGS = ("noise", "swings")
    """It is larger than it was, but has been up and down."""
    UNCLEAR = ("noise", "unclear")
    """The change is within what sampling and load do by chance."""
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
    """Place in RULES."""
    growth: Floats
    """Since the first observation."""
    bounds: Interval
    """Of that growth, by sampling alone: they hold it at 99 %."""
    windows: Windows
    """Of the history."""
    p_value: Floats
    """Of the trend of the floor, by Mann–Kendall's test."""
    retention: Floats
    """Growth as a part of what was allocated meanwhile; nan where that is not known."""


def verdicts(history: History) -> Verdicts:
    """Judge all lines at the last observation. A history of one observation says nothing but that they stand."""
    last, middle = len(history) - 1, (len(history) - 1) // 2
    then, now = history.figures(0), history.figures(last)
    looked_at = int(np.count_nonzero(now.value))
    enough = len(history) >= MIN_OBSERVATIONS  # then the trend says what is load
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
    """Return between what bounds the growth lies, by sampling; with `load`, also by what comes and goes by chance."""
    size = np.maximum(_size(then), _size(now))
    each = size if load else np.zeros_like(size)  # how much one object adds to the variance, as a Poisson number
    between = Figures(*(after - before for after, before in zip(now, then, strict=True)))
    allocated = Sampling(between.allocated_variance + between.allocated * each, between.allocated_sampled)
    added, removed = turnover(
        Sampling(now.variance + now.value * each, now.sampled),
        Sampling(then.variance + then.value * each, then.sampled),
        None if np.isnan(allocated.variance).all() else allocated,
    )
    step = rate or (1.0 if load else 0.0)  # what is counted whole comes and goes one by one
    return interval(between.value, added, removed, size, step, z)


def _size(figures: Figures) -> Floats:
    """Return of how much one object is: as a Poisson number, objects that come and go have that much more variance."""
    return np.where(figures.objects > 0, ratio(figures.value, figures.objects), 0)


def _slows(history: History) -> Mask:
    """Return which lines grow at less than half their earlier pace: by the clock, and by what the process allocates.

    Looked at twice: the second half against the first, the last quarter against all. A leak under less load is as fast
    as ever by what is allocated; a cache that fills is slower by both.
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
    """Return which lines seem to grow at less than a third of the pace of all in the last quarter."""
    last = len(history) - 1
    quarter = last - max(1, last // 4)
    whole, late = (history.value(last) - history.value(begin) for begin in (0, quarter))
    by_clock, by_work = (
        _slower(FADED_PACE * whole, clock(last) - clock(0), late, clock(last) - clock(quarter))
        for clock in (history.seconds, history.work)
    )
    return by_clock & by_work


def _slower(before: Floats, span_before: float, now: Floats, span: float) -> Mask:
    """Return what grows slower than before, in these spans of a clock; all, if that is not known or stands still."""
    if not (span > 0 and span_before > 0):
        return np.ones(len(now), np.bool_)
    slower: Mask = now / span < before / span_before
    return slower


def _sag(floor: Singles) -> Singles:
    """Return by how much each line's floor fell at most below where it had been; a leak's never falls but by sampling."""
    return np.asarray((np.maximum.accumulate(floor) - floor).max(axis=0))


def _share(growth: Floats, allocated: Floats) -> Floats:
    return np.divide(growth, allocated, out=np.full_like(growth, np.nan), where=allocated > 0)
