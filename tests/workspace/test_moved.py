"""Files and functions that were elsewhere when a profile was taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cli import main
from alloclens.lsp.document_lines import DocumentLines
from alloclens.lsp.documents import Documents
from alloclens.session.once import world
from alloclens.wording.drift import BY_NAME, texts
from alloclens.workspace.files import Disk
from click.testing import CliRunner

from tests.support.profiles import drop, heap
from tests.workspace.test_git import ONE, TWO, check_in, run

if TYPE_CHECKING:
    from alloclens.session.world import World

pytestmark = pytest.mark.programs

MB, DAY = 1 << 20, 86400
OPEN = """package db

func Open() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
CLOSE = """package db

func Close() {
	held = append(held, make([]byte, 1<<20))
}
"""
USERS = """class Users:
    def load(self):
        self.all.append(bytearray(1 << 20))

    def keep(self):
        self.kept.append(bytearray(1 << 20))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with a Go package of two files and a Python module, of which a profile was taken on another machine."""
    folder = tmp_path / "app"
    for name, text in {"db/open.go": OPEN, "db/close.go": CLOSE, "py/users.py": USERS}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "go.mod").write_text("module example.com/app\n")
    run(folder, "init", "-q", "-b", "main")
    check_in(folder, ONE)
    drop(
        tmp_path / "p/1.pb.gz",
        heap(
            f"example.com/app/db.Open:3@/ci/db/open.go:4 = 20x{MB}",
            f"example.com/app/db.Close:3@/ci/db/close.go:4 = 12x{MB}",
            f"Users.load:2@/ci/py/users.py:3 = 7x{MB}",
            f"Users.keep:5@/ci/py/users.py:6 = 5x{MB}",
            seconds=ONE + 1,
        ),
    )
    return folder


def opened(folder: Path) -> World:
    return world([str(folder)], [str(folder.parent / "p")], {})


def numbers(known: World, path: Path) -> dict[int, tuple[float, bool]]:
    """Return the bytes of each line of a file as it is now, and whether the line is unsure."""
    file = known.file(str(path))
    if file is None:
        return {}
    carried, value = file.on(path.read_text()), file.comparison.lines.value.cum[file.rows, file.comparison.column]
    each = zip(carried.line.tolist(), carried.unsure.tolist(), value.tolist(), strict=True)
    return {line: (much / MB, unsure) for line, unsure, much in each if line}


def test_a_renamed_file(folder: Path) -> None:
    run(folder, "mv", "db/open.go", "db/opened.go")
    (folder / "db/opened.go").write_text(OPEN.replace("package db\n", "// Package db holds.\npackage db\n"))
    check_in(folder, TWO)
    known = opened(folder)
    assert numbers(known, folder / "db/opened.go") == {5: (20, False)}
    assert known.sources.is_own("/ci/db/open.go")


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("looked", [True, False])
def test_a_file_that_was_renamed_here(tmp_path: Path, committed: bool, looked: bool) -> None:
    """Its text is our copy under the old name, or that of the last commit, even while the rename is only staged."""
    run(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "db").mkdir()
    old, new = tmp_path / "db/open.go", tmp_path / "db/opened.go"
    old.write_text(OPEN)
    check_in(tmp_path, ONE)
    taken = time.time() if looked else ONE + 1  # older than the file, so that no copy is taken
    drop(tmp_path / "profiles/1.pb.gz", heap(f"example.com/app/db.Open:3@{old}:4 = 20x{MB}", seconds=taken))
    if looked:
        assert numbers(world([str(tmp_path)], None, {}), old) == {4: (20, False)}
    run(tmp_path, "mv", "db/open.go", "db/opened.go")
    if committed:
        check_in(tmp_path, TWO)
    known = world([str(tmp_path)], None, {})
    assert numbers(known, new) == {4: (20, False)}
    source = known.file(str(new)).version.source
    assert source.startswith("as it was when 1.pb.gz came" if looked else "as in git's commit")


def test_a_renamed_directory(folder: Path) -> None:
    run(folder, "mv", "db", "store")
    check_in(folder, TWO)
    known = opened(folder)
    assert numbers(known, folder / "store/open.go") == {4: (20, False)}
    assert numbers(known, folder / "store/close.go") == {4: (12, False)}


