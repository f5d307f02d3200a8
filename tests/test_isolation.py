"""Nothing of the folder in which alloclens is started, or which it opens, runs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.support import native
from tests.support.editor import Editor, vscode
from tests.support.profiles import drop, heap
from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.native import Ran

pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")
pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(sys.platform != "linux", reason="the native program reads /proc/self/maps"),
    pytest.mark.timeout(300),
]
MIB = 1 << 20
MODULES = {*sys.stdlib_module_names, "sitecustomize", "usercustomize", "tests"}
"""Names of modules that Python may look for, besides those that are installed."""
PACKAGES = {"alloclens", "encodings", "google", "multiprocessing"}
"""Those that are directories; the rest are files."""
PROGRAMS = ("git", "go", "cc", "gcc", "ld", "ldconfig", "objdump", "uname", "sh", "python", "python3", "env", "which")
BEFORE = "import sys; import runpy, pkgutil, importlib.util; print(*sys.modules)"
SCRIPT = "import sys\nfrom alloclens.__main__ import main\nsys.exit(main())\n"
"""What installers write into a virtual environment's bin/alloclens."""


class Way(NamedTuple):
    """A way to start alloclens."""

    command: tuple[str, ...]
    env: dict[str, str]
    out_of_reach: frozenset[str] = frozenset()
    """The modules that Python itself imports from the folder before it runs any code of ours."""


def way(name: str, script: Path) -> Way:
    script.write_text(SCRIPT)
    at_start = frozenset(subprocess.check_output([sys.executable, "-c", BEFORE], text=True).split())
    custom = {"sitecustomize", "usercustomize"}
    return {
        "the program": Way((sys.executable, str(script)), {}),
        "python -m": Way((sys.executable, "-m", "alloclens"), {}, at_start | {"alloclens"}),
        "an empty entry in PYTHONPATH": Way(
            (sys.executable, str(script)), {"PYTHONPATH": ":"}, at_start | custom | {"alloclens"}
        ),
    }[name]


class Folder(NamedTuple):
    """A folder full of code."""

    path: Path
    marks: Path
    """A directory that gets a file for each piece of code that ran."""
    ran: Ran
    """The program in it."""

    def plant(self, but: frozenset[str]) -> None:
        """Put a module under every name that Python may look for, and a program under every name that is started."""
        for name in {*MODULES, *packages_distributions(), *PACKAGES}:
            file = self.path / name / "__init__.py" if name in PACKAGES else self.path / f"{name}.py"
            file.parent.mkdir(exist_ok=True)
            if name in but:
                file.unlink(missing_ok=True)
            else:
                file.write_text(f"import posix\nposix.open('{self.marks}/{name}.py', posix.O_CREAT)\n")
        for name in PROGRAMS:
            for directory in (self.path, self.path / "bin"):
                directory.mkdir(exist_ok=True)
                (directory / name).write_text(f"#!/bin/sh\n: > '{self.marks}/{name}'\n")
                (directory / name).chmod(0o755)

    def environment(self, way: Way) -> dict[str, str]:
        relative = {"PATH": f".:bin::{os.environ['PATH']}", "TMPDIR": "."}
        return os.environ | relative | way.env | {"XDG_CACHE_HOME": str(self.marks.parent / "cache")}

    def marked(self) -> list[str]:
        return sorted(entry.name for entry in self.marks.iterdir())


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return native.go(tmp_path_factory.mktemp("folder"))


@pytest.fixture(params=["the program", "python -m", "an empty entry in PYTHONPATH"])
def planted(request: pytest.FixtureRequest, tmp_path: Path, program: Ran) -> tuple[Folder, Way]:
    return prepared(request.param, tmp_path, program)


def prepared(name: str, tmp_path: Path, program: Ran) -> tuple[Folder, Way]:
    """Return the folder of the program, full of code that must not run, and a way to start alloclens."""
    marks = tmp_path / "marks"
    marks.mkdir()
    found = way(name, tmp_path / "alloclens")
    folder = Folder(program.binary.parent, marks, program)
    drop(folder.path / "profiles/a.pb.gz", program.written(100 * MIB))
    for number in range(2):
        data = heap(f"main.inner@{program.source}:{line_of(program)} = {100 + 50 * number}x{MIB}")
        drop(folder.path / f"named/{number}.pb.gz", data)
    folder.plant(found.out_of_reach)
    return folder, found


def line_of(ran: Ran) -> int:
    return ran.truth("main.inner", "main.middle", "main.outer")[0][2]


async def test_the_server_runs_nothing(planted: tuple[Folder, Way]) -> None:
    folder, found = planted
    editor = Editor(vscode())
    editor.program = found.command
    editor.surroundings = {"cwd": folder.path, "env": folder.environment(found)}
    await editor.open_folder(folder.path, binaries=["native"], revision="HEAD")
    uri = editor.open(folder.ran.source)

    async def shown() -> bool:
        return "100MB" in (await editor.hints(uri)).get(line_of(folder.ran), "")

    await editor.until(shown)
    await editor.close()
    assert folder.marked() == []


