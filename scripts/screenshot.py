"""make screenshot: runs the demo in a headless browser until its three leaks are found, and takes docs/demo.png."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import leaky, tools
from scripts.demo import SERVER, VSIX
from scripts.workbench import workbench

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURE = tools.ROOT / "docs" / "demo.png"
LEAK_SECONDS = 240


def main() -> None:
    """Take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        example = leaky.copy(Path(folder) / "leaky")
        with leaky.under_load(example), workbench(VSIX, {"alloclens.server.command": str(SERVER)}) as running:
            _take(running.url(example, example / "leaks.go"))
    tools.say(f"{PICTURE.relative_to(tools.ROOT)} is new.")


def _take(url: str) -> None:
    with tools.playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 1240})
        page.goto(url)
        page.locator(".monaco-editor .view-line").first.wait_for(timeout=60_000)
        _wait_for_leaks(page)
        _tidy(page)
        page.screenshot(path=PICTURE)
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


if __name__ == "__main__":
    main()
