"""What starts the extension for VS Code, in its package.json, follows what the server looks for."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from itertools import product

import pytest
from alloclens.lsp.offering import NAMES
from alloclens.settings.settings import Settings

from scripts.tools import ROOT

EVENTS = json.loads((ROOT / "vscode-client/package.json").read_text("utf-8"))["activationEvents"]
CONTAINED = [event.removeprefix("workspaceContains:") for event in EVENTS if event.startswith("workspaceContains:")]


def spelt_out(pattern: str) -> list[str]:
    """Return the patterns that one with alternatives such as *.{out,prof} stands for."""
    parts = [part[1:-1].split(",") if part[0] == "{" else [part] for part in re.findall(r"\{[^}]*\}|[^{]+", pattern)]
    return ["".join(chosen) for chosen in product(*parts)]


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_of_a_test_starts_the_extension(name: str) -> None:
    patterns = [pattern.removeprefix("**/") for each in CONTAINED for pattern in spelt_out(each)]
    assert any(fnmatchcase(name.replace("*", "cart"), pattern) for pattern in patterns)


def test_the_directories_of_profiles_start_the_extension() -> None:
    assert set(Settings().profile_dirs) <= {*CONTAINED}
