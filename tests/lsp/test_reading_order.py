"""A later snapshot may show where the files of an earlier one lie: that is not growth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MAIN = "package main\n\nfunc main() {\n\tuse()\n}\n"
OPEN = "package db\n\nfunc Open() {\n\tuse()\n}\n"
HELD = f"main.main:3@/srv/build/main.go:4 = 10x{1 << 20}"
OPENED = f"example.com/app/db.Open:3@/srv/build/db/open.go:4 = 1x{1 << 20}"


async def test_what_never_changed_did_not_grow(editor: Editor, tmp_path: Path) -> None:
    """10 MB are held in main.go all the time; that /srv/build is this module is known from db.Open alone."""
    for name, text in {"go.mod": "module example.com/app\n", "main.go": MAIN, "db/open.go": OPEN}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    drop(tmp_path / "profiles/a.pb.gz", heap(HELD))
    await editor.open_folder(tmp_path)
    main = editor.open(tmp_path / "main.go")
    await editor.until(lambda: editor.status.state == "ok")
    assert await editor.hints(main) == {}
    drop(tmp_path / "profiles/b.pb.gz", heap(HELD, OPENED))
    await editor.until_hints(main, {4: "10.0MB"})
    rows = (await editor.command("alloclens.server.findings"))["findings"]
    assert {row["code"] for row in rows} == {"candidate"}
    assert all("no rise so far beyond chance" in row["tooltip"] for row in rows)
    assert editor.diagnostics.get(main, []) == []
    (tmp_path / "profiles/b.pb.gz").unlink()
    await editor.until_hints(main, {})
