"""In a real VS Code: views, focus, call hierarchy, flame graph and timeline. A picture of each is kept in out/."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.e2e.test_hints import DEP, KEEP, MAIN, MB
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import FrameLocator, Locator

    from tests.support.page import VsCode

HELD = (3, 10, 20, 30, 40)
"""MB through serve, snapshot by snapshot."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A line that is reached by two ways: from serve, ever more, and through a dependency, always 6 MB."""
    dep, main = tmp_path / "vendor/example.com/dep/dep.go", tmp_path / "main.go"
    dep.parent.mkdir(parents=True)
    dep.write_text(DEP)
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    main.write_text(MAIN)
    for number, held in enumerate(HELD):
        stacks = (
            f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = {held}x{MB}",
            f"main.keep:10@{main}:11 < example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 6x{MB}",
            f"runtime.doInit@/usr/local/go/src/runtime/proc.go:1 = 0x{MB}/999",  # it has run for long
        )
        drop(tmp_path / f"profiles/{number}.pb.gz", heap(*stacks))
    return tmp_path


@pytest.fixture
def opened(vscode: VsCode, folder: Path) -> VsCode:
    vscode.open(folder, folder / "main.go")
    vscode.until_hint(KEEP, "46.0MB ▲37.0MB")
    return vscode


def view(vscode: VsCode, name: str) -> Locator:
    """Open one of our views and return its rows."""
    vscode.run(f"alloclens: Focus on {name} View")
    pane = vscode.page.locator(".pane").filter(has=vscode.page.locator(f'.pane-header[aria-label*="{name}"]'))
    return pane.locator(".monaco-list-row")


def webview(vscode: VsCode) -> FrameLocator:
    return vscode.page.frame_locator("iframe.webview").frame_locator("#active-frame")


def line_of_the_timeline(vscode: VsCode) -> Locator:
    return webview(vscode).get_by_role("listitem").filter(has_text="main.go:11")


def test_a_frame_in_focus_who_calls_a_line_and_the_flame_graph(opened: VsCode) -> None:
    opened.go_to_line(11)
    rows = view(opened, "Stacks")
    line = rows.filter(has_text="keep").first
    line.click()
    opened.page.keyboard.press("ArrowRight")
    frame = rows.filter(has_text="dep.New").first
    frame.hover()
    opened.picture("stacks-view")
    frame.get_by_role("button", name="Focus on This Function").click()
    opened.until_hint(KEEP, "6.0MB")
    focus = opened.page.locator('.statusbar-item[id*="alloclens"]', has_text="dep.New")
    expect(focus).to_be_visible()
    expect(line).to_contain_text("6.0MB main.keep")
    opened.picture("focus")
    focus.click()
    opened.until_hint(KEEP, "46.0MB ▲37.0MB")
    expect(focus).to_have_count(0)
    who_calls(opened)
    flame_graph(opened)


def who_calls(opened: VsCode) -> None:
    opened.go_to_line(11)
    opened.page.keyboard.press("Home")  # VS Code asks for a word only
    opened.run("Calls: Show Call Hierarchy")
    rows = opened.page.locator(".pane").filter(has_text="Callers Of").locator(".monaco-list-row")
    expect(rows.first).to_contain_text("main.keep:11")
    rows.first.click()
    opened.page.keyboard.press("ArrowRight")
    expect(rows.filter(has_text="main.serve")).to_contain_text("40.0MB")
    expect(rows.filter(has_text="dep.New")).to_contain_text("6.0MB")
    opened.picture("call-hierarchy")


def flame_graph(opened: VsCode) -> None:
    """Open a line of the flame graph, and focus on a frame of it."""
    opened.run("alloclens: Show Flame Graph")
    frames = webview(opened).locator("g.frame")
    dep = frames.filter(has_text="dep.New").first
    expect(dep).to_be_visible()
    opened.picture("flame-graph")
    dep.click()
    expect(opened.page.locator(".tab.active", has_text="dep.go")).to_be_visible()
    opened.picture("flame-graph-opened-a-line")
    dep.click(button="right")
    webview(opened).get_by_role("menuitem", name="Focus", exact=True).click()
    opened.expect_status(re.compile("inuse_space"))
    expect(opened.page.locator('.statusbar-item[id*="alloclens"]', has_text="dep.New")).to_be_visible()


