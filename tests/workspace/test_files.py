"""Settings, modules, and what is read of the files of a directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.disk import read_file
from alloclens.faults import Problem
from alloclens.session.once import world
from alloclens.session.reading import Reader
from alloclens.settings.checking import parse
from alloclens.settings.settings import Settings
from alloclens.workspace import files
from alloclens.workspace.workspace import workspace

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path


def test_modules_and_folders(tmp_path: Path) -> None:
    for name, text in (
        (".", "// the shop\nmodule example.com/app // v2\n\ngo 1.21\n"),
        ("tools", 'module "example.com/app/tools"\n'),
        ("vendor/x", "module example.com/x\n"),
        ("broken", "not a module\n"),
    ):
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "go.mod").write_text(text)
    found = workspace([str(tmp_path)], Settings()).roots
    assert [(m.path, m.directory) for m in found.modules] == [
        ("example.com/app/tools", str(tmp_path / "tools")),
        ("example.com/app", str(tmp_path)),
    ]


def test_settings_keep_the_good_part() -> None:
    settings, problems = parse(
        {"base": "previous", "hints": "yes", "profileDirs": ["a", 1], "unknown": 1, "head": None}
    )
    assert settings == Settings(base="previous")
    assert [p.key for p in problems] == ["profileDirs", "hints"]


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"\x1f\x8b\x08", "cut off"), (heap("f@/a.go:1 = 1x8")[:-9], "cut off")]
)
def test_a_bad_file_is_a_problem_with_its_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    path = drop(tmp_path / "a.pb.gz", data)
    found = Reader(workspace([str(tmp_path)], Settings()).roots).evidence(str(path))
    assert isinstance(found, Problem)
    assert reason in found.reason


def test_a_file_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    found = Reader().evidence(str(tmp_path / "gone"))
    assert isinstance(found, Problem)
    assert found.reason == "No such file or directory"


def test_two_directories_two_comparisons(tmp_path: Path) -> None:
    (tmp_path / "x.go").write_text("package x\n")
    for directory in ("p", "q"):
        for i in range(2):
            drop(tmp_path / directory / f"{i}.pb.gz", heap(f"f@{tmp_path}/x.go:1 = {1 + i}x8"))
    known = world([str(tmp_path)], [str(tmp_path / "p"), str(tmp_path / "q")], {})
    assert [(c.series.directory[-1], c.base.name, c.head.name) for c in known.comparisons] == [
        ("q", "0.pb.gz", "1.pb.gz"),
        ("p", "0.pb.gz", "1.pb.gz"),
    ]
    assert known.file(str(tmp_path / "x.go")).comparison is known.comparisons[0]


def test_a_source_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def counted(path: str, limit: int) -> bytes:
        reads.append(path)
        return read_file(path, limit)

    monkeypatch.setattr(files, "read_file", counted)
    path = tmp_path / "main.go"
    path.write_text("package main\n")
    assert [files.text_of(str(path)) for _ in range(2)] == ["package main\n"] * 2
    path.write_text("package shop\n\n")
    assert files.text_of(str(path)) == "package shop\n\n"
    assert len(reads) == 2
    path.unlink()
    assert files.text_of(str(path)) is None