@pytest.mark.parametrize("seconds", [ONE + 1, TWO + DAY], ids=["before", "long after"])
@pytest.mark.parametrize("text", [OPEN, OPEN.replace("{\n", "{\n\tprintln()\n")], ids=["copied", "changed"])
def test_a_new_file_under_the_name_of_a_renamed_one(folder: Path, text: str, seconds: int) -> None:
    """Nothing shows which of the two was profiled if the snapshot is younger than both: an old program may run on."""
    run(folder, "mv", "db/open.go", "db/opened.go")
    check_in(folder, TWO)
    (folder / "db/open.go").write_text(text)
    check_in(folder, TWO + 60)
    drop(folder.parent / "p/1.pb.gz", heap(f"example.com/app/db.Open:3@/ci/db/open.go:4 = 20x{MB}", seconds=seconds))
    known = opened(folder)
    assert all(unsure for _, unsure in numbers(known, folder / "db/open.go").values())
    assert "another file had this path" in " ".join(
        texts(known.file(str(folder / "db/open.go")).version, np.zeros(1, bool))
    )


def test_a_new_file_under_the_name_of_another_one(folder: Path) -> None:
    """The old one had none of its functions."""
    (folder / "db/open.go").unlink()
    check_in(folder, TWO)
    (folder / "db/open.go").write_text(OPEN.replace("Open", "Reopen"))
    check_in(folder, TWO + 60)
    made = f"example.com/app/db.Reopen:3@/ci/db/open.go:4 = 20x{MB}"
    drop(folder.parent / "p/1.pb.gz", heap(made, seconds=TWO + DAY))
    assert numbers(opened(folder), folder / "db/open.go") == {4: (20, False)}


def test_a_file_that_was_renamed_without_git(folder: Path) -> None:
    """What another file held is not the text then: the line is found by its function, and unsure."""
    (folder / "db/open.go").rename(folder / "db/opened.go")
    (folder / "py/users.py").rename(folder / "py/people.py")
    known = opened(folder)
    assert numbers(known, folder / "db/opened.go") == {4: (20, True)}
    assert numbers(known, folder / "py/people.py") == {3: (7, True), 6: (5, True)}


def test_a_file_that_went_into_another(folder: Path) -> None:
    """The other file's own lines are as sure as before, though its text then never had the function."""
    (folder / "db/open.go").unlink()
    (folder / "db/close.go").write_text("// Both.\n" + CLOSE + OPEN.partition("\n")[2])
    known = opened(folder)
    assert numbers(known, folder / "db/close.go") == {5: (12, False), 9: (20, True)}
    found = CliRunner().invoke(main, ["leaks", str(folder.parent / "p"), "--workspace", str(folder), "--all", "--json"])
    assert found.exit_code == 0


def test_of_two_files_with_the_function_none_is_taken(folder: Path) -> None:
    (folder / "db/open.go").rename(folder / "db/open_linux.go")
    (folder / "db/open_windows.go").write_text(OPEN)
    known = opened(folder)
    assert "2 files here fit equally well" in known.sources.find("/ci/db/open.go").reason


@pytest.mark.parametrize(
    ("runtime", "changed", "expected"),
    [
        ("runtime/sys_linux_amd64.s", "linux", {"open_linux.go": {8: (20, True)}}),  # by its function
        ("runtime/sys_linux_amd64.s", "windows", {"open_linux.go": {4: (20, False)}}),  # renamed by git
        ("runtime/sys_windows.go", "linux", {"open_windows.go": {4: (20, False)}}),
        ("runtime/proc.go", "linux", {"open_windows.go": {4: (20, True)}}),  # as git has it, and marked
    ],
)
def test_a_file_that_was_split_by_platform(
    folder: Path, runtime: str, changed: str, expected: dict[str, dict[int, tuple[float, bool]]]
) -> None:
    """Of two files with the function that of the profile's platform is taken. If that is unknown, the lines are marked."""
    run(folder, "rm", "-q", "db/open.go")
    files = {name: folder / f"db/open_{name}.go" for name in ("linux", "windows")}
    for name, path in files.items():
        path.write_text(
            OPEN.replace("db\n", 'db\n\nimport "os"\n\nvar me = os.Getpid()\n') if name == changed else OPEN
        )
    check_in(folder, TWO)
    drop(
        folder.parent / "p/1.pb.gz",
        heap(f"example.com/app/db.Open:3@/ci/db/open.go:4 < runtime.main@{runtime}:9 = 20x{MB}", seconds=ONE + 1),
    )
    known = opened(folder)
    place = known.sources.place("/ci/db/open.go")
    assert place is not None
    name = Path(place.path).name
    assert {name: numbers(known, folder / "db" / name)} == expected


