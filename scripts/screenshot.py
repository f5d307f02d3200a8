"""make screenshot: runs the demo in a headless browser until its leaks are found; takes pictures into docs/."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import leaky, tools
from scripts.demo import SERVER, VSIX
from scripts.workbench import end_on_signals, workbench

if TYPE_CHECKING:
    from playwright.sync_api import Page

DOCS = tools.ROOT / "docs"
LEAK_SECONDS = 240


def main() -> None:
    """Take the pictures."""
    end_on_signals()
    with tempfile.TemporaryDirectory() as folder:
        example = leaky.copy(Path(folder) / "leaky")
        with leaky.under_load(example), workbench(VSIX, {"alloclens.server.command": str(SERVER)}) as running:
            _take(running.url(example, example / "leaks.go"))
    tools.say("demo.png, stacks.png and flame-graph.png in docs/ are new.")


def _take(url: str) -> None:
    with tools.playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1240})
        page.goto(url)
        page.locator(".monaco-editor .view-line").first.wait_for(timeout=60_000)
        _wait_for_leaks(page)
        _tidy(page)
        page.screenshot(path=DOCS / "demo.png")
        _open_stacks(page)
        page.screenshot(path=DOCS / "stacks.png")
        _open_flame_graph(page)
        page.screenshot(path=DOCS / "flame-graph.png")
        browser.close()


def _wait_for_leaks(page: Page) -> None:
    page.keyboard.press("Control+Shift+m")  # the Problems view
    problems = page.locator(".markers-panel .monaco-list-row", has_text="Leak:")
    for _ in range(LEAK_SECONDS):
        if problems.count() >= 3:
            return
        page.wait_for_timeout(1000)
    raise SystemExit(f"after {LEAK_SECONDS} s only {problems.count()} leaks were found.")


def _tidy(page: Page) -> None:
    page.keyboard.press("Control+b")  # the side bar
    page.locator(".view-line", has_text="package").first.click()
    page.wait_for_timeout(2000)


def _open_stacks(page: Page) -> None:
    page.keyboard.press("Control+j")  # the panel
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator(".view-line", has_text="handler.ServeHTTP").first.click()  # brings the line above it into view
    page.locator('.view-line span[class*="dyn-rule"]', has_text="owned").last.click(modifiers=["ControlOrMeta"])
    peek = page.locator(".peekview-widget")
    peek.locator(".monaco-list-row", has_text="telemetry.go").click()
    page.wait_for_timeout(2000)


def _open_flame_graph(page: Page) -> None:
    page.keyboard.press("Escape")  # the peek view
    page.keyboard.press("F1")
    page.locator(".quick-input-widget input").first.fill(">alloclens: Show Flame Graph")
    page.locator(".quick-input-list .monaco-list-row", has_text="Show Flame Graph").first.click()
    frames = page.frame_locator("iframe.webview").frame_locator("#active-frame").locator("g.frame")
    frames.filter(has_text="register").first.hover(timeout=60_000)
    page.wait_for_timeout(2000)


if __name__ == "__main__":
    main()
