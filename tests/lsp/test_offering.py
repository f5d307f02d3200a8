"""Over stdio: a profile that a test wrote in the workspace is offered once, and shown if the user wants it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.support.editor import Editor, bare, ready
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20
WATCHED = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES


def held(folder: Path, megabytes: int) -> bytes:
    return heap(f"main.keep:10@{folder}/main.go:11 = {megabytes}x{MB}")


def changed(editor: Editor, *paths: Path, kind: lsp.FileChangeType = lsp.FileChangeType.Created) -> None:
    """Tell the server of files, as an editor that watches them does."""
    events = [lsp.FileEvent(path.as_uri(), kind) for path in paths]
    editor.client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams(events))


def question(path: Path) -> str:
    return f"alloclens: {path} is a profile. Show it on the source lines?"


async def opened(editor: Editor, folder: Path) -> str:
    drop(folder / "profiles/a.pb.gz", held(folder, 20))
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until_hints(uri, {11: "20.0MB"})
    await editor.until(lambda: WATCHED in editor.registered)
    return uri


async def test_a_profile_of_a_test_is_shown_if_it_is_wanted(editor: Editor, folder: Path) -> None:
    editor.answer = "Show It"
    uri = await opened(editor, folder)
    path = drop(folder / "cart/mem.out", held(folder, 30))
    patterns = {one["globPattern"] for one in editor.registered[WATCHED]["watchers"]}
    assert patterns >= {"**/mem.out", "**/*.memprof"}
    changed(editor, path)
    await editor.until_hints(uri, {11: "30.0MB"})
    assert editor.questions == [question(path)]
    await editor.until(lambda: editor.status.compares)
    assert "mem.out" in editor.status.text
    assert editor.applied == []

    drop(path, held(folder, 40))  # the test ran again
    changed(editor, path, kind=lsp.FileChangeType.Changed)
    await editor.until_hints(uri, {11: "40.0MB"})
    await editor.command("alloclens.server.leaveComparison")
    await editor.until_hints(uri, {11: "20.0MB"})
    assert editor.questions == [question(path)]
    assert not (folder / "alloclens.toml").exists()


@pytest.mark.parametrize("answer", ["", "Not Now"])
async def test_it_is_offered_once(editor: Editor, folder: Path, answer: str) -> None:
    editor.answer = answer
    uri = await opened(editor, folder)
    first, second = (drop(folder / name, held(folder, 30)) for name in ("mem.prof", "cart/cart.memprof"))
    changed(editor, first)
    await editor.until(lambda: editor.questions)
    changed(editor, first, second)
    changed(editor, first, kind=lsp.FileChangeType.Changed)
    await editor.until(lambda: len(editor.questions) > 1)
    assert editor.questions == [question(first), question(second)]
    await editor.until_hints(uri, {11: "20.0MB"})


async def test_what_was_written_before_the_start_is_offered(editor: Editor, folder: Path) -> None:
    editor.answer = "Not Now"
    drop(folder / "profiles/mem.out", held(folder, 20))
    (folder / "half.mprof").write_bytes(held(folder, 30)[:20])
    now = time.time()
    names = "old", "too many", "first", "then", "testdata", "last"
    made = {name: drop(folder / f"{name}/mem.out", held(folder, 30)) for name in names}
    for path, age in zip(made.values(), (25, 4, 3, 2, 1, 0.5), strict=True):
        os.utime(path, (now - age * 3600, now - age * 3600))
    uri = await opened(editor, folder)
    await editor.until(lambda: len(editor.questions) > 2)
    assert editor.questions == [question(made[name]) for name in ("last", "then", "first")]
    new = drop(folder / "new/mem.out", held(folder, 30))
    changed(editor, made["last"], new)
    await editor.until(lambda: len(editor.questions) > 3)
    assert editor.questions[3:] == [question(new)]
    await editor.until_hints(uri, {11: "20.0MB"})


async def test_what_is_not_offered(editor: Editor, folder: Path) -> None:
    await opened(editor, folder)
    text, half = folder / "memprofile.out", folder / "half.mprof"
    text.write_text("no profile\n")
    half.write_bytes(held(folder, 30)[:20])
    elsewhere = drop(folder.parent / "elsewhere/mem.out", held(folder, 30))
    link = folder / "link.mprof"
    link.symlink_to(elsewhere)
    among = drop(folder / "profiles/mem.prof", held(folder, 20))
    other = drop(folder / "heap.pb.gz", held(folder, 30))
    directory, gone = folder / "cart.mprof", folder / "gone/mem.out"
    directory.mkdir()
    removed, last = (drop(folder / name, held(folder, 30)) for name in ("old.mprof", "last.mprof"))
    changed(editor, removed, kind=lsp.FileChangeType.Deleted)
    changed(editor, text, half, elsewhere, link, among, other, directory, gone, last)  # one after the other
    await editor.until(lambda: question(last) in editor.questions)
    assert editor.questions == [question(last)]
    drop(half, held(folder, 30))
    changed(editor, half, kind=lsp.FileChangeType.Changed)  # now it is whole
    await editor.until(lambda: question(half) in editor.questions)


async def test_an_editor_that_asks_no_questions_watches_nothing(folder: Path) -> None:
    editor = Editor(bare())
    drop(folder / "profiles/a.pb.gz", heap(f"main.serve:5@{folder}/main.go:6 = 40x{MB}"))
    await ready(editor, folder, "40.0MB")
    await editor.close()
    assert WATCHED not in editor.registered
