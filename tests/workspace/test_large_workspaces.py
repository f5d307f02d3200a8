"""Workspaces that somebody made to be slow: what is too much is left out, and that is said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alloclens import walk
from alloclens.session.setup import setup
from alloclens.symbols.binaries import search
from alloclens.workspace import go_mod
from alloclens.workspace.files import Disk, walked

from tests.support.placement.goproject import write

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(60)


def left_out(folder: Path) -> list[str]:
    return [said.replace(str(folder), "/w") for said in setup((str(folder),), {}).where.roots.left_out]


@pytest.fixture
def levels(tmp_path: Path) -> Iterator[list[Path]]:
    """Directories in one another; neither os.makedirs nor shutil.rmtree comes so far."""
    made = [tmp_path / "/".join("d" * n) for n in range(1, 1000)]
    for directory in made:
        directory.mkdir()
    yield made
    for directory in reversed(made):
        for file in directory.glob("*.go"):
            file.unlink()
        directory.rmdir()


def test_directories_a_thousand_levels_deep(tmp_path: Path, levels: list[Path]) -> None:
    (levels[99] / "near.go").write_text("")
    (levels[-1] / "far.go").write_text("")
    assert left_out(tmp_path) == ["Only the upper 100 levels of /w were searched."]
    assert len(Disk((str(tmp_path),)).named("near.go")) == 1
    assert Disk((str(tmp_path),)).named("far.go") == ()
    assert search([str(tmp_path)], []).messages == (f"Only the upper 100 levels of {tmp_path} were searched.",)


@pytest.mark.parametrize(("bound", "most"), [("MAX_WALKED_DIRECTORIES", 10), ("MAX_WALKED_FILES", 9)])
def test_more_than_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: int) -> None:
    monkeypatch.setattr(walk, bound, most)
    write(tmp_path, {f"d{i}/x.go": "" for i in range(20)})
    walked.cache_clear()
    assert len(Disk((str(tmp_path),)).named("x.go")) == 9  # which is the first 9, whatever order the disk has
    assert {Path(d).name for d in Disk((str(tmp_path),)).named("x.go")} == set(sorted(f"d{i}" for i in range(20))[:9])
    assert left_out(tmp_path)[0].startswith("Only a part of /w was searched: it has more than ")
    walked.cache_clear()


def test_a_farm_of_links(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for i in range(1500):
        (tmp_path / f"l{i}").symlink_to("a")
    assert left_out(tmp_path) == ["Only the first 1,000 links were looked at."]


def test_a_module_in_every_directory(tmp_path: Path) -> None:
    write(tmp_path, {f"d{i}/go.mod": f"module example.com/m{i}\n" for i in range(1100)})
    assert left_out(tmp_path) == ["Only the first 1,000 go.mod files were looked at."]
    assert len(setup((str(tmp_path),), {}).where.roots.modules) == 1000


REQUIRED = "".join(f"require example.com/m{i} v1.0.0\n" for i in range(30_000))
GO_MODS = {
    "requires": (REQUIRED, "required modules", 10_000),
    "replaces": ("".join(f"replace example.com/m{i} => ../m{i}\n" for i in range(25_000)), "directories that", 1000),
    "renamed": (
        "".join(f"replace example.com/m{i} => example.com/n{i} v1.0.0\n" for i in range(16_000)),
        "replaced modules",
        10_000,
    ),
    "uses": ("use (\n" + "".join(f"../m{i}\n" for i in range(100_000)) + ")\n", "directories that", 1000),
}


@pytest.mark.slow
@pytest.mark.parametrize(("text", "what", "most"), GO_MODS.values(), ids=GO_MODS)
def test_a_go_mod_of_a_megabyte(tmp_path: Path, text: str, what: str, most: int) -> None:
    assert len(text) < go_mod.MAX_GO_MOD_BYTES
    (tmp_path / "go.work").write_text(text)
    [said] = left_out(tmp_path)
    assert said.startswith(f"Only the first {most:,} {what}")


def test_a_larger_one_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(REQUIRED * 2)
    assert left_out(tmp_path) == ["/w/go.mod was not read: larger than 1 MiB."]


@pytest.mark.slow
def test_many_large_ones(tmp_path: Path) -> None:
    write(tmp_path, {f"d{i}/go.mod": f"module example.com/m{i}\n{REQUIRED}" for i in range(12)})
    assert "Only the first 8 MiB of go.mod files were read." in left_out(tmp_path)


def test_long_paths_in_a_go_mod(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/x\n" + f"replace example.com/y => .{'/a' * 400_000}\n")
    assert "example.com/x" in [m.path for m in setup((str(tmp_path),), {}).where.roots.modules]


def test_as_many_environments_as_there_are_names(tmp_path: Path) -> None:
    for i in range(150):
        (tmp_path / f".venv/lib/python3{i}/site-packages").mkdir(parents=True)
    assert left_out(tmp_path) == ["Only the first 100 directories of installed packages were looked at."]
