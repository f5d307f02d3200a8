"""Over stdio: profiles that are opened by their path, whatever the session shows, and what is drawn of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.editor import ready
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
DHAT = {
    "dhatFileVersion": 2,
    "mode": "rust-heap",
    "verb": "Allocated",
    "bklt": True,
    "bkacc": False,
    "tu": "µs",
    "Mtu": "s",
    "tuth": 10,
    "cmd": "shop",
    "pid": 1,
    "tg": 1,
    "te": 2,
    "pps": [
        {"tb": 64, "tbk": 1, "tl": 1, "mb": 64, "mbk": 1, "gb": 64, "gbk": 1, "eb": 64, "ebk": 1, "fs": [1]},
    ],
    "ftbl": ["[root]", "0x1: shop::keep (src/main.rs:3:9)"],
}
V8 = {
    "head": {
        "callFrame": {"functionName": "(root)", "scriptId": "0", "url": "", "lineNumber": -1, "columnNumber": -1},
        "selfSize": 0,
        "id": 1,
        "children": [
            {
                "callFrame": {
                    "functionName": "keep",
                    "scriptId": "1",
                    "url": "file:///w/shop.js",
                    "lineNumber": 2,
                    "columnNumber": 0,
                },
                "selfSize": 64,
                "id": 2,
                "children": [],
            }
        ],
    },
    "samples": [{"size": 64, "nodeId": 2, "ordinal": 1}],
}


def ask(editor: Editor, name: str, *arguments: Any) -> Any:
    return editor.command(f"alloclens.server.{name}", *arguments)


@pytest.fixture
def shown(folder: Path) -> Path:
    """A folder whose own series is of something else."""
    main = folder / "main.go"
    for number, held in enumerate((10, 50)):
        drop(folder / f"profiles/{number}.pb.gz", heap(f"main.serve:5@{main}:6 = {held}x{MB}"))
    return folder


def written(folder: Path, name: str, keep: int) -> str:
    path = folder.parent / "downloads" / name
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    stacks = (
        f"example.com/dep.New:3@{dep}:4 < main.keep:10@{main}:11 < main.serve:5@{main}:7 = {keep}x{MB}",
        f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 1x{MB}",
    )
    drop(path, heap(*stacks))
    return str(path)


async def test_a_file_is_drawn_and_what_is_shown_stays(editor: Editor, shown: Path) -> None:
    uri = await ready(editor, shown)
    before = await editor.hints(uri)
    of = {"path": written(shown, "one.pb.gz", 3)}
    summary = await ask(editor, "summary", of)
    assert (summary["name"], summary["total"], summary["problem"]) == ("one.pb.gz", "inuse_space 4.0MB", "")
    assert [kind["name"] for kind in summary["sampleTypes"] if kind["selected"]] == ["inuse_space"]
    table = await ask(editor, "table", {"by": "function", "sort": "cum"}, of)
    rows = [(row["name"], row["flat"], row["cum"], row["owned"], row["growth"]) for row in table["rows"]]
    assert rows == [
        ("main.keep", MB, 4 * MB, 4 * MB, None),
        ("main.serve", 0, 4 * MB, 0, None),
        ("example.com/dep.New", 3 * MB, 3 * MB, 0, None),
    ]
    assert (table["matching"], table["ends"], table["base"]) == (3, "one.pb.gz", False)
    graph = await ask(editor, "graph", None, of)
    assert [(node["name"], node["own"], node["flatLabel"]) for node in graph["nodes"] if node["flat"]] == [
        ("example.com/dep.New", False, "3.0MB (75%)"),
        ("main.keep", True, "1.0MB (25%)"),
    ]
    called = [(graph["nodes"][e["source"]]["name"], graph["nodes"][e["target"]]["name"]) for e in graph["edges"]]
    assert sorted(called) == [("main.keep", "example.com/dep.New"), ("main.serve", "main.keep")]
    flame = await ask(editor, "flame", None, of)
    assert (flame["total"], flame["root"]["children"][0]["name"]) == (4 * MB, "main.serve")
    both = await ask(editor, "sandwich", "main.keep", str(shown / "main.go"), of)
    assert both["callers"]["root"]["children"][0]["children"][0]["name"] == "main.serve"
    assert both["callees"]["root"]["children"][0]["children"][0]["name"] == "example.com/dep.New"
    at = await ask(editor, "frame", str(shown / "main.go"), 11, of)
    assert (at["uri"], at["range"]["start"]["line"]) == (uri, 10)
    assert await editor.hints(uri) == before
    assert (await ask(editor, "flame"))["total"] == 50 * MB


async def test_two_files_and_another_sample_type(editor: Editor, shown: Path) -> None:
    await ready(editor, shown)
    base, head = written(shown, "before.pb.gz", 3), written(shown, "after.pb.gz", 400)
    of = {"path": head, "base": base, "sampleType": "inuse_objects"}
    table = await ask(editor, "table", {"sort": "growth", "filter": "DEP"}, of)
    assert [(row["name"], row["growth"]["value"], row["growth"]["significant"]) for row in table["rows"]] == [
        ("example.com/dep.New", 397, True)
    ]
    assert (table["ends"], table["matching"], table["base"]) == ("before.pb.gz → after.pb.gz", 1, True)
    assert (await ask(editor, "table", {}, of))["sort"] == "growth"
    assert (await ask(editor, "table", {}, {"path": head}))["sort"] == "flat"
    graph = await ask(editor, "graph", {"through": "example.com/dep.New"}, of)
    assert {node["name"]: node["growth"]["value"] for node in graph["nodes"]} == {
        "example.com/dep.New": 397,
        "main.keep": 397,
        "main.serve": 397,
    }
    assert "(+397)" in (await ask(editor, "summary", of))["total"]


@pytest.mark.parametrize(
    ("binary", "said"), [("/bin/shop-2", ""), ("/bin/login", ", which is of another program: login")]
)
async def test_a_base_of_another_program_is_said(editor: Editor, shown: Path, binary: str, said: str) -> None:
    await ready(editor, shown)
    stack = f"main.keep:10@{shown}/main.go:11 = 3x{MB}"
    base = drop(shown.parent / "before.pb.gz", heap(stack, binary=binary))
    head = drop(shown.parent / "after.pb.gz", heap(stack, binary="/bin/shop-13"))
    summary = await ask(editor, "summary", {"path": str(head), "base": str(base)})
    _, _, of_base = summary["detail"].partition(" · compared with before.pb.gz of ")
    assert re.fullmatch(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d{re.escape(said)}", of_base)


async def test_a_file_that_changes_is_read_again(editor: Editor, shown: Path) -> None:
    await ready(editor, shown)
    of = {"path": written(shown, "one.pb.gz", 3)}
    assert (await ask(editor, "flame", None, of))["total"] == 4 * MB
    written(shown, "one.pb.gz", 7)
    assert (await ask(editor, "flame", None, of))["total"] == 8 * MB


@pytest.mark.parametrize(("name", "content", "total"), [("dhat-heap.json", DHAT, 64), ("a.heapprofile", V8, 64)])
async def test_other_formats(editor: Editor, shown: Path, name: str, content: dict[str, Any], total: int) -> None:
    await editor.open_folder(shown)
    path = shown.parent / name
    path.write_text(json.dumps(content))
    of = {"path": str(path)}
    await editor.until(lambda: ask(editor, "graph", None, of))
    assert (await ask(editor, "flame", None, of))["total"] == total
    assert "keep" in (await ask(editor, "table", None, of))["rows"][0]["name"]


async def test_what_is_no_profile_says_why(editor: Editor, shown: Path) -> None:
    await ready(editor, shown)
    other = shown.parent / "notes.pb.gz"
    other.write_text("no profile")
    for path, why in ((str(other), "not a profile "), (str(shown / "missing.prof"), "there is no such file")):
        of = {"path": path}
        assert (await ask(editor, "summary", of))["problem"].startswith(why), "its name is the title"
        for name, arguments in (("table", [None]), ("graph", [None]), ("flame", [None]), ("sandwich", ["f", ""])):
            assert await ask(editor, name, *arguments, of) is None
    compared = {"path": written(shown, "one.pb.gz", 3), "base": str(other)}
    assert (await ask(editor, "summary", compared))["problem"].startswith("notes.pb.gz: not a profile ")


async def test_functions_with_a_verdict_are_marked(editor: Editor, folder: Path) -> None:
    main = folder / "main.go"
    for number in range(24):
        turns = f"main.serve:5@{main}:7 = 9x{MB}/{9 + number * 4}"
        drop(folder / f"profiles/{number:02}.pb.gz", heap(f"main.keep:10@{main}:11 = {1 + number * 9}x{MB}", turns))
    await editor.open_folder(folder)

    await editor.until(lambda: editor.status.state == "ok")  # all 24 are read
    code = (await ask(editor, "findings"))["findings"][0]["code"]
    graph, table = await ask(editor, "graph"), await ask(editor, "table")
    for nodes in (graph["nodes"], table["rows"], (await ask(editor, "flame"))["root"]["children"]):
        assert {node["name"]: node["verdict"] for node in nodes} == {"main.keep": code, "main.serve": ""}
