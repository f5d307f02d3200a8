"""alloclens check: what fails, what passes, and what cannot be judged."""

from __future__ import annotations

import json
import re
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.checked import HOLD, KEEP, MB, SOURCE, Program, leaking, program
from tests.support.profiles import Builder, drop, goroutines, heap, heap_text, profile
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

LEAK = ("leak", "main.go", HOLD)
GROWTH = ("growth", "main.go", HOLD)


@pytest.fixture
def app(tmp_path: Path) -> Program:
    return program(tmp_path / "app")


def builds(app: Program, base: int, head: int) -> None:
    """What `hold` holds in two builds; `keep` holds 10 MB in both."""
    for side, held in (("base", base), ("head", head)):
        app.heap(f"{side}/heap.pb.gz", app.stack("main.keep", KEEP, 10), app.stack("main.hold", HOLD, held))


BUILDS = ("--base", "base", "--head", "head")


def test_a_series_that_leaks_fails(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    assert app.where("series") == [LEAK]
    text = app.check("series").stdout.split("\n")
    assert text[0].startswith(f"main.go:{HOLD}: leak ▂")
    assert text[2] == f"  main.hold main.go:{HOLD} ← main.main main.go:1"


def test_a_line_that_leaks_on_several_instances_fails_once(tmp_path: Path) -> None:
    """On the one on which most leaks; a third one does not leak."""
    app = program(tmp_path / "app")
    for i in range(24):
        for number, (pod, grown) in enumerate((("a", 4), ("b", 9), ("c", 0))):
            kept = f"{app.stack('main.keep', KEEP, 10 - i % 2)}/{10 + i}"
            stacks = kept, app.stack("main.hold", HOLD, 20 + grown * i)
            drop(app.folder / f"series/api/{pod}/h{i:02}.pb.gz", heap(*stacks, seconds=1_790_000_000 + 60 * i + number))
    (one,) = app.result("series")["violations"]
    assert (one["line"], one["value"]) == (HOLD, (20 + 9 * 23) * MB)
    assert one["message"].endswith(" Leak on 2 of 3 instances (a, b).")


def test_no_line_that_was_edited_has_a_number_unmarked(tmp_path: Path) -> None:
    """First the caller's line, then the leaking one."""
    app = leaking(tmp_path / "app")
    main = app.folder / "main.go"
    assert app.where("series") == [LEAK]  # keeps the text of now
    lines = main.read_text().split("\n")
    lines[0] = "package edited"
    main.write_text("\n".join(lines))
    assert app.check("series").stdout.split("\n")[2] == (
        f"  main.hold main.go:{HOLD} ← main.main main.go:1 (changed or deleted since)"
    )
    assert [frame["line"] for frame in app.result("series")["violations"][0]["stack"]] == [HOLD, 0]
    lines[HOLD - 1] = "\tedited()"
    main.write_text("\n".join(lines))
    assert app.where("series") == [("leak", "main.go", 0)]
    assert app.check("series").stdout.startswith(f"main.go:{HOLD} (changed or deleted since): leak ▂")
    (said,) = json.loads(app.check("series", "--format", "sarif").stdout)["runs"][0]["results"]
    assert said["message"]["text"].startswith(f"main.go:{HOLD} (changed or deleted since): Leak: ")


def test_a_line_that_is_not_sure_says_why(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    assert app.where("series") == [LEAK]  # keeps the text of now
    kept, held = SOURCE.split("func hold")
    (app.folder / "main.go").write_text(kept)
    (app.folder / "held.go").write_text(f"package main\n\nfunc hold{held}")
    [found] = app.result("series")["violations"]
    assert (found["file"], found["line"], found["message"][:8]) == ("held.go", 4, "~ Leak: ")
    assert (
        "may have been built from another version of this file. The line may be another one nearby." in found["message"]
    )


def test_times_ahead_are_not_believed_and_said(app: Program) -> None:
    for i in range(24):
        stacks = app.stack("main.keep", KEEP, 10), app.stack("main.hold", HOLD, 20 + 4 * i)
        drop(app.folder / f"series/h{i:02}.pb.gz", heap(*stacks, seconds=time.time() + 30 * 86400 + i))
    [note] = [note for note in app.result("series")["notes"] if "ahead of the clock" in note]
    assert note.startswith("The time in 24 snapshots lies more than a day ahead of the clock here, first in h00.pb.gz")


def test_a_series_that_stands_passes(app: Program) -> None:
    for i in range(24):
        app.heap(f"series/h{i:02}.pb.gz", app.stack("main.keep", KEEP, 10 + i % 2))
    assert app.where("series") == []


@pytest.mark.parametrize(("snapshots", "fail_on", "code"), [(10, "leak", 2), (3, "growing", 0), (1, "growing", 2)])
def test_few_snapshots_prove_no_leak(tmp_path: Path, snapshots: int, fail_on: str, code: int) -> None:
    """An exit code of 0 would say that there is none."""
    app = leaking(tmp_path / "app", snapshots)
    run = app.check("series", "--fail-on", fail_on)
    assert run.exit_code == code, run.output
    assert ("Could not judge" in run.stdout) == (code == 2)
    assert ("None proven" in run.stdout) == (code == 0)


@pytest.mark.parametrize(("snapshots", "seconds", "code"), [(19, 1, 2), (10, 1, 2), (10, 3600, 1)])
def test_a_rise_that_may_be_the_start_of_the_process_does_not_pass(
    app: Program, snapshots: int, seconds: int, code: int
) -> None:
    """It is no finding yet, but an exit code of 0 would say that nothing grows."""
    for i in range(snapshots):
        stacks = app.stack("main.keep", KEEP, 10), app.stack("main.hold", HOLD, 20 + 4 * i)
        drop(app.folder / f"series/h{i:02}.pb.gz", heap(*stacks, seconds=1_790_000_000 + seconds * i))
    run = app.check("series", "--fail-on", "growing")
    assert (run.exit_code, "too early to tell what grows" in run.stdout) == (code, code == 2), run.stdout


def test_growth_between_builds_fails(app: Program) -> None:
    builds(app, 20, 60)
    assert app.where(*BUILDS) == [GROWTH]
    [found] = app.result(*BUILDS)["violations"]
    assert (found["value"], found["growth"]) == (60 * MB, 40 * MB)
    assert found["low"] < 40 * MB < found["high"]
    assert [frame["line"] for frame in found["stack"]] == [HOLD, 1]
    assert app.check("--base", "head", "--head", "base").exit_code == 0
    assert app.check("--base", "base", "--head", "base").exit_code == 0


@pytest.mark.parametrize(
    ("options", "fails"),
    [
        (("--max-growth", "10%"), True),
        (("--max-growth", "300%"), False),  # a share alone
        (("--min-growth", "60MB"), False),  # an amount alone
        (("--max-growth", "20MB"), True),
        (("--max-growth", "39MB"), False),  # less than 40 MB, but within its interval
        (("--max-growth", "150%"), False),  # likewise: 30 of 20 MB
        (("--max-growth", "90%", "--min-growth", "20MB"), True),
    ],
)
def test_growth_has_to_exceed_both_limits_certainly(app: Program, options: tuple[str, ...], *, fails: bool) -> None:
    builds(app, 20, 60)
    assert app.check(*BUILDS, *options).exit_code == fails


UNSEEN = re.compile(r"growth of less than about ([\d.]+)MB \(\d+%\) in main.hold \(main.go:8\), which holds most")


@pytest.mark.parametrize("runs", [1, 3])
@pytest.mark.parametrize("size", [4 << 10, 1 << 20])
@pytest.mark.parametrize("options", [(), ("--max-growth", "8MB", "--min-growth", "1MB")])
def test_a_pass_says_which_growth_would_not_show(app: Program, options: tuple[str, ...], size: int, runs: int) -> None:
    """A tenth more does, and a tenth less does not, of blocks that are sampled seldom and of blocks that always are."""

    def result(held: float) -> dict:
        for i in range(runs):
            for side, much in (("base", 40 * MB), ("head", held)):
                stacks = app.stack("main.keep", KEEP, 10), app.stack("main.hold", HOLD, round(much / size), size=size)
                app.heap(f"{side}/{i}.pb.gz", *stacks)
        return app.result(*BUILDS, *options)

    [told] = filter(None, map(UNSEEN.match, result(40 * MB)["notes"]))
    least = float(told[1]) * MB
    assert result(40 * MB + 0.9 * least)["violations"] == []
    assert len(result(40 * MB + 1.1 * least)["violations"]) == 1


def test_snapshots_of_one_process_are_one_run(app: Program) -> None:
    """Those of two are two; runs of a program that allocates the same each time are as many as they are."""
    stacks = [app.stack(f"main.f{i}", 100 + 10 * i, 30) for i in range(12)]

    def note(*counts: int) -> list[str]:
        shutil.rmtree(app.folder / "head", ignore_errors=True)
        for i, count in enumerate(counts):
            work = (*stacks, app.stack("main.hold", HOLD, count))
            drop(app.folder / f"head/{i}.pb.gz", heap(*work, seconds=1_700_000_000 + i))
        return [one for one in app.result("--base", "head/0.pb.gz", "--head", "head")["notes"] if "process" in one]

    assert note(40, 60, 80) == [
        "the 3 heap profiles in head are snapshots of one process, so one run: only the last, 2.pb.gz, is compared"
    ]
    assert note(40, 60, 50, 80) == [
        "the 4 heap profiles in head are snapshots of 2 processes, so as many runs: only the last of each are compared"
    ]
    assert note(40, 40, 41) == note(60, 50, 40) == []


@pytest.mark.parametrize(("snapshots", "grows", "runs"), [(6, 4, 6), (7, 4, 1), (7, 0, 7), (12, 0, 12)])
def test_few_stacks_take_many_snapshots_to_be_one_run(app: Program, snapshots: int, grows: int, runs: int) -> None:
    """Of runs of a program with few stacks, seven in a row seldom have more and more."""
    builds(app, 20, 20)
    (app.folder / "head/heap.pb.gz").unlink()
    for i in range(snapshots):
        stacks = app.stack("main.keep", KEEP, 10), app.stack("main.hold", HOLD, 20 + grows * i)
        drop(app.folder / f"head/{i:02}.pb.gz", heap(*stacks, seconds=1_700_000_000 + i))
    made = app.result(*BUILDS)
    assert any("one process" in note for note in made["notes"]) == (runs == 1)
    if runs == 1:
        assert [one["growth"] for one in made["violations"]] == [grows * (snapshots - 1) * MB]


def test_a_process_is_one_run_from_its_first_snapshot_on(app: Program) -> None:
    """The first have few stacks, some of the last have allocated nothing since the one before."""
    builds(app, 20, 20)
    (app.folder / "head/heap.pb.gz").unlink()
    for i, held in enumerate((20, 24, 28, 60, 80, 80, 80)):
        stacks = [app.stack(f"main.f{j}", 100 + 10 * j, 30) for j in range(min(4 * i, 12))]
        work = app.stack("main.hold", HOLD, held)
        drop(app.folder / f"head/{i}.pb.gz", heap(*stacks, work, seconds=1_700_000_000 + i))
    notes = app.result(*BUILDS)["notes"]
    assert any("snapshots of one process, so one run: only the last, 6.pb.gz" in note for note in notes), notes


def test_code_that_moved_is_the_same(app: Program) -> None:
    """A function moved down, and one to another file; another is new and leaks."""
    app.heap("base/h.pb.gz", app.stack("main.keep", 4, 30), app.stack("main.hold", 8, 40))
    (app.folder / "other.go").write_text("package main\n\n// moved\nfunc hold() {\n\theld = nil\n}\n")
    moved = app.stack("main.hold", 5, 40, start=4, file="other.go")
    app.heap("head/h.pb.gz", app.stack("main.keep", 14, 30), moved)
    assert app.where(*BUILDS) == []
    app.heap("head/h.pb.gz", app.stack("main.keep", 14, 30), moved, app.stack("main.leak", 21, 50))
    assert app.where(*BUILDS) == [("growth", "main.go", 0)], "the text here has no such line"


@pytest.mark.parametrize("name", ["main.stay", "main.(*T).keep", "example.com/new.keep"])
def test_code_that_was_renamed_is_the_same(app: Program, name: str) -> None:
    app.heap("base/h.pb.gz", app.stack("main.keep", 4, 30), app.stack("main.hold", 8, 40))
    app.heap("head/h.pb.gz", app.stack(name, 4, 30), app.stack("main.hold", 8, 40))
    for by in ("owned-line", "function"):
        assert app.where(*BUILDS, "--by", by) == []


@pytest.mark.programs
@pytest.mark.parametrize("is_back", [False, True])
def test_a_function_of_a_deleted_file_that_was_renamed_is_the_same(tmp_path: Path, *, is_back: bool) -> None:
    """Only git tells that the file was the workspace's. The other file grows by the function, or loses it."""
    shop = tmp_path / "app"
    repository, app = Repository(shop), program(shop)
    body = "() {\n\theld = append(held, make([]byte, 1<<20))\n}\n"
    here, there = (
        f"package main\n\nfunc main() {{\n\tstart()\n}}\n\nfunc warm{body}",
        f"package main\n\nfunc heat{body}",
    )
    one, other = {"main.go": here}, {"main.go": here.partition("\nfunc warm")[0], "heat.go": there}
    before, now = (one, other) if is_back else (other, one)
    repository.check_in(before, 1_700_000_000)
    for path in {*before}.difference(now):
        (shop / path).unlink()
    repository.check_in(now, 1_700_100_000)
    rest = f"main.main:3@{shop}/main.go:4"
    warm, heat = (f"main.warm:7@{shop}/main.go:8 < {rest}", f"main.heat:3@{shop}/heat.go:4 < {rest}")
    base, head = (warm, heat) if is_back else (heat, warm)
    for side, stack, held in (("base", base, 40), ("same", head, 40), ("more", head, 80)):
        app.heap(f"{side}/h.pb.gz", f"{stack} = {held}x{MB}")
    for by in ("owned-line", "function", "package"):
        assert app.where("--base", "base", "--head", "same", "--by", by) == []
    [found] = app.result("--base", "base", "--head", "more")["violations"]
    assert found["growth"] == 40 * MB
    assert f"{found['file']}:{found['line']}" == ("heat.go:4" if is_back else "main.go:8")


@pytest.mark.parametrize("function", ["cart.(*Store).Add", "example.com/shop/cart.(*Store).Add", "cart.*"])
def test_a_budget_of_a_function_takes_the_name_that_is_printed(app: Program, function: str) -> None:
    (app.folder / "alloclens.toml").write_text(f'[[budget]]\nfunction = "{function}"\nmax = "1MB"\n')
    for side in ("base", "head"):
        app.heap(f"{side}/heap.pb.gz", app.stack("example.com/shop/cart.(*Store).Add", HOLD, 60))
    assert [one["code"] for one in app.result(*BUILDS)["violations"]] == ["budget"]


def test_a_limit_without_a_unit_is_not_of_bytes(app: Program) -> None:
    builds(app, 20, 60)
    assert "write 20% or 20B" in app.result(*BUILDS, "--max-growth", "20")["unjudged"]
    for side, number in (("base", 100), ("head", 400)):
        drop(app.folder / side / "g.pb.gz", goroutines(f"main.keep@{app.folder}/main.go:{KEEP} = {number}"))
        (app.folder / side / "heap.pb.gz").unlink()
    assert len(app.result(*BUILDS, "--max-growth", "20")["violations"]) == 1


def test_several_renamed_functions_of_a_package_count_together(app: Program) -> None:
    """Nothing tells which is which: all are of one line, one below their declaration."""
    app.heap("base/h.pb.gz", app.stack("main.a", 4, 30), app.stack("main.b", 8, 40))
    app.heap("head/h.pb.gz", app.stack("main.c", 4, 40), app.stack("main.d", 8, 30))
    assert app.where(*BUILDS) == []
    app.heap("head/h.pb.gz", app.stack("main.c", 4, 40), app.stack("main.d", 8, 130))
    assert app.where(*BUILDS) == [("growth", "main.go", 0)], "the text here has neither"


def test_growth_by_package(app: Program) -> None:
    """What moves within a package does not grow; by line, it does."""
    app.heap("base/h.pb.gz", app.stack("main.keep", KEEP, 60), app.stack("main.hold", HOLD, 20))
    app.heap("head/h.pb.gz", app.stack("main.keep", KEEP, 20), app.stack("main.hold", HOLD, 60))
    assert app.where(*BUILDS) == [GROWTH]
    assert app.where(*BUILDS, "--by", "package") == []


def test_runs_that_differ_prove_nothing(app: Program) -> None:
    """By sampling alone, the sums differ significantly; but so do the runs of one side."""
    for side, runs in (("base", (20, 60, 20)), ("head", (60, 90, 60))):
        for i, held in enumerate(runs):
            app.heap(f"{side}/{i}.pb.gz", app.stack("main.hold", HOLD, held))
    assert app.where(*BUILDS) == []
    for i, held in enumerate((60, 62, 61)):
        app.heap(f"head/{i}.pb.gz", app.stack("main.hold", HOLD, held))
        app.heap(f"base/{i}.pb.gz", app.stack("main.hold", HOLD, held - 40))
    assert app.where(*BUILDS) == [GROWTH]


def test_runs_are_averaged(app: Program) -> None:
    """One run of the base counts as much as three of the head."""
    app.heap("base/0.pb.gz", app.stack("main.hold", HOLD, 20))
    for i in range(3):
        app.heap(f"head/{i}.pb.gz", app.stack("main.hold", HOLD, 60))
    [found] = app.result(*BUILDS)["violations"]
    assert (found["value"], found["growth"]) == (60 * MB, 40 * MB)


def benchmark(app: Program, side: str, count: int, allocated: int) -> None:
    """A benchmark that ran so many times, after a first time, and so many blocks of 1 kB."""
    stack = app.stack("main.keep", KEEP, 0, size=1024) + f"/{allocated}"
    app.heap(f"{side}/mem.pb.gz", stack)
    (app.folder / side / "mem.txt").write_text(f"goos: linux\nBenchmarkKeep-2 \t {count}\t 51.3 ns/op\nPASS\n")


def test_allocations_per_operation(app: Program) -> None:
    """Twice as many operations allocate twice as much; then twice as much each."""
    benchmark(app, "base", 9_999, 100_000)
    benchmark(app, "head", 19_999, 200_000)
    assert app.where(*BUILDS, "--alloc") == []
    benchmark(app, "head", 9_999, 200_000)
    found = app.result(*BUILDS, "--alloc")["violations"]
    assert [(one["sample_type"], one["value"], one["growth"]) for one in found] == [
        ("alloc_space", 20 * 1024, 10 * 1024),
        ("alloc_objects", 20, 10),
    ]
    assert "per operation" in found[0]["message"]
    (app.folder / "base/mem.txt").unlink()
    assert "mem.txt" in app.result(*BUILDS, "--alloc")["unjudged"]
    assert app.check(*BUILDS, "--alloc", "--operations", "10000").exit_code == 1


BUDGETS = {
    f'line = "main.go:{HOLD}"\nmax = "40MB"': 1,
    f'line = "main.go:{HOLD}"\nmax = "80MB"': 0,
    'line = "main.go:5"\nmax = "1MB"': 0,
    'function = "main.hold"\nmax = "40MB"': 1,
    'function = "main.h*"\nmax = "40MB"': 1,
    'function = "main.keep"\nmax = "40MB"': 0,
    'function = "*"\nmax = "80MB"': 0,
    'function = "main.hold"\nmaxGrowth = "20MB"': 1,
    'function = "main.hold"\nmaxGrowth = "300%"': 0,
    'function = "main.hold"\nmaxGrowth = "50%"': 1,
    'package = "main"\nmax = "45MB"': 1,
    'label = "tenant=acme"\nmax = "3MB"': 1,
    'label = "tenant=b*"\nmax = "3MB"': 0,
    'max = "3MB"': 2,
    'function = "main.hold"': 2,
    'function = "main.hold"\nline = "main.go:8"\nmax = "1MB"': 2,
    'label = "tenant"\nmax = "3MB"': 2,
    'function = "main.hold"\nmax = "much"': 2,
    'functoin = "main.hold"\nmax = "40MB"': 2,
}


@pytest.mark.parametrize("budget", BUDGETS)
def test_budgets(app: Program, budget: str) -> None:
    """`hold` grows from 20 to 60 MB, `keep` holds 10; the label has 10 MB of the program."""
    (app.folder / "alloclens.toml").write_text(f"hints = false\n[[budget]]\n{budget}\n")
    for side, held in (("base", 20), ("head", 60)):
        app.heap(f"{side}/heap.pb.gz", app.stack("main.keep", KEEP, 10), app.stack("main.hold", HOLD, held))
    made = Builder(("inuse_objects", "count"), ("inuse_space", "bytes"))
    made.sample(f"main.keep:3@{app.folder}/main.go:{KEEP}", [10, 10 * MB], tenant="acme", bytes=MB)
    made.sample(f"main.hold:7@{app.folder}/main.go:{HOLD}", [60, 60 * MB], bytes=MB)
    made.message.period = 512 << 10
    drop(app.folder / "head/heap.pb.gz", made.bytes())
    found = app.result(*BUILDS, "--max-growth", "1000%")
    assert found["exit_code"] == BUDGETS[budget], found
    if found["violations"]:
        assert [(one["code"], one["file"], one["line"]) for one in found["violations"]] == [
            ("budget", "alloclens.toml", 2)
        ]


@pytest.mark.parametrize("text", ["x = ", "x" * (300 << 10), 'y = """'])
def test_a_settings_file_that_cannot_be_read_may_have_budgets(app: Program, text: str) -> None:
    """Whether it has any, nobody knows: an exit code of 0 would say that they hold."""
    builds(app, 20, 20)
    (app.folder / "alloclens.toml").write_text(f'[[budget]]\nfunction = "main.hold"\nmax = "10MB"\n{text}\n')
    found = app.result(*BUILDS)
    assert found["exit_code"] == 2, found
    assert "alloclens.toml" in found["unjudged"]


def test_the_baseline_accepts_what_it_names(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    update = app.check("series", "--update-baseline", "--reason", "a known cache", "--expires", "2999-01-31")
    assert update.exit_code == 0
    file = app.folder / "alloclens-baseline.json"
    [entry] = json.loads(file.read_text())["accepted"]
    assert (entry["kind"], entry["subject"], entry["file"], entry["sampleType"]) == (
        "leak",
        "main.hold",
        "main.go",
        "inuse_space",
    )
    assert "line" not in entry
    found = app.result("series")
    assert (found["exit_code"], found["violations"]) == (0, [])
    assert [(one["reason"], one["expires"]) for one in found["accepted"]] == [("a known cache", "2999-01-31")]
    file.write_text(file.read_text().replace("2999-01-31", "2020-01-31"))
    assert app.where("series") == [LEAK]
    app.check("series", "--update-baseline", "--reason", "again")
    assert json.loads(file.read_text())["accepted"] == [entry | {"reason": "again", "expires": ""}]
    app.check("series", "--update-baseline", "--reason", "other", "--expires", "2999-01-31")
    assert json.loads(file.read_text())["accepted"] == [entry | {"reason": "again", "expires": ""}]
    file.write_text(file.read_text().replace('"again"', '""'))
    app.check("series", "--update-baseline", "--reason", "at last", "--expires", "2999-01-31")
    assert json.loads(file.read_text())["accepted"] == [entry | {"reason": "at last", "expires": "2999-01-31"}]
    file.write_text("{")
    assert app.check("series").exit_code == 2


@pytest.mark.parametrize(
    "text", ["x = ", '[[budget]]\nfunction = "main.hold"\n', '[[budget]]\nfunction = "f"\nmax = "x"\n']
)
def test_what_is_accepted_hides_no_mistake_in_the_settings(tmp_path: Path, text: str) -> None:
    """Whose budgets are ignored. It is said once."""
    app = leaking(tmp_path / "app")
    assert app.check("series", "--update-baseline").exit_code == 0
    (app.folder / "alloclens.toml").write_text(text)
    found = app.result("series")
    assert (found["exit_code"], len(found["accepted"]), found["notes"]) == (2, 1, [])
    assert ("not valid TOML" if text.startswith("x") else "budget") in found["unjudged"]


def test_a_baseline_accepts_until_a_day_that_comes(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app", 2)
    past = app.check("series", "--update-baseline", "--expires", "2020-01-31")
    assert past.exit_code == 2
    assert "--expires 2020-01-31 has passed" in past.output
    file = app.folder / "alloclens-baseline.json"
    assert not file.exists()
    for option in (("--reason", "a cache"), ("--expires", "2999-01-31")):
        assert "require --update-baseline" in app.check("series", *option).output
    entry = {"fingerprint": "f", "kind": "leak", "subject": "s", "file": "f", "sampleType": "t"}
    for day, code in (("2027-13-45", 2), ("2027-02-29", 2), ("2028-02-29", 0)):
        file.write_text(json.dumps({"version": 1, "accepted": [entry | {"expires": day}]}))
        done = app.check("series", "--fail-on", "", "--max-growth", "5GB")
        assert done.exit_code == code, done.output
        assert (f"accepted.0.expires: {day} is no day" in done.output) == (code == 2)


def test_a_baseline_that_is_a_link_out_of_the_folder_is_read_only_if_it_is_named(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    app.check("series", "--update-baseline")
    file, outside = app.folder / "alloclens-baseline.json", tmp_path / "outside.json"
    file.rename(outside)
    file.symlink_to(outside)
    accepted = outside.read_bytes()
    for arguments in ((), ("--update-baseline", "--reason", "again")):
        done = app.check("series", *arguments)
        assert done.exit_code == 2
        assert f"a symbolic link that leads out of the workspace, to {outside}; give it with --baseline" in done.stderr
    assert outside.read_bytes() == accepted
    assert app.check("series", "--baseline", str(file)).exit_code == 0
    outside.unlink()
    assert app.check("series", "--update-baseline").exit_code == 2
    assert not outside.exists()


def test_the_baseline_follows_code_that_moves(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    app.check("series", "--update-baseline")
    (app.folder / "main.go").write_text("// A comment.\n" + SOURCE)
    for i in range(24):
        stacks = app.stack("main.keep", KEEP + 1, 10), app.stack("main.hold", HOLD + 1, 20 + 4 * i)
        app.heap(f"series/h{i:02}.pb.gz", *stacks)
    [accepted] = app.result("series")["accepted"]
    assert (accepted["line"], app.check("series").exit_code) == (HOLD + 1, 0)


def test_nothing_read_never_passes(app: Program) -> None:
    builds(app, 20, 60)
    drop(app.folder / "waits/g.pb.gz", goroutines(f"main.keep@{app.folder}/main.go:{KEEP} = 12"))
    drop(
        app.folder / "cpu/c.pb.gz", profile("samples/count cpu/nanoseconds", f"main.keep@{app.folder}/main.go:4 = 1 10")
    )
    for side, held in (("lost/base", 20), ("lost/head", 60)):
        drop(app.folder / side / "h.pb.gz", heap(f"shop.hold:7@/gone/shop.go:8 = {held}x{MB}"))
    drop(app.folder / "nothing/h.pb.gz", heap())
    drop(app.folder / "other/h.pb.gz", heap(f"tool.Run@{app.folder}/main.go:{KEEP} = 20x{MB}"))
    drop(app.folder / "broken/h.pb.gz", b"\x1f\x8b<html>")
    (app.folder / "empty").mkdir()
    reasons = {
        ("empty",): "No profile in",
        ("broken",): "No profile in",
        ("cpu",): "are not judged",
        ("--base", "empty", "--head", "head"): "no profile in",
        ("--base", "base", "--head", "empty"): "no profile in",
        ("--base", "broken", "--head", "head"): "no profile in",
        ("--base", "base", "--head", "waits"): "of another kind (heap) than those of the head (goroutine)",
        ("--base", "lost/base", "--head", "lost/head"): "no line of your own code has anything",
        ("--base", "nothing", "--head", "nothing"): "no line of your own code has anything",
        ("--base", "base", "--head", "nothing"): "the heap profiles of the head are empty",
        ("--base", "nothing", "--head", "base", "--min-growth", "1GB"): "the heap profiles of the base are empty",
        ("--base", "base", "--head", "other"): "seem to be of different programs",
        ("--base", "base", "--head", "lost/head"): "seem to be of different programs",
        ("--base", "lost/base", "--head", "base", "--min-growth", "1GB"): "seem to be of different programs",
        ("--base", "cpu", "--head", "cpu"): "say nothing of what is in use",
        ("--base", "waits", "--head", "waits", "--alloc", "--operations", "1"): "say nothing of what is allocated",
    }
    for arguments, reason in reasons.items():
        run = app.check(*arguments)
        assert (run.exit_code, reason in run.output) == (2, True), run.output


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--base", "base"),
        ("base", "--base", "base", "--head", "head"),
        ("base", "--fail-on", "leek"),
        ("base", "--alloc"),
        (*BUILDS, "--max-growth", "much"),
        (*BUILDS, "--min-growth", "10%"),
        (*BUILDS, "--output", "pdf=x"),
        (*BUILDS, "--output", "json"),
        (*BUILDS, "--fail-on", "leak"),
        ("base", "--min-growth", "1MB"),
        ("base", "--by", "owned-line"),
        (*BUILDS, "--output", "json=-"),
        (*BUILDS, "--link", "javascript:alert(1)"),
    ],
)
def test_a_wrong_command_line_is_no_result(app: Program, arguments: tuple[str, ...]) -> None:
    builds(app, 20, 60)
    run = app.check(*arguments)
    assert (run.exit_code, run.stdout) == (2, "")


def test_goroutines_count(app: Program) -> None:
    for side, count in (("base", 12), ("head", 400)):
        drop(app.folder / side / "g.pb.gz", goroutines(f"main.keep@{app.folder}/main.go:{KEEP} = {count}"))
    assert app.where(*BUILDS) == [("growth", "main.go", KEEP)]
    assert app.where(*BUILDS, "--min-growth", "500") == []


def test_a_file_for_each_format(app: Program) -> None:
    builds(app, 20, 60)
    file = app.folder / "found.json"
    assert app.check(*BUILDS, "--output", f"json={file}").exit_code == 1
    assert json.loads(file.read_text())["violations"]
    missing = f"{app.folder}/missing/x"
    done = app.check(*BUILDS, "--output", f"json={missing}", "--output", f"sarif={file}")
    assert (done.exit_code, done.stderr) == (2, f"Error: {missing}: No such file or directory\n")
    assert "growth" in done.stdout
    assert json.loads(file.read_text())["runs"]
    (app.folder / "alloclens-baseline.json").mkdir()
    assert f"{app.folder}/alloclens-baseline.json: Is a directory" in app.check(*BUILDS).stderr


@pytest.mark.parametrize(("repository", "path"), [("", "main.go"), ("..", "app/main.go"), (".", "main.go")])
def test_lines_of_pull_requests_are_of_the_repository(app: Program, repository: str, path: str) -> None:
    """GitHub and GitLab know no workspace below the root of a repository; what people read names its own paths."""
    builds(app, 20, 60)
    if repository:
        (app.folder / repository / ".git").mkdir()
    said = {name: app.check(*BUILDS, "--format", name).stdout for name in ("github", "gitlab", "sarif", "text")}
    assert said["github"].startswith(f"::error file={path},line={HOLD},")
    assert json.loads(said["gitlab"])[0]["location"]["path"] == path
    [run] = json.loads(said["sarif"])["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == path
    assert run["originalUriBaseIds"][place["uriBaseId"]]["uri"] + path == (app.folder / "main.go").as_uri()
    assert said["text"].startswith(f"main.go:{HOLD}: growth")


def test_no_output_overwrites_another(app: Program) -> None:
    builds(app, 20, 60)
    file = app.folder / "found"
    done = app.check(*BUILDS, "--output", f"json={file}", "--output", f"sarif={app.folder}/./found")
    assert done.exit_code == 2
    assert "another output is written to" in done.output
    assert not file.exists()


def test_one_snapshot_is_enough_for_a_budget(app: Program) -> None:
    app.heap("series/h.pb.gz", app.stack("main.hold", HOLD, 60))
    settings = app.folder / "alloclens.toml"
    for most, code in (("40MB", 1), ("80MB", 0)):
        settings.write_text(f'[[budget]]\nfunction = "main.hold"\nmax = "{most}"\n')
        run = app.check("series", "--fail-on", "")
        assert run.exit_code == code, run.output
        assert app.check("series").exit_code == 1 + (code == 0)  # nothing is known of leaks
    settings.write_text('[[budget]]\nfunction = "main.gone"\nmax = "1MB"\n')
    assert "nothing in the profiles of inuse_space is of the function main.gone" in app.check("series").stdout
    for fail_on in ("leak", ""):
        assert app.check("series", "--fail-on", fail_on).exit_code == 2


def test_a_budget_without_a_unit_is_of_goroutines(app: Program) -> None:
    """There are none here: that it was not judged is said."""
    builds(app, 20, 20)
    settings = app.folder / "alloclens.toml"
    told = "budget 1 (function main.hold) was not judged: 1000 has no unit"
    settings.write_text('[[budget]]\nfunction = "main.hold"\nmax = "1000"\n')
    for arguments in (BUILDS, ("head", "--max-growth", "10%")):
        assert any(told in note and "write 1000B" in note for note in app.result(*arguments)["notes"])
    settings.write_text('[[budget]]\nfunction = "main.hold"\nmax = "1000B"\n')
    assert [one["code"] for one in app.result(*BUILDS)["violations"]] == ["budget"]
    waiting = goroutines(f"main.hold@{app.folder}/main.go:{HOLD} = 12")
    for side in ("base", "head"):
        drop(app.folder / side / "g.pb.gz", waiting)
    settings.write_text('[[budget]]\nfunction = "main.hold"\nmax = "10"\n')
    found = app.result(*BUILDS)
    assert [one["code"] for one in found["violations"]] == ["budget"]
    assert not any("was not judged" in note for note in found["notes"])


def test_growth_of_a_series(tmp_path: Path) -> None:
    """A limit judges what two snapshots of one process show, which is no leak yet."""
    app = leaking(tmp_path / "app", 4)
    assert app.check("series").exit_code == 2
    assert app.where("series", "--max-growth", "10%") == [GROWTH]
    assert "more than the first snapshot's" in app.check("series", "--max-growth", "10%").stdout
    within = ("series", "--max-growth", "10%", "--min-growth", "20MB")
    assert "give --fail-on= to judge growth" in app.result(*within)["unjudged"]
    assert app.result(*within, "--fail-on", "")["exit_code"] == 0
    app.heap("one/h.pb.gz", app.stack("main.hold", HOLD, 60))
    assert "growth takes two snapshots" in app.result("one", "--max-growth", "10%", "--fail-on", "")["unjudged"]


def test_goroutines_that_leak(app: Program) -> None:
    for i in range(24):
        waiting = goroutines(
            f"runtime.gopark@/go/src/runtime/proc.go:9 < main.keep@{app.folder}/main.go:{KEEP} = {10 + 40 * i}"
        )
        drop(app.folder / f"series/g{i:02}.pb.gz", waiting)
    assert app.where("series") == [("goroutine-leak", "main.go", KEEP)]
    found = app.result("series", "--fail-on", "leak")
    assert (found["exit_code"], found["unjudged"]) == (2, "no finding of leak can be in profiles of goroutine")


def test_findings_that_do_not_fail_are_said(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    found = app.result("series", "--fail-on", "growing")
    assert (found["exit_code"], found["violations"]) == (0, [])
    assert found["notes"] == ["findings that do not fail, as --fail-on does not name them: 1 leak"]
    none = app.result("series", "--fail-on", "")
    assert (none["exit_code"], "--fail-on names no finding" in none["unjudged"]) == (2, True)


def test_growth_of_a_library_does_not_replace_files_that_are_missing(app: Program) -> None:
    """None of the user's code was found, so whether it grows cannot be seen."""
    for i in range(24):
        library = f"dep.f@/m/dep@v1.0.0/dep.go:9 = {20 + 4 * i}x{MB}"
        drop(app.folder / f"series/h{i:02}.pb.gz", heap(library, f"shop.hold:7@/gone/shop.go:8 = {20 + 4 * i}x{MB}"))
    found = app.result("series", "--fail-on", "growing")
    assert (found["exit_code"], "none of the files" in (found["unjudged"] or "")) == (2, True)


def test_a_kind_that_one_side_lacks_is_not_judged(app: Program) -> None:
    builds(app, 20, 20)
    for side in ("base", "head"):
        drop(app.folder / side / "g.pb.gz", goroutines(f"main.keep@{app.folder}/main.go:{KEEP} = 12"))
    cpu = profile("samples/count cpu/nanoseconds", f"main.keep@{app.folder}/main.go:{KEEP} = 1 10")
    drop(app.folder / "base/c.pb.gz", cpu)
    found = app.result(*BUILDS)
    assert (found["exit_code"], found["notes"][0]) == (0, "only the base has profiles of cpu")
    (app.folder / "head/heap.pb.gz").unlink()
    found = app.result(*BUILDS)
    assert (found["exit_code"], found["unjudged"]) == (2, "only the base has profiles of heap")


def test_what_is_not_compared_is_said(app: Program) -> None:
    """Half of the head is held by what no own line calls."""
    for side in ("base", "head"):
        app.heap(f"{side}/h.pb.gz", app.stack("main.hold", HOLD, 20), f"dep.f@/m/dep@v1.0.0/dep.go:9 = 20x{MB}")
    assert "note: 50% of the inuse_space of the head is owned by no line of your own code" in app.check(*BUILDS).stdout


def test_a_kind_of_profile_that_is_not_judged_is_said(tmp_path: Path) -> None:
    app = leaking(tmp_path / "app")
    for i in range(3):
        waiting = goroutines(
            f"runtime.gopark@/go/src/runtime/proc.go:9 < main.keep@{app.folder}/main.go:{KEEP} = {10 + i}"
        )
        drop(app.folder / f"series/g{i:02}.pb.gz", waiting)
    run = app.check("series")
    assert run.exit_code == 1
    assert "note: goroutine profiles in series: 3 snapshots of one process cannot prove a leak" in run.stdout
    assert "note: heap" not in run.stdout
    assert app.check("series", "--update-baseline").exit_code == 2  # nor if what is found is accepted
    assert app.check("series", "--fail-on", "leak").exit_code == 0


def test_lines_that_not_all_runs_have_are_compared_with_themselves(app: Program) -> None:
    """Nobody has the text of the base, and of a function with three lines each run has sampled others."""

    def hold(*lines: int) -> list[str]:
        return [app.stack("main.hold", line, 20, start=7) for line in lines]

    for side, runs in (("base", ((8, 9), (8,), (8, 10))), ("head", ((8,), (8, 9), (9, 10)))):
        for i, lines in enumerate(runs):
            app.heap(f"{side}/{i}.pb.gz", *hold(*lines))
    assert app.where(*BUILDS, "--max-growth", "50%") == []


def test_operations_that_differ_by_far(app: Program) -> None:
    benchmark(app, "base", 10**15, 100_000)
    benchmark(app, "head", 9, 100_000)
    assert app.where(*BUILDS, "--alloc") == [("growth", "main.go", KEEP)] * 2


def test_a_directory_may_hold_more_than_profiles(app: Program) -> None:
    """What is beside them is ignored; a profile is one under any name, and one that is broken is named."""
    builds(app, 20, 60)
    text = heap_text(f"main.hold@{app.folder}/main.go:{HOLD}", 60, MB, 100 * MB)
    (app.folder / "head/heap.pb.gz").unlink()
    (app.folder / "head/heap.txt").write_bytes(text)
    (app.folder / "head/labels.toml").write_text("")
    (app.folder / "head/.hidden").write_text("x")
    assert app.result(*BUILDS)["notes"] == []
    assert app.where(*BUILDS) == [GROWTH]
    (app.folder / "head/broken.pb.gz").write_bytes(b"\x1f\x8b<html>")
    [note] = app.result(*BUILDS)["notes"]
    assert note.startswith("broken.pb.gz could not be read: ")
