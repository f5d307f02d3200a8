"""Computes the verdict on each line from the history of a process, with the rule behind it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio
from alloclens.series.owned import Figures
from alloclens.stats.growth import critical_value, undone_before
from alloclens.stats.intervals import Interval, Sampling, interval, turnover
from alloclens.stats.trend import (
    MIN_FREED,
    Counts,
    Model,
    Noise,
    dispersion,
    lasting_noise,
    outlived,
    quantile,
    reach,
    rise,
    rise_of_lasting,
    rise_of_sizes,
    significant,
    upper_tail,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from numpy.typing import NDArray

    from alloclens.arrays import Floats, Ints, Mask
    from alloclens.series.history import History


MIN_OBSERVATIONS = 6
"""Minimum number of observations to judge a trend. Fewer show that a line grew, not that it keeps growing."""
MIN_LEAK_OBSERVATIONS = 20
"""Minimum number of observations of a leak. The first rise after a start may be a cache that fills, or a morning; and so may
the first rise of a line."""
MIN_FIRST_RISE = 6 * 3600.0
"""Minimum seconds, with fewer observations, until what rises since the process started is a finding: a morning."""
SIGNIFICANCE = 0.02
"""The probability that any line is reported to grow though it does not: information, which costs less than an alarm."""
SIGNIFICANCE_OF_LEAK = 0.01
"""The same of a leak."""
SIGNIFICANCE_OF_UNRETURNED = 0.05
"""The same of growth among the lines that hold what often is not given back: they leak so much more often that less has to be
shown."""
MIN_LASTING_RISE = quantile(0.95)
"""How clearly a line rises at least if its objects in use last as long as its steps show, in standard errors."""
MIN_RISE = 0.5
"""In standard errors; one sampled object that stays is one. What rises less is no candidate, and its pace is not fitted."""
HELD_PACE = 0.5
"""A pace that is certainly above this share of the earlier pace holds; one certainly below it has fallen."""
HELD = quantile(0.95)
"""How certain it must be that the pace holds, in standard errors."""
SLOWER = quantile(0.75)
"""How likely a pace that changes evenly may be to end below half of its first value, for it to hold."""
FELL = quantile(0.95)
"""How certain it must be that the pace fell: at once, as when something is full; or evenly, to call a rise slower."""
MIN_GAINS = 3
"""What rises less often in the second half may have risen for the last time."""
MIN_LATE_SIZES = 2
"""Of few objects that become larger: one that did so once in the second half may be full."""
STOOD = 0.01
"""How unlikely it must be that a line that keeps rising is never higher for so long, to say that it stands still."""
MIN_REPLACED = 3.0
"""Sampled objects that a cache which is full frees at least: fewer may end late by chance."""
MIN_TICK = 1e-6
"""Of a clock that runs from 0 to 1: what advances by less stands still."""
LATE = (0.5, 0.75, 0.875)
"""Where in the observations "lately" begins. What fills up may do so at any time."""
MAX_FEW = 3.0
"""With so few sampled objects on average, their size is looked at as well as their number."""
MIN_GROWTH_SHARE = 0.005
"""Smaller shares of the memory in use are not reported as growth."""
MIN_RETENTION = 0.1
"""Churn certainly retains less than this share of its allocations."""
MAX_STABLE_CHANGE = 0.1
"""A line is stable if it certainly changed by less than this share; if its error is unknown, if it never changed by more."""
BEYOND = quantile(0.95)
"""How certain it must be that more is in use than in the previous process, in standard errors."""
LOAD = quantile(0.95)
"""Load explains a rise if fewer objects come and go than under load by less than so many standard errors, and all that is
in use was exchanged once."""
NO_LOAD = quantile(0.999)
"""Load certainly does not explain it if they are fewer by at least so many; or by LOAD, if less was exchanged."""


class Rule(Enum):
    """The rule that fired; the value is the verdict."""

    PROVEN = ("leak", "proven")
    """Goroutines that the garbage collector found to be blocked for ever."""
    RISES = ("leak", "rises")
    """It rises, and the pace holds."""
    YOUNG = ("growing", "young")
    """It grew significantly, but there are too few observations to say more."""
    UNSETTLED = ("growing", "unsettled")
    """It rises, but it is not certain yet that the pace holds and that load does not explain it."""
    LIKELY = ("growing", "likely")
    """Its rise alone proves nothing, but it holds what often is not given back."""
    EARLY = ("noise", "early")
    """It rises since the process started, which is too short a time to tell a leak from a warm-up."""
    FILLED = ("filling", "filled")
    """It rose, but lately certainly at less than half the earlier pace."""
    SLOWS = ("noise", "slows")
    """It rises, but certainly slower than before: evenly, in the end at less than half of its first pace."""
    REFILLS = ("noise", "refills")
    """It rises, but not certainly beyond where it slowed down in the previous process."""
    LOADED = ("noise", "loaded")
    """It rises, but as much more comes and goes, as under more load."""
    FELL = ("shrinking", "fell")
    TURNS = ("churn", "turns over")
    """Much was allocated, and certainly nearly nothing retained."""
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


VERDICT_RULES = tuple(Rule)
"""Worst first."""
VERDICTS = ("leak", "growing", "filling", "shrinking", "churn", "noise", "stable")
"""Worst first."""


@dataclass(frozen=True, eq=False)
class Verdicts:
    """One element for each entry of a history."""

    rule: Ints
    """Index in VERDICT_RULES."""
    growth: Floats
    """Since the first observation."""
    bounds: Interval
    """The 99 % sampling interval of the growth."""
    significant: Mask
    """Whether it grew or shrank significantly, corrected for the number of lines; see `Changes.significant`."""
    deviate: Floats
    """How far the slope is above zero, in standard errors; with few observations, the growth in halves of its interval."""
    p_value: Floats
    """The probability that a line without a leak rises as much."""
    retention: Floats
    """Growth as a share of the allocations meanwhile; nan if unknown."""
    slowing: Floats
    """How clearly the pace becomes lower, evenly or to less than half at once, in standard errors; at least 0."""
    load: Floats
    """What is freed per second in the second half, as a multiple of the first; nan if unknown."""
    missing: Floats
    """By how much less came and went than load explains, in standard errors; inf if it explains nothing."""
    tests: int
    """Number of entries that could have shown a trend."""


class Trend(NamedTuple):
    """Whether the entries rise. The fields are those of `Verdicts`."""

    deviate: Floats
    p_value: Floats
    proven: Mask
    likely: Mask
    """What holds what often is not given back rises significantly among its like."""
    certain: Mask
    """It is proven even if the objects in use last as long as the steps from one observation to the next show."""
    by_size: Mask
    """It is the objects that become larger, rather than more."""
    tests: int


class Pace(NamedTuple):
    """How the pace lately compares with that before. The masks exclude each other."""

    holds: Mask
    slows: Mask
    fell: Mask
    slowing: Floats
    """How clearly it becomes lower, evenly or to less than half at once, in standard errors; at least 0."""


STEADY = (False, False, False, 0.0)
"""The pace of what does not rise."""


def verdicts(history: History) -> Verdicts:
    """Judge all entries at the last observation. With a single observation, all are stable."""
    last, nothing = len(history.chosen) - 1, np.zeros(len(history.site))
    then, now = history.figures(0), history.figures(last)
    growth, allocated = now.value - then.value, np.nan_to_num(now.allocated - then.allocated)
    looked_at, never = int(np.count_nonzero(now.value)), nothing > 0
    least = MIN_GROWTH_SHARE * now.value[history.parts.depth == 0].sum()
    enough = len(history) >= MIN_OBSERVATIONS
    whole = _bounds(history.rate, then, now, critical_value(looked_at), load=not enough)
    stated = _bounds(history.rate, then, now, critical_value(1), load=False)
    if enough:
        trend, pace, load = _tested(history)
        young = never
        proven = trend.proven & (growth > 0)
        proven &= ~history.foreign | ~(
            stated.high < MIN_RETENTION * allocated
        )  # a library's own churn follows the load
    else:
        late = _bounds(history.rate, history.figures(last // 2), now, critical_value(1), load=True)
        young = (whole.low > 0) & (late.low > 0) & (growth > least)
        proven, deviate = never, ratio(2 * growth, np.nan_to_num(stated.high - stated.low))  # 1 would be significant
        trend = Trend(deviate, nothing + 1, never, never, never, never, looked_at)
        pace, load = Pace(never, never, never, nothing), Load(nothing + np.inf, never, nothing + np.nan)
    slowed, went_on = _before(history)
    early = ~went_on & _is_first_rise(history)
    is_explained = proven & (load.missing < LOAD)
    likely = trend.likely & (growth > least) & ~(pace.fell | pace.slows | early | slowed)
    order = (
        (Rule.FELL, whole.high < 0),
        (Rule.REFILLS, (proven | young) & slowed),
        (Rule.EARLY, young & early),
        (Rule.YOUNG, young),
        (Rule.SMALL, proven & (growth <= least)),
        (Rule.FILLED, proven & pace.fell),
        (Rule.LIKELY, likely & (is_explained | ~proven)),
        (Rule.LOADED, is_explained),
        (Rule.SLOWS, proven & pace.slows),
        (Rule.RISES, proven & trend.certain & pace.holds & load.excluded & _rises_for_long(history)),
        (Rule.EARLY, proven & early),
        (Rule.UNSETTLED, proven),
        (Rule.TURNS, np.maximum(stated.high, -stated.low) < MIN_RETENTION * allocated),
        (Rule.STANDS, _stands(history, stated, MAX_STABLE_CHANGE * now.value)),
        (Rule.SWINGS, whole.low > 0),
    )
    holds = [condition for _, condition in order]
    rule = np.select(holds, [VERDICT_RULES.index(rule) for rule, _ in order], VERDICT_RULES.index(Rule.UNCLEAR))
    retention = np.divide(growth, allocated, out=np.full_like(growth, np.nan), where=allocated > 0)
    tested = trend.deviate, trend.p_value, retention, pace.slowing, load.ratio, load.missing, trend.tests
    return Verdicts(rule, growth, stated, _significant(history, then, now), *tested)


def _significant(history: History, then: Figures, now: Figures) -> Mask:
    """Return what grew or shrank significantly; of what comes and goes, by more than it ever did before and undid."""
    growth, z = now.value - then.value, critical_value(int(np.count_nonzero(now.value[: history.lines])))
    low, high = _bounds(history.rate, then, now, z, load=history.comes_and_goes)
    beyond: Mask = (growth != 0) & ((low > 0) | (high < 0))
    return beyond & ~undone_before(history.values, growth) if history.comes_and_goes else beyond


def _stands(history: History, growth: Interval, most: Floats) -> Mask:
    """Return what certainly changed by no more than this; without a known error, what never differed by more."""
    is_unknown = np.isnan(growth.low) & (len(history) >= MIN_OBSERVATIONS)
    within = np.maximum(growth.high, -growth.low) <= most
    return np.asarray(np.where(is_unknown, np.ptp(history.values, axis=0) <= most, within))


def _tested(history: History) -> tuple[Trend, Pace, Load]:
    """Test the trend of all entries, and the pace and load of those that rise: others' are of no use."""
    trend = _trend(history)
    rising, count = np.flatnonzero(trend.deviate > MIN_RISE), len(trend.deviate)
    pace, load = (of(history, rising, trend.by_size[rising]) for of in (_pace, _load))
    return trend, Pace(*_of_all(pace, rising, STEADY, count)), Load(*_of_all(load, rising, UNLOADED, count))


