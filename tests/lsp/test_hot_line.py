"""Over stdio: the next and the previous hot line in editors that have no client of ours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from alloclens.lsp.features.hot_lines import neighbour
from alloclens.lsp.protocol import GoToHotLine, Location, Position, Range
from lsprotocol import types as lsp

from tests.support.editor import Editor, bare, neovim
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20


class Jumps(Editor):
    """Neovim, which shows documents."""

    def __init__(self, success: bool = True) -> None:
        capabilities = neovim()
        capabilities.window = lsp.WindowClientCapabilities(
            show_document=lsp.ShowDocumentClientCapabilities(support=True)
        )
        super().__init__(capabilities)
        self.at: list[tuple[str, int]] = []

        @self.client.feature(lsp.WINDOW_SHOW_DOCUMENT)
        def show(params: lsp.ShowDocumentParams) -> lsp.ShowDocumentResult:
            self.at.append((params.uri, params.selection.start.line + 1))
            self._changed.set()
            return lsp.ShowDocumentResult(success)


@pytest.fixture
async def jumps() -> AsyncIterator[Jumps]:
    made = Jumps()
    yield made
    await made.close()


async def opened(editor: Editor, folder: Path) -> tuple[str, str]:
    """Open a folder with hot lines main.go:6, 7 and 11 and other.go:3; return the URIs of both files."""
    main, other = folder / "main.go", folder / "other.go"
    other.write_text("package main\n\nfunc other() { keep() }\n")
    drop(
        folder / "profiles/1.pb.gz",
        heap(
            f"example.com/dep.New:3@{folder}/vendor/example.com/dep/dep.go:4 < main.serve:5@{main}:6 = 9x{MB}",
            f"main.keep:10@{main}:11 < main.serve:5@{main}:7 < main.other:3@{other}:3 = 5x{MB}",
        ),
    )
    await editor.open_folder(folder)
    uri = editor.open(main)
    await editor.until_hints(uri, {6: "9.0MB owned", 7: "5.0MB cum", 11: "5.0MB"})
    return uri, other.as_uri()


def at(found: dict[str, Any]) -> tuple[str, int]:
    return found["uri"], found["range"]["start"]["line"] + 1


async def test_round_the_workspace(jumps: Jumps, folder: Path) -> None:
    main, other = await opened(jumps, folder)
    ring = [(main, 6), (main, 7), (main, 11), (other, 3)]
    for step, way in ((1, ring), (-1, ring[::-1])):
        uri, line = way[-1]
        jumps.at.clear()
        for wanted in way:
            assert at(await jumps.command(GoToHotLine.name, uri, line - 1, step)) == wanted
            uri, line = wanted
        await jumps.until(partial(lambda way: jumps.at == way, way))
    assert at(await jumps.command(GoToHotLine.name, main, 7, 1)) == (main, 11)
    assert at(await jumps.command(GoToHotLine.name, main, 7, -1)) == (main, 7)
    assert at(await jumps.command(GoToHotLine.name, "", 0, 1)) == (main, 6)


async def test_where_nothing_is_shown_the_line_is_said(folder: Path) -> None:
    for editor in (Editor(bare()), Jumps(success=False)):
        main, other = await opened(editor, folder)
        assert at(await editor.command(GoToHotLine.name, main, 10, 1)) == (other, 3)
        said = f"alloclens: {folder}/other.go:3  5.0MB cum"
        await editor.until(partial(lambda messages, said: said in messages, editor.messages, said))
        await editor.close()


async def test_before_the_first_profile(jumps: Jumps, folder: Path) -> None:
    await jumps.open_folder(folder)
    assert await jumps.command(GoToHotLine.name, (folder / "main.go").as_uri(), 0, 1) is None
    await jumps.until(lambda: "alloclens: no hot line yet" in jumps.messages)
    assert not jumps.at


def test_a_uri_in_another_spelling() -> None:
    starts = [Position(line, 0) for line in (3, 9)]
    lines = [(Location("file:///w/a%40b.go", Range(start, start)), "") for start in starts]
    assert neighbour(lines, ("file:///w/a@b.go", 3), 1) == lines[1]
    assert neighbour([], ("file:///w/a@b.go", 3), 1) is None
