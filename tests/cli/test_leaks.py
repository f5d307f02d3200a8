"""alloclens leaks: the verdicts on a directory, worst first, as text and as JSON."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cli import main as cli
from alloclens.source.line_mapping import Doubt
from alloclens.wording.verdict import DOUBTS, SHAPES
from click.testing import CliRunner

from tests.support.placement.foreign import FOREIGN, OWN, ROOTS
from tests.support.profiles import Builder, clock, delta, drop, goroutines, heap, heap_text, profile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

MB = 1 << 20
MAIN = """package main

func main() {
	for {
		table = append(table, telemetry.NewHandler())
		page()
		go fulfil(1)
	}
}

func page() { pages = append(pages, make([]byte, 1<<20)) }

func fulfil(n int) {
	<-payments
}
"""
COMMANDS = {
    "leaks": ["leaks", "p"],
    "annotate": ["annotate", "main.go", "--profiles", "p"],
    "report": ["report", "p", "-o", "-"],
    "explain": ["explain"],
}
LEAK, PAGE, GO, WAIT = 5, 11, 7, 14
"""Lines of MAIN."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(MAIN)
    return tmp_path


def heaps(folder: Path, snapshots: int, *more: str) -> Path:
    """A dependency's memory grows, called by one line of main.go; the pages of another are full from the second on."""
    for i in range(snapshots):
        stacks = [
            f"example.com/telemetry.NewHandler@/m/t.go:4 < main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}",
            f"main.page:11@{folder}/main.go:{PAGE} < main.main:3@{folder}/main.go:6 = {min(i, 1) * 40}x{MB}",
        ]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks, *(line.format(i) for line in more)))
    return folder / "p"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["leaks", *map(str, arguments)])


def findings(*arguments: object) -> list[dict]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["version"] == 3
    return said["findings"]


def test_the_line_of_ones_own_that_leaks(folder: Path) -> None:
    found = findings(heaps(folder, 34), "--workspace", folder, "--all")
    assert [(f["verdict"], f["file"], f["line"]) for f in found] == [
        ("leak", f"{folder}/main.go", LEAK),
        ("filling", f"{folder}/main.go", PAGE),
    ]
    leak = found[0]
    assert (leak["value"], leak["growth"], leak["observations"]) == (100 * MB, 99 * MB, 34)
    assert leak["low"] < 99 * MB < leak["high"]
    assert leak["per_snapshot"] == pytest.approx(3 * MB)
    assert (leak["code"], leak["rule"], leak["function"]) == ("leak", "rises", "main.main")
    assert findings(folder / "p", "--workspace", folder) == found[:1]


def test_a_profile_without_a_sampling_rate_is_judged_without_an_interval(folder: Path) -> None:
    for i in range(12):
        made = Builder(("allocations", "count"), ("space", "bytes"))
        made.sample(f"main.main@{folder}/main.go:{LEAK}", [1 + i, (1 + i) * MB])
        made.sample(f"main.main@{folder}/main.go:{PAGE}", [5, 40 * MB])
        made.message.time_nanos = (1_700_000_000 + 60 * i) * 10**9
        drop(folder / f"p/h{i:03}.pb", made.bytes())
    found = findings(folder / "p", "--workspace", folder)
    assert [(f["verdict"], f["recorded_line"], f["low"], f["high"]) for f in found] == [("growing", LEAK, None, None)]
    assert "sampling error unknown" in run(folder / "p", "--workspace", folder).output
    shown = CliRunner().invoke(cli, ["annotate", str(folder / "main.go"), "--profiles", str(folder / "p")]).output
    assert "12.0MB ▲11.0MB" in shown  # the series shows what no interval can
    assert "40.0MB ▲" not in shown


def test_in_words(folder: Path) -> None:
    result = run(heaps(folder, 34), "--workspace", folder)
    assert f"main.go:{LEAK} ▁" in result.output
    assert "Leak: 100MB held through this line, ▲99.0MB" in result.output
    assert "telemetry.NewHandler ← main.main" in result.output
    assert f"main.go:{PAGE} ▁" not in result.output
    (folder / "alloclens.toml").write_text('memoryLimit = "1GiB"\n')
    # Per snapshot (1 s) 3 MB; of Go's heap 512 MB can be live, and 140 MB are: (512 - 140) / 3 = 124 s.
    assert (
        "3.0MB/s, the heap reaches memoryLimit (1.0GB) in 2.1min, just before a collection, at 2 × "
        in run(folder / "p", "--workspace", folder).output
    )


@pytest.mark.parametrize(
    ("next_gc", "wanted"),
    [
        # 1920 MB are live, 64 MB/s are added. With GOGC=50, (4480/1.5 - 1920) / 64 = 17 s; with 100, (4480/2 - 1920) / 64 = 5 s.
        (2880 * MB, "in 17s, just before a collection, at 1.5 × what is live (by the profile's MemStats)."),
        (None, "in 5.0s, just before a collection, at 2 × what is live (GOGC=100 is assumed)."),
        (
            2**64 - 1,
            "in 5.0s, just before a collection, at 2 × what is live (GOGC=100 is assumed).",
        ),  # as GOGC=off says
        (4 * MB, "in 5.0s, just before a collection, at 2 × what is live (GOGC=100 is assumed)."),  # Go's least
    ],
)
def test_the_limit_is_reached_before_a_collection(folder: Path, next_gc: int | None, wanted: str) -> None:
    for i in range(30):
        text = heap_text(f"main.page@{folder}/main.go:{PAGE}", 4 * (1 + i), 16 * MB, 1 << 20)
        more = f"# NextGC = {next_gc}\n".encode() if next_gc else b""
        drop(folder / f"p/{1_700_000_000 + i}.txt", text + more)
    (folder / "alloclens.toml").write_text('memoryLimit = "4480MiB"\n')
    said = run(folder / "p", "--workspace", folder).output
    assert (
        "If everything that grows keeps growing as over these 29s, at 64.0MB/s, the heap reaches memoryLimit (4.4GB) "
        + wanted
        in said
    )


