"""What is checked in every editor, and what an editor has to say of itself for that."""

from __future__ import annotations

import os
import re
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.tools import say
from tests.editors.terminal import Terminal, left, run_mark, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.editors.workspace import Workspace

    Check = Callable[["Session"], None]

BYTES = r"\d[\d.]*[kMG]?B"
LEAKS = ("leak ticker", "leak goroutine", "leak registration")
"""The marked lines of leaks.go."""
END_SECONDS = 20.0


@dataclass(frozen=True)
class Editor:
    """An editor that can be run here."""

    name: str
    version: str
    command: Callable[[Path, Workspace], Sequence[str]]
    """Writes its configuration into a folder, and returns how to start it."""
    quit: Callable[[Session], None]
    checks: Mapping[str, Check]
    """What is tried, in this order, by what a person would call it."""


@dataclass(frozen=True)
class Session:
    """An editor that runs on the workspace, with leaks.go open."""

    screen: Terminal
    workspace: Workspace
    seen: dict[str, str]
    """The screen after each check."""

    def hint(self, mark: str, snapshot: Path | None = None) -> None:
        """Wait until beside a marked line stands what it holds. The mark ends the line in the source."""
        number = re.escape(self.workspace.held(mark, snapshot))
        self.screen.until(rf"// alloclens: {mark} +:? ?{number}( owned)?( [▲+]\d|$)")


def run(editor: Editor, workspace: Workspace) -> dict[str, str]:
    """Try an editor; return the failure of each check, empty if it passed. Screens go to `seen`."""
    workspace.rewind()
    mark, failures = run_mark(), {}
    path = f"{sysconfig.get_path('scripts')}:{os.environ.get('PATH', '')}"
    with tempfile.TemporaryDirectory(prefix="alloclens-config-") as config:
        command = editor.command(Path(config), workspace)
        with terminal(command, workspace.folder, {**mark, "PATH": path}) as screen:
            session = Session(screen, workspace, {})
            for name, check in editor.checks.items():
                try:
                    check(session)
                    failures[name] = ""
                except AssertionError as error:
                    failures[name] = str(error)
                session.seen[name] = screen.screen()
                say(f"{editor.name}: {name}: {failures[name] or 'yes'}")
            editor.quit(session)
            failures["no process is left"] = _until_none_is_left(mark)
    seen.update({(editor.name, name): text for name, text in session.seen.items()})
    return failures


seen: dict[tuple[str, str], str] = {}
"""The screen after each check of each editor."""


def _until_none_is_left(mark: Mapping[str, str]) -> str:
    """Wait until only the terminal is left: tmux, and the shell in it."""
    end, running = time.monotonic() + END_SECONDS, []
    while time.monotonic() < end:
        running = [name for pid in left(mark) if (name := _name(pid)) not in ("tmux: server", "sh", "sleep", "")]
        if not running:
            return ""
        time.sleep(0.2)
    return f"still running: {', '.join(running)}"


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
