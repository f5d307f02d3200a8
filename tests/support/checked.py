"""Two builds of a small program in a workspace, as profiles and, if wanted, in git; and `alloclens check` on them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from alloclens.cli import main as cli
from click.testing import CliRunner

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

MB = 1 << 20
SOURCE = """package main

func keep() {
	kept = append(kept, make([]byte, 1<<20))
}

func hold() {
	held = append(held, make([]byte, 1<<20))
}
"""
KEEP, HOLD = 4, 8
"""Lines of SOURCE that allocate; each function is declared in the line before."""


class Program(NamedTuple):
    """A workspace with one file."""

    folder: Path

    def stack(
        self, function: str, line: int, count: int, *, start: int = 0, size: int = MB, file: str = "main.go"
    ) -> str:
        """Return a stack whose function is declared in the line before, if no other is given."""
        at = f"{function}:{start or line - 1}@{self.folder}/{file}:{line}"
        return f"{at} < main.main@{self.folder}/main.go:1 = {count}x{size}"

    def heap(self, path: str, *stacks: str) -> Path:
        """Write a heap profile."""
        return drop(self.folder / path, heap(*stacks))

    def check(self, *arguments: str) -> Result:
        """Run `alloclens check` in the workspace."""
        return CliRunner().invoke(cli, ["check", "--workspace", str(self.folder), *self.paths(arguments)])

    def paths(self, arguments: tuple[str, ...]) -> list[str]:
        """Return arguments with those that are paths here in full."""
        return [str(self.folder / one) if one and (self.folder / one).exists() else one for one in arguments]

    def result(self, *arguments: str) -> dict:
        """Run it and return the result as JSON."""
        run = self.check(*arguments, "--format", "json")
        assert run.stdout, run.output
        made = json.loads(run.stdout)
        assert made["exit_code"] == run.exit_code
        return made

    def where(self, *arguments: str) -> list[tuple[str, str, int]]:
        """Run it and return the code, file and line of each violation."""
        return [(one["code"], one["file"], one["line"]) for one in self.result(*arguments)["violations"]]


def program(folder: Path, source: str = SOURCE) -> Program:
    """Write the workspace."""
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text("module example.com/app\n\ngo 1.24\n")
    (folder / "main.go").write_text(source)
    return Program(folder)


def leaking(folder: Path, snapshots: int = 24) -> Program:
    """Write a workspace with a series in `series`, in which `hold` leaks."""
    made = program(folder)
    for i in range(snapshots):
        stacks = made.stack("main.keep", KEEP, 10), made.stack("main.hold", HOLD, 20 + 4 * i)
        made.heap(f"series/h{i:02}.pb.gz", *stacks)
    return made
