"""python -m scripts.first_ten_minutes [caddy|nats-server|leak]: real services under load, looked at in a real VS Code, by mouse.

The services come from the Go module proxy. Caddy and NATS leak nothing; then Caddy is given a leak. A picture of each step
goes into docs/first-ten-minutes/. Each takes five to ten minutes.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from scripts import services, tools
from scripts.first_minute import VSIX
from scripts.workbench import end_on_signals, workbench

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator, Page

PICTURES = tools.ROOT / "docs" / "first-ten-minutes"
PROGRAMS = ("sh", "git", "go")
"""All that is on PATH."""
WIDTH, HEIGHT = 1280, 760
SETTLE = 1500
"""Milliseconds until what follows the numbers is drawn."""
WAIT = 60_000
"""Milliseconds."""
SNAPSHOTS = 30
"""By then a leak is proven; the load has stopped rising before."""
LEAK_SECONDS = 600
RUNS = {"caddy": services.CADDY, "nats-server": services.NATS, "leak": services.CADDY}
PICTURED = {
    "caddy": ("first number", "hover", "findings", "explain"),
    "nats-server": ("first number", "findings"),
    "leak": ("leak found", "hover", "stacks", "flame graph", "call graph"),
}
"""The steps of each run of which a picture is kept."""


def main() -> None:
    """Go through the steps with each service, or with those that are named."""
    end_on_signals()
    expect.set_options(timeout=WAIT)
    if not VSIX.exists():
        raise SystemExit(f"{VSIX} is missing: run `make vsix TARGET=linux-x64`.")
    PICTURES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or RUNS:
        with tempfile.TemporaryDirectory() as folder:
            run(name, RUNS[name], Path(folder))


def run(name: str, service: services.Service, folder: Path) -> None:
    """Build a service, run it, and look at it."""
    source = services.fetch(service, folder / service.name)
    if name == "leak":
        services.patch(service, source)
    program = services.build(service, source)
    programs = folder / "bin"
    programs.mkdir()
    for one in PROGRAMS:
        (programs / one).symlink_to(Path(str(shutil.which(one))).resolve())
    with (
        services.serving(service, program, folder / "run"),
        workbench(VSIX, {}, str(programs)) as running,
        tools.playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(WAIT)
        page.goto(running.url(source, source / service.file))
        minutes = TenMinutes(page, service, name)
        if name == "leak":
            minutes.find_leak()
        else:
            minutes.go()
        browser.close()


class TenMinutes:
    """The steps, on one page."""

    def __init__(self, page: Page, service: services.Service, name: str) -> None:
        self.page = page
        self.service = service
        self.name = name
        self.began = time.monotonic()
        self.taken = 0

    def go(self) -> None:
        """Look at a service that does not leak."""
        self.capture()
        self.first_number()
        self.hover()
        self.stacks()
        self.pictures()
        self.until_snapshots(SNAPSHOTS)
        self.findings()
        self.explain()

    def find_leak(self) -> None:
        """Wait until the leak is found, and follow it."""
        self.capture()
        self.pane("Findings").locator(".monaco-list-row", has_text="leak ·").first.click(timeout=LEAK_SECONDS * 1000)
        self.look_away()
        self.hint().wait_for()
        self.step("leak found")
        self.hover()
        self.stacks()
        self.pictures()

    def step(self, what: str) -> None:
        """Say when a step was done, and take its picture."""
        tools.say(f"{time.monotonic() - self.began:6.1f} s  {what}")
        self.page.wait_for_timeout(SETTLE)
        if what in PICTURED[self.name]:
            self.taken += 1
            self.page.screenshot(path=PICTURES / f"{self.name}-{self.taken}-{what.replace(' ', '-')}.png")

    def look_away(self) -> None:
        """Move the mouse to where nothing is shown of what is under it."""
        self.page.mouse.move(WIDTH / 2, HEIGHT - 40)

    def pane(self, title: str) -> Locator:
        """Return a view of the side bar."""
        head = self.page.locator(f'.pane-header[aria-label^="{title}"]')
        return self.page.locator(".sidebar .pane").filter(has=head)

    def press(self, view: str, button: str) -> None:
        """Click on a button in the title of a view, which is shown while the mouse is on it."""
        pane = self.pane(view)
        pane.locator(".pane-header").hover()
        pane.locator(f'.actions-container [aria-label^="{button}"]').first.click()

    def capture(self) -> None:
        """Capture the heap every ten seconds."""
        self.page.locator(".monaco-editor .view-line").first.wait_for()
        self.page.locator('.activitybar [aria-label^="alloclens"]').first.click()
        self.page.locator(".sidebar .monaco-button", has_text="Capture…").first.click()
        rows = self.page.locator(".quick-input-list .monaco-list-row")
        self.page.locator(".quick-input-widget input").first.fill(self.service.profiles)
        rows.filter(has_text=self.service.profiles.removeprefix("http://")).first.wait_for()
        rows.first.click()
        rows.filter(has_text="Heap").first.click()
        rows.filter(has_text="Every 10 Seconds").first.click()
        rows.filter(has_text="Collect Garbage First").first.click()

    def first_number(self) -> None:
        """Go to the heaviest line of the service's own code, which has a number beside it."""
        self.pane("Hot Lines").locator(".monaco-list-row").first.click(timeout=LEAK_SECONDS * 1000)
        self.look_away()
        self.hint().wait_for()
        self.step("first number")

    def hint(self) -> Locator:
        """Return the first number beside a line."""
        return self.page.locator('.view-line span[class*="dyn-rule"]', has_text=re.compile("[kM]B")).first

    def hover(self) -> None:
        """Read what is said of the number."""
        self.hint().hover()
        self.page.locator(".monaco-hover", has_text="owned").first.wait_for()
        self.step("hover")
        self.page.keyboard.press("Escape")

    def stacks(self) -> None:
        """See the calls behind the number."""
        self.hint().click(modifiers=["ControlOrMeta"])
        self.pane("Stacks").locator(".monaco-list-row").first.wait_for()
        self.step("stacks")

    def pictures(self) -> None:
        """See the flame graph, and the call graph."""
        self.press("Hot Lines", "Show Flame Graph")
        self.frame().locator("g.frame").nth(3).wait_for()
        self.step("flame graph")
        self.press("Hot Lines", "More Actions")
        self.page.get_by_role("menuitem", name="Show Call Graph").hover()
        self.page.keyboard.press("Enter")  # a click may still be taken for the end of the one that opened the menu
        self.frame().locator("g.node").first.wait_for()
        self.step("call graph")

    def frame(self) -> FrameLocator:
        """Return the page of the picture in front."""
        return self.page.frame_locator("iframe.webview.ready >> visible=true").frame_locator("#active-frame")

    def until_snapshots(self, number: int) -> None:
        """Wait for so many snapshots."""
        said = self.page.locator(".statusbar-item", has_text=re.compile(rf"\b{number} captures"))
        said.wait_for(timeout=number * 15_000)

    def findings(self) -> None:
        """See what was found."""
        self.look_away()
        self.step("findings")

    def explain(self) -> None:
        """See where the files are, and why."""
        self.press("Findings", "Explain Placement")
        self.frame().get_by_role("table").wait_for()
        self.step("explain")


if __name__ == "__main__":
    main()
