"""What the extension for VS Code takes for a profile, in its package.json, follows what the server looks for."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from itertools import product

import pytest
from alloclens.lsp.offering import NAMES
from alloclens.session.listing import OF_TOOLS
from alloclens.settings.settings import Settings

from scripts.tools import ROOT

MANIFEST = json.loads((ROOT / "vscode-client/package.json").read_text("utf-8"))
CONTAINED = [
    event.removeprefix("workspaceContains:")
    for event in MANIFEST["activationEvents"]
    if event.startswith("workspaceContains:")
]
(EDITOR,) = (editor for editor in MANIFEST["contributes"]["customEditors"] if editor["priority"] == "default")
OPENED = [selector["filenamePattern"] for selector in EDITOR["selector"]]
OF_FILES = [
    re.search(r"resourceFilename =~ /(.*)/", entry["when"])
    for entry in MANIFEST["contributes"]["menus"]["explorer/context"]
]
TOOLS = ["app.0001.heap", "Heap.20261129.heapprofile", "dhat-heap.json", "dhat.out.4711", "alloc-profile.pb.gz"]
"""A name for each alternative of `OF_TOOLS`, in its order."""
OF_VS_CODE = ".heapprofile"
"""VS Code has an editor of its own for such files."""
PROFILES = [name.replace("*", "cart") for name in NAMES] + TOOLS


def spelt_out(pattern: str) -> list[str]:
    """Return the patterns that one with alternatives such as *.{out,prof} stands for."""
    parts = [part[1:-1].split(",") if part[0] == "{" else [part] for part in re.findall(r"\{[^}]*\}|[^{]+", pattern)]
    return ["".join(chosen) for chosen in product(*parts)]


def test_each_name_that_tools_use_has_an_example() -> None:
    for alternative, name in zip(OF_TOOLS.pattern.split("|"), TOOLS, strict=True):
        assert re.fullmatch(alternative, name)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_starts_the_extension(name: str) -> None:
    patterns = [pattern.removeprefix("**/") for each in CONTAINED for pattern in spelt_out(each)]
    assert any(fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_opens_as_one(name: str) -> None:
    assert any(fnmatchcase(name, pattern) for pattern in OPENED) != name.endswith(OF_VS_CODE)


def test_the_page_says_which_files_open_as_profiles() -> None:
    page = (ROOT / "docs/editors.md").read_text("utf-8")
    assert [pattern for pattern in OPENED if f"`{pattern}`" not in page] == []


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_has_every_entry_of_the_menu(name: str) -> None:
    assert len(OF_FILES) > 1
    assert all(pattern and re.search(pattern[1], name) for pattern in OF_FILES)


def test_the_directories_of_profiles_start_the_extension() -> None:
    assert set(Settings().profile_dirs) <= {*CONTAINED}
