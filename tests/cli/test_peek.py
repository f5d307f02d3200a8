"""Who calls what with how much, against `go tool pprof -peek`, to the byte."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.session.profile_file import compared, read_profile
from alloclens.tables.calls import NamedFunction, calls
from alloclens.tables.sites import RecordedLine, by_function, by_line

from scripts import tools
from tests.cli.test_pprof import PROFILES, UNITS, needs_profiles, program
from tests.support.profiles import Builder, drop

if TYPE_CHECKING:
    from alloclens.profile.model import Profile, ValueType
    from alloclens.stats.amount import Amount
    from alloclens.tables.calls import Calls, Edges

SEPARATOR = re.compile(r"^-+\+-+$", re.MULTILINE)
NUMBER = r"(-?\d+)(?:B|ns|us)?"
NODE = re.compile(rf"^\s*{NUMBER}\s+\S+%\s+\S+%\s+{NUMBER}\s+\S+%\s+\| (\S.*)$")
EDGE = re.compile(rf"^\s*{NUMBER}\s+\S+% \|   (\S.*?)(?: \(inline\))?$")
FILES = [
    "go/pair-benthos/heap-after.pprof",
    "go/heap-2022-windows.pprof",
    "go/goroutine-labels.pb.gz",
    "node/heap.pb.gz",
    "odd/seven-sample-types-negative.pprof",
]
PAIRS = ["ddtrace"]
EVERY = 1 << 20
PROGRAM = """package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

type tree struct {
	Children []*tree
	Data     []byte
}

func fresh(size int) []byte { return make([]byte, size) }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{Data: fresh(100)}
	}
	return &tree{Children: []*tree{grow(depth - 1), other(depth)}, Data: fresh(depth)}
}

func other(depth int) *tree {
	return &tree{Children: []*tree{grow(depth - 1)}}
}

func write(name string) {
	runtime.GC()
	file, _ := os.Create(name)
	pprof.Lookup("heap").WriteTo(file, 0)
	file.Close()
}

func main() {
	runtime.MemProfileRate = 64
	one := grow(5)
	write("base.pb.gz")
	two := grow(6)
	text, _ := json.Marshal(two)
	write("head.pb.gz")
	fmt.Println(len(text), one.Data, two.Data)
}
"""


class Node(NamedTuple):
    """What is known of a function, or of a function's line; edges without those of 0."""

    flat: int
    cum: int
    callers: dict[str, int]
    callees: dict[str, int]


def peek(head: Path, base: Path | None, kind: ValueType, by: str) -> dict[str, Node]:
    """Return all that pprof knows of calls, by the names that it prints."""
    unit = UNITS.get(kind.unit, "B")
    options = ["-symbolize=none", "-peek=.", f"-{by}", "-nodefraction=0", "-edgefraction=0", "-nodecount=0"]
    options += [f"-unit={unit}", f"-sample_index={kind.type}", *([f"-diff_base={base}"] if base else [])]
    done = subprocess.run([program(), *options, head], capture_output=True, text=True, check=True, timeout=300)
    return dict(node for part in SEPARATOR.split(done.stdout)[2:] if (node := parsed(part.strip("\n").split("\n"))))


def parsed(lines: list[str]) -> tuple[str, Node] | None:
    """Read the lines of one node: its callers, itself, what it calls."""
    places = [i for i, line in enumerate(lines) if NODE.match(line)]
    if lines == [""]:
        return None
    (place,) = places
    flat, cum, name = NODE.match(lines[place]).groups()
    assert all(EDGE.match(line) for line in lines[:place] + lines[place + 1 :]), lines
    return name, Node(int(flat), int(cum), edges(lines[:place]), edges(lines[place + 1 :]))


def edges(lines: list[str]) -> dict[str, int]:
    found = [EDGE.match(line).groups() for line in lines]
    assert len({name for _, name in found}) == len(found)
    return {name: int(value) for value, name in found if int(value)}


def subtracted(head: Path, base: Path | None) -> Profile:
    before = read_profile(str(base), ())[0] if base else None
    return compared(read_profile(str(head), ())[0], before).profile


def functions(profile: Profile) -> list[NamedFunction]:
    where = by_function(profile)
    pairs = zip(where.function.tolist(), where.binary.tolist(), strict=True)
    return [NamedFunction(where.texts[function], where.texts[binary]) for function, binary in pairs]


def printed(function: str, binary: str) -> str:
    return function or (f"[{Path(binary).name}]" if binary else "<unknown>")


def passing(amount: Amount) -> int:
    """Return what pprof counts: in a difference, how much more."""
    return int(amount.value if amount.growth is None else amount.growth)


def node(found: Calls) -> Node:
    return Node(passing(found.flat), passing(found.cum), _named(found.callers), _named(found.callees))


def _named(found: Edges) -> dict[str, int]:
    return {printed(e.function, e.binary): passing(e.amount) for e in found.heaviest if passing(e.amount)}


def assert_equal(head: Path, base: Path | None, kind: ValueType) -> int:
    """Compare the edges of every function; return how many there are."""
    theirs, profile = peek(head, base, kind, "functions"), subtracted(head, base)
    ours = {
        printed(site.name, site.binary): node(calls(profile, site, kind, most=EVERY)) for site in functions(profile)
    }
    assert {name: one for name, one in ours.items() if one.flat or one.cum} == theirs
    return sum(len(one.callers) for one in theirs.values())


