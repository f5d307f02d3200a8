"""Over stdio: hot functions among the symbols of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsprotocol import types as lsp

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
SERVE, NEW, KEEP = "$main.serve 5.0MB", "$dep.New 3.0MB", "$main.keep 2.0MB"


@pytest.fixture
def one(folder: Path) -> Path:
    main, dep = folder / "main.go", folder / "vendor/example.com/dep/dep.go"
    drop(
        folder / "profiles/a.pb.gz",
        heap(
            f"example.com/dep.New@{dep}:4 < main.serve@{main}:6 < main.main@/elsewhere/x.go:1 = 3x{MB}",
            f"main.keep@{main}:11 < main.serve@{main}:7 = 2x{MB}",
        ),
    )
    return folder


async def ready(editor: Editor, folder: Path, **settings: object) -> None:
    await editor.open_folder(folder, **settings)
    await editor.until(lambda: asked(editor, settings.get("symbolPrefix", "$")))


async def asked(editor: Editor, query: str) -> list[str]:
    return [symbol.name for symbol in await symbols(editor, query)]


async def symbols(editor: Editor, query: str) -> list[lsp.SymbolInformation]:
    return list(await editor.client.workspace_symbol_async(lsp.WorkspaceSymbolParams(query)) or [])


async def test_only_behind_the_sign(any_editor: Editor, one: Path) -> None:
    await ready(any_editor, one)
    assert await asked(any_editor, "$") == [SERVE, NEW, KEEP]
    assert await asked(any_editor, "$ KeEp") == [KEEP]
    assert await asked(any_editor, "$example.com/DEP") == [NEW]
    assert await asked(any_editor, "$nobody") == []
    assert await asked(any_editor, "keep") == await asked(any_editor, "") == await asked(any_editor, "#keep") == []


async def test_another_sign_or_none(editor: Editor, one: Path) -> None:
    await ready(editor, one, symbolPrefix="%%")
    assert await asked(editor, "%%dep") == ["%%dep.New 3.0MB"]
    assert await asked(editor, "$dep") == await asked(editor, "%dep") == []
    editor.configure(symbolPrefix="")
    await editor.until(lambda: asked(editor, "dep"))
    assert await asked(editor, "dep") == ["dep.New 3.0MB"]
    assert await asked(editor, "") == ["main.serve 5.0MB", "dep.New 3.0MB", "main.keep 2.0MB"]


async def test_where_they_are(editor: Editor, one: Path) -> None:
    await ready(editor, one)
    editor.open(one / "main.go", "// unsaved\n" + (one / "main.go").read_text())
    places = {
        symbol.name: (symbol.container_name, symbol.location.uri, symbol.location.range.start.line + 1)
        for symbol in await symbols(editor, "$")
    }
    main, dep = (one / "main.go").as_uri(), (one / "vendor/example.com/dep/dep.go").as_uri()
    assert places == {SERVE: ("main", main, 6), NEW: ("example.com/dep", dep, 3), KEEP: ("main", main, 11)}


async def test_at_most_fifty(editor: Editor, folder: Path) -> None:
    main = folder / "main.go"
    stacks = [f"main.f{n}@{main}:{6 + n % 2} = {n + 1}x{MB}" for n in range(60)]
    lost = [f"lost.f{n}@/elsewhere/lost.go:1 = 99x{MB}" for n in range(60)]
    drop(folder / "profiles/a.pb.gz", heap(*stacks, *lost))
    await ready(editor, folder)
    assert await asked(editor, "$") == [f"$main.f{n - 1} {n}.0MB" for n in range(60, 10, -1)]


async def test_before_the_first_profile(editor: Editor, folder: Path) -> None:
    await editor.open_folder(folder)
    assert await asked(editor, "$") == []
