"""What `alloclens lsp` logs: files that were read, rules of placement, caches and requests; never source text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.editor import Editor, vscode
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20
SECRET = "hunter2-in-a-comment"


@pytest.fixture
async def editor() -> AsyncIterator[Editor]:
    made = Editor(vscode())
    yield made
    if made.process and made.process.returncode is None:
        await made.close()


@pytest.fixture
def profile(folder: Path) -> Path:
    main = folder / "main.go"
    main.write_text(main.read_text().replace("// the caller", f"// {SECRET}"))
    stacks = f"main.keep:10@{main}:11 = 3x{MB}", f"gone.f:1@/gone/f.go:2 = 2x{MB}"
    drop(folder / "profiles/a.pb.gz", heap(*stacks))
    return folder / "profiles/a.pb.gz"


async def session(editor: Editor, folder: Path, *options: str) -> None:
    """Open a folder, ask for something and close it."""
    editor.options = options
    await editor.open_folder(folder)
    uri = editor.open(folder / "main.go")
    await editor.until_hints(uri, {11: "3.0MB"})
    await editor.hover(uri, 11)
    await editor.command("alloclens.server.findings")
    await editor.close()


async def test_at_debug_it_says_what_was_done_in_both_processes(editor: Editor, folder: Path, profile: Path) -> None:
    log = folder.parent / "log"
    await session(editor, folder, "--log-level", "debug", "--log-file", str(log))
    text, main = log.read_text("utf-8"), folder / "main.go"
    for wanted in (
        rf" INFO alloclens\.session\.profile_file: read {re.escape(str(profile))}: \d+ bytes, 2 samples, \d+ ms\n",
        rf" DEBUG alloclens\.session\.reading: placed {re.escape(f'{main} -> {main}')} \(rule: [^)]+\)\n",
        r" DEBUG alloclens\.session\.reading: no place for /gone/f\.go: [^\n]+\n",
        rf" DEBUG alloclens\.cache\.snapshots: kept the snapshot {re.escape(str(profile))}\n",
        r" DEBUG alloclens\.cache\.snapshots: read 0 of 1 snapshots from the cache\n",
        r" DEBUG alloclens\.cache\.texts: kept 1 source files for ",
        r" DEBUG alloclens\.lsp\.rpc: textDocument/hover: \d+\.\d ms\n",
        r" DEBUG alloclens\.lsp\.rpc: command alloclens\.server\.findings\n",
    ):
        assert re.search(wanted, text), wanted
    assert SECRET not in text
    heads = [re.match(r"\S+ \S+ (\d+) [A-Z]+ [\w.]+: ", line) for line in text.splitlines()]
    assert all(heads)
    assert len({head[1] for head in heads}) == 2


async def test_at_warning_it_says_nothing_of_what_went_well(editor: Editor, folder: Path, profile: Path) -> None:
    del profile
    await session(editor, folder, "--log-level", "warning", "--log-file", str(folder.parent / "log"))
    assert (folder.parent / "log").read_text() == ""


async def test_a_log_file_that_cannot_be_opened_is_one_line(editor: Editor, folder: Path, profile: Path) -> None:
    del profile
    await session(editor, folder, "--log-level", "warning", "--log-file", str(folder.parent / "nowhere/log"))
    (line,) = (await editor.process.stderr.read()).decode().splitlines()
    assert line.startswith("ERROR alloclens.log: the log file ")
