"""An editor that is tried: what it is, and how it is run."""

from __future__ import annotations

import os
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from scripts.tools import say
from tests.editors.terminal import left, run_mark, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from tests.editors.terminal import Screen
    from tests.editors.workspace import Workspace

    Act = Callable[["Session"], None]
    Surface = Callable[[Sequence[str], Path, Mapping[str, str]], AbstractContextManager[Screen]]

END_SECONDS = 20.0
OURS = ("tmux: server", "sh", "sleep", "")
"""What is left of a terminal when the editor has ended."""
NOTHING_LEFT = "no process is left"


@dataclass(frozen=True)
class Session:
    """An editor that runs on the workspace, with leaks.go open."""

    screen: Screen
    workspace: Workspace


class Check(NamedTuple):
    """Something that is tried. `act` raises AssertionError if it fails."""

    act: Act
    how: str = "yes"
    """What a person does for it, in Markdown."""


@dataclass(frozen=True)
class Editor:
    """An editor that can be run here."""

    name: str
    version: str
    command: Callable[[Path, Workspace], Sequence[str]]
    """Writes its configuration into a folder, and returns how to start it."""
    quit: Act
    checks: Mapping[str, Check]
    """What is tried, in this order, by what a person would call it."""
    surface: Surface = terminal


class Outcome(NamedTuple):
    """What came of a check."""

    how: str
    failure: str
    """Empty if it passed."""
    screen: str
    """The screen after it."""


def run(editor: Editor, workspace: Workspace) -> dict[str, Outcome]:
    """Try an editor; return the outcome of each check."""
    workspace.rewind()
    mark, outcomes = run_mark(), {}
    path = f"{sysconfig.get_path('scripts')}:{os.environ.get('PATH', '')}"
    with tempfile.TemporaryDirectory(prefix="alloclens-config-") as config:
        command = editor.command(Path(config), workspace)
        with editor.surface(command, workspace.folder, {**mark, "PATH": path}) as screen:
            session = Session(screen, workspace)
            for name, check in editor.checks.items():
                outcomes[name] = _outcome(check, session)
                say(f"{editor.name}: {name}: {outcomes[name].failure or 'yes'}")
            ended = _outcome(Check(editor.quit), session)
            outcomes[NOTHING_LEFT] = ended._replace(failure=ended.failure or _until_none_is_left(mark))
    return outcomes


def _outcome(check: Check, session: Session) -> Outcome:
    failure = ""
    try:
        check.act(session)
    except AssertionError as error:
        failure = str(error)
    return Outcome(check.how, failure, session.screen.screen())


def _until_none_is_left(mark: Mapping[str, str]) -> str:
    """Wait until only the terminal is left: tmux, and the shell in it."""
    end, running = time.monotonic() + END_SECONDS, []
    while time.monotonic() < end:
        running = [name for pid in left(mark) if (name := _name(pid)) not in OURS]
        if not running:
            return ""
        time.sleep(0.2)
    return f"still running: {', '.join(running)}"


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