def test_nothing_leaks_and_nothing_can_be_said(folder: Path) -> None:
    heaps(folder, 1)
    assert "Nothing can be judged: there is one snapshot" in run(folder / "p", "--workspace", folder).output
    for i in range(8):
        drop(folder / f"q/{i}.pb.gz", heap(f"main.page@{folder}/main.go:{PAGE} = 40x{MB}/{40 + i}"))
    said = run(folder / "q", "--workspace", folder).output
    assert said.startswith(
        "None proven: of 1 line of your own code, judged over 7.0s, 8 snapshots, none certainly leaks or grows. Nothing rises beyond chance, but a "
        "leak of less than 2.5MB, 5 sampled objects, would not show yet: take more snapshots, or a run with "
        "runtime.MemProfileRate = 64 << 10.\n"
    )
    assert f"/main.go:{PAGE} ████████\n  Not proven: 40.0MB held through this line, no change seen (99 %: " in said
    assert " over 7.0s, 8 snapshots: no rise so far beyond chance, but a leak of up to " in said
    for i in range(8, 20):
        drop(folder / f"q/{i}.pb.gz", heap(f"main.page@{folder}/main.go:{PAGE} = 40x{MB}/{40 + i}"))
    said = run(folder / "q", "--workspace", folder).output
    assert "Nothing rises beyond chance, but a leak of less than 2.5MB" in said
    assert "Not proven" not in said
    (folder / "empty").mkdir()
    result = run(folder / "empty", "--workspace", folder)
    assert result.exit_code == 1
    assert "No profile in" in result.output


def test_goroutines_are_charged_to_their_go_statement(folder: Path) -> None:
    for i in range(33):
        waiting = f"runtime.gopark@/r/proc.go:1 < main.fulfil:13@{folder}/main.go:{WAIT} = {5 + 25 * i}"
        drop(folder / f"p/g{i}.pb.gz", goroutines(waiting))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["code"], found["line"], found["recorded_line"]) == ("goroutine-leak", GO, WAIT)
    assert f"805 goroutines started here wait at main.go:{WAIT}" in found["message"]

    annotated = CliRunner().invoke(cli, ["annotate", str(folder / "main.go"), "--profiles", str(folder / "p")]).stdout
    lines = annotated.splitlines()
    (at,) = [i for i, line in enumerate(lines) if "^ " in line]
    assert f"^ {found['message']}" in lines[at]
    assert re.match(rf" *{GO} ", lines[at - 1])

    (folder / "main.go").write_text(MAIN + "\nfunc again() {\n\tgo fulfil(2)\n}\n")
    (found,) = findings(folder / "p", "--workspace", folder)
    assert found["line"] == GO  # it was the only one when the profile was taken, and the text of then was kept

    (folder / "main.go").write_text("\n".join("" if n == GO else line for n, line in enumerate(MAIN.split("\n"), 1)))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["line"], "805 goroutines wait in this line" in found["message"]) == (WAIT, True)
    assert "805 goroutines wait in this line" in run(folder / "p", "--workspace", folder).output
    page = CliRunner().invoke(cli, ["report", str(folder / "p"), "-o", "-", "--workspace", str(folder)]).output
    assert "805 goroutines wait in this line" in page
    assert "started here" not in page


MALG = (
    "runtime.mallocgc@/r/malloc.go:1 < runtime.newobject@/r/malloc.go:9 < runtime.malg@/r/proc.go:9 < "
    "runtime.newproc1@/r/proc.go:8 < runtime.newproc.func1@/r/proc.go:7 < runtime.systemstack@/r/a.s:7 = {0}0000x432"
)
"""As Go writes it: the goroutine is allocated by what malg calls."""


@pytest.mark.parametrize(
    ("times", "shows"),
    [
        ((), True),
        ((-100, -90), True),  # goroutine profiles of another day
        ((0, 6), True),  # of a fourth of the time
        ((0, 13), False),
        ((0, 24), False),
    ],
)
def test_goroutines_that_only_the_heap_shows(folder: Path, times: tuple[int, ...], *, shows: bool) -> None:
    begin = next(clock) + 1
    directory = heaps(folder, 25, MALG)
    for number, seconds in enumerate(times):
        waiting = f"main.fulfil:13@{folder}/main.go:{WAIT} = {5 + number}"
        drop(directory / f"g{number}.pb.gz", goroutines(waiting, seconds=begin + seconds))
    said = run(directory, "--workspace", folder).stderr
    assert ("runtime.malg holds ▲98.9MB: there are more goroutines than before" in said) == shows


def leaked(folder: Path, *, text: bool) -> bytes:
    """Return a goroutineleak profile of 3 goroutines, as Go 1.26 writes it."""
    if text:
        return (
            "goroutineleak profile: total 3\n3 @ 0x11 0x21\n#\t0x10\truntime.gopark+0x1\t/r/proc.go:1\n"
            f"#\t0x20\tmain.fulfil+0x1\t{folder}/main.go:{WAIT}\n\n"
        ).encode()
    made = Builder(("goroutineleak", "count"))
    made.sample(f"runtime.gopark@/r/proc.go:1 < main.fulfil:13@{folder}/main.go:{WAIT}", [3])
    made.message.period = 1
    return made.bytes()


@pytest.mark.parametrize("text", [False, True])
def test_one_profile_of_leaked_goroutines_is_proof(folder: Path, *, text: bool) -> None:
    drop(folder / "p/leaked", leaked(folder, text=text))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["code"], found["rule"], found["value"]) == ("goroutine-leak", "proven", 3)
    assert (found["file"], found["line"], found["recorded_line"]) == (f"{folder}/main.go", GO, WAIT)
    assert found["message"] == (
        f"Leak: 3 goroutines started here wait at main.go:{WAIT} for ever. "
        "The garbage collector found that nothing can wake them."
    )


def test_marks_of_leaked_goroutines_in_a_list_are_proof(folder: Path) -> None:
    """Two of the three that wait are marked; a fourth waits elsewhere."""
    states = ["chan receive (leaked)", "chan receive, 5 minutes", "chan receive (leaked), locked to thread"]
    waiting = "".join(
        f"goroutine {i} [{state}]:\nmain.fulfil(0x1)\n\t{folder}/main.go:{WAIT} +0x2a\n"
        f"created by main.main in goroutine 1\n\t{folder}/main.go:{GO} +0x11\n\n"
        for i, state in enumerate(states, 7)
    )
    drop(folder / "p/list.txt", f"goroutine 1 [running]:\nmain.main()\n\t{folder}/main.go:6 +0x1\n\n{waiting}".encode())
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["code"], found["rule"], found["value"], found["line"]) == ("goroutine-leak", "proven", 2, GO)
    assert found["message"].startswith(f"Leak: 2 goroutines started here wait at main.go:{WAIT} for ever. The garbage")
    (folder / "p/list.txt").unlink()
    drop(folder / "p/list.txt", waiting.replace(" (leaked)", "").encode())
    assert findings(folder / "p", "--workspace", folder) == []


