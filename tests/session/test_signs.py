"""What stacks and texts say of candidates: it orders them and is said in words. Of a stack, it may make a finding of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main as cli
from click.testing import CliRunner

from tests.support.profiles import drop, goroutines, heap

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20
MAIN = """package main

import "example.com/telemetry"

var kept [][]byte
var pages = map[int][]byte{}
var records = map[string]*record{}

func page(i int) {
	if pages[i] == nil {
		pages[i] = make([]byte, 1<<20)
	}
}

func add() {
	kept = append(kept, make([]byte, 1<<20))
}

func measure() {
	telemetry.NewTimer()
}

func file(name string) {
	r := &record{name}
	records[name] = r
}

func send() {
	telemetry.New("orders")
}
"""
PAGE, ADD, MEASURE, RECORD, STORE, SEND = (
    next(number for number, line in enumerate(MAIN.split("\n"), 1) if text in line)
    for text in ("make([]byte, 1<<20)", "append(", "NewTimer()", "&record{", "records[name]", "telemetry.New(")
)
LIBRARY = """package telemetry

type Timer struct{}

func NewTimer() *Timer { return &Timer{} }

func (t *Timer) Stop() {}

func New(name string) *Shipper {
	s := &Shipper{}
	go s.run()
	return s
}

func (s *Shipper) run() { <-s.work }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.com/app\n\nrequire example.com/telemetry v1.0.0\n")
    (tmp_path / "main.go").write_text(MAIN)
    library = tmp_path / "vendor/example.com/telemetry/t.go"
    library.parent.mkdir(parents=True)
    library.write_text(LIBRARY)
    return tmp_path


def candidates(folder: Path) -> list[dict]:
    result = CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder), "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["findings"] == []
    return said["candidates"]


def heaps(folder: Path, *stacks: str, every: int = 3) -> None:
    """Each stack rises, in a process that is watched from its start on: the pages every other time, the others once in so many."""
    page = f"main.page@{folder}/main.go:{PAGE} < main.main@{folder}/main.go:1"
    for i in range(10):
        less = (f"{stack} = {1 + i // every}x{MB}" for stack in stacks)
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"{page} = {1 + i // 2}x{MB}", *less))


def test_what_is_only_ever_added_comes_first(folder: Path) -> None:
    heaps(folder, f"main.add@{folder}/main.go:{ADD} < main.main@{folder}/main.go:1")
    found = candidates(folder)
    assert [one["line"] for one in found] == [ADD, PAGE]
    assert "added to something that nothing in its package cuts back" in found[0]["message"]
    assert "cuts back" not in found[1]["message"]


def test_a_leak_says_it_as_well(folder: Path) -> None:
    """What is proven is not said to be less than what was not."""
    for i in range(24):
        stack = f"main.add@{folder}/main.go:{ADD} < main.main@{folder}/main.go:1"
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"{stack} = {1 + 3 * i}x{MB}"))
    said = CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder)]).output
    assert "; the pace holds. What it makes is added to something that nothing in its package cuts back." in " ".join(
        said.split()
    )


def test_a_sign_counts_one_standard_error_and_no_more(folder: Path) -> None:
    """Of a line that hardly ever falls, n new objects are about the root of n standard errors."""
    for i in range(10):
        page = f"main.page@{folder}/main.go:{PAGE} < main.main@{folder}/main.go:1 = {1 + 2 * i}x{MB}"
        added = f"main.add@{folder}/main.go:{ADD} < main.main@{folder}/main.go:1 = {1 + i // 3}x{MB}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(page, added))
    found = candidates(folder)
    assert [one["line"] for one in found] == [PAGE, ADD]
    assert "cuts back" in found[1]["message"]


def test_what_the_package_cuts_back_does_not(folder: Path) -> None:
    (folder / "reset.go").write_text("package main\n\nfunc reset() { kept = nil }\n")
    heaps(folder, f"main.add@{folder}/main.go:{ADD} < main.main@{folder}/main.go:1")
    found = candidates(folder)
    assert [one["line"] for one in found] == [PAGE, ADD]
    assert "cuts back" not in str(found)


def test_what_a_library_returns_and_nothing_ends_comes_first(folder: Path) -> None:
    stack = f"example.com/telemetry.NewTimer:5@{folder}/vendor/example.com/telemetry/t.go:5 < main.measure@{folder}/main.go:{MEASURE}"
    heaps(folder, stack)
    found = candidates(folder)
    assert [one["line"] for one in found] == [MEASURE, PAGE]
    assert "has an end (Close, Stop) that your code never names" in found[0]["message"]
    (folder / "stop.go").write_text("package main\n\nfunc stop(t *telemetry.Timer) { t.Stop() }\n")
    assert [one["line"] for one in candidates(folder)] == [PAGE, MEASURE]


def test_lines_that_add_to_the_same_are_one_candidate_named_by_what_makes_it(folder: Path) -> None:
    made = f"main.file@{folder}/main.go:{RECORD} < main.main@{folder}/main.go:1"
    heaps(folder, made, every=2)
    assert [one["line"] for one in candidates(folder)] == [PAGE, RECORD]
    heaps(folder, made, f"main.file@{folder}/main.go:{STORE} < main.main@{folder}/main.go:1", every=2)
    found = candidates(folder)
    assert [one["line"] for one in found] == [RECORD, STORE, PAGE]
    assert "cuts back" not in str(found)  # a key may replace what was there


