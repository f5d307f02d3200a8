"""A few seconds of what `make fuzz` does for minutes, and whether it would notice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from alloclens.profile.formats import read

from tests.fuzz import seeds
from tests.fuzz.__main__ import LARGEST, SLOWEST, Child, reason_of
from tests.fuzz.check import PROFILE, check, outcome
from tests.fuzz.child import Result, input_of
from tests.support.profiles import heap

SEED = 20_260_101
INPUTS = 400
SHARE = 0.15
"""Of the inputs, at least: so many are profiles, and so many are not."""


@pytest.fixture(autouse=True)
def _the_same_seeds_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOCLENS_PROFILES", raising=False)
    seeds.all_seeds.cache_clear()


def test_every_input_is_a_profile_or_an_error_with_a_reason() -> None:
    kinds = Counter(outcome(input_of(SEED, number)).kind for number in range(INPUTS))
    assert SHARE * INPUTS < kinds[PROFILE] < (1 - SHARE) * INPUTS
    assert len(kinds) > 10


def test_every_seed_is_a_profile() -> None:
    assert {outcome(seed).kind for seed in seeds.all_seeds()} == {PROFILE}


def test_an_input_can_be_made_again() -> None:
    assert [input_of(SEED, n) for n in range(20)] == [input_of(SEED, n) for n in range(20)]


def test_a_profile_that_does_not_fit_together_is_noticed() -> None:
    good = read(heap("main.f@/w/a.go:1 < main.main@/w/b.go:3 = 2x512", "main.f@/w/a.go:1 = 3x64"))
    check(good)
    bad = (
        replace(good, location=good.location + 1),
        replace(good, location_at=good.location_at[::-1]),
        replace(good, values=good.values[:, :2]),
        replace(good, strings=good.strings[:-1]),
        replace(good, strings=(*good.strings, "\ud800")),
        replace(good, functions=replace(good.functions, file=np.full_like(good.functions.file, -1))),
        replace(good, labels=replace(good.labels, sample=good.labels.sample + 9)),
        replace(good, period=2**63),
    )
    for profile in bad:
        with pytest.raises((AssertionError, IndexError, UnicodeEncodeError, ValueError)):
            check(profile)


def test_what_is_slow_large_or_at_fault_is_a_find() -> None:
    assert not reason_of(Result(1, PROFILE, SLOWEST, LARGEST, ""))
    assert "slow" in reason_of(Result(1, PROFILE, SLOWEST * 2, 0, ""))
    assert "large" in reason_of(Result(1, PROFILE, 0.0, LARGEST * 2, ""))
    assert "KeyError" in reason_of(Result(1, "KeyError", 0.0, 0, "Traceback\nKeyError: 1"))


def test_another_process_takes_the_place_of_one_that_died() -> None:
    child = Child(SEED, 0)
    try:
        child.process.kill()
        child.process.join()
        lost = next(result for _ in range(100) for result in child.results() if result.fault)
        assert "ended" in lost.fault
        assert child.pipe.poll(60)
        assert child.pipe.recv() > lost.number
    finally:
        child.stop()
