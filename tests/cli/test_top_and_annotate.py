"""The engine without an editor, as a person and a program read it."""

from __future__ import annotations

import json
import os
import re
import time
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.session.reading import READ
from alloclens.wording.drift import MOVED_WITHIN
from click.testing import CliRunner

from tests.session.test_choice import service
from tests.support.profiles import BEGIN, Builder, drop, goroutines, heap, profile
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

MB = 1 << 20


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_top_as_json(tmp_path: Path) -> None:
    file = drop(tmp_path / "a.pb.gz", heap(f"main.f@/w/a.go:2 < main.main@/w/a.go:9 = 3x{MB}", "g@/w/b.go:1 = 1x512"))
    said = json.loads(run("top", file, "--json").stdout)
    assert {k: v for k, v in said.items() if k != "rows"} == {
        "version": 1, "file": str(file), "base": None, "sample_type": "inuse_space", "unit": "bytes",
        "by": "line", "sort": "flat", "total": 3 * MB + 512,
    }  # fmt: skip
    first, second, third = said["rows"]
    assert first == {"function": "main.f", "file": "/w/a.go", "line": 2, "binary": "", "flat": 3 * MB, "cum": 3 * MB}
    assert (second["function"], second["flat"]) == ("g", 512)
    assert (third["function"], third["flat"], third["cum"]) == ("main.main", 0, 3 * MB)
    by_cum = json.loads(run("top", file, "--json", "--sort", "cum", "--by", "function").stdout)["rows"]
    assert [r["function"] for r in by_cum] == ["main.f", "main.main", "g"]


def test_top_as_a_table(tmp_path: Path) -> None:
    file = drop(tmp_path / "a.pb.gz", heap(f"main.f@/w/a.go:2 = 3x{MB}", f"main.g@/w/a.go:3 = 1x{MB}"))
    base = drop(tmp_path / "b.pb.gz", heap(f"main.f@/w/a.go:2 = 1x{MB}"))
    said = run("top", file, "--count", 1).stdout
    assert "inuse_space, 4.0MB in all" in said
    assert "3.0MB    75%  3.0MB   75%  main.f /w/a.go:2" in said
    assert "and 1 more" in said
    without_file = drop(tmp_path / "c.pb.gz", heap(f"Ledger.book@:21 = 3x{MB}"))
    assert run("top", without_file).stdout.endswith(" Ledger.book line 21\n")
    assert "2.0MB   200%  2.0MB  200%" in run("top", file, "--base", base).stdout


def test_top_says_what_is_wrong(tmp_path: Path) -> None:
    good = drop(tmp_path / "a.pb.gz", heap("f@/a.go:1 = 1x8"))
    bad = drop(tmp_path / "bad.pb.gz", b"version https://git-lfs.github.com/spec/v1")
    shrunk = drop(tmp_path / "shrunk.pb.gz", heap("f@/a.go:1 = -1x8"))
    for arguments, words in (
        ([bad], "git lfs pull"),
        ([good, "--base", bad], "git lfs pull"),
        ([good, "--base", shrunk], "shrunk.pb.gz: is a difference already"),
        ([shrunk, "--base", good], "a.pb.gz: cannot be subtracted from what is a difference already"),
        ([good, "--sample-type", "cpu"], "it has alloc_objects, alloc_space, inuse_objects, inuse_space"),
        ([tmp_path / "none"], "does not exist"),
    ):
        result = run("top", *arguments)
        assert result.exit_code in (1, 2)
        assert words in result.output
        assert "Traceback" not in result.output


