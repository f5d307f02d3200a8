"""Go programs whose binary is built anew while they run: the build id in their profiles is the new binary's from then on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main as cli
from alloclens.session.once import world
from alloclens.source.line_mapping import Doubt
from click.testing import CliRunner

from scripts import tools
from tests.support.placement.goproject import go_mod, marked, write
from tests.support.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.session.world import World

pytestmark = [pytest.mark.programs, pytest.mark.timeout(300)]  # the first build on a machine compiles Go's own packages
BEGIN = 1_700_000_000
MAIN = """package main

import (
	"bufio"
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte

func large() {
	kept = append(kept, make([]byte, 2<<20)) // mark: large
	kept = append(kept, make([]byte, 1<<20)) // mark: small
}

func main() {
	runtime.MemProfileRate = 1
	for names := bufio.NewScanner(os.Stdin); names.Scan(); {
		large()
		runtime.GC()
		file, _ := os.Create(names.Text())
		pprof.Lookup("heap").WriteTo(file, 0)
		file.Close()
		os.Stdout.WriteString("written\\n")
	}
	runtime.KeepAlive(kept)
}
"""
EDITED = MAIN.replace("func large() {", "func large() {\n\tprintln()").replace("}\n\nfunc main", "}\nfunc main")
"""Both functions are declared where they were; the lines of the first are further down."""
SWAPPED = MAIN.replace("2<<20)) // mark: large", "1<<20)) // mark: small", 1)
SWAPPED = "2<<20)) // mark: large".join(SWAPPED.rsplit("1<<20)) // mark: small", 1))
"""Its code has the same lines at the same addresses."""
PAIR = MAIN.replace(
    "\nfunc main",
    "\nfunc more() {\n\tkept = append(kept, make([]byte, 4<<20)) // mark: more\n}\n\nfunc main",
).replace("\t\tlarge()\n", "\t\tlarge()\n\t\tmore()\n")
"""Two functions that keep memory."""
LARGE, SMALL, MORE = (re.search(rf"\t.*// mark: {name}\n", PAIR)[0] for name in ("large", "small", "more"))
EQUAL_EDITS = {
    "two statements swapped": (PAIR.replace(LARGE + SMALL, SMALL + LARGE), {LARGE, SMALL}),
    "a constant changed": (PAIR.replace("1<<20", "8<<20"), {SMALL.replace("1<<20", "8<<20")}),
    "lines of two functions exchanged": (
        PAIR.replace(LARGE, "\t@\n").replace(MORE, LARGE).replace("\t@\n", MORE),
        {LARGE, MORE},
    ),
}
"""Texts whose code has the same lines at the same addresses, with the lines that were edited."""
IGNORED = "/app\n/profiles\n"


class Process:
    """A program that runs, and writes a heap profile when told where to."""

    def __init__(self, binary: Path) -> None:
        self._child = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def profile(self, path: Path) -> None:
        """Keep 2 MB more on one line and 1 MB on the next, and write what is kept."""
        path.parent.mkdir(exist_ok=True)
        self._child.stdin.write(f"{path}\n".encode())
        self._child.stdin.flush()
        assert self._child.stdout.readline() == b"written\n"

    def end(self) -> None:
        self._child.communicate()


def built(folder: Path, text: str, *flags: str) -> Path:
    write(folder, {"main.go": text, "go.mod": go_mod("example.com/app")})
    told = {"GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off", "PWD": str(folder)}
    command = [tools.go(), "build", *flags, "-o", "app", "."]
    subprocess.run(command, cwd=folder, check=True, env=tools.environment() | told, timeout=300)
    return folder / "app"


@contextmanager
def running(binary: Path) -> Iterator[Process]:
    process = Process(binary)
    try:
        yield process
    finally:
        process.end()


def checked_in(folder: Path, text: str) -> Repository:
    repository = Repository(folder)
    repository.check_in({"main.go": text, "go.mod": go_mod("example.com/app"), ".gitignore": IGNORED}, BEGIN)
    return repository


def opened(folder: Path) -> World:
    return world([str(folder)], None, {})


def shown(known: World, folder: Path) -> dict[int, tuple[int, bool]]:
    """Return the megabytes beside each line of main.go that owns some, and whether they are marked."""
    file = known.file(str(folder / "main.go"))
    on, lines = file.on((folder / "main.go").read_text()), file.comparison.lines
    owned = lines.value.owned[file.rows, file.comparison.column].astype(int) >> 20
    rows = zip(on.line.tolist(), owned.tolist(), on.unsure.tolist(), strict=True)
    return {line: (size, unsure) for line, size, unsure in rows if line and size}


def unmarked(numbers: dict[int, tuple[int, bool]]) -> dict[int, tuple[int, bool]]:
    return {line: (size, unsure) for line, (size, unsure) in numbers.items() if not unsure}


def true(folder: Path, **sizes: int) -> dict[int, tuple[int, bool]]:
    where = marked(folder)
    return {where[name][1]: (size, False) for name, size in sizes.items()}


@pytest.mark.parametrize("flags", [(), ("-buildmode=pie",), ("-ldflags=-s -w",)], ids=["plain", "PIE", "stripped"])
@pytest.mark.parametrize("text", [EDITED, SWAPPED], ids=["moved", "swapped"])
def test_a_process_whose_first_snapshot_was_seen_before(tmp_path: Path, text: str, flags: tuple[str, ...]) -> None:
    with running(built(tmp_path, MAIN, *flags)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
        assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=2, small=1)
        built(tmp_path, text, *flags)
        process.profile(tmp_path / "profiles/2.pb.gz")
    known = opened(tmp_path)
    assert len({one.build_id for one in known.series[0].snapshots}) == 2
    assert len(known.series[0].processes) == 1
    numbers = shown(known, tmp_path)
    where = marked(tmp_path)
    if text is EDITED:
        assert numbers == true(tmp_path, large=4, small=2)
    else:  # one of the lines went past the other
        assert {line: size for line, (size, _) in numbers.items()}.items() <= {
            where["large"][1]: 4,
            where["small"][1]: 2,
        }.items()


@pytest.mark.parametrize("flags", [(), ("-buildmode=pie",), ("-ldflags=-s -w",)], ids=["plain", "PIE", "stripped"])
def test_a_process_that_is_first_seen_after(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """What lies at the profile's addresses shows that the binary is another one."""
    with running(built(tmp_path, MAIN, *flags)) as process:
        built(tmp_path, EDITED, *flags)
        process.profile(tmp_path / "profiles/1.pb.gz")
    assert unmarked(shown(opened(tmp_path), tmp_path)) == {}


def test_two_snapshots_that_are_first_seen_after(tmp_path: Path) -> None:
    with running(built(tmp_path, MAIN)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
        built(tmp_path, SWAPPED)
        process.profile(tmp_path / "profiles/2.pb.gz")
    known = opened(tmp_path)
    assert len(known.series[0].processes) == 1
    assert unmarked(shown(known, tmp_path)) == {}


def test_a_commit_in_the_new_binary_is_not_what_the_old_process_was_built_of(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.check_in(
        {"main.go": MAIN, "go.mod": go_mod("example.com/app"), ".gitignore": "/app\n/profiles\n"}, BEGIN
    )
    with running(built(tmp_path, MAIN, "-buildvcs=true")) as process:
        repository.check_in({"main.go": EDITED}, BEGIN + 60)
        built(tmp_path, EDITED, "-buildvcs=true")
        process.profile(tmp_path / "profiles/1.pb.gz")
    numbers, sure = shown(opened(tmp_path), tmp_path), true(tmp_path, large=2, small=1)
    assert unmarked(numbers).items() <= sure.items()


@pytest.mark.parametrize(
    ("edit", "flag"),
    [
        *((edit, "-buildvcs=true") for edit in EQUAL_EDITS),
        *(
            ("two statements swapped", flag)
            for flag in ("-buildvcs=false", "-buildmode=pie", "-ldflags=-s -w", "-ldflags=-buildid=")
        ),
    ],
)
def test_a_rebuild_that_moves_no_line(tmp_path: Path, edit: str, flag: str) -> None:
    """Nothing tells the old process from a new one. The lines that were edited are marked, and no others."""
    text, edited = EQUAL_EDITS[edit]
    repository = checked_in(tmp_path, PAIR)

    def marked_lines() -> set[str]:
        numbers, lines = shown(opened(tmp_path), tmp_path), text.splitlines(keepends=True)
        assert unmarked(numbers).items() <= true(tmp_path, large=2, small=1, more=4).items()
        return {lines[line - 1] for line, (_, unsure) in numbers.items() if unsure}

    with running(built(tmp_path, PAIR, flag)) as process:
        built(tmp_path, text, flag)
        process.profile(tmp_path / "profiles/1.pb.gz")
    assert marked_lines() == edited
    repository.check_in({}, time.time())
    assert marked_lines() == edited


def test_a_rebuild_that_moves_no_line_and_was_committed_before_the_second_snapshot(tmp_path: Path) -> None:
    text, edited = EQUAL_EDITS["two statements swapped"]
    repository = checked_in(tmp_path, PAIR)
    with running(built(tmp_path, PAIR)) as process:
        built(tmp_path, text)
        process.profile(tmp_path / "profiles/1.pb.gz")
        opened(tmp_path)
        repository.check_in({}, time.time())
        process.profile(tmp_path / "profiles/2.pb.gz")
    numbers = shown(opened(tmp_path), tmp_path)
    assert {line for line, (_, unsure) in numbers.items() if unsure} == {
        text[: text.index(line)].count("\n") + 1 for line in edited
    }


def test_a_build_of_uncommitted_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only edited lines are marked, wherever they were pushed to, until the program is started again."""
    checked_in(tmp_path, PAIR)
    text = PAIR.replace("var kept", "// What is kept.\nvar kept").replace("1<<20", "8<<20")
    with running(built(tmp_path, text)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
        line = marked(tmp_path)["small"][1]
        expected = true(tmp_path, large=2, small=8, more=4)
        known = opened(tmp_path)
        assert shown(known, tmp_path) == expected | {line: (8, True)}
        assert known.doubt(known.shown, str(tmp_path / "main.go")) is Doubt.EDITED
        process.profile(tmp_path / "profiles/2.pb.gz")
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(cli, ["explain", "main.go", "--profiles", "profiles"]).stdout
    assert "because the process may have been started before they were edited" in said
    with running(tmp_path / "app") as process:
        process.profile(tmp_path / "profiles/3.pb.gz")
    known = opened(tmp_path)
    assert [len(one) for one in known.series[0].processes] == [2, 1]
    assert shown(known, tmp_path) == expected


@pytest.mark.parametrize("flags", [("-buildvcs=true",), ("-buildvcs=false",), ("-buildvcs=true", "-trimpath")])
def test_a_build_of_a_commit_carries_no_marks(tmp_path: Path, flags: tuple[str, ...]) -> None:
    repository = checked_in(tmp_path, PAIR)
    repository.check_in({"main.go": EQUAL_EDITS["two statements swapped"][0]}, BEGIN + 60)
    with running(built(tmp_path, (tmp_path / "main.go").read_text(), *flags)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
    assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=2, small=1, more=4)


@pytest.mark.parametrize("flags", [(), ("-buildmode=pie",), ("-ldflags=-s -w",), ("-gcflags=-N -l",)])
def test_a_program_that_is_built_and_run_carries_no_marks(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with running(built(tmp_path, EDITED, *flags)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
        assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=2, small=1)
        process.profile(tmp_path / "profiles/2.pb.gz")
        assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=4, small=2)


@pytest.mark.parametrize("flags", [(), ("-buildmode=pie",)], ids=["plain", "PIE"])
def test_a_program_that_is_built_anew_and_started_again(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Even if the new process allocated more on each line than the old one."""
    with running(built(tmp_path, MAIN, *flags)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
    with running(built(tmp_path, EDITED, *flags)) as process:
        for _ in range(3):
            process.profile(tmp_path / "profiles/2.pb.gz")
    known = opened(tmp_path)
    assert [len(one) for one in known.series[0].processes] == [1, 1]
    assert shown(known, tmp_path) == true(tmp_path, large=6, small=3)


def test_leaks_judges_the_whole_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with running(built(tmp_path, MAIN)) as process:
        for number in range(8):
            if number == 4:
                built(tmp_path, EDITED)
            process.profile(tmp_path / f"profiles/{number}.pb.gz")
    said = CliRunner().invoke(cli, ["leaks", "profiles", "--all", "--json"])
    assert {one["observations"] for one in json.loads(said.stdout)["findings"]} == {8}


def test_the_next_process_has_the_build_id_that_the_old_one_had_in_the_end(tmp_path: Path) -> None:
    with running(built(tmp_path, MAIN)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
        assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=2, small=1)
        built(tmp_path, EDITED)
        process.profile(tmp_path / "profiles/2.pb.gz")
    with running(tmp_path / "app") as process:
        for _ in range(3):
            process.profile(tmp_path / "profiles/3.pb.gz")
    known = opened(tmp_path)
    assert [one.build_id for one in known.series[0].snapshots[1:]] == [known.shown.head.build_id] * 2
    assert [len(one) for one in known.series[0].processes] == [2, 1]
    assert shown(known, tmp_path) == true(tmp_path, large=6, small=3)


@pytest.mark.parametrize("flag", ["-buildvcs=true", "-buildvcs=false", "-trimpath"])
def test_a_committed_text_is_not_believed_if_the_new_binary_has_other_lines(tmp_path: Path, flag: str) -> None:
    """The program was built with an edit that was stashed since; the committed text fits its lines by chance."""
    repository = checked_in(tmp_path, PAIR)
    edited = PAIR.replace(LARGE + SMALL, f"\tprintln()\n{LARGE}")
    with running(built(tmp_path, edited, flag)) as process:
        repository.run("checkout", "main.go")
        built(tmp_path, PAIR, flag)
        process.profile(tmp_path / "profiles/1.pb.gz")
    assert unmarked(shown(opened(tmp_path), tmp_path)) == {}


def test_a_text_that_was_put_back_with_its_old_date(tmp_path: Path) -> None:
    """As by `cp -p`: what ran was another text, which nobody has kept."""
    write(tmp_path, {"main.go": MAIN})
    before = (tmp_path / "main.go").stat()
    with running(built(tmp_path, EDITED)) as process:
        write(tmp_path, {"main.go": MAIN})
        os.utime(tmp_path / "main.go", ns=(before.st_atime_ns, before.st_mtime_ns))
        process.profile(tmp_path / "profiles/1.pb.gz")
    assert unmarked(shown(opened(tmp_path), tmp_path)) == {}


def test_an_edit_that_was_put_back_while_a_binary_outside_the_workspace_runs(tmp_path: Path) -> None:
    """As that of `go run`: what is checked in is not what was built."""
    folder, outside = tmp_path / "w", tmp_path / "outside"
    repository = Repository(folder)
    repository.check_in(
        {"main.go": MAIN, "go.mod": go_mod("example.com/app"), ".gitignore": "/app\n/profiles\n"}, BEGIN
    )
    with running(built(folder, SWAPPED).rename(outside)) as process:
        repository.run("checkout", "main.go")
        process.profile(folder / "profiles/1.pb.gz")
        assert unmarked(shown(opened(folder), folder)) == {}


def test_a_binary_that_is_gone(tmp_path: Path) -> None:
    """As that of `go run`. The file was edited before the first snapshot came."""
    with running(built(tmp_path, MAIN)) as process:
        (tmp_path / "app").unlink()
        write(tmp_path, {"main.go": SWAPPED})
        process.profile(tmp_path / "profiles/1.pb.gz")
    assert unmarked(shown(opened(tmp_path), tmp_path)) == {}


def test_a_binary_that_is_gone_and_texts_that_are_checked_in(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.check_in(
        {"main.go": MAIN, "go.mod": go_mod("example.com/app"), ".gitignore": "/app\n/profiles\n"}, BEGIN
    )
    with running(built(tmp_path, MAIN)) as process:
        (tmp_path / "app").unlink()
        process.profile(tmp_path / "profiles/1.pb.gz")
        assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=2, small=1)
        write(tmp_path, {"main.go": EDITED})
        process.profile(tmp_path / "profiles/2.pb.gz")
    assert shown(opened(tmp_path), tmp_path) == true(tmp_path, large=4, small=2)


def test_what_was_edited_while_it_ran_is_not_the_text_of_a_later_snapshot(tmp_path: Path) -> None:
    """Nobody looked before; the copy that comes with the second snapshot is of the edited file."""
    with running(built(tmp_path, MAIN)) as process:
        process.profile(tmp_path / "profiles/1.pb.gz")
        (tmp_path / "app").unlink()
        write(tmp_path, {"main.go": SWAPPED})
        process.profile(tmp_path / "profiles/2.pb.gz")
    assert unmarked(shown(opened(tmp_path), tmp_path)) == {}
