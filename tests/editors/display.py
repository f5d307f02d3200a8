"""A screen without a monitor, on Xvfb, in which a program with windows runs: its text is read from pictures of it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.editors.debian import inside
from tests.editors.terminal import NotOnScreenError, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH, HEIGHT = "1800", "1000"
START = f"""\
Xvfb -displayfd 3 3>"$HOME/display" -screen 0 {WIDTH}x{HEIGHT}x24 -nolisten tcp 2>"$HOME/xvfb.log" &
while ! [ -s "$HOME/display" ]; do sleep 0.1; done
DISPLAY=:$(cat "$HOME/display") dbus-run-session "$@"
kill $!
"""
SECONDS = 60.0
ENLARGED = (2, 3)
"""Times that a picture is made larger, to be read: what is misread in one size is often read in another."""
ALIKE = {
    "0": "[0O]",
    "1": "[1lI|]",
    "5": "[5S]",
    "8": "[8B]",
    "B": "[B8]",
    "I": "[1lI|]",
    "O": "[0O]",
    "S": "[5S]",
    "l": "[1lI|]",
    ".": "[.,:]",
    ":": "[.,:]",
    " ": " *",
}
"""What a character may be read as. No digit is read as another one, so a wrong number never passes."""


class Display(Screen):
    """A running program."""

    enter = "Return"
    flags = re.MULTILINE | re.IGNORECASE  # Leak and leak look alike
    patience = 120.0
    """Reading a picture takes a second on a machine that does nothing else."""

    def __init__(self, home: Path, program: subprocess.Popen[bytes]) -> None:
        self._home = home
        self._program = program

    def screen(self) -> str:
        """Return what is on the screen, as far as it can be read: ▲ is read as 4."""
        return next(self.readings())

    def readings(self) -> Iterator[str]:
        """Read a picture of the screen in one size after the other."""
        self._take_picture()
        return map(self._read, ENLARGED)

    def literal(self, text: str) -> str:
        """Return a pattern that also fits what the text may be read as."""
        return "".join(ALIKE.get(character, re.escape(character)) for character in text)

    def keys(self, *keys: str) -> None:
        """Press keys, by their names in X11: "j", "Return", "ctrl+g"."""
        for key in keys:
            self._run("xdotool", "key", key)

    def write(self, text: str) -> None:
        """Type a text as it is."""
        self._run("xdotool", "type", text)

    def point_at(self, word: str) -> None:
        """Move the mouse to a word on the screen: to the last, if it is there more than once."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            self._take_picture()
            for place in filter(None, (self._place(word, times) for times in ENLARGED)):
                self._run("xdotool", "mousemove", *map(str, place))
                return
        raise NotOnScreenError(f"there is no {word} on the screen")

    def click(self, word: str) -> None:
        """Click on a word on the screen."""
        self.point_at(word)
        self._run("xdotool", "click", "1")

    def _place(self, word: str, times: int) -> tuple[int, int] | None:
        """Return the middle of the last word in the picture that begins like this."""
        words = [row.split("\t") for row in self._read(times, "tsv").splitlines()[1:]]
        like = re.compile(self.literal(word), self.flags)
        boxes = [[int(number) for number in row[6:10]] for row in words if like.match(row[-1])]
        if not boxes:
            return None
        left, top, width, height = boxes[-1]
        return (left + width // 2) // times, (top + height // 2) // times

    def _take_picture(self) -> None:
        self._run("import", "-window", "root", "screen.png")

    def _read(self, times: int, *form: str) -> str:
        self._run("convert", "screen.png", "-resize", f"{times}00%", "large.png")
        return self._run("tesseract", "large.png", "-", "--psm", "6", *form)

    def until_ended(self) -> None:
        """Wait until the program has ended."""
        try:
            self._program.wait(SECONDS)
        except subprocess.TimeoutExpired as error:
            raise AssertionError("it has not ended") from error

    def until_window(self, name: str) -> None:
        """Wait for the window with this name, and give it the whole screen: there is no window manager."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            windows = self._run("xdotool", "search", "--onlyvisible", "--name", name).split()
            if windows:
                window = windows[-1]
                move = ["windowmove", window, "0", "0", "windowsize", window, WIDTH, HEIGHT, "windowfocus", window]
                self._run("xdotool", *move)
                return
            time.sleep(0.5)
        raise AssertionError(f"there is no window of {name}")

    def _run(self, *command: str) -> str:
        number = self._home / "display"
        shown = number.read_text().strip() if number.exists() else ""
        environment = os.environ | {"DISPLAY": f":{shown}", "OMP_THREAD_LIMIT": "1"}
        run = subprocess.run(inside(command, self._home), env=environment, check=False, capture_output=True, text=True)
        return run.stdout


@contextlib.contextmanager
def display(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Display]:
    """Run a program of `debian` in a folder, with a home of its own. The last argument is the file in its window's name."""
    with tempfile.TemporaryDirectory(prefix="alloclens-editor-") as home:
        (Path(home) / "runtime").mkdir(mode=0o700)
        own = {"HOME": home, "XDG_RUNTIME_DIR": f"{home}/runtime", "LC_ALL": "C.UTF-8", "QT_QPA_PLATFORM": "xcb"}
        started = subprocess.Popen(
            inside(["sh", "-c", START, "sh", *command], folder),
            env={**os.environ, **own, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            running = Display(Path(home), started)
            running.until_window(Path(command[-1]).name)
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGTERM)
            started.wait()
