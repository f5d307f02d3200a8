"""Over stdio: a folder of FIFOs and loops, and damaged caches, keep nobody from the numbers of its one good profile."""

from __future__ import annotations

import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = pytest.mark.programs

MB = 1 << 20
FIFOS = (
    "alloclens.toml",
    "pyproject.toml",
    "go.work",
    "deep/go.mod",
    "vendor/modules.txt",
    "gone.go",
    "lib.so",
    "profiles/labels.toml",
    "profiles/fifo.pb.gz",
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFOs")
async def test_numbers_of_a_good_profile_in_an_odd_folder(
    editor: Editor, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache" / "alloclens"
    cache.mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent))
    (cache / "texts.sqlite3").write_bytes(b"SQLite format 3\0" + random.Random(1).randbytes(9000))
    (cache / "snapshots.sqlite3").mkdir()
    stacks = (
        f"main.{function}@{folder}/{n}:{line} < main.serve:5@{folder}/main.go:7 = 3x{MB}"
        for function, n, line in (
            ("keep", "main.go", 11),
            ("gone", "gone.go", 3),
            ("loop", "loop.go", 3),
            ("x", "deep/x.go", 1),
        )
    )
    drop(folder / "profiles/m.pb.gz", heap(*stacks))
    (folder / "deep").mkdir()
    for name in FIFOS:
        os.mkfifo(folder / name)
    for name in ("loop.go", ".venv", "node_modules", "profiles/a.pb.gz", "profiles/z.pb.gz"):
        (folder / name).symlink_to(os.path.basename(name))
    await editor.open_folder(folder)
    main = editor.open(folder / "main.go")
    await editor.until_hints(main, {7: "9.0MB owned", 11: "3.0MB"})
    assert await editor.hints((folder / "gone.go").as_uri()) == {}
    await editor.until(lambda: editor.status.state == "problem")
    for name in ("a.pb.gz", "z.pb.gz", "fifo.pb.gz", "labels.toml"):
        assert f"{name} could not be read" in editor.status.tooltip.replace("\\", "")
    toml = (folder / "alloclens.toml").as_uri()
    await editor.until(lambda: toml in editor.diagnostics)
    assert editor.diagnostics[toml][0].message == "the file cannot be read: not a regular file"
