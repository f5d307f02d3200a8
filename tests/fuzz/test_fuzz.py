"""A few seconds of what `make fuzz` does for minutes, and whether it would notice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read

from tests.fuzz import seeds
from tests.fuzz.__main__ import LARGEST, SLOWEST, Child, reason_of
from tests.fuzz.check import PROFILE, check, outcome
from tests.fuzz.child import Result, input_of
from tests.fuzz.mutate import made
from tests.fuzz.targets import TARGETS
from tests.support.profiles import heap

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20_260_101
INPUTS = 400
FEW = 30
SHARE = 0.15
"""Of the inputs, at least: so many are profiles, and so many are not."""


@pytest.fixture(autouse=True)
def _the_same_seeds_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALLOCLENS_PROFILES", raising=False)
    seeds.all_seeds.cache_clear()


@pytest.mark.slow
def test_every_input_is_a_profile_or_an_error_with_a_reason() -> None:
    kinds = Counter(outcome(made(Random(f"{SEED} {number}"))).kind for number in range(INPUTS))
    assert SHARE * INPUTS < kinds[PROFILE] < (1 - SHARE) * INPUTS
    assert len(kinds) > 10


def test_every_seed_is_a_profile() -> None:
    assert {outcome(seed).kind for seed in seeds.all_seeds()} == {PROFILE}


@pytest.mark.programs
@pytest.mark.parametrize("name", [name for name in TARGETS if name != "profiles"])
def test_a_few_inputs_of_every_other_target(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # targets set it, and go to folders of their own
    monkeypatch.chdir(tmp_path)
    target = TARGETS[name](tmp_path)
    try:
        inputs = [input_of(target, SEED, number) for number in range(FEW)]
        assert inputs == [input_of(target, SEED, number) for number in range(FEW)]
        assert all(target.outcome(data).kind for data in inputs)
    finally:
        target.close()


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


@pytest.mark.programs
def test_another_process_takes_the_place_of_one_that_died() -> None:
    child = Child("profiles", SEED, 0)
    try:
        child.process.kill()
        child.process.join()
        lost = next(result for _ in range(100) for result in child.results() if result.fault)
        assert "ended" in lost.fault
        assert child.pipe.poll(60)
        assert child.pipe.recv() > lost.number
    finally:
        child.stop()