def test_a_profile_without_leaked_goroutines_says_nothing(folder: Path) -> None:
    drop(folder / "p/leaked", b"goroutineleak profile: total 0\n")
    assert findings(folder / "p", "--workspace", folder) == []


def test_an_older_head_and_a_base(folder: Path) -> None:
    directory = heaps(folder, 34)
    (found,) = findings(directory, "--workspace", folder, "--head", "h024.pb.gz", "--base", "h023.pb.gz")
    assert (found["verdict"], found["observations"], found["value"]) == ("leak", 25, 73 * MB)
    (found,) = findings(directory, "--workspace", folder, "--head", "h024")
    assert found["observations"] == 25
    assert findings(directory, "--workspace", folder, "--head", "first") == []


def test_the_process_of_a_chosen_head_is_not_one_before_it(folder: Path) -> None:
    directory = heaps(folder, 22)
    drop(directory / "h900.pb.gz", heap(f"main.main:3@{folder}/main.go:{LEAK} = 1x{MB}"))
    restarted, chosen = (run(directory, "--workspace", folder, *head).stdout for head in ((), ("--head", "h021.pb.gz")))
    assert "\n  Before the restart 1 snapshot ago: Leak: 64.0MB held " in restarted
    assert "\n  Leak: 64.0MB held " in chosen


def test_only_what_was_taken_since(folder: Path) -> None:
    begin = 1_700_000_000
    directory = folder / "p"
    for i in range(34):
        stack = f"example.com/telemetry.NewHandler@/m/t.go:4 < main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}"
        drop(directory / f"h{i:03}.pb.gz", heap(stack, seconds=begin + 3600 * i))
    local = datetime.fromtimestamp(begin + 3 * 3600).strftime("%Y-%m-%dT%H:%M:%S")  # noqa: DTZ006 - as the user types it
    (found,) = findings(directory, "--workspace", folder, "--since", local)
    assert (found["observations"], found["seconds"]) == (31, 30 * 3600)
    late = run(directory, "--workspace", folder, "--since", "2031-05-06")
    assert (late.exit_code, late.stderr) == (
        1,
        f"Error: {directory} has no profile that was taken since 2031-05-06 00:00:00\n",
    )


