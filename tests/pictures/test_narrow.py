"""Every page of VS Code in every theme, 300 pixels wide and at a zoom of 200 %: nothing serious for axe, and nothing cut off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.pictures.page import MB, THEMES, compared, flame, graph, graph_node, node, points, timeline

if TYPE_CHECKING:
    from tests.pictures.page import Picture

SIZES = ((300, 700), (500, 350))
"""A side bar; and a window of 1000 × 700 at 200 %."""
WIDE = """(wider) => {
  const host = document.querySelector('.alloclens-graph');
  return Math.abs(host.firstChild.getBoundingClientRect().width - host.clientWidth - wider) <= 2;
}"""
LONG = "github.com/prometheus/client_golang/prometheus.(*MetricVec).GetMetricWithLabelValues"
EDITOR = """
window.acquireVsCodeApi = () => ({
  postMessage: ({type, id}) => { window.postMessage({type: 'answer', id, data: ANSWERS[type]}, '*'); },
  getState: () => undefined,
  setState: () => {},
});
"""


def row(name: str, size: int, **rest: Any) -> dict[str, Any]:
    """Return a row of the table, of so many of 10 MiB."""
    label = {
        "flatLabel": f"{size}.0MB",
        "cumLabel": f"{size}.0MB",
        "ownedLabel": f"{size}.0MB",
    }
    grew = {"growth": {"value": MB, "label": "▲1.0MB", "significant": True}}
    shares = {"flatShare": f"{size * 10}%", "cumShare": f"{size * 10}%", "verdict": ""}
    numbers = {"flat": size * MB, "cum": size * MB, "owned": size * MB}
    return {"name": name, "file": "/w/main.go", "line": 7, "own": True} | numbers | label | grew | shares | rest


def placed(recorded: str, **rest: Any) -> dict[str, Any]:
    """Return a row of the placement."""
    row = {"label": "4.0MB", "share": "40%", "path": "", "why": "no file here has that name", "candidates": []}
    return row | {"recorded": recorded, "doubtful": False} | rest


def answers() -> dict[str, Any]:
    words = {key: value for key, value in flame(compared(), base=True).items() if key not in ("root", "truncated")}
    grew = {"growth": {"value": 3 * MB, "label": "▲3.0MB", "significant": True}}
    nodes = [graph_node("main.main", 0, 10, **grew), graph_node(LONG, 7, 7, verdict="leak", **grew)]
    line = {"label": "main.go:42 owned, inuse_space", "values": [1 * MB, 4 * MB, 8 * MB]}
    return {
        "summary": {
            "name": "heap-20240102T030405.000Z.pb.gz",
            "total": "10.0MB inuse_space (+3.0MB)",
            "detail": "api, 2024-01-02 03:04:05",
            "size": "2.1KB",
            "sampleTypes": [{"name": "inuse_space", "unit": "bytes", "selected": True}],
            "problem": "",
        },
        "table": words
        | {"sort": "growth", "rows": [row(LONG, 7, verdict="leak"), row("main.serve", 3)], "matching": 2},
        "flame": flame(compared(), base=True),
        "graph": graph(
            base=True,
            nodes=nodes,
            edges=[{"source": 0, "target": 1, "weight": 7 * MB, "label": "7.0MB", "residual": False}],
        ),
        "sandwich": {
            "callers": flame(node("all", 10, node(LONG, 10, node("main.main", 10), file="/w/main.go"))),
            "callees": flame(node("all", 10, node(LONG, 10, file="/w/main.go"))),
        },
        "placement": {
            "title": "inuse_space in heap-20240102T030405.000Z.pb.gz",
            "summary": ["60% on lines you can open (60% in your own code); 40% not found (/srv/build/…)."],
            "advice": [
                "A path mapping in alloclens.toml would find 40%:",
                "    [[pathMappings]]",
                '    from = "/srv/build"',
            ],
            "document": [],
            "files": [
                placed("/srv/build/internal/telemetry/instruments/histogram.go", doubtful=True),
                placed("/w/main.go", path="/w/main.go", why="as recorded; your own code"),
            ],
            "more": 7,
        },
        "timeline": timeline(
            points([5, 7, 10]), memstats=[{"name": "HeapInuse", "values": [6 * MB, 8 * MB, 12 * MB]}], line=line
        ),
    }


def opened(picture: Picture, theme: str, kind: str, **others: Any) -> None:
    """Load a page that is answered at once, with `others` of the answers."""
    picture.page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    picture.load(theme, kind, EDITOR.replace("ANSWERS", json.dumps(answers() | others)))


def fits(picture: Picture, what: str) -> None:
    """Look at the page in each size: axe finds nothing serious, and what does not fit scrolls in its own frame."""
    for width, height in SIZES:
        picture.page.set_viewport_size({"width": width, "height": height})
        picture.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        wide = picture.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{what} is {wide} pixels wider than {width}"
        assert picture.violations() == [], f"{what}, {width} wide"


def test_a_profile(picture: Picture) -> None:
    for theme in THEMES:
        opened(picture, theme, "profile")
        expect(picture.page.get_by_role("table")).to_contain_text("MetricVec")
        fits(picture, f"the table, {theme}")
        picture.page.get_by_role("tab", name="Flame Graph", exact=True).click()
        expect(picture.frame("main.keep")).to_be_attached()
        fits(picture, f"the flame graph, {theme}")
        picture.page.get_by_role("tab", name="Call Graph", exact=True).click()
        expect(picture.page.locator("g.node")).to_have_count(2)
        fits(picture, f"the call graph, {theme}")
        picture.page.get_by_role("tab", name="Table", exact=True).click()
        picture.page.get_by_role("button", name=f"Callers and callees of {LONG}").click()
        expect(picture.page.get_by_role("heading", name="Callers")).to_be_visible()
        expect(picture.frame(LONG).locator("rect").first).to_have_attribute("fill", "var(--alloclens-found)")
        expect(picture.page.get_by_text("In this profile, it calls nothing.")).to_be_visible()
        fits(picture, f"callers and callees, {theme}")


def test_a_file_that_is_no_profile(picture: Picture) -> None:
    why = f"it could not be read: the file begins with {LONG}"
    for theme in THEMES:
        opened(
            picture, theme, "profile", summary=answers()["summary"] | {"total": "", "sampleTypes": [], "problem": why}
        )
        expect(picture.page.get_by_text(why)).to_be_visible()
        fits(picture, f"a file that is no profile, {theme}")


def test_a_narrow_table_has_the_name_above_its_numbers(picture: Picture) -> None:
    opened(picture, "vscode-dark", "profile")
    rows = picture.page.get_by_role("row")
    expect(rows).to_have_count(3)
    number, name = rows.nth(1).locator("td").first, rows.nth(1).get_by_role("rowheader")
    above, below = name.bounding_box(), number.bounding_box()
    assert above
    assert below
    assert (above["x"] >= 0, above["x"] + above["width"] <= SIZES[0][0]) == (True, True)
    assert above["y"] + above["height"] <= below["y"] + 1
    expect(rows.nth(1).locator("td").nth(1)).to_be_hidden()  # the percentage
    picture.page.set_viewport_size({"width": 1000, "height": 700})
    expect(rows.nth(1).locator("td").nth(1)).to_have_text("70%")


def test_a_call_graph_fits_until_it_is_zoomed(picture: Picture) -> None:
    opened(picture, "vscode-dark", "profile")
    picture.page.get_by_role("tab", name="Call Graph", exact=True).click()
    drawn = picture.page.locator(".alloclens-graph svg")
    for width in (450, 600):
        picture.page.set_viewport_size({"width": width, "height": 700})
        picture.page.wait_for_function(WIDE, arg=0)
    before = drawn.bounding_box()
    picture.page.get_by_role("button", name="Zoom In").click()
    picture.page.wait_for_function(WIDE, arg=before and before["width"] / 4)
    picture.page.get_by_role("button", name="Fit", exact=True).click()
    picture.page.wait_for_function(WIDE, arg=0)


def test_the_timeline(picture: Picture) -> None:
    for theme in THEMES:
        opened(picture, theme, "timeline")
        picture.page.locator(".u-over").wait_for()
        fits(picture, f"the timeline, {theme}")


def test_the_placement(picture: Picture) -> None:
    for theme in THEMES:
        opened(picture, theme, "placement")
        expect(picture.page.get_by_role("table")).to_contain_text("histogram.go")
        fits(picture, f"the placement, {theme}")


def test_a_narrow_placement_has_the_path_above_what_is_known_of_it(picture: Picture) -> None:
    opened(picture, "vscode-dark", "placement")
    row = picture.page.get_by_role("row").nth(1)
    path, here = row.get_by_role("rowheader").bounding_box(), row.get_by_text("not found").bounding_box()
    assert path
    assert here
    assert path["width"] > SIZES[0][0] / 2
    assert path["y"] + path["height"] <= here["y"] + 1
    assert here["height"] < 25  # one line


def test_what_is_too_wide_would_be_seen(picture: Picture) -> None:
    opened(picture, "vscode-dark", "timeline")
    picture.page.locator(".u-over").wait_for()
    picture.page.evaluate(
        "() => { document.querySelector('.alloclens-bar, .alloclens-picture').style.width = '600px'; }"
    )
    with pytest.raises(AssertionError, match="wider than 300"):
        fits(picture, "the timeline")
