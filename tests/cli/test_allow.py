"""alloclens allow: what leads out of a folder is reported by every command, and read once it is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

MB = 1 << 20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "w"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text("package main\n\nfunc keep() {}\n")
    (folder / "alloclens.toml").write_text("\nprofileDirs = ['../elsewhere']\n")
    drop(tmp_path / "elsewhere/a.pb.gz", heap(f"main.keep:3@{folder}/main.go:3 = 30x{MB}"))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_what_leads_out_is_told_and_then_allowed(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    before = run("explain")
    assert before.exit_code == 1
    assert before.stderr.splitlines()[0] == (
        f'{folder}/alloclens.toml:2: profileDirs: "../elsewhere" leads out of {folder}, to {elsewhere}; it is not read. '
        f"`alloclens allow {folder}` allows it."
    )
    assert run("allow", folder).stdout == f"profileDirs: {elsewhere}\n"
    after = run("explain")
    assert (after.exit_code, after.stderr) == (0, "")
    assert "30.0MB" in after.stdout
    assert run("allow").stdout == f"Nothing leads out of {folder} without being allowed.\n"


def test_a_directory_that_is_named_on_the_command_line_needs_no_permission(folder: Path) -> None:
    result = run("explain", "--profiles", folder.parent / "elsewhere")
    assert (result.exit_code, result.stderr) == (0, "")
    assert run("allow", folder).stdout.startswith("profileDirs: ")


def test_what_cannot_be_kept_is_told(folder: Path) -> None:
    (folder.parent / "data").write_text("")
    result = run("allow", folder)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: the permission could not be saved: ")
