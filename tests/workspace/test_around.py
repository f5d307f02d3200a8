"""Which folder is the workspace of a command that is started in one of its folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.workspace.around import workspace_around

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = "[tool.alloclens]\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "a/b/c"),
        ({"a/go.mod": ""}, "a"),
        ({"a/go.mod": "", "a/b/go.mod": ""}, "a/b"),
        ({"a/go.work": "", "a/b/go.mod": ""}, "a"),
        ({"a/settings.gradle.kts": "", "a/b/build.gradle.kts": ""}, "a"),
        ({"a/pom.xml": "", "a/b/pom.xml": ""}, "a/b"),
        ({"pom.xml": "", "a/build.sbt": ""}, "a"),
        ({"a/CMakeLists.txt": ""}, "a"),
        ({"package.json": "", "a/b/pyproject.toml": ""}, "a/b"),
        ({"a/.git/HEAD": "", "a/b/go.mod": "", "go.work": ""}, "a"),
        ({"a/.git": "gitdir: elsewhere", ".git/HEAD": ""}, "a"),
        ({"a/b/alloclens.toml": "", "a/.git/HEAD": "", "a/b/c/go.mod": ""}, "a/b"),
        ({"a/b/pyproject.toml": SETTINGS, "alloclens.toml": "", "a/.git/HEAD": ""}, "a/b"),
        ({"a/b/pyproject.toml": "", "a/.git/HEAD": ""}, "a"),
    ],
)
def test_the_nearest_settings_then_repository_then_module(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert workspace_around(str(tmp_path / "a/b/c")) == (tmp_path / expected).as_posix()


@pytest.mark.parametrize(
    ("cwd", "mark", "expected"),
    [("a", "", "a"), ("a/b/c", "", "a/b/c"), ("a/other", "", "a/b/c"), ("a", "a/b/go.mod", "a/b")],
)
def test_without_a_mark_it_is_the_folder_that_is_given(tmp_path: Path, cwd: str, mark: str, expected: str) -> None:
    for folder in ("a/b/c", "a/other"):
        (tmp_path / folder).mkdir(parents=True)
    if mark:
        (tmp_path / mark).touch()
    assert workspace_around(str(tmp_path / "a/b/c"), str(tmp_path / cwd)) == (tmp_path / expected).as_posix()


def test_a_home_is_no_workspace_of_what_lies_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some keep their home in git, and many have a package.json there."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    (tmp_path / "home/work").mkdir(parents=True)
    for mark in (".git", "home/.git", "home/package.json"):
        (tmp_path / mark).mkdir()
    assert workspace_around(str(tmp_path / "home/work")) == (tmp_path / "home/work").as_posix()
    assert workspace_around(str(tmp_path / "home")) == (tmp_path / "home").as_posix()
    assert workspace_around(str(tmp_path / "home/work"), str(tmp_path / "home")) == (tmp_path / "home/work").as_posix()
