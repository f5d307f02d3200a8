"""The flame graph in a browser: what is seen, what the mouse and the keyboard do, and what a screen reader hears."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect

from tests.pictures.page import THEMES, compared, flame, key, large, node, small

if TYPE_CHECKING:
    from tests.pictures.page import Picture

PUT = "example.com/app/store.(*Cache).Put"
SERVE = [["main.main", "/w/main.go"], ["main.serve", "/w/main.go"]]


@pytest.mark.parametrize("base", [False, True])
def test_everybody_can_use_it(picture: Picture, base: bool) -> None:
    for look in picture.looks():
        picture.start("flame", flame(compared(), base=True) if base else flame(small()))
        assert picture.violations() == [], look
        picture.frame("main.keep" if base else "main.serve").click(button="right")
        assert picture.violations() == [], f"{look}, with its menu"
        picture.page.get_by_role("menuitem", name="Zoom In").click()
        assert picture.violations() == [], f"{look}, zoomed in, with what is around it faded"


def test_axe_would_say_so(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    picture.page.evaluate("() => { document.querySelector('input').removeAttribute('aria-label'); }")
    picture.page.evaluate("() => { document.querySelector('input').removeAttribute('placeholder'); }")
    assert any(one.startswith("label") for one in picture.violations())


def test_a_double_click_zooms_and_asks_for_what_was_left_out(picture: Picture) -> None:
    picture.load()
    whole = node("main.serve", 6, node(PUT, 4), node("main.log", 1), node("main.late", 1))
    picture.start("flame", flame(small(more=True)), {key(SERVE, inverted=False): flame(whole)})
    assert _width(picture, "main.serve") == pytest.approx(0.6, abs=0.01)
    picture.frame("main.serve").dblclick()
    expect(picture.frame("main.late")).to_be_attached()
    assert picture.calls("ask") == [["ask", SERVE, False, ""]]
    assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01)
    assert _width(picture, PUT) == pytest.approx(4 / 6, abs=0.01)
    expect(picture.frame("runtime.mstart")).not_to_be_attached()
    picture.page.get_by_role("button", name="Reset Zoom").click()
    expect(picture.frame("runtime.mstart")).to_be_attached()
    assert _width(picture, "main.serve") == pytest.approx(0.6, abs=0.01)
    picture.frame("main.serve").dblclick()
    assert len(picture.calls("ask")) == 1, "it is all there by now"


def test_what_nobody_has_is_asked_for_once(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small(more=True)))
    for _ in range(2):
        picture.frame("main.serve").dblclick()
        assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01)
        picture.page.get_by_role("button", name="Reset Zoom").click()
        assert _width(picture, "main.serve") == pytest.approx(0.6, abs=0.01)
    assert picture.calls("ask") == [["ask", SERVE, False, ""]]
    picture.page.evaluate("(data) => { handle.update(data); }", flame(small(more=True)))
    picture.frame("main.serve").dblclick()
    assert len(picture.calls("ask")) == 2, "new data, a new question"


SLOW = """(data) => {
  window.waiting = {};
  const ask = (path) => new Promise((answer, fail) => { window.waiting[path.at(-1)?.[0]] = { answer, fail }; });
  alloclensPictures.flame(document.querySelector('main'), { data, ask });
}"""


def test_an_answer_that_comes_late_is_not_lost(picture: Picture) -> None:
    """Zoomed in, out and into another one, before the first answer is there."""
    picture.load()
    first, second = node("main.a", 5, more=True), node("main.b", 4, more=True)
    picture.page.evaluate(SLOW, flame(node("all", 10, first, second, file="")))
    picture.frame("main.a").dblclick()
    picture.page.get_by_role("button", name="Reset Zoom").click()
    picture.frame("main.b").dblclick()
    for name, size in (("main.a", 5), ("main.b", 4)):
        whole = flame(node(name, size, node(f"{name}.late", 1)))
        picture.page.evaluate("([name, whole]) => { waiting[name].answer(whole); }", [name, whole])
    picture.page.get_by_role("button", name="Reset Zoom").click()
    for name in ("main.a.late", "main.b.late"):
        expect(picture.frame(name)).to_be_attached()


def test_what_could_not_be_read_is_asked_for_again(picture: Picture) -> None:
    picture.load()
    picture.page.evaluate(SLOW, flame(node("all", 10, node("main.a", 5, more=True), file="")))
    picture.frame("main.a").dblclick()
    picture.page.evaluate("() => { waiting['main.a'].fail(new Error('gone')); waiting = {}; }")
    expect(picture.page.get_by_role("status")).to_have_text("The rest could not be read.")
    picture.page.get_by_role("button", name="Reset Zoom").click()
    picture.frame("main.a").dblclick()
    picture.page.wait_for_function("() => 'main.a' in waiting")


def test_two_functions_of_one_name_are_not_mixed_up(picture: Picture) -> None:
    """Such as statics of C, in two files."""
    picture.load()
    a, b = node("init", 8, file="/w/a.c"), node("init", 2, file="/w/b.c", more=True)
    here = [["main", "/w/m.c"], ["init", "/w/b.c"]]
    whole = flame(node("all", 10, node("main", 10, a, b, file="/w/m.c"), file=""))
    part = flame(node("init", 2, node("x", 1, file="/w/b.c"), file="/w/b.c"))
    picture.start("flame", whole, {key(here, inverted=False): part})
    picture.page.get_by_role("treeitem", name="init, 2.0MB").dblclick()
    expect(picture.frame("x")).to_be_attached()
    assert picture.calls("ask") == [["ask", here, False, ""]]
    picture.page.evaluate("(data) => { handle.update(data); }", whole)
    assert picture.page.locator("g.frame").evaluate_all("(all) => all.map((one) => one.ariaLabel)") == [
        "all, 10.0MB · 100%",
        "main, 10.0MB · 100%",
        "init, 2.0MB · 20%",
        "x, 1.0MB · 10%",
    ]
    picture.page.get_by_role("button", name="Reset Zoom").click()
    picture.frame("x").click(button="right")
    picture.page.get_by_role("menuitem", name="Focus on This Stack").click()
    assert picture.calls("focusStack") == [["focusStack", ["main", "init", "x"]]]
    assert _width(picture, "main") == pytest.approx(1, abs=0.01)


def test_what_is_whole_is_not_asked_for(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    picture.frame("main.serve").dblclick()
    assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01)
    assert picture.calls("ask") == []


def test_only_the_stacks_through_what_is_searched_for(picture: Picture) -> None:
    """Also those too light to be drawn: they are asked for."""
    picture.load()
    light = node("all", 1, node("main.main", 1, node("main.tiny", 1)))
    answers = {key([], inverted=False, search="tiny"): flame(light), key([], inverted=False): flame(small())}
    picture.start("flame", flame(small(more=True)), answers)
    picture.page.get_by_role("searchbox").fill("tiny")
    expect(picture.page.get_by_role("status")).to_have_text("No frame shown has “tiny” in its name.")
    only = picture.page.get_by_role("button", name="Only Matches")
    only.click()
    expect(picture.frame("main.tiny")).to_be_attached()
    expect(picture.frame("runtime.mstart")).not_to_be_attached()
    expect(picture.page.get_by_role("status")).to_have_text("“tiny”: 1.0MB (10%) in 1 frame.")
    picture.page.get_by_role("searchbox").fill("")
    expect(picture.frame("runtime.mstart")).to_be_attached()
    assert picture.calls("ask") == [["ask", [], False, "tiny"], ["ask", [], False, ""]]
    assert picture.violations() == []


def test_the_search(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    box = picture.page.get_by_role("searchbox", name="Search functions")
    box.fill("MAIN.S")
    expect(picture.page.get_by_role("status")).to_have_text("“MAIN.S”: 6.0MB (60%) in 1 frame.")
    assert _fill(picture, "main.serve") == "var(--alloclens-found)"
    assert _fill(picture, "main.main") != "var(--alloclens-found)"
    box.fill("nothing")
    expect(picture.page.get_by_role("status")).to_have_text("No frame shown has “nothing” in its name.")
    assert _fill(picture, "main.serve") != "var(--alloclens-found)"


def test_the_keyboard_goes_from_frame_to_frame(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    keyboard = picture.page.keyboard
    picture.page.get_by_role("button", name="Export").focus()
    keyboard.press("Tab")
    assert picture.focused() == "all, 10.0MB · 100%"
    keyboard.press("ArrowDown")
    keyboard.press("ArrowRight")
    assert picture.focused() == "runtime.mstart, 3.0MB · 30%"
    keyboard.press("ArrowLeft")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    assert picture.focused() == f"{PUT}, 4.0MB · 40%"
    expect(picture.page.get_by_role("status")).to_have_text(f"{PUT}, 4.0MB · 40%")
    keyboard.press("ArrowUp")
    keyboard.press("Space")
    assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01)
    assert picture.focused() == "main.serve, 6.0MB · 60%"
    keyboard.press("Escape")
    assert _width(picture, "main.main") == pytest.approx(1, abs=0.01)
    expect(picture.frame("runtime.mstart")).not_to_be_attached()
    keyboard.press("Home")
    assert picture.focused() == "all, 10.0MB · 100%"
    assert picture.page.locator("g.frame[tabindex='0']").count() == 1


def test_the_focus_stays_in_the_tree(picture: Picture) -> None:
    """Also when the frame that has it goes."""
    picture.load()
    picture.start("flame", flame(small()))
    picture.frame("main.serve").focus()
    picture.page.evaluate("(data) => { handle.update(data); }", flame(small(label="9.0MB · 90%")))
    assert picture.focused() == "main.serve, 9.0MB · 90%"
    picture.page.evaluate("(data) => { handle.update(data); }", flame(node("all", 10, node("main.main", 10))))
    assert picture.focused() == "all, 10.0MB · 100%"
    picture.page.keyboard.press("ArrowDown")
    assert picture.focused() == "main.main, 10.0MB · 100%"


def test_the_focus_is_seen(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    stroke = "(element) => getComputedStyle(element.querySelector('rect')).strokeWidth"
    assert picture.frame("main.main").evaluate(stroke) == "1px"
    picture.frame("main.main").focus()
    assert picture.frame("main.main").evaluate(stroke) == "3px"


def test_the_menu_by_keyboard(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    keyboard = picture.page.keyboard
    picture.frame("main.serve").focus()
    keyboard.press("Shift+F10")
    assert picture.focused() == "Open Source"
    keyboard.press("Escape")
    assert picture.focused() == "main.serve, 6.0MB · 60%"
    keyboard.press("ContextMenu")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    assert picture.focused() == "Focus"
    keyboard.press("Enter")
    assert picture.calls("focus") == [["focus", "main.serve"]]
    expect(picture.page.get_by_role("menu")).not_to_be_attached()
    keyboard.press("Shift+F10")
    keyboard.press("ArrowUp")
    assert picture.focused() == "Ignore", "round from the first to the last"


def test_the_menu_by_mouse(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    for choice in ("Ignore", "Open Source"):
        picture.frame(PUT).click(button="right")
        picture.page.get_by_role("menuitem", name=choice).click()
    assert picture.calls("ignore", "open") == [["ignore", PUT], ["open", "/w/store/store.go", 42, False]]
    picture.frame("all").click(button="right")
    assert picture.page.get_by_role("menuitem").all_inner_texts() == ["Zoom In"], "everything is no function"
    picture.page.mouse.click(500, 600)
    expect(picture.page.get_by_role("menu")).not_to_be_attached()


def test_a_click_opens_the_source_and_leaves_the_keyboard_here(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    picture.frame(PUT).click()
    assert picture.calls("open") == [["open", "/w/store/store.go", 42, True]]
    assert picture.focused() == f"{PUT}, 4.0MB · 40%"
    assert _width(picture, "main.serve") == pytest.approx(0.6, abs=0.01), "no zoom"
    picture.page.keyboard.press("Enter")
    assert picture.calls("open")[1:] == [["open", "/w/store/store.go", 42, False]], "to the source"


def test_why_a_source_is_not_opened(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()), refusal="store.go:42 is not in this workspace.")
    picture.frame(PUT).click()
    expect(picture.page.get_by_role("status")).to_have_text("store.go:42 is not in this workspace.")
    picture.start("flame", flame(small()))
    picture.frame(PUT).click()
    expect(picture.page.get_by_role("status")).to_have_text(f"{PUT}, 4.0MB · 40%")


def test_no_words_move_the_frames(picture: Picture) -> None:
    """Those of a long name, on a narrow page, come while the button is down."""
    picture.load()
    picture.page.set_viewport_size({"width": 300, "height": 700})
    name = f"main.{'Long' * 30}"
    tree = node("all", 10, node("main.main", 10, node(name, 10, node("main.log", 10))))
    picture.start("flame", flame(tree))
    _press(picture, name, "right")
    expect(picture.page.get_by_role("status")).to_have_text(f"{name}, 10.0MB · 100%")
    picture.page.get_by_role("menuitem", name="Focus on This Stack").click()
    assert picture.calls("focusStack") == [["focusStack", ["main.main", name]]]
    top = "(element) => element.getBoundingClientRect().top"
    chart = picture.page.get_by_role("tree")
    long = chart.evaluate(top)
    picture.frame("all").focus()
    assert chart.evaluate(top) == long
    _press(picture, name, "left")
    assert picture.calls("open") == [["open", "/w/main.go", 7, True]]
    assert picture.focused().startswith(name)


def _press(picture: Picture, name: str, button: Literal["left", "right"]) -> None:
    """Click near a frame's upper edge, where another frame would be if it moved."""
    box = picture.frame(name).bounding_box()
    assert box
    picture.page.mouse.click(box["x"] + 20, box["y"] + 3, button=button)


