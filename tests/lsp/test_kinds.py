"""Every kind of profile of one program at once, over LSP."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.support import gokinds
from tests.support.profiles import CONTENTION, CPU, LEAKED, drop, goroutines, heap, profile

if TYPE_CHECKING:
    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
ROUNDS = 3
PARKED = 25
"""Goroutines that are leaked before each profile, each with 64 kB."""
SHOWN = {
    "block": r"\b\d+(\.\d)?m?s blocked",
    "mutex": r"\b\d+(\.\d)?m?s contended",
    "cpu": r"\b\d+(\.\d)?m?s CPU cum",
}
"""What the hint of the marked line says."""


@pytest.mark.timeout(180)
async def test_real_profiles_written_in_turn_are_side_by_side(editor: Editor, tmp_path: Path) -> None:
    """A real Go program writes one profile of each kind after another; whatever is newest, no line loses its bytes."""
    with gokinds.running(tmp_path / "program") as program:
        await asyncio.to_thread(program.write, "heap", 0)
        await editor.open_folder(program.folder)
        uri, lines, seen = editor.open(program.source), program.lines(), []

        async def shown(kind: str, works: int) -> bool:
            """Return whether the newest profile of a kind is shown, after the program has worked so many times."""
            hints = await editor.hints(uri)
            seen.append(hints.get(lines["park"], ""))
            if kind in SHOWN:
                return bool(re.search(SHOWN[kind], hints.get(lines[kind], "")))
            if kind == "heap":
                megabytes = re.match(r"\d+\.\d", seen[-1])
                return bool(megabytes) and float(megabytes[0]) == pytest.approx(works * PARKED / 16, rel=0.05)
            words = {"goroutine": "goroutines", "goroutineleak": "leaked goroutines"}
            return f"**{works * PARKED} {words[kind]}**" in (await editor.hover(uri, lines["park"]) or "")

        await editor.until(partial(shown, "heap", 1))
        seen.clear()
        for turn, kind in enumerate(gokinds.KINDS * ROUNDS, 1):
            await asyncio.to_thread(program.write, kind, turn)
            await editor.until(partial(shown, kind, turn + 1))
        hints = await editor.hints(uri)
    assert [hint for hint in seen if not re.match(r"\d+\.\dMB", hint)] == []
    assert max(map(len, hints.values())) <= 43
    bytes_, leaked, *_ = hints[lines["park"]].split(" · ")
    assert re.fullmatch(r"\d+\.\dMB ▲\d+\.\dMB", bytes_)
    assert re.match(r"\d+ leaked goroutines", leaked)
    assert "Proof: the garbage collector found" in await editor.hover(uri, lines["park"])


def stacks(folder: Path, kind: str, value: str) -> list[str]:
    leaf = {"mutex": "sync.(*Mutex).Unlock", "block": "sync.(*Mutex).Lock"}.get(kind, "runtime.gopark")
    return [
        f"{leaf}@/go/src/x.go:1 < main.keep:10@{folder / 'main.go'}:11 < main.serve:5@{folder / 'main.go'}:7 = {value}"
    ]


def profiles(folder: Path, times: int) -> dict[str, bytes]:
    return {
        "heap": heap(f"main.keep:10@{folder / 'main.go'}:11 = {32 * times}x{MB}"),
        "goroutine": goroutines(*stacks(folder, "goroutine", f"{500 * times}")),
        "block": profile(CONTENTION, *stacks(folder, "block", f"3 {1_200_000_000 * times}")),
        "mutex": profile(CONTENTION, *stacks(folder, "mutex", f"3 {300_000_000 * times}")),
        "cpu": profile(CPU, *stacks(folder, "cpu", f"3 {30_000_000 * times}")),
        "leaked": profile(LEAKED, *stacks(folder, "goroutineleak", f"{450 * times}")),
    }


ALONE = {
    "heap": {11: "32.0MB"},
    "goroutine": {7: "500 goroutines cum", 11: "500 goroutines"},
    "leaked": {7: "450 leaked goroutines cum", 11: "450 leaked goroutines"},
    "block": {7: "1.2s blocked cum", 11: "1.2s blocked"},
    "mutex": {7: "300ms contended cum", 11: "300ms contended"},
    "cpu": {7: "30.0ms CPU cum", 11: "30.0ms CPU"},
}


@pytest.mark.parametrize("kind", ALONE)
async def test_a_kind_alone_is_named(editor: Editor, folder: Path, kind: str) -> None:
    drop(folder / f"profiles/{kind}.pb.gz", profiles(folder, 1)[kind])
    await editor.open_folder(folder)
    await editor.until_hints(editor.open(folder / "main.go"), ALONE[kind])


async def test_kinds_share_a_hint_in_a_fixed_order(editor: Editor, folder: Path) -> None:
    """The heap first though it is the oldest, then proof; … stands for what does not fit."""
    made = profiles(folder, 1)
    await editor.open_folder(folder)
    uri, written = editor.open(folder / "main.go"), []
    wanted = {
        "heap": "32.0MB",
        "goroutine": "32.0MB · 500 goroutines",
        "block": "32.0MB · 500 goroutines · 1.2s blocked",
        "mutex": "32.0MB · 500 goroutines · 1.2s blocked …",
        "leaked": "32.0MB · 450 leaked goroutines …",
    }
    for kind, hint in wanted.items():
        written.append(drop(folder / f"profiles/{kind}.pb.gz", made[kind]))
        await editor.until(partial(has, editor, uri, 11, hint))
    later = profiles(folder, 2)
    drop(folder / "profiles/heap.2.pb.gz", later["heap"])
    await editor.until(partial(has, editor, uri, 11, "64.0MB ▲32.0MB · 450 leaked goroutines …"))
    text = await editor.hover(uri, 11)
    parts = text.split("\n\n---\n\n")
    assert [part.split("**")[1] for part in parts] == [
        "450 leaked goroutines",  # proven, so it comes first
        "64.0MB owned",
        "500 goroutines",
        "1.2s blocked",
        "300ms contended",
    ]


async def has(editor: Editor, uri: str, line: int, hint: str) -> bool:
    return (await editor.hints(uri)).get(line) == hint


async def test_views_have_each_kind_in_words(editor: Editor, folder: Path) -> None:
    for kind in ("heap", "goroutine", "block", "leaked"):
        drop(folder / f"profiles/{kind}.pb.gz", profiles(folder, 1)[kind])
    await editor.open_folder(folder, codeLens=True)
    uri = editor.open(folder / "main.go")
    await editor.until(partial(has, editor, uri, 11, "32.0MB · 450 leaked goroutines …"))
    where = uri, 10

    hot = await editor.command("alloclens.server.hotLines")
    assert [(one["line"], one["label"], one["owned"]) for one in hot] == [
        (11, "32.0MB · 450 leaked goroutines …", 32 * MB),
        (7, "500 goroutines · 450 leaked goroutines …", 0),
    ]
    listed = await editor.command("alloclens.server.stacks", *where)
    counts = ["500 goroutines", "450 leaked goroutines", "1.2s blocked"]
    assert listed["title"] == " · ".join(["32.0MB inuse_space", *counts]) + " through line 11"
    assert [stack["label"] for stack in listed["stacks"]] == ["32.0MB", *counts]

    kinds = await editor.command("alloclens.server.stackTree", *where, "callers", [])
    assert [(one["label"], one["detail"]) for one in kinds] == [
        ("heap", "32.0MB inuse_space"),
        ("goroutine", "500 goroutines"),
        ("leaked goroutines", "450 leaked goroutines"),
        ("blocking", "1.2s blocked"),
    ]
    assert [one["id"] for one in kinds] == [one["label"] for one in kinds]
    (root,) = await editor.command("alloclens.server.stackTree", *where, "callers", [kinds[1]["id"]])
    assert root["label"].endswith(" main.keep")
    (caller,) = await editor.command("alloclens.server.stackTree", *where, "callers", [kinds[1]["id"], root["id"]])
    assert caller["label"] == "500 main.serve"

    lenses = await editor.client.text_document_code_lens_async(lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri)))
    titles = {lens.range.start.line + 1: lens.command.title for lens in lenses}
    assert titles == {5: " · ".join(counts), 10: " · ".join(["32.0MB cum · 32.0MB flat", *counts])}
    items = await editor.client.text_document_prepare_call_hierarchy_async(
        lsp.CallHierarchyPrepareParams(lsp.TextDocumentIdentifier(uri), lsp.Position(10, 1))
    )
    assert [item.detail for item in items] == [f"{count} · 100%" for count in ("32.0MB", *counts)]
    found = await editor.client.workspace_symbol_async(lsp.WorkspaceSymbolParams("$keep"))
    assert [one.name.split(" ", 1)[1] for one in found] == [" · ".join(["32.0MB", *counts])]
    await editor.until(lambda: editor.status.state == "ok")
    assert editor.status.text == "inuse_space 32.0MB, latest · 500 goroutines · 450 leaked goroutines …"
    assert all(count.split(" ")[0] in editor.status.tooltip for count in counts)
    path = await editor.command("alloclens.server.stackPage", *where)
    page = await asyncio.to_thread(Path(path).read_text)
    assert [line.split(": ")[1].split(",")[0] for line in page.split("\n") if "through this line" in line] == [
        f"{count} through this line" for count in ("32.0MB", *counts)
    ]


TYPES = {
    "": ("inuse_space", "32.0MB inuse_space", 11),
    "goroutine": ("goroutine", "500 goroutines", 11),
    "block/delay": ("block/delay", "1.2s block/delay", 11),
    "mutex/delay": ("mutex/delay", "300ms mutex/delay", 11),
    "mutex/contentions": ("mutex/contentions", "3 mutex/contentions", 11),
}


async def test_each_kind_can_be_shown_and_says_which_it_is(editor: Editor, folder: Path) -> None:
    """Block and mutex profiles have the same sample types."""
    for kind in ("heap", "goroutine", "block", "mutex"):
        drop(folder / f"profiles/{kind}.pb.gz", profiles(folder, 1)[kind])
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until(partial(has, editor, uri, 11, "32.0MB · 500 goroutines · 1.2s blocked …"))
    choices = [one["name"] for one in await editor.command("alloclens.server.sampleTypes")]
    assert {*TYPES} - {""} < {*choices}
    assert "delay" not in choices

    def is_shown(name: str) -> bool:
        return editor.status.text.startswith(f"{name} ")

    for wanted, (name, total, line) in TYPES.items():
        editor.configure(sampleType=wanted)
        await editor.until(partial(is_shown, name))
        flame = await editor.command("alloclens.server.flame")
        assert (flame["sampleType"], flame["totalLabel"]) == (name, total)
        for at in ({}, {"uri": uri, "line": line - 1}):
            assert (await editor.command("alloclens.server.timeline", at))["sampleType"] == name
        explained = await editor.command("alloclens.server.explain", uri)
        assert explained.startswith(f"{name} in {name.split('/')[0].replace('inuse_space', 'heap')}.pb.gz\n")
        others = {"inuse_space", "goroutine", "block/delay", "mutex/delay"} - {
            name,
            name.replace("contentions", "delay"),
        }
        assert {*explained.split("other kinds of profiles: ")[1].split(".\n")[0].split(", ")} == others
        if wanted == "mutex/contentions":
            assert (await editor.hints(uri))[11].startswith("3 mutex contentions · 32.0MB")
        selected = [one["name"] for one in await editor.command("alloclens.server.sampleTypes") if one["selected"]]
        assert selected == [name]


async def test_a_file_is_explained_by_the_kind_that_has_it(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/heap.pb.gz", profiles(folder, 1)["heap"])
    waits = folder / "wait.go"
    waits.write_text("package main\n\nfunc wait() {\n\tselect {}\n}\n")
    stack = f"runtime.gopark@/go/src/x.go:1 < main.wait:3@{waits}:4 < main.serve:5@{folder / 'main.go'}:7 = 9"
    drop(folder / "profiles/goroutine.pb.gz", goroutines(stack))
    await editor.open_folder(folder)
    uri = editor.open(waits)
    await editor.until_hints(uri, {4: "9 goroutines"})
    await editor.until(lambda: editor.status.state == "ok")  # both are read
    lines = (await editor.command("alloclens.server.explain", uri)).split("\n")
    assert lines[0] == "inuse_space in heap.pb.gz"
    assert "goroutine in goroutine.pb.gz:" in lines
    assert not [line for line in lines if "names no file" in line]


async def test_a_long_status_is_cut_where_it_says_least(editor: Editor, folder: Path) -> None:
    long = "a-name-of-a-service-that-is-longer-than-a-status-bar-has-room-for"
    for name in (long, "web"):
        for kind, data in profiles(folder, 1).items():
            drop(folder / f"profiles/{name}/{kind}-of-the-service-{name}.pb.gz", data)
    await editor.open_folder(folder, series=long, head=f"heap-of-the-service-{long}.pb.gz")
    await editor.until(lambda: editor.status.state == "ok")
    assert re.fullmatch(r"a-name-of-a…has-room-for · inuse_space 32\.0MB, \d\d:\d\d:\d\d …", editor.status.text)
    assert editor.status.series == long


async def test_a_sample_type_that_is_not_there_is_said(editor: Editor, folder: Path) -> None:
    drop(folder / "profiles/heap.pb.gz", profiles(folder, 1)["heap"])
    drop(folder / "profiles/goroutine.pb.gz", profiles(folder, 1)["goroutine"])
    await editor.open_folder(folder, sampleType="inuse_spcae")
    await editor.until(lambda: editor.status.state == "empty")
    why = "no profile has inuse_spcae; there is alloc_objects, alloc_space, inuse_objects, inuse_space, goroutine"
    assert editor.status.text == why
    assert why in editor.status.tooltip.replace("\\", "")
    assert await editor.command("alloclens.server.explain", "") == why


async def test_a_head_that_is_not_there_is_said(editor: Editor, folder: Path) -> None:
    for number in (1, 2):
        drop(folder / f"profiles/heap.{number}.pb.gz", profiles(folder, number)["heap"])
    drop(folder / "profiles/other/goroutine.pb.gz", profiles(folder, 1)["goroutine"])
    await editor.open_folder(folder, head="gone", base="goroutine.pb.gz")
    await editor.until(lambda: editor.status.state == "problem")
    why = "no snapshot is named gone, so the head is latest; there are first, previous, latest, yesterday and "
    other = "goroutine.pb.gz is not the base here: it is of another program or directory"
    await editor.until(lambda: editor.messages)
    (message,) = editor.messages
    assert why in message
    assert other in message
    assert "no snapshot is named gone, so the head is latest" in editor.status.tooltip
    editor.configure(head="heap.1.pb.gz")
    await editor.until(lambda: editor.status.state == "ok")
    editor.configure(head="gone")
    await editor.until(lambda: len(editor.messages) > 1)
