"""A real Go program that serves every profile Go keeps, all of which stand still."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from alloclens.profile.formats import read

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.profile.model import Frame, Profile

EXAMPLE = Path(__file__).with_name("goservice")
MARK = re.compile(r"// goservice: (\w+)$")
PATIENCE = 50
"""Times that a profile is asked for until it stands still: a connection's goroutine ends a little after it."""


@dataclass(frozen=True)
class Service:
    """The running program."""

    url: str
    source: Path
    child: subprocess.Popen

    def get(self, what: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/{what}", timeout=30) as answer:
            return answer.read()

    def profile(self, what: str) -> bytes:
        return self.get(f"debug/pprof/{what}")

    def lines(self) -> dict[str, int]:
        """Return the number of each marked line of the source."""
        numbered = enumerate(self.source.read_text().split("\n"), 1)
        return {mark[1]: number for number, text in numbered if (mark := MARK.search(text))}

    def beside(self, kind: str) -> tuple[bytes, bytes]:
        """Return a profile as proto and as text: nothing changed between the two."""
        for _ in range(PATIENCE):
            before, text, after = (self.profile(kind + form) for form in ("", "?debug=1", ""))
            if stacks(read(before)) == stacks(read(after)):
                return before, text
        raise AssertionError(f"{kind} does not stand still")


def stacks(profile: Profile) -> dict[tuple, list[int]]:
    """Return the values of each stack with its labels, where they are not all 0.

    Without what the texts leave out: the runtime's own frames at the leaf, and where goroutines end.
    """
    out: dict[tuple, list[int]] = {}
    for i, values in enumerate(profile.values.tolist()):
        if any(values):
            frames = [frame._replace(function=without_types(frame.function)) for frame in known_frames(profile, i)]
            key = *frames, *sorted(labels(profile, i))
            out[key] = [a + b for a, b in zip(out.get(key, [0] * len(values)), values, strict=True)]
    return out


def known_frames(profile: Profile, sample: int) -> list[Frame]:
    rows = profile.stack_frames[profile.frame_at[sample] : profile.frame_at[sample + 1]].tolist()
    frames = [frame for row in rows if (frame := profile.frame(row)).function]
    return list(dropwhile(lambda f: f.function.startswith(("runtime.", "internal/runtime/")), frames))


def without_types(function: str) -> str:
    """Return "Map[...]" for "Map[go.shape.int]": the texts leave out what the proto says."""
    return re.sub(r"\[.*\]", "[...]", function)


def labels(profile: Profile, sample: int) -> list[tuple[str, str]]:
    """Return the labels of a sample that are texts."""
    rows = [row for row, of in enumerate(profile.labels.sample.tolist()) if of == sample and profile.labels.text[row]]
    return [(profile.strings[profile.labels.key[row]], profile.strings[profile.labels.text[row]]) for row in rows]


def build(folder: Path) -> Path:
    """Build the program of a copy of its source there."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    subprocess.run([tools.go(), "build", "-o", "goservice", "."], cwd=folder, check=True, env=tools.environment())
    return folder / "goservice"


@contextlib.contextmanager
def running(program: Path, rate: int, stderr: IO | None = None, **environment: str) -> Iterator[Service]:
    """Run it, with one object sampled for so many bytes."""
    environment = tools.environment() | {"GODEBUG": "tracebacklabels=1"} | environment
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": stderr, "text": True, "env": environment}
    with process([program, "-rate", str(rate)], **pipes) as child:
        found = re.search(r"http://\S+", child.stdout.readline())
        assert found, child.poll()
        yield Service(found[0], program.with_name("main.go"), child)
        child.stdin.close()
