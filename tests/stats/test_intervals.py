"""Intervals against a simulation with known truth, sampled and written down as Go's runtime does it, and exact limits."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.stats.intervals import Interval, Sampling, interval, turnover
from alloclens.stats.sampling import errors

from tests.support.profiles import RATE, heap

TRIALS = 5_000
LEVELS = (0.05, 0.01, 0.001, 0.0001)
MIB, GIB = 1 << 20, 1 << 30
LIVE = (MIB, 32 * MIB, GIB, 10 * GIB)
CHANGES = tuple(itertools.product((0, 0.5, 1), (-0.5, 0, 0.1, 1)))  # churn, growth
EMPTY = read(heap("main.f@/a.go:1 = 1x1"))
NOTHING = Sampling(np.zeros(1), np.zeros(1))


class Site(NamedTuple):
    """Blocks of one size on a line, and how many bytes of them the base holds."""

    size: int
    live: int


class Column(NamedTuple):
    """What `Lines` has of one sample type. One entry for each trial."""

    value: np.ndarray
    objects: np.ndarray
    sampling: Sampling


class Trials(NamedTuple):
    head: Column
    base: Column
    allocated: Column
    truth: int
    """Bytes."""


def z(alpha: float) -> float:
    return NormalDist().inv_cdf(1 - alpha / 2)


def written(count: np.ndarray, size: int) -> Column:
    """As the runtime writes so many sampled objects: both numbers whole, both cut off."""
    p = -math.expm1(-size / RATE)
    objects, space = np.floor(count / p), np.floor(count * size / p)
    made = replace(EMPTY, values=np.stack([objects, space, objects, space], axis=1).astype(np.int64))
    return Column(space, objects, Sampling(*(of[:, 3] for of in errors(made)[:2])))


def simulated(rng: np.random.Generator, site: Site, churn: float, growth: float) -> Trials:
    """Sample each block once, when it is allocated. Half as many as the base holds were freed before it."""
    before = max(1, round(site.live / site.size))
    after = round(before * (1 + growth))
    freed = min(before, round(churn * before) + max(0, before - after))
    came = after - (before - freed)
    draw = (rng.binomial(n, -math.expm1(-site.size / RATE), TRIALS) for n in (before // 2, before - freed, freed, came))
    old, kept, gone, new = draw
    head, base = written(kept + new, site.size), written(kept + gone, site.size)
    first, total = (written(old + kept + gone + n, site.size) for n in (0, new))
    return Trials(head, base, combined(total, first, -1), (came - freed) * site.size)


def combined(a: Column, b: Column, sign: int = 1) -> Column:
    return Column(
        a.value + sign * b.value,
        a.objects + sign * b.objects,
        Sampling(*(x + sign * y for x, y in zip(a.sampling, b.sampling, strict=True))),
    )


def one_line(*sites: Trials) -> Trials:
    head, base, allocated, truth = sites[0]
    for more in sites[1:]:
        head, base, allocated = (combined(a, b) for a, b in zip((head, base, allocated), more[:3], strict=True))
        truth += more.truth
    return Trials(head, base, allocated, truth)


def of(trials: Trials, level: float, *, counters: bool = True) -> Interval:
    head, base = trials.head, trials.base
    came, went = turnover(head.sampling, base.sampling, trials.allocated.sampling if counters else None)
    block = np.maximum(*(column.value / np.maximum(column.objects, 1) for column in (head, base)))
    return interval(head.value - base.value, came, went, block, RATE, z(level))


def stated(trials: Trials) -> np.ndarray:
    """Which trials have the line in either snapshot; of the others nothing is said."""
    return (trials.head.sampling.sampled > 0) | (trials.base.sampling.sampled > 0)


def wald(trials: Trials) -> np.ndarray:
    """The standard error of the growth."""
    came, went = turnover(trials.head.sampling, trials.base.sampling, trials.allocated.sampling)
    return np.sqrt(came.variance + went.variance)


def missed(found: Interval, truth: int) -> np.ndarray:
    return (found.low > truth + 2) | (found.high < truth - 2)  # 2 bytes: each snapshot cuts off less than one


def check(cells: list[Trials], *, counters: bool = True) -> None:
    """In each cell the level holds but for five standard deviations of the simulation itself, over all without them."""
    for level in LEVELS:
        misses = [(missed(of(c, level, counters=counters), c.truth) & stated(c)).sum() for c in cells]
        said = np.array([stated(c).sum() for c in cells])
        expected = level * said
        assert np.all(misses <= expected + 5 * np.sqrt(expected) + 3)
        assert np.sum(misses) <= expected.sum()
        assert np.all(said > 0.8 * TRIALS)


@pytest.mark.parametrize("size", [16, 256, 4096, 64 << 10, 512 << 10, 4 * MIB])
def test_the_truth_lies_within_as_often_as_said(size: int) -> None:
    rng = np.random.default_rng(size)
    check([simulated(rng, Site(size, live), *change) for live in LIVE for change in CHANGES])


@pytest.mark.parametrize(
    "sites",
    [
        (Site(16, MIB), Site(4 * MIB, 64 * MIB)),
        (Site(256, MIB), Site(64 << 10, 32 * MIB)),
        (Site(4096, MIB), Site(512 << 10, 8 * MIB)),
        (Site(512 << 10, MIB), Site(4 * MIB, 32 * MIB)),
        (Site(16, 32 * MIB), Site(4 * MIB, GIB)),
        (Site(4 * MIB, GIB), Site(64 * MIB, 10 * GIB)),
    ],
    ids=str,
)
def test_two_sizes_on_one_line(sites: tuple[Site, Site]) -> None:
    rng = np.random.default_rng(1)
    check([one_line(*(simulated(rng, site, *change) for site in sites)) for change in CHANGES])


def test_two_sizes_of_which_one_grows_and_the_other_shrinks() -> None:
    rng = np.random.default_rng(2)
    small, large = Site(256, 4 * MIB), Site(2 * MIB, 64 * MIB)
    both = [(simulated(rng, small, 0, g), simulated(rng, large, 0.5, -g)) for g in (-0.5, 0.1, 0.5)]
    check([one_line(*pair) for pair in both])


@pytest.mark.parametrize("size", [256, 512 << 10, 4 * MIB])
def test_without_counts_of_allocations(size: int) -> None:
    rng = np.random.default_rng(size)
    check([simulated(rng, Site(size, live), *c) for live in LIVE[:3] for c in CHANGES], counters=False)


def test_the_simulation_sees_an_interval_that_is_wrong() -> None:
    cell = simulated(np.random.default_rng(3), Site(16, MIB), 0, 0.1)
    growth, error = cell.head.value - cell.base.value, z(0.01) * wald(cell)
    normal = missed(Interval(growth - error, growth + error), cell.truth) & stated(cell)
    assert normal.sum() > 0.5 * stated(cell).sum()


@pytest.mark.parametrize("size", [16, 4096, 512 << 10])
def test_it_is_not_wider_than_it_need_be(size: int) -> None:
    rng, looked_at = np.random.default_rng(4), 0
    for live, change in itertools.product(LIVE, CHANGES):
        cell = simulated(rng, Site(size, live), *change)
        normal = 2 * z(0.01) * wald(cell).mean()
        if np.mean(wald(cell) ** 2) > 50 * RATE**2:
            looked_at += 1
            assert np.subtract(*of(cell, 0.01)[::-1]).mean() == pytest.approx(normal, rel=0.15)
    assert looked_at >= 20


def alone(count: float, quantile: float, *, block: float = 1e-9, rate: float = 1) -> Interval:
    """Of small objects of one unit each that came, none of which went."""
    came = Sampling(np.array([count * rate**2], float), np.array([count], float))
    return interval(np.array([count * rate], float), came, NOTHING, np.array([block]), rate, quantile)


def poisson(most: int, mean: float) -> float:
    """P(X <= most)."""
    return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(most + 1))


def mean_with(most: int, chance: float) -> float:
    """The mean of which a Poisson number is at most so much with that chance, by bisection."""
    low, high = 1e-12, 1e3
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if poisson(most, middle) > chance else (low, middle)
    return low


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("count", [0, 1, 2, 5, 20, 200])
def test_small_blocks_have_the_exact_limits_of_poisson(count: int, level: float) -> None:
    """Never narrower, and hardly wider: by 6 in 100 of the limit at none, by 0.1 objects down."""
    found, unseen = alone(count, z(level)), alone(0, z(level)).high[0]
    high = mean_with(count, level / 2)
    assert high <= found.high[0] <= high * 1.06
    low = mean_with(count - 1, 1 - level / 2) if count else 0
    below = count - math.sqrt((count - found.low[0]) ** 2 - unseen**2)
    assert low - 0.1 <= below <= low + 1e-9


def test_growth_is_called_from_about_as_many_objects_as_by_the_exact_test() -> None:
    # n came, none went: were both equally likely, the chance is 2 · (1/2)^n, and that of 11 is the first below 0.001
    assert alone(20, 3.3, rate=RATE).low[0] > 0
    first = next(n for n in range(1, 20) if alone(n, z(0.001)).low[0] > 0)
    assert 11 <= first <= 12


def most_missed(count: int, p: float, level: float) -> int:
    """How many blocks may have been missed beside so many sampled ones: the exact limit, of the negative binomial law."""
    term = total = p ** (count + 1)
    for missed_blocks in itertools.count():
        if 1 - total <= level / 2:
            return missed_blocks
        term *= (1 - p) * (count + 1 + missed_blocks) / (missed_blocks + 1)
        total += term
    raise AssertionError


def came_of(size: int, count: int, level: float) -> Interval:
    """Of sampled blocks of one size that came, none of which went."""
    p, q = -math.expm1(-size / RATE), math.exp(-size / RATE)
    came = Sampling(np.array([count * size**2 * q / p**2]), np.array([float(count)]))
    return interval(np.array([count * size / p]), came, NOTHING, np.array([float(size)]), RATE, z(level))


@pytest.mark.parametrize("level", [*LEVELS, 1e-6])
@pytest.mark.parametrize("size", [n * MIB for n in (1, 2, 3, 4, 6, 7, 8, 10, 16)])
def test_the_blocks_that_chance_misses_are_within(size: int, level: float) -> None:
    """And not much else: what may go unseen of another size, and four blocks."""
    for count in (0, 1, 3, 10, 30, 100, 300, 1000):
        exact = (count + most_missed(count, -math.expm1(-size / RATE), level)) * size
        high, unseen = came_of(size, count, level).high[0], alone(0, z(level), rate=RATE).high[0]
        assert exact <= high <= exact + unseen + 4 * size


def test_large_blocks_that_came_are_certain_at_any_level() -> None:
    assert came_of(16 * MIB, 1, 1e-5).low[0] > 0
    (high,) = came_of(100 * MIB, 40, 1e-5).high
    assert high < 41 * 100 * MIB


def test_where_nothing_can_be_unseen_there_is_no_width() -> None:
    counted = Sampling(np.zeros(2), np.array([7.0, 0.0]))
    found = interval(np.array([7.0, -3.0]), counted, counted, np.ones(2), 0, 3)
    assert (found.low.tolist(), found.high.tolist()) == ([7, -3], [7, -3])
    neither = Sampling(np.zeros(2), np.zeros(2))
    mixed = interval(np.zeros(2), neither, neither, np.ones(2), np.array([0.0, RATE]), 3)
    assert mixed.high[0] == mixed.low[0] == 0
    assert mixed.high[1] == -mixed.low[1] > 5 * RATE


def test_what_is_not_known_stays_unknown() -> None:
    unknown = Sampling(np.array([math.nan]), np.array([math.nan]))
    found = interval(np.ones(1), unknown, unknown, np.ones(1), RATE, 3)
    assert np.isnan(found).all()


def test_what_came_and_went_by_hand() -> None:
    # 10 -> 14 objects. 5 allocated: 1 was freed. 40 allocated: 36 were, but only 10 there were, and 14 are there.
    head, base = (Sampling(np.full(3, v), np.full(3, v / 2)) for v in (14.0, 10.0))
    allocated = Sampling(np.array([5.0, 40, -1]), np.array([2.5, 20, -1]))
    came, went = turnover(head, base, allocated)
    assert (came.variance.tolist(), went.variance.tolist()) == ([5, 14, 0], [1, 10, 0])
    assert (came.sampled.tolist(), went.sampled.tolist()) == ([2.5, 7, 0], [0.5, 5, 0])
    assert turnover(head, base, None) == (head, base)
