"""Source maps, written by hand, so that the truth is known."""

from __future__ import annotations

import base64
import json
import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read
from alloclens.profile.model import Frame
from alloclens.source.roots import PrefixMapping
from alloclens.symbols.source_maps import MOVED, NO_COLUMNS, in_sources
from alloclens.symbols.symbols import Symbolized

from tests.support.profiles import heap

pytest.importorskip("symbolic", reason="the extra alloclens[binaries] is not installed")

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
GENERATED = "var a=1;function b(c){}function d(){}"
SECOND = GENERATED.index("d()")
SEGMENTS = ((9, 0, 4, 9), (17, 0, 4, 9), (18, 0, 4, 14), (SECOND, 1, 40, 2))
"""Columns of the generated line, from 0; then source, line and column, from 0. `a` is in no source."""


def vlq(number: int) -> str:
    """Encode a number as the Source Map specification says."""
    rest, out = (-number << 1) | 1 if number < 0 else number << 1, ""
    while True:
        rest, digit = rest >> 5, rest & 31
        out += DIGITS[digit | (32 if rest else 0)]
        if not rest:
            return out


def mappings(segments: Sequence[tuple[int, ...]]) -> str:
    before: tuple[int, ...] = (0, 0, 0, 0)
    out = []
    for segment in segments:
        out.append("".join(vlq(now - then) for now, then in zip(segment, before, strict=True)))
        before = segment
    return ",".join(out)


def source_map(**more: object) -> str:
    names = {"sources": ["../src/a.ts", "webpack://shop/./b.ts"], "names": []}
    return json.dumps({"version": 3, **names, "mappings": mappings(SEGMENTS), **more})


def profile(url: str, *columns: int, function: str = "b") -> Symbolized:
    calls = [
        {
            "callFrame": {"functionName": function, "url": url, "lineNumber": 0, "columnNumber": at},
            "selfSize": 1,
            "children": [],
        }
        for at in columns
    ]
    root = {"callFrame": {"functionName": "(root)", "url": "", "lineNumber": -1, "columnNumber": -1}}
    return Symbolized(read(json.dumps({"head": {**root, "selfSize": 0, "children": calls}}).encode()))


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1_000_000_000, 1_000_000_000))


class Recorded:
    mtime_ns = time.time_ns()


def mapped(given: Symbolized, folder: Path, *mappings: PrefixMapping) -> tuple[list[tuple[str, int]], tuple[str, ...]]:
    """Return the places of the frames, and the messages."""
    found = in_sources(given, (folder.as_posix(),), mappings, Recorded)
    frames = [found.profile.frame(row) for row in found.profile.stack_frames.tolist()]
    return [(frame.file, frame.line) for frame in frames], found.messages


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path / "dist/app.js", f"{GENERATED}\n//# sourceMappingURL=app.js.map\n")
    put(tmp_path / "dist/app.js.map", source_map())
    return tmp_path


def test_each_place(folder: Path) -> None:
    app = folder / "dist/app.js"
    places, said = mapped(profile(app.as_uri(), 0, 8, 9, 16, 17, 18, SECOND - 1, SECOND, len(GENERATED)), folder)
    source, other = (folder / "src/a.ts").as_posix(), "webpack://shop/./b.ts"
    assert (places, said) == (
        [(app.as_posix(), 1)] * 2 + [(source, 5)] * 5 + [(other, 41)] * 2,
        (),
    )


@pytest.mark.parametrize(
    ("code", "recorded", "expected"),
    [
        ("exports.h={put(){@}}", "put", "put"),
        ("exports.h={put:()=>{@}}", "put", "put"),
        ("exports.h={d:{put(){@}}}", "put", "put"),
        ("const h={put(){@}}", "put", "h.put"),
        ("class C{put(){@}}", "put", "C.put"),
        ("class C{#put(){@}}", "#put", "C.#put"),
        ("C.prototype.put=function(){@}", "C.put", "C.prototype.put"),
        ("exports.keep=function(){@}", "exports.keep", "exports.keep"),
        ("exports.keep=function(){@} // p", "p", "exports.keep"),
        ("exports.h={put(){@}}", "", "exports.hput"),
    ],
)
def test_the_name_of_a_function(code: str, recorded: str, expected: str, folder: Path) -> None:
    """In a file whose every character comes from itself."""
    (same, each) = (vlq(0) * 4, vlq(1) + vlq(0) * 2 + vlq(1))
    text = code.replace("@", "return 1")
    put(folder / "dist/app.js", f"{text}\n//# sourceMappingURL=app.js.map\n")
    put(folder / "dist/app.js.map", source_map(mappings=",".join([same, *[each] * len(text)])))
    url = (folder / "dist/app.js").as_uri()
    given = profile(url, code.index("@"), function=recorded)
    found = in_sources(given, [str(folder)], (), Recorded).profile
    assert found.frame(0).function == expected


