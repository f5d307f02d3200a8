"""In a real VS Code: profile files open as tables and pictures, and are compared from the explorer."""

from __future__ import annotations

import contextlib
import json
import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
from alloclens.tables.call_graph import GraphLimits
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from tests.e2e.test_hints import KEEP, MAIN, MB
from tests.e2e.test_views import view, webview
from tests.lsp.test_profile_files import DHAT, V8
from tests.support.profiles import drop, heap
from tests.tables.test_call_graph import by_pprof

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small Go program with a series of profiles, and profiles of other kinds beside it."""
    main, dep = tmp_path / "main.go", tmp_path / "vendor/example.com/dep/dep.go"
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    main.write_text(MAIN)
    for number, held in enumerate((3, 10, 40)):
        stacks = (
            f"main.keep:10@{main}:11 < main.serve:5@{main}:7 < main.main@{main}:7 = {held}x{MB}",
            f"main.keep:10@{main}:11 < example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 6x{MB}",
            f"fmt.Sprint@/usr/local/go/src/fmt/print.go:9 < main.serve:5@{main}:6 = 1x{MB // 64}",
        )
        drop(tmp_path / f"profiles/{number}.pb.gz", heap(*stacks))
    drop(tmp_path / "other/one.pprof", heap(f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 100x{MB}"))
    (tmp_path / "other/dhat-heap.json").write_text(json.dumps(DHAT))
    (tmp_path / "other/a.heapprofile").write_text(json.dumps(V8))
    return tmp_path


def go_to_file(vscode: VsCode, name: str) -> None:
    vscode.page.keyboard.press("Control+p")
    box = vscode.page.locator(".quick-input-widget input").first
    box.fill(name)
    vscode.row(name).wait_for()
    vscode.page.keyboard.press("Enter")


def choose_in_explorer(vscode: VsCode, name: str, item: str) -> None:
    """Choose an item of a file's menu, which lacks what came after it was opened.

    By the keyboard, since a click may be taken for the end of the one that opened the menu.
    """
    row = vscode.page.locator(".explorer-folders-view .monaco-list-row", has_text=name).first
    entry = vscode.page.get_by_role("menuitem", name=item, exact=True)
    for seconds in (2, 5, 60):
        row.click(button="right")
        vscode.page.locator(".monaco-menu .action-item").first.wait_for()
        with contextlib.suppress(PlaywrightTimeout):
            entry.hover(timeout=seconds * 1000)
            break
        vscode.page.keyboard.press("Escape")
    expect(vscode.page.locator(".monaco-menu .action-item.focused")).to_contain_text(item)
    vscode.page.keyboard.press("Enter")


def test_a_profile_opens_as_a_table_and_as_pictures(vscode: VsCode, folder: Path) -> None:
    later = drop(folder / "other/3.pb.gz", heap(f"main.keep:10@{folder}/main.go:11 = 50x{MB}"))
    (folder / "other/memory.bin").write_bytes((folder / "other/one.pprof").read_bytes())
    vscode.open(folder, folder / "main.go")
    vscode.until_hint(KEEP, "46.0MB ▲37.0MB")
    go_to_file(vscode, "2.pb.gz")
    page = webview(vscode)
    expect(page.get_by_role("heading", name="2.pb.gz")).to_be_visible()
    keep = page.get_by_role("row").filter(has_text="main.keep")
    expect(keep).to_contain_text("46.0MB")
    vscode.picture("profile-table")
    page.get_by_role("tab", name="Call Graph").click()
    nodes, edges = by_pprof(folder / "profiles/2.pb.gz", GraphLimits(), "inuse_space", "B")
    expect(page.locator("g.node")).to_have_count(len(nodes))
    expect(page.locator("path.edge")).to_have_count(len(edges))
    vscode.picture("call-graph")
    page.locator('g.node[data-name="example.com/dep.New"]').click()
    expect(page.locator("g.node")).to_have_count(3)
    page.get_by_role("button", name="All Functions").click()
    expect(page.locator("g.node")).to_have_count(len(nodes))
    page.get_by_role("tab", name="Flame Graph").click()
    expect(page.locator("g.frame").filter(has_text="dep.New").first).to_be_visible()
    page.get_by_role("tab", name="Table").click()
    keep.get_by_role("button", name="Callers and callees").click()
    expect(page.locator("g.frame").filter(has_text="dep.New").first).to_be_visible()
    vscode.picture("sandwich")
    for name, function in (("one.pprof", "main.keep"), ("dhat-heap.json", "shop::keep"), ("a.heapprofile", "keep")):
        if name == "a.heapprofile":  # for which VS Code has an editor of its own
            choose_in_explorer(vscode, name, "Open Profile")
        else:
            go_to_file(vscode, name)
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_role("row").filter(has_text=function)).to_be_visible()
    reopened(vscode)
    dropped_on_the_snapshots(vscode, later)
    assert (folder / "profiles/3.pb.gz").read_bytes() == later.read_bytes()


def reopened(vscode: VsCode) -> None:
    """Open a file that is not named as a profile as one."""
    go_to_file(vscode, "memory.bin")
    vscode.page.get_by_text("The file is not displayed in the text editor").wait_for()
    vscode.run("View: Reopen Editor With...")
    vscode.pick("Profile")
    expect(webview(vscode).get_by_role("heading", name="memory.bin")).to_be_visible()
    expect(webview(vscode).get_by_role("row").filter(has_text="main.keep")).to_contain_text("100")
    vscode.picture("reopened")


def dropped_on_the_snapshots(vscode: VsCode, profile: Path) -> None:
    """Drag the tab of a profile to the view, which copies it into the series."""
    rows = view(vscode, "Snapshots")
    expect(rows.first).to_contain_text("3 snapshots")
    go_to_file(vscode, profile.name)
    tab = vscode.page.locator(".tab.active", has_text=profile.name)
    tab.wait_for()
    tab.drag_to(rows.first)
    vscode.picture("dropped")
    expect(rows.first).to_contain_text("4 snapshots")


def test_files_are_compared_from_the_explorer(vscode: VsCode, folder: Path) -> None:
    vscode.open(folder, folder / "main.go")
    vscode.until_hint(KEEP, "46.0MB ▲37.0MB")
    vscode.run("View: Show Explorer")
    tree = vscode.page.locator(".explorer-folders-view")
    for directory in ("other", "profiles"):
        tree.locator(".monaco-list-row", has_text=re.compile(f"^{directory}$")).first.click()

    choose = partial(choose_in_explorer, vscode)
    choose("1.pb.gz", "Use as Base")
    vscode.until_hint(KEEP, "46.0MB ▲30.0MB")
    choose("one.pprof", "Use as Head")
    vscode.until_hint(KEEP, "100MB ▲54.0MB")
    choose("0.pb.gz", "Select Profile for Compare")
    choose("2.pb.gz", "Compare Profile with Selected")
    page = webview(vscode)
    expect(page.get_by_role("heading", name="2.pb.gz")).to_be_visible()
    expect(page.locator(".alloclens-summary")).to_contain_text("compared with 0.pb.gz")
    expect(page.get_by_role("row").filter(has_text="main.keep")).to_contain_text("▲37.0MB")
    expect(vscode.status).to_contain_text("0.pb.gz → 2.pb.gz")
    choose("1.pb.gz", "Select Profile for Compare")
    choose("2.pb.gz", "Compare Profile with Selected")  # in the page that it has
    expect(page.locator(".alloclens-summary")).to_contain_text("compared with 1.pb.gz")
    vscode.run("View: Open First Editor in Group")
    vscode.until_hint(KEEP, "46.0MB ▲30.0MB")
