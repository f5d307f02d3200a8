"""A real Go program that writes each kind of profile on request, with a marked line for each."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).with_name("gokinds")
MARK = re.compile(r"// kinds: (\w+)$")
KINDS = ("heap", "goroutine", "goroutineleak", "block", "mutex", "cpu")


@dataclass(frozen=True)
class Kinds:
    """The running program."""

    folder: Path
    child: subprocess.Popen

    @property
    def source(self) -> Path:
        return self.folder / "main.go"

    def write(self, kind: str, number: int) -> Path:
        """Have it write a profile, and wait for that."""
        path = self.folder / "profiles" / f"{kind}-{number:03}.pb.gz"
        input_: IO[str] = self.child.stdin
        input_.write(f"{kind} {path}\n")
        input_.flush()
        answer = self.child.stdout.readline().strip()
        assert answer == str(path), answer
        return path

    def lines(self) -> dict[str, int]:
        """Return the number of each marked line of the source."""
        numbered = enumerate(self.source.read_text().split("\n"), 1)
        return {mark[1]: number for number, text in numbered if (mark := MARK.search(text))}


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Kinds]:
    """Build a copy of the program in a folder and run it."""
    shutil.copytree(EXAMPLE, folder)
    (folder / "profiles").mkdir()
    environment = tools.environment() | {"GOEXPERIMENT": experiment()}
    binary = folder / "gokinds"
    subprocess.run([tools.go(), "build", "-o", binary, "."], cwd=folder, check=True, env=environment)
    with process([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        yield Kinds(folder, child)
        child.stdin.close()


def experiment() -> str:
    """Return what Go needs for profiles of leaked goroutines: an experiment in Go 1.26, nothing later."""
    said = subprocess.run([tools.go(), "version"], capture_output=True, text=True, check=True).stdout
    return "goroutineleakprofile" if "go1.26" in said else ""
