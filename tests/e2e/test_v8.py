"""In a real VS Code: the heap profile that Node wrote of a program in TypeScript."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support import tools

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.page import VsCode

KEEP = "function keep(): void { // leaks"


def test_what_a_function_holds_is_at_its_declaration(vscode: VsCode, tmp_path: Path) -> None:
    made = tools.node(tmp_path)
    keep = tools.heaviest(json.loads(made.path.read_bytes())["head"])
    assert keep["callFrame"]["functionName"] == "keep"
    owned = " owned" if keep["children"] else ""  # Array.push is called, or inlined
    vscode.open(tmp_path, made.source)
    vscode.until_hint(KEEP, f"{tools.subtree(keep) / (1 << 20):.1f}MB{owned} in this function")
