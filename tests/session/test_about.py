"""What a bug report gets: versions, caches, settings and counts, and nothing of a source or a profile."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import numpy as np
import platformdirs
import pytest
from alloclens import __version__
from alloclens.cli import main
from alloclens.processes import program
from alloclens.session.about import session, without_home
from alloclens.session.once import world
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20


def installation(*options: str) -> dict[str, str]:
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 0, result.output
    return dict(line.split(": ", 1) for line in result.output.splitlines())


def test_the_version_alone_is_one_line() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"alloclens, version {__version__}\n"


def test_verbose_is_for_the_version_only() -> None:
    result = CliRunner().invoke(main, ["--verbose", "top"])
    assert result.exit_code == 2
    assert "--verbose requires --version" in result.output


@pytest.mark.programs
def test_versions_programs_and_caches() -> None:
    said = installation("--version", "--verbose")
    assert said["alloclens"] == __version__
    assert f"numpy {np.__version__}," in said["libraries"]
    for name in ("symbolic", "isal", "pygls"):
        assert name in said["libraries"] + said["not installed"]
    assert "pytest" not in said["libraries"]
    assert re.match(r"git version \d" if program("git") else "not found", said["git"])
    assert said["allowed"].endswith(" bytes)") or said["allowed"].endswith("(none)")


@pytest.mark.programs
@pytest.mark.skipif(os.name == "nt", reason="the directory is found otherwise there")
def test_a_cache_is_named_with_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    (tmp_path / "texts.sqlite3").write_bytes(b"12345")
    (tmp_path / "texts.sqlite3-wal").write_bytes(b"678")
    drop(tmp_path / "fetched/prod/api/heap.pb.gz", b"123")
    text = CliRunner().invoke(main, ["--version", "--verbose"]).output
    assert "texts.sqlite3 (8 bytes)\n" in text
    assert "fetched (3 bytes)\n" in text
    assert "snapshots.sqlite3 (none)\n" in text


def test_a_session_is_its_settings_and_counts(tmp_path: Path) -> None:
    file = tmp_path / "main.go"
    file.write_text("package main\n\nfunc secretName() {\n\tkeep()\n}\n")
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    drop(tmp_path / "p/a.pb.gz", heap(f"main.secretName:3@{file}:4 = 1x{MB}", f"gone.f@/gone/f.go:2 = 1x{MB}"))
    drop(tmp_path / "p/b.pb.gz", b"secretName is no profile")
    drop(tmp_path / "p/c.txt", b"heap profile: 1: 8 [1: 8] @ heap/1\nsecretName\n")
    known = world([str(tmp_path)], [str(tmp_path / "p")], {"sampleType": "inuse_objects"})
    lines = session(known)
    assert lines[0].startswith("settings: {")
    assert '"sampleType": "inuse_objects"' in lines[0]
    assert {
        "directories: 1",
        "series: 1",
        "snapshots: 1, 0 still to be read",
        "recorded files: 2",
        "  no place: 1",
    } <= {*lines}
    place = known.sources.place(str(file))
    assert place
    assert f"  {place.rule}: 1" in lines
    assert "problems: 2" in lines
    assert "  not a profile alloclens knows: …: 1" in lines
    assert "secretName" not in " ".join(lines)


@pytest.mark.skipif(os.name == "nt", reason="paths of Windows are tried by their spelling elsewhere")
def test_the_home_directory_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert without_home(["a /home/ann/x", '"/home/ann"', "/home/anna/x"]) == ["a ~/x", '"~"', "/home/anna/x"]
    monkeypatch.setenv("HOME", "/")
    assert without_home(["/a"]) == ["/a"]