def test_a_token_without_a_function(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "symbolic.sourcemapcache.SourceMapCache.lookup",
        lambda *_: SimpleNamespace(function_name=None, src="/src/a.ts", line=5),
    )
    found = in_sources(profile((folder / "dist/app.js").as_uri(), 9), [str(folder)], (), Recorded).profile
    assert found.frame(0) == Frame("b", "/src/a.ts", 5)


def test_inline(folder: Path) -> None:
    text = base64.b64encode(source_map().encode()).decode()
    put(folder / "dist/app.js", f"{GENERATED}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,{text}")
    assert mapped(profile((folder / "dist/app.js").as_uri(), 9), folder) == (
        [((folder / "src/a.ts").as_posix(), 5)],
        (),
    )


def test_of_a_server(folder: Path) -> None:
    """A browser names the address, which a path mapping leads to the file."""
    mapping = PrefixMapping("http:/localhost:5173", (folder / "dist").as_posix())
    given = profile("http://localhost:5173/app.js", 9)
    assert mapped(given, folder, mapping) == ([((folder / "src/a.ts").as_posix(), 5)], ())
    assert mapped(given, folder) == ([("http://localhost:5173/app.js", 1)], ())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://example.com/app.js.map", "outside the workspace"),
        ("../../secret.map", "outside the workspace"),
        ("link.map", "outside the workspace"),
        ("//share/app.js.map", "outside the workspace"),
        (
            "none.map",
            "none.map cannot be read: No such file or directory; copy it there, or build again with source maps",
        ),
        ("data:application/json;base64,@@@@", "inline source map is damaged"),
        ("data:application/json,{", "cannot be read"),
        ("damaged.map", "cannot be read"),
    ],
)
def test_what_is_not_followed(folder: Path, url: str, words: str) -> None:
    put(folder / "dist/damaged.map", '{"version": 3, "mappings": "****"')
    put(folder.parent / "secret.map", source_map())
    (folder / "dist/link.map").symlink_to(folder.parent / "secret.map")
    app = folder / "dist/app.js"
    put(app, f"{GENERATED}\n//# sourceMappingURL={url}\n")
    places, said = mapped(profile(app.as_uri(), 9, 18), folder)
    assert places == [(app.as_posix(), 1)] * 2
    assert len(said) == 1
    assert words in said[0]


def test_files_outside_are_not_opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = folder / "inside"
    inside.mkdir()
    (inside / "app.js").symlink_to(folder / "dist/app.js")
    monkeypatch.setattr("alloclens.symbols.source_maps.read_file", lambda *_: pytest.fail("it is opened"))
    for path in (folder / "dist/app.js", inside / "app.js"):
        assert mapped(profile(path.as_uri(), 9), inside) == ([(path.as_posix(), 1)], ())


def test_a_bundle_that_is_newer_than_the_profile(folder: Path) -> None:
    app = folder / "dist/app.js"
    os.utime(app, (time.time() + 60,) * 2)
    places, said = mapped(profile(app.as_uri(), 9), folder)
    assert places == [(app.as_posix(), 1)]
    assert "written after the profile" in said[0]


BUILT = (
    "function open(id) { return id }",
    "function keep(id) { return id }",
    "const first = (id) => id",
    "const shop = { get size() { return 1 } }",
    "class Shop { constructor(id) { this.id = id } }",
)