@pytest.mark.parametrize("button", ["left", "right"])
def test_the_frame_that_was_pressed_is_meant(picture: Picture, button: Literal["left", "right"]) -> None:
    """Also when another one is under the mouse by the time the button is released."""
    picture.load()
    before = flame(node("all", 10, node("main.a", 7, line=1), node("main.b", 3, line=2)))
    after = flame(node("all", 10, node("main.a", 3, line=1), node("main.b", 7, line=2)))
    picture.start("flame", before)
    picture.page.evaluate("(data) => { document.addEventListener('mousedown', () => handle.update(data)); }", after)
    picture.page.mouse.click(500, _top(picture, "main.a") + 10, button=button)
    assert _width(picture, "main.b") == pytest.approx(0.7, abs=0.01)
    if button == "right":
        picture.page.get_by_role("menuitem", name="Focus", exact=True).click()
        assert picture.calls("focus") == [["focus", "main.a"]]
    else:
        assert picture.calls("open") == [["open", "/w/main.go", 1, True]]


def test_a_stretch_drawn_over_frames_is_no_click(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    mouse = picture.page.mouse
    mouse.move(100, _top(picture, "main.main") + 10)
    mouse.down()
    mouse.move(900, _top(picture, "runtime.mstart") + 10)
    mouse.up()
    assert picture.calls("open") == []


def test_the_words_of_a_frame_are_renewed(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    picture.frame("main.serve").click()
    status = picture.page.get_by_role("status")
    expect(status).to_have_text("main.serve, 6.0MB · 60%")
    picture.page.get_by_role("searchbox").focus()
    picture.page.evaluate("(data) => { handle.update(data); }", flame(small(label="9.0MB · 90%")))
    expect(status).to_have_text("main.serve, 9.0MB · 90%")
    picture.page.evaluate("(data) => { handle.update(data); }", flame(node("all", 10, node("main.main", 10))))
    expect(status).to_have_text("")


def test_a_focus_that_nothing_passes_through(picture: Picture) -> None:
    picture.load()
    none = node("all", 0, label="0B · 0%")
    picture.start("flame", flame(none, focus="through example.com/app/store.Put", shortFocus="through store.Put"))
    expect(picture.page.get_by_text("No sample passes through store.Put.")).to_be_visible()
    expect(picture.page.get_by_role("tree")).to_be_hidden()
    assert picture.page.get_by_role("listitem").count() == 0
    picture.page.evaluate("(data) => { handle.update(data); }", flame(small()))
    expect(picture.page.get_by_text("No sample passes")).to_be_hidden()
    assert _width(picture, "main.serve") == pytest.approx(0.6, abs=0.01)


def test_how_much_is_in_focus(picture: Picture) -> None:
    picture.load()
    seen = node("all", 6, node("main.serve", 6))
    picture.start("flame", flame(seen, focus="through example.com/app/store.Put", shortFocus="through store.Put"))
    heading = picture.page.locator(".alloclens-heading")
    expect(heading).to_have_text("6.0MB of 10.0MB inuse_space · through store.Put · 1.pb.gz → 9.pb.gz")
    expect(heading).to_have_attribute("title", "through example.com/app/store.Put")


@pytest.mark.parametrize("theme", [theme for theme in THEMES if "high-contrast" in theme])
def test_high_contrast_shows_what_is_pressed_and_selected(picture: Picture, theme: str) -> None:
    picture.load(theme)
    picture.start("flame", flame(small()))
    active = _rgb(THEMES[theme]["contrastActiveBorder"])
    border = "(element) => getComputedStyle(element).borderTopColor"
    assert picture.page.get_by_role("button", name="Root on Top").evaluate(border) == active
    assert picture.page.get_by_role("button", name="Callers").evaluate(border) != active
    picture.frame("main.serve").click(button="right")
    outline = "(element) => [getComputedStyle(element).outlineStyle, getComputedStyle(element).outlineColor]"
    entries = picture.page.get_by_role("menuitem")
    assert entries.nth(0).evaluate(outline) == ["solid", active]
    assert entries.nth(1).evaluate(outline)[0] == "none"


def _rgb(colour: str) -> str:
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def test_what_has_no_source_is_zoomed_into(picture: Picture) -> None:
    picture.load()
    nowhere = node("main.serve", 6, node("main.log", 1), file="", line=0)
    picture.start("flame", flame(node("all", 10, nowhere, node("main.main", 4), file="", line=0)))
    picture.frame("main.serve").click()
    assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01)
    picture.frame("all").click()
    assert _width(picture, "main.serve") == pytest.approx(0.6, abs=0.01)
    assert picture.calls("open") == []


def test_callers(picture: Picture) -> None:
    picture.load()
    upside_down = node("all", 10, node(PUT, 4, node("main.serve", 4)), node("main.main", 6))
    picture.start("flame", flame(small()), {key([], inverted=True): flame(upside_down)})
    picture.page.get_by_role("button", name="Callers").click()
    expect(picture.frame("runtime.mstart")).not_to_be_attached()
    assert picture.calls("ask") == [["ask", [], True, ""]]
    assert _top(picture, "main.serve") > _top(picture, PUT)
    expect(picture.page.get_by_role("button", name="Callers")).to_have_attribute("aria-pressed", "true")


def test_the_root_is_on_top_or_at_the_bottom(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    assert _top(picture, "all") < _top(picture, "main.main") < _top(picture, "main.serve")
    picture.page.get_by_role("button", name="Root on Top").click()
    assert _top(picture, "all") > _top(picture, "main.main") > _top(picture, "main.serve")
    picture.frame("main.main").focus()
    picture.page.keyboard.press("ArrowUp")
    assert picture.focused().startswith("main.serve"), "up is where it is seen"


def test_only_what_surely_changed_is_coloured(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(compared(), base=True))
    assert _fill(picture, "main.keep") == "var(--alloclens-grew-3)"
    assert _fill(picture, "main.drop") == "var(--alloclens-shrank-3)"
    assert _fill(picture, "main.other") == _fill(picture, "all") == "var(--alloclens-grey)"
    colours = {name: _colour(picture, name) for name in ("main.keep", "main.drop", "main.other")}
    assert len(set(colours.values())) == 3, colours
    expect(picture.page.get_by_role("tree")).to_contain_text("main.other")
    assert picture.frame("main.other").get_attribute("aria-label") == "main.other, 2.0MB · 20%, +1.0MB, may be noise"


def test_own_code_is_coloured(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    assert _fill(picture, "main.main") == _fill(picture, "main.serve") != _fill(picture, PUT)
    assert _fill(picture, "runtime.mstart") == "var(--alloclens-grey)"
    assert picture.page.get_by_role("listitem").all_inner_texts() == [
        "main",
        "example.com/app/store",
        "not your own code",
    ]


def test_four_thousand_frames(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(large(4000)))
    drawn = picture.page.locator("g.frame")
    assert drawn.count() > 1000, "those that are a pixel wide"
    assert _width(picture, "all") == pytest.approx(1, abs=0.01)
    assert drawn.evaluate_all(
        "(all) => all.every((one) => one.getAttribute('role') === 'treeitem' && one.getAttribute('aria-label'))"
    )


def test_new_data_keeps_what_was_chosen(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()))
    picture.frame("main.serve").dblclick()
    keep = picture.calls("keep")[-1][1]
    assert keep == {"inverted": False, "rootOnTop": True, "search": "", "only": False, "path": SERVE}
    newer = node("all", 10, node("main.main", 8, node("main.serve", 8, node(PUT, 2))), node("runtime.mstart", 2))
    picture.page.evaluate(
        "(data) => { handle.update(data); }", flame(newer, truncated=True, focus="main", shortFocus="main")
    )
    assert _width(picture, PUT) == pytest.approx(0.25, abs=0.01)
    expect(picture.page.locator(".alloclens-heading")).to_have_text(
        re.compile("10.0MB inuse_space · main · 1.pb.gz → 9.pb.gz · the lightest frames are left out")
    )
    picture.start("flame", flame(newer), view=keep)
    assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01), "as it was kept"


def test_a_quiet_picture_offers_what_it_can(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(small()), quiet=True)
    expect(picture.page.get_by_role("button", name="Callers")).not_to_be_attached()
    picture.frame("main.serve").click(button="right")
    assert picture.page.get_by_role("menuitem").all_inner_texts() == ["Zoom In"]
    picture.page.get_by_role("menuitem").click()
    assert _width(picture, "main.serve") == pytest.approx(1, abs=0.01)
    picture.frame("main.main").click()
    assert _width(picture, "main.main") == pytest.approx(1, abs=0.01), "there is nothing to open"
    assert _width(picture, "main.serve") == pytest.approx(6 / 7, abs=0.01)


def test_the_mouse_is_told_the_whole_name(picture: Picture) -> None:
    picture.load()
    picture.start("flame", flame(compared(), base=True))
    picture.frame("main.keep").hover()
    expect(picture.page.locator(".alloclens-tip")).to_have_text("main.keep5.0MB · 50% · ▲3.0MB/w/main.go:7")


def _width(picture: Picture, name: str) -> float:
    """Return how much of the chart's width a frame takes."""
    share = "(frame) => frame.querySelector('rect').width.baseVal.value / frame.closest('.alloclens-chart').clientWidth"
    return picture.frame(name).evaluate(share)


def _top(picture: Picture, name: str) -> float:
    box = picture.frame(name).bounding_box()
    assert box
    return box["y"]


def _fill(picture: Picture, name: str) -> str:
    return picture.frame(name).locator("rect").get_attribute("fill") or ""


def _colour(picture: Picture, name: str) -> str:
    return picture.frame(name).locator("rect").evaluate("(element) => getComputedStyle(element).fill")
