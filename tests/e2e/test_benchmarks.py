"""In a real VS Code: a benchmark is run by a click on its lens, and compared with the run before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode

SHOP = """package shop

import "testing"

var kept []byte

func BenchmarkAdd(b *testing.B) {
\tfor i := 0; i < b.N; i++ {
\t\tkept = make([]byte, 8<<10)
\t}
}
"""
LINE = "kept = make([]byte, {}<<10)"


def test_a_benchmark_is_run_and_compared_with_the_run_before(vscode: VsCode, tmp_path: Path) -> None:
    """Each run is of an edit that is not committed, the second one on the line that allocates."""
    shop = tmp_path / "shop_test.go"
    Repository(tmp_path).check_in({"go.mod": "module example.com/shop\n\ngo 1.21\n", shop.name: ""}, 1_700_000_000)
    shop.write_text(SHOP)
    vscode.open(tmp_path, shop)
    toasts = vscode.page.locator(".notification-toast")
    lens = vscode.page.locator(".codelens-decoration a", has_text="Profile Allocations")
    lens.click()
    expect(toasts.filter(has_text="8192 B/op, 1 allocs/op")).to_be_visible()
    vscode.until_hint(LINE.format(8), re.compile(r"\d[\d.]*[MG]B$"))
    vscode.picture("benchmark")
    shop.write_text(SHOP.replace("8<<10", "24<<10"))
    vscode.line(LINE.format(24)).wait_for()
    lens.click()
    expect(toasts.filter(has_text="24576 B/op, 1 allocs/op")).to_contain_text("Before: 8192 B/op")
    vscode.expect_status(re.compile(r"BenchmarkAdd-\d{6}\S* → BenchmarkAdd-\d{6}"))
    vscode.until_hint(LINE.format(24), re.compile(r"\d[\d.]*[MG]B ▲\d[\d.]*[MG]B$"))
    vscode.hint(LINE.format(24)).hover()
    expect(vscode.page.locator(".monaco-hover:visible")).to_contain_text(f"edited between: was {LINE.format(8)}")
    vscode.picture("benchmark-compared")
    toasts.get_by_role("button", name="Open Profile").first.click()
    page = vscode.page.frame_locator("iframe.webview").frame_locator("#active-frame")
    expect(page.get_by_role("heading", name=re.compile(r"BenchmarkAdd-\d{6}\.out"))).to_be_visible()
    vscode.run("View: Close Editor")
    vscode.page.locator(".statusbar-item", has_text="Back to the Series").click()
    vscode.until_hint(LINE.format(24), "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".git", "go.mod", "shop_test.go"]


def test_tests_of_python_and_of_node(vscode: VsCode, tmp_path: Path) -> None:
    """pytest in memray, and Node's own profile, which has no lines but those of functions."""
    kept, fill = "kept.append(bytearray(24 << 20))", "function fill() {"
    python, node = tmp_path / "test_shop.py", tmp_path / "shop.test.js"
    python.write_text(f"kept = []\n\n\ndef test_keep():\n    {kept}\n")
    loop = "  for (let i = 0; i < 40; i++) kept.push(new Array(100000).fill(i));"
    node.write_text(f"globalThis.kept = [];\n{fill}\n{loop}\n}}\nfill();\n")
    for file, line, much in ((python, kept, "24.0MB"), (node, fill, r"\d\d\.\dMB")):
        vscode.open(tmp_path, file)
        lens = vscode.page.locator(".codelens-decoration a", has_text="Profile Allocations")
        lens.wait_for()
        assert (vscode.servers(), vscode.status.count()) == ([], 0)  # nothing in the folder has to do with profiles
        lens.click()
        vscode.until_hint(line, re.compile(much))
        vscode.picture(f"test-{file.suffix[1:]}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.test.js", "test_shop.py"]