@pytest.mark.parametrize(("runtime", "taken"), [("os_linux", "posix"), ("os_windows", "win")])
def test_a_file_that_was_split_by_build_lines(folder: Path, runtime: str, taken: str) -> None:
    """Their names say nothing of a platform."""
    run(folder, "rm", "-q", "db/open.go")
    for name, constraint in (("posix", "!windows"), ("win", "windows")):
        (folder / f"db/open_{name}.go").write_text(f"//go:build {constraint}\n\n{OPEN}")
    check_in(folder, TWO)
    stack = f"example.com/app/db.Open:3@/ci/db/open.go:4 < runtime.main@runtime/{runtime}.go:9 = 20x{MB}"
    drop(folder.parent / "p/1.pb.gz", heap(stack, seconds=ONE + 1))
    known = opened(folder)
    place = known.sources.place("/ci/db/open.go")
    assert place is not None
    assert Path(place.path).name == f"open_{taken}.go"
    assert [line for line, _ in numbers(known, Path(place.path)).items()] == [6]


@pytest.mark.parametrize("other", [True, False])
def test_a_c_file_that_was_split_by_platform(folder: Path, other: bool) -> None:
    """Nothing in its name says for which platform: it is marked if the function is in both."""
    text = "void *open_pool(int n) {\n  return malloc(n);\n}\n"
    (folder / "pool.c").write_text(text)
    check_in(folder, ONE)
    run(folder, "mv", "pool.c", "pool_posix.c")
    (folder / "pool_win.c").write_text((text if other else "") + "static int windows_only;\n" * 20)
    check_in(folder, TWO)
    drop(
        folder.parent / "p/1.pb.gz",
        heap(
            f"open_pool@/ci/pool.c:2 < example.com/app/db.Open:3@/ci/db/open.go:4 = 20x{MB}",
            seconds=ONE + 1,
        ),
    )
    assert numbers(opened(folder), folder / "pool_posix.c") == {2: (20, other)}


def test_a_function_that_went_into_files_for_several_platforms(folder: Path) -> None:
    for name in ("linux", "windows"):
        (folder / f"db/keep_{name}.go").write_text(OPEN)
    (folder / "db/open.go").write_text("package db\n")
    drop(
        folder.parent / "p/1.pb.gz",
        heap(
            f"example.com/app/db.Open:3@/ci/db/open.go:4 < runtime.main@runtime/os_linux.go:9 = 20x{MB}",
            seconds=ONE + 1,
        ),
    )
    assert numbers(opened(folder), folder / "db/keep_linux.go") == {4: (20, True)}


def test_a_function_that_moved_to_another_file_of_its_package(folder: Path) -> None:
    """Both files are still there; the one that was left still calls it."""
    left = CLOSE.replace("func Close", "func Stay")
    (folder / "db/close.go").write_text(left + "\nvar closed = Close\n")
    (folder / "db/open.go").write_text(OPEN + CLOSE.partition("\n")[2])
    (folder / "db/fresh.go").write_text("package db\n")
    known = opened(folder)
    assert numbers(known, folder / "db/open.go") == {4: (20, False), 8: (12, True)}
    assert numbers(known, folder / "db/close.go") == {}
    (folder / "db/open.go").write_text(OPEN)
    (folder / "db/fresh.go").write_text(
        CLOSE
    )  # the profile names no file of that name: it is looked for in the same world
    assert numbers(known, folder / "db/open.go") == {4: (20, False)}
    assert numbers(known, folder / "db/fresh.go") == {4: (12, True)}


def test_where_a_finding_leads_whose_function_has_moved(folder: Path) -> None:
    """The line of that number in the file that has it now is another function's."""
    (folder / "db/close.go").write_text("package db\n")
    (folder / "db/open.go").write_text(OPEN + CLOSE.partition("\n")[2])
    known = opened(folder)
    document_lines = DocumentLines(known, Documents())
    assert document_lines.of(known.shown, "/ci/db/open.go", 4) == (f"{(folder / 'db/open.go').as_uri()}", 4, False)
    assert document_lines.of(known.shown, "/ci/db/close.go", 4) == (f"{(folder / 'db/open.go').as_uri()}", 8, True)
    (folder / "db/close.go").unlink()
    known = opened(folder)
    assert DocumentLines(known, Documents()).of(known.shown, "/ci/db/close.go", 4) == (
        f"{(folder / 'db/open.go').as_uri()}",
        8,
        True,
    )