def test_findings_problems_hot_lines_and_snapshots(opened: VsCode, folder: Path) -> None:
    copied_for_an_agent(opened)
    problems(opened)
    hot = view(opened, "Hot Lines")
    expect(hot.first).to_contain_text("keep")
    opened.go_to_line(1)
    opened.page.keyboard.press("Home")
    opened.page.keyboard.press("Enter")
    expect(hot.first).to_contain_text("main.go:12")  # not saved yet
    opened.page.keyboard.press("Control+z")
    expect(hot.first).to_contain_text("main.go:11")
    (folder / "profiles/bad.pb.gz").write_bytes(b"\x1f\x8b\x08 not a profile")
    snapshots = view(opened, "Snapshots")
    expect(snapshots.filter(has_text="Not readable")).to_be_visible()
    opened.picture("views")
    second = snapshots.filter(has_text="1.pb.gz").first
    second.hover()
    second.get_by_role("button", name="Use as Base").click()
    opened.until_hint(KEEP, "46.0MB ▲30.0MB")
    second.click()
    expect(webview(opened).get_by_role("heading", name="1.pb.gz")).to_be_visible()
    opened.run("View: Close Editor")
    newest, question = snapshots.filter(has_text="4.pb.gz"), opened.page.locator(".quick-input-widget")
    for answer in ("Keep", "Delete for Good"):
        assert (folder / "profiles/4.pb.gz").exists()
        newest.click(button="right")
        opened.page.get_by_role("menuitem", name="Delete Files").hover()
        opened.page.keyboard.press("Enter")  # a menu takes no click at once
        expect(question).to_contain_text("Delete 4.pb.gz for good?")  # at once: a remote machine has no trash
        expect(question.locator(".monaco-list-row.focused")).to_have_text("Keep")
        opened.picture("delete")
        question.locator(".monaco-list-row", has_text=answer).click()
    expect(newest).to_have_count(0)
    assert not (folder / "profiles/4.pb.gz").exists()


def copied_for_an_agent(opened: VsCode) -> None:
    findings = view(opened, "Findings")
    expect(findings.first).to_contain_text("main.go:11")
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    findings.first.click(button="right")
    opened.page.get_by_role("menuitem", name="Copy for an Agent").hover()
    opened.page.keyboard.press("Enter")
    expect(opened.page.locator(".statusbar")).to_contain_text("The finding was copied for an agent.")
    text = opened.page.evaluate("navigator.clipboard.readText()")
    assert text.startswith("main.go:11  main.keep\n")


def problems(opened: VsCode) -> None:
    """The line that holds, and its caller."""
    opened.run("Problems: Focus on Problems View")
    rows = opened.page.locator(".markers-panel .monaco-list-row")
    expect(rows.filter(has_text="held through this line, called from main.go:7")).to_be_visible()
    expect(rows.filter(has_text="held through main.go:11, called from this line")).to_be_visible()
    opened.picture("caller")


def test_what_may_leak_is_listed_and_is_no_problem(vscode: VsCode, folder: Path) -> None:
    main = folder / "main.go"
    for i in range(12):
        turns = f"main.serve:5@{main}:7 = {9 - i % 2}x{MB}/{9 + i}"
        drop(folder / f"profiles/{i}.pb.gz", heap(f"main.keep:10@{main}:11 = {1 + i // 3}x{MB}", turns))
    vscode.open(folder, main)
    vscode.until_hint(KEEP, "4.0MB")
    rows = view(vscode, "Findings")
    expect(rows.first).to_contain_text("of 2 lines of your own code, judged over 11s, 12 snapshots")
    expect(rows.nth(1)).to_contain_text("main.go:11")
    vscode.run("Problems: Focus on Problems View")
    expect(vscode.page.locator(".markers-panel")).to_contain_text("No problems have been detected")
    vscode.picture("candidates")


def test_the_timeline_chooses_base_and_head_and_is_there_after_a_reload(opened: VsCode) -> None:
    opened.go_to_line(11)
    opened.run("alloclens: Show Timeline")
    expect(line_of_the_timeline(opened)).to_be_visible()
    plot = webview(opened).locator(".u-over")
    plot.wait_for()
    box = plot.bounding_box()
    at = box["y"] + box["height"] / 2
    opened.page.mouse.move(box["x"] + box["width"] / 4, at)
    opened.page.mouse.down()
    opened.page.mouse.move(box["x"] + box["width"] / 2, at)
    opened.picture("timeline")
    opened.page.mouse.move(box["x"] + box["width"] * 3 / 4, at)
    opened.page.mouse.up()
    opened.until_hint(KEEP, "36.0MB ▲20.0MB")
    opened.expect_status("inuse_space 36.0MB (+20.0MB), 1.pb.gz → 3.pb.gz")
    opened.picture("timeline-chosen")
    opened.run("alloclens: Show Timeline")  # again: the picture has the focus, so no editor is active
    expect(line_of_the_timeline(opened)).to_be_visible()
    opened.run("View: Focus First Editor Group")
    opened.go_to_line(1)
    expect(webview(opened).get_by_role("status")).to_contain_text("main.go:1, where the cursor is, has no inuse_space")
    expect(line_of_the_timeline(opened)).to_have_count(0)
    opened.go_to_line(11)
    expect(line_of_the_timeline(opened)).to_be_visible()

    opened.page.evaluate(
        "history.replaceState(null, '', location.href.split('&payload=')[0])"
    )  # that names files to open
    opened.run("Developer: Reload Window")
    opened.page.wait_for_event("load")
    expect(webview(opened).locator(".u-over")).to_be_visible(timeout=30_000)
    expect(line_of_the_timeline(opened)).to_be_visible()
