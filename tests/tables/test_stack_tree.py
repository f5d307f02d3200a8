"""The tree of a line's stacks against a calculation by hand, a plain loop over the samples, and pprof -traces."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from alloclens.profile.formats import read
from alloclens.tables.sites import RecordedLine
from alloclens.tables.stack_tree import StackNode
from alloclens.tables.stack_tree import branches as found_branches
from alloclens.transform.difference import difference
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import tools
from tests.support.profiles import Builder, heap

PROFILES = os.environ.get("ALLOCLENS_PROFILES")
SPACE = 3
"""The column of inuse_space."""

A = read(
    heap(
        "dep.New@/d/dep.go:4 < main.serve@/w/main.go:6 < main.main@/w/main.go:2 = 3x100",
        "dep.Old@/d/dep.go:9 < main.serve@/w/main.go:6 < main.main@/w/main.go:2 = 1x50",
        "main.serve@/w/main.go:6 < main.test@/w/main_test.go:8 = 2x500",
        "main.keep@/w/main.go:11 < main.main@/w/main.go:3 = 7x1000",
    )
)
SERVE = RecordedLine("/w/main.go", 6)


def branches(*arguments: object) -> list[StackNode]:
    return found_branches(*arguments).nodes


def rows(*arguments: object) -> list[tuple[str, int, float, float | None, bool]]:
    return [(n.function, n.line, n.amount.value, n.amount.growth, n.leaf) for n in branches(*arguments)]


def test_who_calls_a_line() -> None:
    (root,) = branches(A, SPACE, SERVE, "callers")
    assert (root.function, root.file, root.line, root.amount.value, root.leaf) == (
        "main.serve",
        "/w/main.go",
        6,
        1350,
        False,
    )
    above = branches(A, SPACE, SERVE, "callers", [root.id])
    assert [(n.function, n.line, n.amount.value, n.leaf) for n in above] == [
        ("main.test", 8, 1000, True),
        ("main.main", 2, 350, True),
    ]
    assert branches(A, SPACE, SERVE, "callers", [root.id, above[0].id]) == []


def test_what_a_line_calls() -> None:
    (root,) = branches(A, SPACE, SERVE, "callees")
    assert (root.amount.value, root.leaf) == (1350, False)
    below = rows(A, SPACE, SERVE, "callees", [root.id])  # 1000 of it end in the line itself
    assert below == [("dep.New", 4, 300, 300, True), ("dep.Old", 9, 50, 50, True)]


def test_what_is_not_there() -> None:
    (root,) = branches(A, SPACE, SERVE, "callers")
    assert branches(A, SPACE, RecordedLine("/w/main.go", 7), "callers") == []
    assert branches(A, SPACE, RecordedLine("/gone.go", 6), "callers") == []
    for key in (
        "",
        "7",
        "[]",
        '["main.serve"]',
        '["main.serve", "/w/main.go", "x", ""]',
        '["main.gone", "/w/main.go", 6, ""]',
    ):
        assert branches(A, SPACE, SERVE, "callers", [key]) == []
        assert branches(A, SPACE, SERVE, "callers", [root.id, key]) == []


def test_a_difference_is_by_what_the_head_has() -> None:
    then = read(heap("main.serve@/w/main.go:6 < main.test@/w/main_test.go:8 = 2x500"))
    found = difference(A, then)
    (root,) = branches(found, SPACE, SERVE, "callers")
    assert (root.amount.value, root.amount.growth) == (1350, 350)
    assert rows(found, SPACE, SERVE, "callers", [root.id]) == [
        ("main.test", 8, 1000, 0, True),
        ("main.main", 2, 350, 350, True),
    ]
    gone = difference(then, A)
    assert rows(gone, SPACE, RecordedLine("/w/main.go", 11), "callers") == [("main.keep", 11, 0, -7000, False)]


def test_recursion_is_seen_whole_and_counted_once() -> None:
    """The line calls itself by way of another: innermost for callers, outermost for callees."""
    walk = "main.leaf@/w/a.go:9 < main.walk@/w/a.go:3 < main.each@/w/a.go:5 < main.walk@/w/a.go:3 < main.main@/w/a.go:1"
    profile = read(heap(f"{walk} = 1x100"))
    assert chain("callers", profile) == ["main.walk", "main.each", "main.walk", "main.main"]
    assert chain("callees", profile) == ["main.walk", "main.each", "main.walk", "main.leaf"]


def chain(direction: str, profile: object) -> list[str]:
    path, names = [], []
    while found := branches(profile, SPACE, RecordedLine("/w/a.go", 3), direction, path):
        (node,) = found
        assert node.amount.value == 100
        path.append(node.id)
        names.append(node.function)
    assert node.leaf
    return names


def test_inlined_calls_are_frames() -> None:
    profile = read(heap("main.inner@/w/a.go:3 + main.outer@/w/a.go:7 < main.main@/w/a.go:1 = 1x100"))
    path = [branches(profile, SPACE, RecordedLine("/w/a.go", 3), "callers")[0].id]
    assert rows(profile, SPACE, RecordedLine("/w/a.go", 3), "callers", path) == [("main.outer", 7, 100, 100, False)]


def test_a_line_of_two_functions_has_two_roots() -> None:
    profile = read(heap("main.f.func1@/w/a.go:3 < s.Sort@/s.go:1 < main.f@/w/a.go:3 = 1x10", "main.f@/w/a.go:3 = 1x70"))
    assert rows(profile, SPACE, RecordedLine("/w/a.go", 3), "callers") == [
        ("main.f", 3, 70, 70, True),
        ("main.f.func1", 3, 10, 10, False),
    ]


def test_the_heaviest_of_many() -> None:
    """10 callers of 11, 12, … 20 bytes, and 5 at the base."""
    called = [f"main.keep@/w/a.go:3 < main.f@/w/a.go:{n} = 1x{n}" for n in range(11, 21)]
    profile = difference(read(heap(*called)), read(heap("main.keep@/w/a.go:3 < main.f@/w/a.go:12 = 1x5")))
    (root,) = branches(profile, SPACE, RecordedLine("/w/a.go", 3), "callers")
    found = found_branches(profile, SPACE, RecordedLine("/w/a.go", 3), "callers", [root.id], 3)
    assert [node.line for node in found.nodes] == [20, 19, 18]
    assert (found.many, found.amount.value, found.amount.growth) == (10, 155, 150)


FRAMES = [f"{f}@/o/a.go:{n}" for f, n in (("f", 1), ("f", 2), ("g", 2), ("h", 3))]
stack = st.lists(st.lists(st.sampled_from(FRAMES), min_size=1, max_size=2).map(" + ".join), max_size=6).map(" < ".join)
samples = st.lists(st.tuples(stack, st.integers(-(2**40), 2**40).filter(bool)), max_size=12)


@pytest.mark.slow
@settings(max_examples=30)
@given(samples, st.sampled_from(["callers", "callees"]))
def test_against_a_loop(given: list[tuple[str, int]], direction: str) -> None:
    made = Builder(("cpu", "count"))
    for text, value in given:
        made.sample(text, [value])
    profile, line = read(made.bytes()), RecordedLine("/o/a.go", 2)
    want: Counter[tuple[str, ...]] = Counter()
    for text, value in given:
        way = way_of(text.replace(" + ", " < ").split(" < "), direction)
        for depth in range(1, len(way) + 1):
            want[tuple(way[:depth])] += value
    assert tree(profile, line, direction, [], ()) == want


def way_of(frames: list[str], direction: str) -> list[str]:
    """Return the frames from the line on: up from the innermost, or down from the outermost."""
    ordered = frames if direction == "callers" else frames[::-1]
    on = [i for i, frame in enumerate(ordered) if frame.endswith(":2")]
    if not on:
        return []
    return ordered[on[0] :]


def tree(profile: object, line: RecordedLine, direction: str, path: list[str], names: tuple[str, ...]) -> Counter[Any]:
    out: Counter[Any] = Counter()
    for node in branches(profile, 0, line, direction, path):
        at = (*names, f"{node.function}@{node.file}:{node.line}")
        below = tree(profile, line, direction, [*path, node.id], at)
        assert node.leaf == (not below)
        out[at] += int(node.amount.value)
        out.update(below)
    return out


@pytest.mark.skipif(not PROFILES, reason="ALLOCLENS_PROFILES names no folder of real profiles")
@pytest.mark.parametrize("name", ["go/pair-benthos/heap-after.pprof", "go/series-parca/heap-1644509299.pb.gz"])
def test_against_pprof(name: str) -> None:
    """The callers and callees of the lines that most stacks go through, from the stacks that pprof prints."""
    path = Path(PROFILES, name)
    traces = traces_of(path)
    through = Counter(frame for stack, _ in traces for frame in set(stack))
    profile = read(path.read_bytes())
    column = [t.type for t in profile.sample_types].index("inuse_space")
    for frame, _ in through.most_common(40):
        function, place = frame.rsplit(" ", 1)
        file, _, line = place.rpartition(":")
        for direction in ("callers", "callees"):
            wanted = first_level(traces, place, direction)
            roots = branches(profile, column, RecordedLine(file, int(line)), direction)
            found = Counter()
            for root in roots:
                for node in branches(profile, column, RecordedLine(file, int(line)), direction, [root.id]):
                    found[f"{node.function} {node.file}:{node.line}"] += int(node.amount.value)
            assert found == wanted, (function, direction)


def traces_of(path: Path) -> list[tuple[list[str], int]]:
    """Return the stacks of pprof -traces -lines, each leaf first with its bytes."""
    command = [
        tools.go(),
        "tool",
        "pprof",
        "-traces",
        "-lines",
        "-unit=B",
        "-sample_index=inuse_space",
        "-symbolize=none",
        path,
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout
    out: list[tuple[list[str], int]] = []
    for block in said.split("-----------+")[1:]:
        rows = [
            row.removesuffix(" (inline)")
            for row in block.split("\n")[1:]
            if row.strip() and not re.match(r"\s+bytes:", row)
        ]
        if rows and (value := re.match(r"\s*(-?\d+)B?\s{3}", rows[0])):
            out.append(
                ([row[value.end() :].strip() if i == 0 else row.strip() for i, row in enumerate(rows)], int(value[1]))
            )
    return out


def first_level(traces: list[tuple[list[str], int]], place: str, direction: str) -> Counter:
    out: Counter = Counter()
    for frames, value in traces:
        ordered = frames if direction == "callers" else frames[::-1]
        on = [i for i, frame in enumerate(ordered) if frame.endswith(f" {place}")]
        if on and on[0] + 1 < len(ordered):
            out[ordered[on[0] + 1]] += value
    return out
