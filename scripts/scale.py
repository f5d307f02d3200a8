"""Measures what it takes to find a leak among many processes: `python -m scripts.scale --pods 1000 --snapshots 5000`.

A real language server is asked for the processes of a service and fetches those that grow most, from a server that makes each
profile when it is asked for (tests/support/fleet.py). docs/scale.md has the results.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.editor import Editor, vscode
from tests.support.fleet import LEAK, Fleet
from tests.support.kept import MAIN
from tests.support.processes import children
from tests.support.server import profile_server

if TYPE_CHECKING:
    from tests.support.server import ProfileServer

EVERY_SECONDS = 15
TICKS = os.sysconf("SC_CLK_TCK")
LEAKING = 16
"""One of 62 processes of 1,000."""


@dataclass
class Measured:
    """The results."""

    listed_seconds: float
    """Until the processes are listed."""
    first: list[str]
    """The instances that are listed first."""
    finding_seconds: float
    """From the begin of the fetch to the first leak."""
    finding_cpu: float
    """Processor time of the language server and its children until then."""
    fetched_seconds: float
    files: int
    kept_bytes: int
    memory: dict[str, int]
    """The most bytes that each process had in memory, by its role."""
    line: int
    """Of the leak, from 1."""


async def measured(
    server: ProfileServer, fleet: Fleet, root: Path, seconds: int, patience: float, most: int = LEAKING
) -> Measured:
    """List the processes, fetch those that grow most, and wait for the first leak."""
    editor = Editor(vscode())
    editor.answer = "Allow"
    editor.surroundings = {"env": {**os.environ, "XDG_CACHE_HOME": f"{root}/cache", "XDG_DATA_HOME": f"{root}/data"}}
    source = {"name": "prod", "type": "pyroscope", "url": server.url, "select": 'service_name="shop/api"'}
    await editor.open_folder(Path(fleet.main_go).parent, sources=[source])
    uri = editor.open(Path(fleet.main_go))
    await editor.until(lambda: editor.status.state == "empty", patience)
    memory: dict[str, int] = {}
    begun = time.monotonic()
    found = await editor.command("alloclens.server.sourceProcesses", source, seconds)
    assert not found["error"], found
    listed = time.monotonic() - begun
    options = {"seconds": seconds, "processes": [one["labels"] for one in found["processes"][:most]]}
    begun, cpu = time.monotonic(), _cpu(editor.process.pid)
    fetching = asyncio.ensure_future(editor.command("alloclens.server.fetch", source, options))

    def leaks() -> list[Any]:
        _remember(memory, editor.process.pid)
        return [one for one in editor.diagnostics.get(uri, ()) if one.code == "leak"]

    (leak, *_) = await editor.until(leaks, patience)
    finding, finding_cpu = time.monotonic() - begun, _cpu(editor.process.pid) - cpu
    while not fetching.done():
        _remember(memory, editor.process.pid)
        await asyncio.sleep(0.2)
    assert await fetching is None
    fetched = time.monotonic() - begun
    files = [path.stat().st_size for path in (root / "cache").rglob("heap-*.pb.gz")]
    editor.process.kill()  # nothing of it is needed any more
    await editor.process.wait()
    instances = [one["instance"] for one in found["processes"][:LEAKING]]
    return Measured(
        listed, instances, finding, finding_cpu, fetched, len(files), sum(files), memory, leak.range.start.line + 1
    )


def fleet(folder: Path, pods: int, snapshots: int, leaking: int = LEAKING) -> Fleet:
    """Make the workspace, and processes that have run until now."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text(MAIN)
    os.utime(folder / "main.go", (0, 0))
    every = EVERY_SECONDS * 1000
    return Fleet(f"{folder}/main.go", round(time.time() * 1000) - snapshots * every, every, snapshots, pods, leaking)


def _remember(memory: dict[str, int], pid: int) -> None:
    for role, one in (("server", pid), *((_role(child), child) for child in children(pid))):
        memory[role] = max(memory.get(role, 0), _peak(one))


def _role(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes() if Path(f"/proc/{pid}").exists() else b""
    return "fetching" if b"sources.apart" in words else "reading" if b"alloclens.worker" in words else "other"


def _peak(pid: int) -> int:
    try:
        match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(match[1]) << 10 if match else 0


def _cpu(pid: int) -> float:
    """Return the processor time of a process and all its children, those that have ended included."""
    try:
        own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, own[11:15])) / TICKS + sum(_cpu(child) for child in children(pid))


def main() -> None:
    """Run the simulation and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pods", type=int, default=1000)
    parser.add_argument("--snapshots", type=int, default=5000)
    parser.add_argument("--patience", type=float, default=1800, help="seconds until it gives up")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, profile_server() as server:
        root = Path(name).resolve()
        made = fleet(root / "w", given.pods, given.snapshots)
        server.answers = made.answer
        seconds = given.snapshots * EVERY_SECONDS
        result = asyncio.run(measured(server, made, root, seconds, given.patience))
    assert result.line == LEAK, result
    out = sys.stdout.write
    out(f"{given.pods} processes, {given.snapshots} snapshots each, over {seconds / 3600:.1f} h\n")
    out(f"processes listed in {result.listed_seconds:.1f} s, first: {', '.join(result.first[:4])}\n")
    out(f"first leak after {result.finding_seconds:.1f} s, {result.finding_cpu:.1f} s of processor time\n")
    out(f"all fetched after {result.fetched_seconds:.1f} s: {result.files} files, {result.kept_bytes} bytes\n")
    for method, number in made.asked.items():
        out(f"{method}: {number} requests, {made.sent[method]} bytes\n")
    out(f"most snapshots merged by the server for one profile: {made.longest_span}\n")
    for role, size in result.memory.items():
        out(f"memory of {role}: {size >> 20} MiB\n")


if __name__ == "__main__":
    main()
