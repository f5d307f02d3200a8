"""Values at the ends of 64 bits, in every command: warnings of numpy are errors here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from click.testing import CliRunner

from tests.support.profiles import BEGIN, Builder, drop

if TYPE_CHECKING:
    from pathlib import Path

TOP = 2**63
GO = (("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes"))
VALUES = [(5, 50, 5, 50), (TOP - 1,) * 4, (TOP // 2,) * 4, (-TOP,) * 4, (-TOP, TOP - 1, -TOP, TOP - 1), (6, 60, 6, 60)]


@pytest.fixture(autouse=True)
def _workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines that hold such values in each of the snapshots."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text("package main\n\nfunc f() {\n\tg()\n\tg()\n}\n")
    for number, values in enumerate(VALUES):
        made = Builder(*GO)
        for line in (4, 5):
            made.sample(f"main.f@{tmp_path}/main.go:{line}", list(values), bytes=8)
        made.message.time_nanos, made.message.period = (BEGIN + number) * 10**9, 512 << 10
        drop(tmp_path / f"profiles/{number}.pb.gz", made.bytes())
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("head", range(len(VALUES)))
def test_top(head: int) -> None:
    for base in range(len(VALUES)):
        for kind, _ in GO:
            options = ["--not-a-difference", "--base", f"profiles/{base}.pb.gz", "--sample-type", kind]
            assert run("top", f"profiles/{head}.pb.gz", *options)


@pytest.mark.parametrize("head", range(len(VALUES)))
@pytest.mark.parametrize(
    "command", [("annotate", "main.go", "--profiles", "profiles"), ("report", "profiles", "-o", "report.html")]
)
def test_what_is_shown_of_a_series(command: tuple[str, ...], head: int) -> None:
    for base in ("first", "0.pb.gz", "3.pb.gz"):
        run(*command, "--head", f"{head}.pb.gz", "--base", base)


@pytest.mark.parametrize("command", [("leaks", "profiles", "--all"), ("explain",), ("explain", "main.go")])
def test_the_other_commands(command: tuple[str, ...]) -> None:
    run(*command)


@pytest.mark.parametrize("head", range(len(VALUES)))
def test_check(head: int) -> None:
    """Whatever is found, it is JSON, in which no number is infinite."""
    for options in ((), ("--alloc", "--operations", "1"), ("--by", "package", "--min-growth", "0")):
        arguments = ["check", "--base", "profiles", "--head", f"profiles/{head}.pb.gz", "--format", "json", *options]
        result = CliRunner().invoke(main, arguments)
        assert (result.exit_code == 2) == (min(VALUES[head]) < 0), result.output  # it is a difference
        assert json.loads(result.stdout)["exit_code"] == result.exit_code


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, [*arguments])
    assert result.exit_code == 0, result.output
    return result.output
