"""In a real VS Code: from Add Source… to hints, against a server with Pyroscope's API; and what is said once it is gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support import pyroscope
from tests.support.kept import workspace

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.support.page import VsCode

LEAKS = "kept = append(kept, make([]byte, 64<<10))"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pyroscope.build(tmp_path_factory.mktemp("pyroscope"))


def test_from_add_source_to_hints(
    vscode: VsCode, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workspace(tmp_path, monkeypatch)
    with pyroscope.serving(program, tmp_path / "kept") as url:
        vscode.open(folder, folder / "main.go")
        vscode.run("alloclens: Focus on Snapshots View")
        vscode.run("alloclens: Add Source…")
        vscode.pick("Pyroscope")
        typed(vscode, "Add Source: Address", url)
        typed(vscode, "Add Source: Name", "prod")
        vscode.pick("Test the Connection")
        toast = vscode.page.locator(".notification-toast", has_text=f"connect to pyroscope at {url}?")
        toast.get_by_role("button", name="Allow").click()
        expect(vscode.page.locator(".quick-input-title")).to_contain_text("1 service, newest heap 20")
        vscode.row("api").wait_for()
        vscode.picture("source-services")
        vscode.pick("api")
        vscode.pick("Write to alloclens.toml")
        vscode.pick("Last Hour")
        vscode.row("api-a").wait_for()
        vscode.picture("source-processes")
        vscode.row("api-b").locator(
            ".monaco-checkbox, .quick-input-list-checkbox"
        ).first.click()  # it is chosen at first
        vscode.page.locator(".quick-input-widget").get_by_role("button", name="OK").click()
        vscode.until_hint(LEAKS, re.compile(r".*▲"))
        assert f'url = "{url}"\nselect = "service_name=\\"api\\""' in (folder / "alloclens.toml").read_text()
        row = source_row(vscode)
        expect(row).to_contain_text(re.compile(r"pyroscope · \d+ snapshots"))
        expect(vscode.page.locator(".squiggly-warning").first).to_be_visible()
        expect(row).not_to_contain_text("fetching")
        expect(
            vscode.page.locator(".pane").filter(has=vscode.page.locator('.pane-header[aria-label*="Findings"]'))
        ).to_contain_text("main.go:9")
        vscode.page.wait_for_timeout(1000)  # until the bars of the views have ended
        vscode.picture("source-hints")
    row.hover()
    row.get_by_role("button", name="Fetch Snapshots…").click()
    vscode.pick("Last 6 Hours")
    toast = vscode.page.locator(".notification-toast", has_text="Connection refused")
    expect(toast.get_by_role("button", name="Try Again")).to_be_visible()
    vscode.picture("source-gone")
    assert "▲" in vscode.hints()[LEAKS]


def source_row(vscode: VsCode) -> Locator:
    pane = vscode.page.locator(".pane").filter(has=vscode.page.locator('.pane-header[aria-label*="Snapshots"]'))
    return pane.locator(".monaco-list-row", has_text="pyroscope ·")


def typed(vscode: VsCode, title: str, text: str) -> None:
    """Type into the input box with this title."""
    expect(vscode.page.locator(".quick-input-title")).to_contain_text(title)
    vscode.page.locator(".quick-input-widget input").first.fill(text)
    vscode.page.keyboard.press("Enter")
