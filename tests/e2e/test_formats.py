"""In a real VS Code: profiles that the tools of other languages wrote of real programs that leak on a marked line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support import tools

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.page import VsCode


@pytest.mark.parametrize(
    ("made", "held"),
    [
        (tools.valgrind, r"97\.7kB"),  # 100 blocks of 1000 bytes
        (tools.rust_dhat, r"97\.7kB"),
        (tools.memray, r"97\d(\.\d)?kB|98\dkB"),  # 100 byte arrays of 10,000 bytes, each with its terminator and header
    ],
)
def test_what_a_line_holds(vscode: VsCode, tmp_path: Path, made: Callable[[Path], tools.Made], held: str) -> None:
    profile = made(tmp_path)
    lines = profile.source.read_text().splitlines()
    line = " ".join(lines[profile.line("leaks") - 1].split())
    vscode.open(tmp_path, profile.source)
    vscode.until_hint(line, re.compile(held))
