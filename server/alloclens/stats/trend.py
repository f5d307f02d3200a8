"""The trend of what a line holds: its slope by generalised least squares, and its pace lately against before.

Without a leak, the objects of a line arrive at some rate and each ends after a time of its own. Their number at m
observations is then a stationary process: its variance is its mean (Poisson), and it forgets at the rate at which it
turns over, so that two observations are correlated by exp(-objects freed between them / objects in use). Both are known
without looking at the trend, from the mean in use and from what was allocated and freed. The slope's error follows from
them (a score test), rather than from few residuals. Where nothing is freed, the correlation is 1, and the test becomes
that of k new objects against the root of k.

Load makes numbers vary more than that. Where the residuals show it, their own variance is used. Where they wander longer
than the turnover explains, as a queue does, the numbers are taken for a random walk of their own steps.
"""

from __future__ import annotations

import math
import sys
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.arrays import ratio

if TYPE_CHECKING:
    from alloclens.arrays import Floats, Ints, Mask


MAX_CORRELATION = 0.9999
MIN_VARIANCE = 1e-9
EXCESS_ERRORS = 2.0
"""Residuals show load if their variance exceeds that of Poisson numbers by so many of its standard errors; and a walk, if
their correlation exceeds that of the turnover by as many."""
TRIPLE_VARIANCE = 7.0
"""Of (b - a)(b - c) over the variance, of one triple of neighbours that overlaps with others."""
LAGS = (1, 2, 4, 8, 16)
"""Intervals over which numbers show how long they remember."""
SETTLED = 0.15
"""Of the time: a number whose objects live that long at most settles soon enough to tell that from a slope."""
MIN_SIZES = 4
"""Fewer sizes prove nothing: three are in order once in six times."""
MIN_SEEN = 4.0
"""With fewer different objects in use at the observations, each counts once, however long it lasts."""
MIN_FREED = 0.1
"""Of what is allocated, load can explain a change only if this share is freed."""


class Counts(NamedTuple):
    """Objects of each line at each observation, of shape (observations, lines): the sampled ones, if a sample is known."""

    held: Floats
    """In use."""
    arrived: Floats
    """Allocated since the process started; nan if unknown."""

    def some(self, lines: Ints | Mask) -> Counts:
        """Return those of some lines."""
        return Counts(self.held[:, lines], self.arrived[:, lines])


UNEVEN = 2
"""Observations are unevenly spaced if the longest interval is at least so many times the shortest."""


class Noise(NamedTuple):
    """The error of a line's numbers about their trend: that of an autoregressive process; each of shape (lines,)."""

    memory: Floats
    """Correlation falls as exp(-time / memory), in the unit of the clock; inf for a random walk."""
    level: Floats
    """Variance of each number."""
    gain: Floats
    """Variance that one unit of the clock adds and that is not forgotten."""
    is_load: Mask
    """Whether the residuals decided."""
    life: Floats
    """How long an object stays on average, in the unit of the clock; inf if hardly any is freed."""

    def some(self, lines: Ints | Mask) -> Noise:
        """Return those of some lines."""
        memory, level, gain, is_load, life = self
        return Noise(memory[lines], level[lines], gain[lines], is_load[lines], life[lines])


