"""Paths as texts: whatever system they are from."""

from __future__ import annotations

from itertools import pairwise

import pytest
from alloclens.paths import (
    bundled,
    canonical,
    is_absolute,
    is_share,
    is_system_binary,
    is_within,
    join,
    name_of,
    namespace,
    rest_within,
)
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("", ""),
        ("/", "/"),
        ("/a/./b//../c.go", "/a/c.go"),
        ("/../a.go", "/a.go"),
        ("../a.go", "../a.go"),
        ("/@fs/home/me/a.ts", "/home/me/a.ts"),
        ("/@fs/C:/me/a.ts", "C:/me/a.ts"),
        ("./a.go", "a.go"),
        (r"C:\a\.\b.go", "C:/a/b.go"),
        (r"c:\a\b.go", "C:/a/b.go"),
        (r"c:\a/b\c.go", "C:/a/b/c.go"),
        ("c:/a/b.go", "C:/a/b.go"),
        (r"\\?\C:\a.go", "C:/a.go"),
        (r"\\server\share\a.go", "//server/share/a.go"),
        ("//server/share/a.go", "//server/share/a.go"),
        (r"src\a.go", "src/a.go"),
        ("/a/odd\\name.go", "/a/odd\\name.go"),  # a backslash is a letter where slashes divide
        ("file:///a/b.go", "/a/b.go"),
        ("file://host/a/b.go", "/a/b.go"),
        ("file:///C:/a/b.go", "C:/a/b.go"),
        (r"file:///c:\a\b.go", "C:/a/b.go"),
        ("webpack:///./src/a.js", "src/a.js"),
        ("webpack://shop/src/a.js", "src/a.js"),
        ("webpack-internal:///./a.js", "a.js"),
        ("webpack-internal:///(rsc)/./app/a.tsx", "app/a.tsx"),
        ("webpack:///./src/a.vue?1a2b", "src/a.vue"),
        ("webpack:///../lib/a.js", "../lib/a.js"),
        ("turbopack:///[project]/src/a.ts", "src/a.ts"),
        ("webpack:/src/a.js", "src/a.js"),  # as Go's filepath.Clean writes it
        ("webpack-internal:/src/a.js", "src/a.js"),
        ("file:///home/me/my%20app/%C3%A9.js", "/home/me/my app/é.js"),
        ("file:///C:/my%20app/a.js", "C:/my app/a.js"),
        ("file://C:/a.js", "C:/a.js"),
        ("file:/C:/a.js", "C:/a.js"),
        ("file:/a/b.go", "/a/b.go"),
        ("/home/me/100%25.js", "/home/me/100%25.js"),  # no URL
    ],
)
def test_canonical(path: str, clean: str) -> None:
    assert canonical(path) == clean


def test_what_bundlers_put_before_a_path() -> None:
    assert list(bundled("webpack:/shop/src/a.ts")) == [("shop", "src/a.ts")]
    assert list(bundled("webpack:/@me/shop/src/a.ts")) == [("@me/shop", "src/a.ts")]
    assert list(bundled("webpack://@me/shop/../lib/a.ts?1a2b")) == [("@me/shop", "../lib/a.ts")]
    assert list(bundled("/shop/src/a.ts")) == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("webpack://shop/./src/a.ts", ("shop", "src/a.ts")),
        ("webpack://@me/shop/./src/a.ts", ("@me/shop", "src/a.ts")),
        ("webpack:/@me/shop/src/a.ts", ("@me/shop", "src/a.ts")),
        ("webpack:/shop/src/a.ts", ("", "")),
        ("webpack:///./src/a.ts", ("", "")),
        ("webpack-internal:///(rsc)/./src/a.ts", ("", "")),
        ("/shop/./src/a.ts", ("", "")),
    ],
)
def test_the_project_that_a_bundler_names(path: str, said: tuple[str, str]) -> None:
    assert namespace(path) == said


@given(st.text() | st.text("/\\.:Cc ?", max_size=12))
@example("C:/")
@example("\\\\?\\\\\\")
@example("file:///file:///a")
def test_canonical_has_no_dots_within(path: str) -> None:
    clean = canonical(path)
    parts = clean.lstrip("/").split("/")
    assert "." not in parts[:-1]
    assert ".." not in [part for before, part in pairwise(parts) if before != ".."]
    assert not (is_absolute(clean) and ".." in parts)


def test_where_a_path_begins() -> None:
    assert [is_absolute(p) for p in ("/a", "C:/a", "C:", "//s/a", "a", "", "CC:/a")] == [True] * 4 + [False] * 3
    assert [is_share(p) for p in ("//s/a", "/s/a", "C:/a")] == [True, False, False]


def test_what_lies_within_what() -> None:
    assert rest_within("/a/b/c.go", "/a") == "b/c.go"
    assert rest_within("/a/b/c.go", "/a/") == "b/c.go"
    assert rest_within("/a", "/a") == ""
    assert rest_within("/ab/c.go", "/a") is None
    assert rest_within("/c.go", "/") == "c.go"
    assert [is_within(p, "/a") for p in ("/a/b", "/ab", "/a", "/")] == [True, False, False, False]


def test_join() -> None:
    assert join("/a/", "b", "", "c.go") == "/a/b/c.go"
    assert join("/a", "../b.go") == "/b.go"
    assert join("/", "b.go") == "/b.go"
    assert join("a", "b.go") == "a/b.go"


def test_names() -> None:
    assert [name_of(p) for p in ("/a/b.go", r"C:\a\b.go", "b.go", "")] == ["b.go", "b.go", "b.go", ""]


@pytest.mark.parametrize(
    ("path", "is_system"),
    [
        ("/usr/lib/x86_64-linux-gnu/libc.so.6", True),
        ("/lib64/ld-linux-x86-64.so.2", True),
        ("[vdso]", True),
        ("/opt/jemalloc/lib/libjemalloc.so.2", True),
        ("/srv/shop/libtcmalloc_minimal.so.4", True),
        ("/usr/local/bin/shop", False),
        ("/srv/shop/libshop.so", False),
        ("/srv/libjemalloc/shop", False),
    ],
)
def test_what_is_no_program_of_ones_own(path: str, is_system: bool) -> None:
    assert is_system_binary(path) is is_system
