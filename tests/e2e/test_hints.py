"""In a real VS Code: the directory changes, and the text beside the line follows."""

from __future__ import annotations

import os
import re
import signal
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode

MB = 1 << 20
MAIN = """package main

import "example.com/dep"

func serve() {
	dep.New()
	keep()
}

func keep() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
DEP = """package dep

func New() {
	table = append(table, make([]byte, 1<<20))
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Go module with a vendored dependency, and one snapshot."""
    dep = tmp_path / "vendor/example.com/dep/dep.go"
    dep.parent.mkdir(parents=True)
    dep.write_text(DEP)
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(MAIN)
    drop(tmp_path / "profiles/1.pb.gz", snapshot(tmp_path, 3))
    return tmp_path


def snapshot(folder: Path, kept: int) -> bytes:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    return heap(
        f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = {kept}x{MB}",
        f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 2x{MB}",
    )


KEEP = "kept = append(kept, make([]byte, 1<<20))"


def test_the_hint_follows_the_directory_and_a_server_that_dies_is_started_again(vscode: VsCode, folder: Path) -> None:
    vscode.open(folder, folder / "main.go")
    vscode.until_hint(KEEP, "3.0MB")
    vscode.until_hint("dep.New()", "2.0MB owned")
    second = drop(folder / "profiles/2.pb.gz", snapshot(folder, 40))
    vscode.until_hint(KEEP, "40.0MB ▲37.0MB")
    second.unlink()
    vscode.until_hint(KEEP, "3.0MB")

    (server,) = vscode.servers()
    os.kill(server, signal.SIGKILL)
    drop(folder / "profiles/2.pb.gz", snapshot(folder, 40))
    vscode.until_hint(KEEP, "40.0MB ▲37.0MB")
    assert vscode.servers() not in ([], [server])

    (server,) = vscode.servers()
    vscode.run("alloclens: Restart Server")
    drop(folder / "profiles/3.pb.gz", snapshot(folder, 50))
    vscode.until_hint(KEEP, "50.0MB ▲47.0MB")
    assert server not in vscode.servers()


def test_from_hot_line_to_hot_line_and_to_a_frame_in_another_file(vscode: VsCode, folder: Path) -> None:
    vscode.open(folder, folder / "main.go")
    vscode.until_hint("dep.New()", "2.0MB owned")
    position = vscode.page.locator('.statusbar-item[id="status.editor.selection"]')
    for title, line in (("Next", 6), ("Next", 7), ("Next", 11), ("Next", 6), ("Previous", 11)):
        vscode.run(f"alloclens: {title} Hot Line")
        expect(position).to_contain_text(re.compile(rf"Ln {line},"))

    pane = vscode.page.locator(".pane").filter(has=vscode.page.locator('.pane-header[aria-label*="Stacks"]'))
    rows = pane.locator(".monaco-list-row")
    vscode.follow_hint("dep.New()", rows.filter(has_text="dep.New").first)
    expect(rows.nth(0)).to_contain_text(re.compile(r"2\.0MB\s*main\.serve\s*main\.go:6"))
    expect(rows.nth(1)).to_contain_text(re.compile(r"2\.0MB\s*dep\.New\s*dep\.go:"))  # the calls in their order
    vscode.picture("stacks")

    vscode.go_to_line(11)
    vscode.run("alloclens: Show Call Stacks of This Line")
    expect(rows.nth(1)).to_contain_text(re.compile(r"3\.0MB\s*main\.serve\s*main\.go:7"))  # who calls what allocates
    vscode.go_to_line(6)
    vscode.run("alloclens: Show Call Stacks of This Line")
    rows.filter(has_text="dep.New").first.click()
    expect(vscode.page.locator(".tab.active")).to_contain_text("dep.go")
    vscode.until_hint("table = append(table, make([]byte, 1<<20))", "2.0MB")
    vscode.picture("frame-in-another-file")


def test_status_bar_hints_off_and_another_base(vscode: VsCode, folder: Path) -> None:
    drop(folder / "profiles/2.pb.gz", snapshot(folder, 10))
    drop(folder / "profiles/3.pb.gz", snapshot(folder, 34))
    vscode.open(folder, folder / "main.go")
    vscode.until_hint(KEEP, "34.0MB ▲31.0MB")
    vscode.expect_status("inuse_space 36.0MB (+31.0MB), first → latest")

    vscode.run("alloclens: Choose Base Snapshot")
    rows = vscode.page.locator(".quick-input-list .monaco-list-row", has_text="2.pb.gz")
    expect(rows).to_have_count(2)  # `previous`, which means it now, and the file
    rows.last.click()
    vscode.until_hint(KEEP, "34.0MB ▲24.0MB")
    vscode.expect_status("inuse_space 36.0MB (+24.0MB), 2.pb.gz → latest")

    vscode.run("alloclens: Choose Sample Type")
    vscode.pick("inuse_objects")
    vscode.until_hint(KEEP, "34 ▲24")

    vscode.run("alloclens: Toggle Hints")
    vscode.until_hint(KEEP, "")
    vscode.run("alloclens: Toggle Hints")
    vscode.until_hint(KEEP, "34 ▲24")
