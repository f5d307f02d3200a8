"""The first hint of one file, when a profile names many and the workspace has more."""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from scripts import tools
from scripts.bench.section import Section
from scripts.bench.table import duration, significant
from scripts.bench.usage import memory
from tests.bench import wide
from tests.support.editor import Editor, vscode
from tests.support.profiles import drop

SIZES = ((100, 1_000), (50_000, 100_000))
QUICK = ((100, 1_000), (2_000, 5_000))
"""Recorded files, and files of the workspace."""
PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Placed:
    """What one server did; times in seconds, memory in bytes."""

    ready: float
    """From the start to the first world with everything read."""
    first: float
    """The first request for hints that there are: of a file that is found by its package."""
    top: float
    """Of the file that is found by its suffix."""
    again: float
    """Of the first file, once more."""
    server: int
    """The most memory that was resident."""
    worker: int


def measure(*, quick: bool) -> Section:
    """Measure both sizes."""
    results = {
        f"{n:,} recorded, {files:,} files": asyncio.run(_measured(n, files)) for n, files in (QUICK if quick else SIZES)
    }
    return Section(_table(results), {word: asdict(placed) for word, placed in results.items()})


async def _measured(recorded: int, files: int) -> Placed:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "shop")
        tools.say(f"making a workspace of {files:,} files and a profile of {recorded:,} …")
        wide.workspace(folder, files)
        drop(folder / "profiles/heap.pb.gz", wide.profile(recorded))
        editor = Editor(vscode())
        try:
            return await _asked(editor, folder)
        finally:
            await editor.close()


async def _asked(editor: Editor, folder: Path) -> Placed:
    began = time.perf_counter()
    await editor.open_folder(folder)
    process = editor.process.pid
    await editor.hints(editor.open(folder / "none.go", ""))  # as editors do, long before there is anything to say
    await editor.until(lambda: editor.status and editor.status.state == "ok", PATIENCE_SECONDS)
    ready = time.perf_counter() - began
    paths = [
        folder / wide.directory(wide.HEAVY) / f"{name}.go" for name in (wide.NAMES[1], wide.NAMES[6], wide.NAMES[1])
    ]
    first, top, again = [await _hint(editor, path) for path in paths]
    return Placed(ready, first, top, again, *memory(process))


async def _hint(editor: Editor, path: Path) -> float:
    uri = editor.open(path)
    began = time.perf_counter()
    hints = await editor.hints(uri)
    taken = time.perf_counter() - began
    if list(hints) != [4]:
        raise SystemExit(f"{path} has the hints {hints}, not one on line 4")
    return taken


def _table(results: dict[str, Placed]) -> Table:
    table = Table("", *results, "ratio", box=box.MARKDOWN)
    rows = {
        "start until ready": "ready",
        "first hints": "first",
        "first hints of another file": "top",
        "the same again": "again",
    }
    for label, name in rows.items():
        one, other = (getattr(placed, name) for placed in results.values())
        table.add_row(label, duration(one), duration(other), f"{significant(other / one)}×")
    for name in ("server", "worker"):
        one, other = (getattr(placed, name) for placed in results.values())
        table.add_row(f"peak memory, {name}", f"{one >> 20} MiB", f"{other >> 20} MiB", f"{significant(other / one)}×")
    return table