def kinds(head: Path) -> list[ValueType]:
    return list(read(head.read_bytes()).sample_types)


def made(folder: Path, name: str, factor: int = 1) -> Path:
    """Write a profile with recursion, straight and by way of another, and with inlined calls."""
    out = Builder(("objects", "count"), ("space", "bytes"))
    inlined = "json.grow@/go/json.go:3 + json.Encode@/go/json.go:9"
    out.sample(f"{inlined} < main.a@/w/a.go:1 < main.main@/w/a.go:5", [1, 100 * factor])
    out.sample("json.grow@/go/json.go:3 < main.b@/w/b.go:2 < main.b@/w/b.go:3 < main.main@/w/a.go:6", [1, 40 * factor])
    out.sample(f"{inlined} < main.b@/w/b.go:2 < {inlined} < main.b@/w/b.go:4 < main.main@/w/a.go:6", [3, 7])
    out.sample("main.b@/w/b.go:4 + main.b@/w/b.go:5 < main.a@/w/a.go:1 < main.b@/w/b.go:4 < main.a@/w/a.go:2", [2, 19])
    out.sample("main.a@/w/a.go:1 < main.b@/w/b.go:4 < main.a@/w/a.go:1 < main.b@/w/b.go:4", [1, 11 * factor * factor])
    return drop(folder / name, out.bytes())


@pytest.mark.programs
def test_recursion_and_inlined_calls(tmp_path: Path) -> None:
    head, base = made(tmp_path, "head.pb.gz", 3), made(tmp_path, "base.pb.gz")
    for kind in kinds(head):
        assert assert_equal(head, None, kind) > 5
    assert assert_equal(head, base, kinds(head)[1]) > 5


def assert_callers_of_lines(head: Path, kind: ValueType) -> int:
    """Compare who calls each line that is of one function only, line by line; return how many calls that were."""
    theirs, profile = peek(head, None, kind, "lines"), subtracted(head, None)
    where = by_line(profile)
    texts, names = where.texts, Counter(zip(where.file.tolist(), where.line.tolist(), strict=True))
    compared_ = 0
    for function, file, line in zip(*(c.tolist() for c in (where.function, where.file, where.line)), strict=True):
        known = theirs.get(f"{texts[function]} {texts[file]}:{line}")
        if line > 0 and known and names[file, line] == 1:
            found = calls(profile, RecordedLine(texts[file], line), kind, most=EVERY)
            spots = ((edge, at) for edge in found.callers.heaviest for at in edge.lines)
            lines = {f"{edge.function} {at.file}:{at.line}": at.value for edge, at in spots if at.value}
            assert (found.flat.value, found.cum.value, lines) == (known.flat, known.cum, known.callers)
            compared_ += len(lines)
    return compared_


@pytest.mark.programs
def test_callers_of_lines(tmp_path: Path) -> None:
    head = made(tmp_path, "head.pb.gz")
    assert assert_callers_of_lines(head, kinds(head)[1]) > 5


@needs_profiles
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", FILES)
def test_real_profiles(name: str) -> None:
    head = Path(PROFILES, name)
    assert sum(assert_equal(head, None, kind) for kind in kinds(head)[-2:]) > 0


@needs_profiles
@pytest.mark.timeout(300)
@pytest.mark.parametrize("pair", PAIRS)
def test_real_differences(pair: str) -> None:
    head, base = (Path(PROFILES, f"go/pair-{pair}/heap-{when}.pprof") for when in ("after", "before"))
    assert assert_equal(head, base, kinds(head)[-1]) > 0


@needs_profiles
@pytest.mark.timeout(300)
def test_callers_of_real_lines() -> None:
    head = Path(PROFILES, "go/pair-benthos/heap-after.pprof")
    assert assert_callers_of_lines(head, kinds(head)[-1]) > 100


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_a_fresh_profile_with_recursion_and_inlined_calls(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(PROGRAM)
    subprocess.run([tools.go(), "run", "main.go"], cwd=tmp_path, check=True, env=tools.environment(), timeout=250)
    head, base = tmp_path / "head.pb.gz", tmp_path / "base.pb.gz"
    profile = subtracted(head, None)
    assert (np.diff(profile.locations.frame_at) > 1).any(), "no inlined calls"
    assert recurs(profile)
    for kind in kinds(head):
        assert assert_equal(head, None, kind) > 20
        assert assert_equal(head, base, kind) > 20
    assert assert_callers_of_lines(head, kinds(head)[1]) > 20


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_fresh_profiles_of_the_leaky_example(leaky_profiles: list[Path]) -> None:
    first, *_, last = leaky_profiles
    assert sum(assert_equal(last, None, kind) for kind in kinds(last)) > 0
    assert sum(assert_equal(last, first, kind) for kind in kinds(last)) > 0


def recurs(profile: Profile) -> bool:
    """Return whether a function is twice in a stack, with another one between."""
    site, at = by_function(profile).of_frame[profile.stack_frames], profile.frame_at.tolist()
    runs = [[key for key, _ in groupby(site[i:j].tolist())] for i, j in pairwise(at)]
    return any(len(set(run)) < len(run) for run in runs)