def test_a_snapshot_may_be_named_by_its_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only if that is the file: not if another directory has one of that name."""
    heaps(folder, 12)
    drop(folder / "q/h008.pb.gz", heap(f"main.main@{folder}/main.go:{LEAK} = 1x{MB}"))
    monkeypatch.chdir(folder)
    paths = {name: ["p", "--head", name] for name in ("h008.pb.gz", "p/h008.pb.gz", f"{folder}/p/../p/h008.pb.gz")}
    assert {found["head"] for options in paths.values() for found in findings(*options, "--all")} == {"h008.pb.gz"}
    other = run("p", "--head", "q/h008.pb.gz")
    assert (other.exit_code, f"no snapshot is named {folder}/q/h008.pb.gz; there are" in other.stderr) == (1, True)
    shown = CliRunner().invoke(cli, ["annotate", "main.go", "--profiles", "p", "--base", "p/h008.pb.gz"])
    assert shown.stdout.splitlines()[0].endswith(", h008.pb.gz → latest")


@pytest.mark.parametrize("option", ["--head", "--base"])
def test_a_name_that_no_snapshot_has(folder: Path, option: str) -> None:
    result = run(heaps(folder, 2), "--workspace", folder, option, "gone")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "Error: no snapshot is named gone; there are first, previous, latest, yesterday and "
    )


@pytest.mark.parametrize("command", ["leaks", "annotate", "report", "explain"])
@pytest.mark.parametrize(("setting", "default"), [("base", "first"), ("head", "latest")])
def test_a_name_in_the_settings_that_no_snapshot_has(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, setting: str, default: str
) -> None:
    heaps(folder, 2)
    (folder / "alloclens.toml").write_text(f'{setting} = "gone"\nprofileDirs = ["p"]\n')
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, COMMANDS[command])
    assert (result.exit_code, bool(result.stdout)) == (0, True)
    assert f"no snapshot is named gone, so the {setting} is {default}; there are first, previous," in result.stderr


@pytest.mark.parametrize("command", ["leaks", "annotate", "report", "explain"])
def test_a_sample_type_that_no_profile_has(folder: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    heaps(folder, 2)
    drop(folder / "p/goroutine.pb.gz", goroutines(f"main.f@{folder}/main.go:{GO} = 1"))
    (folder / "alloclens.toml").write_text('sampleType = "inuse_spcae"\nprofileDirs = ["p"]\n')
    monkeypatch.chdir(folder)
    result = CliRunner().invoke(cli, COMMANDS[command])
    assert (result.exit_code, result.stdout) == (1, "")
    why = "no profile has inuse_spcae; there is alloc_objects, alloc_space, inuse_objects, inuse_space, goroutine"
    assert result.stderr == f"Error: {why}\n"


def test_the_shape_of_a_leak(folder: Path) -> None:
    for i in range(25):
        ticker = f"time.NewTicker@/r/tick.go:9 < main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}"
        drop(folder / f"p/{i}.pb.gz", heap(ticker))
    assert findings(folder / "p", "--workspace", folder)[0]["shape"] == "ticker"
    assert "is each one stopped?" in run(folder / "p", "--workspace", folder).output


def test_what_was_read_once_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = findings(heaps(folder, 34), "--workspace", folder, "--all")
    read: list[str] = []
    whole = "alloclens.session.reading.Reader.snapshot"
    monkeypatch.setattr(whole, lambda _, path, __: read.append(path))
    assert findings(folder / "p", "--workspace", folder, "--all") == before
    assert read == []


def test_a_leak_is_where_its_function_and_line_are_now(folder: Path) -> None:
    """One function has moved within the file, one to another file of the package, and one was changed."""
    heaps(folder, 34, "main.fulfil:13@%s/main.go:14 = {0}x%d" % (folder, 9 * MB))  # noqa: UP031 - {0} is the snapshot's
    findings(folder / "p", "--workspace", folder)  # keeps the texts of now
    page, fulfil = MAIN.index("func page"), MAIN.index("func fulfil")
    (folder / "main.go").write_text("// New.\n" + MAIN[:page] + MAIN[fulfil:].replace("<-payments", "wait(payments)"))
    (folder / "pages.go").write_text("package main\n\n" + MAIN[page:fulfil])
    found = findings(folder / "p", "--workspace", folder, "--all")
    assert {f["function"]: (f["file"], f["line"], f["placement"]) for f in found} == {
        "main.main": (f"{folder}/main.go", LEAK + 1, "sure"),
        "main.page": (f"{folder}/pages.go", 3, "unsure"),
        "main.fulfil": (f"{folder}/main.go", WAIT, "unplaced"),
    }
    said = run(folder / "p", "--workspace", folder, "--all").stdout
    assert f"main.go:{LEAK + 1} " in said
    assert f"main.go:{WAIT} (changed or deleted since) " in said
    assert said.partition("pages.go:3 ")[2].splitlines()[1].startswith("  ~ ")
    reason = run(folder / "p", "--workspace", folder, "--all").stderr
    assert reason == f"~ {DOUBTS[Doubt.CHANGED]}\n"
    assert "set `revision` to that" in reason
    report = folder / "r.html"
    CliRunner().invoke(cli, ["report", str(folder / "p"), "--workspace", str(folder), "-o", str(report)])
    assert ">~ pages.go:3<" in report.read_text()
    assert f">main.go:{LEAK + 1}<" in report.read_text()


def test_a_candidate_on_an_unsure_line_is_marked(folder: Path) -> None:
    for i in range(12):
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"main.page:11@{folder}/main.go:{PAGE} = {1 + 3 * i}x{MB}"))
    findings(folder / "p", "--workspace", folder)  # keeps the texts of now
    page, fulfil = MAIN.index("func page"), MAIN.index("func fulfil")
    (folder / "main.go").write_text(MAIN[:page] + MAIN[fulfil:])
    (folder / "pages.go").write_text("package main\n\n" + MAIN[page:fulfil])
    said = run(folder / "p", "--workspace", folder)
    assert said.stdout.partition("pages.go:3 ")[2].splitlines()[1].startswith("  ~ Not proven: 34.0MB held")
    assert said.stderr == f"~ {DOUBTS[Doubt.UNCOMPARED]}\n"


def test_what_others_allocate_is_the_own_callers(tmp_path: Path) -> None:
    """A file of the workspace ends like each of theirs and declares the same function: it is not the one that leaks."""
    for path, text in OWN.items():
        here = tmp_path / path.removeprefix("/w/")
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_text(text)
    for module in ROOTS.modules:
        (tmp_path / module.directory[3:] / "go.mod").write_text(f"module {module.path}\n")
    caller = tmp_path / "caller.go"
    caller.write_text("package main\n" + "\n" * len(FOREIGN))
    lines = dict(enumerate(FOREIGN.values(), 2))
    for i in range(34):
        stacks = [
            f"{one.function}@{one.recorded}:4 < main.main:1@{caller}:{line} = {1 + 3 * i}x{MB}"
            for line, one in lines.items()
        ]
        beside = [f"{f}@{file}:4 = 1x{MB}" for one in lines.values() for file, fs in one.beside.items() for f in fs]
        drop(tmp_path / f"p/h{i:03}.pb.gz", heap(*stacks, *beside))
    found = findings(tmp_path / "p", "--workspace", tmp_path)
    assert {(f["verdict"], f["file"]) for f in found} == {("leak", str(caller))}
    assert sorted(f["line"] for f in found) == sorted(lines)


def test_a_helper_is_judged_for_each_caller(folder: Path) -> None:
    """One caller keeps 2 MB at each snapshot, the other holds now 60 MB and now nothing: together they only swing."""
    helper = f"example.com/json.Decode@/m/j.go:4 < main.page:11@{folder}/main.go:{PAGE} < main.main:3@{folder}/main.go"
    for i in range(30):
        kept, swings = (
            f"{helper}:{LEAK} = {2 + 2 * i}x{MB}/{2 + 2 * i}",
            f"{helper}:6 = {60 * (i % 2)}x{MB}/{60 * ((i + 1) // 2)}",
        )
        drop(folder / f"p/h{i:03}.pb.gz", heap(kept, swings))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["verdict"], found["line"], found["value"], found["growth"]) == ("leak", PAGE, 60 * MB, 58 * MB)
    assert [(caller["file"], caller["line"], caller["function"]) for caller in found["callers"]] == [
        (f"{folder}/main.go", LEAK, "main.main"),
        (f"{folder}/main.go", 6, "main.main"),
    ]
    assert f"held through this line, called from main.go:{LEAK}, " in found["message"]
    said = run(folder / "p", "--workspace", folder).output
    assert f"called from main.go:{LEAK}" in said
    assert f"json.Decode ← main.page main.go:{PAGE} ← main.main main.go:{LEAK}" in said


def test_what_a_compiler_made_is_named_with_its_caller(folder: Path) -> None:
    """A copied struct: its constructor, which nobody wrote, is on the line that declares it."""
    (folder / "frame.h").write_text("#include <vector>\nstruct Frame {\n  std::vector<char> body;\n};\n")
    (folder / "session.cpp").write_text('#include "frame.h"\nvoid close() {\n  archive(new Frame(*first));\n}\n')
    for i in range(30):
        stack = f"Frame::Frame@{folder}/frame.h:2 < close@{folder}/session.cpp:3 < main@/usr/main.c:1"
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"operator new@/usr/new.cc:9 < {stack} = {1 + 3 * i}x{MB}"))
    words = run(folder / "p", "--workspace", folder).stdout
    assert "frame.h:2 ▁" in words
    assert "88.0MB held through this line, called from session.cpp:3, ▲87.0MB" in words


def test_callers_are_named_outwards_as_far_as_one_holds_most(folder: Path) -> None:
    """The helper is called by another helper alone; of that one's three callers, the one on line 6 keeps what it gets."""
    (folder / "main.go").write_text(MAIN.replace("}\n\nfunc page", "}\nfunc wrap() { page() }\nfunc page"))
    inner = f"main.page:11@{folder}/main.go:{PAGE} < main.wrap:10@{folder}/main.go:10 < main.main:3@{folder}/main.go"
    for i in range(34):
        kept = f"{inner}:6 = {1 + 3 * i}x{MB}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(kept, *(f"{inner}:{line} = 1x{MB}/{1 + i}" for line in (LEAK, GO))))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["verdict"], found["line"]) == ("leak", PAGE)
    assert [caller["line"] for caller in found["callers"]] == [6, *sorted([LEAK, GO])]
    assert [(line["file"], line["line"], line["recorded_line"]) for line in found["called_from"]] == [
        (f"{folder}/main.go", 10, 10),
        (f"{folder}/main.go", 6, 6),
    ]
    assert "held through this line, called from main.go:10 ← main.go:6, " in found["message"]
    main = (folder / "main.go").read_text()
    (folder / "main.go").write_text(f"// New.\n{main.replace('{ page() }', '{ return page() }')}")
    (found,) = findings(folder / "p", "--workspace", folder)
    edited = "main.go:10 (changed or deleted since)"
    assert [(line["line"], line["placement"]) for line in found["called_from"]] == [(10, "unplaced"), (7, "sure")]
    assert f"held through this line, called from {edited} ← main.go:7, " in found["message"]
    assert f"← main.wrap {edited} ← main.main main.go:7" in run(folder / "p", "--workspace", folder).output


