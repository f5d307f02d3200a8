"""Damaged caches: what is found in them is what was put in, or it is read anew."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from alloclens.cli import main
from alloclens.session import reading
from alloclens.workspace import source_copies
from click.testing import CliRunner

from tests.faults.scene import ADDED, Scene
from tests.fuzz.mutate import in_bytes
from tests.fuzz.target import Outcome, measured

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random


class Caches:
    """The bytes of one cache file, behind a line with its name."""

    def __init__(self, folder: Path) -> None:
        self.scene, self.good = Scene(folder), folder / "good"
        os.environ["XDG_CACHE_HOME"] = str(self.scene.cache)
        forget()  # this process may have other caches open
        self.said()
        self.scene.main.write_text(ADDED + self.scene.main.read_text())
        forget()
        self.scene.cache.replace(self.good)
        self.without_texts = self.said()
        self.restore()
        self.truth = self.said()
        assert figures(self.truth[0]) == figures(self.without_texts[0])
        assert "~" in self.without_texts[1]
        assert "~" not in self.truth[1]
        self.names = sorted(str(path.relative_to(self.good)) for path in self.good.rglob("*.sqlite3*"))

    def made(self, rng: Random) -> bytes:
        name = rng.choice(self.names)
        data = (self.good / name).read_bytes()
        for _ in range(rng.choice((1, 1, 2, 5))):
            data = in_bytes(rng, data)
        return f"{name}\n".encode() + data

    def outcome(self, data: bytes) -> Outcome:
        name, _, damaged = data.partition(b"\n")
        self.restore()
        (self.scene.cache / name.decode()).write_bytes(damaged)
        with measured() as clock:
            said = self.findings() if b"snapshots" in name else self.source()
        assert said in {*self.truth, *self.without_texts}
        return Outcome(f"{name.decode()}: {'right' if said in self.truth else 'unsure'}", clock.seconds)

    def restore(self) -> None:
        """Put the undamaged files in place."""
        forget()
        shutil.rmtree(self.scene.cache, ignore_errors=True)
        shutil.copytree(self.good, self.scene.cache)

    def said(self) -> tuple[str, str]:
        """Return what commands say that need what is in the caches."""
        return self.findings(), self.source()

    def findings(self) -> str:
        return run("leaks", str(self.scene.profiles), "--all", "--json")

    def source(self) -> str:
        return run("annotate", str(self.scene.main), "--profiles", str(self.scene.profiles))

    def close(self) -> None:
        forget()


def run(*arguments: str) -> str:
    answer = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


def figures(answer: str) -> Any:
    """Return what `leaks --json` says, without what follows from the text that was profiled."""
    said = json.loads(answer)
    for found in (*said["findings"], *said["candidates"]):
        del found["message"], found["placement"]
    return said


def forget() -> None:
    """Close the caches that this process has open, and what it remembers of sources; the next command looks again."""
    source_copies.LOOKS.clear()
    for cache in (reading.texts, reading.snapshots):
        if cache.cache_info().currsize:
            cache().close()
            cache.cache_clear()
