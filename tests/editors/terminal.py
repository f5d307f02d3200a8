"""A terminal in which an editor runs, on tmux: keys go in, and what a person would see comes out."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

COLUMNS, ROWS = 150, 42
PATIENCE = 60.0
"""Seconds to wait for something on the screen, on a busy machine."""
ASK_SECONDS = 5.0
"""Between two times that an editor is asked again: an edit only counts after a pause."""
MARK = "ALLOCLENS_EDITOR_RUN"


class NotOnScreenError(AssertionError):
    """Something did not come; the text has the screen."""


class Screen(ABC):
    """A running editor, as a person has it: keys go in, and text is on the screen."""

    patience = PATIENCE
    flags = re.MULTILINE
    """How patterns are searched for on the screen."""
    enter = "Enter"
    """The name of this key."""

    @abstractmethod
    def screen(self) -> str:
        """Return what is on the screen."""

    def readings(self) -> Iterable[str]:
        """Return what may be on the screen now, the likeliest first."""
        return (self.screen(),)

    def literal(self, text: str) -> str:
        """Return a pattern of a text as it is on the screen."""
        return re.escape(text)

    @abstractmethod
    def keys(self, *keys: str) -> None:
        """Press keys, by their names."""

    @abstractmethod
    def write(self, text: str) -> None:
        """Type a text as it is."""

    @abstractmethod
    def until_ended(self) -> None:
        """Wait until the editor has ended."""

    def type(self, text: str) -> None:
        """Type a text as it is, and Enter."""
        self.write(text)
        self.keys(self.enter)

    def until(self, pattern: str, ask: Callable[[], None] | None = None) -> re.Match[str]:
        """Wait until the screen matches. `ask` asks the editor again, now and then."""
        end, screen = time.monotonic() + self.patience, ""
        while time.monotonic() < end:
            for screen in self.readings():
                if found := re.search(pattern, screen, self.flags):
                    return found
            if ask:
                ask()
            time.sleep(ASK_SECONDS if ask else 0.1)
        raise NotOnScreenError(f"{pattern!r} is not on the screen:\n{screen}")


class Terminal(Screen):
    """An editor in a terminal."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self._socket), "-f", os.devnull, "-u", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def screen(self) -> str:
        """Return what is on the screen, without blanks at the ends of lines."""
        return "\n".join(line.rstrip() for line in self.tmux("capture-pane", "-p").split("\n")).rstrip()

    def keys(self, *keys: str) -> None:
        """Press keys, by their names in tmux: "j", "Enter", "C-x"."""
        self.tmux("send-keys", *keys)

    def write(self, text: str) -> None:
        """Type a text as it is."""
        self.tmux("send-keys", "-l", text)

    def until_ended(self) -> None:
        """Wait until the editor has ended."""
        self.until(r"^editor-ended$")


@contextlib.contextmanager
def terminal(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run an editor in a folder, with a home of its own."""
    with tempfile.TemporaryDirectory(prefix="alloclens-editor-") as home:
        homes = {f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        own = {"HOME": home, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **homes}
        surroundings = {**os.environ, **own, **environment}
        running = Terminal(Path(home) / "tmux")
        line = " ".join("'" + word.replace("'", r"'\''") + "'" for word in command)
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        start = ["new-session", "-d", *size, f"{line}; echo; echo editor-ended; sleep 600"]
        base = ["tmux", "-S", f"{home}/tmux", "-f", os.devnull, "-u", *start]
        subprocess.run(base, check=True, cwd=folder, env=surroundings)
        try:
            running.tmux("set-option", "-g", "escape-time", "0")
            yield running
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):  # it ends with its last window
                running.tmux("kill-server")


def run_mark() -> dict[str, str]:
    """Return a variable that distinguishes the processes of one run from all others."""
    return {MARK: uuid.uuid4().hex}


def left(mark: Mapping[str, str]) -> list[int]:
    """Return the processes with this variable. Only on Linux, which lists the variables of each."""
    found, wanted = [], f"{MARK}={mark[MARK]}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found