def _of_all(
    columns: Iterable[Floats | Mask], some: Ints, others: Iterable[float], count: int
) -> Iterator[NDArray[Any]]:
    """Yield columns of some entries as columns of all, with the same value for each of the others."""
    for column, other in zip(columns, others, strict=True):
        whole = np.full(count, other)
        whole[some] = column
        yield whole


def _trend(history: History) -> Trend:
    """Test whether each entry's objects become more; and, of a few large ones that replace each other, larger."""
    counts, entries = history.counts, len(history.site)
    number = rise(counts, history.clock, from_start=history.is_from_start)
    size, largest = np.zeros((2, entries))
    few = (counts.held.mean(axis=0) <= MAX_FEW) & (history.sizes.max(axis=0) > history.rate)
    if few.any():
        size[few], largest[few] = rise_of_sizes(counts.some(few), history.sizes[:, few])
    lasting, clear = number.copy(), np.flatnonzero(number > MIN_LASTING_RISE)
    lasting[clear] = np.minimum(number[clear], rise_of_lasting(counts.some(clear), history.clock))
    p_value, certain = (upper_tail(np.concatenate([of, size])) for of in (number, lasting))
    smallest = upper_tail(np.concatenate([reach(counts), largest]))
    of_number, of_size = np.split(significant(p_value, smallest, SIGNIFICANCE), 2)
    of_number &= lasting > MIN_LASTING_RISE
    likely, unreturned = np.zeros(entries, np.bool_), np.flatnonzero(history.unreturned)
    if len(unreturned):
        likely[unreturned] = significant(
            upper_tail(number[unreturned]), upper_tail(reach(counts.some(unreturned))), SIGNIFICANCE_OF_UNRETURNED
        )
        likely &= lasting > MIN_LASTING_RISE
    of_size &= _gained_late(history.values, history.clock) >= MIN_LATE_SIZES
    is_certain = np.logical_or(*np.split(significant(certain, smallest, SIGNIFICANCE_OF_LEAK), 2))
    tests = int(np.count_nonzero(smallest < SIGNIFICANCE))
    return Trend(
        deviate=np.maximum(number, size),
        p_value=np.minimum(*np.split(p_value, 2)),
        proven=of_number | of_size,
        likely=likely,
        certain=is_certain,
        by_size=of_size & ~of_number,
        tests=tests,
    )


