"""No program of a workspace runs before a person trusts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from scripts.workbench import workbench
from tests.e2e.conftest import VSIX
from tests.support.page import VsCode
from tests.support.processes import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from scripts.workbench import Workbench


@pytest.fixture(scope="module")
def asking() -> Iterator[Workbench]:
    """A workbench that trusts no folder by itself."""
    with workbench(VSIX, {}, trusts=False) as running:
        yield running


@pytest.mark.parametrize("settings", ["{}", '{"alloclens.server.command": "${workspaceFolder}/.venv/bin/python"}'])
def test_a_workspace_that_is_not_trusted(asking: Workbench, page: Page, tmp_path: Path, settings: str) -> None:
    program, ran = tmp_path / ".venv/bin/python", tmp_path / "ran"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho >> {ran}\n")
    program.chmod(0o755)
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode/settings.json").write_text(settings)
    (tmp_path / "main.go").write_text("package main\n")
    (tmp_path / "go.mod").write_text("module example.com/x\n")  # else the extension is not needed
    vscode = VsCode(asking, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    expect(page.locator(".statusbar-item", has_text="Restricted Mode")).to_be_visible()
    vscode.run("Extensions: Show Installed Extensions")
    expect(page.locator(".monaco-list-row.disabled .extension-list-item", has_text="alloclens")).to_be_visible()
    assert not vscode.status.is_visible()
    assert not ran.exists()
    vscode.run("Workspaces: Manage Workspace Trust")
    page.locator(".workspace-trust-editor .monaco-button", has_text="Trust").first.click()
    assert until(ran.exists)