@pytest.mark.parametrize(
    ("function", "line", "followed"),
    [
        ("keep", 2, "src src src"),  # the profile is of this build
        ("keep", 3, "src app app"),  # a line is gone since: only what is confirmed is followed
        ("exports.keep", 2, "src src src"),
        ("get size", 4, "src src src"),
        ("Shop", 5, "src src src"),  # V8 calls a constructor by its class
        ("", 4, "src src src"),
    ],
)
def test_a_file_that_was_built_again_while_the_program_ran(
    tmp_path: Path, function: str, line: int, followed: str
) -> None:
    app = tmp_path / "dist/app.js"
    put(app, "\n".join(BUILT) + "\n//# sourceMappingURL=app.js.map\n")
    columns = [text.index("(") for text in BUILT]
    lines = [vlq(column) + vlq(0) + vlq(1) + vlq(0) for column in columns]
    put(app.with_name("app.js.map"), source_map(mappings=";".join(lines)))
    frames = [
        {"functionName": name, "url": app.as_uri(), "lineNumber": n - 1, "columnNumber": columns[n - 1]}
        for name, n in (("open", 1), (function, line), ("", 3))
    ]
    children = [{"callFrame": frame, "selfSize": 1, "children": []} for frame in frames]
    root = {"callFrame": {"functionName": "(root)", "url": "", "lineNumber": -1, "columnNumber": -1}}
    given = Symbolized(read(json.dumps({"head": {**root, "selfSize": 0, "children": children}}).encode()))
    places, messages = mapped(given, tmp_path)
    assert [("src" if "/src/" in file else "app") for file, _ in places] == followed.split()
    assert messages == ((f"{app.as_posix()}: {MOVED}",) if "app" in followed else ())


def test_of_a_dependency_nothing_is_said(folder: Path) -> None:
    app = folder / "node_modules/app/dist/app.js"
    put(app, f"{GENERATED}\n//# sourceMappingURL=app.js.map\n")
    assert mapped(profile(app.as_uri(), 9), folder) == ([(app.as_posix(), 1)], ())
    put(app.with_name("app.js.map"), source_map())
    given = Symbolized(read(heap(f"f@{app.as_posix()}:1 = 1x1048576")))  # without columns
    os.utime(app, (1_000_000_001,) * 2)
    assert mapped(given, folder) == ([(app.as_posix(), 1)], ())


def test_a_line_without_a_column_counts_if_all_of_it_comes_from_one_line(tmp_path: Path) -> None:
    """@datadog/pprof records no columns: what tsc wrote can be followed, what was minified cannot."""
    generated = ["class Shop {", "    keep(id) {", "    }", "}", GENERATED]
    lines = [((0, 0, 4, 0),), ((4, 0, 2, 0), (9, 0, 0, 5)), ((4, 0, 1, -3),), ((0, 0, 1, 0),), ()]
    text = []
    for segments in lines:
        column, out = 0, []
        for at, *steps in segments:
            out.append("".join(map(vlq, (at - column, *steps))))
            column = at
        text.append(",".join(out))
    names = {"version": 3, "sources": ["../src/a.ts"], "names": []}
    put(tmp_path / "dist/app.js", "\n".join(generated) + "\n//# sourceMappingURL=app.js.map\n")
    put(tmp_path / "dist/app.js.map", json.dumps({**names, "mappings": ";".join(text)}))
    app, source = (tmp_path / "dist/app.js").as_posix(), (tmp_path / "src/a.ts").as_posix()
    stack = " < ".join(f"f@{app}:{number}" for number in (1, 2, 3, 99))
    given = Symbolized(read(heap(f"{stack} = 1x1048576")))
    assert mapped(given, tmp_path) == ([(source, 5), (source, 7), (source, 8), (app, 99)], ())
    minified = tmp_path / "min"
    put(minified / "dist/app.js", f"{GENERATED}\n//# sourceMappingURL=app.js.map\n")
    put(minified / "dist/app.js.map", source_map())
    app = (minified / "dist/app.js").as_posix()
    given = Symbolized(read(heap(f"f@{app}:1 < g@{app}:1 = 1x1048576")))
    assert mapped(given, minified) == ([(app, 1)] * 2, (f"{app}: {NO_COLUMNS}",))
    stack = " < ".join(
        f"{name}@{app}:1" for name in ("b", "(anonymous:L#1:C#27)", "d", "f")
    )  # as @datadog/pprof names them
    found, messages = mapped(Symbolized(read(heap(f"{stack} = 1x1048576"))), minified)
    assert found == [((minified / "src/a.ts").as_posix(), 5)] * 2 + [("webpack://shop/./b.ts", 41), (app, 1)]
    assert messages == (f"{app}: {NO_COLUMNS}",)


def line_mappings(*lines: Sequence[tuple[int, int, int, int]]) -> str:
    """Encode segments by generated line: column, source, line and column, each from 0."""
    before: tuple[int, ...] = (0, 0, 0)
    out = []
    for segments in lines:
        at, coded = 0, []
        for column, *source in segments:
            coded.append(
                "".join(map(vlq, (column - at, *(now - then for now, then in zip(source, before, strict=True)))))
            )
            at, before = column, tuple(source)
        out.append(",".join(coded))
    return ";".join(out)


