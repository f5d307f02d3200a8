"""Lines that were edited in place, each with rows on either side of the rule."""

from __future__ import annotations

import random

import numpy as np
import pytest
from alloclens.source import edited as module
from alloclens.source.edited import edited

from tests.support.edits import Edited, some_edit, some_text

KEEP = """package main

func keep() {
	a := make([]byte, 8<<10)
	b := load("pages", 3)
	hold(a, b)
}

func drop() {
	free(all)
}
"""
A, B = "a := make([]byte, 8<<10)", 'b := load("pages", 3)'


def became(then: str, now: str, path: str = "main.go") -> dict[int, int]:
    to = edited(then, now, path).tolist()
    return {line: there for line, there in enumerate(to) if there}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # One line, in its place or pushed down; its indentation is not counted.
        (A, "a := make([]byte, 4<<10)", {4: 4}),
        (A, "\ta := make([]byte, 4<<10)", {4: 4}),
        (f"keep() {{\n\t{A}", "keep() {\n\n\t// Smaller pages.\n\ta := make([]byte, 4<<10)", {4: 6}),
        # Two lines into two, each like the one in its place.
        (f"{A}\n\t{B}", 'a := make([]byte, 4<<10)\n\tb := load("pages", 4)', {4: 4, 5: 5}),
        # Two lines into one, and one into two: it may hold what both held, or a part.
        (f"{A}\n\t{B}", 'a, b := make([]byte, 4<<10), load("pages", 3)', {}),
        (A, "a := make([]byte, 4<<10)\n\ta = append(a, make([]byte, 4<<10))", {}),
        # Exchanged and edited.
        (f"{A}\n\t{B}", 'b := load("pages", 4)\n\ta := make([]byte, 4<<10)', {}),
        # Moved, and moved and edited.
        (f"\t{A}\n\t{B}\n\thold(a, b)\n", f"\t{B}\n\thold(a, b)\n\t{A}\n", {}),
        (f"\t{A}\n\t{B}\n\thold(a, b)\n", f"\t{B}\n\thold(a, b)\n\ta := make([]byte, 4<<10)\n", {}),
        # Two candidates: both of them are as much like it.
        (f"{A}\n\t{B}", "a := make([]byte, 9<<10)\n\ta := make([]byte, 4<<10)", {}),
        # One that is as it was before, and a copy of which the texts do not say what it was.
        (f"{A}\n\t{A}", f"{A}\n\ta := make([]byte, 4<<10)", {}),
        # Replaced by something else.
        (A, "log.Print(b.name())", {}),
        (A, "a := pool.Get()", {}),
        (A, "a := make([]byte, size)", {4: 4}),
        # Deleted, or a new line.
        (f"\t{A}\n", "", {}),
        (B, f"{B}\n\tc := make([]byte, 8<<10)", {}),
        # A comment is no line of code, and one behind a line does not make it another.
        (A, f"// {A}", {}),
        (A, f"{A} // why", {}),
        # keep() lost its last line, and drop() has a new one like it.
        ("\thold(a, b)\n}\n\nfunc drop() {\n", "}\n\nfunc drop() {\n\thold(a, all)\n", {}),
    ],
)  # fmt: skip
def test_which_lines_were_edited_in_place(before: str, after: str, expected: dict[int, int]) -> None:
    now = KEEP.replace(B, A) if before == f"{A}\n\t{A}" else KEEP
    assert before in now
    assert became(now, now.replace(before, after)) == expected


def test_a_function_with_a_new_name_has_other_lines() -> None:
    """Without a grammar for the language, nothing says in which function a line is."""
    then, now = ("func {}() {{\n\ta := make([]byte, {}<<10)\n}}\n".format(*name) for name in (("a", 8), ("b", 4)))
    assert became(then, now) == {}
    assert became(then, now, "main.unknown") == {1: 1, 2: 2}


def test_code_that_was_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    then, now = ("\n".join(f"x{i} = f({i}, {n})" for i in range(4)) for n in (1, 2))
    assert became(then, now, "a.py") == {1: 1, 2: 2, 3: 3, 4: 4}
    monkeypatch.setattr(module, "MAX_REPLACED", 3)
    assert became(f"{then}\n", f"{now}\n", "a.py") == {}  # a text that was not asked about before


def test_no_line_becomes_two_or_one_that_stayed() -> None:
    """Whatever is done to a text: all are lines of it, each once, in order, and none is where another line stayed."""
    rng, count = random.Random(5), 0
    for _ in range(60):
        text = Edited(some_text(rng, 40))
        then = text.text
        for _ in range(6):
            text.edit(*some_edit(rng))
        to = edited(then, text.text, "main.go")
        there = to[to > 0]
        count += len(there)
        assert (np.diff(there) > 0).all()
        assert not np.isin(there, list(text.where.values())).any()
    assert count > 10
