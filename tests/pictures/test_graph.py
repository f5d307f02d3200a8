"""The call graph in a real browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.pictures.page import flame, graph, graph_node, small

if TYPE_CHECKING:
    from tests.pictures.page import Picture

WHOLE = {"nodeFraction": 0.005, "edgeFraction": 0.001, "nodeCount": 80, "through": ""}


def asked(**change: object) -> str:
    """Return a question to ask() as JavaScript writes it."""
    return json.dumps([WHOLE | change], separators=(",", ":"), ensure_ascii=False)


def test_boxes_and_arrows_say_what_they_are_drawn_of(picture: Picture) -> None:
    picture.load()
    picture.start("graph", graph())
    page = picture.page
    expect(page.locator(".alloclens-heading")).to_have_text(
        "api · 10.0MB inuse_space · 1.pb.gz → 9.pb.gz · 3 of 4 functions"
    )
    expect(page.locator("g.node")).to_have_count(3)
    assert page.locator("path.residual").count() == 1
    keep = page.locator('g.node[data-name="main.keep"]')
    expect(keep).to_have_attribute("class", "node marked")
    assert keep.locator("text").all_text_contents() == ["⚠ leak", "main.keep", "flat 7.0MB (70%)"]
    sizes = [
        page.locator(f'g.node[data-name="{name}"] text').first.get_attribute("font-size")
        for name in ("main.main", "main.keep")
    ]
    assert sizes == ["9", "25"]
    expect(page.get_by_role("button", name="All Functions")).to_be_hidden()


def test_a_click_keeps_what_passes_through_a_function(picture: Picture) -> None:
    part = graph(nodes=[graph_node("main.main", 0, 7), graph_node("main.keep", 7, 7)], edges=[], through="main.keep")
    picture.load()
    picture.start("graph", graph(), {asked(through="main.keep"): part, asked(): graph(), asked(nodeCount=1): part})
    page = picture.page
    page.locator('g.node[data-name="main.keep"]').click()
    expect(page.locator("g.node")).to_have_count(2)
    expect(page.locator(".alloclens-heading")).to_contain_text("only through main.keep")
    assert picture.focused().startswith("main.keep")
    page.keyboard.press("Escape")
    expect(page.locator("g.node")).to_have_count(3)
    page.get_by_label("At most").fill("1")
    page.get_by_label("At most").press("Enter")
    expect(page.locator("g.node")).to_have_count(2)


def test_the_keyboard_and_the_menu(picture: Picture) -> None:
    picture.load()
    picture.start("graph", graph())
    page = picture.page
    page.locator("g.node").first.focus()
    page.keyboard.press("ArrowRight")
    assert picture.focused().startswith("⚠ leak main.keep flat 7.0MB")
    page.keyboard.press("Shift+F10")
    page.get_by_role("menuitem", name="Open Source").click()
    assert picture.until_call("open") == ["open", "/w/main.go", 7, False]
    page.locator('g.node[data-name="main.keep"]').click(button="right")
    page.get_by_role("menuitem", name="Callers and Callees").click()
    assert picture.until_call("sandwich") == ["sandwich", "main.keep", "/w/main.go"]


@pytest.mark.parametrize("kind", ["graph", "flame"])
def test_a_picture_is_copied_and_saved_with_its_words(picture: Picture, kind: str) -> None:
    picture.load("vscode-dark")
    picture.start(kind, graph() if kind == "graph" else flame(small()))
    page, name = picture.page, "call-graph" if kind == "graph" else "flame-graph"
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="Copy as SVG").click()
    text = picture.until_call("copy")[1]
    assert "1.pb.gz → 9.pb.gz" in text
    assert "main.main" in text
    assert "var(" not in text
    assert "foreignObject" not in text
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name="Save as PNG").click()
    _, file, data = picture.until_call("save")
    assert (file, data[:22]) == (f"{name}.png", "data:image/png;base64,")
    size = page.evaluate(
        "(url) => new Promise((r) => { const i = new Image(); i.onload = () => r(i.width); i.src = url; })", data
    )
    assert size > 100


def test_nothing_serious_for_axe(picture: Picture) -> None:
    grew = {"growth": {"value": 3, "label": "▲3B", "significant": True}}
    nodes = [graph_node("main.main", 0, 10, **grew), graph_node("main.keep", 7, 7)]
    for look in picture.looks():
        picture.start("graph", graph(base=True, nodes=nodes, edges=[]))
        assert picture.violations() == [], look
        picture.page.get_by_role("button", name="Plain Colours").click()
        assert picture.violations() == [], f"{look}, plain"
