"""Damaged files of a workspace: alloclens.toml, pyproject.toml, labels.toml, go.mod and go.work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.printable import printable
from alloclens.settings import config, labels
from alloclens.settings.checking import parse
from alloclens.settings.file_names import LABELS, OWN
from alloclens.workspace import go_mod

from tests.fuzz.mutate import mutant
from tests.fuzz.target import Outcome, measured

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

LARGEST = 1 << 16
"""Bytes of an input."""
MOST_PROBLEMS = 100
SETTINGS = (
    b'profileDirs = ["profiles"]\nbase = "previous"\nhints = true\nlargestProfile = 64\n',
    b'[[pathMappings]]\nfrom = "/build/app"\nto = "."\n\n[[pathMappings]]\nfrom = "C:\\\\src"\nto = "${workspaceFolder}/src"\n',
    b'ownCode = ["a/**", "!b/*.go"]\nbinaries = [\n  "bin", # all\n  "out/server",\n]\nmemoryLimit = "2GiB"\n',
    b'[tool.poetry]\nname = "x"\n\n[tool.alloclens]\nleakSeverity = "error"\npathMappings = [{ from = "/a", to = "b" }]\n',
    b'"heap.0001.pb.gz" = "after load"\n\'heap 2\' = """\nbefore\n"""\n',
)
MODULES = (
    b"module example.com/app\n\ngo 1.26\n\nrequire (\n\tgithub.com/a/b v1.2.3\n\tgithub.com/c/d/v2 v2.0.0 // indirect\n)\n",
    b"module example.com/app\nreplace example.com/x => ../x\nreplace github.com/a/b v1.2.3 => github.com/fork/b v1.2.4\n",
    b"go 1.26\n\nuse (\n\t.\n\t./tools\n)\n\nuse ../other\n",
)


class SettingsFiles:
    """Bytes of a TOML file, read as each of the three."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def made(self, rng: Random) -> bytes:
        return mutant(rng, SETTINGS)[:LARGEST]

    def outcome(self, data: bytes) -> Outcome:
        for name in (*config.TABLES, LABELS):
            (self.folder / name).write_bytes(data)
        with measured() as clock:
            read = [config.read([self.folder])]
            (self.folder / OWN).unlink()
            read.append(config.read([self.folder]))
            called = labels.read([str(self.folder)])
        for one in read:
            parse(one.values)
            assert len(one.problems) <= MOST_PROBLEMS
            for problem in one.problems:
                assert 1 <= problem.line <= data.count(b"\n") + 2
                assert printable(problem.message) == problem.message
        return Outcome(f"{[min(len(one.problems), 1) for one in read]} {len(called.problems)}", clock.seconds)

    def close(self) -> None:
        pass


class ModuleFiles:
    """Bytes of a go.mod or go.work."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "go.mod"

    def made(self, rng: Random) -> bytes:
        return mutant(rng, MODULES)[:LARGEST]

    def outcome(self, data: bytes) -> Outcome:
        self.path.write_bytes(data)
        with measured() as clock:
            said = go_mod.read(str(self.path))
        return Outcome("nothing" if said is None else f"module {bool(said.module)}", clock.seconds)

    def close(self) -> None:
        pass
