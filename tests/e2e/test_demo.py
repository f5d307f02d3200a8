"""make demo ends what it started."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from scripts import tools


def of_session(leader: int) -> set[int]:
    """Return the processes that a program started, and it itself, by what it prints of them in /proc."""
    parents = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"/proc/{entry.name}/stat") as stat:
                    parents[int(entry.name)] = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
    found = {leader}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked up in /proc")


def test_everything_ends_with_the_demo() -> None:
    """By SIGHUP, as when its terminal is closed, of which the demo makes what Python makes of SIGINT."""
    without_code = os.environ | {
        "PATH": os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not has_code(p))
    }
    demo = subprocess.Popen(
        [sys.executable, "-m", "scripts.demo"], cwd=tools.ROOT, stdout=subprocess.PIPE, text=True, env=without_code
    )
    with demo:
        url = next(found[0] for line in demo.stdout if (found := re.search(r"http://127\S+", line)))
        assert urllib.request.urlopen(url).status == 200
        end = time.monotonic() + 30
        while not list((tools.ROOT / "examples/leaky/profiles").glob("heap-*.pb.gz")) and time.monotonic() < end:
            time.sleep(0.2)
        started = of_session(demo.pid)
        assert len(started) >= 5  # itself, leaky, load, capture, code-server
        demo.send_signal(signal.SIGHUP)
        assert demo.wait(60) == 0
    assert not left_of(started)


def left_of(started: set[int]) -> set[int]:
    end = time.monotonic() + 10
    while (left := {pid for pid in started if os.path.exists(f"/proc/{pid}")}) and time.monotonic() < end:
        time.sleep(0.1)
    return left


def has_code(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "code"))
