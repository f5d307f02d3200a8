"""In a real VS Code: of two services one is shown, another is picked, and two files are compared. Pictures are kept in out/."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.test_views import view, webview
from tests.session.test_choice import MB, service
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode

SERVE = "func serve() { kept = append(kept, 1) }"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A monorepo of two services; the profiles of web are newer."""
    service(tmp_path, "api", "1.pb.gz", "2.pb.gz")
    service(tmp_path, "web", *(f"{i}.pb.gz" for i in range(1, 6)))
    return tmp_path


@pytest.fixture
def opened(vscode: VsCode, shop: Path) -> VsCode:
    vscode.open(shop, shop / "services/api/main.go")
    vscode.until_hint(SERVE, "2.0MB flat · 3.0MB cum")
    return vscode


def test_the_series_follows_the_editor_and_the_picker_and_files_are_compared(opened: VsCode, shop: Path) -> None:
    expect(opened.status).to_contain_text("api · inuse_space 3.0MB")
    rows = view(opened, "Snapshots")
    expect(rows.filter(has_text="web").first).to_be_visible()
    opened.picture("series")
    service(shop, "web", "6.pb.gz")
    expect(rows.filter(has_text="web").first).to_contain_text("6 snapshots")
    opened.until_hint(SERVE, "2.0MB flat · 3.0MB cum")

    opened.run("alloclens: Choose Series")
    expect(opened.row("Follow the active file")).to_be_visible()
    opened.picture("choose-series")
    opened.pick("web")
    expect(opened.status).to_contain_text("web · inuse_space")
    opened.until_hint(SERVE, "")
    expect(rows.first).to_contain_text("web")
    api = rows.filter(has_text="api").first
    api.hover()
    api.get_by_role("button", name="Show This Series").click()
    opened.until_hint(SERVE, "2.0MB flat · 3.0MB cum")
    compare(opened, shop)


def compare(opened: VsCode, shop: Path) -> None:
    """Compare two files of the explorer, and go back. The older one is the base, whichever is selected first."""
    for number, (name, held) in enumerate((("before", 10), ("after", 50))):
        path = drop(shop / f"{name}.pb.gz", heap(f"main.serve:5@{shop}/services/api/main.go:5 = {held}x{MB}"))
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    opened.run("Explorer: Focus on Folders View")
    files = opened.page.locator(".explorer-folders-view .monaco-list-row")
    after, before = (files.filter(has_text=f"{name}.pb.gz") for name in ("after", "before"))
    after.click()
    before.click(modifiers=["ControlOrMeta"])
    expect(opened.page.locator(".explorer-folders-view .monaco-list-row.selected")).to_have_count(2)
    before.click(button="right")
    opened.page.get_by_role("menuitem", name="Compare Two Profiles…").hover()
    expect(opened.page.locator(".monaco-menu .action-item.focused")).to_contain_text("Compare Two Profiles…")
    opened.page.keyboard.press("Enter")  # a click may still be taken for the end of the one that opened the menu
    expect(opened.status).to_contain_text("50.0MB (+40.0MB), before.pb.gz → after.pb.gz")
    page = webview(opened)
    expect(page.get_by_role("heading", name="after.pb.gz")).to_be_visible()
    expect(page.locator(".alloclens-summary")).to_contain_text("50.0MB (+40.0MB)")
    expect(page.locator(".alloclens-summary")).to_contain_text("compared with before.pb.gz")
    expect(page.locator("tbody tr").first).to_contain_text("▲40.0MB")
    opened.picture("compared-table")
    for tab in ("Call Graph", "Flame Graph"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_text("before.pb.gz → after.pb.gz").first).to_be_visible()
        expect(page.get_by_text("grew since the base").first).to_be_visible()
        opened.picture(f"compared-{tab.split()[0].lower()}")
    opened.run("View: Open First Editor in Group")
    opened.until_hint(SERVE, "50.0MB ▲40.0MB")
    opened.picture("compare")
    opened.run("alloclens: Back to the Series")
    opened.until_hint(SERVE, "2.0MB flat · 3.0MB cum")
