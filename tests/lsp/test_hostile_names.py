"""Over stdio: what a profile and a disk call things is shown as it is, not read as Markdown."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from lsprotocol import types as lsp
from markdown_it import MarkdownIt
from pygls import uris

from tests.support.editor import Editor, vscode
from tests.support.hostile import LINE, hostile, nul, steering, workspace
from tests.support.profiles import Builder, drop

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.programs

IMAGE = "![{}](https://evil.example/`x`.png)"


def images(markdown: str) -> list[str]:
    """Return what a reader would fetch, and what it would take for a heading."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    inner = [part for token in tokens for part in token.children or ()]
    return [token.type for token in (*tokens, *inner) if token.type in {"image", "html_inline", "heading_open"}]


async def test_no_name_is_an_image(editor: Editor, folder: Path) -> None:
    kind, main = IMAGE.format("type"), folder / "main.go"
    function = f"main.keep\n\n# {IMAGE.format('function')}"
    for i, kept in enumerate((1, 40)):
        made = Builder((kind, "bytes"))
        made.sample(f"{function}:10@{main}:11 < main.serve:5@{main}:7", [kept << 20])
        made.message.time_nanos = (i + 1) * 10**18
        drop(folder / f"profiles/{i} ![name](x`y).pb.gz", made.bytes())
    await editor.open_folder(folder)
    uri = editor.open(main)

    async def compared() -> bool:
        return "40.0MB" in (await editor.hints(uri)).get(7, "")

    await editor.until(compared)
    await editor.until(lambda: "+39.0MB" in editor.status.tooltip)
    hover = await editor.hover(uri, 7)
    assert "evil.example" in hover
    assert "evil.example" in editor.status.tooltip
    assert images(hover) == images(editor.status.tooltip) == []


DISPLAYED = {
    "message",
    "title",
    "detail",
    "containerName",
    "container_name",
    "value",
    "totalLabel",
    "text",
    "focus",
    "shortFocus",
    "time",
}
"""What an editor shows as it is. A name is shown, too, where it is an item's own, and a label but where it is the user's word."""
MARKDOWN = {"tooltip", "contents"}


def displayed(answer: Any) -> Iterator[str]:
    """Return the texts of an answer that an editor shows as they are."""
    if attrs.has(type(answer)):
        yield from displayed({field.name: getattr(answer, field.name) for field in attrs.fields(type(answer))})
        if isinstance(answer, (lsp.CallHierarchyItem, lsp.SymbolInformation)):
            yield answer.name
    elif hasattr(answer, "_asdict"):
        yield from displayed(answer._asdict())
    elif isinstance(answer, dict):
        for key, value in answer.items():
            if key in DISPLAYED or (key == "label" and "directory" not in answer and "path" not in answer):
                yield from [value] if isinstance(value, str) else displayed(value)
            elif key not in MARKDOWN | {"data", "command", "arguments", "location", "uri"}:
                yield from displayed(value)
    elif isinstance(answer, (list, tuple)):
        for one in answer:
            yield from displayed(one)


def written(page: str) -> str:
    return Path(page).read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="files cannot be called so there")
async def test_every_label_is_text_on_one_line(editor: Editor, tmp_path: Path) -> None:
    made = workspace(tmp_path, hostile, nul)
    await editor.open_folder(made.folder, profileDirs=[made.profiles.name, made.odd.parent.name], codeLens=True)
    uri = editor.open(made.source)
    at, position = lsp.TextDocumentIdentifier(uri), lsp.Position(LINE - 1, 1)

    async def compared() -> bool:
        return "▲63.0MB" in (await editor.hints(uri)).get(LINE, "")

    await editor.until(compared)
    await editor.until(lambda: any(found for found in editor.diagnostics.values()))
    client, command = editor.client, editor.command
    (item,) = await client.text_document_prepare_call_hierarchy_async(lsp.CallHierarchyPrepareParams(at, position))
    callees = await client.call_hierarchy_outgoing_calls_async(lsp.CallHierarchyOutgoingCallsParams(item))
    whole = lsp.Range(lsp.Position(LINE - 1, 0), lsp.Position(LINE - 1, 0))
    flame = await command("alloclens.server.flame", {})
    tree = await command("alloclens.server.stackTree", uri, LINE - 1, "callees", [])
    await editor.until(lambda: r"\x1b" in editor.status.tooltip)
    answers = [
        item,
        callees,
        flame,
        tree,
        await command("alloclens.server.stackTree", uri, LINE - 1, "callees", [tree[0]["id"]]),
        await editor.raw_hints(uri),
        await client.text_document_code_lens_async(lsp.CodeLensParams(at)),
        await client.text_document_code_action_async(lsp.CodeActionParams(at, whole, lsp.CodeActionContext([]))),
        await client.workspace_symbol_async(lsp.WorkspaceSymbolParams("$")),
        await command("alloclens.server.stacks", uri, LINE - 1),
        await command("alloclens.server.timeline", {"uri": uri, "line": LINE - 1}),
        *[
            await command(f"alloclens.server.{name}")
            for name in ("findings", "series", "snapshots", "sampleTypes", "hotLines")
        ],
        await command("alloclens.server.focus", {"focus": nul("(")}),
        list(editor.diagnostics.values()),
        [{"message": said} for said in (*editor.messages, *editor.questions)],
        editor.status,
    ]
    for answer in answers:
        texts = list(displayed(answer))
        assert [text for text in texts if steering(text)] == []
    assert any(r"\x1b[2J" in text for text in displayed(answers))
    pages = [uris.to_fs_path(call.to.uri) for call in callees if "dep.New" in call.to.name]
    for page in (await command("alloclens.server.stackPage", uri, LINE - 1), *pages):
        text = written(page)
        assert r"dep.New\x1b[31m\x1b[2J" in text
        assert steering(text) == {"\n"}
    assert len(pages) == 1
    hover = await editor.hover(uri, LINE)
    for several in (hover, editor.status.tooltip, await command("alloclens.server.explain", uri)):
        assert r"x1b" in several
        assert steering(several) == {"\n"}
    assert {nul("main.g"), nul("lost.f")} < {row["name"] for row in flame["root"]["children"]}


@pytest.mark.skipif(sys.platform == "win32", reason="files cannot be called so there")
async def test_the_log_has_a_line_for_each_record(tmp_path: Path) -> None:
    editor = Editor(vscode())
    made = workspace(tmp_path, hostile, nul)
    await editor.open_folder(made.folder, profileDirs=[made.profiles.name])
    await editor.until(lambda: editor.messages)
    await editor.client.shutdown_async(None)
    editor.client.exit(None)
    log = (await editor.process.stderr.read()).decode()
    await editor.client.stop()
    assert r"x1b[2J" in log
    assert steering(log) == {"\n"}
    assert [line for line in log.splitlines() if not re.match(r"[A-Z]+ [\w.]+: |    ", line)] == []