def _pace(history: History, rising: Ints, by_size: Mask) -> Pace:
    """Compare the pace of some entries lately with that before, by the clock and by work done, which is less under less load.

    Work is that of the process, or of the line itself.
    """
    counts, clock, work = history.counts.some(rising), history.clock, history.work
    error = lasting_noise(counts, clock, _outlived(history, rising))
    deviates = [*_deviates(counts, error, clock, clock, work)]
    works, own = _own_work(counts)
    deviates.append(np.full_like(deviates[0], np.nan))
    deviates[-1][:, works] = next(_deviates(counts.some(works), error.some(works), clock, own[:, works]))
    best = np.nan_to_num(np.fmax.reduce(deviates))  # see _deviates
    *late, _, end = best
    stood = _stood(counts.held, clock, work)
    fell = (np.min(late, axis=0) < -FELL) | (stood < STOOD)
    slows = ((end < -FELL) | (stood < 1) | (_replaces(counts) & history.is_from_start)) & ~fell
    holds = (late[0] > HELD) & (end >= -SLOWER) & ~slows & ~fell & _gains_late(counts.held)
    slowing = np.maximum(-best[:-1].min(axis=0), 0)
    shrank = ~_grown_late(history.values[:, rising], clock, work)
    return Pace(holds & ~by_size, slows & ~by_size, np.where(by_size, shrank, fell), slowing)


