"""A bug of alloclens while it reads one file is that file's problem: it is reported, and the other files are read."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.cli import main
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.session import profile_file, reading
from click.testing import CliRunner

from tests.support.hostile import STEERING, steering
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from click.testing import Result

MB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Snapshots in which a line leaks, and two of another program."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc f() {\n\tkeep()\n}\n")
    for i in range(22):
        stack = f"main.f:3@example.com/app/main.go:4 = {1 + 3 * i}x{MB}"
        drop(tmp_path / f"profiles/{i}.pb.gz", of_program("good", heap(stack, build_id="good")))
    for i in range(2):
        data = heap(f"other.g@/x/other.go:4 = {1 + i}x{MB}", build_id="other")
        drop(tmp_path / f"profiles/other{i}.pb.gz", of_program("other", data))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def of_program(name: str, profile: bytes) -> bytes:
    message = pb.Profile.FromString(gzip.decompress(profile))
    message.string_table.append(f"/bin/{name}")
    message.mapping[0].filename = len(message.string_table) - 1
    return message.SerializeToString()


def break_(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, build_id: str) -> None:
    """Have a function fail on the profiles of one build."""
    whole: Callable[..., Any] = getattr(module, name)

    def broken(profile: Any, *more: Any) -> Any:
        if profile.build_id == build_id:
            raise RuntimeError(STEERING)
        return whole(profile, *more)

    monkeypatch.setattr(module, name, broken)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert steering(result.output) <= {"\n"}
    return result


COMMANDS = [
    ["leaks", "profiles"],
    ["annotate", "main.go", "--profiles", "profiles"],
    ["explain", "main.go", "--profiles", "profiles"],
    ["report", "profiles", "-o", "report.html"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_reading_it(folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    break_(monkeypatch, profile_file, "symbolized", "other")
    result = run(*command)
    assert result.exit_code == 0
    said = [line for line in result.stderr.splitlines() if "a bug in" in line]
    assert [line.partition(" could not be read: a bug in alloclens ")[0] for line in said] == [
        "other0.pb.gz",
        "other1.pb.gz",
    ]
    assert r"(RuntimeError: \x1b[31m" in said[0]
    assert "; session/profile_file.py:" in said[0]
    assert said[0].endswith("); please report it with the file")
    shown = (folder / "report.html").read_text("utf-8") if command[0] == "report" else result.stdout
    assert "64.0MB" in shown


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_comparing_it(folder: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    break_(monkeypatch, reading, "goroutine_origins", "other")
    result = run(*command)
    assert result.exit_code == 0
    (said,) = (line for line in result.stderr.splitlines() if "a bug in" in line)
    assert said.startswith("other1.pb.gz could not be read: a bug in alloclens ")
    shown = (folder / "report.html").read_text("utf-8") if command[0] == "report" else result.stdout
    assert "64.0MB" in shown


def test_a_file_that_is_all_there_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    break_(monkeypatch, profile_file, "symbolized", "other")
    result = run("top", str(folder / "profiles/other0.pb.gz"))
    assert (result.exit_code, result.stdout) == (70, "")
    assert result.stderr.count("\n") == 1
