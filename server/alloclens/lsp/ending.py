"""The end of the session: when it is, and that nothing we have started is left.

An editor may say so (`exit`), close its end of the wire, or be gone. Then this process ends at once, whatever its threads
wait for. That loses nothing: files are written whole or not at all, and so are the rows of the caches.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import NoReturn

from alloclens import processes

SECONDS = 1.0
"""Between two looks at whether the editor's process is there."""


def end(code: int = 0) -> NoReturn:
    """End this process and all that it has started."""
    processes.end_all()
    os._exit(code)


def follow_process(pid: int | None) -> None:
    """End the session when a process ends: the one that has started us, as the editor says.

    The editor has just spoken to us, so a process that is not there is of another machine or container, and is not followed.
    """
    if pid is not None and pid > 0 and _runs(pid):
        threading.Thread(target=_follow, args=(pid,), daemon=True).start()


def _follow(pid: int) -> None:
    while _runs(pid):
        time.sleep(SECONDS)
    end()


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return _runs_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it is another user's
        return True
    return True


if sys.platform == "win32":
    import _winapi

    def _runs_on_windows(pid: int) -> bool:
        """On Windows, os.kill(pid, 0) would end the process."""
        try:
            process = _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, pid)
        except PermissionError:
            return True
        except OSError:
            return False
        try:
            return _winapi.WaitForSingleObject(process, 0) != _winapi.WAIT_OBJECT_0
        finally:
            _winapi.CloseHandle(process)
