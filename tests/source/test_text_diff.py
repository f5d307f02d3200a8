"""Lines carried from one text to another, against a text whose every line is known by a number of its own."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.source import text_diff
from alloclens.source.text_diff import code, diff_texts, stays
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import leaky
from tests.support.edits import INSIDE, KINDS, REPEATED, Edited, in_all_longest, some_edit, some_text

if TYPE_CHECKING:
    from collections.abc import Sequence

LINES = st.lists(st.sampled_from(REPEATED) | st.integers(1, 40).map("\tx{} := f()".format), min_size=1, max_size=30)
EDITS = st.lists(st.tuples(st.sampled_from(KINDS), *[st.integers(0, 99)] * 3), max_size=12)
FEW = st.lists(st.sampled_from("ab}"), min_size=1, max_size=9) | st.lists(
    st.sampled_from("abcdef}"), min_size=1, max_size=9
)
GO = [path.read_text().split("\n") for path in sorted(leaky.EXAMPLE.glob("*.go"))]


def mapped(then: str, now: str) -> dict[int, tuple[int, bool]]:
    """Return, for the lines that are still there, the line now and whether it is marked."""
    made = diff_texts(then, now)
    each = zip(made.now.tolist(), made.unsure.tolist(), strict=True)
    return {line: to for line, to in enumerate(each) if to[0]}


def exact(then: str, now: str) -> dict[int, int]:
    return {line: to for line, (to, unsure) in mapped(then, now).items() if not unsure}


def once(texts: Sequence[str]) -> list[int]:
    """Return the numbers of the lines whose text stands there once."""
    stripped = [text.strip() for text in texts]
    return [number for number, text in enumerate(stripped, 1) if stripped.count(text) == 1]


@pytest.mark.slow
@settings(max_examples=400)
@given(LINES, EDITS)
def test_an_unmarked_line_is_the_line_it_was(lines: list[str], edits: list[tuple[str, int, int, int]]) -> None:
    text = Edited(lines)
    for edit in edits:
        text.edit(*edit)
        found = exact("\n".join(lines), text.text)
        assert found == {line: text.where.get(line) for line in found}


@pytest.mark.parametrize("seed", range(20))
def test_in_longer_texts(seed: int) -> None:
    rng = random.Random(seed)
    lines = some_text(rng, 120)
    text = Edited(lines)
    for _ in range(12):
        text.edit(*some_edit(rng))
        found = exact("\n".join(lines), text.text)
        assert found == {line: text.where.get(line) for line in found}
    assert len(found) > 50  # of 120, of which 12 edits touched 48 at most and moved some others


@pytest.mark.slow
@settings(max_examples=1000)
@given(FEW, FEW)
def test_what_every_longest_common_subsequence_has(then: list[str], now: list[str]) -> None:
    assert exact("\n".join(then), "\n".join(now)).items() == in_all_longest(then, now)


@pytest.mark.slow
@settings(max_examples=400)
@given(FEW, FEW)
def test_a_marked_line_stands_once_in_each(then: list[str], now: list[str]) -> None:
    marked = {line: to for line, (to, unsure) in mapped("\n".join(then), "\n".join(now)).items() if unsure}
    assert all(line in once(then) and to in once(now) and then[line - 1] == now[to - 1] for line, to in marked.items())


@pytest.mark.slow
@settings(max_examples=200)
@given(LINES, EDITS)
def test_a_text_that_is_no_more_is_nowhere(lines: list[str], edits: list[tuple[str, int, int, int]]) -> None:
    text = Edited(lines)
    for edit in edits:
        text.edit(*edit)
    left = {line.strip() for _, line in text.lines}
    gone = {number for number, line in enumerate(lines, 1) if line.strip() not in left}
    assert not gone & mapped("\n".join(lines), text.text).keys()


@pytest.mark.slow
@pytest.mark.parametrize("lines", GO, ids=len)
def test_far_from_an_edit_every_line_of_its_kind_is_exact(lines: list[str]) -> None:
    rng = random.Random(1)
    for _ in range(100):
        text = Edited(lines)
        for _ in range(5):
            text.edit(
                rng.choice(("insert", "delete", "replace", "inside", "split", "indent", "ends")), *some_edit(rng)[1:]
            )
        found, left = exact("\n".join(lines), text.text), text.where
        assert [line for line in once(lines) if line in left and line not in found] == []


@pytest.mark.parametrize("lines", GO, ids=len)
def test_new_lines_cost_no_old_one(lines: list[str]) -> None:
    for at in range(len(lines)):
        now = [*lines[:at], "\tnew()", "\tnewer()", *lines[at:]]
        assert exact("\n".join(lines), "\n".join(now)) == {
            line: line + 2 * (line > at) for line in range(1, len(lines) + 1)
        }


@pytest.mark.slow
@given(LINES, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", "\t", "        "]))
def test_line_ends_and_indentation_make_no_difference(lines: list[str], end: str, indent: str) -> None:
    now = end.join(indent + line.strip() for line in lines)
    assert exact("\n".join(lines), now) == {line: line for line in range(1, len(lines) + 1)}


@pytest.mark.parametrize("inside", INSIDE)
def test_what_ends_a_line_for_python_alone(inside: str) -> None:
    assert exact(f"a{inside}b\nc", f"new\na{inside}b\nc") == {1: 2, 2: 3}
    assert exact(f"a{inside}b\nc", "a\nb\nc") == {2: 3}


def test_one_of_two_that_are_equal_is_neither() -> None:
    assert mapped("f {\n}\ng {\n}", "f {\n}\n}\ng {\n}") == {1: (1, False), 3: (4, False), 4: (5, False)}
    assert mapped("a\nhot\nhot\nb", "a\nhot\nb") == {1: (1, False), 4: (3, False)}


def test_a_line_that_moved_is_marked() -> None:
    then, now = "a\nb\nc\nhot\nd", "hot\na\nb\nc\nd"
    assert mapped(then, now) == {1: (2, False), 2: (3, False), 3: (4, False), 4: (1, True), 5: (5, False)}


def test_a_repeated_line_does_not_follow_what_moved_past_it() -> None:
    """Two lines moved up past it and a copy came below: there are two ways to say it, of the same length."""
    assert exact("x\nhot\ny\nhot\nend", "y\nx\nhot\nend").get(4) is None
    assert exact("once\nhot\na\na\na\nend", "hot\na\na\na\nonce\nhot\nend") == {2: 1, 3: 2, 4: 3, 5: 4, 6: 7}


def test_what_is_too_much_at_once_is_cut_at_lines_that_stand_once(monkeypatch: pytest.MonkeyPatch) -> None:
    then = ["a", "hot", "x", "hot", "b", "end"]
    now = ["a", "new", "hot", "x", "hot", "b", "new", "end"]
    monkeypatch.setattr(text_diff, "MAX_COMPARISONS", 3)
    assert exact("\n".join(then), "\n".join(now)) == {1: 1, 2: 3, 3: 4, 4: 5, 5: 6, 6: 8}


def test_what_is_too_much_and_cannot_be_cut_is_unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both lines that stand once moved past each other."""
    then = ["a", "hot", "x", "hot", "b", "hot", "end"]
    now = ["a", "b", "hot", "hot", "x", "hot", "end"]
    monkeypatch.setattr(text_diff, "MAX_COMPARISONS", 3)
    assert mapped("\n".join(then), "\n".join(now)) == {1: (1, False), 3: (5, True), 5: (2, True), 7: (7, False)}


