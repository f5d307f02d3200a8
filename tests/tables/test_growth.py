"""Growth and its error, against a simulation with known truth: blocks sampled as Go's runtime samples them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.profile.model import Profile, ValueType
from alloclens.stats.growth import undone_before
from alloclens.tables.functions import functions
from alloclens.tables.growth import Growth, growth
from alloclens.tables.lines import Lines, lines
from alloclens.transform.difference import difference

from tests.support.judge import own
from tests.support.profiles import CONTENTION, CPU, LEAKED, RATE, Builder, goroutines, heap, profile
from tests.support.sampled import HERE, Heap

SPACE = ValueType("inuse_space", "bytes")


@pytest.mark.parametrize("size", [64, 200_000])
@pytest.mark.parametrize("churn", [0.0, 0.5])
def test_the_stated_interval_holds_the_true_growth(size: int, churn: float) -> None:
    rng = np.random.default_rng(7)
    live, grown = (200 << 20) // size, (20 << 20) // size
    outside = 0
    for _ in range(40):
        site = Heap(rng, size)
        site.allocate(live)
        base = site.snapshot()
        site.free(int(live * churn))
        site.allocate(int(live * churn) + grown)
        made = growth(site.snapshot(), base, SPACE)
        outside += not made.flat.interval.low[0] <= grown * size <= made.flat.interval.high[0]
    assert outside <= 3  # of 40, less than one is expected; more than 3 would be chance once in a thousand


def pair(head: str, base: str) -> tuple[Lines, Lines]:
    now, then = (lines(read(heap(d)), own(lambda _: True)) for d in (head, base))
    return now, then


def test_what_stays_adds_no_error() -> None:
    # 10 R blocks of 1 byte stay and 10 R come: as if those that stay were not there.
    alone = growth(*pair(f"{HERE} = {10 * RATE}x1", f"{HERE} = 0x1"), SPACE)
    beside = growth(*pair(f"{HERE} = {20 * RATE}x1", f"{HERE} = {10 * RATE}x1"), SPACE)
    assert (beside.flat.interval.low[0], beside.flat.interval.high[0]) == pytest.approx(
        (alone.flat.interval.low[0], alone.flat.interval.high[0])
    )
    still = growth(*pair(f"{HERE} = 100000x64/100000", f"{HERE} = 100000x64/100000"), SPACE)
    assert not still.flat.significant[0]


def test_the_interval_by_hand() -> None:
    # 10 sampled blocks of 1 byte came, none went; each counts for R. Poisson's exact 99 % limits (half of chi-square's
    # quantiles): of 10, 3.717 and 21.398; of 0, 5.298 above. 10 - √((10 - 3.717)² + 5.298²) = 1.78; 10 + 11.398 = 21.40.
    made = growth(*pair(f"{HERE} = {10 * RATE}x1", f"{HERE} = 0x1"), SPACE)
    assert made.flat.interval.low[0] == pytest.approx(1.78 * RATE, abs=0.2 * RATE)
    assert made.flat.interval.high[0] == pytest.approx(21.40 * RATE, abs=0.2 * RATE)
    assert made.flat.significant[0]


def test_objects_have_the_interval_of_their_bytes() -> None:
    both = pair(f"{HERE} = {10 * RATE // 64}x64", f"{HERE} = 0x64")
    space, objects = (growth(*both, ValueType(*kind)) for kind in (SPACE, ("inuse_objects", "count")))
    assert objects.flat.interval.low[0] == pytest.approx(space.flat.interval.low[0] / 64, rel=1e-3)
    assert objects.flat.interval.high[0] == pytest.approx(space.flat.interval.high[0] / 64, rel=1e-3)


def test_two_processes_share_nothing() -> None:
    # 10 sampled blocks each: 10 is down by 6.283 and up by 11.398, so ± √(6.283² + 11.398²) = 13.0 R.
    both = pair(f"{HERE} = {10 * RATE}x1", f"{HERE} = {10 * RATE}x1")
    made = growth(*both, SPACE, one_process=False)
    assert (made.flat.interval.low[0], made.flat.interval.high[0]) == pytest.approx(
        (-13.0 * RATE, 13.0 * RATE), rel=0.05
    )


def test_an_unknown_error_is_never_certain() -> None:
    made = [Builder(("cpu", "nanoseconds")) for _ in range(2)]
    for builder, value in zip(made, (10**9, 1), strict=True):
        builder.sample(HERE, [value])
    head, base = (lines(read(b.bytes()), own(lambda _: True)) for b in made)
    found: Growth = growth(head, base, ValueType("cpu", "nanoseconds"))
    assert math.isnan(found.flat.interval.low[0])
    assert not found.flat.significant[0]


def compared(head: bytes, base: bytes) -> Profile:
    return difference(read(head), read(base))


def test_a_function_grew_for_certain_though_none_of_its_lines_did() -> None:
    # Eight sampled blocks of 1 byte on each of two lines: 8 - √((8 - 2.57)² + 5.3²) = 0.4 R alone, and much less among
    # many lines; 16 together are 16 - √((16 - 7.57)² + 5.3²) = 6.0 R.
    both = [f"main.f:1@/o/a.go:{line} < main.run:9@/o/b.go:{line} = {{}}x1" for line in (2, 3)]
    head, base = (heap(*(stack.format(n * RATE) for stack in both)) for n in (8, 0))
    now, then = (lines(read(d), own(lambda _: True)) for d in (head, base))
    by_line = growth(now, then, SPACE)
    assert not by_line.flat.significant.any()
    (found,) = functions(compared(head, base), SPACE, ["/o/a.go"])
    assert found.cum[:2] == (16 * RATE, 16 * RATE)
    assert found.cum.significant
    assert found.cum.low == pytest.approx(6.0 * RATE, abs=0.5 * RATE)


def test_a_function_of_one_line_grows_as_the_line() -> None:
    base = heap(f"main.f:1@/o/a.go:2 = {RATE}x7/{3 * RATE}", "main.g:8@/o/a.go:9 = 5x4096")
    head = heap(f"main.f:1@/o/a.go:2 = {4 * RATE}x7/{9 * RATE}", "main.g:8@/o/a.go:9 = 9x4096")
    now, then = (lines(read(d), own(lambda _: True)) for d in (head, base))
    by_line = growth(now, then, SPACE)
    found = {f.name: f.cum for f in functions(compared(head, base), SPACE, ["/o/a.go"])}
    for row, name in enumerate(("main.f", "main.g")):
        line = by_line.amount("cum", row, found[name].value)
        assert found[name][:4] == pytest.approx(line[:4])
    alone = functions(read(head), SPACE, ["/o/a.go"])
    assert [f.cum.growth for f in alone] == [None, None]


@pytest.mark.parametrize("types", [CONTENTION, CPU])
@pytest.mark.parametrize("base", ["", "main.g@/w/a.go:9 = 5 50000000"])
def test_one_event_proves_nothing_where_the_error_is_unknown(types: str, base: str) -> None:
    """Also if the base has nothing there: an absent line has no error of its own, but that of the head is unknown."""
    now = lines(read(profile(types, "main.f@/w/a.go:1 = 1 10000000")), own(lambda _: True))
    then = lines(read(profile(types, *filter(None, [base]))), own(lambda _: True))
    for sample_type in now.sample_types:
        grown = growth(now, then, sample_type)
        assert grown.cum.value.tolist() != [0]
        assert math.isnan(grown.cum.interval.low[0])
        assert math.isnan(grown.cum.interval.high[0])
        assert not grown.cum.significant.any()


def counted(count: int, before: int, kind: str = "goroutine") -> bool:
    """Return whether the growth of a count on one line is significant."""
    now, then = (lines(read(profile(f"{kind}/count", f"{HERE} = {n}")), own(lambda _: True)) for n in (count, before))
    return bool(growth(now, then, ValueType(kind, "count")).owned.significant[0])


@pytest.mark.parametrize(
    (
        "head",
        "base",
        "p_value",
    ),  # two-sided, by the binomial distribution with 1/2: that of one of two equal Poisson means
    [
        (1, 0, 1),
        (7, 0, 0.0156),
        (9, 0, 0.0039),
        (140, 100, 0.0117),
        (150, 100, 0.0019),
        (100, 140, 0.0117),
        (100, 150, 0.0019),
    ],
)
def test_goroutines_come_and_go_by_chance(head: int, base: int, p_value: float) -> None:
    exact = sum(math.comb(head + base, n) for n in range(max(head, base), head + base + 1)) / 2 ** (head + base)
    assert min(2 * exact, 1) == pytest.approx(p_value, abs=1e-4)
    assert counted(head, base) == (p_value < 0.01)


def test_leaked_goroutines_do_not_come_and_go() -> None:
    assert counted(1, 0, LEAKED.partition("/")[0])


def test_passing_goroutines_are_as_rarely_growth_as_said() -> None:
    """Of 20 lines whose goroutines come and go, one in 100 pairs of snapshots has any that grew significantly."""
    rng, alarms = np.random.default_rng(7), 0
    where = [f"main.f{n}@/w/main.go:{n}" for n in range(1, 21)]

    def snapshot(mean: np.ndarray) -> Lines:
        stacks = (f"{at} = {n}" for at, n in zip(where, rng.poisson(mean).tolist(), strict=True))
        return lines(read(goroutines(*stacks)), own(lambda _: True))

    for _ in range(300):
        mean = rng.integers(1, 300, len(where))
        made = growth(snapshot(mean), snapshot(mean), ValueType("goroutine", "count"))
        alarms += bool(made.owned.significant.any())
    assert alarms <= 10  # 3 are expected; more than 10 would be chance once in several thousand


@pytest.mark.parametrize(
    ("values", "undone"),
    [
        ((0, 400, 0, 400), True),  # it has done that before
        ((0, 400, 0, 390), True),
        ((0, 400, 0, 410), False),  # it has never been so high
        ((0, 500, 500, 498), False),  # it stayed where it rose to
        ((0, 400, 1, 400), False),  # it never came back to where it began
        ((400, 0, 400, 0), True),
        ((400, 0, 0, 0), False),
        ((5, 9, 5), False),  # unchanged
    ],
)
def test_growth_that_was_undone_before(values: tuple[int, ...], undone: bool) -> None:
    column = np.array(values, np.float64)[:, None]
    assert undone_before(column, column[-1] - column[0]).tolist() == [undone]
