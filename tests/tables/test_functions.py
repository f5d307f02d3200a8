"""Values of whole functions, and where goroutines were started, in profiles small enough to add up by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read
from alloclens.profile.model import ValueType
from alloclens.tables.functions import functions, hot_functions
from alloclens.tables.goroutines import is_dump, start_frames
from alloclens.tables.sites import WeightedLine
from alloclens.transform.difference import difference

from tests.support.profiles import Builder, heap

if TYPE_CHECKING:
    from alloclens.arrays import Ints
    from alloclens.profile.model import Profile

SPACE = ValueType("inuse_space", "bytes")
HEAD = (
    "main.keep:3@/w/a.go:4 < main.serve:9@/w/a.go:10 = 3x100",
    "dep.New:2@/v/d.go:3 < main.serve:9@/w/a.go:11 = 5x100",
    "main.small:20@/w/a.go:21 = 1x100",
    "main.nowhere@/w/a.go:30 = 9x100",
    "main.nothing:50@/w/a.go:51 = 0x100",
)
BASE = ("main.keep:3@/w/a.go:4 < main.serve:9@/w/a.go:10 = 2x100", "main.gone:40@/w/a.go:41 = 4x100")


def rows(profile: Profile, files: tuple[str, ...] = ("/w/a.go",), **how: bool) -> list[tuple[object, ...]]:
    found = functions(profile, SPACE, files, **how)
    return [(one.name, one.start_line, one.flat, *one.cum[:2]) for one in found]


def test_the_functions_of_files_that_say_where_they_are_declared() -> None:
    head = read(heap(*HEAD))
    serve, keep, small = ("main.serve", 9, 0, 800), ("main.keep", 3, 300, 300), ("main.small", 20, 100, 100)
    assert rows(head) == [(*one, None) for one in (serve, keep, small)]
    assert rows(head, ("/w/a.go", "/v/d.go"))[1] == ("dep.New", 2, 500, 500, None)
    assert rows(head, ()) == []
    assert rows(head, compared=True) == [(*one, one[3]) for one in (serve, keep, small)]  # the base held nothing
    both = difference(head, read(heap(*BASE)))
    assert rows(both) == [(*serve, 600), (*keep, 100), (*small, 100), ("main.gone", 40, 0, 0, -400)]


GOROUTINES = (
    "lib.wait@/l/x.go:1 < main.work@/w/a.go:5 < main.run@/w/a.go:9 < lib.go@/l/x.go:3 < runtime.goexit@/go/asm.s:1",
    "lib.wait@/l/x.go:1 < lib.run@/l/x.go:7",
    "main.work@/w/a.go:5 + main.inline@/w/a.go:6 < main.main@/w/a.go:20",
    "main.main@/w/a.go:30",
)


def started(*, dump: bool) -> tuple[Profile, dict[str, list[str]]]:
    """Return, for each sample, the frames of its start as "function:line"; "" for none."""
    made = Builder(("goroutine", "count"))
    for stack in GOROUTINES:
        made.sample(stack, [1], **({"state": "select"} if dump else {}))
    profile = read(made.bytes())
    found = start_frames(profile, lambda file: file.startswith("/w/"))

    def names(rows: Ints) -> list[str]:
        frames = [profile.frame(row) if row >= 0 else None for row in rows.tolist()]
        return [f"{frame.function}:{frame.line}" if frame else "" for frame in frames]

    return profile, {name: names(getattr(found, name)) for name in ("statement", "own", "root")}


def test_where_goroutines_begin() -> None:
    profile, found = started(dump=False)
    assert not is_dump(profile)
    assert found == {
        "statement": [""] * 4,
        "own": ["main.run:9", "", "main.main:20", "main.main:30"],
        "root": ["lib.go:3", "lib.run:7", "main.main:20", "main.main:30"],
    }


def test_where_the_goroutines_of_a_dump_were_started() -> None:
    """The last frame of each stack is the `go` statement. It counts only in own code."""
    profile, found = started(dump=True)
    assert is_dump(profile)
    assert found == {
        "statement": ["", "", "main.main:20", "main.main:30"],
        "own": ["main.run:9", "", "main.inline:6", ""],
        "root": ["lib.go:3", "lib.wait:1", "main.inline:6", ""],
    }


@pytest.mark.parametrize(
    ("labels", "dump"),
    [
        (({"state": "select"}, {"state": "running"}), True),
        (({"state": "select"}, {}), False),
        (({"state": "select"}, {"state": 7}), False),  # a number is no state
        (({"other": "select"}, {"state": "running"}), False),
        ((), False),
    ],
)
def test_what_is_a_dump(labels: tuple[dict[str, str | int], ...], dump: bool) -> None:
    made = Builder(("goroutine", "count"))
    for each in labels:
        made.sample("main.f@/w/a.go:1", [1], **each)
    assert is_dump(read(made.bytes())) is dump


def test_hot_functions() -> None:
    head = heap(
        "json.grow@/j.go:3 + json.Encode@/j.go:9 < main.a@/a.go:1 = 1x100",
        "json.grow@/j.go:4 < main.b@/b.go:2 < main.b@/b.go:3 = 1x40",
        "net.json@/n.go:1 = 0x7/1",
    )
    base = heap("main.old@/b.go:2 = 1x4000", "json.grow@/j.go:4 = 1x400")
    for profile in (read(head), difference(read(head), read(base))):
        found = hot_functions(profile, SPACE, "JSON", 9)
        assert [(one.function, one.cum, one.at) for one in found] == [
            ("json.grow", 140, WeightedLine("/j.go", 3, 100)),
            ("json.Encode", 100, WeightedLine("/j.go", 9, 100)),
        ]
        assert [one.function for one in hot_functions(profile, SPACE, "", 2)] == ["json.grow", "json.Encode"]
        assert [one.function for one in hot_functions(profile, SPACE, "n.enc", 9)] == ["json.Encode"]
        assert hot_functions(profile, SPACE, "nobody", 9) == []


def test_a_function_whose_lines_come_to_nothing() -> None:
    """f has 5 - 5 + 5, but its line 1 has 5 - 5 and its line 2 -5 + 5."""
    made = Builder(ValueType("cpu", "count"))
    for stack, value in (
        ("g@/a.c:9 < f@/a.c:1", 5),
        ("g@/a.c:9 < f@/a.c:1 < f@/a.c:2", -5),
        ("g@/a.c:9 < f@/a.c:2", 5),
    ):
        made.sample(stack, [value])
    profile = read(made.bytes())
    assert [(one.function, one.cum) for one in hot_functions(profile, ValueType("cpu", "count"), "", 9)] == [("g", 5)]
