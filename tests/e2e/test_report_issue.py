"""In a real VS Code: what a bug report says before its author edits it."""

from __future__ import annotations

import json
import platform
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import alloclens
from playwright.sync_api import expect

from scripts import tools
from tests.e2e.test_hints import KEEP, MAIN, snapshot
from tests.support.page import VsCode
from tests.support.profiles import drop

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from scripts.workbench import Workbench


def test_a_bug_report_has_what_it_needs_and_nothing_else(vscode: VsCode, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    drop(tmp_path / "profiles/1.pb.gz", snapshot(tmp_path, 3))
    vscode.open(tmp_path, tmp_path / "main.go")
    vscode.until_hint(KEEP, "3.0MB")
    lines = report(vscode)
    assert lines[0] == "What did you do, what did you expect, and what happened instead?"
    assert lines.count("````text") == lines.count("````") == 1
    manifest = json.loads((tools.ROOT / "vscode-client/package.json").read_text("utf-8"))
    code = json.loads((tools.CODE_SERVER / "lib/vscode/package.json").read_text("utf-8"))
    server = Path(sysconfig.get_path("scripts")) / "alloclens"
    for line in (
        f"extension: {manifest['version']}",
        f"VS Code: {code['version']} (remote)",
        f'settings of the extension: {{"server.command":"{server}"}}',
        f"alloclens: {alloclens.__version__}",
        f"platform: {platform.platform()}",
        "settings: defaults",
        "snapshots: 1, 0 still to be read",
        "recorded files: 2",
        "  no place: 1",
        "problems: 0",
    ):
        assert line in lines, lines
    assert [line for line in lines if re.match(r"cache: \S+/alloclens/snapshots\.sqlite3 \(\d+ bytes\)$", line)]
    assert [line for line in lines if re.match(r"allowed: ~/", line)], "the home directory is not named"
    text = "\n".join(lines)
    for private in ("append", "main.go", "main.keep", "MB", str(vscode.code.state), str(tmp_path)):
        assert private not in text


def test_a_bug_report_without_a_server(unprepared: Workbench, page: Page, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    (tmp_path / "go.mod").write_text("module example.com/x\n")
    vscode = VsCode(unprepared, page)
    vscode.open(tmp_path, tmp_path / "main.go")
    vscode.expect_status("no server")
    assert "The server is not running." in report(vscode)


def report(vscode: VsCode) -> list[str]:
    """Run the command and return the lines of the document that it opens, which is not saved."""
    page = vscode.page
    windows = len(page.context.pages)
    vscode.run("alloclens: Report an Issue")
    expect(page.locator(".tab.active.dirty", has_text="What did you do")).to_be_visible()
    vscode.picture("report-issue")
    assert len(page.context.pages) == windows, "nothing is sent, and no page is opened"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    return page.evaluate("() => navigator.clipboard.readText()").splitlines()
