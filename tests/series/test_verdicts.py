"""What the history of a process says of its lines, on simulated processes whose truth is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.series.findings import RAISED, Finding, Judgement, badness
from alloclens.series.owned import owned
from alloclens.series.verdicts import VERDICTS, Rule
from alloclens.stats.amount import Amount
from alloclens.tables import holders
from alloclens.tables.lines import lines

from tests.support.judge import own
from tests.support.profiles import RATE, heap
from tests.support.sampled import HERE, Heap, judged, judgement, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alloclens.profile.model import Profile

MB = 1 << 20


def one_site(rng: np.random.Generator, steps: list[int], churn: int = 0, size: int = 4096) -> list[Finding]:
    """A site that holds so many MB more (or less) at each step, and turns over so many MB besides."""
    site, seen = Heap(rng, size), []
    for step in steps:
        blocks, turned = abs(step * MB) // size, (churn * MB) // size
        site.allocate(turned + (blocks if step > 0 else 0))
        site.free(turned + (0 if step > 0 else blocks))
        seen.append(site.snapshot())
    return judged(seen)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("steps", "churn", "wanted"),
    [
        ([5] * 12, 0, "early"),
        ([5] * 24, 0, "rises"),
        ([5] * 40, 50, "rises"),
        ([3] * 60, 0, "rises"),
        ([30, 30, 30] + [0] * 12, 0, "filled"),
        ([30, 20, 14, 10, 7, 5, 3, 2, 1, 1, 1, 0, 0, 0], 0, "filled"),
        ([15] * 3, 0, "early"),
        ([200] + [0] * 12, 0, "stands"),
        ([200] + [-10] * 12, 0, "fell"),
        ([8] + [0] * 12, 400, "turns"),
    ],
)
def test_the_rule(steps: list[int], churn: int, wanted: str) -> None:
    hits = Counter(one_site(np.random.default_rng(seed), steps, churn)[0].rule.name.lower() for seed in range(5))
    assert hits[wanted] >= 4, hits


@pytest.mark.slow
@pytest.mark.parametrize(
    "steps", [[64] + [0] * 12, [64, 40, -40] + [40, -40] * 6, [30, 30, 30] + [0] * 12, [64, -30] * 3]
)
def test_what_turns_over_is_not_raised(steps: list[int]) -> None:
    raised = sum(f.verdict in RAISED for seed in range(12) for f in one_site(np.random.default_rng(seed), steps, 64))
    assert raised <= 1  # CHANCE is allowed for the one line of each process


@pytest.mark.parametrize("unknown", [0, 1, 2])
def test_the_worst_is_first_whether_or_not_the_error_is_known(unknown: int) -> None:
    """Without a known error the growth itself counts: nan would leave all in any order."""
    found = one_site(np.random.default_rng(1), [5] * 3)[0]
    exact = [replace(found, owned=Amount(grown * MB, grown * MB)) for grown in (3, 70, 4)[: unknown + 1]]
    sampled = [
        replace(found, owned=Amount(grown * MB, grown * MB, low * MB, 2 * grown * MB))
        for grown, low in ((50, 1), (9, 5))
    ]
    ordered = sorted([*exact, *sampled], key=badness)
    assert [one.growth / MB for one in ordered] == [[9, 3, 50], [70, 9, 3, 50], [70, 9, 4, 3, 50]][unknown]


def test_a_finding_says_how_much() -> None:
    (found,) = one_site(np.random.default_rng(1), [8] * 10)
    assert (found.file, found.line, found.over.observations) == ("/o/a.go", 1, 10)
    assert found.owned.low < 72 * MB < found.owned.high
    assert found.slope == pytest.approx(8 * MB / 60, rel=0.2)
    assert found.per_snapshot == pytest.approx(8 * MB, rel=0.2)
    assert found.retention == pytest.approx(1)


def test_what_holds_nothing_and_held_nothing_at_first_is_no_finding() -> None:
    """Of the lines of one head: one keeps, one has freed all, and two held something in between or never."""
    held = [(40, 9, 0, 0), *[(40, 9, 9, 0)] * 6, (40, 0, 0, 0)]
    sites = [f"main.work@/o/a.go:{line}" for line in (1, 2, 3, 4)]
    made = [heap(*(f"{site} = {n}x{RATE}/99" for site, n in zip(sites, now, strict=True)), rate=1) for now in held]
    found = judgement([lines(read(one), own(lambda _: True)) for one in made]).findings()
    assert sorted(finding.line for finding in found) == [1, 2]


def test_findings_on_some_rows_are_those_with_the_verdict() -> None:
    grows, stays = Heap(np.random.default_rng(0), 4096), Heap(np.random.default_rng(1), 4096)
    stays.allocate(100 * MB // 4096)
    seen = []
    for _ in range(24):
        grows.allocate(8 * MB // 4096)
        seen.append(snapshot({HERE: grows, "main.work@/o/a.go:7": stays}))
    found = judgement(seen)
    rows = {line: int(np.flatnonzero(found.head.line == line)[0]) for line in (1, 7)}
    assert [[f.line for f in found.findings(RAISED, np.array([row]))] for row in rows.values()] == [[1], []]
    assert [f.line for f in found.findings(rows=np.array([rows[7]]))] == [7]


def crowd(rng: np.random.Generator, snapshots: int, leak: int) -> tuple[list, dict[str, Heap]]:
    """A process of forty sites that turn over 100 MB a minute together; one more keeps `leak` bytes a minute."""
    churn = {f"main.work@/o/a.go:{10 + i}": Heap(rng, int(size)) for i, size in enumerate(2 ** rng.integers(5, 16, 40))}
    leaky, seen = Heap(rng, 256), []
    for site in churn.values():
        site.allocate(4 * MB // site.size)
    for _ in range(snapshots):
        for site in churn.values():
            blocks = int(rng.poisson(2.5 * MB / site.size))
            site.allocate(blocks)
            site.free(int(rng.binomial(site.live, 0.4)))  # each block ends after a while
        leaky.allocate(leak // 256)
        seen.append(snapshot({HERE: leaky, **churn}))
    return seen, churn


def test_pure_churn_raises_nothing() -> None:
    seen, _ = crowd(np.random.default_rng(1), 100, 0)
    for upto in (2, 3, 6, 10, 30, 100):
        assert [f for f in judged(seen[:upto]) if f.verdict in RAISED] == []


@pytest.mark.parametrize("seed", range(2))
def test_a_slow_leak_under_churn_a_hundred_times_as_large(seed: int) -> None:
    """One MiB a minute beside 100 MiB a minute that come and go."""
    seen, _ = crowd(np.random.default_rng(seed), 30, MB)
    pair = {f.line: f for f in judged(seen[:2])}
    assert 1 not in pair or pair[1].rule.name == "UNCLEAR"
    first = judged(seen)[0]
    assert (first.line, first.verdict) == (1, "leak")


def test_the_caller_that_fills_up_is_the_candidate_of_a_line_that_mostly_turns_over() -> None:
    rng = np.random.default_rng(1)
    fills, turns = Heap(rng, 4096), Heap(rng, 4096)
    seen = []
    for step in range(24):
        fills.allocate((2 << 20) // 4096 if step < 10 else 0)
        turns.allocate((200 << 20) // 4096)
        turns.free(int(rng.binomial(turns.live, 0.6)))
        seen.append(snapshot({f"{HERE} < main.a@/o/a.go:{line}": heap for line, heap in ((5, fills), (6, turns))}))
    found = judgement(seen)
    assert found.findings(RAISED) == []
    (candidate,) = found.candidates()
    assert (candidate.line, [caller.line for caller in candidate.path]) == (1, [5])
    assert candidate.rule in {Rule.FILLED, Rule.SLOWS}
    assert [caller.line for caller in candidate.callers] == [5, 6]


def through_helpers(rng: np.random.Generator, helpers: int, leak: int, snapshots: int = 30) -> Judgement:
    """Judge a helper on line 1 that other helpers call, from line 11 on; line 24 calls the last of them and keeps `leak` bytes a step.

    Three honest callers of the last helper, and one of the first, hold far more, which swings.
    """
    between = "".join(f" < main.help@/o/a.go:{11 + i}" for i in range(helpers))
    honest = {f"{HERE}{between} < main.work@/o/a.go:{line}": 0.3 * (line - 20) for line in (21, 22, 23)}
    honest |= {f"{HERE} < main.work@/o/a.go:25": 0.6} if helpers else {}
    sites, leaky, seen = {stack: Heap(rng, 4096) for stack in honest}, Heap(rng, 4096), []
    for site in sites.values():
        site.allocate(40 * MB // 4096)
    for _ in range(snapshots):
        load = rng.uniform(0.5, 1.5)
        for site, share in zip(sites.values(), honest.values(), strict=True):
            site.allocate(int(rng.poisson(share * load * 40 * MB / 4096)))
            site.free(int(rng.binomial(site.live, min(share, 0.9))))
        leaky.allocate(leak // 4096)
        seen.append(snapshot({f"{HERE}{between} < main.keep@/o/a.go:24": leaky, **sites}))
    return judgement(seen)


@pytest.mark.parametrize("helpers", [0, 1, 2])
def test_a_leak_behind_helpers_of_helpers_is_found_with_the_caller_that_grows(helpers: int) -> None:
    path = [*range(11, 11 + helpers), 24]
    for seed in range(4):
        found = through_helpers(np.random.default_rng(seed), helpers, MB).findings(RAISED)
        assert [(f.line, [caller.line for caller in f.path]) for f in found] == [(1, path)]
        assert found[0].callers[0].line == 24
        assert {caller.line for caller in found[0].callers} == {21, 22, 23, 24}
        assert [caller.owned.growth for caller in found[0].path] == [found[0].growth] * len(path)


@pytest.mark.parametrize("cut", [0, 10, 19])
def test_callers_that_one_snapshot_does_not_tell_apart_are_not_judged(
    monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    """They would have grown from nothing to what they always held."""
    stacks = [f"{HERE} < main.a@/o/a.go:2 < main.b@/o/a.go:3 < main.c@/o/a.go:{line}" for line in (4, 5, 6)]
    seen = []
    for number in range(20):
        with monkeypatch.context() as patched:
            if number == cut:
                patched.setattr(holders, "MAX_HOLDERS", 2)
            seen.append(lines(read(heap(*(f"{stack} = 200x{RATE}/200" for stack in stacks))), own(lambda _: True)))
    assert {len(owned(one).key) for one in seen} == {3, 4}
    found = judgement(seen)
    assert found.history.parts.depth.tolist() == [0]
    assert {finding.growth for finding in found.findings()} == {0}


@pytest.mark.parametrize("since", [0, 18])
def test_what_v8_may_have_inlined_allocates_no_more_and_nothing_of_it_was_freed(since: int) -> None:
    """The leaks, and not the cache: what it held before V8 inlined it was replaced. One rise is only a candidate."""
    serve, seen = "serve@/o/a.ts:10", []
    for number in range(20):
        stacks = [
            f"{serve} < tick@/o/a.ts:20 = {200 + 10 * max(number - since, 0)}x{RATE}",
            f"open@/o/a.ts:3 < {serve} < tick@/o/a.ts:20 = 30x{RATE}",
            f"record@/o/b.ts:3 < push@:0 < open@/o/a.ts:3 < {serve} < tick@/o/a.ts:20 = 40x{RATE}",
            f"get@/o/c.ts:3 < {serve} < tick@/o/a.ts:20 = {50 if number < 3 else 5}x{RATE}",
            f"late@/o/c.ts:6 < {serve} < tick@/o/a.ts:20 = {max(number - 14, 0)}x{RATE}",
            f"other@/o/c.ts:9 < tick@/o/a.ts:20 = 60x{RATE}",
        ]
        seen.append(replace(read(heap(*(stack.replace("@:0", "@:1") for stack in stacks))), by_function=True))

    def found(profiles: Sequence[Profile]) -> Finding:
        of_all = judgement([lines(one, own(lambda _: True)) for one in profiles])
        return next(one for one in (*of_all.findings(RAISED), *of_all.candidates()) if one.function == "serve")

    of_functions = found(seen)
    assert of_functions.is_candidate == (since == 18)
    assert [of.function for of in of_functions.inlined] == ["record", "open"]
    assert not found([replace(one, by_function=False) for one in seen]).inlined


TICK = "tick@/o/main.ts:20"
HANDLE = f"handle@/o/main.ts:10 < {TICK}"


def of_v8(held: Sequence[dict[str, int]]) -> Judgement:
    """Judge functions that hold so many sampled objects, as V8 records them: without what was allocated since the start."""
    seen = []
    for objects in held:
        made = read(heap(*(f"{stack} = {number}x{RATE}" for stack, number in objects.items() if number)))
        kept = [i for i, kind in enumerate(made.sample_types) if kind.type.startswith("inuse_")]
        types = tuple(made.sample_types[i] for i in kept)
        of_functions = replace(made, sample_types=types, values=made.values[:, kept], by_function=True)
        seen.append(lines(of_functions, own(lambda _: True)))
    return judgement(seen)


def inlined_in_turn(rng: np.random.Generator, kept: int) -> list[dict[str, int]]:
    """V8 inlines `open`, then `observe` and a full cache, then all of `handle`. Each of the first two leaks `kept` at each step."""
    held, leaks = list[dict[str, int]](), dict[str, int]()
    sites = [f"{name}@/o/{name}.ts:3 < {HANDLE}" for name in ("open", "observe", "cache")]
    for number in range(24):
        now = [
            TICK if number >= 16 else HANDLE if number >= at else of for at, of in zip((8, 12, 12), sites, strict=True)
        ]
        for leak in now[:2]:
            leaks[leak] = leaks.get(leak, 0) + kept
        cache = 60 + int(rng.integers(-3, 4))
        held.append(leaks | {now[2]: leaks.get(now[2], 0) + cache})
    return held


def stopped_late(paces: Sequence[int], *, since: int) -> list[dict[str, int]]:
    """`open` leaks and `page` makes garbage, which is collected at 10; V8 inlines both at `since`, and nothing is collected later.

    `paces`: how many objects more `handle` keeps by itself at each step before and after that.
    """
    held = []
    for number in range(24):
        before, after = min(number, since), max(number - since, 0)
        of_page = before - 10 if before >= 10 else before
        handle = paces[0] * before + paces[1] * after
        held.append(
            {
                f"open@/o/open.ts:3 < {HANDLE}": 5 + 3 * before,
                f"page@/o/page.ts:3 < {HANDLE}": 5 + 8 * of_page,
                HANDLE: handle,
            }
        )
    return held


@pytest.mark.parametrize(
    ("paces", "since", "names"), [((0, 11), 20, ["page", "open"]), ((0, 11), 21, []), ((11, 11), 20, [])]
)
def test_what_stopped_as_the_pace_of_its_caller_rose_may_be_inlined(
    paces: tuple[int, int], since: int, names: list[str]
) -> None:
    """Three steps without a rise are enough, if the caller grew by more in them than in all before."""
    found = of_v8(stopped_late(paces, since=since))
    (handle,) = (one for one in (*found.findings(RAISED), *found.candidates()) if one.function == "handle")
    assert [of.function for of in handle.inlined] == names


def test_which_part_of_the_growth_outlived_a_collection() -> None:
    """At observation 10, the whole falls from 32 + 77 objects to 35 + 5."""
    found = of_v8(stopped_late((0, 11), since=20))
    part = found.outlived()
    assert part is not None
    by_function = {
        found.head.function(row): share for row, share in zip(found.head.holders.row.tolist(), part, strict=True)
    }
    assert by_function == pytest.approx({"open": 30 / 60, "page": 0 / 80, "handle": 0})
    steady = [{HANDLE: 100 + number, TICK: 100 - 9 * (number == 9)} for number in range(24)]
    assert of_v8(steady).outlived() is None, "less than a tenth went"


@pytest.mark.parametrize("goes_on", [0, 1])
def test_what_v8_inlined_through_another_function_names_that_too(goes_on: int) -> None:
    """`handle` frees a half of what it allocated before, so it may be a cache; unless it goes on, `tick` has what it allocates."""
    held = [
        {
            f"open@/o/open.ts:3 < {HANDLE}": 3 * min(number, 8),
            HANDLE: (60 if number < 8 else 30) + goes_on * number,
            TICK: 3 * max(number - 8, 0),
        }
        for number in range(24)
    ]
    (found,) = (one for one in of_v8(held).findings(RAISED) if one.function == "tick")
    assert [of.function for of in found.inlined] == ["handle", "open"][goes_on:]


def test_functions_that_v8_inlines_in_turn_are_judged_with_their_caller() -> None:
    for seed in range(4):
        found = of_v8(inlined_in_turn(np.random.default_rng(seed), 3))
        (finding,) = found.findings(RAISED)
        assert (finding.function, finding.with_called, finding.rule) == ("tick", True, Rule.RISES)
        assert [of.function for of in finding.inlined] == ["handle", "observe", "open"]
        assert finding.owned.value == sum(inlined_in_turn(np.random.default_rng(seed), 3)[-1].values()) * RATE
        assert not of_v8(inlined_in_turn(np.random.default_rng(seed), 0)).findings(RAISED)


def test_a_function_that_leaks_is_found_without_its_callers() -> None:
    """Though V8 has inlined another one into its caller, which holds no more and no less."""
    held = [
        {f"open@/o/open.ts:3 < {HANDLE}": 20, f"keep@/o/keep.ts:3 < {HANDLE}": 3 * number, HANDLE: 30}
        for number in range(24)
    ]
    assert [(found.function, found.with_called) for found in of_v8(held).findings(RAISED)] == [("keep", False)]


@pytest.mark.parametrize(("small", "names"), [(2, ["tick", "note"]), (8, ["note"])])
def test_a_small_leak_does_not_hide_larger_ones_that_v8_inlined_in_turn(small: int, names: list[str]) -> None:
    """They keep six objects a step. If the one that is not inlined keeps more, it explains most of what their caller holds."""
    held = inlined_in_turn(np.random.default_rng(0), 3)
    note = f"note@/o/note.ts:3 < {HANDLE}"
    found = of_v8([now | {note: small * number} for number, now in enumerate(held)]).findings(RAISED)
    assert [(one.function, one.with_called) for one in found] == [(name, name == "tick") for name in names]


@pytest.mark.parametrize("leak", [0, 3])
def test_what_moves_to_its_caller_does_not_grow(leak: int) -> None:
    """A full cache that V8 inlined: as its entries are replaced, the caller holds more and more of them."""
    held = [{f"cache@/o/cache.ts:3 < {HANDLE}": 96 - 4 * number, HANDLE: (4 + leak) * number} for number in range(24)]
    found = of_v8(held).findings(RAISED)
    assert [(one.function, one.with_called, one.growth / RATE) for one in found] == [("handle", True, 69)] * (leak > 0)


@pytest.mark.slow
@pytest.mark.parametrize("helpers", [0, 1, 2])
def test_honest_callers_of_helpers_stay_quiet(helpers: int) -> None:
    accused = [
        f for seed in range(40) for f in through_helpers(np.random.default_rng(seed), helpers, 0).findings(RAISED)
    ]
    assert len(accused) <= 1


def test_the_callers_beside_the_one_that_decides_are_those_of_the_same_helper() -> None:
    """Of a line whose callers fork twice, all callers of a fork hold together what is held through it."""
    found = through_helpers(np.random.default_rng(1), 1, 2 * MB)
    history, lines = found.history, found.head.line
    by_path = {
        tuple(lines[found.head.holders.callers[first, :depth]].tolist()): value
        for first, depth, value in zip(
            history.parts.first.tolist(), history.parts.depth.tolist(), history.values[-1].tolist(), strict=True
        )
    }
    assert set(by_path) == {(), (11,), (25,), (11, 21), (11, 22), (11, 23), (11, 24)}
    assert by_path[()] == pytest.approx(by_path[11,] + by_path[25,])
    assert by_path[11,] == pytest.approx(sum(by_path[11, line] for line in (21, 22, 23, 24)))
    (finding,) = found.findings(RAISED)
    assert {caller.line: caller.owned.value for caller in finding.callers} == {
        line: by_path[11, line] for line in (21, 22, 23, 24)
    }
    decided = by_path[tuple(caller.line for caller in finding.path)]
    assert decided == finding.owned.value
    assert finding.beside.value == pytest.approx(by_path[()] - decided)
    assert finding.beside.growth == pytest.approx(
        found.verdicts.growth[history.parts.depth == 0].sum() - finding.growth
    )


def test_a_caller_that_may_leak_is_the_candidate_of_a_line_of_which_as_little_is_known() -> None:
    """Of both, the change is within the noise; but the caller rises, and its line swings with the other callers."""
    paths = Counter[tuple[int, ...]]()
    for seed in range(10):
        found = through_helpers(np.random.default_rng(seed), 1, MB // 3, snapshots=12)
        paths[tuple(caller.line for caller in found.candidates()[0].path)] += 1
    assert paths[11, 24] >= 8, paths


@pytest.mark.parametrize(
    ("many", "worst"), [((0, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5), [6, 5]), ((0, 2, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5), [5, 6])]
)
def test_a_caller_that_gained_more_is_worse_unless_it_clearly_slows_down(
    many: tuple[int, ...], worst: list[int]
) -> None:
    """Five objects are √5 = 2.24 standard errors, three √3 = 1.73. The first five come evenly, the others all in the first quarter."""
    seen = []
    for more, less in zip(many, (0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3), strict=True):
        stacks = (f"{HERE} < main.a@/o/a.go:{line} = {of}x{2 * MB}" for line, of in ((5, less), (6, more)))
        seen.append(lines(read(heap(*stacks)), own(lambda _: True)))
    (candidate,) = judgement(seen).candidates()
    assert [caller.line for caller in candidate.callers] == worst


def test_of_what_is_as_certain_as_floating_point_can_say_the_larger_growth_comes_first() -> None:
    """Nothing is sampled here: 2000 and 4000 objects are √2000 and √4000 standard errors, of which the p-value is 0."""
    seen = []
    for number in range(1, 11):
        stacks = f"{HERE} = {400 * number}x10", f"main.g@/o/a.go:2 = {200 * number}x100"
        seen.append(lines(read(heap(*stacks, rate=1)), own(lambda _: True)))
    assert [(one.line, one.rule) for one in judgement(seen).candidates()] == [(2, Rule.EARLY), (1, Rule.EARLY)]


def still(snapshots: int, **held: int) -> Judgement:
    """Judge a process in which each line holds so many small sampled objects all the time, all of them new at each snapshot."""
    seen = []
    for number in range(1, snapshots + 1):
        stacks = [
            f"main.{name}@/o/a.go:{objects} = {objects * 512}x1024/{number * objects * 512}"
            for name, objects in held.items()
        ]
        seen.append(lines(read(heap(*stacks)), own(lambda _: True)))
    return judgement(seen)


@pytest.mark.parametrize(("snapshots", "expected"), [(2, 3), (19, 3), (20, 0)])
def test_while_it_is_early_a_leak_may_hide_in_what_does_not_rise(snapshots: int, expected: int) -> None:
    found = still(snapshots, a=3, b=40, c=10, d=20)
    assert not found.candidates()
    quiet = found.quiet()
    # The more come and go, the larger the error of their difference. Here a line's number is that of its objects.
    assert [one.line for one in quiet] == [40, 20, 10][:expected]
    assert all(one.is_candidate and one.code == "candidate" and one.owned.high > 0 for one in quiet)
    assert not any(one.is_candidate for one in found.findings(VERDICTS))


def test_no_leak_hides_in_what_certainly_fell_or_holds_nothing() -> None:
    seen = []
    for number in range(1, 9):
        stacks = [
            f"main.f@/o/a.go:{line} = {of * 512}x1024/{100 * 512}"
            for line, of in ((1, 100 - 10 * number), (2, 0), (3, 5))
        ]
        seen.append(lines(read(heap(*stacks)), own(lambda _: True)))
    assert [one.line for one in judgement(seen).quiet()] == [3]


def first_candidates(kept: float, other: Callable[[Heap, np.random.Generator, int], None]) -> Counter[int]:
    """Return how often each line is the first candidate: line 1 leaks so many MB at each step, line 7 does something else."""
    first: Counter[int] = Counter()
    for seed in range(10):
        rng = np.random.default_rng(seed)
        leak, beside, seen = Heap(rng, 256), Heap(rng, 256), []
        for step in range(12):
            leak.allocate(int(kept * MB) // 256)
            other(beside, rng, step)
            seen.append(snapshot({HERE: leak, "main.work@/o/a.go:7": beside}))
        first[judgement(seen).candidates()[0].line] += 1
    return first


def test_a_leak_is_a_candidate_before_a_cache_of_the_same_size_that_fills_up() -> None:
    def cache(heap: Heap, _: np.random.Generator, step: int) -> None:
        heap.allocate(int((6, 5, 4, 3, 2, 2, 1, 1, 0.5, 0.5, 0.5, 0.5)[step] * MB) // 256)

    assert first_candidates(1, cache)[1] >= 8


def test_a_leak_is_a_candidate_before_sessions_that_follow_the_load() -> None:
    def sessions(heap: Heap, rng: np.random.Generator, step: int) -> None:
        heap.free(int(rng.binomial(heap.live, 0.4)))
        heap.allocate((6 + step) * MB // 256)

    assert first_candidates(1.5, sessions)[1] >= 8
