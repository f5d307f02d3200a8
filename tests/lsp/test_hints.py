"""Over stdio: from a file in the directory to the text beside a line."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.support.editor import Editor, bare, neovim
from tests.support.profiles import drop, heap
from tests.support.raw import raw_client

if TYPE_CHECKING:
    from tests.support.editor import Editor as AnyEditor

pytestmark = pytest.mark.programs

MB = 1 << 20
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
OF_THE_CLIENT, PAGE = "alloclens.showStacks", "alloclens.server.stackPage"


def stacks(folder: Path, kept: int) -> list[str]:
    """`kept` objects of 1 MB at main.go:11, and 2 MB in the dependency that main.go:6 answers for."""
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    return [
        f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = {kept}x{MB}",
        f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 2x{MB}",
    ]


async def test_hints_follow_the_directory(any_editor: AnyEditor, folder: Path) -> None:
    first = drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    await any_editor.open_folder(folder)
    main = any_editor.open(folder / "main.go")
    before = {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"}
    await any_editor.until_hints(main, before)

    second = drop(folder / "profiles/b.pb.gz", heap(*stacks(folder, 40)))
    await any_editor.until_hints(main, {6: "2.0MB owned", 7: "40.0MB cum ▲37.0MB", 11: "40.0MB ▲37.0MB"})

    drop(second, heap(*stacks(folder, 50)))
    await any_editor.until_hints(main, {6: "2.0MB owned", 7: "50.0MB cum ▲47.0MB", 11: "50.0MB ▲47.0MB"})

    second.unlink()
    await any_editor.until_hints(main, before)
    first.unlink()
    await any_editor.until_hints(main, {})


@pytest.mark.parametrize("lenses", [False, True])
async def test_an_editor_that_asks_once_gets_numbers(folder: Path, lenses: bool) -> None:
    """It opens a file while the server starts, and cannot be asked to request hints again: it must not keep an empty answer."""
    for kept in (3, 4, 40):
        drop(folder / f"profiles/{kept:02}.pb.gz", heap(*stacks(folder, kept)))
    editor = Editor(bare())
    await editor.open_folder(folder, codeLens=lenses)
    main = editor.open(folder / "main.go")
    if lenses:
        asked = lsp.CodeLensParams(lsp.TextDocumentIdentifier(main))
        assert len(await editor.client.text_document_code_lens_async(asked)) == 2
    else:
        assert await editor.hints(main) == {6: "2.0MB owned", 7: "40.0MB cum ▲37.0MB", 11: "40.0MB ▲37.0MB"}
    await editor.close()


async def test_an_editor_that_asks_once_is_told_of_new_numbers_once(folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    editor = Editor(bare())
    await editor.open_folder(folder)
    main = editor.open(folder / "main.go")
    await editor.hints(main)
    assert editor.messages == []
    drop(folder / "profiles/b.pb.gz", heap(*stacks(folder, 4)))
    (told,) = await editor.until(lambda: editor.messages)
    assert told.startswith("alloclens: b.pb.gz has new numbers")
    drop(folder / "profiles/c.pb.gz", heap(*stacks(folder, 40)))
    await editor.until_hints(main, {6: "2.0MB owned", 7: "40.0MB cum ▲37.0MB", 11: "40.0MB ▲37.0MB"})
    assert editor.messages == [told]
    await editor.close()


async def test_waiting_for_the_first_numbers_can_be_cancelled(folder: Path) -> None:
    """While a folder of many profiles is read for the first time."""
    for number in range(40):
        drop(folder / f"profiles/{number:02}.pb.gz", heap(*stacks(folder, 3 + number)))
    with raw_client(folder) as client:
        client.start({})
        main = (folder / "main.go").as_uri()
        client.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": main, "languageId": "go", "version": 1, "text": (folder / "main.go").read_text()}},
        )
        client.say(
            {
                "jsonrpc": "2.0",
                "id": 7,
                "method": "textDocument/inlayHint",
                "params": {"textDocument": {"uri": main}, "range": ALL},
            }
        )
        at = {"textDocument": {"uri": main}, "position": ALL["start"]}
        assert client.result("textDocument/hover", at) is None  # others need not wait
        client.notify("$/cancelRequest", {"id": 7})
        assert client.answer(7)["error"]["code"] == lsp.LSPErrorCodes.RequestCancelled


async def test_a_line_of_a_file_with_two_names_has_one_hint(editor: AnyEditor, folder: Path) -> None:
    """A sample that has the line under both names counts once: 3 + 4 MB."""
    main = folder / "main.go"
    both = f"main.keep:10@{main}:11 < main.serve:5@example.com/app/main.go:7 < main.keep:10@example.com/app/main.go:11 = 3x{MB}"
    drop(folder / "profiles/a.pb.gz", heap(both, f"main.keep:10@example.com/app/main.go:11 = 4x{MB}"))
    await editor.open_folder(folder)
    uri = editor.open(main)
    await editor.until_hints(uri, {7: "3.0MB cum", 11: "7.0MB"})
    lines = await editor.command("alloclens.server.hotLines", {})
    assert sorted((one["line"], one["label"]) for one in lines) == [(7, "3.0MB cum"), (11, "7.0MB")]


async def test_the_dependency_has_its_own_numbers(any_editor: AnyEditor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    await any_editor.open_folder(folder)
    await any_editor.until_hints(any_editor.open(folder / "vendor/example.com/dep/dep.go"), {4: "2.0MB"})


async def test_a_directory_deleted_and_made_again(editor: AnyEditor, folder: Path) -> None:
    await editor.open_folder(folder)
    main = editor.open(folder / "main.go")
    for kept in (3, 4):
        drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, kept)))
        await editor.until_hints(main, {6: "2.0MB owned", 7: f"{kept}.0MB cum", 11: f"{kept}.0MB"})
        shutil.rmtree(folder / "profiles")
        await editor.until_hints(main, {})


async def test_a_slow_write_is_read_when_it_is_whole(editor: AnyEditor, folder: Path) -> None:
    data = heap(*stacks(folder, 3))
    await editor.open_folder(folder)
    main = editor.open(folder / "main.go")
    path = folder / "profiles/slow.pb.gz"
    path.parent.mkdir()
    with path.open("wb") as out:
        out.write(data[: len(data) // 2])
        out.flush()
        await asyncio.sleep(0.8)  # longer than two scans, shorter than the grace for young files
        assert await editor.hints(main) == {}
        out.write(data[len(data) // 2 :])
    await editor.until_hints(main, {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    assert editor.messages == []


async def test_a_burst_ends_in_the_latest(editor: AnyEditor, folder: Path) -> None:
    await editor.open_folder(folder)
    main = editor.open(folder / "main.go")
    for kept in range(1, 60):
        drop(folder / f"profiles/{kept:03}.pb.gz", heap(*stacks(folder, kept)))
    await editor.until_hints(main, {6: "2.0MB owned", 7: "59.0MB cum ▲58.0MB", 11: "59.0MB ▲58.0MB"})


async def test_a_bad_file_costs_itself_alone(any_editor: AnyEditor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    drop(folder / "profiles/page.pb.gz", b"<!DOCTYPE html><p>502 Bad Gateway")
    await any_editor.open_folder(folder)
    await any_editor.until(lambda: any_editor.messages)
    drop(folder / "profiles/b.pb.gz", heap(*stacks(folder, 3)))
    await any_editor.until_hints(any_editor.open(folder / "main.go"), {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    (message,) = [message for message in any_editor.messages if "new numbers" not in message]
    assert "page.pb.gz" in message
    assert "HTML page" in message


@pytest.mark.parametrize("utf", [8, 16, 32])
async def test_the_hint_is_behind_text_that_is_not_ascii(folder: Path, utf: int) -> None:
    line = '\tx := "é€𝄞" // ✓'  # 2, 3 and 4 bytes; 1, 1 and 2 UTF-16 units; 1 code point each
    path = folder / "text.go"
    path.write_text(f"package main\n\f\n{line}\n", "utf-8")
    drop(folder / "profiles/a.pb.gz", heap(f"main.f@{path}:3 = 1x{MB}"))
    editor = Editor(neovim(utf))
    await editor.open_folder(folder)
    uri = editor.open(path)
    await editor.until_hints(uri, {3: "1.0MB"})
    (hint,) = await editor.raw_hints(uri)
    assert (hint.position.line, hint.position.character) == (2, {8: 24, 16: 17, 32: 16}[utf])
    await editor.close()


async def test_a_text_without_the_lines_that_the_profile_knows(editor: AnyEditor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    await editor.open_folder(folder)
    main = editor.open(folder / "main.go")
    await editor.until_hints(main, {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    editor.edit(main, "package main\n\n\n\n\n\n")
    assert await editor.hints(main) == {}


def shows_stacks(editor: AnyEditor) -> str:
    """Return the command by which an editor shows call stacks: its own where it says that it has one."""
    return OF_THE_CLIENT if editor.capabilities.experimental else PAGE


async def lenses(editor: AnyEditor, uri: str) -> list[lsp.CodeLens]:
    params = lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri))
    return list(await editor.client.text_document_code_lens_async(params) or [])


async def clicked(editor: AnyEditor, command: lsp.Command) -> str:
    """Run a command of the server's as an editor does, and return the title of its page."""
    return title(Path(await editor.command(command.command, *command.arguments)))


