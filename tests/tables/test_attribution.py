"""Flat, cum and owned against a plain loop over the samples, and top against hand-made cases."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.profile.kernel import LoadedValues, arena
from alloclens.tables import attribution, sites
from alloclens.tables.lines import Ownership, lines
from alloclens.tables.stacks import having, heaviest, passing, through
from alloclens.tables.top import top
from alloclens.transform.difference import difference, total
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.judge import own
from tests.support.profiles import Builder, heap

if TYPE_CHECKING:
    from alloclens.profile.model import Profile
    from alloclens.tables.sites import Sites

FRAMES = [
    f"{f}@{p}:{n}" for f, p, n in (("f", "/o/a.go", 1), ("f", "/o/a.go", 2), ("g", "/o/a.go", 2), ("h", "/v/b.go", 1))
]
stack = st.lists(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=2).map(" + ".join), max_size=6).map(" < ".join)
samples = st.lists(st.tuples(stack, st.integers(-(2**40), 2**40)), max_size=12)


def profile_of(given: list[tuple[str, int]]) -> Profile:
    made = Builder(("cpu", "count"))
    for text, value in given:
        made.sample(text, [value])
    return read(made.bytes())


@pytest.mark.slow
@settings(max_examples=30)
@given(samples)
def test_against_a_loop(given: list[tuple[str, int]]) -> None:
    profile = profile_of(given)
    where = sites.by_source_line(profile)
    own = np.array([where.texts[i].startswith("/o/") for i in where.file.tolist()], np.bool_)
    counted = {
        "flat": attribution.flat(profile, where).sum(profile.values),
        "cum": attribution.cum(profile, where, profile.values),
        "owned": attribution.owned(profile, where, own).sum(profile.values),
    }
    for name, want in loop(given).items():
        sums = counted[name][:, 0].tolist()
        keys = [f"{where.texts[f]}:{n}" for f, n in zip(where.file.tolist(), where.line.tolist(), strict=True)]
        assert {k: v for k, v in zip(keys, sums, strict=True) if v} == {k: v for k, v in want.items() if v}
    with arena() as memory:
        stacks = attribution.stacks(memory, profile, where)
        owners, deepest = stacks.owned(own, 4), stacks.owned(own, 1)
    for found, stack in zip(owners.tolist(), stacks_of(profile, where), strict=True):
        wanted = list(dict.fromkeys(site for site in stack if own[site]))[:4]
        assert found == wanted + [-1] * (4 - len(wanted))
    assert owners[:, 0].tolist() == attribution.owned(profile, where, own).site.tolist()
    assert deepest[:, 0].tolist() == owners[:, 0].tolist()


def stacks_of(profile: Profile, where: Sites) -> list[list[int]]:
    """Return the sites of each sample's frames, leaf first."""
    at, frame_at = profile.location_at.tolist(), profile.locations.frame_at.tolist()
    of_location = [where.of_frame[i:j].tolist() for i, j in pairwise(frame_at)]
    return [[site for one in profile.location[i:j].tolist() for site in of_location[one]] for i, j in pairwise(at)]


@pytest.mark.slow
@settings(max_examples=30)
@given(samples, st.integers(0, 3), st.integers(0, 3))
def test_integers_and_floats_of_any_number_of_columns(given: list[tuple[str, int]], whole: int, fractions: int) -> None:
    """In a float each of these sums is exact, in steps of 1/4."""
    profile = profile_of(given)
    where = sites.by_source_line(profile)
    one = attribution.cum(profile, where, profile.values)
    integers = np.repeat(profile.values, whole, axis=1) * np.arange(1, whole + 1)
    floats = np.repeat(profile.values, fractions, axis=1) * (np.arange(1, fractions + 1) / 4)
    flat = attribution.flat(profile, where)
    with arena() as memory:
        given_values = LoadedValues(memory, len(profile), list(integers.T), list(floats.T))
        cum = attribution.stacks(memory, profile, where).cum(given_values)
        of_leaf = given_values.by(flat.site, len(where))
    for sums, wanted in ((cum, one), (of_leaf, flat.sum(profile.values))):
        assert [part.dtype for part in sums] == [np.int64, np.float64]
        assert sums[0].tolist() == (wanted * np.arange(1, whole + 1)).tolist()
        assert sums[1].tolist() == (wanted * (np.arange(1, fractions + 1) / 4)).tolist()


