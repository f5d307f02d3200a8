"""In a real VS Code: files that are not found get their numbers, and numbers go with their lines while a person types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator

    from tests.support.page import VsCode

MB = 1 << 20
WAIT = 60_000
"""Milliseconds for what the server does."""
HOLD, OTHER, MORE = (
    "held = append(held, make([]byte, 1<<20))",
    "other = append(other, make([]byte, 2<<20))",
    "more = append(more, make([]byte, 4<<20))",
)
STORE = f"""package main

func hold() {{
	{HOLD}
}}

func keep() {{
	{OTHER}
}}
"""
MAIN = f"""package main

func main() {{
	{MORE}
}}
"""
MAPPING = '[[pathMappings]]\nfrom = "/srv/build"\nto = "${workspaceFolder}"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Go module of two files; one of them is recorded where it was built, which no rule leads back from."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "store.go").write_text(STORE)
    (tmp_path / "main.go").write_text(MAIN)
    drop(tmp_path / "profiles/1.pb.gz", snapshot(tmp_path, "/srv/build", 30))
    return tmp_path


def snapshot(folder: Path, built: str | Path, held: int, kept: int = 10, own: int = 0) -> bytes:
    """`held` and `kept` MB in store.go, which was built in a directory, and `own` in main.go, which is found anyway."""
    return heap(
        f"main.hold:3@{built}/store.go:4 < main.main:3@{folder}/main.go:4 = {held}x{MB}",
        f"main.keep:7@{built}/store.go:8 < main.main:3@{folder}/main.go:4 = {kept}x{MB}",
        *([f"main.main:3@{folder}/main.go:4 = {own}x{MB}"] if own else []),
    )


def toast(vscode: VsCode, text: str) -> Locator:
    return vscode.page.locator(".notifications-toasts .notification-list-item", has_text=text)


def test_one_notice_whose_button_brings_the_numbers_as_the_command_does(vscode: VsCode, folder: Path) -> None:
    vscode.open(folder, folder / "store.go")
    said = toast(vscode, "of the profile is in files that were not found here")
    said.wait_for()
    expect(said).to_contain_text("100% of the profile is in files that were not found here (/srv/build/…).")
    drop(folder / "profiles/2.pb.gz", snapshot(folder, "/srv/build", 40, own=50))
    vscode.expect_status("100MB (+60.0MB)")
    assert said.count() == 1  # a second one, of 50%, would also be in the way of the click
    said.locator(".monaco-button", has_text="Add Path Mapping").click()
    vscode.until_hint(HOLD, re.compile("^40.0MB"))
    assert (folder / "alloclens.toml").read_text() == MAPPING
    drop(folder / "profiles/3.pb.gz", snapshot(folder, "/srv/build", 60))
    vscode.until_hint(HOLD, re.compile("^60.0MB"))
    assert said.count() == 0
    (folder / "alloclens.toml").unlink()
    vscode.until_hint(HOLD, "")
    the_command(vscode)


def the_command(vscode: VsCode) -> None:
    """Add the mapping by the command, which has none to add the second time."""
    vscode.run("alloclens: Add Path Mapping")
    expect(vscode.row("/srv/build → ${workspaceFolder}")).to_contain_text(
        "would find 100% of the profile", timeout=WAIT
    )
    vscode.pick("/srv/build")
    tab = vscode.page.locator(".tab.active")
    expect(tab).to_contain_text("alloclens.toml", timeout=WAIT)
    vscode.page.locator(".tab", has_text="store.go").click()
    vscode.until_hint(HOLD, re.compile("^60.0MB"))
    vscode.run("alloclens: Add Path Mapping")
    toast(vscode, "there is no path mapping to suggest").locator(".monaco-button", has_text="Explain").click()
    expect(tab).to_contain_text("Placement", timeout=WAIT)


def test_why_there_are_no_numbers_and_what_brings_them(vscode: VsCode, folder: Path) -> None:
    vscode.open(folder, folder / "store.go")
    toast(vscode, "not found here").wait_for()
    tab, first = vscode.page.locator(".tab.active"), vscode.page.locator(".view-line").first
    vscode.quick_fix(first, "Why are there no numbers here?")
    expect(tab).to_contain_text("Placement", timeout=WAIT)
    page = vscode.page.frame_locator("iframe.webview").frame_locator("#active-frame")
    expect(page.get_by_text("on lines you can open")).to_contain_text("100% not found (/srv/build/…).", timeout=WAIT)
    expect(page.get_by_text(f"{folder}/store.go, but none was found to be this one:")).to_be_visible()
    expect(page.locator("pre")).to_contain_text('from = "/srv/build"')
    vscode.picture("placement")

    vscode.page.locator(".tab", has_text="store.go").click()
    vscode.quick_fix(first, "Add the path mapping /srv/build")
    vscode.until_hint(HOLD, re.compile("^30.0MB"))
    assert (folder / "alloclens.toml").read_text() == MAPPING
    vscode.run("alloclens: Explain Placement")
    expect(tab).to_contain_text("Placement", timeout=WAIT)
    expect(page.get_by_text("on lines you can open")).to_contain_text("(100% in your own code).", timeout=WAIT)
    row = page.get_by_role("row", name="/srv/build/store.go")
    expect(row).to_contain_text(re.compile(r"^40\.0MB100%/srv/build/store\.go.*pathMappings; your own code$"))
    assert vscode.page.locator(".tab", has_text="Placement").count() == 1
    row.get_by_role("button", name=f"{folder}/store.go").click()
    expect(tab.filter(has_text="store.go")).to_be_visible()
    expect(vscode.page.locator(".statusbar")).to_contain_text("Ln 4,")  # the heaviest line


def spaced(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\ ", r"\s"))


def test_numbers_go_with_their_lines_as_they_are_typed(vscode: VsCode, folder: Path) -> None:
    drop(folder / "profiles/1.pb.gz", snapshot(folder, folder, 30))
    vscode.open(folder, folder / "store.go")
    keys = vscode.page.keyboard
    both = {HOLD: "30.0MB", OTHER: "10.0MB"}
    until_hints(vscode, both)

    vscode.go_to_line(1)
    keys.press("End")
    keys.type("\n// zero\n// one\n// two", delay=30)
    until_hints(vscode, both, lines={HOLD: 7, OTHER: 11})
    for _ in range(30):
        keys.press("Control+z")
        if HOLD in numbered(vscode) and numbered(vscode)[HOLD] == 4:
            break
    until_hints(vscode, both, lines={HOLD: 4, OTHER: 8})

    vscode.go_to_line(4)
    keys.press("Control+Shift+k")  # Delete Line
    until_hints(vscode, {OTHER: "10.0MB"}, lines={OTHER: 7})
    assert (folder / "store.go").read_text() == STORE
    keys.press("Control+s")
    expect(vscode.page.locator(".tab.active.dirty")).to_have_count(0)
    assert (folder / "store.go").read_text() == STORE.replace(f"\t{HOLD}\n", "")
    drop(folder / "profiles/2.pb.gz", snapshot(folder, folder, 30, kept=40))
    until_hints(vscode, {OTHER: "40.0MB ▲30.0MB"}, lines={OTHER: 7})


def until_hints(vscode: VsCode, wanted: dict[str, str], lines: dict[str, int] | None = None) -> None:
    """Wait until there are exactly these hints, by the text of their lines, and these lines have these numbers."""
    for line, hint in wanted.items():
        vscode.until_hint(line, hint)
    for _ in range(100):
        if vscode.hints() == wanted and (lines or {}).items() <= numbered(vscode).items():
            return
        vscode.page.wait_for_timeout(100)
    assert (vscode.hints(), numbered(vscode)) == (wanted, lines)


NUMBERED = """() => {
  const top = (one) => Math.round(one.getBoundingClientRect().top);
  const numbers = new Map([...document.querySelectorAll('.editor-instance .line-numbers')].map((n) => [top(n), n.textContent]));
  return [...document.querySelectorAll('.editor-instance .view-line')].map((line) => [
    [...line.querySelectorAll('span > span:not([class*="dyn-rule"])')].map((span) => span.textContent).join(''),
    Number(numbers.get(top(line))),
  ]);
}"""


def numbered(vscode: VsCode) -> dict[str, int]:
    """Return the lines in view, without their hints, and the numbers they have in the margin."""
    return {text.replace("\u00a0", " ").strip(): number for text, number in vscode.page.evaluate(NUMBERED)}


def test_a_mistake_in_the_settings_file(vscode: VsCode, folder: Path) -> None:
    drop(folder / "profiles/1.pb.gz", snapshot(folder, folder, 30))
    (folder / "alloclens.toml").write_text('# ours\nsampleType = "inuse_objects"\nhints = "yes"\n')
    vscode.open(folder, folder / "alloclens.toml")
    vscode.page.locator(".squiggly-error").first.wait_for()
    vscode.page.keyboard.press("Control+Shift+m")
    problem = vscode.page.locator(".markers-panel .monaco-list-row", has_text="hints:")
    expect(problem).to_contain_text(spaced('hints: "yes" is not true or false; using true'))
    expect(problem).to_contain_text("Ln 3")
    vscode.page.locator(".view-line", has_text="yes").click()
    vscode.go_to_line(3)
    vscode.page.keyboard.press("Control+Shift+k")
    vscode.page.keyboard.press("Control+s")
    expect(problem).to_have_count(0, timeout=WAIT)
    expect(vscode.page.locator(".squiggly-error")).to_have_count(0)
    vscode.expect_status("inuse_objects")