def test_a_file_is_looked_at_again_for_each_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one world, while functions come and go. Only for a file without one of its functions are those beside it listed."""
    db = folder / "db"
    known, listed = opened(folder), list[str]()
    beside = Disk.beside
    monkeypatch.setattr(Disk, "beside", lambda disk, path: listed.append(path) or beside(disk, path))

    def now(name: str) -> tuple[str, int]:
        at = DocumentLines(known, Documents()).of(known.shown, f"/ci/db/{name}", 4)
        return (at.uri.rpartition("/")[2], at.line) if at else ("", 0)

    assert (now("open.go"), now("close.go")) == (("open.go", 4), ("close.go", 4))
    assert len(listed) == 1  # the directory of both
    assert (now("open.go"), now("close.go")) == (("open.go", 4), ("close.go", 4))
    assert len(listed) == 1
    (db / "close.go").write_text("package db\n")
    (db / "fresh.go").write_text("// New.\n" + CLOSE)
    assert (now("open.go"), now("close.go")) == (("open.go", 4), ("fresh.go", 5))
    (db / "other.go").write_text(CLOSE)  # another one with the function: which has moved there?
    assert (now("open.go"), now("close.go")) == (("open.go", 4), ("", 0))
    (db / "fresh.go").unlink()
    assert (now("open.go"), now("close.go")) == (("open.go", 4), ("other.go", 4))


def test_all_name_the_file_that_a_function_is_in_now(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both files are still there: `explain` of either says where the lines are."""
    monkeypatch.chdir(folder)
    (folder / "db/close.go").write_text("package db\n")
    (folder / "db/fresh.go").write_text("// New.\n" + CLOSE)
    profiles = str(folder.parent / "p")
    moved = f"12.0MB  /ci/db/close.go → {folder}/db/close.go (module of the workspace; your own code)"
    assert run_main("explain", "db/fresh.go", "--profiles", profiles)[1:] == [
        moved,
        f"    {BY_NAME}",
        "    12.0MB cum on line 5, recorded as line 4 ~ perhaps",
    ]
    for asked in ("db/close.go", "db.Close"):
        assert run_main("explain", asked, "--profiles", profiles)[1:] == [
            moved,
            f"    {BY_NAME}",
            f"    12.0MB cum on line 5 of {folder}/db/fresh.go, recorded as line 4 ~ perhaps",
        ]


def run_main(*arguments: str) -> list[str]:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_one_function_of_that_name_elsewhere_is_no_proof(folder: Path) -> None:
    """Go's packages have one of each name; of other languages two functions must have gone the same way."""
    (folder / "py/other.py").write_text(USERS)
    (folder / "py/users.py").write_text(USERS.partition("    def keep")[0])
    assert numbers(opened(folder), folder / "py/other.py") == {}
    (folder / "py/users.py").write_text("class Users:\n    pass\n")
    assert numbers(opened(folder), folder / "py/other.py") == {3: (7, True), 6: (5, True)}


INITIALIZES = """package db

var Serve = &Command{
	Run: func(n int) {
		kept = append(kept, make([]byte, n))
	},
}
"""


@pytest.mark.parametrize("name", ["init.func1", "glob..func1"])
@pytest.mark.parametrize("length", [1, 9])
def test_a_closure_of_a_variable_did_not_move_to_the_init_function_of_another_file(
    folder: Path, name: str, length: int
) -> None:
    (folder / "db/open.go").write_text(INITIALIZES)
    (folder / "db/close.go").write_text(
        "package db\n\nfunc init() {\n" + "\tprintln()\n" * length + "}\n\n" + CLOSE[12:]
    )
    check_in(folder, TWO)
    made = f"example.com/app/db.{name}:4@/ci/db/open.go:5 = 20x{MB}"
    drop(folder.parent / "p/1.pb.gz", heap(made, seconds=TWO + 1))
    known = opened(folder)
    assert numbers(known, folder / "db/open.go") == {5: (20, False)}
    assert numbers(known, folder / "db/close.go") == {}


def test_an_init_function_that_is_gone_is_not_that_of_another_file(folder: Path) -> None:
    init = "\nfunc init() {\n\tkept = append(kept, make([]byte, 1<<20))\n}\n"
    (folder / "db/open.go").write_text(OPEN + init)
    check_in(folder, TWO)
    drop(folder.parent / "p/1.pb.gz", heap(f"example.com/app/db.init.0:7@/ci/db/open.go:8 = 20x{MB}", seconds=TWO + 1))
    (folder / "db/open.go").write_text(OPEN)
    (folder / "db/close.go").write_text(CLOSE + init.replace("kept", "held"))
    known = opened(folder)
    assert numbers(known, folder / "db/open.go") == {}
    assert numbers(known, folder / "db/close.go") == {}
