"""Where the extension finds its server, and what it says when it finds none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.page import VsCode
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from scripts.workbench import Workbench

TEXT = "package main\n\nvar kept = make([]byte, 1<<20)\n"


def module(folder: Path) -> Path:
    (folder / "main.go").write_text(TEXT)
    drop(folder / "profiles/a.pb.gz", heap(f"main.init@{folder}/main.go:3 = 3x{1 << 20}"))
    return folder


def test_the_virtual_environment_of_the_workspace(unprepared: Workbench, page: Page, tmp_path: Path) -> None:
    module(tmp_path)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    vscode = VsCode(unprepared, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    vscode.until_hint("var kept = make([]byte, 1<<20)", "3.0MB")


def test_no_server_is_said_with_a_button_that_says_how(unprepared: Workbench, page: Page, tmp_path: Path) -> None:
    module(tmp_path)
    vscode = VsCode(unprepared, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    toast = page.locator(".notifications-toasts .notification-list-item", has_text="no server was found")
    toast.wait_for()
    vscode.expect_status("no server")
    toast.locator(".monaco-button", has_text="How to Install").click()
    expect(page.locator(".tab.active")).to_contain_text("README.md")
