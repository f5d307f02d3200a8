"""Edges against a plain loop over the samples, and hand-made cases."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read
from alloclens.profile.model import ValueType
from alloclens.stats.amount import Amount
from alloclens.tables.calls import MAX_EDGE_LINES, Edges, NamedFunction, calls
from alloclens.tables.sites import RecordedLine, WeightedLine
from alloclens.transform.difference import difference
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.profiles import Builder, heap

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.profile.model import Profile
    from alloclens.tables.calls import Edge

CPU = ValueType("cpu", "count")
SPACE = ValueType("inuse_space", "bytes")
FRAMES = ["f@/a.go:1", "f@/a.go:2", "g@/a.go:2", "g@/b.go:1", "h@/b.go:1"]
stack = st.lists(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=3).map(" + ".join), max_size=6).map(" < ".join)
samples = st.lists(st.tuples(stack, st.integers(-(2**40), 2**40)), max_size=10)
some_samples = st.lists(st.tuples(stack, st.integers(-(2**40), 2**40)), min_size=1, max_size=10)


def profile_of(given: list[tuple[str, int]]) -> Profile:
    made = Builder(CPU)
    for text, value in given:
        made.sample(text, [value])
    return read(made.bytes())


def frames(text: str) -> list[tuple[str, str]]:
    """Return the functions and places of a stack, leaf first."""
    each = [frame.split("@") for location in text.split(" < ") if location for frame in location.split(" + ")]
    return [(function, place) for function, place in each]


Frame = tuple[str, str]


def loop(given: list[tuple[str, int]], asked: Callable[[Frame], bool]) -> dict[str, Counter]:
    """Return what is known of the frames that are asked about, by going through all samples."""
    out = {name: Counter() for name in ("flat", "cum", "callers", "callees", "lines")}
    for text, value in given:
        stack = frames(text)
        pairs = {(a, b) for a, b in pairwise(stack) if asked(a) != asked(b)}
        for caller in {b[0] for a, b in pairs if asked(a)}:
            out["callers"][caller] += value
        for callee in {a[0] for a, b in pairs if asked(b)}:
            out["callees"][callee] += value
        for line in {b for a, b in pairs if asked(a)}:
            out["lines"][line] += value
        out["flat"][""] += value if stack and asked(stack[0]) else 0
        out["cum"][""] += value if any(asked(frame) for frame in stack) else 0
    return out


def values(edges: tuple[Edge, ...]) -> dict[str, float]:
    return {edge.function: edge.amount.value for edge in edges if edge.amount.value}


def grown(edges: tuple[Edge, ...]) -> dict[str, float]:
    return {edge.function: growth(edge.amount) for edge in edges if growth(edge.amount)}


def growth(amount: Amount) -> float:
    assert amount.growth is not None
    return amount.growth


def not_zero(counted: Counter) -> dict:
    return {key: value for key, value in counted.items() if value}


ASKED = [
    *((NamedFunction(name), lambda frame, name=name: frame[0] == name) for name in "fgh"),
    *((RecordedLine(file, 1), lambda frame, file=file: frame[1] == f"{file}:1") for file in ("/a.go", "/b.go")),
    (RecordedLine("/a.go", 2), lambda frame: frame[1] == "/a.go:2"),
]


@pytest.mark.slow
@settings(max_examples=40)
@given(samples)
def test_against_a_loop(given: list[tuple[str, int]]) -> None:
    profile = profile_of(given)
    for node, asked in ASKED:
        found, want = calls(profile, node, CPU), loop(given, asked)
        assert (found.flat, found.cum) == (Amount(want["flat"][""]), Amount(want["cum"][""]))
        assert values(found.callers.heaviest) == not_zero(want["callers"])
        assert values(found.callees.heaviest) == not_zero(want["callees"])
        lines = {(e.function, f"{n.file}:{n.line}"): n.value for e in found.callers.heaviest for n in e.lines}
        heavy = {key: value for key, value in want["lines"].items() if key[0] in values(found.callers.heaviest)}
        assert lines == heavy


@pytest.mark.slow
@settings(max_examples=30)
@given(samples, some_samples)
def test_a_difference_against_a_loop(head: list[tuple[str, int]], base: list[tuple[str, int]]) -> None:
    profile = difference(profile_of(head), profile_of(base))
    for node, asked in ASKED:
        found, now = calls(profile, node, CPU), loop(head, asked)
        both = loop([*head, *((text, -value) for text, value in base)], asked)
        assert (found.flat.value, found.cum.value) == (now["flat"][""], now["cum"][""])
        assert (growth(found.flat), growth(found.cum)) == (both["flat"][""], both["cum"][""])
        for edges, name in ((found.callers.heaviest, "callers"), (found.callees.heaviest, "callees")):
            assert values(edges) == not_zero(now[name])
            assert grown(edges) == not_zero(both[name])


@pytest.mark.slow
@settings(max_examples=40)
@given(samples)
def test_the_rest_against_a_loop(given: list[tuple[str, int]]) -> None:
    profile = profile_of(given)
    for node, asked in ASKED:
        whole, few = calls(profile, node, CPU).callers, calls(profile, node, CPU, most=1).callers
        assert few.heaviest == whole.heaviest[:1]
        left = {edge.function for edge in whole.heaviest[1:]}
        assert (few.others, few.rest) == (len(left), Amount(over(given, asked, left)))
        assert (whole.others, whole.rest) == (0, Amount(0))


def over(given: list[tuple[str, int]], asked: Callable[[Frame], bool], callers: set[str]) -> int:
    """Return what passes over a call from any of these."""
    into = ({b[0] for a, b in pairwise(frames(text)) if asked(a) and not asked(b)} for text, _ in given)
    return sum(value for (_, value), functions in zip(given, into, strict=True) if functions & callers)


def test_the_rest_has_its_growth() -> None:
    head, base = (
        read(heap(*(f"new@/n.go:1 < {name}@/a.go:1 = {n}x8" for name, n in zip("abc", given, strict=True))))
        for given in ((9, 5, 2), (9, 1, 3))
    )
    found = calls(difference(head, base), NamedFunction("new"), SPACE, most=1).callers
    assert [edge.function for edge in found.heaviest] == ["a"]
    assert (found.others, found.rest.value, growth(found.rest)) == (2, 56, 24)  # 5 + 2 and 4 - 1 blocks of 8 bytes


def test_an_edge_has_its_heaviest_lines() -> None:
    """And what passes them all."""
    found = calls(
        profile_of([(f"new@/n.go:1 < f@/a.go:{n}", n) for n in range(1, MAX_EDGE_LINES + 11)]),
        NamedFunction("new"),
        CPU,
    )
    (edge,) = found.callers.heaviest
    assert [line.line for line in edge.lines] == list(range(MAX_EDGE_LINES + 10, 10, -1))
    assert edge.amount.value == sum(range(1, MAX_EDGE_LINES + 11))


def test_the_lines_of_a_call() -> None:
    profile = profile_of(
        [
            ("new@/n.go:1 < f@/a.go:5 < main@/m.go:1", 2),
            ("new@/n.go:1 < f@/a.go:9 < main@/m.go:1", 7),
            ("new@/n.go:2 + wrap@/n.go:8 < f@/a.go:5 < f@/a.go:9 < main@/m.go:2", 4),
        ]
    )
    new = calls(profile, NamedFunction("new"), CPU)
    assert [(e.function, e.amount.value, e.lines, e.at) for e in new.callers.heaviest] == [
        ("f", 9, (WeightedLine("/a.go", 9, 7), WeightedLine("/a.go", 5, 2)), WeightedLine("/a.go", 9, 7)),
        ("wrap", 4, (WeightedLine("/n.go", 8, 4),), WeightedLine("/n.go", 8, 4)),
    ]
    f = calls(profile, NamedFunction("f"), CPU)
    assert [(e.function, e.amount.value, e.lines, e.at) for e in f.callees.heaviest] == [
        ("new", 9, (WeightedLine("/a.go", 9, 7), WeightedLine("/a.go", 5, 2)), WeightedLine("/n.go", 1, 9)),
        ("wrap", 4, (WeightedLine("/a.go", 5, 4),), WeightedLine("/n.go", 8, 4)),
    ]
    assert [(e.function, e.amount.value) for e in f.callers.heaviest] == [("main", 13)]
    of_line = calls(profile, RecordedLine("/a.go", 9), CPU)
    assert [(e.function, e.amount.value) for e in of_line.callees.heaviest] == [("new", 7), ("f", 4)]


def test_code_without_names() -> None:
    made = Builder(CPU)
    for address, binary in ((1, "/bin/a"), (2, "/lib/b.so")):
        made.message.mapping.add(id=address, filename=made.text(binary))
        made.message.location.add(id=address, mapping_id=address, address=address)
    made.message.sample.add(value=[3], location_id=[2, 1])
    found = calls(read(made.bytes()), NamedFunction("", binary="/lib/b.so"), CPU)
    assert [(e.function, e.binary, e.amount.value, e.at) for e in found.callers.heaviest] == [
        ("", "/bin/a", 3, WeightedLine("", 0, 3))
    ]
    assert found.flat.value == found.cum.value == 3


@pytest.mark.parametrize(
    "node", [NamedFunction("nobody"), RecordedLine("/a.go", 77), RecordedLine("/none.go", 1), NamedFunction("")]
)
def test_what_is_not_there(node: NamedFunction | RecordedLine) -> None:
    found = calls(profile_of([("f@/a.go:1", 3)]), node, CPU)
    nothing = Edges((), 0, Amount(0))
    assert found == type(found)(Amount(0), Amount(0), nothing, nothing)
    assert calls(profile_of([]), node, CPU) == found


def test_growth_is_certain_or_not() -> None:
    """Blocks of 1 MiB at a rate of 512 KiB are sampled with 86 %; those of 8 bytes nearly never."""
    mib = 1 << 20
    base, head = (
        read(heap(f"new@/n.go:1 < f@/a.go:1 = {n}x{mib}", f"new@/n.go:1 < g@/a.go:2 = {m}x8"))
        for n, m in ((2, 70_000), (60, 140_000))
    )
    found = calls(difference(head, base), NamedFunction("new"), SPACE)
    assert [(e.function, growth(e.amount), e.amount.significant) for e in found.callers.heaviest] == [
        ("f", 58 * mib, True),
        ("g", 560_000, False),
    ]
    assert growth(found.cum) == 58 * mib + 560_000
    alone = calls(difference(read(heap("f@/a.go:1 = 1x8")), read(heap("g@/a.go:1 = 1x8"))), NamedFunction("f"), SPACE)
    assert growth(alone.cum) == 8


def test_a_base_of_which_nothing_is_left() -> None:
    """What is new since the base has grown by all of it."""
    head = read(heap("new@/n.go:1 < f@/a.go:1 = 3x8"))
    found = calls(head, NamedFunction("new"), SPACE, compared=True)
    assert [growth(one) for one in (found.flat, found.cum, found.callers.heaviest[0].amount)] == [24, 24, 24]
    assert calls(head, NamedFunction("new"), SPACE).cum.growth is None
