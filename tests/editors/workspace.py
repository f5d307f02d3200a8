"""The workspace that every editor opens: the leaky example, with snapshots of its heap as it really ran."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from scripts import leaky
from scripts.tools import ROOT, TOOLS, go, say
from tests.support import goservice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = TOOLS / "editors" / "leaky"
CAPTURED = TOOLS / "editors" / "captured"
"""Lists the snapshots. It is written last: an interrupted run begins again."""
BESIDE = TOOLS / "editors" / "beside"
"""The profiles of the other program, which only some checks need."""
DOCS = ROOT / "docs" / "editors"
SNAPSHOTS = 36
"""A second apart; from about 24 on, the three leaks are certain."""
OTHER = "goservice"
"""Another program of the workspace, and its series."""
KINDS = ("heap", "goroutine")
"""Its profiles."""
HELD_BACK = 9
"""Snapshots that arrive while an editor looks, in three parts: so many that each leak certainly holds more in the next part."""
PARTS = 3
SECONDS = 180


@dataclass(frozen=True)
class Workspace:
    """The folder of the example."""

    folder: Path
    file: Path
    """It has the three leaks."""
    lines: dict[str, int]
    """The line of each mark in the file: {"leak ticker": 15}. The marks stand in the source, so they are on the screen, too."""

    def rewind(self) -> None:
        """Take away the snapshots that arrive later, and what an editor has captured."""
        for path in self.snapshots():
            if path.name not in CAPTURED.read_text().split():
                path.unlink()
        for path in self.snapshots()[SNAPSHOTS - HELD_BACK :]:
            path.rename(self._held / path.name)
        shutil.rmtree(self._profiles / OTHER, ignore_errors=True)
        self.settings.unlink(missing_ok=True)

    def snapshots(self) -> list[Path]:
        """Return those that an editor sees, oldest first."""
        return sorted(self._profiles.glob("heap-*"))

    def arrive(self) -> None:
        """Let the next snapshots arrive."""
        for path in sorted(self._held.iterdir())[: HELD_BACK // PARTS]:
            path.rename(self._profiles / path.name)

    def add_other(self) -> None:
        """Let the profiles of another program arrive: its heap and its goroutines."""
        shutil.copytree(BESIDE, self._profiles / OTHER)

    def next_snapshot(self) -> Path:
        """Return the one that arrives next, where it is held back."""
        return min(self._held.iterdir())

    def held(self, mark: str, snapshot: Path | None = None) -> str:
        """Return what pprof says that a marked line holds, in the newest snapshot or another, as hints say it: "22.7MB"."""
        newest = snapshot or self.snapshots()[-1]
        pprof = [
            go(),
            "tool",
            "pprof",
            "-top",
            "-cum",
            "-lines",
            "-unit=B",
            "-nodefraction=0",
            "-sample_index=inuse_space",
        ]
        text = subprocess.run([*pprof, newest], check=True, capture_output=True, text=True).stdout
        line = rf"^ *\S+ +\S+ +\S+ +(\d+)B .*{re.escape(self.file.name)}:{self.lines[mark]}$"  # its cum
        (value,) = re.findall(line, text, re.MULTILINE)
        return f"{int(value) / (1 << 20):.1f}MB"

    @property
    def settings(self) -> Path:
        """The file alloclens.toml, which only some editors have."""
        return self.folder / "alloclens.toml"

    @property
    def other_file(self) -> Path:
        """The source of the other program."""
        return self.folder / OTHER / "main.go"

    @property
    def _profiles(self) -> Path:
        return self.folder / "profiles"

    @property
    def _held(self) -> Path:
        held = self.folder.parent / "held-back"
        held.mkdir(exist_ok=True)
        return held


def workspace() -> Workspace:
    """Return the workspace; the first time, run the example for half a minute."""
    if not (CAPTURED.exists() and BESIDE.exists()):
        _capture()
    marked = {mark: number for mark, (path, number, _) in leaky.marked_lines(FOLDER).items() if path.name == "leaks.go"}
    made = Workspace(FOLDER, FOLDER / "leaks.go", marked)
    made.rewind()
    return made


def recipe(page: str, heading: str) -> str:
    """Return the first block of code below a heading of a page of docs/editors: what is documented is what is tested."""
    _, _, part = (DOCS / page).read_text("utf-8").partition(f"\n## {heading}\n")
    block = re.search(r"^```\w+\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)
    assert block, f"{page} has no code below {heading}"
    return block[1].replace("/path/to/alloclens", str(ROOT))


@contextlib.contextmanager
def serving(profile: Path) -> Iterator[str]:
    """Serve a profile as a Go program serves its heap."""
    body = profile.read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/debug/pprof/heap"
        server.shutdown()


def _capture() -> None:
    say(f"running the example with {go()}, until there are {SNAPSHOTS} snapshots …")
    shutil.rmtree(FOLDER.parent, ignore_errors=True)
    leaky.copy(FOLDER)
    other = goservice.build(FOLDER / OTHER)
    (FOLDER / OTHER / "go.mod").unlink()  # of one module, so that every editor runs one server for both
    (FOLDER / ".gitignore").write_text("/bin/\n/profiles/\n/goservice/goservice\n")
    user = ("-c", "user.name=alloclens", "-c", "user.email=alloclens@localhost")
    for arguments in (("init", "--quiet"), ("add", "."), (*user, "commit", "--quiet", "--message=all")):
        subprocess.run(["git", *arguments], cwd=FOLDER, check=True)  # else it is in this project's own repository
    with leaky.under_load(FOLDER, every="1s"):
        end = time.monotonic() + SECONDS
        while len(list((FOLDER / "profiles").glob("heap-*"))) < SNAPSHOTS and time.monotonic() < end:
            time.sleep(0.2)
    BESIDE.mkdir()
    with goservice.running(other, rate=1) as service:
        for kind in KINDS:
            (BESIDE / f"{kind}.pb.gz").write_bytes(service.profile(kind))
    CAPTURED.write_text("\n".join(path.name for path in (FOLDER / "profiles").glob("heap-*")))