def test_no_sign_counts_where_the_numbers_show_that_it_slows(folder: Path) -> None:
    for i in range(24):
        added = f"main.add@{folder}/main.go:{ADD} < main.main@{folder}/main.go:1 = {min(1 + 4 * i, 30)}x{MB}"
        page = f"main.page@{folder}/main.go:{PAGE} < main.main@{folder}/main.go:1 = {1 + i // 8}x{MB}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(added, page))
    found = candidates(folder)
    assert [(one["line"], one["rule"]) for one in found] == [(PAGE, "unclear"), (ADD, "filled")]


def test_a_context_that_lasts_comes_first(folder: Path) -> None:
    heaps(folder, f"context.WithCancel@/go/src/context/context.go:9 < main.measure@{folder}/main.go:{MEASURE}")
    found = candidates(folder)
    assert [one["line"] for one in found] == [MEASURE, PAGE]
    assert "it makes contexts, which are often never cancelled" in found[0]["message"]


def test_what_no_own_line_owns_is_one_candidate_with_the_line_that_it_runs(folder: Path) -> None:
    """The library's rises most clearly, then the pages; the line that the library runs rises least, but with the library's."""
    serve = "net/http.(*conn).serve@/go/src/net/http/server.go:9"
    heaps(folder, f"net/textproto.read@/go/src/net/textproto/r.go:7 < {serve}", every=1)
    assert [(one["line"], one["foreign"]) for one in candidates(folder)] == [(0, True), (PAGE, False)]
    kept = f"main.file@{folder}/main.go:{RECORD} < {serve}"
    for i in range(10):
        page = f"main.page@{folder}/main.go:{PAGE} < main.main@{folder}/main.go:1 = {1 + i // 2}x{MB}"
        held = f"net/textproto.read@/go/src/net/textproto/r.go:7 < {serve} = {1 + i}x{MB}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(page, held, f"{kept} = {1 + i // 4}x{MB}"))
    found = candidates(folder)
    assert [(one["line"], one["foreign"]) for one in found] == [(RECORD, False), (RECORD, True), (PAGE, False)]


def test_of_lines_that_call_a_library_one_that_starts_its_goroutines_comes_before_others(folder: Path) -> None:
    library = f"{folder}/vendor/example.com/telemetry/t.go"
    for i in range(10):
        waits = f"example.com/telemetry.(*Shipper).run:15@{library}:15 = {1 + 3 * i}"
        drop(folder / f"p/g{i:03}.pb.gz", goroutines(waits, f"main.main@{folder}/main.go:{SEND} = 1"))
        measured = (
            f"example.com/telemetry.NewTimer:5@{library}:5 < main.measure@{folder}/main.go:{MEASURE} = 9x{MB}/{9 + i}"
        )
        drop(folder / f"p/h{i:03}.pb.gz", heap(measured))
    result = CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder), "--json"])
    said = json.loads(result.stdout)
    found = next(one for one in said["findings"] + said["candidates"] if one["foreign"])
    assert (found["line"], found["related"]) == (SEND, [f"main.go:{SEND}", f"main.go:{MEASURE}"])


def test_who_may_have_started_what_a_library_runs(folder: Path) -> None:
    library = f"{folder}/vendor/example.com/telemetry/t.go"
    for i in range(10):
        waits = f"example.com/telemetry.(*Shipper).run:15@{library}:15 = {1 + 3 * i}"
        drop(folder / f"p/g{i:03}.pb.gz", goroutines(waits, f"main.main@{folder}/main.go:{SEND} = 1"))
    result = CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder), "--json"])
    said = json.loads(result.stdout)
    found = (said["findings"] + said["candidates"])[0]
    assert (found["file"], found["line"], found["related"]) == (f"{folder}/main.go", SEND, [f"main.go:{SEND}"])
    assert (
        f"Your lines that may start it: main.go:{SEND}."
        in CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder)]).output
    )
    (folder / "other.go").write_text(
        'package main\n\nimport "example.com/telemetry"\n\nvar s = telemetry.New("bills")\n'
    )
    result = CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder), "--json"])
    said = json.loads(result.stdout)
    found = (said["findings"] + said["candidates"])[0]
    assert found["related"] == [f"main.go:{SEND}", "other.go:5"]
    assert found["file"] is None  # it may be either


@pytest.mark.parametrize("made", ["context.WithCancel", "fmt.Sprint"])
@pytest.mark.parametrize("base", ["first", "previous"])
def test_stacks_of_what_often_is_not_given_back_make_a_finding_of_less(folder: Path, made: str, base: str) -> None:
    """Of four new objects of 1 MB, 3.5 are expected to be sampled. None was freed, so they are √3.5 standard errors: p is 3 %."""
    for i in range(24):
        stack = f"{made}@/go/src/x.go:9 < main.page@{folder}/main.go:{PAGE} < main.main@{folder}/main.go:1"
        works = f"main.main@{folder}/main.go:1 = 0x{MB}/{i}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"{stack} = {1 + i // 5}x{MB}", works))
    result = CliRunner().invoke(cli, ["leaks", str(folder / "p"), "--workspace", str(folder), "--json", "--base", base])
    said = json.loads(result.stdout)
    found, candidates = ([(one["line"], one["rule"]) for one in said[kind]] for kind in ("findings", "candidates"))
    if made == "context.WithCancel":
        assert (found, candidates) == ([(PAGE, "likely")], [])
        what = (
            "contexts, which are often never cancelled"
            if base == "first"
            else "timers, contexts, label values or the like"
        )
        assert f"The numbers alone do not prove it, but it makes {what}" in said["findings"][0]["message"]
    else:
        assert (found, [line for line, _ in candidates]) == ([], [PAGE])
