"""The first minute: the sample, and the walkthrough."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.page import VsCode

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from scripts.workbench import Workbench

LEAK = "kept := make([]byte, receiptBytes)"


def test_the_sample_shows_its_one_leak(code: Workbench, page: Page) -> None:
    vscode = VsCode(code, page)
    page.goto(f"http://127.0.0.1:{code.port}/?ew=true", wait_until="domcontentloaded")
    page.locator(".statusbar").wait_for()
    page.wait_for_function("document.querySelector('.activitybar [aria-label^=alloclens i]')")
    vscode.run("alloclens: Open the Sample")
    page.wait_for_url(re.compile("folder=.*sample"))
    vscode.until_hint(LEAK, re.compile(r"^75\.2MB ▲74\.1MB$"))
    findings = page.locator(".sidebar .pane", has_text="Findings").first.locator(".monaco-list-row")
    expect(findings).to_have_count(1)
    expect(findings.first).to_contain_text("shop.go:46")
    expect(page.locator(".squiggly-warning").first).to_be_visible()
    vscode.picture("sample")
    vscode.run("Problems: Focus on Problems View")
    page.locator(".part.panel a", has_text="leak").first.click(timeout=20_000)
    rendered = page.frame_locator("iframe.webview").frame_locator("#active-frame")
    expect(rendered.locator("h2").first).to_have_text("What it means")


def test_the_walkthrough_ticks_what_was_done_before(code: Workbench, page: Page, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/x\n")
    vscode = VsCode(code, page)
    vscode.open(tmp_path, tmp_path / "go.mod")
    vscode.run("alloclens: Capture…")
    box = page.locator('.quick-input-widget input[placeholder*="URL"]')
    box.wait_for()
    page.keyboard.press("Escape")
    box.wait_for(state="hidden")
    vscode.run("alloclens: Get Started")
    steps = page.locator(".getting-started-step .step-title")
    expect(steps).to_have_text(["The server is installed", "Serve profiles", "Capture", "Read the first number"])
    ticked = page.locator(".getting-started-step", has=page.locator(".codicon-getting-started-step-checked:visible"))
    expect(ticked.locator(".step-title")).to_have_text(["The server is installed", "Capture"])
    for number in range(4):
        steps.nth(number).click()
        expect(page.locator(".getting-started-step.expanded .step-title")).to_have_text(steps.nth(number).inner_text())
        vscode.picture(f"walkthrough-{number + 1}")
