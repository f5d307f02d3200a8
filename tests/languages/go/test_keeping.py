"""What Go texts say of where values are kept: each line of a program says so itself, in a comment."""

from __future__ import annotations

import re

import pytest
from alloclens.languages.go.keeping import addition
from hypothesis import given
from hypothesis import strategies as st

MAIN = """package main

import "container/list"

type order struct{ id int; lines []string }
type hub struct {
	peers   map[string]*order
	done    []func()
	recent  [40]*order
	queue   []*order
	shared  map[string]int
	byAge   *list.List
	Public  map[string]int
	loaded  map[string][]byte
	inTurn  []*order
	lazy    []int
	Sent    []int
}

var history []*order
var pages = map[int][]byte{}
var sessions []*order
var once map[string]int

func (h *hub) direct(key string) {
	h.peers[key] = &order{} // unknown: it may replace another
	history = append(history, &order{}) // grows
	h.Public[key] = 1 // unknown: other packages may delete
	h.recent[len(key)%40] = &order{} // unknown: an array has an end
	h.shared[key] = 2 // unknown: handed out
	helper(h.shared)
	h.Sent = append(h.Sent, 1) // unknown: other packages may cut it back
	h.byAge.PushBack(&order{}) // unknown
}

func (h *hub) later(read func(*order)) {
	o := &order{} // grows
	read(o) // grows
	wrapped := struct{ of *order }{o} // grows
	other := &order{} // unknown
	h.done = append(h.done, func() { use(wrapped) }) // grows
	use(other) // unknown
}

func page(id int) []byte {
	if p, ok := pages[id]; ok {
		return p
	}
	p := make([]byte, 100) // unknown
	pages[id] = p // unknown
	return p
}

func (h *hub) lazily(key string) {
	if once == nil {
		once = map[string]int{} // unknown
	}
	if h.lazy == nil {
		h.lazy = make([]int, 0, 9)
	}
	once[key] = len(key) // unknown
	h.lazy = append(h.lazy, len(key)) // grows
	h.loaded[key] = append(h.loaded[key], key...) // unknown
}

func login() {
	s := &order{} // unknown: it is cut back
	sessions = append(sessions, s) // unknown: it is cut back
}

func (h *hub) enqueue() {
	h.queue = append(h.queue, &order{}) // unknown: it is cut back
	h.inTurn = append(h.inTurn, &order{}) // unknown: it is cut back
	local := []*order{} // unknown
	local = append(local, &order{}) // unknown
	o := order{}
	o.lines = append(o.lines, "of a local variable") // unknown
}

func started() {
	run(func(name string) {
		o := make([]byte, len(name)) // unknown
		history = append(history, &order{id: len(name)}) // grows
		use(o)
	})
}
"""
BESIDE = """package main

func (h *hub) reset() {
	kept := sessions[:0]
	sessions = kept
	h.queue = h.queue[1:]
	clear(h.inTurn)
}
"""
MARK = re.compile(r"// (grows|unknown)")
MARKED = [(number, mark[1]) for number, line in enumerate(MAIN.split("\n"), 1) if (mark := MARK.search(line))]


def only_grows(text: str, line: int, *beside: str) -> bool:
    """Return whether what a line makes is added to something from which nothing removes."""
    added = addition(text, line, [text, *beside])
    return added is not None and added.only_grows


@pytest.mark.parametrize(("line", "said"), MARKED)
def test_what_becomes_of_what_a_line_makes(line: int, said: str) -> None:
    assert only_grows(MAIN, line, BESIDE) is (said == "grows")


def test_what_removes_counts_wherever_it_is_in_the_package() -> None:
    line = next(number for number, text in enumerate(MAIN.split("\n"), 1) if "sessions = append" in text)
    assert only_grows(MAIN, line)
    assert not only_grows(MAIN, line, BESIDE)


@pytest.mark.parametrize(
    "other", ["clear(all)", "all = nil", "all = all[1:]", "cut(all)", "x := all", "f = &all", "return all"]
)
def test_what_is_cut_back_or_handed_out_need_not_grow(other: str) -> None:
    text = f"package main\n\nvar all []int\n\nfunc f(i int) {{\n\tall = append(all, i)\n}}\n\nfunc g() {{ {other} }}\n"
    assert not only_grows(text, 6)
    for harmless in ("_ = len(all)", "for range all {}", "use(all[0])", "if all != nil {}"):
        assert only_grows(text.replace(other, harmless), 6), harmless


def test_lines_of_a_function_that_add_to_the_same() -> None:
    lines = MAIN.split("\n")
    made, stored = (
        addition(MAIN, lines.index(f"\t{line} // unknown") + 1, [MAIN])
        for line in ("p := make([]byte, 100)", "pages[id] = p")
    )
    assert made
    assert stored
    assert made[:2] == stored[:2] == (made.function, "pages")
    assert (made.here, stored.here) == (False, True)
    assert addition(MAIN, lines.index("func login() {") + 1, [MAIN]) is None


PIECES = [*"{}()[]=:,.&*+ \n\t", "a", "b", '"', "`", "/", "append", "func ", "map[", "delete", "x = append(x, y)"]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_read(text: str) -> None:
    only_grows(text, 1)
