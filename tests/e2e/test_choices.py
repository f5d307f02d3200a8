"""What the user chooses is kept in VS Code, and a hint has one hover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.e2e.test_hints import KEEP, MAIN, snapshot
from tests.support.profiles import drop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode


def test_choices_write_no_file_of_the_workspace_until_they_are_to(vscode: VsCode, tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    for i, kept in enumerate((1, 2, 12)):
        drop(tmp_path / f"profiles/{i}.pb.gz", snapshot(tmp_path, kept))
    vscode.open(tmp_path, tmp_path / "main.go")
    vscode.until_hint(KEEP, "12.0MB ▲11.0MB")
    vscode.hint(KEEP).hover()
    shown = vscode.page.locator(".monaco-hover:visible")
    expect(shown.filter(has_text="Details")).to_have_count(1)
    assert shown.inner_text().count("Heaviest stack") == 1
    numbers = shown.get_by_text("alloc_objects")
    expect(numbers).to_be_hidden()
    vscode.picture("hover")
    shown.get_by_text("Details").click()
    expect(numbers).to_be_visible()
    vscode.picture("hover-with-details")
    vscode.page.keyboard.press("Escape")
    vscode.run("alloclens: Choose Base Snapshot")
    first = vscode.row("first")
    expect(first).to_contain_text("0.pb.gz")
    expect(vscode.page.locator(".quick-input-list .monaco-list-row", has_text="2.pb.gz")).to_have_count(0)
    vscode.pick("previous")
    vscode.until_hint(KEEP, "12.0MB ▲10.0MB")
    vscode.run("alloclens: Choose Head Snapshot")
    expect(vscode.row("latest")).to_contain_text("2.pb.gz")
    vscode.pick("1.pb.gz")
    vscode.until_hint(KEEP, "2.0MB")
    vscode.run("alloclens: Choose Head Snapshot")
    vscode.pick("latest")
    vscode.until_hint(KEEP, "12.0MB ▲10.0MB")
    vscode.run("alloclens: Toggle Hints")
    vscode.until_hint(KEEP, "")
    vscode.run("alloclens: Toggle Hints")
    vscode.until_hint(KEEP, "12.0MB ▲10.0MB")
    assert not (tmp_path / ".vscode").exists()
    vscode.run("alloclens: Write to alloclens.toml")
    expect(vscode.page.locator(".tab.active")).to_contain_text("alloclens.toml")
    assert (tmp_path / "alloclens.toml").read_text() == 'base = "previous"\nhead = "latest"\nhints = true\n'
