"""The trend of counts: against covariance matrices that are written out, printed tables, and processes whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from alloclens.stats.trend import (
    Counts,
    Model,
    Noise,
    dispersion,
    noise,
    outlived,
    quantile,
    rise,
    rise_of_lasting,
    rise_of_sizes,
    significant,
    slope,
    upper_tail,
)


def process(
    rng: np.random.Generator, lines: int, mean: float, life: float, observations: int, leak: float = 0
) -> Counts:
    """Return objects that arrive at random and live for so many intervals in the mean; besides, some are never freed."""
    stays = np.exp(-1 / life)
    held, arrived = np.zeros((2, observations, lines))
    held[0] = rng.poisson(mean, lines)
    for i in range(1, observations):
        new = rng.poisson(mean * (1 - stays), lines)
        gone = rng.poisson(mean / life - mean * (1 - stays), lines)  # arrived and ended between the two
        held[i], arrived[i] = rng.binomial(held[i - 1].astype(int), stays) + new, arrived[i - 1] + new + gone
    kept = np.cumsum(np.vstack([np.zeros((1, lines)), rng.poisson(leak, (observations - 1, lines))]), axis=0)
    return Counts(held + kept, arrived + kept)


def test_theil_sen_by_hand() -> None:
    values = np.array([[1, 7, 1, 1], [2, 7, 3, 2], [3, 7, 2, 2], [4, 7, 4, 4], [5, 7, 5, 5]], float)
    assert slope(np.array([7.0]), np.array([0.0])) == 0
    assert [slope(column, np.arange(5.0) * 10) for column in values.T] == pytest.approx([0.1, 0, 0.1, 0.1])


@pytest.mark.parametrize("observations", [12, 40])
@pytest.mark.parametrize(("mean", "life"), [(1, 1), (10, 0.3), (10, 10), (100, 3)])
def test_what_ends_rises_as_rarely_as_said(observations: int, mean: float, life: float) -> None:
    rng = np.random.default_rng(observations)
    deviate = rise(process(rng, 4000, mean, life, observations), np.arange(observations) * 60.0)
    for level in (0.01, 0.001):  # 40 and 4 of 4000; at most 3 standard errors more
        above = np.count_nonzero(deviate > quantile(1 - level))
        assert above <= 4000 * level + 3 * np.sqrt(4000 * level)


def from_start(rng: np.random.Generator, lines: int, mean: float, life: float, leak: float = 0) -> Counts:
    """Return 40 observations of a process that has just started: half of all that it has in use at first is missing."""
    before = process(rng, lines, mean / 2, life, 40)
    stays = np.exp(-1 / life)
    held = rng.binomial(1, 0, (40, lines)).astype(float)
    for i in range(1, 40):
        held[i] = rng.binomial(held[i - 1].astype(int), stays) + rng.poisson(mean / 2 * (1 - stays), lines)
    kept = np.cumsum(np.vstack([np.zeros((1, lines)), rng.poisson(leak, (39, lines))]), axis=0)
    arrived = np.cumsum(np.full((40, lines), mean / 2 / life), axis=0)
    return Counts(before.held + held + kept, before.arrived + arrived + kept)


@pytest.mark.parametrize("life", [1.0, 3.0])
def test_what_settles_after_the_start_does_not_rise(life: float) -> None:
    made, clock = from_start(np.random.default_rng(1), 2000, 40, life), np.arange(40) * 60.0
    rises, settles = (rise(made, clock, from_start=known) > quantile(0.999) for known in (False, True))
    assert np.count_nonzero(rises) > 20  # of 2000, ten times as many as there should be
    assert np.count_nonzero(settles) <= 2 + 3 * np.sqrt(2)
    leaks = from_start(np.random.default_rng(2), 200, 40, life, leak=2)
    assert np.mean(rise(leaks, clock, from_start=True) > quantile(0.999)) > 0.9


def test_what_settles_too_slowly_is_not_told_from_a_slope() -> None:
    made, clock = from_start(np.random.default_rng(1), 20, 400, 10), np.arange(40) * 60.0
    assert rise(made, clock, from_start=True).tolist() == rise(made, clock).tolist()


@pytest.mark.parametrize(
    ("observations", "mean", "leak"),
    [(12, 3, 1.8), (12, 10, 3.15), (40, 3, 0.32), (40, 10, 0.45), (40, 30, 0.66), (100, 30, 0.15)],
)
def test_half_of_the_leaks_are_found_at_one_and_a_half_times_the_rate_of_known_lives(
    observations: int, mean: float, leak: float
) -> None:
    # The rates are 1.5 times those at which generalised least squares that know the mean life, 1, find half of the leaks
    # at 0.01/55, from a simulation of its own.
    found = rise(process(np.random.default_rng(1), 600, mean, 1, observations, leak), np.arange(observations) * 60.0)
    assert np.mean(found > quantile(1 - 0.01 / 55)) > 0.45


def test_where_nothing_is_freed_k_objects_are_the_root_of_k_standard_errors() -> None:
    held = np.cumsum(np.vstack([np.zeros((1, 3)), np.tile([1.0, 4.0, 9.0], (9, 1))]), axis=0)
    assert rise(Counts(held, held), np.arange(10) * 60.0) == pytest.approx([3, 6, 9], rel=0.01)


@pytest.mark.parametrize(("lasts", "counts_once"), [(1, True), (2, True), (3, True), (4, False)])
def test_a_few_objects_that_last_among_many_that_end_at_once_are_a_few_objects(lasts: int, counts_once: bool) -> None:
    """Requests of slow clients: each of 20 observations finds the same ones, and a hundred came and went since the last."""
    held = np.repeat([0.0, lasts], [12, 8])
    deviate = rise(Counts(held[:, None], 100 * np.arange(20.0)[:, None]), np.arange(20.0))
    assert (0 < deviate[0] <= np.sqrt(lasts)) == counts_once


def mixed(rng: np.random.Generator, lines: int, mean: float, life: float, observations: int) -> Counts:
    """Return objects that live for so many intervals, among twenty in each that end at once."""
    brief, lasting = process(rng, lines, 1, 0.05, observations), process(rng, lines, mean, life, observations)
    return Counts(brief.held + lasting.held, brief.arrived + lasting.arrived)


@pytest.mark.parametrize("observations", [40, 100])
@pytest.mark.parametrize(("mean", "life"), [(2, 10), (5, 40), (20, 10)])
def test_what_lasts_among_much_that_ends_at_once_rises_as_rarely_as_said(
    observations: int, mean: float, life: float
) -> None:
    made, clock = mixed(np.random.default_rng(1), 2000, mean, life, observations), np.arange(observations) * 60.0
    by_turnover, by_steps = rise(made, clock), rise_of_lasting(made, clock)
    assert np.mean(by_turnover > quantile(0.999)) > 0.05  # fifty times as often as a normal number
    for level in (0.05, 0.01, 0.001):
        above = np.count_nonzero(np.minimum(by_turnover, by_steps) > quantile(1 - level))
        assert above <= 2 * 2000 * level + 3 * np.sqrt(2 * 2000 * level)


@pytest.mark.parametrize(
    ("each", "expected"),
    [((1, 1, 1, -1, 1, -1, 1), 1.60), ((1, 1, -1, 1, -1, 1, 1), 1.66), ((1, 1, 1, 1), 2.0), ((1,) * 9, 3.0)],
)
def test_lasting_objects_have_the_covariance_that_their_steps_show(each: tuple[int, ...], expected: float) -> None:
    step = [moved for one in (*each, 0) for moved in (0, 0, one, 0)]
    held = np.append(0.0, np.cumsum(step))
    last, level, net = len(held) - 1, held.mean(), held[-1]
    # The longest memory that the changes over 1, 2, 4, 8 or 16 intervals show, by more than two standard errors of 0.
    shown = {lag: 1 - np.var(held[lag:] - held[:-lag]) / 2 / level for lag in (1, 2, 4, 8, 16) if 2 * lag < len(held)}
    memory = max(-lag / np.log(min(seen, 0.9999)) for lag, seen in shown.items() if seen > 2 / np.sqrt(len(held)))
    kept, variance = np.exp(-1 / memory), [level]
    for _ in range(last):
        variance.append(kept**2 * variance[-1] + level * (1 - kept**2) + net / last)
    covariance = np.array(
        [[kept ** abs(i - j) * variance[min(i, j)] for j in range(last + 1)] for i in range(last + 1)]
    )
    columns = np.stack([np.ones(last + 1), np.arange(last + 1)], axis=1)
    information = columns.T @ np.linalg.inv(covariance)
    estimate, error = np.linalg.solve(information @ columns, information @ held), np.linalg.inv(information @ columns)
    moves = np.diff(held)
    written_out = max(estimate[1] / np.sqrt(error[1, 1]), moves.sum() / np.sqrt((moves**2).sum()))
    counts = Counts(held[:, None], (held + 100 * np.arange(last + 1))[:, None])
    found = rise_of_lasting(counts, np.arange(last + 1.0))
    assert found == pytest.approx([written_out], rel=1e-6)
    assert found == pytest.approx([expected], abs=0.005)


def test_what_never_falls_is_as_clear_as_its_steps_are_many() -> None:
    """Steps up and down are equally likely without a leak: of eleven, all are up once in 2^11 cases."""
    at = np.array([1, 5, 11, 14, 24, 25, 28, 32, 34, 55, 57])
    held = np.searchsorted(at, np.arange(60), side="right").astype(float)
    among_churn = Counts(held[:, None], (held + 0.5 * np.arange(60))[:, None])
    assert rise(among_churn, np.arange(60.0)) == pytest.approx([np.sqrt(11)])


def test_the_fit_is_that_of_the_covariance_matrix() -> None:
    rng = np.random.default_rng(3)
    clock = np.cumsum(rng.uniform(1, 3, 12))
    held = rng.poisson(20, (12, 2)).astype(float)
    error = Noise(np.array([4.0, 9.0]), np.array([20.0, 25.0]), np.zeros(2), np.zeros(2, np.bool_), np.full(2, np.inf))
    columns = np.stack([np.ones(12), clock, np.maximum(clock - clock[6], 0)], axis=1)
    made = Model(Counts(held, held), clock, columns, error).fit(0, 1, 2)
    for i in range(2):
        inverse = np.linalg.inv(error.level[i] * np.exp(-np.abs(clock[:, None] - clock) / error.memory[i]))
        covariance = np.linalg.inv(columns.T @ inverse @ columns)
        assert made.covariance[i] == pytest.approx(covariance)
        assert made.estimate[i] == pytest.approx(covariance @ columns.T @ inverse @ held[:, i])


def test_a_walk_is_found_beside_a_line_that_does_not_wander() -> None:
    # Up by 30 in each of ten steps, and down again, though all turns over in each step; and 0 and 60 in turn.
    walk = 1000 + 30.0 * np.concatenate([np.arange(10), np.arange(10, 0, -1)])
    held = np.stack([walk, np.tile([0.0, 60.0], 10)], axis=1)
    found = noise(Counts(held, np.cumsum([[2000.0, 50.0]] * 20, axis=0)), np.arange(20) * 60.0)
    assert found.is_load.tolist() == [True, True]
    assert np.isinf(found.memory).tolist() == [True, False]


def test_bursts_count_as_load() -> None:
    # Numbers of 0 and 60 in turn vary far more than Poisson numbers of their mean, 30.
    bursts, calm = np.tile([0.0, 60.0], 10), np.tile([28.0, 32.0], 10)
    held = np.stack([bursts, calm], axis=1)
    found = noise(Counts(held, np.cumsum(held + 30, axis=0)), np.arange(20) * 60.0)
    assert found.is_load.tolist() == [True, False]
    assert found.level == pytest.approx([900 * 20 / 18, 30], rel=0.02)


def test_what_is_allocated_may_be_unknown() -> None:
    # Then the steps' own spread decides, by Student's distribution. Steps of 1 and 3 have the mean 2 and the variance
    # 1.06 (of 18): 2 √18/√1.06 = 8.24 standard errors.
    held = np.cumsum(np.append(0.0, np.tile([1.0, 3.0], 9)))[:, None]
    deviate = rise(Counts(held, np.full_like(held, np.nan)), np.arange(19) * 60.0)
    assert 4.5 < deviate[0] < 6.5  # of 17 degrees of freedom, 8.24 is as rare as 5.6


@pytest.mark.parametrize("per_second", [False, True])
def test_what_wanders_at_uneven_times_rises_as_rarely_as_said(*, per_second: bool) -> None:
    """Whether chance changes a number each second or each interval."""
    interval = np.array([8, 7, 7, 11, 15, 22, 9, 30.0])
    error = np.sqrt(interval if per_second else np.ones(8))[:, None]
    step = np.random.default_rng(1).normal(0, 1, (8, 4000)) * error
    held = 1000 + np.cumsum(np.vstack([np.zeros((1, 4000)), step]), axis=0)
    deviate = rise(Counts(held, np.full_like(held, np.nan)), np.append(0, np.cumsum(interval)))
    for level in (0.01, 0.001):  # 40 and 4 of 4000; at most 3 standard errors more
        assert np.count_nonzero(deviate > quantile(1 - level)) <= 4000 * level + 3 * np.sqrt(4000 * level)


@pytest.mark.parametrize(("longest", "by_number"), [(13.8, False), (14.2, True)])
def test_the_number_of_the_observation_counts_where_the_intervals_differ(longest: float, *, by_number: bool) -> None:
    """By twice: here the shortest is 7. Even steps are clear by their number, as far as that of two tests."""
    held = np.array([0.0, 2600, 5600, 8200, 10600, 13200, 15500])[:, None]
    clock = np.cumsum([0, 7.6, 7, 7, 10, longest, longest])
    assert (rise(Counts(held, np.full_like(held, np.nan)), clock)[0] > 4) == by_number


def test_sizes_of_what_is_replaced_by_hand() -> None:
    # One object, replaced at each observation, three times in all, or never. Kendall's rank correlation of n numbers has the
    # variance n (n - 1)(2n + 5)/18: of six 28.33, of four 8.67.
    size = np.array([[1, 2, 3, 4, 6, 5.0]] * 3).T
    arrived = np.array([[1, 2, 3, 4, 5, 6], [1, 1, 2, 3, 3, 4], [1] * 6], float).T
    found = rise_of_sizes(Counts(np.ones((6, 3)), arrived), size)
    assert found.deviate == pytest.approx([13 / np.sqrt(28.33), 6 / np.sqrt(8.67), 0], rel=1e-3)
    assert found.largest == pytest.approx([15 / np.sqrt(28.33), 6 / np.sqrt(8.67), 0], rel=1e-3)


@pytest.mark.parametrize("objects", [1, 2])
@pytest.mark.parametrize("observations", [12, 40])
def test_sizes_in_any_order_rise_as_rarely_as_said(objects: int, observations: int) -> None:
    rng = np.random.default_rng(observations)
    shape = (observations, objects, 4000)
    new = np.vstack([np.ones((1, *shape[1:]), bool), rng.random((observations - 1, *shape[1:])) < 0.7])
    newest = np.maximum.accumulate(np.where(new, np.arange(observations)[:, None, None], 0), axis=0)
    size = np.take_along_axis(rng.lognormal(15, 1, shape), newest, axis=0).mean(axis=1)
    held = np.full((observations, 4000), float(objects))
    deviate = rise_of_sizes(Counts(held, np.cumsum(new.sum(axis=1), axis=0).astype(float)), size).deviate
    for level in (0.01, 0.001):
        assert np.count_nonzero(deviate > quantile(1 - level)) <= 4000 * level + 3 * np.sqrt(4000 * level)


@pytest.mark.parametrize(
    ("p_values", "smallest", "expected"),
    [
        # Bonferroni's 0.005, then Holm's 0.01.
        ([0.004, 0.009], [0, 0], [True, True]),
        ([0.006, 0.009], [0, 0], [False, False]),
        ([0.009, 0.004], [0, 0], [True, True]),
        # Tarone: what cannot be below 0.01 is not counted; of three, each could at best be 0.004: 0.0033 is out of reach.
        ([0.009, 0.5], [0, 0.02], [True, False]),
        ([0.006, 0.5, 0.5], [0, 0.004, 0.004], [False, False, False]),
        ([0.0045, 0.5, 0.5], [0, 0.004, 0.6], [True, False, False]),
        ([0.009, 0.5, 0.5], [0, 0.006, 0.006], [False, False, False]),
        ([0.0045, 0.5, 0.5], [0, 0.006, 0.006], [True, False, False]),
        ([], [], []),
    ],
)
def test_significant_by_hand(p_values: list[float], smallest: list[float], expected: list[bool]) -> None:
    assert significant(np.array(p_values), np.array(smallest, float), 0.01).tolist() == expected


def test_the_upper_tail_is_that_of_printed_tables() -> None:
    assert upper_tail(np.array([0, 1.6449, 2.3263, 3.7190])) == pytest.approx([0.5, 0.05, 0.01, 0.0001], rel=1e-3)


@pytest.mark.parametrize(
    ("came", "expected"),
    [
        # (40 - 10)² / 20 = 45, (10 - 40)² / 30 = 30, and 45 again: 40 on average.
        ((10, 40, 10, 40, 10), 40),
        # As Poisson numbers: (3 · 4 / 10.67 + 4 · 2 / 11 + 2 · 1 / 10) / 3 = 0.68. Fewer than they do no pace has.
        ((10, 13, 9, 11, 10), 1),
        # Of three triples, 1 + 2 √(7/3) = 4.06 may be chance: 10² / 13.33 and 10² / 16.67, less (20 - 10) (20 - 30) / 20.
        ((10, 20, 10, 20, 30), 1),
        # A cache is full, once and for all; and a pace rises evenly.
        ((40, 40, 40, 0, 0), 1),
        ((10, 20, 30, 40, 50), 1),
        ((0, 0, 0, 0, 0), 1),
    ],
)
def test_bursts_come_and_go(came: tuple[float, ...], expected: float) -> None:
    arrived = np.cumsum([0.0, *came])[:, None]
    assert dispersion(Counts(arrived, arrived)) == pytest.approx([expected], rel=1e-9)


def test_poisson_numbers_are_no_bursts() -> None:
    arrived = np.cumsum(np.random.default_rng(1).poisson(10, (40, 4000)), axis=0).astype(float)
    assert np.count_nonzero(dispersion(Counts(arrived, arrived)) > 1) < 0.05 * 4000


@pytest.mark.parametrize(("mean", "life"), [(10, 1), (30, 3), (10, 10)])
def test_what_is_freed_of_what_was_in_use_has_a_bound(mean: float, life: float) -> None:
    observations, lines = 40, 2000
    seen = process(np.random.default_rng(2), lines, mean, life, observations)
    freed = seen.arrived[-1] - (seen.held[-1] - seen.held[0])
    ended = np.minimum((1 - np.exp(-1 / life)) * seen.held[:-1].sum(axis=0), freed)  # in the mean
    bound = outlived(seen, np.ones(lines))
    assert np.count_nonzero(bound < ended) < 0.05 * lines
    churn = np.arange(observations)[:, None] * 1000.0
    assert np.median(outlived(Counts(seen.held, seen.arrived + churn), np.ones(lines)) / ended) < 4


def test_what_never_falls_was_never_freed() -> None:
    # One more at each observation, and 99 that came and went. If all objects are sampled, that is no chance.
    held = np.arange(11.0)[:, None]
    counts = Counts(held, 100 * held)
    assert outlived(counts, np.ones(1)) == 0
    assert outlived(counts, np.zeros(1)) == 990
    assert outlived(Counts(held, held * np.nan), np.ones(1)) == 0
