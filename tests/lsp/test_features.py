"""Over stdio: hover, lenses, stacks, choices, settings, status, and what a client may do wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.support.editor import Editor, label, neovim, ready
from tests.support.profiles import drop, heap, profile

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20


@pytest.fixture
def two(folder: Path) -> Path:
    """Two snapshots: dep.go grows by 40 MB through main.go:6."""
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    for name, kept in (("a", 2), ("b", 42)):
        drop(
            folder / f"profiles/{name}.pb.gz",
            heap(
                f"example.com/dep.New:3@{dep}:4 < main.serve:5@{main}:6 < main.main:20@/elsewhere/x.go:1 = {kept}x{MB}",
                f"main.keep:10@{main}:11 < main.serve:5@{main}:7 = 3x{MB}",
            ),
        )
    return folder


async def test_hover_says_all_there_is(any_editor: Editor, two: Path) -> None:
    uri = await ready(any_editor, two)
    text = await any_editor.hover(uri, 6)
    for said in ("42.0MB owned", "▲40.0MB", "alloc", "since a.pb.gz", "dep.New", "go tool pprof", "b.pb.gz"):
        assert said in text
    markdown = bool(any_editor.capabilities.text_document)
    assert (f"({two.as_uri()}/vendor/example.com/dep/dep.go#L4)" in text) == markdown
    assert ("**" in text) == markdown
    assert await any_editor.hover(uri, 1) is None


@pytest.mark.parametrize(
    ("types", "said"),
    [
        ("allocations/bytes", "jfrconv counts only the objects that were sampled"),
        (
            "peak_space/bytes inuse_space/bytes",
            "What was freed before the program ended, also as it ended, does not count",
        ),
        ("peak_space/bytes", ""),
        ("inuse_space/bytes", ""),
    ],
)
async def test_hover_says_what_a_profile_leaves_out(editor: Editor, folder: Path, types: str, said: str) -> None:
    """jfrconv counts what was sampled, memray and DHAT what was never freed."""
    values = f"{40 * MB} " * (types.count(" ") + 1)
    drop(folder / "profiles/live.pb.gz", profile(types, f"main.serve:5@{folder}/main.go:6 = {values}"))
    text = await editor.hover(await ready(editor, folder, "40.0MB"), 6)
    sentences = ("jfrconv counts only the objects that were sampled", "What was freed before the program ended")
    assert [sentence for sentence in sentences if sentence in text] == [
        one for one in sentences if said.startswith(one)
    ]
    assert said in text


async def test_hover_in_the_form_that_the_editor_prefers(two: Path) -> None:
    capabilities = neovim()
    capabilities.text_document.hover.content_format = [lsp.MarkupKind.PlainText, lsp.MarkupKind.Markdown]
    editor = Editor(capabilities)
    text = await editor.hover(await ready(editor, two), 6)
    assert "dep.New" in text
    assert "alloc_space: " in text
    assert not any(mark in text for mark in ("**", "](", "\\_"))
    await editor.close()


async def test_the_tooltip_of_a_hint_is_its_hover(any_editor: Editor, two: Path) -> None:
    uri = await ready(any_editor, two)
    (hint,) = await any_editor.raw_hints(uri, 5, 5)
    assert hint.tooltip.value.replace("*", "").startswith(
        "42.0MB owned · 93% of "
    )  # VS Code has no more once the hint is replaced
    resolved = await any_editor.client.inlay_hint_resolve_async(hint)
    assert label(resolved) == "42.0MB owned ▲40.0MB"
    assert resolved.tooltip.value == await any_editor.hover(uri, 6)
    parts = [] if isinstance(resolved.label, str) else resolved.label
    assert [part.tooltip for part in parts if part.tooltip] == []  # VS Code would show both


async def test_only_the_asked_lines(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    assert set(await editor.hints(uri, 6, 8)) == {7}


async def test_stacks_of_a_line(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    found = await editor.command("alloclens.server.stacks", uri, 5)
    assert found["title"] == "42.0MB inuse_space through line 6"
    (stack,) = found["stacks"]
    assert stack["label"] == "42.0MB (+40.0MB)"
    places = [
        f["location"] and (f["location"]["uri"].rsplit("/", 1)[1], f["location"]["range"]["start"]["line"])
        for f in stack["frames"]
    ]
    assert places == [("dep.go", 3), ("main.go", 5), None]
    assert [f["own"] for f in stack["frames"]] == [False, True, False]
    assert await editor.command("alloclens.server.stacks", uri, 0) is None


async def test_hot_lines_heaviest_first(editor: Editor, two: Path) -> None:
    await ready(editor, two)
    found = await editor.command("alloclens.server.hotLines")
    assert [(f["location"]["range"]["start"]["line"] + 1, f["label"]) for f in found] == [
        (6, "42.0MB owned ▲40.0MB"),
        (11, "3.0MB"),
        (7, "3.0MB cum"),
    ]


async def test_what_can_be_chosen(editor: Editor, two: Path) -> None:
    await ready(editor, two)
    snapshots = await editor.command("alloclens.server.snapshots")
    assert [(s["name"], s["base"], s["head"]) for s in snapshots] == [
        ("b.pb.gz", False, True),
        ("a.pb.gz", True, False),
    ]
    assert [(s["baseWords"], s["headWords"]) for s in snapshots] == [
        ([], ["latest"]),
        (["first", "previous"], ["previous", "first"]),
    ]
    assert snapshots[0]["detail"] == "45.0MB inuse_space"
    assert [s["begins"] for s in snapshots] == [False, True]
    types = await editor.command("alloclens.server.sampleTypes")
    assert [(t["name"], t["selected"]) for t in types][2:] == [("inuse_objects", False), ("inuse_space", True)]


async def test_settings_take_effect_at_once(any_editor: Editor, two: Path) -> None:
    uri = await ready(any_editor, two)
    any_editor.configure(sampleType="inuse_objects")
    await any_editor.until_hints(uri, {6: "42 owned ▲40", 7: "3 cum", 11: "3"})
    any_editor.configure(head="a.pb.gz")
    await any_editor.until_hints(uri, {6: "2.0MB owned", 7: "3.0MB cum", 11: "3.0MB"})
    any_editor.configure(hints=False)
    await any_editor.until_hints(uri, {})
    any_editor.configure(profileDirs=["none"], hints="yes")
    await any_editor.until_hints(uri, {})
    any_editor.configure()
    await any_editor.until_hints(uri, {6: "42.0MB owned ▲40.0MB", 7: "3.0MB cum", 11: "3.0MB"})


async def test_code_lenses_are_off_until_asked_for(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)

    async def lenses() -> list[tuple[int, str]]:
        params = lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri))
        found = await editor.client.text_document_code_lens_async(params)
        return [(x.range.start.line + 1, x.command.title) for x in found or []]

    assert await lenses() == []
    editor.configure(codeLens=True)
    await editor.until(lenses)
    assert await lenses() == [(5, "45.0MB cum · 0B flat ▲40.0MB"), (10, "3.0MB cum · 3.0MB flat")]


async def test_status_says_what_is_compared(editor: Editor, two: Path) -> None:
    await ready(editor, two)
    await editor.until(lambda: editor.status.text == "inuse_space 45.0MB (+40.0MB), first → latest")
    assert editor.status.state == "ok"
    assert "b.pb.gz" in editor.status.tooltip
    for file in (two / "profiles").iterdir():
        file.unlink()
    await editor.until(lambda: editor.status.state == "empty")
    assert editor.status.plainTooltip.startswith(f"No profile in {two / 'profiles'}, ")
    assert editor.status.plainTooltip.endswith(" there, or run alloclens capture URL --into DIR.")
    assert "`alloclens capture URL --into DIR`" in editor.status.tooltip
    drop(two / "profiles/bad.pb.gz", b"<html>")
    await editor.until(lambda: editor.status.state == "problem")
    assert "bad.pb.gz could not be read" in editor.status.tooltip
    assert editor.status.text == "bad.pb.gz could not be read"
    drop(two / "profiles/worse.pb.gz", b"<html>")
    await editor.until(lambda: editor.status.text == "bad.pb.gz and 1 more could not be read")


def drop_many(folder: Path, count: int = 300) -> None:
    """Write snapshots of 60 functions."""
    main = folder / "main.go"
    for i in range(count):
        functions = (f"main.f{n}@{main}:{(6, 7, 11)[n % 3]} = 1x{MB}" for n in range(60))
        drop(folder / f"profiles/{i:03}.pb.gz", heap(*functions))


async def test_many_files_show_progress(editor: Editor, folder: Path) -> None:
    drop_many(folder)
    await editor.open_folder(folder)
    await editor.until(lambda: editor.status.state == "ok")
    await editor.until(lambda: editor.progress[-1:] == ["end"])
    assert editor.progress[0] == "begin"
    assert editor.progress.count("begin") == editor.progress.count("end") == 1


async def test_what_is_no_file_has_no_numbers(editor: Editor, two: Path) -> None:
    await ready(editor, two)
    item = lsp.TextDocumentItem("untitled:Untitled-1", "go", 1, "package main\n")
    editor.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    assert await editor.hints("untitled:Untitled-1") == {}
    assert await editor.hover("untitled:Untitled-1", 1) is None
    assert await editor.hints((two / "gone.go").as_uri()) == {}
    assert await editor.command("alloclens.server.stacks", "untitled:Untitled-1", 0) is None


async def test_wrong_arguments_cost_one_answer(editor: Editor, two: Path) -> None:
    uri = await ready(editor, two)
    with pytest.raises(JsonRpcException):
        await editor.command("alloclens.server.stacks", "only one")
    assert await editor.hints(uri)


async def test_two_folders(editor: Editor, two: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "x.go").write_text("package x\n\nvar kept = make([]byte, 1)\n")
    drop(other / "profiles/a.pb.gz", heap(f"x.init@{other}/x.go:3 = 5x{MB}"))
    uri = await ready(editor, two)
    added = lsp.WorkspaceFoldersChangeEvent([lsp.WorkspaceFolder(other.as_uri(), "other")], [])
    editor.client.workspace_did_change_workspace_folders(lsp.DidChangeWorkspaceFoldersParams(added))
    await editor.until_hints(editor.open(other / "x.go"), {3: "5.0MB"})
    await editor.hover(uri, 6)
    await editor.until_hints(uri, {6: "42.0MB owned ▲40.0MB", 7: "3.0MB cum", 11: "3.0MB"})


async def test_a_choice_takes_effect_while_many_files_are_read(editor: Editor, folder: Path) -> None:
    drop_many(folder, 800)  # so that they are not read before the choice is
    editor.options = ("--log-level", "warning")  # nobody reads standard error, which so many lines fill
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until(lambda: editor.status.state == "loading")
    editor.configure(sampleType="inuse_objects")

    async def counted() -> bool:
        return "MB" not in "".join((await editor.hints(uri) or {0: "MB"}).values())

    await editor.until(counted)
    assert editor.status.state == "loading"
    await editor.until(lambda: editor.status.state == "ok")
    assert "799.pb.gz" in editor.status.tooltip
