"""The programs that we start: which file each is, where it runs, and that none outlives us.

The directory that we are started in, and every folder that is opened, may be anybody's: no program and no Python module
is taken from there, nor from a relative entry of PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.search_path import search_path

if sys.platform == "linux":
    import fcntl
    import signal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Child = subprocess.Popen[bytes]

SUFFIX = ".exe" if os.name == "nt" else ""
"""Of a program's file. What else Windows starts by name are scripts, which take their arguments apart in ways of their own."""
APART = sys.prefix
"""Where child processes run: a directory of the Python that runs us, without modules."""
_running: dict[Child, int] = {}
"""Each with our end of a pipe; see `_tie`."""


def program(name: str) -> str | None:
    """Return the path of a program on PATH; None where there is none.

    shutil.which alone looks into the working directory: on Windows always, elsewhere for an entry like "." or "".
    """
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths = [str(Path(entry, name + SUFFIX)) for entry in entries if Path(entry).is_absolute()]
    return next((found for path in paths if (found := shutil.which(path))), None)


def output(name: str, *arguments: str, env: Mapping[str, str], seconds: float, given: bytes = b"") -> bytes | None:
    """Return what a program on PATH writes to standard output when `given` is its standard input.

    None if there is no such program, if it fails, or if it takes longer than so many seconds; then it is ended.
    """
    path = program(name)
    if path is None:
        return None
    try:
        stdin = subprocess.PIPE if given else subprocess.DEVNULL
        child = start([path, *arguments], stdin=stdin, stderr=subprocess.DEVNULL, env=env)
    except (OSError, ValueError):  # ValueError: a null character
        return None
    try:
        written, _ = child.communicate(given or None, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(child)
    return written if child.returncode == 0 else None


def python(function: Callable[[], None]) -> list[str]:
    """Return the command line that calls a module's function in a Python of its own, which imports what this one would.

    -I ignores the working directory, PYTHONPATH and Python's other variables. (-P would do, but is not in 3.10.)
    """
    module, name = function.__module__, function.__name__
    code = f"import sys; sys.path[:] = {search_path()!a}; import {module}; {module}.{name}()"
    options = ["-X", f"utf8={sys.flags.utf8_mode}", *(["-B"] if sys.flags.dont_write_bytecode else [])]
    return [sys.executable, "-I", *options, "-c", code]


def start(command: list[str], *, stdin: int, stderr: int | None = None, env: Mapping[str, str] | None = None) -> Child:
    """Start a program whose standard output is a pipe. Raises OSError or ValueError. `end` must be called for it."""
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
    """End a process if it has not ended by itself, and let go of it."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):  # what is still to be written to a process that is gone
            if pipe:
                pipe.close()
    with suppress(subprocess.TimeoutExpired):  # it waits for a disk, and dies when that answers
        child.wait(1)
    if (ours := _running.pop(child, None)) is not None:
        os.close(ours)


def end_all() -> None:
    """End all processes that we have started and that still run, without waiting for them."""
    for child in list(_running):
        child.kill()


def _tie(child: Child, pipe: int) -> None:
    """Let the kernel kill a process as soon as we are gone, by whatever death and whatever it is busy with.

    It inherits one end of a pipe, which wants a signal for it when the other end is closed, and that is ours alone. Only
    Linux lets the signal be chosen; elsewhere a worker notices by itself, and a program that we ask has a time limit.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel that only resembles Linux
            fcntl.fcntl(pipe, fcntl.F_SETOWN, child.pid)
            fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGKILL)
            fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
