from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from alloclens.printable import UNSAFE, printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("main.keep", "main.keep"),
        ("größe.保存", "größe.保存"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\r\nb\tc", r"a\r\nb\tc"),
        ("a\x00b", r"a\x00b"),
        ("a\u2028b\u2029c\x85d", r"a\u2028b\u2029c\x85d"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_steers_a_terminal_is_written_out(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_no_control_character_of_unicode_is_left() -> None:
    every = map(chr, range(0x110000))
    left = [c for c in every if unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} and printable(c) == c]
    assert left == []
    assert all(printable(c) != c for c in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_nothing_unsafe_is_printable_by_pythons_rules() -> None:
    """Printable text is not searched."""
    unsafe = re.findall(UNSAFE, "".join(map(chr, range(sys.maxunicode + 1))))
    assert len(unsafe) > 2000
    assert [one for one in unsafe if one.isprintable()] == []
