"""The pages of VS Code, with an editor that is made up: what they ask it, and what they do with the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.pictures.page import flame, node, points, small, timeline

if TYPE_CHECKING:
    from tests.pictures.page import Picture

EDITOR = """
window.sent = [];
window.state = window.state ?? undefined;
window.acquireVsCodeApi = () => ({
  postMessage: (message) => { window.sent.push(message); },
  getState: () => window.state,
  setState: (state) => { window.state = state; },
});
"""
NOTHING = "No profile is read yet. The status bar says why."


def test_a_flame_graph_is_asked_for_again_whenever_something_changed(picture: Picture) -> None:
    picture.load("vscode-dark", "flame", EDITOR)
    assert _asked(picture, 1) == {"type": "flame", "id": 1, "path": [], "inverted": False, "search": ""}
    _tell(picture, {"type": "answer", "id": 1, "data": None})
    expect(picture.page.get_by_text(NOTHING)).to_be_visible()
    _tell(picture, {"type": "changed"})
    assert _asked(picture, 2)["id"] == 2
    _tell(picture, {"type": "answer", "id": 2, "data": flame(small(more=True))})
    picture.frame("main.serve").click(button="right")
    picture.page.get_by_role("menuitem", name="Zoom In").click()
    path = [["main.main", "/w/main.go"], ["main.serve", "/w/main.go"]]
    assert _asked(picture, 3) == {"type": "flame", "id": 3, "path": path, "inverted": False, "search": ""}
    assert picture.page.evaluate("() => window.state.path") == path
    assert picture.violations() == []


@pytest.mark.parametrize("kind", ["flame", "timeline"])
def test_a_picture_stays_while_the_server_starts_again(picture: Picture, kind: str) -> None:
    picture.load("vscode-dark", kind, EDITOR)
    _asked(picture, 1)
    _tell(picture, {"type": "answer", "id": 1})
    waiting = picture.page.get_by_text("Waiting for the server.")
    expect(waiting).to_be_visible()
    data = flame(small()) if kind == "flame" else timeline(points([1, 2, 3]))
    for i, answer in enumerate(({"data": data}, {}), 2):
        _tell(picture, {"type": "changed"})
        _asked(picture, i)
        _tell(picture, {"type": "answer", "id": i, **answer})
        picture.page.evaluate("() => new Promise((done) => setTimeout(done))")
        expect(picture.page.get_by_role("region")).to_be_visible()
        expect(waiting).not_to_be_attached()
    _tell(picture, {"type": "changed"})
    _asked(picture, 4)
    _tell(picture, {"type": "answer", "id": 4, "data": None})
    expect(picture.page.get_by_text(NOTHING)).to_be_visible()
    expect(picture.page.get_by_role("region")).not_to_be_attached()


def test_the_callers_stay_the_callers(picture: Picture) -> None:
    picture.load("vscode-dark", "flame", EDITOR + "window.state = {inverted: true};")
    assert _asked(picture, 1)["inverted"] is True
    _tell(picture, {"type": "answer", "id": 1, "data": flame(node("all", 10, node("main.keep", 10)))})
    expect(picture.page.get_by_role("button", name="Callers")).to_have_attribute("aria-pressed", "true")


def test_what_an_older_version_kept_is_no_harm(picture: Picture) -> None:
    """Paths were names alone."""
    picture.load(
        "vscode-dark", "flame", EDITOR + "window.state = {path: ['main.main', 'main.serve'], search: 'serve'};"
    )
    _asked(picture, 1)
    _tell(picture, {"type": "answer", "id": 1, "data": flame(small(more=True))})
    expect(picture.page.get_by_role("searchbox")).to_have_value("serve")
    picture.page.get_by_role("button", name="Reset Zoom").click()
    assert picture.page.evaluate("() => [window.state.path, window.sent.length]") == [[], 1]


def test_an_outdated_answer_is_not_shown(picture: Picture) -> None:
    picture.load("vscode-dark", "flame", EDITOR)
    _tell(picture, {"type": "changed"})
    _asked(picture, 2)
    _tell(picture, {"type": "answer", "id": 2, "data": flame(small())})
    _tell(picture, {"type": "answer", "id": 1, "data": flame(node("all", 10, node("main.old", 10)))})
    expect(picture.frame("main.serve")).to_be_attached()
    expect(picture.frame("main.old")).not_to_be_attached()


def test_the_callers_are_not_overwritten_by_an_answer_from_before(picture: Picture) -> None:
    picture.load("vscode-dark", "flame", EDITOR)
    _tell(picture, {"type": "answer", "id": 1, "data": flame(small())})
    picture.page.get_by_role("button", name="Callers").wait_for()
    _tell(picture, {"type": "changed"})
    _asked(picture, 2)
    picture.page.get_by_role("button", name="Callers").click()
    assert _asked(picture, 3)["inverted"] is True
    _tell(picture, {"type": "answer", "id": 2, "data": flame(node("all", 10, node("main.old", 10)))})
    _tell(picture, {"type": "answer", "id": 3, "data": flame(node("all", 10, node("main.keep", 10)))})
    expect(picture.frame("main.keep")).to_be_attached()
    expect(picture.frame("main.old")).not_to_be_attached()


def test_what_a_person_does_is_told_to_the_editor(picture: Picture) -> None:
    picture.load("vscode-dark", "flame", EDITOR)
    _tell(picture, {"type": "answer", "id": 1, "data": flame(small())})
    for choice in ("Focus", "Focus on This Stack", "Ignore", "Open Source"):
        picture.frame("main.log").click(button="right")
        picture.page.get_by_role("menuitem", name=choice, exact=True).click()
    sent = picture.page.evaluate("() => window.sent.slice(1)")
    assert sent == [
        {"type": "focus", "functionName": "main.log"},
        {"type": "focusStack", "functionNames": ["main.main", "main.serve", "main.log"]},
        {"type": "ignore", "functionName": "main.log"},
        {"type": "open", "id": 2, "file": "/w/main.go", "line": 7, "stay": False},
    ]
    _tell(picture, {"type": "answer", "id": 2, "data": "/w/main.go:7 is not in this workspace."})
    expect(picture.page.get_by_role("status")).to_have_text("/w/main.go:7 is not in this workspace.")


def test_the_placement(picture: Picture) -> None:
    row = {"label": "4.0MB", "share": "40%", "recorded": "/srv/a.go", "why": "not here", "candidates": ["/w/a.go"]}
    found = {"label": "1.0MB", "share": "10%", "recorded": "/w/b.go", "why": "as recorded", "candidates": []}
    data = {
        "title": "inuse_space",
        "summary": ["40% on lines"],
        "advice": ["Map it:", "    [[pathMappings]]", '    from = "/srv"'],
        "document": ["About a.go"],
        "files": [row | {"path": "", "doubtful": True}, found | {"path": "/w/b.go", "doubtful": False}],
        "more": 0,
    }
    picture.load("vscode-dark", "placement", EDITOR)
    assert _asked(picture, 1) == {"type": "placement", "id": 1}
    _tell(picture, {"type": "answer", "id": 1, "data": data})
    page = picture.page
    assert page.locator("pre").inner_text() == '[[pathMappings]]\nfrom = "/srv"'
    rows = [text.split("\t") for text in page.get_by_role("row").all_inner_texts()]
    assert rows[1:] == [
        ["4.0MB", "40%", "/srv/a.go", "perhaps /w/a.go", "not here"],
        ["1.0MB", "10%", "/w/b.go", "", "as recorded"],
    ]
    page.get_by_role("button", name="/w/a.go").click()
    page.get_by_role("button", name="/w/b.go").click()
    page.get_by_role("button", name="Add Path Mapping").click()
    opened = [{"type": "openFile", "path": "/w/a.go"}, {"type": "openFile", "path": "/w/b.go"}]
    assert page.evaluate("() => window.sent.slice(1)") == [*opened, {"type": "addMapping"}]


def test_the_timeline(picture: Picture) -> None:
    picture.load("vscode-dark", "timeline", EDITOR)
    assert _asked(picture, 1) == {"type": "timeline", "id": 1}
    _tell(picture, {"type": "answer", "id": 1, "data": timeline(points([1, 2, 3]))})
    picture.page.get_by_role("slider", name="Base").press("ArrowRight")
    assert _asked(picture, 2) == {"type": "choose", "base": "heap-001.pb.gz", "head": "heap-002.pb.gz"}
    assert picture.violations() == []


def _asked(picture: Picture, count: int) -> dict[str, Any]:
    """Return the last of so many messages to the editor, once it has come."""
    picture.page.wait_for_function("(count) => window.sent.length >= count", arg=count)
    return picture.page.evaluate("(count) => window.sent[count - 1]", count)


def _tell(picture: Picture, message: dict[str, Any]) -> None:
    picture.page.evaluate("(message) => { window.postMessage(message, '*'); }", message)
