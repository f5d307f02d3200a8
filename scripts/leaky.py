"""The leaky example, built and under load, with its heap captured every few seconds."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = tools.ROOT / "examples" / "leaky"
MARK = re.compile(r"// alloclens: (leak|honest) (\w+)")


def marked_lines(example: Path) -> dict[str, tuple[Path, int, str]]:
    """Return where each marked line is, and its text: {"leak ticker": (path, line, text)}."""
    marked = {}
    for path in sorted(example.glob("*.go")):
        for number, text in enumerate(path.read_text().split("\n"), 1):
            if mark := MARK.search(text):
                marked[f"{mark[1]} {mark[2]}"] = path, number, text.strip()
    return marked


def copy(to: Path) -> Path:
    """Copy the example's sources, so that a run leaves nothing behind in the repository."""
    return shutil.copytree(EXAMPLE, to, ignore=shutil.ignore_patterns("bin", "profiles", ".vscode"))


@contextlib.contextmanager
def under_load(example: Path, every: str = "3s", keep: int = 200, flags: tuple[str, ...] = ()) -> Iterator[str]:
    """Build and run the service, the load on it and the capture of its heap; yield its address."""
    alloclens = Path(sysconfig.get_path("scripts")) / "alloclens"
    with serving(example, flags) as url:
        capture = [alloclens, "capture", url, "--into", example / "profiles", "--every", every, "--keep", str(keep)]
        with process(capture, stdout=subprocess.DEVNULL):
            yield url


@contextlib.contextmanager
def serving(example: Path, flags: tuple[str, ...] = (), address: str = "127.0.0.1:0") -> Iterator[str]:
    """Build and run the service and the load on it; yield its address."""
    build = [tools.go(), "build", "-mod=vendor", *flags, "-o", "bin/", ".", "./cmd/load"]
    subprocess.run(build, cwd=example, check=True, env=tools.environment())
    with contextlib.ExitStack() as running:
        service = [example / "bin" / "leaky", "-addr", address]
        leaky = running.enter_context(process(service, stdout=subprocess.PIPE, text=True))
        url = _address(leaky)
        running.enter_context(process([example / "bin" / "load", "-url", url], stdout=subprocess.DEVNULL))
        yield url


def _address(leaky: subprocess.Popen[str]) -> str:
    line = leaky.stdout.readline() if leaky.stdout else ""
    match = re.search(r"http://\S+", line)
    if not match:
        raise SystemExit(f"the leaky service did not start (exit status {leaky.poll()}).")
    return match[0]
