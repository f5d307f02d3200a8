"""Which programs are started, where, and that none outlives us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from alloclens import processes
from alloclens.processes import output, program, python
from alloclens.workspace.go_env import go_env

from tests.support.processes import children, runs, until


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory we are started in, with programs of its own."""
    for folder in (".", "bin"):
        for name in ("git", "go", "git.exe"):
            executable(tmp_path / "here" / folder / name, f"echo {name} of the folder")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.programs
@pytest.mark.parametrize("path", [".", "", ":", "bin", "./bin", "../here", "~", ".:bin:", "./", "bin/../bin"])
@pytest.mark.parametrize("suffix", ["", ".exe"])
def test_no_program_of_a_relative_entry_of_path(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, suffix: str
) -> None:
    monkeypatch.setattr(processes, "SUFFIX", suffix)  # ".exe" as on Windows
    monkeypatch.setenv("PATH", path)
    assert program("git") is None
    assert output("git", env=os.environ, seconds=10) is None
    there = executable(tmp_path / f"there/git{suffix}", "echo the real one")
    monkeypatch.setenv("PATH", os.pathsep.join([path, str(there.parent), str(here)]))
    assert program("git") == str(there)
    assert output("git", env=os.environ, seconds=10) == b"the real one\n"


def test_without_a_path_the_system_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATH")
    assert program("no-such-program") is None
    assert program("sh")


@pytest.mark.programs
def test_a_program_that_fails_or_hangs_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    executable(tmp_path / "fails", "echo some; exit 3")
    executable(tmp_path / "hangs", "exec sleep 600")
    executable(tmp_path / "is-text", "some").write_text("no program")
    assert output("fails", env=os.environ, seconds=10) is None
    assert output("is-text", env=os.environ, seconds=10) is None
    assert output("fails", "a\0b", env=os.environ, seconds=10) is None
    assert output("hangs", env=os.environ, seconds=0.5) is None
    assert not processes._running


def test_go_is_asked_in_no_directory_of_others(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A go.work, go.mod or go.env of the directory changes nothing, even where temporary files are made there."""
    asked = tmp_path / "asked"
    executable(tmp_path / "bin/go", f'pwd > {asked}; echo "$GOWORK $GOFLAGS $GOTOOLCHAIN" >> {asked}; echo "{{}}"')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(here))
    monkeypatch.setenv("GOFLAGS", "-toolexec=evil")
    go_env()
    assert asked.read_text().splitlines() == [sys.prefix, "off  local"]


@pytest.mark.programs
def test_a_python_of_ours_finds_what_we_find_and_nothing_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = here.parent / "elsewhere ü"
    elsewhere.mkdir()
    (elsewhere / "added.py").write_text("")
    for module in ("random", "sitecustomize", "usercustomize"):
        (here / f"{module}.py").write_text("raise SystemExit('of the folder')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", str(here)]))
    monkeypatch.setattr(sys, "path", ["", ".", str(here), str(elsewhere), *sys.path])
    *command, code = python(go_env)
    code = f"{code.partition('; import ')[0]}; import added, random; print(sys.path)"
    said = subprocess.run([*command, code], capture_output=True, check=True, text=True)
    assert eval(said.stdout) == [entry for entry in sys.path if entry not in ("", ".", str(here), str(Path.cwd()))]


SERVER = """
import os
from alloclens.processes import output
output("hangs", env=os.environ, seconds=600)
"""


@pytest.mark.programs
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills it at once")
@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_server_takes_what_it_asked_with_it(tmp_path: Path, death: int) -> None:
    executable(tmp_path / "hangs", "exec sleep 600")
    env = os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with subprocess.Popen([sys.executable, "-c", SERVER], env=env) as server:
        assert until(lambda: any(is_tied(child) for child in children(server.pid)))
        (pid,) = children(server.pid)
        server.send_signal(death)
    assert until(lambda: not runs(pid))


def is_tied(pid: int) -> bool:
    """Return whether one of a process's files asks for a signal; a process that is starting closes files meanwhile."""
    try:
        texts = [entry.read_text() for entry in Path(f"/proc/{pid}/fdinfo").iterdir()]
    except OSError:
        return False
    return any(int(flags, 8) & os.O_ASYNC for text in texts for flags in re.findall(r"flags:\t(\d+)", text))
