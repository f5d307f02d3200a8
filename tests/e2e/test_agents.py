"""In a real VS Code: the server for agents is there without configuration, and starts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.test_hints import KEEP, MAIN, snapshot
from tests.lsp.test_findings import POLL
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode

TICKER = "\tticker := time.NewTicker(time.Minute)"


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


def test_a_finding_has_its_usual_fix_and_its_text_for_an_agent_at_its_line(vscode: VsCode, tmp_path: Path) -> None:
    """The fix is shown before it is made. What is copied is the same text as from the view."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    main = tmp_path / "main.go"
    main.write_text(POLL)
    for i in range(40):
        tickers = f"time.NewTicker@/usr/local/go/src/time/tick.go:36 < main.poll:3@{main}:4"
        drop(tmp_path / f"profiles/{i:03}.pb.gz", heap(f"{tickers} = {1000 + 4000 * i}x256"))
    vscode.open(tmp_path, main)
    vscode.until_hint(TICKER.strip(), re.compile("^38.3MB"))
    page = vscode.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    vscode.quick_fix(vscode.line(TICKER.strip()), "Copy for an Agent")
    expect(page.locator(".statusbar")).to_contain_text("The finding was copied for an agent.")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("main.go:4  main.poll\n")
    assert "defer ticker.Stop()" in text
    vscode.quick_fix(vscode.line(TICKER.strip()), "Add `defer ticker.Stop()` after this line")
    expect(page.get_by_role("tree", name="Bulk Edit")).to_contain_text("main.go")
    vscode.picture("fix")
    assert main.read_text() == POLL
    page.get_by_role("tree", name="Bulk Edit").get_by_role("checkbox").nth(
        1
    ).click()  # nothing is confirmed unless it is ticked
    page.get_by_role("button", name="Apply").click()
    expect(vscode.line("defer ticker.Stop()")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator(".tab.active.dirty")).to_have_count(0)
    assert main.read_text() == POLL.replace(f"{TICKER}\n", f"{TICKER}\n\tdefer ticker.Stop()\n")
