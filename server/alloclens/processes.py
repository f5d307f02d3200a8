"""Starts child processes: finds the executable, sets the directory, and ends the child when we end.

The working directory and every opened folder may be hostile: no program or Python module is loaded from there, nor from
a relative entry of PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from alloclens.search_path import search_path

if sys.platform == "linux":
    import fcntl
    import signal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    paths = [str(Path(entry, name + SUFFIX)) for entry in entries if Path(entry).is_absolute()]
    return next((executable for path in paths if (executable := shutil.which(path))), None)


def output(
    name: str,
    *arguments: str,
    env: Mapping[str, str],
    seconds: float,
    given: bytes = b"",
    partial: bool = False,
    max_bytes: int | None = None,
) -> bytes | None:
    """Run a program on PATH with `given` (less than a pipe holds) as standard input and return its standard output.

    Returns None if the program is missing, fails, or exceeds the time limit, after which it is killed; as it is when it
    has written `max_bytes`. If `partial`, returns what a program has written that failed.
    """
    ran = _run(name, *arguments, env=env, seconds=seconds, given=given, stderr=subprocess.DEVNULL, max_bytes=max_bytes)
    return ran[1] if ran and (ran[0] == 0 or (partial and ran[1])) else None


def complaint(name: str, *arguments: str, env: Mapping[str, str], seconds: float) -> str:
    """Run a program that is expected to fail and return the first line that it writes; "" if it does not run or fail."""
    ran = _run(name, *arguments, env=env, seconds=seconds, given=b"", stderr=subprocess.STDOUT)
    return ran[1].decode("utf-8", "replace").strip().partition("\n")[0] if ran and ran[0] else ""


def _run(
    name: str,
    *arguments: str,
    env: Mapping[str, str],
    seconds: float,
    given: bytes,
    stderr: int,
    max_bytes: int | None = None,
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
        written = _written(child, given, seconds, max_bytes)
    finally:
        end(child)
    return None if written is None else (child.returncode, written)


def _written(child: Child, given: bytes, seconds: float, max_bytes: int | None) -> bytes | None:
    """Return what a child writes, up to `max_bytes`; None if it exceeds the time limit."""
    if max_bytes is None:
        with suppress(subprocess.TimeoutExpired):
            return child.communicate(given or None, timeout=seconds)[0]
        return None
    until = time.monotonic() + seconds
    late = threading.Timer(seconds, child.kill)  # communicate() has no limit of size
    late.start()
    try:
        if child.stdin:
            child.stdin.write(given)
            child.stdin.close()
        written = cast("IO[bytes]", child.stdout).read(max_bytes)
    finally:
        late.cancel()
    return written if time.monotonic() < until else None


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
