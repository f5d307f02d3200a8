"""The error of a number, and how many sampled objects it is made of, worked out by hand and against a simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.tables.lines import lines

from tests.support.judge import own
from tests.support.profiles import goroutines, heap

RATE = 512 * 1024


@pytest.mark.parametrize("size", [1 << 10, 64 << 10, RATE, 4 << 20])
def test_sampled_objects_and_error(size: int) -> None:
    p = 1 - math.exp(-size / RATE)
    for seen in (1, 3, 40):
        written = round(seen / p)
        found = lines(read(heap(f"main.f@/a.go:1 = {written}x{size}")), own(lambda _: True))
        assert found.sampled.flat[0].tolist() == [seen] * 4
        error = size * math.sqrt(seen * (1 - p)) / p
        assert math.sqrt(found.variance.cum[0, 3]) == pytest.approx(error, rel=0.5 / written + 1e-9)


@pytest.mark.slow
def test_the_stated_error_is_the_spread_of_what_sampling_gives() -> None:
    size, objects, rng = 48 << 10, 500, np.random.default_rng(5)
    p = 1 - math.exp(-size / RATE)
    written = np.rint(rng.binomial(objects, p, 400) / p).astype(int)
    found = [lines(read(heap(f"main.f@/a.go:1 = {n}x{size}")), own(lambda _: True)) for n in written.tolist()]
    stated = np.sqrt(np.mean([f.variance.owned[0, 3] for f in found]))
    assert stated == pytest.approx(np.std(written * size), rel=0.1)


def test_what_is_not_sampled_has_no_error() -> None:
    every = lines(read(heap("main.f@/a.go:1 = 7x48", rate=1)), own(lambda _: True))
    assert (every.variance.flat[0, 3], every.sampled.flat[0, 3]) == (0, 7)
    waiting = lines(read(goroutines("main.wait@/a.go:9 = 12")), own(lambda _: True))
    assert (waiting.variance.flat[0, 0], waiting.sampled.flat[0, 0]) == (0, 12)
