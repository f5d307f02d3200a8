"""python -m scripts.first_minute: a new user's first minute in a real VS Code, by mouse, with the seconds of each step.

It starts with no extension, no Python on PATH and no network, and takes a picture of each step into docs/first-minute/.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from scripts import leaky, tools
from scripts.workbench import end_on_signals, workbench

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = tools.ROOT / "docs" / "first-minute"
VSIX = tools.ROOT / "vscode-client" / "alloclens-linux-x64.vsix"
PROGRAMS = ("sh", "git")
"""All that is on PATH."""
ADDRESS = "127.0.0.1:6060"
"""Where Go programs usually serve their profiles, and where alloclens looks for them."""
SETTLE = 1000
"""Milliseconds that a person looks at a step; views that follow the numbers are drawn by then. They count."""
WAIT = 60_000
"""Milliseconds."""


def main() -> None:
    """Go through the steps."""
    end_on_signals()
    expect.set_options(timeout=WAIT)
    if not VSIX.exists():
        raise SystemExit(f"{VSIX} is missing: run `make vsix TARGET=linux-x64`.")
    with tempfile.TemporaryDirectory() as folder:
        example, programs = leaky.copy(Path(folder) / "leaky"), Path(folder) / "bin"
        programs.mkdir()
        (Path(folder) / "downloads").mkdir()
        vsix = Path(shutil.copy(VSIX, Path(folder) / "downloads"))
        for name in PROGRAMS:
            (programs / name).symlink_to(str(shutil.which(name)))
        with (
            leaky.serving(example, address=ADDRESS),
            workbench(None, {}, str(programs)) as running,
            tools.playwright() as driver,
        ):
            browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
            page = browser.new_page(viewport={"width": 1280, "height": 760})
            page.set_default_timeout(WAIT)
            page.goto(running.url(example))
            FirstMinute(page, vsix).go()
            browser.close()


class FirstMinute:
    """The steps, on one page."""

    def __init__(self, page: Page, vsix: Path) -> None:
        self.page = page
        self.vsix = vsix
        self.began = 0.0
        self.taken = 0

    def go(self) -> None:
        """Install, capture, and read the first number."""
        self.open_dialog()
        self.began = time.monotonic()
        self.install()
        self.open_source()
        self.capture()
        self.read()

    def step(self, what: str) -> None:
        """Say when a step was done, and take its picture."""
        seconds = time.monotonic() - self.began if self.began else 0.0
        self.taken += 1
        tools.say(f"{seconds:5.1f} s  {what}")
        PICTURES.mkdir(exist_ok=True)
        self.page.wait_for_timeout(SETTLE)
        self.page.screenshot(path=PICTURES / f"{self.taken}-{what.replace(' ', '-')}.png")

    def open_dialog(self) -> None:
        """Open the dialog that installs a VSIX."""
        self.page.locator(".explorer-viewlet .monaco-list-row", has_text="leaks.go").wait_for()
        self.page.locator('.activitybar [aria-label^="Extensions"]').first.click()
        self.page.locator(".sidebar .pane-header", has_text="Browser - Installed").wait_for()
        self.page.locator('.sidebar [aria-label^="Views and More Actions"]').first.click()
        self.page.get_by_role("menuitem", name="Install from VSIX...").click()
        rows = self.page.locator(".quick-input-list .monaco-list-row")
        rows.first.wait_for()  # while it lists the first directory, it forgets what is typed
        self.page.locator(".quick-input-widget input").first.fill(str(self.vsix))
        rows.filter(has_text=self.vsix.name).first.wait_for()
        self.step("file chosen")

    def install(self) -> None:
        """Install the extension, and wait until its icon is there."""
        self.page.locator(".quick-input-widget .monaco-button", has_text="Install").first.click()
        self.page.locator('.activitybar [aria-label^="alloclens"]').first.wait_for()
        self.step("installed")

    def open_source(self) -> None:
        """Open the source file."""
        self.page.locator('.activitybar [aria-label^="Explorer"]').first.click()
        self.page.locator(".explorer-viewlet .monaco-list-row", has_text="leaks.go").click()
        self.page.locator(".monaco-editor .view-line").first.wait_for()
        self.page.locator('.activitybar [aria-label^="alloclens"]').first.click()
        self.page.locator(".sidebar .monaco-button", has_text="Capture…").first.wait_for()
        self.step("source opened")

    def capture(self) -> None:
        """Capture the heap of the program that answers, every five seconds."""
        self.page.locator(".sidebar .monaco-button", has_text="Capture…").first.click()
        rows = self.page.locator(".quick-input-list .monaco-list-row")
        rows.filter(has_text=ADDRESS.split(":")[1]).first.wait_for()
        self.step("program found")
        rows.filter(has_text=ADDRESS.split(":")[1]).first.click()
        rows.filter(has_text="Heap").first.click()
        rows.filter(has_text="Every 10 Seconds").first.wait_for()
        self.step("interval asked")
        rows.filter(has_text="Every 10 Seconds").first.click()
        rows.filter(has_text="Collect Garbage First").first.click()

    def read(self) -> None:
        """Wait for the first number, then for growth."""
        hint = self.page.locator('.view-line span[class*="dyn-rule"]', has_text="MB")
        hint.first.wait_for()
        self.step("first number")
        hint.filter(has_text="▲").first.wait_for()
        self.step("growth")


if __name__ == "__main__":
    main()
