"""The call tree: against pprof's traces on real profiles, against a plain loop, and by hand."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.profile.model import ValueType
from alloclens.tables.flame import FlameGraph, FlameQuery
from alloclens.tables.flame_walk import ALL, MAX_LEVELS
from alloclens.transform.difference import difference
from alloclens.transform.prune import pruned

from tests.bench import generate
from tests.bench.generate import Shape
from tests.cli.test_pprof import PAIRS, PROFILES, needs_profiles, program
from tests.support.profiles import RATE, Builder, heap

if TYPE_CHECKING:
    from alloclens.profile.model import Profile
    from alloclens.tables.flame import FlameTree

SPACE, ALLOCATED = ValueType("inuse_space", "bytes"), ValueType("alloc_space", "bytes")
EVERY = FlameQuery(max_nodes=10**9, min_share=0)
MB = 1 << 20
TRACE = re.compile(r" *(?P<value>-?\d+)B? {3}(?P<name>\S.*)$")
BASE_LABEL = "pprof::base:"

Values = dict[tuple[str, ...], tuple[int, int]]
"""By the names from the root: value of the head, and growth."""


def named(tree: FlameTree) -> Values:
    """Return the nodes by their paths; those of one name in several files together, as a path means them."""
    out: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
    paths: list[tuple[str, ...]] = []
    for row, parent in enumerate(tree.parent.tolist()):
        site = int(tree.site[row])
        paths.append((*paths[parent], tree.functions.name[site]) if parent >= 0 else ())
        out[paths[-1]][0] += int(tree.value[row])
        out[paths[-1]][1] += int(tree.growth[row])
    return {path: (value, grown) for path, (value, grown) in out.items()}


def summed(samples: list[tuple[tuple[str, ...], int, bool]]) -> Values:
    """Add up samples (names from the root, value, whether of the base), one after the other."""
    out: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for path, value, is_base in samples:
        for depth in range(len(path) + 1):
            node = out[path[:depth]]
            node[0] += 0 if is_base else value
            node[1] += value
            node[2] += abs(value)
    return {path: (head, grown) for path, (head, grown, some) in out.items() if some}


def of(*lines: str, base: tuple[str, ...] | None = None) -> FlameGraph:
    head = read(heap(*lines))
    return FlameGraph(difference(head, read(heap(*base))) if base else head, SPACE)


def traces(head: Path, base: Path | None) -> list[tuple[tuple[str, ...], int, bool]]:
    """Return what `pprof -traces` prints: the names of each sample from the root, its value, whether it is of the base."""
    options = ["-traces", "-symbolize=none", "-sample_index=alloc_space", "-unit=B"]
    options += [f"-diff_base={base}"] if base else []
    said = subprocess.run([program(), *options, head], capture_output=True, text=True, check=True, timeout=300).stdout
    out = []
    for block in re.split(r"^-{11}\+-+$", said, flags=re.MULTILINE)[1:]:
        lines = block.strip("\n").split("\n")
        begin = next((i for i, line in enumerate(lines) if TRACE.match(line)), None)
        if begin is not None:
            first = TRACE.match(lines[begin])
            names = [first["name"], *(line.strip() for line in lines[begin + 1 :])]
            path = tuple(name.removesuffix(" (inline)") for name in reversed(names))
            out.append((path, int(first["value"]), any(BASE_LABEL in line for line in lines[:begin])))
    return out


@needs_profiles
@pytest.mark.parametrize(
    ("head", "base"),
    [("go/heap-2020-parca-4661-samples.pb.gz", None), *PAIRS[:2]],
)
@pytest.mark.parametrize("inverted", [False, True])
def test_every_node_is_the_sum_of_pprofs_traces(head: str, base: str | None, inverted: bool) -> None:
    paths = [Path(PROFILES, name) for name in (head, base) if name]
    profiles = [read(path.read_bytes()) for path in paths]
    stacks = FlameGraph(pruned(difference(*profiles) if base else profiles[0]), ALLOCATED)
    told = [(path[::-1] if inverted else path, v, b) for path, v, b in traces(paths[0], paths[1] if base else None)]
    wanted = summed(told)
    assert len(wanted) > 100
    assert named(stacks.tree(EVERY._replace(inverted=inverted))) == wanted


def looped(profile: Profile, *, inverted: bool) -> Values:
    """Return the nodes by a plain loop over samples and frames."""
    column, samples = profile.sample_types.index(SPACE), []
    for i in range(len(profile)):
        rows = profile.stack_frames[profile.frame_at[i] : profile.frame_at[i + 1]].tolist()
        names = [profile.frame(row).function for row in rows]
        path = tuple(names if inverted else names[::-1])
        samples.append((path, int(profile.values[i, column]), bool(profile.is_base[i])))
    return summed(samples)


@pytest.mark.parametrize("inverted", [False, True])
def test_every_node_is_that_of_a_plain_loop(inverted: bool) -> None:
    head, base = (read(generate.profile(Shape(300), seed)) for seed in (1, 2))
    for profile in (head, difference(head, base)):
        found = named(FlameGraph(profile, SPACE).tree(EVERY._replace(inverted=inverted)))
        assert found == looped(profile, inverted=inverted)


@pytest.mark.parametrize("least", [1 / 10, 1 / 50, 1 / 500])
@pytest.mark.parametrize("inverted", [False, True])
def test_the_heavy_ones_are_those_of_a_plain_loop(inverted: bool, least: float) -> None:
    """Whatever the order of the samples: many come to a node before it is known to be heavy."""
    head, base = (read(generate.profile(Shape(300), seed)) for seed in (1, 2))
    profile = difference(head, base)
    whole = looped(profile, inverted=inverted)
    weight = {path: max(value, value - grown) for path, (value, grown) in whole.items()}
    wanted = {path: whole[path] for path in whole if weight[path] >= least * weight[()]}
    tree = FlameGraph(profile, SPACE).tree(EVERY._replace(inverted=inverted, min_share=least))
    assert named(tree) == wanted | {(): whole[()]}
    inside = {path[:-1] for path in whole.keys() - wanted.keys()}
    assert tree.more.sum() == len(inside & wanted.keys())


A = f"main.new@/w/a.go:9 + main.keep@/w/a.go:5 < main.serve@/w/b.go:7 < main.main@/w/b.go:2 = 3x{MB}"
"""main.new is inlined into main.keep."""
B = f"main.keep@/w/a.go:6 < main.serve@/w/b.go:8 < main.serve@/w/b.go:7 < main.main@/w/b.go:2 = 1x{MB}"
C = f"main.load@/w/c.go:3 < main.main@/w/b.go:3 = 4x{MB}"


def test_by_hand_from_the_root_and_from_the_leaf() -> None:
    value = {path: v // MB for path, (v, _) in named(of(A, B, C).tree(FlameQuery())).items()}
    assert value == {
        (): 8,
        ("main.main",): 8,
        ("main.main", "main.serve"): 4,
        ("main.main", "main.serve", "main.keep"): 3,
        ("main.main", "main.serve", "main.keep", "main.new"): 3,
        ("main.main", "main.serve", "main.serve"): 1,
        ("main.main", "main.serve", "main.serve", "main.keep"): 1,
        ("main.main", "main.load"): 4,
    }
    value = {path: v // MB for path, (v, _) in named(of(A, B, C).tree(FlameQuery(inverted=True))).items()}
    assert value[("main.keep",)] == 1
    assert value[("main.new", "main.keep", "main.serve", "main.main")] == 3
    assert value[("main.load", "main.main")] == 4
    assert len(value) == 1 + 4 + 4 + 2


def test_where_a_node_is_and_where_its_heaviest_sample_passes() -> None:
    tree = of(A, B, C).tree(FlameQuery(path=(("main.main", "/w/b.go"), ("main.serve", "/w/b.go"))))
    files = [tree.functions.file[site] for site in tree.site.tolist()]
    at = sorted((files[row], int(tree.line[row])) for row in range(len(tree)))
    assert at == sorted([("/w/b.go", 7), ("/w/a.go", 5), ("/w/a.go", 9), ("/w/b.go", 8), ("/w/a.go", 6)])
    assert (files[0], int(tree.value[0])) == ("/w/b.go", 4 * MB)  # the subtree's root comes first
    assert of(A).tree(FlameQuery()).site[0] == ALL
    assert of(A).tree(FlameQuery(path=(("main.gone", "/w/b.go"),))) is None


def test_two_functions_of_one_name_are_two_nodes() -> None:
    """Such as statics of C. A path leads to one of them, and what is below that is its own."""
    a, b = f"init@/w/a.c:3 < main@/w/m.c:5 = 8x{MB}", f"x@/w/b.c:9 < init@/w/b.c:3 < main@/w/m.c:6 = 2x{MB}"
    stacks, main = of(a, b), ("main", "/w/m.c")
    assert sorted(stacks.tree(FlameQuery()).value.tolist()) == [2 * MB, 2 * MB, 8 * MB, 10 * MB, 10 * MB]
    for file, wanted in (("/w/a.c", {(): 8}), ("/w/b.c", {(): 2, ("x",): 2})):
        tree = stacks.tree(FlameQuery((main, ("init", file))))
        assert {path: value // MB for path, (value, _) in named(tree).items()} == wanted
    assert stacks.tree(FlameQuery((main, ("init", "")))) is None
    inverted = stacks.tree(FlameQuery((("init", "/w/a.c"),), inverted=True))
    assert named(inverted) == {(): (8 * MB, 8 * MB), ("main",): (8 * MB, 8 * MB)}


def certain(tree: FlameTree) -> dict[str, bool]:
    rows = zip(tree.site.tolist(), tree.significant.tolist(), strict=True)
    return {tree.functions.name[site]: sure for site, sure in rows if site != ALL}


def test_what_grew_and_what_is_gone() -> None:
    keep, load, gone = (
        f"main.{name} < main.main@/w/b.go:2 =" for name in ("keep@/w/a.go:5", "load@/w/c.go:3", "old@/w/d.go:3")
    )
    head = f"{keep} {50 * RATE}x1", f"{load} {6 * RATE}x1", f"{gone} 0x1/{30 * RATE}"
    then = f"{keep} {10 * RATE}x1", f"{load} {5 * RATE}x1", f"{gone} {30 * RATE}x1"
    tree = of(*head, base=then).tree(FlameQuery())
    assert {path[-1]: v for path, v in named(tree).items() if len(path) > 1} == {
        "main.keep": (50 * RATE, 40 * RATE),
        "main.load": (6 * RATE, RATE),
        "main.old": (0, -30 * RATE),
    }
    # Blocks of 1 byte, each sampled one counts for R. One more is nothing, 40 more are, and 30 less. In main 41 came and
    # 30 went: 11 is well within 2.9·√71.
    assert certain(tree) == {"main.keep": True, "main.load": False, "main.old": True, "main.main": False}
    assert not np.isnan(tree.low).any()
    assert tree.compared


def test_growth_has_the_error_of_what_came_and_went() -> None:
    head = f"main.keep@/w/a.go:5 = {60 * RATE}x1/{{}}"
    then = f"main.keep@/w/a.go:5 = {40 * RATE}x1/{40 * RATE}"
    still = of(head.format(60 * RATE), base=(then,)).tree(FlameQuery())  # 20 sampled blocks came
    churned = of(head.format(260 * RATE), base=(then,)).tree(FlameQuery())  # perhaps all 60 came and all 40 went
    assert (still.growth.tolist(), churned.growth.tolist()) == ([20 * RATE] * 2, [20 * RATE] * 2)
    assert (bool(still.significant.all()), bool(churned.significant.any())) == (True, False)
    apart = FlameGraph(of(head.format(60 * RATE), base=(then,)).profile, SPACE, one_process=False)
    assert not apart.tree(FlameQuery()).significant.any()


def test_a_file_that_is_a_difference_itself() -> None:
    made = Builder(("inuse_space", "bytes"))
    made.sample("main.a@/w/a.go:1", [-5])
    made.sample("main.b@/w/a.go:2", [7])
    tree = FlameGraph(read(made.bytes()), SPACE).tree(FlameQuery())
    assert named(tree) == {(): (7, 2), ("main.a",): (0, -5), ("main.b",): (7, 7)}
    assert tree.compared
    assert not tree.significant.any()
    assert np.isnan(tree.low).all()


def test_the_light_is_left_out_and_comes_with_a_path() -> None:
    stacks = of(
        f"main.big@/w/a.go:1 = 4000x{MB}", *(f"main.f{i}@/w/a.go:{i} < main.small@/w/a.go:9 = 1x{MB}" for i in range(3))
    )
    tree = stacks.tree(FlameQuery())  # 1 of 4003 is below 1/2000, the 3 of main.small are not
    assert {path: v[0] // MB for path, v in named(tree).items()} == {(): 4003, ("main.big",): 4000, ("main.small",): 3}
    assert dict(zip(tree.value.tolist(), tree.more.tolist(), strict=True)) == {
        4003 * MB: False,
        4000 * MB: False,
        3 * MB: True,
    }
    assert not tree.truncated
    inside = stacks.tree(FlameQuery(path=(("main.small", "/w/a.go"),)))
    assert inside.value.tolist() == [3 * MB, MB, MB, MB]
    assert not inside.more.any()


def test_so_many_nodes_and_so_deep_at_most() -> None:
    stacks = of(*(f"main.f{i}@/w/a.go:1 < main.g{i % 3}@/w/a.go:2 = {10 + i}x{MB}" for i in range(30)))
    whole, cut = stacks.tree(FlameQuery()), stacks.tree(FlameQuery(max_nodes=10))
    assert (len(whole), whole.truncated, cut.truncated) == (34, False, True)
    assert sorted(cut.value.tolist()) == sorted(whole.value.tolist())[-10:]
    assert named(cut).keys() <= named(whole).keys()
    assert cut.more.tolist() == [False, True, True, True, *[False] * 6]

    deep = of(" < ".join(["main.f@/w/a.go:1"] * (MAX_LEVELS + 50)) + f" = 1x{MB}")
    tree = deep.tree(FlameQuery())
    assert len(tree) == MAX_LEVELS + 1
    assert tree.more.sum() == 1
    assert len(deep.tree(FlameQuery(path=(("main.f", "/w/a.go"),) * MAX_LEVELS))) == 51


def test_what_ends_is_not_taken_for_what_goes_on() -> None:
    """Frames behind the end of one stack are those of the stack beside it."""
    seven = [f"main.y{i}@/w/y.go:{i}" for i in range(7)]
    short = f"main.x@/w/a.go:2 < main.m@/w/a.go:1 = 5x{MB}"
    tree = of(f"{' < '.join(seven)} = 3x{MB}", short, f"{' < '.join(seven)} < {short}").tree(FlameQuery())
    value = {path: v // MB for path, (v, _) in named(tree).items()}
    assert (value[("main.m", "main.x")], value[("main.m", "main.x", "main.y6")]) == (10, 5)


def test_what_was_left_does_not_come_back() -> None:
    alike = " < ".join([f"main.z{i}@/w/z.go:{i}" for i in range(20)])
    tree = of(*(f"{alike} < main.f{i}@/w/a.go:1 < main.m@/w/a.go:9 = 1x{MB}" for i in range(3))).tree(
        FlameQuery(min_share=0.5)
    )
    assert named(tree) == {(): (3 * MB, 3 * MB), ("main.m",): (3 * MB, 3 * MB)}
    assert tree.more.tolist() == [False, True]


def test_only_what_is_searched_for() -> None:
    tree = of(A, B, C).tree(FlameQuery(search="NEW"))
    assert {path: v // MB for path, (v, _) in named(tree).items()} == {
        ("main.main", "main.serve", "main.keep", "main.new")[:depth]: 3 for depth in range(5)
    }
    assert named(of(A).tree(FlameQuery(search="nothing"))) == {(): (0, 0)}


def test_samples_without_a_stack_are_in_the_root_alone() -> None:
    made = Builder(("inuse_space", "bytes"))
    made.sample("", [5])
    made.sample("main.b@/w/a.go:2", [7])
    assert named(FlameGraph(read(made.bytes()), SPACE).tree(FlameQuery())) == {(): (12, 12), ("main.b",): (7, 7)}


@pytest.mark.parametrize("inverted", [False, True])
def test_samples_without_a_stack_are_in_no_function(inverted: bool) -> None:
    made = Builder(("inuse_space", "bytes"))
    made.sample("", [5])
    made.sample("main.b@/w/a.go:2", [7])
    tree = FlameGraph(read(made.bytes()), SPACE).tree(FlameQuery((("main.b", "/w/a.go"),), inverted=inverted))
    assert named(tree) == {(): (7, 7)}


def test_an_answer_is_remembered() -> None:
    stacks = of(A, B, C)
    assert stacks.tree(FlameQuery()) is stacks.tree(FlameQuery())


def test_an_answer_is_given_though_another_thread_forgets_it() -> None:
    class Forgetful(dict):
        def __setitem__(self, asked: FlameQuery, tree: FlameTree | None) -> None:
            super().__setitem__(asked, tree)
            self.clear()

    stacks = FlameGraph(of(A).profile, SPACE, answers=Forgetful())
    assert stacks.tree(FlameQuery()).value[0] == 3 * MB
