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


def test_everybody_can_use_it(picture: Picture) -> None:
    for look in picture.looks():
        picture.start("timeline", timeline(points(VALUES, begins=(0, 4)), memstats=STATS, line=LINE))
        assert picture.violations() == [], look


COLOUR = """(name) => {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const style = getComputedStyle(document.querySelector('.alloclens-picture'));
  for (const one of ['--alloclens-bg', name]) {
    context.fillStyle = style.getPropertyValue(one);
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
LINES = ["total", "line", *(f"stat-{i}" for i in range(4)), "restart"]


def test_lines_and_the_words_beside_them_are_seen(picture: Picture) -> None:
    """As WCAG 2.1 asks for: 3:1 for lines, 4.5:1 for text."""
    for look in picture.looks():
        picture.start("timeline", timeline(points(VALUES), line=LINE))
        colour = {name: picture.page.evaluate(COLOUR, f"--alloclens-{name}") for name in ("bg", "fg", *LINES)}
        contrast = {name: _contrast(colour[name], colour["bg"]) for name in colour}
        assert {name for name in LINES if contrast[name] < 3} == set(), (look, contrast)
        assert {name for name in ("fg", "restart") if contrast[name] < 4.5} == set(), (look, contrast)


def _contrast(one: list[int], other: list[int]) -> float:
    """Return the contrast of two colours: https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: list[int]) -> float:
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("start", "end"), [(1.2, 5.8), (5.8, 1.2)])
def test_a_stretch_chooses_base_and_head(picture: Picture, start: float, end: float) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    _draw(picture, start, end)
    assert picture.until_call("choose") == ["choose", "heap-001.pb.gz", "heap-006.pb.gz"]
    expect(picture.page.get_by_role("status")).to_have_text("Base heap-001.pb.gz, head heap-006.pb.gz.")
    assert picture.page.get_by_role("slider", name="Base").input_value() == "1"


def test_what_was_chosen_is_said_anew(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)))
    status = picture.page.get_by_role("status")
    _draw(picture, 1.2, 5.8)
    expect(status).to_have_text("Base heap-001.pb.gz, head heap-006.pb.gz.")
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(points([*VALUES, 31], base=3)))
    expect(status).to_have_text("Base heap-003.pb.gz, head heap-008.pb.gz.")
    picture.page.evaluate("(data) => { handle.update(data); }", timeline([]))
    expect(status).to_have_text("")


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
    wanted = ["inuse_space, total", "HeapInuse (dashed)", "main.go:42 owned, inuse_space"]
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


def test_what_is_chosen_and_what_is_under_the_mouse_share_a_row(picture: Picture) -> None:
    """An empty row of its own for each would be a gap above the plot and another one below."""
    picture.load()
    picture.start("timeline", timeline(points(VALUES), line=LINE))
    chosen, pointed = picture.page.get_by_role("status"), picture.page.locator(".alloclens-pointed")
    assert chosen.bounding_box() == pointed.bounding_box()
    picture.page.get_by_role("slider", name="Base").press("ArrowRight")
    expect(chosen).to_contain_text("Base heap-001.pb.gz")
    expect(chosen).to_have_css("opacity", "1")
    picture.page.locator(".u-over").hover(position={"x": 50, "y": 20})
    expect(pointed).to_contain_text("heap-00")
    expect(chosen).to_have_css("opacity", "0")


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


WRITTEN = """() => {
  window.written = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const width = this.measureText(text).width;
    const left = x - { left: 0, start: 0, center: width / 2, right: width, end: width }[this.textAlign];
    const spot = new DOMPoint(left, y).matrixTransform(this.getTransform());
    written.push([text, spot.x, spot.x + width, spot.y]);
    return fillText.call(this, text, x, y);
  };
}"""


@pytest.mark.parametrize(("base", "head"), [(4, 6), (4, 3), (5, 0)])
def test_words_of_marks_are_not_over_each_other(picture: Picture, base: int, head: int) -> None:
    """A base that is a restart is what a server that was started again has; a base may be newer than the head."""
    picture.load()
    picture.page.evaluate(WRITTEN)
    shown = [{**point, "head": i == head} for i, point in enumerate(points(VALUES, begins=(0, 4, 5, 6), base=base))]
    picture.start("timeline", timeline(shown))
    picture.page.wait_for_function("() => written.some(([text]) => text === 'head')")
    written = picture.page.evaluate("() => written")
    marks = {tuple(one) for one in written if one[0] in ("base", "head", "restart")}
    assert {one[0] for one in marks} == {"base", "head", "restart"}
    overlaps = [(a, b) for a in marks for b in marks if a < b and a[3] == b[3] and a[1] < b[2] and b[1] < a[2]]
    assert overlaps == []