def test_all_own_frames_of_a_stack_are_shown(folder: Path) -> None:
    (folder / "main.go").write_text("".join(f"func f{i}() {{}}\n" for i in range(30)))
    own = [f"main.f{i}:{1 + i}@{folder}/main.go:{1 + i}" for i in range(30)]
    between = [f"encoding/json.f{i}@/r/json.go:{i}" for i in range(1, 15)]
    for i in range(34):
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"{' < '.join([*between, *own])} = {1 + 3 * i}x{MB}"))
    said = run(folder / "p", "--workspace", folder).output
    assert ": json.f1 ← 12 frames of encoding/json ← json.f14 ← main.f0 main.go:1 ← main.f1 main.go:2 ← " in said
    assert " ← main.f29 main.go:30\n" in said


def test_lines_that_a_library_calls_are_not_said_to_call_it(folder: Path) -> None:
    """As Python's runpy does, which runs a module and has memory of its own."""
    for i in range(24):
        stacks = [
            f"_run_module_as_main@/usr/lib/python3.11/runpy.py:198 = {1 + 3 * i}x{MB}",
            f"main.page:11@{folder}/main.go:{PAGE} < _run_module_as_main@/usr/lib/python3.11/runpy.py:198 = 1x{MB}",
        ]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["function"], found["related"]) == ("_run_module_as_main", [f"main.go:{PAGE}"])
    said = run(folder / "p", "--workspace", folder).output
    assert f" Your lines that it runs: main.go:{PAGE}.\n" in said
    assert "that call _run" not in said


def test_what_a_library_holds_for_what_it_runs_is_placed_on_the_line_that_grows_with_it(folder: Path) -> None:
    """As net/http does for handlers that keep requests: not on a line that calls the library otherwise, however much that grows."""
    serve = "net/http.(*conn).serve@/go/src/net/http/server.go:9"
    for i in range(24):
        stacks = [
            f"net/textproto.read@/go/src/net/textproto/r.go:7 < {serve} = {1 + 3 * i}x{MB}",
            f"main.page:11@{folder}/main.go:{PAGE} < net/http.HandlerFunc.ServeHTTP@/go/src/net/http/server.go:5 < {serve} = {1 + i // 3}x{MB}",
            f"main.list@{folder}/main.go:{GO} < {serve} = 30x{MB}/{40 + i}",
            f"net/http.(*Client).Do@/go/src/net/http/client.go:3 < main.main:3@{folder}/main.go:{LEAK} = {1 + 2 * i}x{MB}",
        ]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks))
    (found,) = (one for one in findings(folder / "p", "--workspace", folder) if one["foreign"])
    assert (found["file"], found["line"]) == (f"{folder}/main.go", PAGE)
    assert found["related"] == [f"main.go:{line}" for line in (PAGE, GO, LEAK)]
    said = f" Your lines that it runs: main.go:{PAGE}, main.go:{GO}. Your lines that call http: main.go:{LEAK}."
    assert said in run(folder / "p", "--workspace", folder).output


def test_what_a_library_holds_is_placed_on_the_line_that_calls_it(folder: Path) -> None:
    """As logrus' Writer does: a goroutine of the library holds most, the line that starts it next to nothing."""
    for i in range(24):
        stacks = [
            f"bufio.grow@/r/b.go:4 < example.com/log.(*Entry).scan@/m/log.go:9 = {1 + 3 * i}x{MB}",
            f"example.com/log.(*Entry).Writer@/m/log.go:3 < main.main:3@{folder}/main.go:{LEAK} = {1 + i // 12}x{MB}",
            f"main.page:11@{folder}/main.go:{PAGE} = 1x{MB}",
        ]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks))
        drop(folder / f"p/g{i:03}.pb.gz", goroutines(f"example.com/log.(*Entry).scan@/m/log.go:9 = {5 + 10 * i}"))
    held, waiting = findings(folder / "p", "--workspace", folder)
    for found in (held, waiting):
        assert (found["foreign"], found["function"]) == (True, "example.com/log.(*Entry).scan")
        assert (found["file"], found["line"], found["related"]) == (f"{folder}/main.go", LEAK, [f"main.go:{LEAK}"])
    assert (held["code"], held["value"], waiting["code"], waiting["value"]) == ("leak", 70 * MB, "goroutine-leak", 235)
    said = run(folder / "p", "--workspace", folder).output
    assert "Leak: 70.0MB held by log.(*Entry).scan, with no line of yours, " in said
    assert "Leak: 235 goroutines run log.(*Entry).scan, with no line of yours, " in said
    assert f"Your lines that call log: main.go:{LEAK}." in said
    assert "70.0MB (+69.0MB): bufio.grow ← log.(*Entry).scan\n" in said
    assert (held["shape"], waiting["shape"]) == (None, "library-goroutine")
    assert "A library started these goroutines: is what starts them closed or stopped after use?" in said


@pytest.mark.parametrize(
    ("line", "shape", "words"),
    [
        ("\t\tpages[key] = value", "map", "A map grows: is anything ever deleted from it?"),
        ("\t\tpages = append(pages, page)", "slice", "A slice grows: is it ever cut back?"),
        ("\t\tpages[key] = load(key)", None, ""),
    ],
)
def test_the_text_of_a_line_tells_a_map_from_a_slice(folder: Path, line: str, shape: str | None, words: str) -> None:
    main = folder / "main.go"
    main.write_text(MAIN.replace("\t\ttable = append(table, telemetry.NewHandler())", line))
    for i in range(24):
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"main.main:3@{main}:{LEAK} = {1 + 3 * i}x{MB}"))
    (found,) = findings(folder / "p", "--workspace", folder)
    assert (found["verdict"], found["shape"]) == ("leak", shape)
    report = CliRunner().invoke(cli, ["report", str(folder / "p"), "-o", "-", "--workspace", str(folder)]).output
    for said in (run(folder / "p", "--workspace", folder).output, report):
        assert words in said
        assert shape or not any(known in said for known in SHAPES.values())
    main.write_text(main.read_text().replace("pages", "others"))  # nobody knows what the line was
    assert findings(folder / "p", "--workspace", folder)[0]["shape"] is None


