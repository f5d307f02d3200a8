"""In a real VS Code: the server for agents is there without configuration, and starts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.test_hints import KEEP, MAIN, snapshot
from tests.support.profiles import drop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode


def test_vs_code_starts_the_server_for_agents_and_finds_its_tools(vscode: VsCode, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode/settings.json").write_text(json.dumps({"chat.disableAIFeatures": False}))
    drop(tmp_path / "profiles/1.pb.gz", snapshot(tmp_path, 3))
    vscode.open(tmp_path, tmp_path / "main.go")
    vscode.until_hint(KEEP, "3.0MB")
    vscode.run("MCP: List Servers")
    vscode.pick("alloclens")
    vscode.pick("Start Server")
    output = vscode.page.locator(".output-view-container, .panel").filter(has_text="Discovered 6 tools").first
    expect(output).to_be_visible()
    vscode.picture("agents")