def places_of(text: str) -> list[str]:
    return [frame.split("@")[1] for location in text.split(" < ") if location for frame in location.split(" + ")]


def ways(places: list[str]) -> list[tuple[str, ...]]:
    """Return the ways from the root to each place of a stack, leaf first."""
    return [tuple(places[i:]) for i in range(len(places))]


def loop(given: list[tuple[str, int]]) -> dict[str, Counter[str]]:
    out = {"flat": Counter(), "cum": Counter(), "owned": Counter()}
    for text, value in given:
        places = places_of(text)
        for place in set(places):
            out["cum"][place] += value
        if places:
            out["flat"][places[0]] += value
        own = [p for p in places if p.startswith("/o/")]
        if own:
            out["owned"][own[0]] += value
    return out


@settings(max_examples=30)
@given(samples)
def test_the_stacks_through_a_line_add_up_to_its_cum(given: list[tuple[str, int]]) -> None:
    profile = profile_of(given)
    where = sites.by_source_line(profile)
    sums = attribution.cum(profile, where, profile.values)[:, 0]
    for site in range(len(where)):
        found = through(profile, where, [site], 0, 100)
        assert sum(s.amount.value for s in found) == sums[site]
        assert len({s.frames for s in found}) == len(found)


@settings(max_examples=30)
@given(samples, samples)
def test_what_passes_a_frame_came_by_the_same_frames(head: list[tuple[str, int]], base: list[tuple[str, int]]) -> None:
    made = difference(profile_of(head), profile_of(base))
    where = sites.by_source_line(made)
    for site in range(len(where)):
        name = f"{where.texts[where.file[site]]}:{where.line[site]}"
        now: Counter[tuple[str, ...]] = Counter()
        grown: Counter[tuple[str, ...]] = Counter()
        for text, value, is_head in [(*one, True) for one in head] + [(*one, False) for one in base]:
            for way in ways(places_of(text)) if name in places_of(text) else ():
                now[way] += value if is_head else 0
                grown[way] += value if is_head else -value
        stacks = through(made, where, [site], 0, 100)
        found = passing(made, where, 0, having(made, where, [site]), [stack.sample for stack in stacks])
        for stack, amounts in zip(stacks, found, strict=True):
            places = [f"{frame.file}:{frame.line}" for frame in stack.frames]
            assert [amount[:2] for amount in amounts] == [(now[way], grown[way]) for way in ways(places)]


def test_owned_goes_to_the_caller_in_own_code() -> None:
    made = lines(
        read(heap("dep.New@/v/dep.go:4 < main.serve@/o/main.go:6 < main.main@/o/main.go:1 = 2x100")),
        own(lambda file: file.startswith("/o/")),
    )
    rows = {(made.files[f], n): i for i, (f, n) in enumerate(zip(made.file.tolist(), made.line.tolist(), strict=True))}
    assert made.value.owned[:, 3].tolist()[rows["/o/main.go", 6]] == 200
    assert made.value.owned[:, 3].sum() == 200
    assert made.value.cum[rows["/o/main.go", 1], 3] == 200


@pytest.mark.parametrize(
    "allocator",
    [
        "__rust_alloc",
        "__rustc::__rust_alloc_zeroed",
        "_RNvCsdvjKqm9wSPF_7___rustc12___rust_realloc",
        "__rg_alloc",
        "<app::Counting as core::alloc::global::GlobalAlloc>::alloc",
        "<app::Counting as core::alloc::global::GlobalAlloc>::realloc::h0123456789abcdef",
        "_rjem_mallocx",
        "operator new(unsigned long)",
        "operator new[](unsigned long, std::align_val_t)",
    ],
)
def test_an_allocator_in_own_code_owns_nothing(allocator: str) -> None:
    made = Builder(("inuse_objects", "count"), ("inuse_space", "bytes"))
    made.sample(f"{allocator}@/o/main.rs:5 < push@/v/vec.rs:9 < serve@/o/main.rs:40", [1, 100])
    table = lines(read(made.bytes()), own(lambda file: file.startswith("/o/")))
    assert dict(zip(table.line.tolist(), table.value.owned[:, 1].tolist(), strict=True)) == {5: 0, 40: 100, 9: 0}


