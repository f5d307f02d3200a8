"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
from alloclens.profile import formats
from alloclens.profile.errors import Unrecognized

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_one_file_and_one_line_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    format_, test = CODE.findall(PAGE.read_text("utf-8"))
    pools = types.ModuleType("pools")
    exec(compile(format_, "CONTRIBUTING.md", "exec"), pools.__dict__)
    with pytest.raises(Unrecognized):
        formats.read(b"pools 1\n2 512 main.keep /w/main.go 11\n")
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, pools.parse))
    space: dict[str, object] = {}
    exec(compile(test, "CONTRIBUTING.md", "exec"), space)
    space["test_pools"]()
