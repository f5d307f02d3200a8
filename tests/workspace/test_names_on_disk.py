"""What profiles, settings and editors may name, but no file can be called, reaches the disk as no file."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from alloclens.lsp.documents import opened_path, uri_of
from alloclens.session.once import world
from alloclens.settings.checking import parse
from alloclens.source.places import SourceMap
from alloclens.source.roots import Roots
from alloclens.workspace.workspace import workspace

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20
NO_NAMES = (
    "main\0.go",
    "main\ud800.go",
    "\udcff\0/main.go",
    "a" * 300 + "/main.go",
    "d/" * 3000 + "main.go",
    "C:\\w\\main\0.go",
    "\\\\?\\C:\\w\\\0\\main.go",
    "//server/share/main\0.go",
    "file:///w/main\0.go",
    "NUL",
    "aux.go:stream",
    "/go/pkg/mod/example.com/dep@v1.2.3\0/main.go",
    "/usr/src/app/\0",
    "~\0user/main.go",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc f() {\n\tkeep()\n}\n")
    return tmp_path


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_recorded_name_is_looked_for_and_not_found(folder: Path, name: str) -> None:
    here = workspace([str(folder)], parse({"pathMappings": [{"from": "/w", "to": str(folder)}]})[0])
    for recorded in (name, f"/w/{name}", f"{folder}/{name}", f"example.com/app/{name}"):
        assert SourceMap(here.roots, here.files, {recorded: ["main.f"]}).place(recorded) is None


def test_the_lines_of_other_files_are_judged(folder: Path) -> None:
    nowhere = [f"main.g@{path}:4 = 1x{MB}" for name in NO_NAMES for path in (name, f"{folder}/{name}")]
    encoded = [stack for stack in nowhere if stack.isascii()]
    for i in range(22):
        versioned = f"main.f@example.com/app@v1\0/main.go:4 = {1 + 3 * i}x{MB}"
        drop(folder / f"profiles/{i}.pb.gz", heap(versioned, *encoded, build_id="\x1b\0"))
    known = world([str(folder)], None, {})
    assert known.problems == ()
    (leak,) = known.comparisons[0].findings()
    assert (leak.verdict, leak.file, leak.line) == ("leak", "example.com/app@v1\0/main.go", 4)
    assert known.file(f"{folder}/main.go").version is not None
    assert len(known.coverage.files) == len(encoded) + 1


def test_a_setting_that_names_no_file_leads_nowhere(folder: Path) -> None:
    drop(folder / "profiles/a.pb.gz", heap(f"main.f@{folder}/main.go:4 = 1x{MB}"))
    evil = "p\0", "\ud800", "~\0user/p"
    mappings = [{"from": "/w", "to": to} for to in (*evil, "~\ud800/x")]
    given = {"profileDirs": [*evil, "profiles"], "binaries": list(evil), "pathMappings": mappings}
    (folder / "alloclens.toml").write_text(f"ownCode = {json.dumps(['a' + chr(0)])}\n")
    known = world([str(folder)], None, given)
    assert known.shown is not None
    assert known.problems == ()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are Unicode there")
def test_a_file_whose_name_is_not_utf_8_has_an_address(folder: Path) -> None:
    path = os.fsdecode(os.fsencode(folder) + b"/\xff.go")
    assert uri_of(path, Roots()) == f"{folder.as_uri()}/%FF.go"


def test_an_address_that_names_no_file_is_none() -> None:
    assert opened_path("file:///w/main%00.go") is None