def test_goroutines_that_no_longer_increase_do_not_leak(folder: Path) -> None:
    """Heap profiles that repeat the totals are one observation; goroutines are counted anew."""
    for i in range(60):
        data = goroutines(f"main.fulfil@{folder}/main.go:{WAIT} = {4 * min(i + 1, 20)}", seconds=1e9 + 3600 * i)
        drop(folder / f"p/g{i:03}.pb.gz", data)
    found = findings(folder / "p", "--workspace", folder, "--all")
    assert [(f["verdict"], f["observations"], f["value"]) for f in found] == [("filling", 60, 80)]


def test_where_nothing_is_proven_the_nearest_is_named(folder: Path) -> None:
    """Two sampled objects in twelve snapshots (3 · 0.86 of 1 MB): one line would need six."""
    for i in range(12):
        stacks = [
            f"main.main:3@{folder}/main.go:{LEAK} = {1 + i // 3}x{MB}",
            f"main.page@{folder}/main.go:{PAGE} = {9 - i % 2}x{MB}/{9 + i}",
        ]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks))
    result = run(folder / "p", "--workspace", folder, "--json")
    said = json.loads(result.stdout)
    assert (result.exit_code, said["findings"]) == (0, [])
    (near,) = said["candidates"]
    assert (near["code"], near["verdict"]) == ("candidate", "noise")
    assert (near["line"], near["growth"], near["observations"]) == (LEAK, 3 * MB, 12)
    assert "Not proven: 4.0MB held through this line, +3.0MB " in near["message"]
    appended = "what it makes is added to something that nothing in its package cuts back"
    assert f"it rose 3 times, none of it was freed, 2 sampled objects, {appended}. At least " in near["message"]
    words = run(folder / "p", "--workspace", folder).output
    assert (
        "None proven: of 2 lines of your own code, judged over 11s, 12 snapshots, none certainly leaks or grows."
        in words
    )
    assert f"main.go:{LEAK} " in words
    assert "snapshots at this pace would settle it" in words
    for i in range(3):
        drop(folder / f"q/h{i:03}.pb.gz", heap(f"main.main:3@{folder}/main.go:{LEAK} = {1 + 2 * i}x{MB}"))
    words = run(folder / "q", "--workspace", folder).output
    assert "Not proven: 5.0MB held through this line, ▲4.0MB " in words
    everything = run(folder / "q", "--workspace", folder, "--all").output
    assert everything.count("Not proven: 5.0MB held through this line, ▲4.0MB ") == 1
    assert "Not yet clear" not in everything
    assert "At least 17 more snapshots at this pace would settle it." in words


@pytest.mark.parametrize(("others", "is_listed"), [(30, True), (50, False)])
def test_a_finding_in_one_kind_does_not_hide_what_may_leak_in_another(
    folder: Path, others: int, *, is_listed: bool
) -> None:
    """A line that holds 4 of 34 MB is listed beside the goroutines that leak; one that holds 4 of 54 MB is not."""
    for i in range(29):
        drop(folder / f"p/g{i:03}.pb.gz", goroutines(f"main.fulfil@{folder}/main.go:{WAIT} = {5 + 25 * i}"))
    for i in range(12):
        stacks = [
            f"main.main:3@{folder}/main.go:{LEAK} = {1 + i // 3}x{MB}",
            f"main.page@{folder}/main.go:{PAGE} = {others - i % 2}x{MB}/{others + i}",
        ]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks))
    words = run(folder / "p", "--workspace", folder).output
    assert "Leak: 705 goroutines" in words
    assert ("Not proven: 4.0MB held through this line, +3.0MB " in words) is is_listed


@pytest.mark.parametrize(("held", "is_said"), [(12, True), (9, False)])
def test_beside_a_finding_it_is_said_that_more_may_leak(folder: Path, held: int, *, is_said: bool) -> None:
    """A line that may leak holds 12 of 112 MB, or 9 of 109 MB."""
    for i in range(34):
        rises = f"main.page@{folder}/main.go:{GO} = {held - 4 + 2 * (i > 11) + 2 * (i > 22)}x{MB}/{9 + i}"
        heaps_at = [f"main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}", rises]
        drop(folder / f"p/h{i:03}.pb.gz", heap(*heaps_at))
    words = run(folder / "p", "--workspace", folder).stdout
    assert "Leak: 100MB held through this line" in words
    line = f"{os.path.relpath(folder / 'main.go')}:{GO} (changed or deleted since)"
    more = f"1 more candidate, not proven ({line}): --all lists it, and any that hold less."
    assert words.endswith(f"\n{more}\n") is is_said
    assert "more candidate" not in run(folder / "p", "--workspace", folder, "--all").stdout


def test_what_rises_since_the_start_is_a_candidate(folder: Path) -> None:
    for i in range(19):
        drop(folder / f"p/h{i:03}.pb.gz", heap(f"main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}"))
    words = run(folder / "p", "--workspace", folder).output
    early = "None proven: too early to tell, as a new process always grows; wait for 20 snapshots. Of 1 line of your own code, judged "
    assert early in words
    assert "19 snapshots, none certainly leaks." in words
    assert " At least 1 more snapshot at this pace would settle it." in words
    said = json.loads(run(folder / "p", "--workspace", folder, "--json").stdout)
    assert said["findings"] == []
    assert [(one["line"], one["rule"]) for one in said["candidates"]] == [(LEAK, "early")]
    drop(folder / "p/h019.pb.gz", heap(f"main.main:3@{folder}/main.go:{LEAK} = 58x{MB}"))
    assert [one["verdict"] for one in findings(folder / "p", "--workspace", folder)] == ["leak"]
    for i in range(8):
        drop(folder / f"q/h{i:03}.pb.gz", heap(f"main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}"))
    drop(folder / "q/h008.pb.gz", heap(f"main.main:3@{folder}/main.go:{LEAK} = 1x{MB}"))
    words = run(folder / "q", "--workspace", folder, "--head", "h007").output
    assert "as a new process always grows; this one ended before it had 20 snapshots. Of 1 line " in words
    assert " At least 12 more snapshots at this pace would have settled it; the process has ended" in words