def test_annotate(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    source = tmp_path / "main.go"
    source.write_text("package main\n\nfunc f() {\n\tkeep(make([]byte, 1<<20))\n}\n")
    for i in range(22):
        drop(tmp_path / f"p/{i}.pb.gz", heap(f"main.f@example.com/app/main.go:4 = {1 + 3 * i}x{MB}", seconds=BEGIN + i))
    result = run("annotate", source, "--profiles", tmp_path / "p")
    assert result.exit_code == 0
    assert "inuse_space 64.0MB (+63.0MB), first → latest" in result.output
    assert "64.0MB ▲63.0MB     4     keep(make([]byte, 1<<20))" in result.output
    assert "Leak: 64.0MB held through this line" in result.output
    assert "Leak" not in run("annotate", source, "--profiles", tmp_path / "p", "--head", "1.pb.gz").output


def test_annotate_shows_all_that_is_on_a_line(tmp_path: Path) -> None:
    """One file, of the builds of two machines."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    source = tmp_path / "db" / "db.go"
    source.parent.mkdir()
    source.write_text("package db\n\nfunc F() {\n\tkeep(make([]byte, 1<<20))\n}\n")
    stacks = [f"example.com/app/db.F@/ci/{n}/db/db.go:4 = {n}x{MB}" for n in (1, 2)]
    drop(tmp_path / "p/heap.pb.gz", heap(*stacks))
    assert re.search(r"^ *3.0MB +4 ", run("annotate", source, "--profiles", tmp_path / "p").output, re.MULTILINE)


def test_annotate_names_the_series_that_it_shows(tmp_path: Path) -> None:
    """That of the file, unless another is chosen, which has nothing of it."""
    service(tmp_path, "api", "1.pb.gz", "2.pb.gz")
    service(tmp_path, "web", "1.pb.gz")
    arguments = ("annotate", tmp_path / "services/api/main.go", "--profiles", tmp_path / "profiles")
    assert "The series api is shown, not web." in run(*arguments).output
    store = run("annotate", tmp_path / "store/store.go", "--profiles", tmp_path / "profiles").output
    assert "The series web is shown, not api." in store  # the newest
    (tmp_path / "alloclens.toml").write_text('series = "web"\n')
    assert "api has numbers of this file, but the series web is shown" in run(*arguments).output
    (tmp_path / "alloclens.toml").write_text('series = "worker"\n')
    assert "no series is named worker; there is" in run(*arguments).output


def test_annotate_says_how_to_take_a_file_for_one_of_which_only_the_name_is_known(tmp_path: Path) -> None:
    """As Valgrind names files by default."""
    source, profiles = tmp_path / "src/leak.c", tmp_path / "profiles"
    source.parent.mkdir()
    source.write_text("static void keep(int i) {\n  kept[i] = malloc(1000);\n}\n")
    (tmp_path / "CMakeLists.txt").touch()
    drop(profiles / "a.pb.gz", heap("keep@leak.c:2 = 1x1048576"))
    said = run("annotate", source, "--profiles", profiles).output
    mapping = '[[pathMappings]]\n    from = "leak.c"\n    to = "${workspaceFolder}/src/leak.c"\n'
    assert mapping in said
    (tmp_path / "alloclens.toml").write_text(mapping)
    lines = run("annotate", source, "--profiles", profiles).output.splitlines()
    assert [line.split()[0] for line in lines if "malloc" in line] == ["1.0MB"]


def test_annotate_looks_in_the_working_directory_if_nothing_marks_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A binary or a source beside the folder of SOURCE would not be found otherwise; a message says where it was looked for."""
    for folder in ("api", "web"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.c").write_text("static void keep(int i) {\n  kept[i] = malloc(1000);\n}\n")
    drop(tmp_path / "p/a.pb.gz", heap(f"keep@{tmp_path.as_posix()}/api/main.c:2 = 1x{MB}"))
    monkeypatch.chdir(tmp_path)
    assert "1.0MB     2 " in run("annotate", "api/main.c", "--profiles", "p").stdout
    assert (
        "no profile has a stack through a line of web/main.c" in run("annotate", "web/main.c", "--profiles", "p").output
    )
    stack = "heap profile: 1: 1048576 [0: 0] @ heapprofile\n1: 1048576 [1: 1048576] @ 0x401000\n"
    mapped = "\nMAPPED_LIBRARIES:\n00400000-00500000 r-xp 00000000 08:01 1 /gone/shop\n"
    drop(tmp_path / "p/b.heap", (stack + mapped).encode())
    said = run("annotate", "api/main.c", "--profiles", "p").stderr
    assert f"b.heap: no binary of /gone/shop in {tmp_path.as_posix()}; set binaries to where it is." in said


def test_annotate_names_earlier_snapshots_with_a_stack_through_the_file(tmp_path: Path) -> None:
    source, profiles = tmp_path / "memo.go", tmp_path / "p"
    source.write_text("package main\n")
    memo, other = (f"f@{tmp_path.as_posix()}/{name}.go:1" for name in ("memo", "other"))
    (tmp_path / "other.go").write_text("package main\n")
    for number, stack in enumerate((other, memo, f"{other} < {memo}", other)):
        drop(profiles / f"heap-pid7-{number}.pb.gz", profile("objects/count space/bytes", f"{stack} = 1 {MB}"))
    result = run("annotate", source, "--profiles", profiles)
    assert result.exit_code == 1
    assert (
        f"the profile heap-pid7-3.pb.gz has no stack through a line of {source}, but 2 of 3 snapshots before it in its process have; "
        "--head heap-pid7-2.pb.gz shows the last one" in result.stderr
    )
    assert "1.0MB" in run("annotate", source, "--profiles", profiles, "--head", "heap-pid7-2.pb.gz").stdout


def test_annotate_says_why_there_is_nothing(tmp_path: Path) -> None:
    source, profiles = tmp_path / "main.go", tmp_path / "p"
    source.write_text("package main\n")
    profiles.mkdir()
    assert "No profile in" in run("annotate", source, "--profiles", profiles).output
    drop(profiles / "a.pb.gz", heap("f@/elsewhere/main.go:1 = 1x8"))
    drop(profiles / "b.pb.gz", b"<html>")
    result = run("annotate", source, "--profiles", profiles)
    assert result.exit_code == 1
    assert "no profile has a stack through a line of" in result.output
    assert (
        "To see which files of that name were recorded, and why they are not here, run `alloclens explain main.go`"
        in result.output
    )
    assert "b.pb.gz could not be read" in result.output
    assert "no profile has cpu" in run("annotate", source, "--profiles", profiles, "--sample-type", "cpu").output


def test_a_base_of_another_kind_is_not_subtracted(tmp_path: Path) -> None:
    """Block and mutex profiles have the same sample types; the function that unlocks tells them apart."""
    made = {}
    for name, leaf in (("block", "runtime.chanrecv1"), ("mutex", "sync.(*Mutex).Unlock")):
        builder = Builder(("contentions", "count"), ("delay", "nanoseconds"))
        builder.sample(f"{leaf}@/r/x.go:1 < main.f@/w/a.go:2", [1, 1000])
        made[name] = drop(tmp_path / f"{name}.pb.gz", builder.bytes())
    result = run("top", made["block"], "--base", made["mutex"])
    assert (result.exit_code, result.stdout) == (1, "")
    why = f"Error: {made['block']} cannot be compared: the base is of mutex, it is of block\n"
    assert result.stderr == why
    assert run("top", made["block"], "--base", made["block"]).exit_code == 0


def test_names_are_not_markup(tmp_path: Path) -> None:
    made = Builder(("odd[/b]type", "bytes"))
    made.sample("main.f[...]@/w/a.go:1", [5])
    result = run("top", drop(tmp_path / "a.pb.gz", made.bytes()))
    assert result.exit_code == 0
    assert "odd[/b]type, 5B in all" in result.output
    assert "main.f[...] /w/a.go:1" in result.output


def test_what_is_wrong_goes_to_standard_error(tmp_path: Path) -> None:
    result = run("top", drop(tmp_path / "bad.pb.gz", b"<html>"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    assert "bad.pb.gz: " in result.stderr


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A source, and two profiles that name its third line; then its last one was deleted."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    text = "package main\n\nfunc f() { g() }"
    Repository(tmp_path).check_in({"main.go": f"{text}\nfunc old() {{ g() }}"}, BEGIN - 1)
    (tmp_path / "main.go").write_text(text)
    for i in range(2):
        stacks = f"main.f@example.com/app/main.go:3 = 9x{MB}", f"main.old@example.com/app/main.go:4 = 9x{MB}"
        drop(tmp_path / f"p/heap[red]{i}.pb.gz", heap(*stacks[: i + 1], seconds=BEGIN + i))
    return tmp_path


def annotate(workspace: Path, *arguments: object) -> Result:
    return run("annotate", workspace / "main.go", "--profiles", workspace / "p", *arguments)


@pytest.mark.programs
def test_annotate_is_plain_in_a_pipe_and_coloured_on_a_terminal(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    assert "\x1b[" not in annotate(workspace).output
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich's word for: this is a terminal
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[36m9.0MB\x1b[0m" in annotate(workspace).output


@pytest.mark.programs
def test_annotate_says_which_snapshots_it_compares(workspace: Path) -> None:
    said = annotate(workspace, "--head", "heap[red]1.pb.gz", "--base", "heap[red]0.pb.gz").stdout
    assert said.startswith("inuse_space 18.0MB (+9.0MB), heap[red]0.pb.gz → heap[red]1.pb.gz")


@pytest.mark.programs
@pytest.mark.parametrize("which", ["--base", "--head"])
def test_annotate_refuses_a_snapshot_that_is_not_there(workspace: Path, which: str) -> None:
    result = annotate(workspace, which, "yesterday.pb.gz")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no snapshot is named yesterday.pb.gz" in result.stderr


@pytest.mark.programs
def test_annotate_says_which_lines_are_gone(workspace: Path) -> None:
    said = annotate(workspace).stderr
    assert said == "9.0MB of line 4 (main.old) is not shown: the line has been changed or deleted since.\n"
    assert "is not shown" not in annotate(workspace, "--head", "first").stderr


def test_annotate_says_of_which_lines_the_growth_is_not_known(tmp_path: Path) -> None:
    """Without ▲ they would look as if they had not grown."""
    source = tmp_path / "w/a.go"
    source.parent.mkdir()
    keep = ["package main", *[""] * 7, "func keep() {", *["\tgrow()"] * 6, "}", ""]
    source.write_text("\n".join(keep))
    for name, sizes in (("a", {11: 3, 12: 4}), ("b", {11: 5, 14: 12})):  # none of them of this text
        stacks = [f"main.keep:10@{source}:{line} = {size}x{MB}" for line, size in sizes.items()]
        drop(tmp_path / f"p/{name}.pb.gz", heap(*stacks, build_id=name))
    result = run("annotate", source, "--profiles", tmp_path / "p", "--base", "a.pb.gz")
    assert "the growth of lines 10, 13 is not known: no line of the base is known to match\n" in result.output
    result = run("annotate", source, "--profiles", tmp_path / "p", "--head", "a.pb.gz")
    assert "no line of the base is known" not in result.output


def test_the_chosen_head_is_shown_although_another_program_is_newer(tmp_path: Path) -> None:
    source = tmp_path / "w/a.py"
    source.parent.mkdir()
    source.write_text("def keep():\n    a.append(1)\n")
    for name, binary, second in (("a1", "shop", 1), ("b1", "mail", 2)):
        stack = f"keep:1@{source}:2 = {second}x{MB}"
        drop(tmp_path / f"p/{name}.pb.gz", heap(stack, binary=f"/srv/{binary}", seconds=second))
    result = run("annotate", source, "--profiles", tmp_path / "p", "--head", "a1.pb.gz")
    assert "1.0MB" in result.stdout
    assert "2.0MB" not in result.stdout
    assert "is not the head here" not in result.output


def test_annotate_says_that_the_base_is_of_another_program(tmp_path: Path) -> None:
    source = tmp_path / "w/a.py"
    source.parent.mkdir()
    source.write_text("def keep():\n    a.append(1)\n")
    for name, binary, second in (("a1", "shop", 1), ("b1", "mail", 2), ("b2", "mail", 3)):
        stack = f"keep:1@{source}:2 = {second}x{MB}"
        drop(tmp_path / f"p/{name}.pb.gz", heap(stack, binary=f"/srv/{binary}", seconds=second))
    said = "a1.pb.gz is not the base here: it is of another program or directory\n"
    result = run("annotate", source, "--profiles", tmp_path / "p", "--base", "a1.pb.gz")
    assert (result.exit_code, said in result.stderr) == (0, True)
    assert "is not the" not in run("annotate", source, "--profiles", tmp_path / "p", "--base", "b1.pb.gz").stderr
    assert said in run("report", tmp_path / "p", "--base", "a1.pb.gz", "--output", tmp_path / "page.html").stderr


def test_annotate_says_why_lines_are_marked(tmp_path: Path) -> None:
    """The text is known, but one line went past the other."""
    source = tmp_path / "w/a.py"
    source.parent.mkdir()
    source.write_text("def keep():\n    a.append(1)\n    bb.append(22)\n")
    drop(tmp_path / "p/a.pb.gz", heap(f"keep@{source}:2 = 9x{MB}", f"keep@{source}:3 = 8x{MB}"))
    assert "~" not in run("annotate", source, "--profiles", tmp_path / "p").output
    source.write_text("def keep():\n    bb.append(22)\n    a.append(1)\n")
    result = run("annotate", source, "--profiles", tmp_path / "p").output
    assert "~8.0MB" in result
    assert f"~ {MOVED_WITHIN}\n" in result
    assert "is known" not in result


def test_top_shows_pprofs_type_unless_it_is_empty(tmp_path: Path) -> None:
    """pprof takes the last type; where that is empty, there is nothing to be equal to."""
    types = "cpu/nanoseconds alloc-size/bytes lock_time/nanoseconds"
    held = drop(tmp_path / "held.pb.gz", profile(types, "f@/a.cs:1 = 7 2048 3"))
    free = drop(tmp_path / "free.pb.gz", profile(types, "f@/a.cs:1 = 7 2048 0"))
    assert run("top", held).stdout.startswith("lock_time, 3ns in all")
    shown = run("top", free)
    assert shown.stdout.startswith("alloc-size, 2.0kB in all")
    assert "lock_time is empty, so alloc-size is shown; --sample-type can be cpu, alloc-size" in shown.stderr
    asked = run("top", free, "--sample-type", "lock_time")
    assert asked.stdout.startswith("lock_time, 0ns in all")
    assert "lock_time is empty; --sample-type can be cpu, alloc-size" in asked.stderr


def test_annotate_has_each_kind_beside_a_line(tmp_path: Path) -> None:
    source = tmp_path / "a.go"
    source.write_text("package a\nfunc f() {}\n")
    drop(tmp_path / "p/a.pb.gz", heap(f"a.f@{source}:2 = 32x{1 << 20}"))
    drop(tmp_path / "p/b.pb.gz", goroutines(f"runtime.gopark@/go/proc.go:1 < a.f@{source}:2 = 500"))
    said = run("annotate", source, "--profiles", tmp_path / "p").stdout
    assert "32.0MB · 500 goroutines     2 func f() {}" in said


def test_annotate_follows_a_source_map_after_the_next_build(tmp_path: Path) -> None:
    """Its text shows which lines were profiled, though the source was edited before alloclens saw any of it."""
    pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")
    built = "let kept;\nfunction keep() {\n  kept = new Array(9);\n}\n"
    now = built.replace("function", "// all\n// of it\nfunction")
    source, script = tmp_path / "src/keep.ts", tmp_path / "dist/keep.js"
    for path in (source, script):
        path.parent.mkdir()
    (tmp_path / "package.json").write_text("{}")
    source.write_text(now)
    script.write_text(f"{built}//# sourceMappingURL=keep.js.map\n")
    rest = ";".join(["AACA"] * 3)  # each line comes from the next one
    names = {"version": 3, "sources": ["../src/keep.ts"], "names": [], "sourcesContent": [built]}
    (tmp_path / "dist/keep.js.map").write_text(json.dumps({**names, "mappings": f"AAAA;{rest}"}))
    drop(tmp_path / "p/a.pb.gz", heap(f"keep@{script.as_posix()}:2 = 1x{MB}"))
    for _ in range(2):
        said = run("annotate", str(source), "--profiles", str(tmp_path / "p"))
        assert "\n1.0MB in this function     4 function keep" in said.stdout, said.output
        READ.clear()  # as in another process
        script.write_text("// another build\n")
        os.utime(script, (time.time() + 60,) * 2)
