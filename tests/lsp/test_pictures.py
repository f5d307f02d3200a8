"""Over stdio: the data of flame graph and timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lsp.conftest import MAIN
from tests.support.profiles import drop, heap, heap_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
FLAME, FRAME, TIMELINE = (f"alloclens.server.{name}" for name in ("flame", "frame", "timeline"))
FOCUS = "alloclens.server.focus"


async def opened(editor: Editor, folder: Path) -> str:
    """Two snapshots: dep.go grows from 2 to 42 MB through main.go:6, main.keep holds 3 MB."""
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    for i, (name, kept) in enumerate((("a", 2), ("b", 42))):
        drop(
            folder / f"profiles/{name}.pb.gz",
            heap(
                f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 < main.main:20@/elsewhere/x.go:1 = {kept}x{MB}",
                f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 3x{MB}",
                seconds=1_700_000_000 + i,
            ),
        )
    await editor.open_folder(folder)
    await editor.until(lambda: editor.status.state == "ok" and "a.pb.gz" in editor.status.tooltip)
    return editor.open(folder / "main.go")


def tree(node: dict[str, Any]) -> dict[str, Any]:
    return {node["name"]: [node["value"] // MB, *map(tree, node["children"])]}


async def test_the_flame_graph(editor: Editor, folder: Path) -> None:
    await opened(editor, folder)
    found = await editor.command(FLAME)
    assert tree(found["root"]) == {
        "all": [
            45,
            {"main.main": [42, {"main.serve": [42, {"example.com/dep.New": [42]}]}]},
            {"main.serve": [3, {"main.keep": [3]}]},
        ]
    }
    assert {name: found[name] for name in found if name != "root"} == {
        "sampleType": "inuse_space", "unit": "bytes", "total": 45 * MB, "totalLabel": "45.0MB inuse_space",
        "series": "", "ends": "a.pb.gz → b.pb.gz", "base": True, "focus": "", "shortFocus": "", "truncated": False,
    }  # fmt: skip
    main = found["root"]["children"][0]
    serve = main["children"][0]
    said = {name: serve[name] for name in serve if name != "children"}
    assert said == {
        "name": "main.serve", "value": 42 * MB, "label": "42.0MB · 93%", "growth": {"value": 40 * MB, "label": "▲40.0MB", "significant": True},
        "file": str(folder / "main.go"), "line": 6, "own": True, "verdict": "", "more": False,
    }  # fmt: skip
    kept = found["root"]["children"][1]
    assert kept["growth"] == {"value": 0, "label": "no change seen", "significant": False}
    assert (main["own"], serve["children"][0]["own"]) == (False, False)


async def test_the_flame_graph_from_the_leaves_a_subtree_a_search_and_a_focus(editor: Editor, folder: Path) -> None:
    await opened(editor, folder)
    keep = [["main.keep", str(folder / "main.go")]]
    found = await editor.command(FLAME, {"inverted": True, "path": keep})
    assert tree(found["root"]) == {"main.keep": [3, {"main.serve": [3]}]}
    assert await editor.command(FLAME, {"path": keep}) is None
    assert await editor.command(FLAME, {"path": [["main.main", "/elsewhere/y.go"]]}) is None
    found = await editor.command(FLAME, {"search": "KEEP"})
    assert tree(found["root"]) == {"all": [3, {"main.serve": [3, {"main.keep": [3]}]}]}
    await editor.command(FOCUS, {"function": "main.keep"})
    await editor.until(lambda: editor.status.focus)
    found = await editor.command(FLAME, {})
    assert tree(found["root"]) == {"all": [3, {"main.serve": [3, {"main.keep": [3]}]}]}
    assert (found["focus"], found["total"]) == ("through main.keep", 45 * MB)
    assert found["root"]["label"] == "3.0MB · 6.7%"  # of the whole, as pprof's


async def test_growth_is_shown_of_what_the_base_has_nothing_of(editor: Editor, folder: Path) -> None:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    keep = f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 40x{MB}"
    new = f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 60x{MB}"
    drop(folder / "profiles/a.pb.gz", heap(keep))
    drop(folder / "profiles/b.pb.gz", heap(keep, new))
    await editor.open_folder(folder)
    await editor.until(lambda: editor.status.state == "ok" and "a.pb.gz" in editor.status.tooltip)
    await editor.command(FOCUS, {"function": "example.com/dep.New"})
    await editor.until(lambda: editor.status.focus)
    found = await editor.command(FLAME)
    grown = {"value": 60 * MB, "label": "▲60.0MB", "significant": True}
    assert (found["base"], found["root"]["growth"]) == (True, grown)


async def test_where_a_recorded_line_is(editor: Editor, folder: Path) -> None:
    uri = await opened(editor, folder)
    editor.edit(uri, "// one line more\n" + (folder / "main.go").read_text())
    found = await editor.command(FRAME, str(folder / "main.go"), 6)
    assert (found["uri"], found["range"]["start"]["line"]) == (uri, 6)
    assert await editor.command(FRAME, "/elsewhere/x.go", 1) is None
    assert await editor.command(FRAME, str(folder / "main.go"), 0) is None


async def test_the_timeline(editor: Editor, folder: Path) -> None:
    uri = await opened(editor, folder)
    found = await editor.command(TIMELINE)
    assert found == {
        "series": "", "sampleType": "inuse_space", "unit": "bytes", "focus": "", "memstats": [], "at": None, "line": None, "withoutLine": "",
        "points": [
            {"name": "a.pb.gz", "path": str(folder / "profiles/a.pb.gz"), "time": 1_700_000_000, "value": 5 * MB,
             "begins": True, "base": True, "head": False},
            {"name": "b.pb.gz", "path": str(folder / "profiles/b.pb.gz"), "time": 1_700_000_001, "value": 45 * MB,
             "begins": False, "base": False, "head": True},
        ],
    }  # fmt: skip
    found = await editor.command(TIMELINE, {"uri": uri, "line": 5})
    assert found["at"] == {"file": str(folder / "main.go"), "line": 6}
    assert found["line"] == {"label": "main.go:6 owned, inuse_space", "values": [2 * MB, 42 * MB]}
    assert found["withoutLine"] == ""
    found = await editor.command(TIMELINE, {"uri": uri, "line": 0})
    assert (found["at"], found["line"]) == (None, None)
    assert found["withoutLine"] == "main.go:1, where the cursor is, has no inuse_space in the head."


async def test_the_timeline_is_of_all_samples_and_says_what_is_in_focus(editor: Editor, folder: Path) -> None:
    await opened(editor, folder)
    await editor.command(FOCUS, {"function": "main.keep"})
    await editor.until(lambda: editor.status.focus)
    found = await editor.command(TIMELINE)
    assert found["focus"] == "through main.keep"
    assert [point["value"] for point in found["points"]] == [5 * MB, 45 * MB]


async def test_the_timeline_keeps_its_line_while_lines_come_above(editor: Editor, folder: Path) -> None:
    uri = await opened(editor, folder)
    before = await editor.command(TIMELINE, {"uri": uri, "line": 5})
    editor.edit(uri, "// one line more\n" + MAIN)
    assert (await editor.command(TIMELINE, {"uri": uri, "line": 6}))["line"] == before["line"]
    found = await editor.command(TIMELINE, before["at"])
    assert (found["at"], found["line"]) == (before["at"], before["line"])
    for none in ({"file": str(folder / "main.go"), "line": 8}, {"file": "/elsewhere/x.go", "line": 1}):
        found = await editor.command(TIMELINE, none)
        assert (found["at"], found["line"], len(found["points"])) == (None, None, 2)


async def test_what_the_runtime_says_of_the_process(editor: Editor, folder: Path) -> None:
    """Kept of every snapshot, also for the next session; only beside what is counted in bytes."""
    for name, used in (("heap-2026-01-02T03-04-05.txt", 30), ("heap-2026-01-02T03-05-05.txt", 50)):
        drop(folder / "profiles" / name, heap_text(f"main.keep@{folder}/main.go:11", 9, MB, used * MB))
    await editor.open_folder(folder)
    await editor.until(lambda: editor.status.state == "ok" and "heap-2026" in editor.status.tooltip)
    assert (await editor.command(TIMELINE))["memstats"] == [
        {"name": "HeapInuse", "values": [30 * MB, 50 * MB]},
        {"name": "HeapIdle", "values": [2 * MB, 2 * MB]},
        {"name": "StackInuse", "values": [MB, MB]},
        {"name": "Sys", "values": [33 * MB, 53 * MB]},
    ]
    editor.configure(sampleType="inuse_objects")
    await editor.until(lambda: "inuse_objects" in editor.status.text)
    assert (await editor.command(TIMELINE))["memstats"] == []


async def test_without_a_profile(editor: Editor, folder: Path) -> None:
    await editor.open_folder(folder)
    assert await editor.command(FLAME) is None
    assert await editor.command(TIMELINE) is None
    assert await editor.command(FRAME, "/x.go", 1) is None


async def test_stacks_as_deep_as_an_answer_may_be(editor: Editor, folder: Path) -> None:
    """What is deeper than that would be too much for readers and writers of JSON."""
    frame = f"main.keep:10@{folder}/main.go:11"
    drop(folder / "profiles/a.pb.gz", heap(" < ".join([frame] * 600) + f" = 3x{MB}"))
    await editor.open_folder(folder)
    await editor.until(lambda: editor.status.state == "ok")
    node, depth = (await editor.command(FLAME))["root"], 0
    while node["children"]:
        (node,) = node["children"]
        depth += 1
    assert (depth, node["more"]) == (200, True)
    rest = await editor.command(FLAME, {"path": [["main.keep", str(folder / "main.go")]] * 599})
    assert tree(rest["root"]) == {"main.keep": [3, {"main.keep": [3]}]}
