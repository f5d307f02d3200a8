"""Where the extension finds its server, what it says when it finds none, and how a click installs it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from scripts import tools
from scripts.workbench import workbench
from tests.e2e.conftest import PLATFORM_VSIX, VSIX
from tests.support.page import VsCode
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from scripts.workbench import Workbench

TEXT = "package main\n\nvar kept = make([]byte, 1<<20)\n"
LINE = "var kept = make([]byte, 1<<20)"
UV_CACHE = tools.TOOLS / "uv-cache"


def module(folder: Path) -> Path:
    (folder / "main.go").write_text(TEXT)
    drop(folder / "profiles/a.pb.gz", heap(f"main.init@{folder}/main.go:3 = 3x{1 << 20}"))
    return folder


def toast(page: Page, text: str) -> Locator:
    return page.locator(".notifications-toasts .notification-list-item", has_text=text)


def welcome(vscode: VsCode) -> Locator:
    """Open the view Findings, and return what it says while it is empty."""
    vscode.run("alloclens: Focus on Findings View")
    return vscode.page.locator(".sidebar .welcome-view-content").first


def test_the_virtual_environment_of_the_workspace(unprepared: Workbench, page: Page, tmp_path: Path) -> None:
    module(tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    vscode = VsCode(unprepared, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    vscode.until_hint(LINE, "3.0MB")


def test_no_server_in_a_window_without_profiles(code: Workbench, page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("Notes\n")
    vscode = VsCode(code, page)
    vscode.open(tmp_path, tmp_path / "notes.md")
    page.locator(".statusbar-item", has_text="Markdown").wait_for()
    assert vscode.status.count() == 0
    assert vscode.servers() == []
    vscode.run("alloclens: Focus on Snapshots View")
    vscode.status.wait_for()


def test_a_server_that_is_installed_meanwhile_is_noticed(unprepared: Workbench, page: Page, tmp_path: Path) -> None:
    module(tmp_path)
    vscode = VsCode(unprepared, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    said = toast(page, "no server was found")
    expect(said.locator(".monaco-button")).to_have_text(["Install Server"])
    vscode.expect_status("no server")
    expect(welcome(vscode)).to_contain_text("There is no server on this machine yet.")
    expect(page.locator(".sidebar .monaco-button", has_text="Install Server")).to_be_visible()
    vscode.picture("no-server")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    vscode.until_hint(LINE, "3.0MB")
    expect(said).to_be_hidden()


def test_a_setting_that_names_no_program(unprepared: Workbench, page: Page, tmp_path: Path) -> None:
    module(tmp_path)
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode/settings.json").write_text('{"alloclens.server.command": "./gone"}')
    vscode = VsCode(unprepared, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    said = toast(page, "names a program that is not there: ./gone")
    expect(said.locator(".monaco-button")).to_have_text(["Open Setting"])
    said.locator(".monaco-button").click()
    expect(page.locator(".settings-editor")).to_contain_text("Server: Command")


def test_install_server(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uv").symlink_to(Path(sysconfig.get_path("scripts")) / "uv")
    (programs / "python3").symlink_to(os.path.realpath(sys.executable))  # else uv downloads one
    monkeypatch.setenv("UV_CACHE_DIR", str(UV_CACHE))  # what was downloaded stays for the next run
    folder = tmp_path / "w"
    folder.mkdir()
    module(folder)
    with workbench(VSIX, {}, str(programs)) as running:
        vscode = VsCode(running, page)
        vscode.open(folder, folder / "main.go")
        toast(page, "no server was found").locator(".monaco-button", has_text="Install Server").click()
        toast(page, "installing the server").wait_for()
        vscode.picture("installing")
        vscode.until_hint(LINE, "3.0MB", seconds=120)
        expect(toast(page, "installing the server")).to_be_hidden()
        [python] = running.state.glob("data/User/globalStorage/alloclens.alloclens/server-*/bin/python")
        assert python.is_file()


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"), reason="the extension is for another platform"
)
def test_the_extension_for_this_platform_needs_no_python(page: Page, tmp_path: Path) -> None:
    assert PLATFORM_VSIX.exists(), "no VSIX: run `make vsix TARGET=linux-x64`"
    programs, folder = tmp_path / "bin", tmp_path / "w"
    for directory in (programs, folder):
        directory.mkdir()
    for name in ("sh", "git"):
        (programs / name).symlink_to(str(shutil.which(name)))
    module(folder)
    with workbench(PLATFORM_VSIX, {}, str(programs)) as running:
        vscode = VsCode(running, page)
        vscode.open(folder, folder / "main.go")
        vscode.until_hint(LINE, "3.0MB")
        vscode.picture("private-python")
        assert toast(page, "no server").count() == 0
        [pid] = vscode.servers()
        program = Path(f"/proc/{pid}/exe").resolve()
        assert program.is_relative_to(running.state / "extensions")
