"""Growth and its error, against a simulation with known truth: blocks sampled as Go's runtime samples them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from alloclens.analysis.findings import Observation, findings
from alloclens.analysis.growth import Growth, growth
from alloclens.analysis.lines import Lines, lines
from alloclens.analysis.trend import trend
from alloclens.profile.formats import read
from alloclens.profile.model import ValueType

from tests.support.judge import own
from tests.support.profiles import RATE, Builder, heap

SPACE = ValueType("inuse_space", "bytes")
HERE = "main.keep@/o/a.go:1"


class Heap:
    """One allocation site of a process: every block is sampled or not once, when it is allocated."""

    def __init__(self, rng: np.random.Generator, size: int) -> None:
        self.rng, self.size = rng, size
        self.live, self.sampled_live, self.sampled_total, self.total = 0, 0, 0, 0
        self.p = -math.expm1(-size / RATE)

    def allocate(self, blocks: int) -> None:
        sampled = int(self.rng.binomial(blocks, self.p))
        self.live, self.total = self.live + blocks, self.total + blocks
        self.sampled_live, self.sampled_total = self.sampled_live + sampled, self.sampled_total + sampled

    def free(self, blocks: int) -> None:
        self.sampled_live -= int(self.rng.hypergeometric(self.sampled_live, self.live - self.sampled_live, blocks))
        self.live -= blocks

    def snapshot(self) -> Lines:
        made = Builder(
            ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")
        )
        allocated, live = (round(n / self.p) for n in (self.sampled_total, self.sampled_live))
        made.sample(HERE, [allocated, allocated * self.size, live, live * self.size], bytes=self.size)
        made.message.period = RATE
        return lines(read(made.bytes()), own(lambda _: True))


@pytest.mark.parametrize("size", [64, 4096, 200_000])
@pytest.mark.parametrize("churn", [0.0, 0.5, 1.0])
def test_the_stated_error_covers_the_true_growth(size: int, churn: float) -> None:
    """Within 2.58 standard errors in 99 of 100; with the 40 samples there are here the normal law is off by one."""
    rng = np.random.default_rng(7)
    live, grown = (200 << 20) // size, (20 << 20) // size
    outside = 0
    for _ in range(200):
        site = Heap(rng, size)
        site.allocate(live)
        base = site.snapshot()
        site.free(int(live * churn))
        site.allocate(int(live * churn) + grown)
        made = growth(site.snapshot(), base, SPACE)
        outside += abs(made.value.flat[0] - grown * size) > 2.58 * made.error.flat[0] + size
    assert outside <= 0.03 * 200


def test_what_stays_adds_no_error() -> None:
    base = heap(f"{HERE} = 100000x64/100000")
    head = heap(f"{HERE} = 100000x64/100000", "main.other@/o/a.go:2 = 10x64/10")
    made = growth(*(lines(read(d), own(lambda _: True)) for d in (head, base)), SPACE)
    assert made.error.flat[0] == 0
    assert not made.certain.flat[0]


def test_the_error_by_hand() -> None:
    # 10 sampled blocks of 1 byte came: p = 1/R nearly, so n = 10 R objects and the variance is 10 R²(1 - 1/R).
    objects = 10 * RATE
    head, base = heap(f"{HERE} = {objects}x1"), heap(f"{HERE} = 0x1")
    made = growth(*(lines(read(d), own(lambda _: True)) for d in (head, base)), SPACE)
    assert made.error.flat[0] == pytest.approx(math.sqrt(10) * RATE, rel=1e-5)


def test_two_processes_share_nothing() -> None:
    both = [lines(read(heap(f"{HERE} = {10 * RATE}x1")), own(lambda _: True)) for _ in range(2)]
    made = growth(*both, SPACE, one_process=False)
    assert made.error.flat[0] == pytest.approx(math.sqrt(20) * RATE, rel=1e-5)


def test_an_unknown_error_is_never_certain() -> None:
    made = [Builder(("cpu", "nanoseconds")) for _ in range(2)]
    for builder, value in zip(made, (10**9, 1), strict=True):
        builder.sample(HERE, [value])
    head, base = (lines(read(b.bytes()), own(lambda _: True)) for b in made)
    found: Growth = growth(head, base, ValueType("cpu", "nanoseconds"))
    assert math.isnan(found.error.flat[0])
    assert not found.certain.flat[0]


def test_mann_kendall_and_theil_sen_by_hand() -> None:
    # 1 2 3 4 5: S = 10, var = 5·4·15/18 = 16.67, z = 9/4.082 = 2.205, one-sided 0.0137. Flat: no trend.
    # 1 3 2 4 5: two pairs less, S = 8, z = 7/4.082 = 1.715, one-sided 0.0432.
    values = np.array([[1, 7, 1], [2, 7, 3], [3, 7, 2], [4, 7, 4], [5, 7, 5]], float)
    made = trend(values, np.arange(5.0) * 10)
    assert made.chance.tolist() == pytest.approx([0.01372, 1.0, 0.04318], abs=1e-4)
    assert made.slope.tolist() == pytest.approx([0.1, 0, 0.1])


def series(rng: np.random.Generator, steps: list[int], churn: int = 0, size: int = 4096) -> list[Observation]:
    """Snapshots of a site that holds so many MB more (or less) at each step, and churns so many MB besides."""
    site, out = Heap(rng, size), []
    for i, step in enumerate(steps):
        blocks, turned = abs(step << 20) // size, (churn << 20) // size
        site.allocate(turned + (blocks if step > 0 else 0))
        site.free(turned + (0 if step > 0 else blocks))
        out.append(Observation(i * 10.0, site.snapshot()))
    return out


def codes(history: list[Observation]) -> list[str]:
    return [f.code for f in findings(history, history[0].lines)]


@pytest.mark.parametrize(
    ("steps", "churn", "wanted"),
    [
        ([5] * 12, 0, ["leak"]),
        ([5] * 12, 50, ["leak"]),
        ([30, 30, 30] + [0] * 12, 0, []),
        ([30, 30, 30] + [0] * 12, 100, []),
        ([15] * 3, 0, ["growth"]),
        ([64] + [0] * 12, 64, []),
        ([64, -30] * 3, 0, []),
    ],
    ids=["leak", "leak under churn", "cache", "cache under churn", "young", "churn", "swings that rise slowly"],
)
def test_what_is_a_finding(steps: list[int], churn: int, wanted: list[str]) -> None:
    hits = [codes(series(np.random.default_rng(seed), steps, churn)) == wanted for seed in range(20)]
    assert sum(hits) >= 19


def test_a_finding_says_where_and_how_much() -> None:
    history = series(np.random.default_rng(1), [8] * 10)
    (found,) = findings(history, history[0].lines)
    assert (found.file, found.line, found.observations) == ("/o/a.go", 1, 10)
    assert found.growth == pytest.approx(72 << 20, abs=4 * found.error)
    assert found.slope == pytest.approx((8 << 20) / 10, rel=0.2)
