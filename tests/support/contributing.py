"""The worked examples of CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def modules(heading: str) -> list[ModuleType]:
    """Return the blocks of Python code below a heading, each run as a module."""
    _, _, section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    out = []
    for number, code in enumerate(CODE.findall(section.partition("\n## ")[0])):
        module = ModuleType(f"example{number}")
        exec(compile(code, "CONTRIBUTING.md", "exec"), module.__dict__)
        out.append(module)
    return out