COMMANDS = {
    "top": (["top", "profiles/a.pb.gz", "--binary", "native"], "main.inner"),
    "annotate": (["annotate", "main.go", "--profiles", "named"], "150MB"),
    "explain": (["explain", "--profiles", "named"], "100%"),
    "leaks": (["leaks", "named", "--all"], "main.go:17"),
    "report": (["report", "named", "-o", "-"], "main.inner"),
}
"""Each with its arguments, and what it says."""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_runs_nothing(planted: tuple[Folder, Way], name: str) -> None:
    folder, found = planted
    arguments, words = COMMANDS[name]
    command = [*found.command, *arguments]
    ran = subprocess.run(command, cwd=folder.path, env=folder.environment(found), capture_output=True, check=False)
    assert words in ran.stdout.decode(), ran
    assert folder.marked() == []


FIFOS = (
    "go.work",
    "pyproject.toml",
    "deep/go.mod",
    "gone.go",
    "named/labels.toml",
    "named/fifo.pb.gz",
    "named/2.pb.gz",
)
LOOPS = ("loop.go", "named/a.pb.gz", "named/z.pb.gz", ".venv", "node_modules")
NAMES = ("\x1b[31m.go", "a\nb.go", "\u202egnp.go", "x" * 240 + ".go", "named/\x1b]0;t\x07.pb.gz", "named/a\nb.pb.gz")


@pytest.fixture
def hostile(tmp_path: Path, program: Ran) -> Iterator[tuple[Folder, Way]]:
    """The folder, as long as it is hostile in every way. What it holds does not depend on how alloclens is started."""
    planted = folder, _ = prepared("the program", tmp_path, program)
    before = {*folder.path.rglob("*")}
    make_odd(folder)
    yield planted
    for path in sorted({*folder.path.rglob("*")} - before, reverse=True):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def make_odd(folder: Folder) -> None:
    """Add what hides, hangs, steers or breaks: FIFOs, loops, names, damaged caches, a key that is too long."""
    for name in FIFOS:
        (folder.path / name).parent.mkdir(exist_ok=True)
        os.mkfifo(folder.path / name)
    for name in LOOPS:
        (folder.path / name).symlink_to(os.path.basename(name))
    for name in NAMES:
        (folder.path / name).write_bytes(b"\x1b[2J\0")
    (folder.path / "named/directory.pb.gz").mkdir()
    (folder.path / "alloclens.toml").write_text(".".join("a" * 100_000) + " = 1\n")
    (folder.path / ".git").mkdir()
    os.mkfifo(folder.path / ".git/HEAD")
    place = f"{folder.ran.source}:{line_of(folder.ran)}"
    odd = f"main.\x1b[31m\r\u202ef@{folder.path}/\x1b]0;t\x07\0.go:3 < main.g@{folder.path}/gone.go:2 = 1x{MIB}"
    drop(folder.path / "named/3.pb.gz", heap(f"main.inner@{place} = 200x{MIB}", odd))
    cache = folder.marks.parent / "cache" / "alloclens"
    cache.mkdir(parents=True)
    (cache / "texts.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    (cache / "snapshots.sqlite3").write_bytes(b"\x1b[2J" * 1000)


async def test_the_server_in_a_folder_that_is_hostile_in_every_way(hostile: tuple[Folder, Way]) -> None:
    folder, found = hostile
    editor = Editor(vscode())
    editor.program = found.command
    editor.surroundings = {"cwd": folder.path, "env": folder.environment(found)}
    await editor.open_folder(folder.path, profileDirs=["named"])
    uri = editor.open(folder.ran.source)

    async def shown() -> bool:
        return "200MB ▲100MB" in (await editor.hints(uri)).get(line_of(folder.ran), "")

    await editor.until(shown)
    await editor.close()
    assert folder.marked() == []


def test_every_command_in_a_folder_that_is_hostile_in_every_way(hostile: tuple[Folder, Way]) -> None:
    folder, found = hostile
    with profile_server() as server:
        server.body = folder.ran.written(MIB)
        commands = COMMANDS | {
            "annotate": (COMMANDS["annotate"][0], "200MB"),
            "capture": (["capture", server.url, "--into", "named"], "named/heap-"),
        }
        for arguments, words in commands.values():
            command = [*found.command, *arguments]
            ran = subprocess.run(
                command, cwd=folder.path, env=folder.environment(found), capture_output=True, check=True
            )
            assert words in ran.stdout.decode(), ran
            assert not any(sign in ran.stdout + ran.stderr for sign in (b"\x1b", b"\0", b"\r", "\u202e".encode())), ran
    assert folder.marked() == []


def test_capture_runs_nothing(planted: tuple[Folder, Way]) -> None:
    folder, found = planted
    with profile_server() as server:
        server.body = folder.ran.written(MIB)
        command = [*found.command, "capture", server.url, "--into", "captured"]
        subprocess.run(command, cwd=folder.path, env=folder.environment(found), capture_output=True, check=True)
    assert folder.marked() == []


def test_the_modules_would_run(planted: tuple[Folder, Way]) -> None:
    """Else the other tests would prove nothing."""
    folder, _ = planted
    program = [sys.executable, "-B", "-c", "import multiprocessing, numpy"]  # -B: the next case plants the same sizes
    subprocess.run(program, cwd=folder.path, check=False)
    subprocess.run(["git"], cwd=folder.path, env={"PATH": "."}, check=True)
    marked = folder.marked()
    assert "git" in marked
    assert any(mark.endswith(".py") for mark in marked)