@pytest.mark.parametrize("function", ["alloc", "app::pool::alloc", "main.malloc", "app::realloc_all", "new"])
def test_a_function_that_is_only_called_like_an_allocator_owns(function: str) -> None:
    made = Builder(("inuse_objects", "count"), ("inuse_space", "bytes"))
    made.sample(f"{function}@/o/main.rs:5 < serve@/o/main.rs:40", [1, 100])
    table = lines(read(made.bytes()), own(lambda file: file.startswith("/o/")))
    assert dict(zip(table.line.tolist(), table.value.owned[:, 1].tolist(), strict=True)) == {5: 100, 40: 0}


def test_a_sample_is_charged_to_the_deepest_file_that_is_own_or_lost_else_to_its_leafs() -> None:
    stacks = (
        "dep.New@/v/dep.go:4 < main.lost@/l/lost.go:3 < main.main@/o/main.go:1 = 2x100",
        "dep.New@/v/dep.go:4 < main.main@/o/main.go:1 = 3x100",
        "dep.New@/v/dep.go:4 < net.serve@/g/net.go:1 = 5x100",
        " = 7x100",
    )
    made = lines(
        read(heap(*stacks)), lambda files: Ownership([f[1] == "o" for f in files], [f[1] == "l" for f in files])
    )
    *charged, nowhere = made.charged[:, 3].tolist()
    assert dict(zip(made.files, charged, strict=True)) == {
        "/g/net.go": 0, "/l/lost.go": 200, "/o/main.go": 300, "/v/dep.go": 500
    }  # fmt: skip
    assert nowhere == 700


def test_a_line_is_in_the_outermost_of_its_functions() -> None:
    stacks = (
        "main.serve.func1:6@/o/main.go:6 < main.serve:3@/o/main.go:6 = 1x8",
        "main.serve.func1:6@/o/main.go:7 = 1x8",
        "main.other@/o/other.go:2 = 1x8",
    )
    made = lines(read(heap(*stacks)), own(lambda _: True))
    names = [made.functions.name[i] for i in made.functions.of_line.tolist()]
    assert list(zip(made.line.tolist(), names, strict=True)) == [
        (6, "main.serve"), (7, "main.serve.func1"), (2, "main.other")
    ]  # fmt: skip
    assert made.functions.by_file(made.files) == {
        "/o/main.go": ("main.serve.func1", "main.serve"), "/o/other.go": ("main.other",)
    }  # fmt: skip
    assert made.functions.start_line.tolist() == [6, 3, 0]


def test_a_path_is_one_file_however_it_is_written() -> None:
    profile = read(heap("f@/w/./a.go:1 = 1x8", "f@/w/x/../a.go:1 = 1x8"))
    assert [(r.file, r.flat) for r in top(profile, 3, "line", "flat").rows()] == [("/w/a.go", 16)]


def test_a_difference_is_head_minus_base_and_percent_of_the_base() -> None:
    head = read(heap("f@/a.go:1 = 5x100", "new@/a.go:2 = 1x100"))
    base = read(heap("f@/a.go:1 = 2x100", "gone@/a.go:3 = 3x100"))
    made = difference(head, base)
    rows = {r.function: r.flat for r in top(made, 3, "function", "flat").rows()}
    assert rows == {"f": 300, "new": 100, "gone": -300}
    assert total(made, 3) == 500


def test_equal_stacks_of_head_and_base_are_one_stack() -> None:
    head, base = (read(heap(f"f@/a.go:1 < main@/a.go:9 = {n}x100")) for n in (5, 2))
    made = difference(head, base)
    where = sites.by_source_line(made)
    (found,) = through(made, where, [0], 3, 9)
    assert (found.amount.value, found.amount.growth) == (500, 300)
    assert [f.function for f in found.frames] == ["f", "main"]


HEAD = ("x@/a.go:1 = 5x1", "y@/a.go:2 = 400x1", "w@/a.go:3 = 1x1", "v@/a.go:4 = 30x1")
BASE = ("x@/a.go:1 = 2x1", "w@/a.go:3 = 2x1", "z@/a.go:5 = 6x1", "v@/a.go:4 = 33x1")
"""In all of which main.main stands at a.go:9. x grew by 3, y by 400, w by -1, v by -3, and z, gone since, by -6."""


