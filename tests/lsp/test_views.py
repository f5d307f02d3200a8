"""Over stdio: what an editor's views list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alloclens.lsp.features import snapshots
from alloclens.profile.formats import read as profile_of
from alloclens.session.once import world
from pygls.exceptions import JsonRpcException

from tests.support.profiles import drop, goroutines, heap
from tests.support.series import drop_series

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
FINDINGS, SERIES, LABEL, HOT, TREE = (
    f"alloclens.server.{name}" for name in ("findings", "series", "label", "hotLines", "stackTree")
)


def series(folder: Path, steps: int, *, each: int = 9) -> list[Path]:
    return drop_series(folder, steps, each=each, outermost="main.main@/elsewhere/x.go:1")


async def read(editor: Editor, folder: Path, snapshots: int, **settings: object) -> str:
    """Open a folder, and wait until so many snapshots are read."""
    await editor.open_folder(folder, **settings)

    async def all_read() -> bool:
        said = await editor.command(SERIES)
        known = sum(len(one["snapshots"]) for one in said["series"]) == snapshots
        return known and editor.status.state not in ("", "loading")

    await editor.until(all_read)
    return editor.open(folder / "main.go")


def line(row: dict[str, Any]) -> int | None:
    return row["location"] and row["location"]["range"]["start"]["line"] + 1


async def test_nothing_is_read_yet(any_editor: Editor, folder: Path) -> None:
    await any_editor.open_folder(folder)
    uri = any_editor.open(folder / "main.go")
    assert await any_editor.command(FINDINGS) == {"findings": [], "nothing": ""}
    assert await any_editor.command(HOT) == []
    assert await any_editor.command(SERIES) == {"series": [], "problems": []}
    assert await any_editor.command(TREE, uri, 5, "callers", []) == []


async def test_on_which_instances_a_finding_stands(editor: Editor, folder: Path) -> None:
    """One instance is shown, and what is said is of all."""
    for i, path in enumerate(series(folder, 22, each=3)):
        at = profile_of(path.read_bytes()).time_nanos / 1e9
        other = heap(f"main.serve:5@{folder}/main.go:7 = {1 + i % 2}x{MB}/{10 + i}", seconds=at)
        drop(folder / "profiles/api/pod-2" / path.name, other)
        drop(folder / "profiles/api/pod-1" / path.name, path.read_bytes())
        path.unlink()
    uri = await read(editor, folder, 44, series="api/pod-1", leakSeverity="hint")
    (leak,) = (await editor.command(FINDINGS))["findings"]
    assert leak["detail"].endswith(" · leak only on pod-1, of 2 instances")
    words = "Leak only on pod-1, of 2 instances."
    assert leak["tooltip"].endswith(f"\n\n{words}")
    assert f" {words}" in await editor.hover(uri, leak["line"])  # which does not repeat what is a warning
    await editor.until(lambda: [one.message for one in editor.diagnostics.get(uri, ()) if words in one.message])
    assert f" {words}\n" in await editor.command("alloclens.server.findingText", leak["id"])


async def test_findings(editor: Editor, folder: Path) -> None:
    series(folder, 22, each=3)
    uri = await read(editor, folder, 22, fillingSeverity="hint", leakSeverity="off")
    leak, filling = (await editor.command(FINDINGS))["findings"]
    assert {key: leak[key] for key in ("verdict", "code", "severity", "label", "function", "file", "line")} == {
        "verdict": "leak",
        "code": "leak",
        "severity": "off",
        "label": "main.go:6  main.serve",
        "function": "main.serve",
        "file": f"{folder}/main.go",
        "line": 6,
    }
    assert (leak["location"]["uri"], line(leak)) == (uri, 6)
    assert leak["detail"] == "leak · 64.0MB ▲63.0MB, 3.0MB/s over 21s"
    assert leak["tooltip"].startswith(
        "**main.go:6  main.serve**\n\n▁▁▁▂▂▃▃▃▄▄▄▅▅▆▆▆▇▇▇███ Leak: 64.0MB held through this line"
    )
    assert "a line rises as much in less than 1 in 1M cases" in leak["tooltip"].replace("\\", "")
    assert (filling["verdict"], filling["severity"], line(filling)) == ("filling", "hint", 11)
    assert filling["detail"] == "filling · ▲40.0MB"


async def test_the_worst_finding_comes_first_whatever_it_is_of(editor: Editor, folder: Path) -> None:
    """700 goroutines are more than 1 MB, and less than 63."""
    series(folder, 22, each=3)
    main = folder / "main.go"
    for i in range(29):
        drop(
            folder / f"profiles/g{i}.pb.gz",
            goroutines(f"runtime.gopark@/x/p.go:1 < main.keep@{main}:11 = {5 + 25 * i}"),
        )
    await read(editor, folder, 51)
    found = (await editor.command(FINDINGS))["findings"]
    assert [(one["code"], one["line"]) for one in found] == [("leak", 6), ("goroutine-leak", 11)]
    assert found[1]["detail"] == "leak · 705 ▲700 goroutines, 25/s over 28s"


async def test_a_finding_whose_line_has_gone(editor: Editor, folder: Path) -> None:
    series(folder, 22, each=3)
    uri = await read(editor, folder, 22)
    assert [line(one) for one in (await editor.command(FINDINGS))["findings"]] == [6]
    text = (folder / "main.go").read_text()
    editor.edit(uri, text.replace("\tdep.New() // the caller\n", ""))
    (gone,) = (await editor.command(FINDINGS))["findings"]
    assert line(gone) == 1 + text.split("\n").index("func serve() {"), "of its function"
    assert gone["detail"].startswith("edited · ")  # first: a side bar cuts off the rest
    assert (gone["label"], gone["edited"]) == ("main.go:6  main.serve", True)
    await editor.until(lambda: "edited" in editor.diagnostics[uri][0].message)
    mark = editor.diagnostics[uri][0]
    assert (mark.range.start.line + 1, mark.message.partition(", ▲")[0]) == (
        line(gone),
        "On main.go:6, which was edited after the snapshot: Leak: 64.0MB held through this line",
    )
    hot = await editor.command("alloclens.server.hotLines", {"own": False})
    assert [one["line"] for one in hot if one["edited"]] == [6], "the one that was removed"
    assert gone["tooltip"].endswith("Not here: the line has been changed or deleted since.")
    editor.edit(uri, f"// one more\n{text}")
    (moved,) = (await editor.command(FINDINGS))["findings"]
    assert (line(moved), moved["label"], moved["line"], moved["edited"]) == (7, "main.go:7  main.serve", 6, False)


async def test_a_hot_line_begins_with_the_number_that_sorts(editor: Editor, folder: Path) -> None:
    """Line 6 owns 19 MB, of which it allocates none itself; 1 MB was there at first."""
    series(folder, 3)
    await read(editor, folder, 3)
    labels = {}
    for sort in ("owned", "flat", "cum", "growth"):
        found = await editor.command(HOT, {"sort": sort})
        labels[sort] = next(one["sortedLabel"] for one in found if one["line"] == 6)
    assert labels == {
        "owned": "19.0MB owned ▲18.0MB",
        "flat": "0B flat · 19.0MB owned ▲18.0MB",
        "cum": "19.0MB cum ▲18.0MB",
        "growth": "▲18.0MB · 19.0MB owned",
    }


async def test_a_finding_is_called_by_the_file_that_is_here(editor: Editor, tmp_path: Path) -> None:
    """Profiles of the JVM name classes, and no files."""
    audit = tmp_path / "src/com/acme/shop/Audit.kt"
    audit.parent.mkdir(parents=True)
    audit.write_text("package com.acme.shop\n\nfun note() {\n    kept += ByteArray(700)\n}\n")
    for i in range(22):
        drop(tmp_path / f"profiles/{i:03}.pb.gz", heap(f"com/acme/shop/AuditKt.note@:4 = {1 + 3 * i}x{MB}"))
    await editor.open_folder(tmp_path)
    await editor.until(lambda: editor.diagnostics.get(audit.as_uri()))
    (finding,) = (await editor.command(FINDINGS))["findings"]
    assert (finding["label"], finding["location"]["uri"]) == ("Audit.kt:4  AuditKt.note", audit.as_uri())


async def test_hot_lines_and_their_order(editor: Editor, folder: Path) -> None:
    series(folder, 3)  # 19 MB ▲18 and 40 MB ▲40
    await read(editor, folder, 3)

    async def asked(**options: object) -> list[tuple[str, int]]:
        found = await editor.command(HOT, options)
        return [(one["file"].rsplit("/", 1)[1], one["line"]) for one in found]

    own = [("main.go", 11), ("main.go", 6), ("main.go", 7)]
    assert await asked() == await asked(sort="owned", own=True) == own
    assert await asked(sort="cum") == [("main.go", 7), ("main.go", 11), ("main.go", 6)]
    assert await asked(sort="growth") == own
    assert await asked(most=1) == own[:1]
    assert await asked(filter="SERVE") == [("main.go", 6), ("main.go", 7)]
    assert await asked(filter="dep.go") == []
    assert await asked(filter="dep.go", own=False) == [("dep.go", 4)]
    assert await asked(sort="flat", own=False) == [
        ("main.go", 11),
        ("dep.go", 4),
        ("x.go", 1),
        ("main.go", 7),
        ("main.go", 6),
    ]
    assert await asked(filter="nothing") == []
    with pytest.raises(JsonRpcException, match=r"options\.sort: Invalid enum value 'size'; it takes .*growth"):
        await editor.command(HOT, {"sort": "size"})


async def test_a_hot_line_grew_in_whatever_kind_of_profile(editor: Editor, folder: Path) -> None:
    main = folder / "main.go"
    drop(folder / "profiles/heap.pb.gz", heap(f"main.keep:10@{main}:11 = 32x{MB}", f"main.serve:5@{main}:7 = 9x{MB}"))
    for i in range(29):
        waiting = f"runtime.gopark@/x/p.go:1 < main.serve:5@{main}:7 = {5 + 25 * i}"
        drop(folder / f"profiles/g{i}.pb.gz", goroutines(waiting))
    await read(editor, folder, 30)
    assert {one["line"]: one["grew"] for one in await editor.command(HOT)} == {11: False, 7: True}


async def test_what_a_hot_line_says(editor: Editor, folder: Path) -> None:
    series(folder, 3)
    uri = await read(editor, folder, 3)
    found = {one["line"]: one for one in await editor.command(HOT, {"own": False})}
    at = found[6].pop("location")
    assert (at["uri"], at["range"]["start"]["line"]) == (uri, 5)
    assert found[6] == {
        "label": "19.0MB owned ▲18.0MB",
        "sortedLabel": "19.0MB owned ▲18.0MB",
        "edited": False,
        "function": "main.serve",
        "file": f"{folder}/main.go",
        "line": 6,
        "own": True,
        "flat": 0,
        "cum": 19 * MB,
        "owned": 19 * MB,
        "growth": {"value": 18 * MB, "label": "▲18.0MB", "significant": True},
        "grew": True,
    }
    assert (found[1]["location"], found[1]["own"], found[1]["cum"], found[1]["file"]) == (
        None,
        False,
        59 * MB,
        "/elsewhere/x.go",
    )
    assert (line(found[4]), found[4]["own"], found[4]["flat"]) == (4, False, 19 * MB)


async def test_series(editor: Editor, folder: Path) -> None:
    files = series(folder, 2)
    drop(folder / "profiles/bad.pb.gz", b"<html>")
    files.append(drop(folder / "profiles/restarted.pb.gz", heap(f"main.keep@{folder}/main.go:11 = 5x{MB}")))
    other = drop(folder / "profiles/g.pb.gz", goroutines(f"main.keep@{folder}/main.go:11 = 7"))
    await read(editor, folder, 4, head="001.pb.gz", profileDirs=["profiles"])
    await editor.until(lambda: editor.status.state == "problem")
    said = await editor.command(SERIES)
    found = {one["sampleTypes"][-1]: one for one in said["series"]}
    heaps = found["inuse_space"]
    assert (heaps["directory"], heaps["program"]) == (f"{folder}/profiles", "")
    assert heaps["sampleTypes"] == ["alloc_objects", "alloc_space", "inuse_objects", "inuse_space"]
    rows = [(s["name"], s["detail"], s["base"], s["head"], s["begins"]) for s in heaps["snapshots"]]
    assert rows == [
        ("restarted.pb.gz", "5.0MB inuse_space", False, False, True),
        ("001.pb.gz", "50.0MB (+49.0MB) inuse_space", False, True, False),
        ("000.pb.gz", "1.0MB inuse_space", True, False, True),
    ]
    assert (heaps["more"], heaps["process"]) == (0, 1)
    assert [s["path"] for s in heaps["snapshots"]] == [str(file) for file in reversed(files)]
    assert [s["size"] for s in heaps["snapshots"]] == [f"{file.stat().st_size}B" for file in reversed(files)]
    assert [(s["path"], s["detail"], s["begins"]) for s in found["goroutine"]["snapshots"]] == [
        (str(other), "7 goroutines", True)
    ]
    assert sorted(one["shown"] for one in said["series"]) == [False, True]
    (problem,) = said["problems"]
    assert (problem["name"], problem["path"]) == ("bad.pb.gz", f"{folder}/profiles/bad.pb.gz")
    assert problem["reason"]


async def test_series_without_the_wanted_sample_type(editor: Editor, folder: Path) -> None:
    series(folder, 1)
    await read(editor, folder, 1, sampleType="cpu")
    (one,) = (await editor.command(SERIES))["series"]
    assert (one["shown"], one["snapshots"][0]["detail"], one["snapshots"][0]["head"]) == (
        False,
        "1.0MB inuse_space",
        False,
    )


def test_of_a_long_series_the_newest_are_listed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base is listed whatever its age."""
    series(folder, 6)
    known = world([str(folder)], [str(folder / "profiles")], {"base": "001.pb.gz"})
    monkeypatch.setattr(snapshots, "MAX_SNAPSHOTS", 2)
    (one,) = snapshots._all(known).series
    assert [(s.name, s.detail, s.base, s.head, s.begins) for s in one.snapshots] == [
        ("005.pb.gz", "86.0MB (+9.0MB) inuse_space", False, True, False),
        ("004.pb.gz", "77.0MB (+9.0MB) inuse_space", False, False, False),
        ("001.pb.gz", "50.0MB (+49.0MB) inuse_space", True, False, False),
    ]
    assert (one.more, one.process) == (3, 6)
    assert [s.name for s in snapshots._choices(known)] == ["005.pb.gz", "004.pb.gz", "001.pb.gz"]


