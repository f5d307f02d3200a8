"""Ends the session, with everything that we have started.

The editor may send `exit`, close the connection, or disappear. Then this process ends at once, whatever its threads are
waiting for. Nothing is lost: files and rows of the caches are written atomically.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import NoReturn

from alloclens import processes

POLL_SECONDS = 1.0
"""Time between two checks that the editor's process still runs."""


def end(code: int = 0) -> NoReturn:
    """End this process and everything that it has started."""
    processes.end_all()
    os._exit(code)


def follow_process(pid: int | None) -> None:
    """End the session when the editor's process ends.

    A process that does not exist now is not followed: the editor has just sent a message, so it is on another machine or in
    a container.
    """
    if pid is not None and pid > 0 and _runs(pid):
        threading.Thread(target=_follow, args=(pid,), daemon=True).start()


def _follow(pid: int) -> None:
    while _runs(pid):
        time.sleep(POLL_SECONDS)
    end()


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return _runs_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
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
