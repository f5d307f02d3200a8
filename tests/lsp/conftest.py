from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.editor import Editor, bare, neovim, vscode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CLIENTS = {"vscode": vscode, "neovim": neovim, "bare": bare}

MAIN = """package main

import "example.com/dep"

func serve() {
	dep.New() // the caller
	keep()
}

func keep() {
	kept = append(kept, make([]byte, 1<<20))
}
"""
DEP = """package dep

func New() {
	table = append(table, make([]byte, 512))
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small Go module with a vendored dependency, in a folder whose URI has escapes."""
    root = tmp_path / "my próject (1)"
    dep = root / "vendor" / "example.com" / "dep"
    dep.mkdir(parents=True)
    (root / "go.mod").write_text("module example.com/app\n")
    (root / "main.go").write_text(MAIN)
    (dep / "dep.go").write_text(DEP)
    return root


@pytest.fixture(params=list(CLIENTS))
async def any_editor(request: pytest.FixtureRequest) -> AsyncIterator[Editor]:
    """Each kind of editor in turn."""
    made = Editor(CLIENTS[request.param]())
    yield made
    await made.close()


@pytest.fixture
async def editor() -> AsyncIterator[Editor]:
    """VS Code's kind."""
    made = Editor(vscode())
    yield made
    await made.close()