def noise(counts: Counts, clock: Floats) -> Noise:
    """Return the error of each line's numbers, for at least three observations at these times."""
    held, span = counts.held, clock[-1] - clock[0]
    came = (counts.arrived[-1] - counts.arrived[0]) / span
    known = ~np.isnan(came)
    came = np.where(known, came, 0)
    went = np.maximum(came - (held[-1] - held[0]) / span, 0) * known
    turns = went >= MIN_FREED * came  # what is only kept has no load that comes and goes
    level = np.maximum(np.abs(held.mean(axis=0)), MIN_VARIANCE)
    residual, freedom = _residuals(held, clock), max(len(clock) - 2, 1)
    spread = (residual**2).sum(axis=0) / freedom
    is_load = ~known | (turns & (spread > level * (1 + EXCESS_ERRORS * math.sqrt(2 / freedom))))
    memory = np.where(known, level / np.maximum(went, MIN_VARIANCE), np.inf)
    modelled = np.exp(-span / (len(clock) - 1) / memory)
    walks = known & is_load & (_correlation(residual) > modelled + EXCESS_ERRORS / math.sqrt(len(clock)))
    return Noise(
        memory=np.where(walks, np.inf, memory),
        level=np.where(is_load, np.maximum(spread, MIN_VARIANCE), level),
        gain=np.where(walks, (np.diff(held, axis=0) ** 2).sum(axis=0) / span, np.maximum(came - went, 0)),
        is_load=is_load,
        life=np.where(turns, memory, np.inf),
    )


def lasting_noise(counts: Counts, clock: Floats, freed: Floats) -> Noise:
    """Return the error of the numbers of lines that rise, of which so many objects were freed that had been in use at an observation.

    What comes and goes between two observations makes no number forget what it was.
    """
    error, span = noise(counts, clock), clock[-1] - clock[0]
    lasting = np.where(error.is_load, error.memory, error.level * span / np.maximum(freed, MIN_VARIANCE))
    return error._replace(memory=np.maximum(error.memory, lasting))


def outlived(counts: Counts, missed: Floats) -> Floats:
    """Return how many objects of each line were freed that had been in use at an observation, at most; 0 if unknown.

    What comes and goes between two observations is never in use at one. What comes and stays, and what is freed of it,
    make the numbers vary from one observation to the next: their sum is the variance, at least as far as chance decides
    what is sampled (`missed` is the probability that an object is not). Their difference is the growth.
    """
    held, arrived = counts
    step, grown = np.diff(held, axis=0), held[-1] - held[0]
    freed = np.maximum(np.nan_to_num(arrived[-1] - arrived[0] - grown), 0)
    varied = ((step - step.mean(axis=0)) ** 2).sum(axis=0)
    error = np.sqrt(2 / len(step) + 1 / np.maximum(varied, 1))
    used = np.maximum(held[:-1].sum(axis=0), MIN_VARIANCE)
    exchanged = varied * (1 + EXCESS_ERRORS * error) / np.maximum(missed, MIN_VARIANCE)
    ended = np.clip(
        (exchanged - grown) / 2 / used, 0, MAX_CORRELATION
    )  # share of what was in use at the observation before
    return np.asarray(np.where(missed > 0, np.minimum(-np.log1p(-ended) * used, freed), freed))


def dispersion(counts: Counts) -> Floats:
    """Return the variance of each line's arrivals as a multiple of that of Poisson numbers: 1 unless bursts show.

    If the pace is the same before and after an interval, (b - a)(b - c) of its arrivals b and those of its neighbours is
    their variance on average. Where the pace changes once and for all, as when a cache is full, it is 0.
    """
    came = np.diff(np.nan_to_num(counts.arrived), axis=0)
    before, middle, after = came[:-2], came[1:-1], came[2:]
    mean = (before + middle + after) / 3
    number = np.maximum((mean > 0).sum(axis=0), 1)
    estimate = ratio((middle - before) * (middle - after), mean).sum(axis=0) / number
    return np.where(estimate > 1 + EXCESS_ERRORS * np.sqrt(TRIPLE_VARIANCE / number), estimate, 1.0)


def _residuals(held: Floats, clock: Floats) -> Floats:
    centred = clock - clock.mean()
    slope = centred @ held / (centred**2).sum()
    result: Floats = held - held.mean(axis=0) - centred[:, None] * slope
    return result


