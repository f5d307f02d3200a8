"""Captures that die at any moment while they write and remove files."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from alloclens.profile.formats import read
from alloclens.sources.rotation import LIST

from tests.support.profiles import heap
from tests.support.server import profile_server

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random
    from typing import Any

KEPT = 5
EVERY = "20ms"
MAX_LIFE_SECONDS = 1.5
FOREIGN = "heap-20200101T000000.000Z.pb.gz"
"""Named like a capture, but put there by somebody else."""
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
COMMAND = [sys.executable, "-c", "import sys; sys.path.pop(0); from alloclens.cli import main; main()", "capture"]


def kill(folder: Path, rng: Random) -> None:
    """Start a series of captures into a folder and kill it. Raises AssertionError if it left half a file or took another's."""
    folder.mkdir(exist_ok=True)
    foreign = folder / FOREIGN
    if not foreign.exists():
        foreign.write_bytes(heap("main.f@/w/a.go:1 = 1x64"))
    with profile_server() as server:
        server.body = heap("main.f@/w/a.go:1 = 2x512")
        options = ["--into", str(folder), "--keep", str(KEPT), "--every", EVERY]
        with subprocess.Popen([*COMMAND, server.url, *options], **QUIET, cwd=folder.parent) as capture:
            time.sleep(rng.uniform(0.3, MAX_LIFE_SECONDS))
            with contextlib.suppress(ProcessLookupError):
                capture.kill()
        for path in left_aside(folder):
            os.utime(path, (0, 0))  # as if it had died long ago
        options = ["--into", str(folder), "--keep", str(KEPT)]
        subprocess.run([*COMMAND, server.url, *options], **QUIET, check=True, cwd=folder.parent)
    captured = [name for name in os.listdir(folder) if name.endswith(".pb.gz") and not name.startswith(".")]
    assert FOREIGN in captured
    assert left_aside(folder) == []
    assert len(os.listdir(folder / LIST)) <= KEPT + 1  # a capture that was killed before it was listed is nobody's
    for name in captured:
        read((folder / name).read_bytes())


def left_aside(folder: Path) -> list[Path]:
    """Return the temporary files in a folder of captures and in its list."""
    return [path for directory in (folder, folder / LIST) for path in directory.glob(".*.tmp")]