def test_which_lines_stay_where_they_are() -> None:
    """0 stays; b is another line, c moved down, and d moved past it."""
    assert stays("a\nb\nc", "a\nb\nc").tolist() == [True] * 4
    assert stays("a\nb\nc", "a\nx\nc").tolist() == [True, True, False, True]
    assert stays("a\nb\nc", "a\nb\nx\nc").tolist() == [True, True, True, False]
    assert stays("a\nb\nc\nd\ne", "a\nd\nb\nc\ne").tolist() == [True, True, False, False, False, True]


def test_the_common_head_and_tail_end_at_lines_that_stand_once() -> None:
    """In between, the copies of x may be each other."""
    made = diff_texts("a\nx\nb\nx\nc", "a\nx\nx\nx\nc")
    assert (made.head, made.tail) == (1, 5)
    same = diff_texts("a\nx\nx", "a\nx\nx")
    assert (same.head, same.tail, same.now.tolist()) == (3, 4, [0, 1, 2, 3])
    other = diff_texts("a\nb", "c\nd\ne")
    assert (other.head, other.tail, other.now.tolist()) == (0, 3, [0, 0, 0])


def test_a_file_that_was_decoded_differently() -> None:
    """What one reader cannot read another may: every character beyond ASCII is then as good as any other."""
    assert exact("a\n\ufffd x\nb", "a\n\u00e9 x\nb") == {1: 1, 2: 2, 3: 3}
    assert exact("a\n\u00e9 x\nb", "a\n\ufffd x\nb") == {1: 1, 2: 2, 3: 3}
    assert exact("a\n\u00e8 x\nb", "a\n\u00e9 x\nb") == {1: 1, 3: 3}


