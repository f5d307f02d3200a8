"""A workspace with loops, names that are too long and closed directories where packages and tools are looked for."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.settings.settings import Settings
from alloclens.symbols.binaries import search
from alloclens.workspace import go_env
from alloclens.workspace.files import folds_case
from alloclens.workspace.workspace import workspace
from click.testing import CliRunner

from tests.support.profiles import drop, heap
from tests.support.unprivileged import open_directory, unprivileged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")

LONG = "x" * 300
SITE = "lib/python3.12/site-packages"


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def long(path: Path) -> None:
    path.symlink_to(LONG)


def through_a_file(path: Path) -> None:
    path.with_name("file").touch()
    path.symlink_to("file/x")


@pytest.mark.parametrize("put", [loop, long, through_a_file], ids=lambda put: put.__name__)
@pytest.mark.parametrize("name", [".venv", "node_modules", "vendor", "venv/lib/python3.11", "go.work", "deep/x.go"])
def test_packages_beside_an_odd_entry(tmp_path: Path, put: Callable[[Path], None], name: str) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "venv" / SITE).mkdir(parents=True)
    (tmp_path / "deep").mkdir()
    put(tmp_path / name)
    found = workspace([str(tmp_path)], Settings())
    assert str(tmp_path / "venv" / SITE) in [p.directory for p in found.roots.packages]
    assert [m.path for m in found.roots.modules] == ["example.com/app"]


def test_closed_directories_are_not_there() -> None:
    with open_directory() as root:
        (root / ".venv" / SITE).mkdir(parents=True)
        (root / "go" / "src" / "runtime").mkdir(parents=True)
        (root / "venv" / SITE).mkdir(parents=True)
        for name in (".venv", "go"):
            os.chmod(root / name, 0)
        with unprivileged():
            found = workspace([str(root)], Settings())
            assert go_env._first_directory(str(root / "go"), inside="src/runtime") == ""
            assert search([str(root)], [str(root / "go" / "app")]).messages
            assert folds_case(str(root / "go" / "src")) is (sys.platform == "darwin")
        directories = [p.directory for p in found.roots.packages]
        assert str(root / "venv" / SITE) in directories
        assert str(root / ".venv" / SITE) not in directories


@pytest.mark.parametrize("what", [LONG, f"{LONG}.go", "nul\0name", "main.go/x"])
def test_explain_asks_for_a_name_that_no_file_can_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    (tmp_path / "main.go").write_text("package main\n")
    drop(tmp_path / "profiles" / "a.pb.gz", heap(f"main.f@{tmp_path}/main.go:1 = 1x8"))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["explain", what])
    assert result.exit_code == 1
    assert "the profile has no file or function like" in result.output