def test_what_is_far_from_a_proof_is_named_only_if_nothing_is_nearer(folder: Path) -> None:
    """One object more since the start, in 30 snapshots, is far from a proof among seventy lines; one in ten snapshots is near."""
    for i in range(30):
        stacks = [f"main.page@{folder}/main.go:{line} = {9 - i % 2}x{MB}/{9 + i}" for line in range(20, 90)]
        far, near = (
            f"main.main:3@{folder}/main.go:{line} = {n}x{MB}" for line, n in ((LEAK, 5 + (i > 1)), (6, 1 + i // 10))
        )
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks, far))
        drop(folder / f"q/h{i:03}.pb.gz", heap(*stacks, far, near))
    far, both = (json.loads(run(folder / d, "--workspace", folder, "--json").stdout) for d in "pq")
    assert (far["findings"], both["findings"]) == ([], [])
    assert [one["line"] for one in far["candidates"]] == [LEAK]
    assert "it would take more than 10 times as many snapshots" in far["candidates"][0]["message"]
    assert [one["line"] for one in both["candidates"]] == [6]


@pytest.mark.parametrize(("megabytes", "listed"), [(399, [LEAK, PAGE]), (400, [LEAK])])
def test_what_would_be_no_finding_if_it_were_proven_is_no_candidate_beside_others(
    folder: Path, megabytes: int, listed: list[int]
) -> None:
    """A line gains 2 MB in a young process: a little more than half a percent of 399 MB, and not of 400 MB."""
    for i in range(12):
        leak = f"main.main:3@{folder}/main.go:{LEAK} = {(megabytes - 3) * (i + 1) // 12}x{MB}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(leak, f"main.page@{folder}/main.go:{PAGE} = {1 + i // 4}x{MB}"))
    said = json.loads(run(folder / "p", "--workspace", folder, "--json").stdout)
    assert [one["line"] for one in said["candidates"]] == listed


OWN_LINE = "main.main:3@{folder}/main.go:5 = {objects}x1048576"
ELSEWHERE = "main.main:3@/srv/build/main.go:5 = {objects}x1048576"
LIBRARY = "bytes.grow@/usr/lib/go/src/bytes/buffer.go:4 = {objects}x1048576"


def empty(_folder: Path, _i: int) -> bytes:
    return heap()


def times(folder: Path, _i: int) -> bytes:
    made = Builder(("samples", "count"), ("cpu", "nanoseconds"))
    made.sample(f"main.main:3@{folder}/main.go:5", [1, 10])
    made.message.time_nanos = int(next(clock) * 1e9)
    return made.bytes()


def of_memray(folder: Path, _i: int) -> bytes:
    return profile("peak_space/bytes inuse_space/bytes", f"main.main:3@{folder}/main.go:5 = 9 8")


def of_dhat(folder: Path, i: int) -> bytes:
    """Return a snapshot of another process each time: less was allocated than in the one before."""
    values = f"{9 - i} 9 8"
    return profile("alloc_space/bytes peak_space/bytes inuse_space/bytes", f"main.main:3@{folder}/main.go:5 = {values}")


def constant(folder: Path, _i: int) -> bytes:
    return heap(f"main.main@{folder}/main.go:{LEAK} = 3x{MB}/3")


def nobody_leaks(_folder: Path, _i: int) -> bytes:
    return b"goroutineleak profile: total 0\n"


def of(stack: str) -> Callable[[Path, int], bytes]:
    return lambda folder, i: heap(stack.format(folder=folder, objects=i + 1))


def fresh(folder: Path, i: int) -> bytes:
    """Return a snapshot of yet another process: its stacks have allocated less than those before."""
    return heap(
        *(f"main.f{k}@{folder}/main.go:{k + 1} = 1x{MB}/{20 - i if k == i % 12 else 20 + i}" for k in range(12))
    )


def of_addresses(_folder: Path, number: int) -> bytes:
    return f"heap profile: 1: {MB + number} [1: {MB + number}] @ heapprofile\n1: {MB + number} [1: {MB + number}] @ 0x1234\n".encode()


CAUSES = [
    ("no-profile", 0, empty, None),
    ("one-snapshot", 1, of(OWN_LINE), "there is one snapshot of the process; it takes two, better 6 or more"),
    (
        "one-snapshot",
        1,
        of_memray,
        "memray writes once, as the program ends; what writes while it runs can be judged, such as tracemalloc",
    ),
    (
        "one-snapshot",
        3,
        of_dhat,
        "DHAT writes once, as the program ends; what writes while it runs can be judged, such as jemalloc",
    ),
    (
        "differences",
        2,
        lambda folder, i: delta(of(OWN_LINE)(folder, i), seconds=30),
        "the profiles are differences (taken with",
    ),
    ("one-snapshot", 3, constant, "no garbage collection ended between the 3 snapshots, so they are one"),
    ("empty", 1, nobody_leaks, "the garbage collector found no goroutine that is blocked for ever"),
    ("sample-type", 2, times, "profiles of cpu, samples are not judged; take heap or goroutine profiles"),
    ("only-addresses", 2, of_addresses, "the profile has only addresses, and no binary here gives them names"),
    ("empty", 2, empty, "the profiles are empty: nothing was sampled, or profiling is off"),
    (
        "no-source",
        2,
        of(ELSEWHERE),
        "none of the files that the profile names, and that may be yours, is here; `alloclens explain",
    ),
    (
        "several-processes",
        12,
        fresh,
        "the snapshots are of several processes that cannot be told apart, or of one that",
    ),
    (
        "not-proven",
        3,
        of(LIBRARY),
        "no line of your own code holds anything, and of 1 function of libraries, judged over 2.0s, 3",
    ),
    (
        "not-proven",
        8,
        lambda folder, i: of(f"{OWN_LINE}/{9 + i}")(folder, 5),
        "of 1 line of your own code, judged over 7.0s, 8 snapshots, none",
    ),
]


@pytest.mark.parametrize(("cause", "snapshots", "made", "words"), CAUSES, ids=[f"{c[0]}-{c[1]}" for c in CAUSES])
def test_why_there_is_no_finding(
    folder: Path, cause: str, snapshots: int, made: Callable[[Path, int], bytes], words: str | None
) -> None:
    (folder / "q").mkdir()
    for number in range(snapshots):
        drop(folder / f"q/{number}.pb.gz", made(folder, number))
    result = run(folder / "q", "--workspace", folder, "--json")
    if words is None:
        assert (result.exit_code, "No profile in" in result.output) == (1, True)
        return
    said = json.loads(result.stdout)
    assert (said["findings"], said["nothing"]["cause"]) == ([], cause)
    assert words in said["nothing"]["message"]
    assert said["nothing"]["message"] in run(folder / "q", "--workspace", folder).stdout
    page = CliRunner().invoke(cli, ["report", str(folder / "q"), "-o", "-", "--workspace", str(folder)]).output
    assert cause == "sample-type" or escape(said["nothing"]["message"]) in page


@pytest.mark.parametrize(("growing", "what"), [(0, "Nothing"), (1, "No line of your own code")])
def test_candidates_are_not_listed_where_nothing_can_be_judged(folder: Path, growing: int, what: str) -> None:
    """A function that no own line calls is judged even if no file of the program is here."""
    for i in range(1 + 5 * growing):
        drop(folder / f"q/{i}.pb.gz", of(ELSEWHERE)(folder, 3 + i))
    said = run(folder / "q", "--workspace", folder).stdout
    assert said.startswith(f"{what} can be judged: ")
    assert said.count("Not proven: ") == growing


def test_only_snapshots_up_to_the_head_are_observed(folder: Path) -> None:
    """Two without a collection between them, then two more; another process after them."""
    for i, objects in enumerate((5, 5, 6, 7, 1)):
        drop(folder / f"p/h{i}.pb.gz", of(OWN_LINE)(folder, objects))
    words = [run(folder / "p", "--workspace", folder, "--head", f"h{i}.pb.gz").stdout for i in (0, 1, 4)]
    assert "judged: there is one snapshot of the process up to the head; it takes two, better" in words[0]
    assert "judged: no garbage collection ended between the 2 snapshots up to the head, so they are one" in words[1]
    assert "judged: there is one snapshot of the process since it was restarted; it takes two, better" in words[2]


def test_every_cause_that_differs_is_named(folder: Path) -> None:
    drop(folder / "q/a.pb.gz", times(folder, 0))
    drop(folder / "q/b.pb.gz", of(OWN_LINE)(folder, 1))
    drop(folder / "q/c.pb.gz", of(OWN_LINE)(folder, 1))  # its totals repeat: no collection ended
    said = run(folder / "q", "--workspace", folder).stdout
    assert said.startswith("Nothing can be judged: ")
    assert "no garbage collection ended between the 2 snapshots, so they are one observation" in said
    assert "profiles of cpu, samples are not judged" in said


@pytest.mark.parametrize("threads", [1, 2])
def test_what_node_writes_as_threads_end_is_not_called_a_restart(folder: Path, threads: int) -> None:
    for thread in range(threads):
        drop(folder / f"q/Heap.20261130.060039.180.{thread}.00{thread}.heapprofile", of(OWN_LINE)(folder, thread))
    said = run(folder / "q", "--workspace", folder).output
    assert said.startswith(
        "Nothing can be judged: node --heap-prof writes once, as the program ends; what writes while it "
    )


@pytest.mark.parametrize(("of_each", "is_said"), [(of_dhat, False), (fresh, True)])
def test_a_directory_for_each_process_is_of_no_use_where_each_writes_once(
    folder: Path, of_each: Callable[[Path, int], bytes], *, is_said: bool
) -> None:
    for i in range(6):
        drop(folder / f"p/{i}.pb.gz", of_each(folder, i))
    assert ("do not continue any other" in run(folder / "p", "--workspace", folder).stderr) == is_said


def test_the_dump_of_an_exit_is_named(folder: Path) -> None:
    for number, (in_use, allocated) in enumerate([(4, 10), (8, 20), (0, 28)], 1):
        values = f"{in_use}: {in_use * MB} [{allocated}: {allocated * MB}] @"
        drop(folder / f"p/shop.{number:04}.heap", f"heap profile: {values} heapprofile\n{values} 0x1234\n".encode())
    said = run(folder / "p", "--workspace", folder).stderr
    assert "shop.0003.heap seems to have been written as the program ended" in said
    assert "as the program ended" in run(folder / "p", "--workspace", folder, "--head", "shop.0003.heap").stderr
    annotated = CliRunner().invoke(cli, ["annotate", str(folder / "main.go"), "--profiles", str(folder / "p")])
    assert "as the program ended" not in annotated.output


def test_processes_in_one_directory(folder: Path) -> None:
    """Two replicas write in turn. One leaks at line 5."""
    allocated = np.zeros((2, 12), np.int64)
    rng = np.random.default_rng(1)
    for i in range(60):
        allocated[i % 2] += rng.integers(1, 9, 12) + 40 * (i % 2)
        stacks = [f"main.f{k}@{folder}/main.go:{k + 1} = 1x{MB}/{n}" for k, n in enumerate(allocated[i % 2].tolist())]
        leak = f"main.main:3@{folder}/main.go:{LEAK} = {1 + 3 * i}x{MB}"
        drop(folder / f"p/h{i:03}.pb.gz", heap(*stacks, *([leak] if i % 2 else [])))
    result = run(folder / "p", "--workspace", folder)
    note = "2 processes wrote to "
    assert note in result.stderr
    assert "They are told apart by what they had allocated, and judged one by one" in result.stderr
    assert re.search(r"Process [12] \(latest snapshot h059\.pb\.gz\): Leak: ", result.stdout)
    said = json.loads(run(folder / "p", "--workspace", folder, "--json").stdout)
    assert [(f["verdict"], f["line"], f["head"]) for f in said["findings"]] == [("leak", LEAK, "h059.pb.gz")]
    assert said["findings"][0]["replica"] in {1, 2}
    assert [one.startswith(note) for one in said["notes"]] == [True]
    page = CliRunner().invoke(cli, ["report", str(folder / "p"), "-o", "-", "--workspace", str(folder)]).output
    assert note in page


def test_processes_that_cannot_be_told_apart(folder: Path) -> None:
    for i in range(12):
        drop(folder / f"p/h{i:03}.pb.gz", fresh(folder, i))
    result = run(folder / "p", "--workspace", folder)
    assert "Most snapshots in " in result.stderr
    assert "Write the snapshots of each process to a directory of its own." in result.stderr


def test_each_series_of_nested_directories_is_judged_and_named(folder: Path) -> None:
    heaps(folder, 34)
    (folder / "p").rename(folder / "aside")
    (folder / "p").mkdir()
    (folder / "aside").rename(folder / "p/api")
    for i in range(34):
        drop(folder / f"p/web/h{i:03}.pb.gz", heap(f"main.page:11@{folder}/main.go:{PAGE} = {1 + 3 * i}x{MB}"))
    said = run(folder / "p", "--workspace", folder).stdout
    rows = json.loads(run(folder / "p", "--workspace", folder, "--json").stdout)["findings"]
    assert {(one["series"], one["line"]) for one in rows} == {("api", LEAK), ("web", PAGE)}
    assert len(re.findall(r"  in the series (api|web)\n", said)) == 2
