"""The pages that explain a diagnostic: one for each code, with commands that run and examples that compile."""

from __future__ import annotations

import re
import shlex
import subprocess
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import click
import pytest
from alloclens.cli import main
from alloclens.languages.go.leak_patterns import Shape
from alloclens.series.verdicts import VERDICTS

from scripts import tools
from tests.support.profiles import heap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = files("alloclens") / "pages"
CODES = ["leak", "growing", "filling", "goroutine-leak", "growth", "budget", *(shape.value for shape in Shape)]
HEADINGS = ["What it means", "How to confirm", "The usual fix", "When it is not a leak"]
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)]*)\)")
EXAMPLE = re.compile(r"^```go\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^    (\S.*)$", re.MULTILINE)
QUALIFIED = re.compile(r"\b([a-z]+)\.[A-Z]")
PACKAGES = {"context": "context", "expvar": "expvar", "fmt": "fmt", "http": "net/http", "time": "time"}
STACK = (
    "runtime.malg@/r.go:1 < time.NewTimer@/t.go:1 < time.NewTicker@/t.go:2 < context.propagateCancel@/c.go:1 "
    "< net/http.(*persistConn).readLoop@/h.go:1 < main.FUNCTION@/w/main.go:1 = 1x100"
)
"""Has what every command of the pages looks for."""


@cache
def text(code: str) -> str:
    return (PAGES / f"{code}.md").read_text("utf-8")


def test_every_code_has_its_page() -> None:
    assert sorted(page.name for page in PAGES.iterdir() if page.name.endswith(".md")) == sorted(
        f"{c}.md" for c in CODES
    )
    assert set(VERDICTS[:3]) == {"leak", "growing", "filling"} <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_its_parts_and_is_short(code: str) -> None:
    page = text(code)
    assert re.match(r"# \S.*\n\n", page)
    assert HEADING.findall(page) == HEADINGS
    assert len(EXAMPLE.findall(page)) == page.count("```go") == page.count("```") / 2 == 2
    assert 25 <= page.count("\n") <= 60
    assert max(map(len, page.split("\n"))) <= 130
    assert "Before:\n\n```go" in page
    assert "After:\n\n```go" in page


@pytest.mark.parametrize("code", CODES)
def test_the_links_of_a_page(code: str) -> None:
    links = LINK.findall(text(code))
    assert links
    assert [link for link in links if link not in {f"{other}.md" for other in CODES}] == []
    assert f"{code}.md" not in links


@pytest.mark.programs
def test_the_examples_compile(tmp_path: Path) -> None:
    """All of them; and vet has nothing to say of those that are right."""
    (tmp_path / "go.mod").write_text("module example.com/pages\n\ngo 1.24\n")
    for code in CODES:
        for name, example in zip(("before", "after"), EXAMPLE.findall(text(code)), strict=True):
            folder = tmp_path / name / code
            folder.mkdir(parents=True)
            (folder / "page.go").write_text(program(example))
    go("build", "./...", folder=tmp_path)
    go("vet", "./after/...", folder=tmp_path)


def program(example: str) -> str:
    used = sorted({PACKAGES[name] for name in QUALIFIED.findall(example) if name in PACKAGES})
    return "package page\n\n" + "".join(f'import "{name}"\n' for name in used) + "\n" + example


@pytest.mark.programs
def test_the_commands_run(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.write_bytes(heap(STACK))
    lines = [shlex.split(line) for code in CODES for line in commands(code)]
    for words in {tuple(words) for words in lines if words[:3] == ["go", "tool", "pprof"]}:
        flags = [re.sub("=(FIRST|MIDDLE)$", f"={profile}", word) for word in words[3:-1]]
        assert words[-1] in {"HEAP", "MIDDLE", "LAST", "goroutine.pb.gz"}
        go("tool", "pprof", *flags, profile, folder=tmp_path)
    assert {words[0] for words in lines} == {"go", "alloclens", "curl", "ls"}


def test_the_commands_of_alloclens_are_there() -> None:
    lines = {tuple(shlex.split(line)) for code in CODES for line in commands(code) if line.startswith("alloclens ")}
    assert {words[1] for words in lines} == {"capture", "check", "leaks"}
    for _, name, *words in lines:
        known = {option for parameter in command(name).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found, name
    return found


def commands(code: str) -> Iterator[str]:
    yield from COMMAND.findall(EXAMPLE.sub("", text(code)))


def go(*arguments: str | Path, folder: Path) -> None:
    done = subprocess.run(
        [tools.go(), *arguments], cwd=folder, env=tools.environment(), check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, (arguments, done.stderr)