def _correlation(residual: Floats) -> Floats:
    """Return the correlation of successive residuals about a line, without its bias (Marriott and Pope 1954)."""
    count = len(residual)
    total = np.maximum((residual**2).sum(axis=0), MIN_VARIANCE)
    seen = (residual[1:] * residual[:-1]).sum(axis=0) / total
    return np.asarray(np.clip((seen + 2 / count) / max(1 - 4 / count, 0.5), 0.01, MAX_CORRELATION))


class Fit(NamedTuple):
    """A linear model of each line's numbers."""

    estimate: Floats
    """Coefficients, shape (lines, regressors)."""
    covariance: Floats
    """Shape (lines, regressors, regressors)."""

    def deviate(self, contrast: Floats) -> Floats:
        """Return how far a combination of the coefficients is above zero, in standard errors."""
        error = np.sqrt(np.einsum("i,lij,j->l", contrast, self.covariance, contrast))
        return np.asarray(self.estimate @ contrast / np.maximum(error, MIN_VARIANCE))


class Model:
    """Fits linear models to each line's numbers by generalised least squares.

    `columns` are all regressors, of shape (observations, regressors), or (observations, regressors, lines).
    """

    def __init__(self, counts: Counts, clock: Floats, columns: Floats, error: Noise) -> None:
        steps, held = np.diff(clock)[:, None], counts.held
        kept = np.minimum(np.exp(-steps / error.memory), MAX_CORRELATION)
        variance = np.vstack([error.level[None], error.level * (1 - kept**2) + error.gain * steps])
        scale = 1 / np.sqrt(np.maximum(variance, MIN_VARIANCE))
        # An error that is left after what is kept of the one before, and scaled, is independent and of unit variance.
        before = kept * scale[1:]
        number = scale * held
        number[1:] -= before * held[:-1]
        regressors = columns.swapaxes(0, 1) if columns.ndim == 3 else columns.T[:, :, None]
        scaled = scale * regressors
        scaled[:, 1:] -= before * regressors[:, :-1]
        # All that a fit needs are the sums of products of the regressors, (lines, regressors, regressors), and of each with the numbers.
        self._squares = np.einsum("rtl,stl->lrs", scaled, scaled)
        self._products = np.einsum("rtl,tl->lr", scaled, number)
        self._square = np.einsum("tl,tl->l", number, number)
        self._count, self._is_load = len(clock), error.is_load

    def fit(self, *regressors: int) -> Fit:
        """Fit some of the columns."""
        of = np.array(regressors)
        products = self._products[:, of]
        covariance = np.asarray(np.linalg.inv(self._squares[:, of[:, None], of]), np.float64)
        estimate = np.einsum("lij,lj->li", covariance, products)
        if self._is_load.any():
            rest = self._square - np.einsum("li,li->l", estimate, products)
            spread = np.maximum(rest / max(self._count - len(of), 1), 1)
            covariance *= np.where(self._is_load, spread, 1)[:, None, None]
        return Fit(estimate, covariance)


def rise(counts: Counts, clock: Floats, *, from_start: bool = False) -> Floats:
    """Return each line's slope over time in standard errors, as a normal deviate; for at least three observations.

    A process that is watched from its start on has little in use at first. Where objects end soon, their number settles
    as `exp(-time / life)`, which is no slope.

    If what came is unknown, only the steps tell how much chance changes a number, and not whether it does so per interval or per
    second. Where the intervals differ, the slope over their number is tested, too, and the better one counts as that of two.

    It is never above what the line could `reach`. What never changed has no slope. What hardly ever falls rises more clearly
    than a slope may show.
    """
    out = np.zeros(counts.held.shape[1])
    moves = np.ptp(counts.held, axis=0) != 0
    counts = counts.some(moves)
    error, ticks = noise(counts, clock), clock - clock[0]
    deviate = _slope(counts, ticks, error, np.stack([np.ones_like(ticks), ticks], axis=1))
    settles = np.flatnonzero(from_start & (deviate > 0) & (error.life <= SETTLED * ticks[-1]))
    if len(settles):
        some = counts.some(settles)
        of = noise(some, clock)
        columns = np.stack(np.broadcast_arrays(1.0, ticks[:, None], np.exp(-ticks[:, None] / of.life)), axis=1)
        deviate[settles] = np.minimum(deviate[settles], _slope(some, ticks, of, columns))
    normal = np.where(error.is_load, _normal(deviate, len(clock) - 2), np.maximum(deviate, _ascent(counts)))
    steps, unknown = np.diff(clock), np.flatnonzero(np.isnan(counts.arrived[-1]))
    if len(unknown) and steps.max() >= UNEVEN * steps.min():
        normal[unknown] = _better(normal[unknown], _rise_by_number(counts.some(unknown)))
    out[moves] = np.minimum(np.nan_to_num(normal), reach(counts))  # figures that were lost show nothing
    return out