@pytest.mark.parametrize(
    ("unsaid", "most", "expected"),
    [
        ((), 9, [("y", 400, 400), ("x", 5, 3), ("w", 1, -1), ("v", 30, -3), ("z", 0, -6)]),
        ((), 2, [("y", 400, 400), ("x", 5, 3)]),
        # A growth that is unknown counts as none; of two that do, the heavier is first.
        ((2,), 9, [("x", 5, 3), ("y", 400, None), ("w", 1, -1), ("v", 30, -3), ("z", 0, -6)]),
        ((3, 4), 9, [("y", 400, 400), ("x", 5, 3), ("v", 30, None), ("w", 1, None), ("z", 0, -6)]),
        # What only the base has, at a line that may be another one now, is no stack of the head.
        ((5,), 9, [("y", 400, 400), ("x", 5, 3), ("w", 1, -1), ("v", 30, -3)]),
        ((5, 3), 3, [("y", 400, 400), ("x", 5, 3), ("w", 1, None)]),
        ((9,), 9, [("y", 400, None), ("v", 30, None), ("x", 5, None), ("w", 1, None)]),
    ],
)
def test_stacks_through_lines_of_unknown_growth(
    unsaid: tuple[int, ...], most: int, expected: list[tuple[str, int, int | None]]
) -> None:
    head, base = (
        read(heap(*(stack.replace(" =", " < main.main@/a.go:9 =") for stack in stacks))) for stacks in (HEAD, BASE)
    )
    made = difference(head, base)
    where = sites.by_source_line(made)
    main = np.flatnonzero(where.line == 9).tolist()
    found = through(made, where, main, 3, most, np.isin(where.line, unsaid) if unsaid else None)
    assert [(one.frames[0].function, one.amount.value, one.amount.growth) for one in found] == expected
    assert [one.grown for one in found] == [max(now if grew is None else grew, 0) for _, now, grew in expected]


def test_of_a_line_that_shrank_what_shrank_most_is_first() -> None:
    """As after an edit by which the line allocates half as much: most of what is in use is what it fell from, not the smallest."""
    head = read(heap("f@/a.go:1 < g@/a.go:3 = 60x10", "f@/a.go:2 < g@/a.go:3 = 1x10", "f@/a.go:4 < g@/a.go:3 = 9x10"))
    base = read(heap("f@/a.go:1 < g@/a.go:3 = 120x10", "f@/a.go:2 < g@/a.go:3 = 2x10", "f@/a.go:4 < g@/a.go:3 = 8x10"))
    made = difference(head, base)
    where = sites.by_source_line(made)
    of_g = np.flatnonzero(where.line == 3).tolist()
    found = through(made, where, of_g, 3, 9)
    assert [one.amount[:2] for one in found] == [(600, -600), (10, -10), (90, 10)]
    grew = heaviest(made, where, having(made, where, of_g), 3, 9)  # as a finding, which is about growth, tells them
    assert [one.amount[:2] for one in grew] == [(90, 10), (10, -10), (600, -600)]


def test_from_a_line_of_unknown_growth_on_nothing_is_said_of_what_passes() -> None:
    head = read(heap("f@/a.go:1 < g@/a.go:2 < h@/a.go:3 = 5x1", "x@/a.go:4 < g@/a.go:2 < h@/a.go:3 = 2x1"))
    base = read(heap("f@/a.go:1 < g@/a.go:2 < h@/a.go:3 = 1x1"))
    made = difference(head, base)
    where = sites.by_source_line(made)
    of_g = np.flatnonzero(where.line == 2).tolist()
    samples, stacks = having(made, where, of_g), through(made, where, of_g, 3, 9)
    found = passing(made, where, 3, samples, [one.sample for one in stacks], where.line == 2)
    # By growth f is first. Of the 7 through h, and through g, 1 was there before; f holds 5, x holds 2.
    assert [[amount[:2] for amount in one] for one in found] == [
        [(5, None), (7, None), (7, 6)],
        [(2, None), (7, None), (7, 6)],
    ]


def test_a_file_without_samples() -> None:
    made = lines(read(heap()), own(lambda _: True))
    assert len(made) == 0
    assert made.total.tolist() == [0, 0, 0, 0]
