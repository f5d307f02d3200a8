"""The page of `alloclens report`, in a browser: everybody can use it, and it asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pictures.page import Picture

MB = 1 << 20


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A report on a line that leaks and one that does not."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    file = tmp_path / "main.go"
    file.write_text("package main\n\nfunc keep() {\n\tkept = append(kept, make([]byte, 1<<20))\n\tonce()\n}\n")
    for i in range(8):
        stacks = (
            f"main.keep:3@{file}:4 = {1 + 9 * i}x{MB}",
            f"main.once:8@/gone/lib.go:9 < main.keep:3@{file}:5 = 4x{MB}",
        )
        drop(tmp_path / f"profiles/{i}.pb.gz", heap(*stacks))
    written = tmp_path / "report.html"
    arguments = ["report", str(tmp_path / "profiles"), "--workspace", str(tmp_path), "-o", str(written)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return written


@pytest.mark.parametrize("dark", [False, True])
def test_everybody_can_use_it(picture: Picture, page: Path, dark: bool) -> None:
    asked: list[str] = []
    picture.page.on("request", lambda request: asked.append(request.url))
    picture.page.emulate_media(color_scheme="dark" if dark else "light")
    picture.page.goto(page.as_uri())
    picture.page.locator("g.frame").filter(has_text="main.keep").first.wait_for()
    picture.page.locator(".u-over").wait_for()
    assert picture.page.get_by_role("table").filter(has_text="main.go:4").count() > 0
    assert picture.violations() == []
    assert asked == [page.as_uri()]
