"""The text of a source file, its lines, and what is remembered of it."""

from __future__ import annotations

import codecs
import inspect
import re

import numpy as np
import pytest
from alloclens import text
from alloclens.languages import declaration_patterns
from alloclens.languages.declarations import declared
from alloclens.source.text_diff import diff_texts
from alloclens.text import decoded, split_lines
from hypothesis import given
from hypothesis import strategies as st


def test_lines_as_lsp_counts_them() -> None:
    assert split_lines("a\r\nb\rc\nd\fe\u2028f\v") == ("a", "b", "c", "d\fe\u2028f\v")


@given(st.text("a\r\n\f"), st.integers(0, 8))
def test_the_pieces_in_which_a_text_is_split_make_no_difference(whole: str, piece: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "SPLIT_CHARACTERS", piece)
        assert list(inspect.unwrap(split_lines)(whole)) == re.split("\r\n|\r|\n", whole)


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("é\n".encode(), "é\n"),
        (codecs.BOM_UTF8 + "é\n".encode(), "é\n"),
        (codecs.BOM_UTF16_LE + "é\n\U0001f600".encode("utf-16-le"), "é\n\U0001f600"),
        (codecs.BOM_UTF16_BE + "é\n".encode("utf-16-be"), "é\n"),
        (codecs.BOM_UTF16_LE + b"a\0\n", "a\ufffd"),
        ("é = 1\n".encode("latin-1"), "\ufffd = 1\n"),
    ],
)
def test_the_text_that_an_editor_shows(data: bytes, shown: str) -> None:
    assert decoded(data) == shown


def test_a_line_that_an_editor_could_read_and_we_could_not_is_the_same_line() -> None:
    """The editor has been told that the file is Latin-1; we read it as UTF-8."""
    shown = "a\nchaîne = f()\nb\n"
    kept = decoded(shown.encode("latin-1"))
    for then, now in ((kept, shown), (shown, kept)):
        line, unsure = diff_texts(then, "new\n" + now).of(diff_texts(then, now).of(np.array([1, 2, 3]))[0])
        assert (line.tolist(), bool(unsure.any())) == ([2, 3, 4], False)
    assert diff_texts("a\nchaîne\nb", "a\nchaône\nb").of(np.array([2]))[0].tolist() == [0]  # both were read


TOKENS = [
    *("func ", "def ", "fn ", "class ", "return ", "int ", "T::", "package a\n", "func (t *T) ", "#", "//", "=", "=>"),
    *(
        "f",
        "g",
        "add",
        "(",
        "(x)",
        "()",
        ")",
        "{",
        " ",
        "\n",
        "\n",
        "\n",
        ":",
        ".",
        "\t",
        "\r\n",
        "\r",
        "[",
        "<",
        "é",
        "$",
    ),
]


@given(
    st.lists(st.sampled_from(TOKENS), max_size=40).map("".join),
    st.sampled_from(["main.f", "f", "T::add", "add(::Int)"]),
)
def test_declarations_are_those_that_their_pattern_finds_in_the_whole_text(body: str, function: str) -> None:
    """Only lines that hold the name are looked at."""
    whole, name = declaration_patterns._searched(body), declaration_patterns._pattern(function)
    everywhere = re.compile(f"^(?:{name.declaration.pattern})", re.MULTILINE)
    found = [1 + whole.count("\n", 0, one.start()) for one in everywhere.finditer(whole)]
    assert declared(body, function, "a.rb") == found


def test_what_is_remembered_is_bounded_by_the_size_of_the_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_REMEMBERED_CHARACTERS", 10)
    asked: list[str] = []

    @text.memo
    def length(one: str) -> int:
        asked.append(one)
        return len(one)

    def fresh(one: str) -> bool:
        before = len(asked)
        assert length(one) == len(one)
        return len(asked) > before

    assert fresh("aaaa")
    assert fresh("bbbb")
    assert not fresh("aaaa")
    assert fresh("cccc")  # too many: the one that was asked for longest ago goes
    assert not fresh("aaaa")
    assert fresh("bbbb")
    assert fresh("x" * 100)  # the newest stays, whatever its size
    assert not fresh("x" * 100)
    assert fresh("aaaa")
