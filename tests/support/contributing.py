"""The worked examples of CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def code(heading: str) -> list[str]:
    """Return the blocks of Python code below a heading."""
    _, _, section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")
    return CODE.findall(section.partition("\n## ")[0])


def modules(heading: str, **names: object) -> list[ModuleType]:
    """Return the blocks of Python code below a heading, each run as a module that has these names already."""
    out = []
    for number, block in enumerate(code(heading)):
        module = ModuleType(f"example{number}")
        vars(module).update(names)
        exec(compile(block, "CONTRIBUTING.md", "exec"), module.__dict__)
        out.append(module)
    return out
