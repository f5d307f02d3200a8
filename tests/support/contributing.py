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
    return [module(block, **names) for block in code(heading)]


def module(block: str, **names: object) -> ModuleType:
    """Run a block of code as a module that has these names already."""
    made = ModuleType("example")
    vars(made).update(names)
    exec(compile(block, "CONTRIBUTING.md", "exec"), made.__dict__)
    return made