async def test_a_label_is_kept_beside_the_profiles(editor: Editor, folder: Path) -> None:
    first, second = series(folder, 2)
    file = folder / "profiles/labels.toml"
    file.write_text('# by hand\n"001.pb.gz" = "late"\n')
    await read(editor, folder, 2)

    async def named() -> dict[str, str]:
        (one,) = (await editor.command(SERIES))["series"]
        return {s["name"]: s["label"] for s in one["snapshots"]}

    assert await named() == {"001.pb.gz": "late", "000.pb.gz": ""}
    chosen = await editor.command("alloclens.server.snapshots")
    assert {s["name"]: s["label"] for s in chosen} == await named()
    assert await editor.command(LABEL, str(first), "after start") is None

    async def seen() -> bool:
        return (await named())["000.pb.gz"] == "after start"

    await editor.until(seen)
    assert await editor.command(LABEL, str(second), "") is None
    assert file.read_text() == '# by hand\n"000.pb.gz" = "after start"\n'
    assert "is not a known snapshot" in await editor.command(LABEL, str(folder / "main.go"), "x")
    assert not (folder / "labels.toml").exists()
    file.write_text("broken = ")
    assert (await editor.command(LABEL, str(first), "x")).startswith("labels.toml could not be changed: ")
    assert file.read_text() == "broken = "


