"""Pairs of numbers: against numpy's own sort of rows."""

from __future__ import annotations

import numpy as np
import pytest
from alloclens import arrays
from alloclens.arrays import distinct, distinct_pairs


@pytest.mark.parametrize("table", [10**9, 0])
@pytest.mark.parametrize("largest", [0, 3, 1000])
def test_distinct_pairs_are_those_of_a_sort(table: int, largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MAX_TABLE", table)
    high, low = np.random.default_rng(largest).integers(-1, largest + 1, (2, 200))
    found = distinct_pairs(high, low)
    rows, number = np.unique(np.stack([high, low], axis=1), axis=0, return_inverse=True)
    assert np.array_equal(np.stack(found[:2], axis=1), rows)
    assert found[2].tolist() == number.reshape(-1).tolist()


def test_no_pairs() -> None:
    nothing = np.zeros(0, np.int64)
    assert [len(column) for column in distinct_pairs(nothing, nothing)] == [0, 0, 0]


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint64])
@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_distinct_numbers_are_those_of_a_set(count: int, kind: type) -> None:
    numbers = np.random.default_rng(count).integers(0, 300, count).astype(kind)
    found = distinct(numbers)
    assert found.tolist() == sorted({*numbers.tolist()})
    assert found.dtype == kind