def title(page: Path) -> str:
    return page.read_text().split("\n")[0]


async def test_a_click_leads_to_the_stacks_in_every_editor(any_editor: AnyEditor, folder: Path) -> None:
    """A lens leads to its function's heaviest line, for no stack goes through where it is declared."""
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    await any_editor.open_folder(folder, codeLens=True)
    uri = any_editor.open(folder / "main.go")
    await any_editor.until_hints(uri, {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    hints = [hint.label[0].command for hint in await any_editor.raw_hints(uri)]
    above = {lens.range.start.line + 1: lens.command for lens in await lenses(any_editor, uri)}
    assert [list(command.arguments) for command in hints] == [[uri, 5], [uri, 6], [uri, 10]]
    assert {line: list(command.arguments) for line, command in above.items()} == {5: [uri, 6], 10: [uri, 10]}
    assert {command.command for command in (*hints, *above.values())} == {shows_stacks(any_editor)}
    if shows_stacks(any_editor) == PAGE:
        assert "main.go:6" in await clicked(any_editor, hints[0])
        assert "main.go:7" in await clicked(any_editor, above[5])


async def test_a_lens_follows_unsaved_edits(editor: AnyEditor, folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    await editor.open_folder(folder, codeLens=True)
    uri = editor.open(folder / "main.go")
    await editor.until_hints(uri, {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    text = (folder / "main.go").read_text()
    editor.edit(uri, text.replace("\tkeep()\n", "\n\n\tkeep()\n"))
    assert [list(lens.command.arguments) for lens in await lenses(editor, uri)] == [[uri, 8], [uri, 12]]
    editor.edit(uri, text.replace("\tkeep()\n", ""))  # then the heaviest line that is left
    assert [list(lens.command.arguments) for lens in await lenses(editor, uri)] == [[uri, 5], [uri, 9]]


async def test_lenses_of_the_heaviest_functions(editor: AnyEditor, folder: Path) -> None:
    path = folder / "many.go"
    path.write_text("package main\n" + "".join(f"func f{n}() {{ g() }}\n" for n in range(210)))
    drop(folder / "profiles/a.pb.gz", heap(*(f"main.f{n}:{n + 2}@{path}:{n + 2} = {n + 1}x{MB}" for n in range(210))))
    await editor.open_folder(folder, codeLens=True)
    uri = editor.open(path)
    await editor.until(lambda: lenses(editor, uri))
    assert {lens.range.start.line + 1 for lens in await lenses(editor, uri)} == set(range(12, 212))


async def test_a_server_whose_editor_is_gone_ends(folder: Path) -> None:
    """An editor that crashes says no shutdown; the worker process ends with the server."""
    drop(folder / "profiles/a.pb.gz", heap(*stacks(folder, 3)))
    editor = Editor(bare())
    await editor.open_folder(folder)
    await editor.until_hints(editor.open(folder / "main.go"), {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    server = editor.process
    server.stdin.close()
    assert await asyncio.wait_for(server.wait(), 10) == 0
    await editor.client.stop()
