"""The whole thing for real: a leaking service under load, its snapshots, a real VS Code, and whom it blames."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from scripts import leaky

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode

LEAK_SECONDS = 240


@pytest.mark.timeout(420)
def test_the_three_leaks_are_found_and_the_honest_lines_are_not(vscode: VsCode, leaky_copy: Path) -> None:
    marked = leaky.marked_lines(leaky_copy)
    leaks = {place[:2]: place[2] for name, place in marked.items() if name.startswith("leak ")}
    assert len(leaks) == 3
    assert len(marked) == 6
    with leaky.under_load(leaky_copy, every="3s"):
        vscode.open(leaky_copy, leaky_copy / "leaks.go")
        vscode.page.keyboard.press("Control+Shift+m")
        problems = until_leaks(vscode, len(leaks))
        assert problems == {str(line) for _, line in leaks}
        honest = vscode.page.locator(".markers-panel .monaco-list-row", has_text="honest.go")
        assert honest.all_inner_texts() == []
        for (_, line), text in leaks.items():
            vscode.page.locator(".markers-panel .monaco-list-row", has_text=f"Ln {line},").dblclick()
            vscode.until_hint(text, re.compile(".*▲"))


def until_leaks(vscode: VsCode, count: int) -> set[str]:
    """Wait for so many leaks in the Problems view, on whatever lines; return the lines."""
    rows = vscode.page.locator(".markers-panel .monaco-list-row", has_text="Leak:")
    end, lines = time.monotonic() + LEAK_SECONDS, set()
    while time.monotonic() < end and len(lines) < count:
        vscode.page.wait_for_timeout(500)
        lines = {re.search(r"Ln (\d+)", text)[1] for text in rows.all_inner_texts()}
    return lines
