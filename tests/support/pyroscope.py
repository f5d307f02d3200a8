"""A server with Pyroscope's querier API, built from the published API module, over files SERVICE/POD/*.pb.gz."""

from __future__ import annotations

import contextlib
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).with_suffix("")


def build(folder: Path) -> Path:
    """Build the server and return it; half a minute of processor time unless Go has it in its cache."""
    program = folder / "pyroscope"
    subprocess.run([tools.go(), "build", "-o", program, "."], cwd=SOURCE, check=True, env=tools.environment())
    return program


@contextlib.contextmanager
def serving(program: Path, profiles: Path, *flags: str) -> Iterator[str]:
    """Serve the profiles as they are now, and yield the URL."""
    with process(
        [program, "-dir", profiles, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        url = child.stdout.readline().strip()
        assert url, child.poll()
        yield url
        child.stdin.close()
