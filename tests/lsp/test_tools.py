"""Profiles of other languages' tools, of real programs: the hint is on the line that leaks."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from alloclens.wording.amounts import amount

from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = [pytest.mark.programs, pytest.mark.slow, pytest.mark.timeout(600)]


async def hint_of(editor: Editor, folder: Path, made: tools.Made, mark: str = "leaks") -> str:
    """Open the folder and the program's source, and return the hint on a marked line once there is any hint."""
    await editor.open_folder(folder)
    uri = editor.open(made.source)
    hints = await editor.until(lambda: editor.hints(uri))
    return hints.get(made.line(mark), "")


async def test_c(editor: Editor, tmp_path: Path) -> None:
    made = tools.valgrind(tmp_path)
    assert await hint_of(editor, tmp_path, made) == "97.7kB owned"


async def test_rust(editor: Editor, tmp_path: Path) -> None:
    made = tools.rust_dhat(tmp_path)
    assert await hint_of(editor, tmp_path, made) == "97.7kB owned"


@pytest.mark.parametrize("bundled", [False, True])
async def test_node(editor: Editor, tmp_path: Path, bundled: bool) -> None:
    made = tools.node(tmp_path, bundled=bundled)
    keep = tools.heaviest(json.loads(made.path.read_bytes())["head"])
    assert keep["callFrame"]["functionName"] == "keep" or bundled
    held = amount(tools.subtree(keep), "bytes") + (
        " owned" if keep["children"] else ""
    )  # Array.push is called, or inlined
    assert await hint_of(editor, tmp_path, made) == f"{held} in this function"
    hover = await editor.hover(made.source.as_uri(), made.line("leaks"))
    assert "those of all lines of this function" in hover


@pytest.mark.skipif(not find_spec("memray"), reason="the extra alloclens[memray] is not installed")
async def test_python(editor: Editor, tmp_path: Path) -> None:
    made = tools.memray(tmp_path)
    assert (await hint_of(editor, tmp_path, made)).startswith(
        "97"
    )  # 1,000,000 bytes are 976.6kB, and Python needs some more
