"""The worked example of CONTRIBUTING.md: one field is a setting everywhere."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from alloclens.settings import checking, settings

import scripts.settings as lists
from scripts.tools import ROOT
from tests.support.contributing import code

if TYPE_CHECKING:
    import pytest

FIRST = "    profile_dirs: Annotated["


def source(module: ModuleType) -> str:
    with open(module.__file__ or "", encoding="utf-8") as file:
        return file.read()


def test_one_field_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    (field,) = code("Example: adding a setting")
    before, first, after = source(settings).partition(FIRST)
    assert first
    made, checks = (ModuleType(module.__name__) for module in (settings, checking))
    monkeypatch.setitem(sys.modules, made.__name__, made)
    exec(compile(f"{before}    {field}{first}{after}", "settings.py", "exec"), made.__dict__)
    exec(compile(source(checking), "checking.py", "exec"), checks.__dict__)  # it imports the new list
    assert checks.checked({"maxHints": 5}) == ({"maxHints": 5}, [])
    (wrong,) = checks.checked({"maxHints": 0})[1]
    assert wrong.wrong.startswith("maxHints")
    for name in ("Settings", "schema", "properties"):
        monkeypatch.setattr(lists, name, getattr(made, name))
    schema, manifest, page = lists.outputs(ROOT).values()
    assert json.loads(schema)["properties"]["maxHints"]["maximum"] == 10_000
    offered = json.loads(manifest)["contributes"]["configuration"]["properties"]
    assert offered["alloclens.maxHints"]["default"] == 200
    assert "| `alloclens.maxHints` | `200` | The most hints of one kind of profile in one file. |" in page
