"""Which snapshots are of one program, where profiles do not name it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from alloclens.languages import families_of
from alloclens.series.programs import MIN_FUNCTIONS
from alloclens.series.services import services
from alloclens.session.once import world

from tests.series.test_series import HERE, snapshot
from tests.support.grouped import group
from tests.support.profiles import drop, goroutines, heap, profile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alloclens.series.snapshot import Snapshot

SHOP, TILL, NEXT_SHOP = range(20), range(50, 70), range(19, 60)
FEW = range(90, 93)


def parted(of: dict[str, Sequence[int]], dice: random.Random | None = None, **given: dict[str, Any]) -> list[str]:
    """Part snapshots by the functions that each names. Returns the names of those in one series, such as "ab"."""
    made = {
        name: snapshot(
            f"/p/{name}", at, evidence=at, **{key: value[name] for key, value in given.items() if name in value}
        )
        for at, name in enumerate(of)
    }

    def functions(one: Snapshot) -> np.ndarray:
        return np.array(of[one.name], np.int64)

    given_in = list(made.values())
    (dice or random.Random(1)).shuffle(given_in)
    return sorted("".join(sorted(s.name for s in series.snapshots)) for series in group(given_in, {}, functions))


def test_what_has_nothing_in_common_is_two_programs() -> None:
    assert parted({"a": SHOP, "b": TILL, "c": SHOP[5:], "d": TILL[5:]}) == ["ac", "bd"]


def test_a_program_that_changed_is_one() -> None:
    """Of its first build it kept one function, and of its second one half: the first and the third have none."""
    assert parted({"a": SHOP, "b": NEXT_SHOP, "c": TILL}) == ["abc"]


@pytest.mark.parametrize("names", [1, MIN_FUNCTIONS - 1])
def test_too_little_tells_no_program(names: int) -> None:
    assert parted({"a": SHOP, "b": range(100, 100 + names), "c": ()}) == ["abc"]


def test_what_tells_too_little_is_apart_from_several_programs() -> None:
    assert parted({"a": SHOP, "b": TILL, "c": FEW, "d": (), "e": [*FEW, SHOP[0]]}) == ["ace", "b", "d"]


@pytest.mark.parametrize(
    ("languages", "series"),
    [
        ({"a": ("go",), "b": ("jvm",), "c": ("go",), "d": ("jvm",)}, ["ac", "bd"]),
        ({"a": ("go",), "b": ("go", "jvm"), "c": ("jvm",), "d": ()}, ["abcd"]),
        ({"a": ("go",), "b": ("jvm",), "c": (), "d": ()}, ["a", "b", "cd"]),
        ({"a": (), "b": (), "c": (), "d": ("c",)}, ["abcd"]),
    ],
)
def test_languages_tell_programs_with_few_functions(languages: dict[str, tuple[str, ...]], series: list[str]) -> None:
    few = {name: range(at, at + 3) for at, name in zip((0, 10, 20, 30), "abcd", strict=True)}
    for seed in range(4):
        assert parted(few, random.Random(seed), languages=languages) == series


def test_languages_of_one_program_are_a_family() -> None:
    families = ("a.go", "a.py", "a.js a.mjs a.ts a.tsx", "a.rs", "a.c a.cc a.h", "a.java a.kt a.scala", "a.cs")
    found = {name: families_of((f"src/{name}",)) for family in families for name in family.split()}
    assert all(len({found[name] for name in family.split()}) == 1 for family in families)
    assert len({*found.values()}) == len(families)
    assert families_of(("b.ts", "README", "a.go", "a.js")) == tuple(sorted(found["a.go"] + found["a.js"]))
    assert families_of(("README", "")) == ()


def test_a_name_or_a_build_tells_before_functions_do() -> None:
    assert parted({"a": SHOP, "b": TILL}, build_id={"a": "x", "b": "x"}) == ["ab"]
    assert parted({"a": SHOP, "b": TILL}, program={"a": "shop", "b": "shop"}) == ["ab"]
    assert parted({"a": SHOP, "b": SHOP}, program={"a": "shop", "b": "till"}) == ["a", "b"]
    assert parted({"a": SHOP, "b": TILL, "c": SHOP}, program={"a": "shop"}) == ["ac", "b"]
    assert parted({"a": SHOP, "b": FEW}, program={"a": "shop"}) == ["ab"]


@pytest.mark.parametrize("seed", range(10))
def test_heaps_of_other_sample_types_are_of_other_programs(seed: int) -> None:
    """However few they are, and whether or not they have anything in common. What is no heap stays with what it is like."""
    held = profile("inuse_space/bytes", f"{HERE} = 1")
    of = {
        "a": (heap(f"{HERE} = 1x8"), "shop", FEW),
        "b": (held, "", TILL),
        "c": (held, "", SHOP[:3]),
        "d": (heap(f"{HERE} = 1x8"), "shop", SHOP[:3]),
        "e": (goroutines(f"{HERE} = 1"), "shop", ()),
        "f": (goroutines(f"{HERE} = 1"), "", TILL[:2]),
        "g": (goroutines(f"{HERE} = 1"), "", FEW[:2]),
    }
    made = [snapshot(f"/p/{name}", at, of[name][0], program=of[name][1], evidence=at) for at, name in enumerate(of)]
    random.Random(seed).shuffle(made)
    found = services(made, {}, lambda one: np.array(of[one.name][2], np.int64))
    parts = ["".join(sorted(s.name for series in service.series for s in series.snapshots)) for service in found]
    assert sorted(parts) == ["adeg", "bcf"]


@pytest.mark.parametrize("seed", range(50))
def test_in_any_order_as_a_plain_search_finds_it(seed: int) -> None:
    dice = random.Random(seed)
    of = {name: dice.sample(range(60), dice.choice((0, 3, 12))) for name in "abcdefghij"[: dice.randint(1, 10)]}
    builds = {name: dice.choice(("", "", "x", "y")) for name in of}
    parts: list[set[str]] = []
    for name, named in of.items():
        joined = [p for p in parts if any(set(of[o]) & set(named) or builds[o] == builds[name] != "" for o in p)]
        parts = [p for p in parts if p not in joined] + [{name}.union(*joined)]
    told = [p for p in parts if len({f for name in p for f in of[name]}) >= MIN_FUNCTIONS]
    rest = {name for p in parts if p not in told for name in p}
    wanted = [set(of)] if len(told) < 2 else [*told, *([rest] if rest else [])]
    assert parted(of, dice, build_id=builds) == sorted("".join(sorted(part)) for part in wanted)


def test_two_programs_that_say_nothing_of_themselves(tmp_path: Path) -> None:
    """Each is built in three places. All Go programs have main.main and the language's own functions."""
    for number in range(6):
        program = ("shop", "till")[number % 2]
        calls = " < ".join(f"example.com/{program}.F{i}@/srv/{number}/{program}/f.go:{i + 1}" for i in range(12))
        common = "net/http.(*conn).serve@/usr/local/go/src/net/http/server.go:9 < main.main@/srv/main.go:3"
        drop(tmp_path / f"profiles/{number}.pb.gz", heap(f"{calls} < {common} = {number + 1}x1048576"))
    made = world([str(tmp_path)], None, {})
    assert [[s.name for s in one.snapshots] for one in made.series] == [
        ["1.pb.gz", "3.pb.gz", "5.pb.gz"],
        ["0.pb.gz", "2.pb.gz", "4.pb.gz"],
    ]