async def test_the_tree_of_a_line(any_editor: Editor, folder: Path) -> None:
    series(folder, 2)
    await any_editor.open_folder(folder)
    uri = any_editor.open(folder / "main.go")

    async def roots() -> Any:
        return [one for one in await any_editor.command(TREE, uri, 5, "callers", []) if "+" in one["detail"]]

    (root,) = await any_editor.until(roots)
    assert (root["label"], root["detail"], root["own"], root["leaf"]) == (
        "10.0MB main.serve",
        "main.go:6 · +9.0MB · 100%",
        True,
        False,
    )
    assert (root["location"]["uri"], line(root)) == (uri, 6)
    (above,) = await any_editor.command(TREE, uri, 5, "callers", [root["id"]])
    assert (above["label"], above["location"], above["leaf"]) == ("10.0MB main.main", None, True)
    (below,) = await any_editor.command(TREE, uri, 5, "callees", [root["id"]])
    assert (below["label"], below["detail"], line(below), below["own"], below["leaf"]) == (
        "10.0MB dep.New",
        "dep.go:4 · +9.0MB · 100%",
        4,
        False,
        True,
    )
    assert await any_editor.command(TREE, uri, 5, "callees", [root["id"], below["id"]]) == []
    assert await any_editor.command(TREE, uri, 0, "callees", []) == []
    with pytest.raises(JsonRpcException):
        await any_editor.command(TREE, uri, 5, "up", [])


async def test_very_many_callers_are_one_row(editor: Editor, folder: Path) -> None:
    """202 callers of 1, 2, … 202 MB: 3 MB are left for the last row."""
    main = folder / "main.go"
    drop(folder / "profiles/a.pb.gz", heap(*(f"main.keep@{main}:11 < x.f@/x.go:{n} = {n}x{MB}" for n in range(1, 203))))
    uri = await read(editor, folder, 1)
    (root,) = await editor.command(TREE, uri, 10, "callers", [])
    above = await editor.command(TREE, uri, 10, "callers", [root["id"]])
    assert len(above) == 201
    assert (above[0]["label"].split()[0], above[0]["detail"], above[-1]["id"], above[-1]["detail"]) == (
        "202MB",
        "x.go:202 · 1.0%",
        "",
        "2 more: 3.0MB",
    )
