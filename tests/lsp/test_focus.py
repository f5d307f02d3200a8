"""Over stdio: only what passes through a function is shown, in every number, until one steps back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.lsp.test_findings import found
from tests.support.editor import Editor, neovim, vscode
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20
FOCUS, UNFOCUS = "alloclens.server.focus", "alloclens.server.unfocus"


def snapshot(folder: Path, name: str, times: int = 1) -> None:
    """One line is reached by two ways: 2 MB from serve alone, 6 MB through the dependency; that has 1 MB more."""
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    drop(
        folder / f"profiles/{name}.pb.gz",
        heap(
            f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = {2 * times}x{MB}",
            f"main.keep:10@{main}:11 < example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = {6 * times}x{MB}",
            f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 = 1x{MB}",
        ),
    )


async def opened(editor: Editor, folder: Path) -> str:
    snapshot(folder, "1")
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until_hints(uri, {6: "1.0MB owned", 7: "2.0MB cum", 11: "8.0MB"})
    return uri


async def test_every_number_is_of_what_is_in_focus(editor: Editor, folder: Path) -> None:
    uri = await opened(editor, folder)
    assert await editor.command(FOCUS, {"function": "example.com/dep.New"}) is None
    await editor.until_hints(uri, {6: "1.0MB owned", 11: "6.0MB"})
    await editor.until(lambda: editor.status.focus == "through example.com/dep.New")
    hover = await editor.hover(uri, 11)
    assert "67% of 9.0MB" in hover  # 100 % is the whole, as pprof's
    assert "Only samples through example.com/dep.New count here; the verdict is about all samples of the line." in hover
    assert "-focus=^example\\.com\\/dep\\.New$" in hover

    snapshot(folder, "2", 3)  # it stays, also in growth
    await editor.until_hints(uri, {6: "1.0MB owned", 11: "18.0MB ▲12.0MB"})
    await editor.until(lambda: editor.status.text == "inuse_space 19.0MB of 25.0MB (+12.0MB), first → latest")

    assert await editor.command(FOCUS, {"ignoreFunction": "main.keep"}) is None
    await editor.until_hints(uri, {6: "1.0MB owned"})
    await editor.until(lambda: editor.status.focus == "through example.com/dep.New, without main.keep")
    await editor.command(UNFOCUS, None)
    await editor.until_hints(uri, {6: "1.0MB owned", 11: "18.0MB ▲12.0MB"})
    await editor.command(UNFOCUS, None)
    await editor.until_hints(uri, {6: "1.0MB owned", 7: "6.0MB cum", 11: "24.0MB ▲16.0MB"})
    await editor.until(lambda: editor.status.focus == "")


async def test_back_without_arguments(editor: Editor, folder: Path) -> None:
    """Some editors send none, some an empty list."""
    uri = await opened(editor, folder)
    for function in ("example.com/dep.New", "main.keep"):
        await editor.command(FOCUS, {"function": function})
    await editor.until_hints(uri, {6: "6.0MB cum", 11: "6.0MB"})
    await editor.command(UNFOCUS)
    await editor.until_hints(uri, {6: "1.0MB owned", 11: "6.0MB"})
    await editor.client.workspace_execute_command_async(lsp.ExecuteCommandParams(UNFOCUS))
    await editor.until_hints(uri, {6: "1.0MB owned", 7: "2.0MB cum", 11: "8.0MB"})


async def test_a_stack_is_one_step(editor: Editor, folder: Path) -> None:
    uri = await opened(editor, folder)
    assert await editor.command(FOCUS, {"stack": ["main.serve", "example.com/dep.New", "main.keep"]}) is None
    await editor.until_hints(uri, {6: "6.0MB cum", 11: "6.0MB"})  # what dep.New keeps itself is not on this stack
    await editor.until(
        lambda: editor.status.focus == "through main.serve, through example.com/dep.New, through main.keep"
    )
    await editor.command(FOCUS, {"stack": ["a", "b", "c", "d"]})
    await editor.until(lambda: editor.status.focus == "through main.serve, … 5 more …, through d (no sample)")
    for _ in range(2):
        await editor.command(UNFOCUS, None)
    await editor.until_hints(uri, {6: "1.0MB owned", 7: "2.0MB cum", 11: "8.0MB"})


async def test_patterns_are_pprofs(editor: Editor, folder: Path) -> None:
    uri = await opened(editor, folder)
    assert await editor.command(FOCUS, {"focus": "dep.N|gone"}) is None
    await editor.until_hints(uri, {6: "1.0MB owned", 11: "6.0MB"})
    assert "missing )" in await editor.command(FOCUS, {"ignore": "lo(ad"})
    await editor.until(lambda: editor.status.focus == "through dep.N|gone")
    await editor.command(FOCUS, {"focus": "gone"})
    await editor.until(lambda: editor.status.focus == "through dep.N|gone, through gone (no sample)")


async def test_findings_are_of_lines_in_focus_and_judged_by_all(editor: Editor, folder: Path) -> None:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    for i in range(22):
        much = f"{1 + 3 * i}x{MB}"
        stacks = (
            f"main.serve:5@{main}:6 < example.com/dep.New:3@{dep}:4 = {much}",
            f"main.serve:5@{main}:7 < main.keep:10@{main}:11 = {much}",
        )
        drop(folder / f"profiles/{i}.pb.gz", heap(*stacks))
    await editor.open_folder(folder)
    uri = main.as_uri()
    await editor.until(lambda: found(editor, uri) == [(6, "leak"), (7, "leak")])
    before = {d.range.start.line: d.message for d in editor.diagnostics[uri]}
    await editor.command(FOCUS, {"function": "example.com/dep.New"})
    await editor.until(lambda: found(editor, uri) == [(6, "leak")])
    assert editor.diagnostics[uri][0].message == before[5]
    await editor.command(UNFOCUS, True)
    await editor.until(lambda: found(editor, uri) == [(6, "leak"), (7, "leak")])


async def actions(editor: Editor, uri: str, line: int) -> dict[str, lsp.Command]:
    return {one.title: one for one in await editor.actions(uri, line)}


async def test_an_editor_without_views_has_it_all_as_code_actions(folder: Path) -> None:
    editor = Editor(neovim())
    uri = await opened(editor, folder)
    offered = await actions(editor, uri, 11)
    assert list(offered) == [
        "Show call stacks",
        "Focus on main.keep",
        "Ignore main.keep",
    ]
    leave = offered["Ignore main.keep"]
    await editor.command(leave.command, *leave.arguments)
    await editor.until_hints(uri, {6: "1.0MB owned"})
    assert editor.messages[-1] == "alloclens: only samples without main.keep are shown."
    back = (await actions(editor, uri, 1))["Undo last focus (without main.keep)"]
    await editor.command(back.command, *back.arguments)
    await editor.until_hints(uri, {6: "1.0MB owned", 7: "2.0MB cum", 11: "8.0MB"})
    assert editor.messages[-1] == "alloclens: all samples are shown."
    await editor.close()


async def test_other_editors_are_told_of_a_clickable_line(folder: Path) -> None:
    editor = Editor(vscode())
    uri = await opened(editor, folder)
    assert (await actions(editor, uri, 11))["Show call stacks"].command == "alloclens.showStacks"
    await editor.close()