def by_code(then: str, now: str, comment: str = "//") -> list[int]:
    return diff_texts(then, now, comment).now.tolist()[1:]


def test_a_line_of_the_same_code_is_looked_for_between_the_same_two_lines() -> None:
    assert by_code("x = 1\na\nb", "x=1\na\nb") == [1, 2, 3]
    assert by_code("a\nx = 1\nb\nc", "a\nb\nx=1\nc") == [1, 0, 2, 4]  # it is behind b now
    assert by_code("a\nb\nx = 1", "a\nb\nx=1") == [1, 2, 3]
    assert by_code("a\nx = 1\nb\nx = 1\nc", "a\nx=1\nb\nx =1\nc") == [1, 2, 3, 4, 5]
    assert by_code("a\nx = 1\nc", "a\nx=1\nx =1\nc") == [1, 0, 4]  # either may be it
    assert by_code("a\nx = 1 // why\nc", "a\nx = 1 // how\nc") == [1, 2, 3]
    assert by_code("a\nx = 1 // why\nc", "a\nx = 1 // how\nc", comment="") == [1, 0, 3]
    assert by_code("a\nx = 1\nc", "a\nc\nd") == [1, 0, 2]
    assert by_code("a\nx=1\nc", "a\nx=1\nx =1\nc") == [1, 2, 4]  # what stayed as it is is no other line
    assert by_code("a\nx=1\nx =1\nc", "a\nx=1\nc") == [1, 2, 0, 3]


@pytest.mark.parametrize(
    ("line", "comment", "expected"),
    [
        ("a  :=  1", "//", "a:=1"),
        ("return x", "//", "return x"),
        ("a - -b", "//", "a- -b"),  # two operators are another than one
        ("a -1", "//", "a-1"),
        ("_ x", "//", "_ x"),  # two words
        ("f( x , y ) // why", "//", "f(x,y)"),
        ("a / b", "//", "a/b"),
        ("a /* b */ c", "//", "a/*b*/c"),  # it is no trailing one
        ("a /* b */", "//", "a"),
        ("x = 1 # why", "#", "x=1"),
        ("x#1", "#", "x#1"),  # a comment follows a space
        ("x = 1 # why", "//", "x=1#why"),
        ('f("a  //  b") // c', "//", 'f("a  //  b")'),
        (r'f("\"//") // c', "//", r'f("\"//")'),
        ("f('a  b')", "", "f('a  b')"),
        ('"a" "b"', "", '"a" "b"'),  # they begin as the one before ended
        ('x  =  "open', "//", 'x  =  "open'),  # the string ends on another line: white space counts
        ("// all", "//", "// all"),
        ("", "//", ""),
    ],
)
def test_the_code_of_a_line(line: str, comment: str, expected: str) -> None:
    assert code(line, comment) == expected


def test_lines_of_the_same_code_begin_alike() -> None:
    lines = ["".join(characters) for n in range(5) for characters in itertools.product(" \tx_/#\"'\f-", repeat=n)]
    for comment in ("", "//", "#"):
        begun: dict[str, set[str]] = {}
        for line in lines:
            begun.setdefault(code(line, comment), set()).add(text_diff._begin(line))
        assert len(begun) < len(lines)
        assert all(len(begins) == 1 for begins in begun.values())


def test_lines_that_the_text_never_had_are_gone() -> None:
    made = diff_texts("a\nb", "new\na\nb")
    line, unsure = made.of(np.array([0, 1, 2, 3, -1, 10**12]))
    assert line.tolist() == [0, 2, 3, 0, 0, 0]
    assert not unsure.any()


def test_ten_thousand_lines_as_they_are_typed() -> None:
    """An edit at each end of a long file: the line map of the whole is made anew at every key."""
    lines = some_text(random.Random(3), 9_000)
    now = ["\tnew()", *lines[:-4], "\tnewer()", *lines[-4:]]
    found = exact("\n".join(lines), "\n".join(now))
    assert found == {line: line + 1 + (line > len(lines) - 4) for line in range(1, len(lines) + 1)}