def _rise_by_number(counts: Counts) -> Floats:
    """Return each line's slope over the number of the observation, as a normal deviate."""
    number = np.arange(len(counts.held), dtype=np.float64)
    deviate = _slope(counts, number, noise(counts, number), np.stack([np.ones_like(number), number], axis=1))
    return _normal(deviate, len(number) - 2)


def _better(one: Floats, other: Floats) -> Floats:
    """Return the deviate that is as rare as the larger of two normal ones is at most (Bonferroni)."""
    tail = np.clip(2 * upper_tail(np.maximum(one, other)), sys.float_info.min, 0.5)
    return -np.array([NormalDist().inv_cdf(probability) for probability in tail.tolist()])


def rise_of_lasting(counts: Counts, clock: Floats) -> Floats:
    """Return the same if what is in use is exchanged as slowly as the numbers show; inf where load makes them vary.

    The turnover is a mean. Where many objects end at once, and the others last, the numbers forget far more slowly. Of
    numbers whose variance is `level`, the change over some intervals has 2 * level * (1 - correlation).
    """
    error, interval = noise(counts, clock), (clock[-1] - clock[0]) / (len(clock) - 1)
    memory = error.memory
    for lag in LAGS:
        if 2 * lag < len(clock):
            change = counts.held[lag:] - counts.held[:-lag]
            seen = np.minimum(1 - change.var(axis=0) / (2 * error.level), MAX_CORRELATION)
            shows = seen > np.exp(-lag * interval / error.memory) + EXCESS_ERRORS / math.sqrt(len(clock))
            memory = np.where(shows, np.maximum(memory, -lag * interval / np.log(np.where(shows, seen, 0.5))), memory)
    slope = _slope(
        counts, clock, error._replace(memory=memory), np.stack([np.ones_like(clock), clock - clock[0]], axis=1)
    )
    return np.where(error.is_load, np.inf, np.maximum(slope, _ascent(counts)))


def _ascent(counts: Counts) -> Floats:
    """Return how clearly each line's numbers rise more than they fall: their sum of steps, over the root of the sum of squares.

    Without a leak, a step up is as likely as the same step down, whatever the steps depend on.
    """
    step = np.diff(counts.held, axis=0)
    return ratio(step.sum(axis=0), np.sqrt((step**2).sum(axis=0)))


def reach(counts: Counts) -> Floats:
    """Return the deviate of each line if nothing had been freed of what came; inf if that is unknown.

    Of what came, or of the objects that were seen, if these are few. The turnover is a mean: where most objects end at once
    and one lasts, the test takes it for another one at each observation.
    """
    held, arrived = counts
    came = arrived[-1] - arrived[0] + held[0]
    came = np.where(np.isnan(came), np.where(np.ptp(held, axis=0) > 0, np.inf, 0), came)
    seen = np.maximum(held[0], 0) + np.maximum(np.diff(held, axis=0), 0).sum(axis=0)
    return np.asarray(np.sqrt(np.where(seen < MIN_SEEN, seen, np.maximum(came, seen))))


