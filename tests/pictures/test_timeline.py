"""The timeline in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.pictures.page import MB, points, timeline

if TYPE_CHECKING:
    from tests.pictures.page import Picture

VALUES = [10, 14, 18, 22, 6, 12, 19, 27]
LINE = {"label": "main.go:42 owned, inuse_space", "values": [None, None, None, None, 1 * MB, 4 * MB, 8 * MB, 13 * MB]}
STATS = [{"name": "HeapInuse", "values": [value * 2 * MB for value in VALUES]}]
LOOKS = [("", False), ("", True), ("vscode-dark", True), ("vscode-light", False)]


@pytest.mark.parametrize(("theme", "dark"), LOOKS)
def test_everybody_can_use_it(picture: Picture, theme: str, dark: bool) -> None:
    picture.load(theme, dark=dark)
    picture.start("timeline", timeline(points(VALUES, begins=(0, 4)), memstats=STATS, line=LINE))
    assert picture.violations() == []


@pytest.mark.parametrize(("start", "end"), [(1.2, 5.8), (5.8, 1.2)])
def test_a_stretch_chooses_base_and_head(picture: Picture, start: float, end: float) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    _draw(picture, start, end)
    assert picture.until_call("choose") == ["choose", "heap-001.pb.gz", "heap-006.pb.gz"]
    expect(picture.page.get_by_role("status")).to_have_text("Base heap-001.pb.gz, head heap-006.pb.gz.")
    assert picture.page.get_by_role("slider", name="Base").input_value() == "1"


def test_too_short_a_stretch_chooses_nothing(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    _draw(picture, 2.8, 3.2)
    expect(picture.page.get_by_role("status")).to_contain_text("draw a longer stretch")
    assert picture.calls("choose") == []


def test_the_keyboard_chooses_too(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    base = picture.page.get_by_role("slider", name="Base")
    base.focus()
    for _ in range(3):
        picture.page.keyboard.press("ArrowRight")
    assert (base.get_attribute("aria-valuetext") or "").startswith("heap-003.pb.gz · ")
    assert picture.until_call("choose") == ["choose", "heap-003.pb.gz", "heap-007.pb.gz"]
    assert len(picture.calls("choose")) == 1, "the steps between are not chosen"


def test_what_is_being_chosen_stays_when_a_snapshot_comes(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    base = picture.page.get_by_role("slider", name="Base")
    base.press("ArrowRight")
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(points([*VALUES, 31])))
    assert base.input_value() == "1"
    assert picture.until_call("choose") == ["choose", "heap-001.pb.gz", "heap-007.pb.gz"]
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(points([*VALUES, 31], base=2)))
    assert base.input_value() == "2", "nothing is being chosen any more"


def test_what_is_being_chosen_and_goes_is_not_chosen(picture: Picture) -> None:
    picture.load()
    picture.page.clock.install()
    picture.start("timeline", timeline(points(VALUES)))
    picture.page.get_by_role("slider", name="Base").press("ArrowRight")
    left = [point for point in points(VALUES) if point["name"] != "heap-001.pb.gz"]
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(left))
    picture.page.clock.run_for(10_000)
    assert picture.calls("choose") == []


FOLLOWED = """() => {
  window.followed = { ResizeObserver: 0, MutationObserver: 0, media: 0 };
  for (const name of ['ResizeObserver', 'MutationObserver']) {
    const { observe, disconnect } = window[name].prototype;
    window[name].prototype.observe = function (...args) { followed[name]++; return observe.apply(this, args); };
    window[name].prototype.disconnect = function () { followed[name]--; return disconnect.apply(this); };
  }
  const { addEventListener, removeEventListener } = MediaQueryList.prototype;
  MediaQueryList.prototype.addEventListener = function (...args) { followed.media++; return addEventListener.apply(this, args); };
  MediaQueryList.prototype.removeEventListener = function (...args) { followed.media--; return removeEventListener.apply(this, args); };
}"""


def test_what_is_no_longer_drawn_follows_nothing(picture: Picture) -> None:
    picture.load()
    picture.page.evaluate(FOLLOWED)
    picture.start("timeline", timeline(points(VALUES)))
    before = picture.page.evaluate("() => ({...followed})")
    assert min(before.values()) > 0
    for _ in range(5):
        picture.page.evaluate("(data) => { handle.update(data); }", timeline(points(VALUES)))
    assert picture.page.evaluate("() => followed") == before


def test_the_base_stays_before_the_head(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    picture.page.get_by_role("slider", name="Base").focus()
    picture.page.keyboard.press("End")
    assert picture.until_call("choose") == ["choose", "heap-006.pb.gz", "heap-007.pb.gz"]


def test_the_numbers_are_there_to_read(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES, begins=(0, 4), base=4), memstats=STATS, line=LINE))
    words = picture.page.locator("canvas").get_attribute("aria-label") or ""
    assert words.startswith("inuse_space in 8 snapshots from ")
    assert words.endswith(
        "from 10.0MB to 27.0MB; base heap-004.pb.gz, head heap-007.pb.gz; the process began anew once."
    )
    rows = picture.page.locator("tbody tr")
    assert rows.count() == 8
    cells = rows.nth(4).locator("td").all_inner_texts()
    assert [cells[0], *cells[2:]] == ["heap-004.pb.gz", "6.0MB", "12.0MB", "1.0MB", "a process begins, base"]
    assert rows.nth(0).locator("td").all_inner_texts()[4] == "unknown"


def test_a_table_of_at_most_fifty_rows(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(list(range(1, 400)))))
    assert picture.page.locator("tbody tr").count() == 50
    assert picture.page.locator("caption").inner_text() == "50 of 399 snapshots"


def test_the_legend_names_every_line(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES), memstats=STATS, line=LINE))
    wanted = ["inuse_space, total", "HeapInuse (dashed)", "main.go:42 owned, inuse_space (scale on the right)"]
    assert picture.page.get_by_role("listitem").all_inner_texts() == wanted


def test_what_is_under_the_mouse_is_said(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES), line=LINE))
    over = picture.page.locator(".u-over")
    box = over.bounding_box()
    assert box
    over.hover(position={"x": box["width"] * 5 / 7, "y": 20})
    said = picture.page.locator(".alloclens-pointed")
    expect(said).to_contain_text("heap-005.pb.gz")
    expect(said).to_contain_text("12.0MB · main.go:42 owned, inuse_space 4.0MB")


def test_what_is_drawn(picture: Picture) -> None:
    """Marks are there: without a restart, a base and a head the picture is another one."""
    picture.load()
    pictures = set()
    for begins, base in (((0,), 0), ((0, 4), 0), ((0,), 3)):
        picture.start("timeline", timeline(points(VALUES, begins=begins, base=base)))
        picture.page.wait_for_function("() => document.querySelector('canvas').width > 900")
        pictures.add(
            picture.page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => done(document.querySelector('canvas').toDataURL())))"
            )
        )
    assert len(pictures) == 3


def test_without_a_choice_there_is_nothing_to_draw_with(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)), quiet=True)
    expect(picture.page.get_by_role("slider", name="Base")).to_be_hidden()
    _draw(picture, 1, 5)
    assert picture.page.get_by_role("status").inner_text() == ""


def test_few_snapshots(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points([3])))
    expect(picture.page.locator(".alloclens-pointed")).to_have_text("A line needs two snapshots.")
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(points([3, 4])))
    expect(picture.page.get_by_role("slider", name="Base")).to_be_visible()
    picture.page.evaluate("(data) => { handle.update(data); }", timeline([]))
    expect(picture.page.get_by_role("slider", name="Base")).to_be_hidden()


def _draw(picture: Picture, start: float, end: float) -> None:
    """Draw a stretch with the mouse, between two snapshots by their number; the first and the last are at the edges."""
    box = picture.page.locator(".u-over").bounding_box()
    assert box
    mouse = picture.page.mouse
    count = len(VALUES) - 1
    mouse.move(box["x"] + box["width"] * start / count, box["y"] + 50)
    mouse.down()
    mouse.move(box["x"] + box["width"] * (start + end) / 2 / count, box["y"] + 60)
    mouse.move(box["x"] + box["width"] * end / count, box["y"] + 60)
    mouse.up()
