"""What a person sees and does in a VS Code window, by its DOM."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from scripts import tools

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from scripts.workbench import Workbench

OUT = tools.ROOT / "tests/e2e/out"
"""Pictures that the tests take, and those of failed tests."""
HINTS = """() => Object.fromEntries([...document.querySelectorAll('.monaco-editor.focused .view-line, .editor-instance .view-line')]
  .map((line) => [line, [...line.querySelectorAll('span[class*="dyn-rule"]')].map((span) => span.textContent).join('')])
  .filter(([, hint]) => hint.trim())
  .map(([line, hint]) => [line.textContent.slice(0, line.textContent.length - hint.length), hint])
  .map((pair) => pair.map((text) => text.replace(/[\\s\\u200a]+/g, ' ').trim())))"""
"""{text of the line: its hint}: a hint is injected text, a span of its line in a class of its own."""


class VsCode:
    """One window."""

    def __init__(self, code: Workbench, page: Page) -> None:
        self.code = code
        self.page = page
        self.others: list[int] = []
        """Servers of windows that were open before: VS Code keeps them for a while."""
        self.others = self.servers()

    def open(self, folder: Path, *files: Path) -> None:
        """Open a folder with some files, and wait for the last one's text."""
        self.page.goto(self.code.url(folder, *files), wait_until="domcontentloaded")
        self.page.locator(".monaco-editor .view-lines .view-line").first.wait_for()

    def picture(self, name: str) -> None:
        """Keep a picture of the window."""
        OUT.mkdir(exist_ok=True)
        self.page.screenshot(path=OUT / f"{name}.png")

    def hints(self) -> dict[str, str]:
        """Return the hints in view by the text of their lines."""
        return self.page.evaluate(HINTS)

    def until_hint(self, line: str, wanted: str | re.Pattern[str], seconds: float = 60) -> None:
        """Wait until the line with this text has this hint ("" for none)."""
        pattern = wanted if isinstance(wanted, re.Pattern) else re.compile(re.escape(wanted) + "$")
        end = time.monotonic() + seconds
        seen = None
        while time.monotonic() < end:
            seen = self.hints().get(line, "")
            if pattern.match(seen):
                return
            self.page.wait_for_timeout(100)
        status = self.page.locator(".statusbar").inner_text().split("\n")
        raise AssertionError(f"the hint of {line!r} is {seen!r}, not {wanted!r}; all: {self.hints()}; status: {status}")

    def hint(self, line: str) -> Locator:
        """Return the hint of a line, to click on."""
        return self.line(line).locator('span[class*="dyn-rule"]', has_text=re.compile(r"\w")).first

    def follow_hint(self, line: str, shown: Locator) -> None:
        """Ctrl+click on the hint of a line, until this is shown.

        A hint is drawn anew as the mouse and the key come to it: its place stays, its element does not.
        """
        end = time.monotonic() + 60
        while not shown.is_visible() and time.monotonic() < end:
            if (box := self.hint(line).bounding_box()) is None:
                continue
            self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            self.page.keyboard.down("Control")
            self.page.mouse.down()
            self.page.mouse.up()
            self.page.keyboard.up("Control")
            with contextlib.suppress(PlaywrightTimeout):
                shown.wait_for(timeout=3000)
        assert shown.is_visible()

    def line(self, text: str) -> Locator:
        return self.page.locator(".view-line").filter(has_text=re.compile(re.escape(text).replace(r"\ ", r"\s")))

    def run(self, title: str) -> None:
        """Run a command by its title, as in the command palette, whose list lacks what came after it was opened."""
        box, row = self.page.locator(".quick-input-widget input").first, self.row(title)
        for seconds in (5, 5, 10, 60):
            self.page.keyboard.press("F1")
            with contextlib.suppress(PlaywrightTimeout):  # a picture that opens takes the focus; that closes the list
                box.fill(f">{title}", timeout=seconds * 1000)
                row.wait_for(timeout=seconds * 1000)
                self.page.keyboard.press("Enter")
                return
            self.page.keyboard.press("Escape")
        raise AssertionError(f"the command palette does not offer {title!r}")

    def quick_fix(self, line: Locator, title: str) -> None:
        """Choose a quick fix of a line; VS Code knows of a new one only when it asks again."""
        wanted = self.page.locator(".action-widget .monaco-list-row", has_text=title).first
        end = time.monotonic() + 60
        while time.monotonic() < end:
            line.click(position={"x": 40, "y": 9})  # its element may be wider than the editor
            self.page.keyboard.press("Control+.")
            with contextlib.suppress(PlaywrightTimeout):
                wanted.click(timeout=3000)
                return
            self.page.keyboard.press("Escape")
        raise AssertionError(f"no quick fix {title!r}")

    def row(self, text: str) -> Locator:
        """Return a row of the open quick pick."""
        return self.page.locator(".quick-input-list .monaco-list-row", has_text=text).first

    def pick(self, text: str) -> None:
        """Choose a row of the open quick pick."""
        self.row(text).click()

    @property
    def status(self) -> Locator:
        return self.page.locator('.statusbar-item[id*="alloclens"]').first

    def expect_status(self, text: str | re.Pattern[str]) -> None:
        expect(self.status).to_contain_text(text, timeout=60_000)

    def servers(self) -> list[int]:
        """Return the language servers of this workbench that run on the folder's window, by pid."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                ours = entry.name.isdigit() and os.getsid(int(entry.name)) == self.code.pid
            except OSError:  # it has ended meanwhile
                continue
            if ours and words[-2:] == [b"lsp", b""] and int(entry.name) not in self.others:
                found.append(int(entry.name))
        return found

    def go_to_line(self, line: int) -> None:
        """Place the cursor at the start of a line; a view that opens takes the focus, which closes the box."""
        box = self.page.locator(".quick-input-widget input").first
        position = self.page.locator('.statusbar-item[id="status.editor.selection"]', has_text=f"Ln {line}, Col 1")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            self.page.keyboard.press("Control+g")
            with contextlib.suppress(PlaywrightTimeout):
                box.fill(f":{line}", timeout=5000)
                self.page.keyboard.press("Enter")
                box.wait_for(state="hidden", timeout=5000)  # until then the next keys are its own
                position.wait_for(timeout=5000)
                self.page.locator(".monaco-editor.focused").first.wait_for(timeout=5000)
                return
        raise AssertionError(f"the cursor is not at line {line}")
