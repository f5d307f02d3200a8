"""Starts child processes: finds the executable, sets the directory, and ends the child when we end.

The working directory and every opened folder may be hostile: no program or Python module is loaded from there, nor from
a relative entry of PATH.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.search_path import search_path

if sys.platform == "linux":
    import fcntl
    import signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Child = subprocess.Popen[bytes]

SUFFIX = ".exe" if os.name == "nt" else ""
"""The extension of executables. Scripts, which Windows also starts by name, parse their arguments differently."""
APART = sys.prefix
"""The working directory of child processes: Python's prefix, which has no modules."""
_running: dict[Child, int] = {}
"""Running children, each with our end of the pipe of `_tie`."""


def program(name: str) -> str | None:
    """Return the path of a program on PATH; None if it is not there.

    shutil.which alone also searches the working directory: on Windows always, elsewhere for entries like "." or "".
    """
    folders = _absolute(os.environ.get("PATH", os.defpath))
    paths = (os.path.join(folder, name + SUFFIX) for folder in folders)
    return next((executable for path in paths if (executable := shutil.which(path))), None)


@lru_cache(1)
def _absolute(path: str) -> tuple[str, ...]:
    """Return the absolute entries of PATH."""
    return tuple(str(Path(entry)) for entry in path.split(os.pathsep) if Path(entry).is_absolute())


def output(
    name: str,
    *arguments: str,
    env: Mapping[str, str],
    seconds: float,
    given: bytes = b"",
    partial: bool = False,
) -> bytes | None:
    """Run a program on PATH with `given` (less than a pipe holds) as standard input and return its standard output.

    Returns None if the program is missing, fails, or exceeds the time limit, after which it is killed. If `partial`, returns
    what a program has written that failed.
    """
    ran = _run(name, *arguments, env=env, seconds=seconds, given=given, stderr=subprocess.DEVNULL)
    return ran[1] if ran and (ran[0] == 0 or (partial and ran[1])) else None


def complaint(name: str, *arguments: str, env: Mapping[str, str], seconds: float, last: bool = False) -> str:
    """Run a program that is expected to fail and return the first or last line that it writes; "" if it does not run or fail."""
    ran = _run(name, *arguments, env=env, seconds=seconds, given=b"", stderr=subprocess.STDOUT)
    text = ran[1].decode("utf-8", "replace").strip() if ran and ran[0] else ""
    return text.rpartition("\n")[2] if last else text.partition("\n")[0]


def _run(
    name: str, *arguments: str, env: Mapping[str, str], seconds: float, given: bytes, stderr: int
) -> tuple[int, bytes] | None:
    """Run a program on PATH and return its exit code and output; None if it is missing or exceeds the time limit."""
    path = program(name)
    if path is None:
        return None
    try:
        stdin = subprocess.PIPE if given else subprocess.DEVNULL
        child = start([path, *arguments], stdin=stdin, stderr=stderr, env=env)
    except (OSError, ValueError):  # ValueError: a null character
        return None
    try:
        written = child.communicate(given or None, timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(child)
    return child.returncode, written


def conversation(name: str, *arguments: str, env: Mapping[str, str]) -> Child | None:
    """Start a program on PATH that answers what is written to it; None if it does not start. The caller must call `end`."""
    path = program(name)
    with suppress(OSError, ValueError):
        if path:
            return start([path, *arguments], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
    return None


def python(function: Callable[..., None], *arguments: str | None) -> list[str]:
    """Return a command line that calls a module's function in a new Python with our import path.

    -I ignores the working directory and Python's environment variables. -P would suffice, but needs Python 3.11.
    """
    module, name = function.__module__, function.__name__
    code = f"import sys; sys.path[:] = {search_path()!a}; import {module}; {module}.{name}(*{arguments!a})"
    options = ["-X", f"utf8={sys.flags.utf8_mode}", *(["-B"] if sys.flags.dont_write_bytecode else [])]
    return [sys.executable, "-I", *options, "-c", code]


def start(command: list[str], *, stdin: int, stderr: int | None = None, env: Mapping[str, str] | None = None) -> Child:
    """Start a program with a pipe as standard output. The caller must call `end`. Raises OSError or ValueError."""
    tie, ours = os.pipe()
    inherited = (tie,) if sys.platform == "linux" else ()
    try:
        child = subprocess.Popen(
            command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=env, cwd=APART, pass_fds=inherited
        )
        _tie(child, tie)
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(tie)
    _running[child] = ours
    return child


def end(child: Child) -> None:
    """Kill a process if it still runs, and release its resources."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):  # unwritten data for a dead process
            if pipe:
                pipe.close()
    with suppress(subprocess.TimeoutExpired):  # it is blocked on a disk and dies when that responds
        child.wait(1)
    if (ours := _running.pop(child, None)) is not None:
        os.close(ours)


def end_all() -> None:
    """Kill all running child processes without waiting for them."""
    for child in list(_running):
        child.kill()


def _tie(child: Child, pipe: int) -> None:
    """Have the kernel kill a child as soon as we die, however we die and whatever it is doing.

    The child inherits one end of a pipe and gets SIGKILL when the other end, which only we hold, is closed. Only Linux
    allows choosing the signal. Elsewhere a worker notices by itself, and other programs have a time limit.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # not a real Linux kernel
            fcntl.fcntl(pipe, fcntl.F_SETOWN, child.pid)
            fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)


class ProcessDeadline:
    """Ends a process after a time limit. One thread serves all calls: to start a timer takes as long as to answer a small one."""

    def __init__(self, stop: Callable[[], None], rest: float = math.inf) -> None:
        """`stop` ends the process. It is also called when nothing was done for `rest` seconds."""
        self.seconds = math.inf
        """The limit of what is being done."""
        self.is_over = False
        """Whether the process was ended."""
        self._stop = stop
        self._rest = rest
        self._begun = time.monotonic()
        self._changed = threading.Condition()
        self._looks_at = math.inf
        """When the thread looks at the limit next."""
        self._is_ended = False
        threading.Thread(target=self._watch, daemon=True).start()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit what is done inside to `seconds`."""
        self._begin(seconds)
        try:
            yield
        finally:
            self._begin(self._rest)

    def extend(self, seconds: float) -> None:
        """Extend the limit by this many seconds."""
        self._set(self.seconds + seconds)

    def end(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_ended = True
            self._changed.notify()

    def _begin(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._set(seconds)

    def _set(self, seconds: float) -> None:
        with self._changed:
            self.seconds = seconds
            if self._begun + seconds < self._looks_at:
                self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not (self._is_ended or self.is_over):
                self._looks_at = self._begun + self.seconds
                left = self._looks_at - time.monotonic()
                if left > 0:
                    self._changed.wait(left if left < math.inf else None)
                else:
                    self.is_over = True
                    self._stop()