PRIVATE = "}, _Shop_keep = function _Shop_keep(id) {"
ASYNC = "        return __awaiter(this, void 0, void 0, function* () {"


@pytest.mark.parametrize(
    ("function", "line", "expected"),
    [
        ("_Shop_keep", 3, ("src/a.ts", 8)),  # #keep(id), as compiled for ES2020
        ("(anonymous:L#7:C#58)", 7, ("src/a.ts", 13)),  # async load(), for ES2016: the first line of its body
        ("fulfilled", 1, ("dist/app.js", 1)),  # what the compiler adds comes from nowhere, nor does what it calls
        ("(anonymous:L#1:C#19)", 1, ("dist/app.js", 1)),
        ("gone", 7, ("dist/app.js", 7)),
    ],
)
def test_a_function_before_which_the_compiler_writes_what_comes_from_nowhere(
    function: str, line: int, expected: tuple[str, int], tmp_path: Path
) -> None:
    """The segments are those that tsc 5 writes."""
    generated = [
        "function fulfilled(value) { step(value); }",
        "_Shop_drop = function () {",
        PRIVATE,
        "    all(id);",
        "};",
    ]
    generated += ["class Shop { load() {", ASYNC, "            open();", "        }); }}"]
    lines: list[list[tuple[int, int, int, int]]] = [[] for _ in generated]
    lines[2:4] = [(0, 0, 6, 2), (PRIVATE.index("id)"), 0, 7, 8)], [(4, 0, 8, 4)]
    lines[5], lines[7] = [(13, 0, 11, 8)], [(12, 0, 12, 4)]
    names = {"version": 3, "sources": ["../src/a.ts"], "names": [], "mappings": line_mappings(*lines)}
    put(tmp_path / "dist/app.js", "\n".join(generated) + "\n//# sourceMappingURL=app.js.map\n")
    put(tmp_path / "dist/app.js.map", json.dumps(names))
    stack = f"{function}@{tmp_path.as_posix()}/dist/app.js:{line}"
    file, number = expected
    given = Symbolized(read(heap(f"{stack} = 1x1048576")))
    assert mapped(given, tmp_path) == ([((tmp_path / file).as_posix(), number)], ())


def test_what_was_found_is_kept_when_the_bundle_is_built_again(folder: Path) -> None:
    app, source = folder / "dist/app.js", (folder / "src/a.ts").as_posix()
    first = in_sources(profile(app.as_uri(), 9), (folder.as_posix(),), (), Recorded)
    assert first.has_found_more
    os.utime(app, (time.time() + 60,) * 2)
    again = in_sources(profile(app.as_uri(), 9), (folder.as_posix(),), (), Recorded, lambda: first.found)
    (frame,) = map(again.profile.frame, again.profile.stack_frames.tolist())
    assert (frame.file, frame.line) == (source, 5)
    assert (again.messages, again.has_found_more, again.found) == ((), False, first.found)


@pytest.mark.parametrize("root", [{}, {"sourceRoot": ".."}, {"sourceRoot": "../"}])
def test_the_texts_of_the_sources(root: dict[str, str], folder: Path) -> None:
    names = ["../src/a.ts", "webpack://shop/./b.ts"] if not root else ["src/a.ts", "webpack://shop/./b.ts"]
    given = {**root, "sources": names, "sourcesContent": ["const a = 1;\n", None]}
    put(folder / "dist/app.js.map", source_map(**given))
    found = in_sources(profile((folder / "dist/app.js").as_uri(), 9, SECOND), (folder.as_posix(),), (), Recorded)
    assert found.texts == {(folder / "src/a.ts").as_posix(): "const a = 1;\n"}


@pytest.mark.parametrize("before", ["", ")]}'\n"])
def test_a_source_map_without_texts(before: str, folder: Path) -> None:
    put(folder / "dist/app.js.map", before + source_map(sourcesContent=None))
    app = profile((folder / "dist/app.js").as_uri(), 9)
    assert mapped(app, folder) == ([((folder / "src/a.ts").as_posix(), 5)], ())
    assert not in_sources(profile((folder / "dist/app.js").as_uri(), 9), (folder.as_posix(),), (), Recorded).texts