def _deviates(counts: Counts, error: Noise, clock: Floats, *clocks: Floats) -> Iterator[Floats]:
    """Yield, by each of some clocks, how far the pace lately is above half the earlier one, in standard errors.

    There is a row for each of LATE, where the late part may begin. Two more rows are of a pace that changes evenly: how far it rises, and how far
    it is above half of its first value in the end. nan where the clock stands still. Errors are by `clock`; the others are of
    the shape (observations,), or all of (observations, lines).
    """
    bursts = dispersion(counts)
    error = error._replace(level=error.level * bursts, gain=error.gain * bursts)
    begin = [round(place * (len(clock) - 1)) for place in LATE]
    regressors = [
        np.stack([np.ones_like(ticks), ticks, ticks**2, *(np.maximum(ticks - ticks[at], 0) for at in begin)], axis=1)
        for ticks in clocks
    ]
    model = Model(counts, clock, np.concatenate(regressors, axis=1), error)
    for which, ticks in enumerate(clocks):
        out = np.full((len(LATE) + 2, counts.held.shape[1]), np.nan)
        level, steady, bend, *late = np.arange(regressors[0].shape[1]) + which * regressors[0].shape[1]
        for row, at, kink in zip(out, begin, late, strict=False):
            if _moves(ticks, at).all() and len(clock) - at >= 3:  # a single step has no pace
                row[:] = model.fit(level, steady, kink).deviate(np.array([0, 1 - HELD_PACE, 1]))
        if not np.isnan(out[0]).any():
            evenly = model.fit(level, steady, bend)
            out[-2:] = [evenly.deviate(np.array(contrast)) for contrast in ([0, 0, 1], [0, 1 - HELD_PACE, 2])]
        yield out


def _moves(clock: Floats, at: int) -> Mask:
    """Return which clocks move both before and after an observation."""
    return np.asarray((clock[0] + MIN_TICK < clock[at]) & (clock[at] < clock[-1] - MIN_TICK))


def _own_work(counts: Counts) -> tuple[Mask, Floats]:
    """Return which lines' own allocations tell their load, as at least half is freed; and these, from 0 to 1.

    Of a line that keeps most, they would be its own measure.
    """
    came = np.nan_to_num(counts.arrived - counts.arrived[0])
    works = 2 * (counts.held[-1] - counts.held[0]) <= came[-1]
    came /= np.maximum(came[-1], 1)
    for place in LATE:
        works &= _moves(came, round(place * (len(came) - 1)))
    return works, came


