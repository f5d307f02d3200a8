"""Several runs of two programs: their sums, and how much they differ."""

from __future__ import annotations

import numpy as np
import pytest
from alloclens.stats.growth import SampledValues
from alloclens.stats.runs import T_QUANTILES, between_runs, explained, pooled

RUNS = 20_000


@pytest.mark.parametrize(("bases", "heads", "spread"), [(3, 3, 1.0), (2, 5, 3.0), (10, 10, 0.2), (2, 2, 1.0)])
def test_the_interval_between_runs_covers_the_growth(bases: int, heads: int, spread: float) -> None:
    """In 99 % of simulated comparisons, or more: Welch's is cautious where the spreads are unlike."""
    rng = np.random.default_rng(7)
    base = rng.normal(10, 1, (bases, RUNS))
    head = rng.normal(15, spread, (heads, RUNS))
    low, high = between_runs(base, head)
    missed = np.mean((low > 5) | (high < 5))
    assert missed < 0.0125
    if bases == heads == 3 or bases == 10:
        assert missed > 0.002, "so wide that it says nothing"


def test_quantiles_are_those_of_students_t() -> None:
    """By drawing from it."""
    rng = np.random.default_rng(3)
    for freedom, quantile in T_QUANTILES[1:]:
        assert np.mean(np.abs(rng.standard_t(freedom, 400_000)) > quantile) == pytest.approx(0.01, abs=0.001)


def test_one_run_of_a_side_says_nothing() -> None:
    low, high = between_runs(np.ones((1, 2)), np.ones((5, 2)))
    assert np.isnan([low, high]).all()


def test_runs_that_are_all_equal_differ_by_nothing() -> None:
    low, high = between_runs(np.ones((3, 1)), np.full((2, 1), 4.0))
    assert (low.item(), high.item()) == (3, 3)


def test_the_sum_of_runs() -> None:
    """A run that counts twice has twice the value, and four times the variance, of as many sampled objects."""
    one = SampledValues(*(np.full((1, 1), x) for x in (10.0, 4.0, 3.0, 1.0, 0.0)))
    total, largest = pooled([one, one], [1, 2])
    assert [column.item() for column in total] == [30, 20, 6, 3, 0]
    assert largest == 2


@pytest.mark.parametrize(("spread", "least", "most"), [(1.0, 0.03, 0.07), (3.0, 0.8, 1.0)])
def test_what_sampling_explains(spread: float, least: float, most: float) -> None:
    """Runs whose spread is that of their variance are told from others in one of twenty cases; with three times that, nearly always."""
    rng = np.random.default_rng(11)
    base, head = ([_run(rng.normal(10, spread, RUNS), 1.0) for _ in range(3)] for _ in range(2))
    assert least < np.mean(~explained(base, head, (0, 0))) < most


def test_exact_runs_that_differ_are_not_explained() -> None:
    runs = [_run(np.array([1.0, 5.0]), 0.0), _run(np.array([1.0, 6.0]), 0.0)]
    assert explained(runs, runs, (0, 0)).tolist() == [True, False]
    unknown = [_run(np.array([5.0]), np.nan), _run(np.array([6.0]), np.nan)]
    assert explained(unknown, unknown, (0, 0)).tolist() == [False]


def _run(values: np.ndarray, variance: float) -> SampledValues:
    column = values[:, None]
    return SampledValues(column, np.full_like(column, variance), *(np.zeros_like(column) for _ in range(3)))
