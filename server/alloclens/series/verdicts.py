"""Computes the verdict on each line from the history of a process, with the rule behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio
from alloclens.series.owned import Figures
from alloclens.stats.growth import critical_value
from alloclens.stats.intervals import Interval, Sampling, interval, turnover
from alloclens.stats.trend import MIN_FREED, fit, noise, quantile, rise, significant, upper_tail

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.series.history import History


MIN_OBSERVATIONS = 6
"""Minimum number of observations to judge a trend. Fewer show that a line grew, not that it keeps growing."""
MIN_LEAK_OBSERVATIONS = 20
"""Minimum number of observations of a leak. The first rise after a start may be a cache that fills, or a morning."""
SIGNIFICANCE = 0.01
"""The probability that any line is reported to grow though it does not."""
HELD_PACE = 0.5
"""A pace that is certainly above this share of the earlier pace holds; one certainly below it has fallen."""
HELD = quantile(0.9)
"""How certain it must be that the pace holds, in standard errors."""
FELL = quantile(0.95)
"""How certain it must be that the pace fell, to say that something fills up."""
MIN_TICK = 1e-6
"""Of a clock that runs from 0 to 1: what advances by less stands still."""
LATE = (0.5, 0.75, 0.875)
"""Where in the observations "lately" begins. What fills up may do so at any time."""
MIN_GROWTH_SHARE = 0.005
"""Smaller shares of the memory in use are not reported as growth."""
MIN_RETENTION = 0.1
"""Churn certainly retains less than this share of its allocations."""
MAX_STABLE_CHANGE = 0.1
"""A line is stable if it certainly changed by less than this share."""
LOAD = quantile(0.95)
"""How certain it must be that less is freed of what is in use than before, in standard errors."""
RISEN_LOAD = quantile(0.999)
"""The same where more is allocated in the second half than in the first, by more than one standard error."""


class Rule(Enum):
    """The rule that fired; the value is the verdict."""

    PROVEN = ("leak", "proven")
    """Goroutines that the garbage collector found to be blocked for ever."""
    RISES = ("leak", "rises")
    """It rises, and the pace holds."""
    YOUNG = ("growing", "young")
    """It grew significantly, but there are too few observations to say more."""
    UNSETTLED = ("growing", "unsettled")
    """It rises, but whether the pace holds is not known yet."""
    FILLED = ("filling", "filled")
    """It rose, but lately certainly at less than half the earlier pace."""
    FELL = ("shrinking", "fell")
    TURNS = ("churn", "turns over")
    """Much was allocated, and certainly nearly nothing retained."""
    LOADED = ("noise", "loaded")
    """It rises, but what is freed rises as well, as under more load."""
    SMALL = ("noise", "small")
    """It rises, but by a tiny share of what is in use."""
    SWINGS = ("noise", "swings")
    """It is larger than at the start, but did not rise steadily."""
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
    """One element for each entry of a history."""

    rule: Ints
    """Index in RULES."""
    growth: Floats
    """Since the first observation."""
    bounds: Interval
    """The 99 % sampling interval of the growth."""
    deviate: Floats
    """How far the slope is above zero, in standard errors; with few observations, the growth in halves of its interval."""
    p_value: Floats
    """The probability that a line without a leak rises as much."""
    retention: Floats
    """Growth as a share of the allocations meanwhile; nan if unknown."""
    slowed: Floats
    """How far the latest pace is below the earlier one, in standard errors, at least 0."""
    load: Floats
    """What is freed per second in the second half, as a multiple of the first; nan if unknown."""
    tests: int
    """Number of entries that could have shown a trend."""


class Pace(NamedTuple):
    """How the pace lately compares with that before."""

    holds: Mask
    fell: Mask
    slowed: Floats


def verdicts(history: History) -> Verdicts:
    """Judge all entries at the last observation. With a single observation, all are stable."""
    last, entries = len(history.chosen) - 1, len(history.site)
    then, now = history.figures(0), history.figures(last)
    growth, allocated = now.value - then.value, np.nan_to_num(now.allocated - then.allocated)
    looked_at = int(np.count_nonzero(now.value))
    enough = len(history) >= MIN_OBSERVATIONS
    whole = _bounds(history.rate, then, now, critical_value(looked_at), load=not enough)
    stated = _bounds(history.rate, then, now, critical_value(1), load=False)
    late = _bounds(history.rate, history.figures(last // 2), now, critical_value(1), load=True)
    nothing = np.zeros(entries)
    if enough:
        deviate = rise(history.counts, history.clock)
        p_value, smallest = upper_tail(deviate), _smallest(history)
        proven = significant(p_value, smallest, SIGNIFICANCE) & (growth > 0)
        proven &= ~history.foreign | ~(growth < MIN_RETENTION * allocated)  # a library's own churn follows the load
        pace, load = _pace(history), _load(history)
        tests = int(np.count_nonzero(smallest < SIGNIFICANCE))
    else:
        deviate = ratio(2 * growth, np.nan_to_num(stated.high - stated.low))  # 1 would be significant
        p_value, proven, tests = nothing + 1, nothing > 0, looked_at
        pace, load = Pace(nothing > 0, nothing > 0, nothing), Load(nothing > 0, nothing + np.nan)
    order = (
        (Rule.FELL, whole.high < 0),
        (Rule.YOUNG, (whole.low > 0) & (late.low > 0) & (not enough) & (growth > MIN_GROWTH_SHARE * now.value.sum())),
        (Rule.SMALL, proven & (growth <= MIN_GROWTH_SHARE * now.value[: len(history.row)].sum())),
        (Rule.FILLED, proven & pace.fell),
        (Rule.LOADED, proven & load.explains),
        (Rule.RISES, proven & pace.holds & (len(history) >= MIN_LEAK_OBSERVATIONS)),
        (Rule.UNSETTLED, proven),
        (Rule.TURNS, np.maximum(stated.high, -stated.low) < MIN_RETENTION * allocated),
        (Rule.STANDS, np.maximum(stated.high, -stated.low) <= MAX_STABLE_CHANGE * now.value),
        (Rule.SWINGS, whole.low > 0),
    )
    holds = [condition for _, condition in order]
    rule = np.select(holds, [RULES.index(rule) for rule, _ in order], RULES.index(Rule.UNCLEAR))
    retention = np.divide(growth, allocated, out=np.full_like(growth, np.nan), where=allocated > 0)
    return Verdicts(rule, growth, stated, deviate, p_value, retention, pace.slowed, load.ratio, tests)


def _smallest(history: History) -> Floats:
    """Return the least p-value that each entry could reach: that of as many objects, had none of them been freed."""
    counts = history.counts
    came = counts.arrived[-1] - counts.arrived[0] + counts.held[0]
    known = np.where(np.isnan(came), np.where(np.ptp(counts.held, axis=0) > 0, np.inf, 0), came)
    return upper_tail(np.sqrt(np.maximum(known, 0)))


def _pace(history: History) -> Pace:
    """Compare the pace lately with that before, by the clock and by work done: under less load a leak is slower, too."""
    each = [_deviates(history, clock) for clock in (history.clock, history.work)]
    best = np.nan_to_num(np.fmax(*each))  # shape (places, entries)
    slowed = np.maximum(-best.min(axis=0), 0)
    return Pace(best[0] > HELD, slowed > FELL, slowed)


def _deviates(history: History, clock: Floats) -> Floats:
    """Return how far the pace lately is above half the earlier one, in standard errors, for each beginning of lately.

    Shape (places, entries); nan where the clock stands still.
    """
    error, out = noise(history.counts, history.clock), np.full((len(LATE), len(history.site)), np.nan)
    for row, place in zip(out, LATE, strict=True):
        begin = round(place * (len(clock) - 1))
        stands = not clock[0] + MIN_TICK < clock[begin] < clock[-1] - MIN_TICK
        if stands or len(clock) - begin < 3:  # a single step has no pace
            continue
        columns = np.stack([np.ones_like(clock), clock, np.maximum(clock - clock[begin], 0)], axis=1)
        row[:] = fit(history.counts, history.clock, columns, error).deviate(np.array([0.0, 1 - HELD_PACE, 1.0]))
    return out


class Load(NamedTuple):
    """Whether the load explains a rise."""

    explains: Mask
    ratio: Floats
    """What is freed per second in the second half, as a multiple of the first; nan if unknown."""


def _load(history: History) -> Load:
    """Return which entries free more as more is in use.

    What ends after a while is freed in proportion to what is in use, whatever the load; what leaks is never freed. So
    the objects freed in each half are compared with the objects in use meanwhile.
    """
    counts, clock = history.counts, history.clock
    middle = (len(clock) - 1) // 2
    came = np.diff(counts.arrived, axis=0)
    went = np.maximum(came - np.diff(counts.held, axis=0), 0)
    held = (counts.held[1:] + counts.held[:-1]) / 2
    used = held * np.diff(clock)[:, None]
    (early, late), (before, lately) = ((of[:middle].sum(axis=0), of[middle:].sum(axis=0)) for of in (went, used))
    freed, allocated = np.nan_to_num(early + late), np.nan_to_num(came.sum(axis=0))
    share = ratio(lately, before + lately)
    binomial = freed * share * (1 - share)
    counted = 1 / np.maximum(held[:middle].sum(axis=0), 1) + 1 / np.maximum(held[middle:].sum(axis=0), 1)
    below = ratio(freed * share - np.nan_to_num(late), np.sqrt(binomial + binomial**2 * counted))
    spans = clock[middle], 1 - clock[middle]
    more = came[middle:].sum(axis=0) - came[:middle].sum(axis=0) * spans[1] / spans[0]
    needed = np.where(np.nan_to_num(more) > np.sqrt(allocated), RISEN_LOAD, LOAD)
    turned = freed >= np.maximum(counts.held.mean(axis=0), MIN_FREED * allocated)  # all of it was exchanged once
    explains = (freed > 0) & turned & (below < needed)
    return Load(explains, ratio(late / spans[1], early / spans[0]))


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