def _rises_for_long(history: History) -> Mask:
    """Return which entries began to rise so many observations ago that they may be leaks."""
    held = history.counts.held
    begun = np.maximum(np.argmax(held > held[0], axis=0) - 1, 0)
    return np.asarray(len(history) - history.chosen[begun] >= MIN_LEAK_OBSERVATIONS)


def _gains_late(held: Floats) -> Mask:
    """Return which entries rose at several times in the second half: one or two steps may be the last."""
    late = held[(len(held) - 1) // 2 :]
    gains = (np.diff(late, axis=0) > 0).sum(axis=0)
    rising = sum((late[row + 1 :] > late[row]).sum(axis=0) for row in range(len(late) - 1))
    pairs = len(late) * (len(late) - 1) / 2
    return np.asarray((gains >= MIN_GAINS) & (2 * rising > pairs))


def _gained_late(values: Floats, clock: Floats) -> Ints:
    """Return how often each entry was larger than ever before, in the second half by the clock."""
    higher = values[1:] > np.maximum.accumulate(values)[:-1]
    return np.asarray(higher[clock[1:] > 1 / 2].sum(axis=0))


def _stood(held: Floats, clock: Floats, work: Floats) -> Floats:
    """Return the probability that something that keeps rising sets no new maximum for as long as each entry has not.

    If each of several steps could come at any time, none comes after `end` with the probability `end ** steps`. What comes
    at once is one step, however much it is. It is 1 for what was higher in the second half, by the clock or by work done.
    """
    higher = held[1:] > np.maximum.accumulate(held)[:-1]
    last = np.where(higher.any(axis=0), len(higher) - np.argmax(higher[::-1], axis=0), 0)
    end = np.fmax(clock[last], work[last])
    return np.asarray(np.where(end < 1 / 2, end ** higher.sum(axis=0), 1.0))


def _replaces(counts: Counts) -> Mask:
    """Return which entries now free more than half of what they allocate, and freed hardly anything before.

    A cache that is full does so. That shows in fewer objects than that their number stands still.
    """
    held, arrived = (np.nan_to_num(of - of[0]) for of in counts)
    freed, replaces = np.maximum(arrived - held, 0), np.zeros(held.shape[1], np.bool_)
    for place in LATE:
        at = round(place * (len(held) - 1))
        share = ratio(arrived[-1] - arrived[at], arrived[-1])
        lately = freed[-1] - freed[at]
        began = freed[-1] * (1 - share) - freed[at] > FELL * np.sqrt(freed[-1] * share * (1 - share))
        replaces |= (
            began
            & (freed[at] <= MIN_FREED * arrived[at])
            & (lately >= MIN_REPLACED)
            & (lately > (1 - HELD_PACE) * (arrived[-1] - arrived[at]))
        )
    return replaces


def _grown_late(values: Floats, clock: Floats, work: Floats) -> Mask:
    """Return which entries grew lately at no less than half the earlier pace, by the clock or by work done."""
    middle = (len(clock) - 1) // 2
    early, late = values[middle] - values[0], values[-1] - values[middle]
    halves = [(ticks[middle], 1 - ticks[middle]) for ticks in (clock, work)]
    grown: Mask = np.any([late * before >= HELD_PACE * early * after for before, after in halves], axis=0)
    return grown


def _is_first_rise(history: History) -> bool:
    """Return whether a process is young, and was watched from its start on."""
    over = float(history.seconds[-1] - history.seconds[0])
    return len(history) < MIN_LEAK_OBSERVATIONS and over < MIN_FIRST_RISE and history.is_from_start


class Before(NamedTuple):
    """What the entries of a young process did in the previous one. The masks exclude each other."""

    slowed: Mask
    """They slowed down, and are not certainly above that level now."""
    went_on: Mask
    """They rose to its end."""


def _before(history: History) -> Before:
    before, never = history.before, np.zeros(len(history.site), np.bool_)
    if before is None or len(history) >= MIN_LEAK_OBSERVATIONS:
        return Before(never, never)
    rule = verdicts(before).rule
    slowed, went_on = (
        np.isin(rule, [*map(VERDICT_RULES.index, rules)])
        for rules in ((Rule.FILLED, Rule.SLOWS), (Rule.RISES, Rule.UNSETTLED))
    )
    then, now = before.counts.held[-1], history.counts.held[-1]
    return Before(slowed & (now - then <= BEYOND * np.sqrt(now + then)), went_on)


class Load(NamedTuple):
    """Whether the load explains a rise."""

    missing: Floats
    """By how much less came and went than the load explains, in standard errors; inf if it explains nothing."""
    excluded: Mask
    """It certainly does not."""
    ratio: Floats
    """What is freed per second in the second half, as a multiple of the first; nan if unknown."""


UNLOADED = (np.inf, False, np.nan)
"""The load of what does not rise."""


def _load(history: History, rising: Ints, by_size: Mask) -> Load:
    """Return for some entries whether as much more comes and goes as more is in use, by the clock or by work done.

    Under load, more is in use because more comes. What ends after a while is freed in proportion to what is in use, and
    what leaks is never freed. So what came and what went in each half is compared with what was in use meanwhile.
    """
    counts, clock = history.counts.some(rising), history.clock
    middle = (len(clock) - 1) // 2
    came = np.diff(counts.arrived, axis=0)
    went = np.maximum(came - np.diff(counts.held, axis=0), 0)
    freed, allocated = _outlived(history, rising), np.nan_to_num(came.sum(axis=0))
    turns = (freed > 0) & (freed >= MIN_FREED * allocated)
    exchanged = turns & (freed >= counts.held.mean(axis=0))  # all that is in use, once
    fewer = [
        np.array([_fewer(of, counts.held, ticks) for of in (went, came)])
        for ticks in (clock, history.work)
        if MIN_TICK < ticks[middle] < 1 - MIN_TICK
    ]
    missing = np.min([np.full(len(rising), np.inf), *(deficit.max(axis=0) for deficit in fewer)], axis=0)
    needed = np.where(exchanged, NO_LOAD, LOAD)
    excluded = np.all([(deficit >= needed).all(axis=0) for deficit in fewer], axis=0)
    early, late = (np.nan_to_num(of.sum(axis=0)) for of in (went[:middle], went[middle:]))
    return Load(
        np.where(exchanged & ~by_size, missing, np.inf),
        ~turns | excluded,
        ratio(late / (1 - clock[middle]), early / clock[middle]),
    )


def _outlived(history: History, rising: Ints) -> Floats:
    """Return how many objects of some entries were freed that had been in use at an observation, at most."""
    largest = history.sizes[:, rising].max(axis=0)
    missed = np.exp(-largest / history.rate) if history.rate else np.zeros_like(largest)
    return outlived(history.counts.some(rising), missed)


def _fewer(events: Floats, held: Floats, clock: Floats) -> Floats:
    """Return by how much fewer events are in the second half than the objects in use let expect, in standard errors."""
    middle = (len(clock) - 1) // 2
    between = (held[1:] + held[:-1]) / 2
    used = between * np.diff(clock)[:, None]
    before, lately = used[:middle].sum(axis=0), used[middle:].sum(axis=0)
    share, total = ratio(lately, before + lately), np.nan_to_num(events.sum(axis=0))
    binomial = total * share * (1 - share)
    counted = 1 / np.maximum(between[:middle].sum(axis=0), 1) + 1 / np.maximum(between[middle:].sum(axis=0), 1)
    return ratio(total * share - np.nan_to_num(events[middle:].sum(axis=0)), np.sqrt(binomial + binomial**2 * counted))


def _bounds(rate: float, then: Figures, now: Figures, z: float, *, load: bool) -> Interval:
    """Return the growth's interval from sampling error and, with `load`, random fluctuation of load."""
    size = np.maximum(_size(then), _size(now))
    per_object = size if load else np.zeros_like(size)  # variance added by each object, as a Poisson number
    between = Figures(*(after - before for after, before in zip(now, then, strict=True)))
    allocated = Sampling(between.allocated_variance + between.allocated * per_object, between.allocated_sampled)
    added, removed = turnover(
        Sampling(now.variance + now.value * per_object, now.sampled),
        Sampling(then.variance + then.value * per_object, then.sampled),
        None if np.isnan(allocated.variance).all() else allocated,
    )
    step = rate or (1.0 if load else 0.0)  # unsampled objects come and go one by one
    return interval(between.value, added, removed, size, step, z)


def _size(figures: Figures) -> Floats:
    """Return the mean object size: the variance that each object adds as a Poisson number."""
    return np.where(figures.objects > 0, ratio(figures.value, figures.objects), 0)