def test_snapshots_of_one_second(picture: Picture) -> None:
    picture.load()
    picture.page.evaluate(WRITTEN)
    together = [point | {"time": 1_700_000_000} for point in points([3, 4])]
    picture.start("timeline", timeline(together))
    picture.page.wait_for_function("() => written.some(([text]) => text === 'head')")
    times = [one[0] for one in picture.page.evaluate("() => written") if one[0][:1].isdigit() and "B" not in one[0]]
    assert times
    assert all(len(time) == len("12:05:09") for time in times), times


def test_no_time_is_written_beside_the_plot(picture: Picture) -> None:
    """On a narrow page, where a time of every five minutes would be enough."""
    picture.load()
    picture.page.evaluate(WRITTEN)
    picture.page.set_viewport_size({"width": 250, "height": 700})
    picture.start("timeline", timeline(points(VALUES), line=LINE))
    picture.page.wait_for_function("() => written.some(([text]) => text === 'head')")
    times = [one[0] for one in picture.page.evaluate("() => written") if ":" in one[0]]
    assert not [time for time in times if not "13:20" <= time[-5:] <= "14:30"]


@pytest.mark.parametrize("width", [300, 500, 1000])
def test_nothing_jumps_and_nothing_is_wider_than_the_page(picture: Picture, width: int) -> None:
    picture.load()
    picture.page.set_viewport_size({"width": width, "height": 700})
    picture.start("timeline", timeline(points(VALUES), memstats=STATS, line=LINE))
    assert picture.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    value = picture.page.locator(".alloclens-value").first.bounding_box()
    assert value
    assert value["width"] > 200
    top = "(element) => element.getBoundingClientRect().top"
    before = picture.page.get_by_role("list").evaluate(top)
    picture.page.locator(".u-over").hover(position={"x": 100, "y": 20})
    expect(picture.page.locator(".alloclens-pointed")).to_contain_text("heap-00")
    assert picture.page.get_by_role("list").evaluate(top) == before


def test_all_samples_are_shown_also_those_out_of_focus(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES), focus="through main.keep"))
    words = "of all samples, also those out of focus"
    expect(picture.page.locator(".alloclens-heading")).to_have_text(f"inuse_space over time · {words}")
    assert words in (picture.page.locator("canvas").get_attribute("aria-label") or "")


def test_without_a_choice_there_is_nothing_to_draw_with(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points(VALUES)), quiet=True)
    expect(picture.page.get_by_role("slider", name="Base")).to_be_hidden()
    _draw(picture, 1, 5)
    assert picture.page.get_by_role("status").inner_text() == ""


def test_few_snapshots(picture: Picture) -> None:
    picture.load()
    picture.start("timeline", timeline(points([3])))
    said = picture.page.get_by_text("A line needs two snapshots.")
    expect(said).to_contain_text("heap-000.pb.gz")
    expect(said).to_contain_text("3.0MB")
    expect(picture.page.locator("canvas")).not_to_be_attached()
    expect(picture.page.get_by_role("listitem")).to_have_count(0)
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(points([3, 4])))
    expect(picture.page.get_by_role("slider", name="Base")).to_be_visible()
    expect(said).not_to_be_attached()
    picture.page.evaluate("(data) => { handle.update(data); }", timeline([]))
    expect(picture.page.get_by_role("slider", name="Base")).to_be_hidden()


def test_a_line_of_which_nothing_is_known_is_named(picture: Picture) -> None:
    picture.load()
    picture.start(
        "timeline",
        timeline(points(VALUES), withoutLine="main.go:1, where the cursor is, has no inuse_space in the head."),
    )
    expect(picture.page.get_by_role("status")).to_have_text(
        "main.go:1, where the cursor is, has no inuse_space in the head."
    )
    for width in (280, 500, 1000):  # all of it is seen
        picture.page.set_viewport_size({"width": width, "height": 700})
        room = "(element) => element.scrollWidth <= element.clientWidth && element.scrollHeight <= element.clientHeight"
        assert picture.page.get_by_role("status").evaluate(room)
    picture.page.evaluate("(data) => { handle.update(data); }", timeline(points(VALUES), line=LINE))
    expect(picture.page.get_by_role("status")).to_have_text("")


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
