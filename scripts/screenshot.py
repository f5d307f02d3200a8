"""make screenshot: runs the demo in a headless browser until its leaks are found; takes pictures into docs/."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import leaky, tools
from scripts.demo import SERVER, VSIX
from scripts.workbench import end_on_signals, workbench
from tests.support import gokinds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

DOCS = tools.ROOT / "docs"
WALKTHROUGH = tools.ROOT / "vscode-client" / "walkthrough"
SAMPLE = tools.ROOT / "vscode-client" / "sample"
LEAK_SECONDS = 240


def main() -> None:
    """Take the pictures."""
    end_on_signals()
    take_walkthrough()
    with tempfile.TemporaryDirectory() as folder:
        example = leaky.copy(Path(folder) / "leaky")
        with leaky.under_load(example), workbench(VSIX, {"alloclens.server.command": str(SERVER)}) as running:
            _take(running.url(example, example / "leaks.go"))
        program = Path(folder) / "gokinds"
        with gokinds.running(program) as made, workbench(VSIX, {"alloclens.server.command": str(SERVER)}) as running:
            for turn in range(3 * len(gokinds.KINDS)):
                made.write(gokinds.KINDS[turn % len(gokinds.KINDS)], turn)
            _take_kinds(running.url(program, made.source))
    tools.say("demo.png, stacks.png, flame-graph.png and kinds.png in docs/ are new.")


@contextlib.contextmanager
def _opened(url: str, height: int) -> Iterator[Page]:
    with tools.playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.chromium(), args=tools.CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": height})
        page.goto(url)
        page.locator(".monaco-editor .view-line").first.wait_for(timeout=60_000)
        yield page
        browser.close()


def take_walkthrough() -> None:
    """Take the pictures of the walkthrough: what a window shows without a server, and the sample with one."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(shutil.copytree(SAMPLE, Path(folder) / "sample"))
        with workbench(VSIX, {}, "/bin") as running, _opened(running.url(sample, sample / "shop.go"), 800) as page:
            page.locator(".notifications-toasts .notification-list-item").wait_for(timeout=60_000)
            page.screenshot(path=WALKTHROUGH / "server.png", clip={"x": 680, "y": 480, "width": 600, "height": 320})
        server = {"alloclens.server.command": str(SERVER)}
        with workbench(VSIX, server) as running, _opened(running.url(sample, sample / "shop.go"), 800) as page:
            page.keyboard.press("Control+b")  # the side bar
            page.keyboard.press("Control+g")
            page.keyboard.type("46")
            page.keyboard.press("Enter")
            line = page.locator(".view-line", has_text="receiptBytes").filter(has_text="MB")
            line.wait_for(timeout=60_000)
            page.wait_for_timeout(2000)
            at = line.bounding_box() or {"y": 400}
            page.screenshot(
                path=WALKTHROUGH / "number.png", clip={"x": 40, "y": at["y"] - 150, "width": 900, "height": 250}
            )
            page.keyboard.press("F1")
            page.locator(".quick-input-widget input").first.fill(">alloclens: Capture…")
            page.locator(".quick-input-list .monaco-list-row", has_text="Capture…").first.click()
            box = page.locator('.quick-input-widget input[placeholder*="URL"]')
            box.wait_for(timeout=60_000)
            box.fill("http://localhost:6060")
            page.mouse.move(20, 780)
            page.wait_for_timeout(3000)
            page.screenshot(path=WALKTHROUGH / "capture.png", clip={"x": 300, "y": 0, "width": 680, "height": 260})


def _take_kinds(url: str) -> None:
    """Take a picture of a line with several kinds of profiles, and its hover."""
    with _opened(url, 900) as page:
        page.keyboard.press("Control+b")  # the side bar
        line = page.locator(".view-line", has_text="kinds: park")
        page.keyboard.press("Control+g")
        page.keyboard.type("75")
        page.keyboard.press("Enter")
        line.filter(has_text="leaked goroutines").wait_for(timeout=60_000)
        line.locator("span", has_text="unknown").last.hover()
        page.locator(".monaco-hover", has_text="owned").wait_for()
        page.wait_for_timeout(2000)
        page.screenshot(path=DOCS / "kinds.png")


def _take(url: str) -> None:
    with _opened(url, 1240) as page:
        _wait_for_leaks(page)
        _tidy(page)
        page.screenshot(path=DOCS / "demo.png")
        _open_stacks(page)
        page.screenshot(path=DOCS / "stacks.png")
        _open_flame_graph(page)
        page.screenshot(path=DOCS / "flame-graph.png")


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
    page.locator(".sidebar .monaco-list-row", has_text="telemetry.register").first.wait_for()
    page.wait_for_timeout(2000)


def _open_flame_graph(page: Page) -> None:
    page.keyboard.press("Control+b")  # the side bar
    page.keyboard.press("F1")
    page.locator(".quick-input-widget input").first.fill(">alloclens: Show Flame Graph")
    page.locator(".quick-input-list .monaco-list-row", has_text="Show Flame Graph").first.click()
    frames = page.frame_locator("iframe.webview").frame_locator("#active-frame").locator("g.frame")
    frames.filter(has_text="register").first.hover(timeout=60_000)
    page.wait_for_timeout(2000)


if __name__ == "__main__":
    main()