def _slope(counts: Counts, clock: Floats, error: Noise, columns: Floats) -> Floats:
    """Return the coefficient of the second column in standard errors."""
    every = range(columns.shape[1])
    return Model(counts, clock, columns, error).fit(*every).deviate(np.array([float(i == 1) for i in every]))


class SizeTrend(NamedTuple):
    """Whether objects that replace others are larger and larger; each of shape (lines,)."""

    deviate: Floats
    """Kendall's rank correlation of size and order, in standard errors; 0 where objects are not replaced."""
    largest: Floats
    """What it would be if each were larger than all before it."""


def rise_of_sizes(counts: Counts, size: Floats) -> SizeTrend:
    """Return whether the mean size of each line's objects rises, where all of them are replaced time and again.

    A slice that grows is one object at any time: its number shows nothing. If the size does not depend on the time, every
    order of the sizes is equally likely. An observation counts if all objects of the last one that counts were freed
    since. `size` has shape (observations, lines).
    """
    held, arrived = counts
    lines, last = np.arange(held.shape[1]), np.zeros(held.shape[1], np.int64)
    counted = held > 0
    for row in range(1, len(held)):
        before = held[last, lines]
        freed = arrived[row] - arrived[last, lines] - (held[row] - before)
        counted[row] &= freed >= before
        last = np.where(counted[row], row, last)
    number, order = counted.sum(axis=0), np.zeros(held.shape[1])
    some = np.flatnonzero(number >= MIN_SIZES)
    counted, size = counted[:, some], size[:, some]
    for row in range(len(held) - 1):
        later = np.sign(size[row + 1 :] - size[row]) * counted[row + 1 :]
        order[some] += later.sum(axis=0) * counted[row]
    error = np.sqrt(number * (number - 1) * (2 * number + 5) / 18)
    return SizeTrend(ratio(order, error), ratio(number * (number - 1) / 2, error))


def _normal(deviate: Floats, freedom: int) -> Floats:
    """Return the normal deviate that is as rare as this one of Student's distribution (Wallace 1959)."""
    wide = np.sqrt(freedom * np.log1p(deviate**2 / freedom))
    return np.asarray(np.sign(deviate) * wide * (8 * freedom + 1) / (8 * freedom + 3))


def upper_tail(deviate: Floats) -> Floats:
    """Return the probability that a normal number exceeds each of these."""
    tail, some = np.full_like(deviate, 0.5), deviate != 0  # most show nothing
    tail[some] = np.frompyfunc(math.erfc, 1, 1)(deviate[some] / math.sqrt(2)) / 2
    return tail


def significant(p_value: Floats, smallest: Floats, level: float) -> Mask:
    """Return which p-values are significant, with at most this probability of any false one (Holm 1979).

    `smallest` has the least that each p-value could have been. Tests that cannot reach the level among those that can are not
    counted (Tarone 1990): a line with two objects cannot show a trend, whatever it does.
    """
    ordered = np.sort(smallest)
    testable = (
        int(np.argmax(np.append(ordered[1:], np.inf) * np.arange(1, len(ordered) + 1) > level)) + 1
        if len(ordered)
        else 0
    )
    order = np.argsort(p_value, kind="stable")
    left = np.maximum(testable - np.arange(len(p_value)), 1)
    fails = np.append(p_value[order] * left >= level, True)
    out = np.zeros(len(p_value), np.bool_)
    out[order[: int(np.argmax(fails))]] = True
    return out


def quantile(probability: float) -> float:
    """Return the normal quantile."""
    return NormalDist().inv_cdf(probability)


def slope(values: Floats, seconds: Floats) -> float:
    """Return the median of all pairwise slopes of one series, per second (Theil–Sen); 0 for a single value."""
    first, second = np.triu_indices(len(seconds), k=1)
    span = np.maximum(seconds[second] - seconds[first], 1e-9)
    return float(np.median((values[second] - values[first]) / span)) if len(first) else 0.0
