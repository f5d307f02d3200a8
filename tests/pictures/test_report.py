"""The page of `alloclens report`, in a browser: everybody can use it, and it asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from tests.support.hostile import hostile, nul, steering, workspace
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
    for i in range(22):
        stacks = (
            f"main.keep:3@{file}:4 = {1 + 3 * i}x{MB}",
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


SHOWN = """() => [...document.querySelectorAll('body *:not(script, style)')].flatMap((element) => [
    ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
    ...[...element.attributes].map((attribute) => attribute.value),
])"""


def test_names_are_drawn_as_text(picture: Picture, tmp_path: Path) -> None:
    made = workspace(tmp_path, hostile, nul)
    arguments = ["report", str(made.profiles), "--workspace", str(made.folder), "-o", str(tmp_path / "report.html")]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    picture.page.goto((tmp_path / "report.html").as_uri())
    frame = picture.page.locator("g.frame").filter(has_text="lost.f").first
    frame.wait_for()
    picture.page.locator(".u-over").wait_for()
    frame.hover()
    picture.page.locator(".alloclens-tip").filter(has_text=r"lost.f\x1b[31m\x1b[2J").wait_for()
    shown = picture.page.evaluate(SHOWN)
    assert any(r"\u202e" in text for text in shown)
    assert [text for text in shown if steering(text.strip())] == []
