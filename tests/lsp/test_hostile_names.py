"""Over stdio: what a profile and a disk call things is shown as it is, not read as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from tests.support.profiles import Builder, drop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

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
