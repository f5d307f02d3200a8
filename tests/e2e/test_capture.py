"""In a real VS Code: profiles are captured by a click, shown, and captured again until they are stopped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.test_hints import KEEP, MAIN, MB
from tests.support.profiles import heap
from tests.support.server import profile_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode


def test_the_first_number_comes_by_a_click(vscode: VsCode, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(MAIN)
    with profile_server() as server:
        server.body = heap(f"main.keep:10@{tmp_path}/main.go:11 = 3x{MB}")
        vscode.open(tmp_path, tmp_path / "main.go")
        vscode.run("alloclens: Focus on Snapshots View")
        pane = vscode.page.locator(".pane").filter(has=vscode.page.locator('.pane-header[aria-label*="Snapshots"]'))
        pane.get_by_role("button", name="Capture one").click()
        asked = vscode.page.locator(".quick-input-widget")
        asked.locator('input[placeholder*="URL"]').fill(server.url)
        vscode.row(server.url.removeprefix("http://")).wait_for()
        vscode.picture("capture-from")
        vscode.page.keyboard.press("Enter")
        for number, choice in enumerate(("Heap", "Every N Seconds…", None, "Collect Garbage First")):
            if choice is None:
                asked.locator("input").first.fill("1")
                vscode.page.keyboard.press("Enter")
            else:
                vscode.row(choice).wait_for()
                vscode.picture(f"capture-{number}")
                vscode.pick(choice)
        vscode.until_hint(KEEP, "3.0MB")
        assert set(server.asked) == {"/debug/pprof/heap?gc=1"}
        item = vscode.page.locator('.statusbar-item[id*="alloclens.capture"]')
        expect(item).to_contain_text(re.compile(r"\d captures?, every 1 s"))
        expect(pane).to_contain_text("Every 1 s, the last at ")
        vscode.picture("capturing")
        server.status = 500
        expect(item).to_contain_text("capture failed")
        expect(pane).to_contain_text("Capture failed; tried again every 1 s.")
        server.status = 200
        expect(item).to_contain_text("every 1 s")
        item.click()
        vscode.pick("Stop Capturing")
        expect(item).to_contain_text("captured")
        taken = len(list((tmp_path / "profiles").glob("heap-*")))
        vscode.run("alloclens: Capture Now")
        expect(pane.locator(".monaco-list-row").first).to_contain_text(f"{taken + 1} snapshots")
        server.status = 404
        vscode.run("alloclens: Capture Now")
        toast = vscode.page.locator(".notification-toast", has_text="404 Not Found")
        expect(toast).to_be_visible()
        vscode.picture("capture-failed")
        server.status = 200
        toast.get_by_role("button", name="Try Again").click()
        expect(item).to_contain_text("captured")
        item.click()
        goroutines_of_the_same(vscode)
        expect(pane.locator(".monaco-list-row").first).to_contain_text(f"{taken + 3} snapshots")
        assert server.asked[-1].startswith("/debug/pprof/goroutine")


def goroutines_of_the_same(vscode: VsCode) -> None:
    """Capture from the program that was captured last: it is the first that is offered."""
    vscode.pick("Capture…")
    vscode.pick("captured last")
    for choice in ("What waits where.", "Once"):
        vscode.pick(choice)
