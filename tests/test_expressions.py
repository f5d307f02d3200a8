"""Patterns and compressed files where RE2 and isal have no packages."""

from __future__ import annotations

import gzip
import zlib

import pytest
from alloclens import expressions
from alloclens.expressions import ExpressionError, Limited, Linear
from alloclens.profile.errors import Malformed
from alloclens.profile.formats import compression
from alloclens.source.own import is_own
from alloclens.source.roots import Roots
from alloclens.transform.patterns import PatternError, exact, search

PATTERNS = [
    "main",
    "^main\\.",
    r"\.go$",
    "a|^$",
    "(?i)MAIN",
    r"[[:alpha:]]\(",
    r"\pL{3}",
    r"^tcmalloc::.*|\bnew\b",
    exact("main.(*T).f[a b]"),
]
TEXTS = [
    "",
    "main.go",
    "xmain",
    "main.(*T).f[a b]",
    "MAIN.x",
    "operator new",
    "newer",
    "tcmalloc::Allocate",
    "é",
    "äöü",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_both_find_the_same(pattern: str) -> None:
    linear, limited = Linear(pattern), Limited(pattern)
    assert [bool(linear.search(text)) for text in TEXTS] == [bool(limited.search(text)) for text in TEXTS]


def test_a_pattern_without_re2_has_a_limited_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "MAX_SECONDS", 0.05)
    test = Limited("(a|aa)+$")
    text = "a" * 60 + "b"
    for _ in range(2):  # the time is for all searches together
        with pytest.raises(TimeoutError, match=r"the pattern '\(a\|aa\)\+\$' takes more than"):
            test.search(text)


@pytest.mark.parametrize("pattern", ["(", "*a", "(" * 5000 + ")" * 5000, "a" * 10_000], ids=lambda pattern: pattern[:3])
def test_what_is_refused_without_re2(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "re2", None)
    with pytest.raises(ExpressionError):
        Limited(pattern)
    with pytest.raises(PatternError):
        search(pattern)


def test_own_code_without_re2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "re2", None)
    monkeypatch.setattr(expressions, "MAX_SECONDS", 0.05)
    roots = Roots(folders=("/w",), own_code=("lib/**", "!lib/x.go", "vendor/ours/"))
    own = [is_own(path, roots) for path in ("/w/lib/a.go", "/w/lib/x.go", "/w/vendor/ours/a.go", "/w/vendor/b.go")]
    assert own == [True, False, True, False]
    slow = Roots(folders=("/w",), own_code=("*a" * 25 + "b",))
    assert is_own("/w/vendor/" + "a" * 250, slow) is False


def test_gzip_without_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "gzip", zlib)
    parts = [gzip.compress(bytes([i]) * 100_000) for i in range(3)]
    assert compression.unpacked(b"".join(parts), 1 << 20) == b"".join(bytes([i]) * 100_000 for i in range(3))
    with pytest.raises(Malformed, match="unpacks to more than 299999 bytes"):
        compression.unpacked(b"".join(parts), 299_999)
    with pytest.raises(Malformed, match="cut off"):
        compression.unpacked(parts[0][:-9], 1 << 20)
    damaged = bytearray(parts[0])
    damaged[-5] ^= 1  # of its checksum
    with pytest.raises(Malformed, match="is damaged"):
        compression.unpacked(bytes(damaged), 1 << 20)
