"""Names of captures: never one for two files, and in their order; and what a killed capture leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from alloclens.disk import STALE_SECONDS, sweep
from alloclens.sources.capture_files import write

from scripts.workbench import process

if TYPE_CHECKING:
    from pathlib import Path

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc)
NAME = "heap-20260102T030405.678Z.pb.gz"
ASIDE = ".alloclens.0123456789abcdef.tmp"
HOLD = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from alloclens.sources import capture_files

def wait(_descriptor):
    print("writing", flush=True)
    sys.stdin.read()

capture_files.os.fsync = wait
capture_files.write(Path(sys.argv[1]), "heap", datetime(2026, 1, 2, 3, 4, 5, 678_000, timezone.utc), b"half")
"""
"""A capture that stands still in the middle of its writing."""


def made_long_ago(path: Path) -> Path:
    path.touch()
    moment = time.time() - STALE_SECONDS - 1
    os.utime(path, (moment, moment))
    return path


def test_captures_at_once_are_as_many_files(tmp_path: Path) -> None:
    bodies = [bytes([i]) for i in range(60)]
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda body: write(tmp_path, "heap", MOMENT, body), bodies))
    assert sorted(tmp_path.iterdir()) == sorted(made)
    assert [path.read_bytes() for path in made] == bodies


@pytest.mark.programs
@pytest.mark.skipif("sys.platform == 'win32'", reason="no signal to go on")
def test_a_name_that_another_capture_takes_meanwhile_is_left_to_it(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with process([sys.executable, "-c", HOLD, tmp_path], **pipes) as child, child.stdin, child.stdout:
        child.stdout.readline()
        ours = write(tmp_path, "heap", MOMENT, b"ours")
        child.stdin.close()
        assert child.wait() == 0
    theirs = tmp_path / "heap-20260102T030405.678Z-2.pb.gz"
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == {ours: b"ours", theirs: b"half"}
    assert ours.name == NAME


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, "heap", MOMENT, b"data")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.programs
@pytest.mark.skipif("sys.platform == 'win32'", reason="kill -9")
def test_what_a_killed_capture_leaves_is_swept_when_it_is_old(tmp_path: Path) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with process([sys.executable, "-c", HOLD, tmp_path], **pipes) as child, child.stdin, child.stdout:
        child.stdout.readline()
        (aside,) = tmp_path.iterdir()
        made_long_ago(aside)
        sweep(tmp_path)
        assert aside.exists(), "a process holds it"
        child.kill()
        child.wait()
    aside.touch()
    sweep(tmp_path)
    assert aside.exists(), "it is young"
    made_long_ago(aside)
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_others_left_is_not_swept(tmp_path: Path) -> None:
    others = [
        made_long_ago(tmp_path / name)
        for name in (NAME, f"{NAME}.tmp", ".heap.pb.gz.tmp", f"{ASIDE}~", f".x{ASIDE}", ".labels.toml.tmp")
    ]
    directory, link = (tmp_path / f"{ASIDE[:-5]}{i}.tmp" for i in (2, 3))
    directory.mkdir()
    link.symlink_to(others[0])
    for path in (directory, link):
        os.utime(path, (0, 0), follow_symlinks=False)
    before = sorted(tmp_path.iterdir())
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_there_is_nothing_to_sweep(tmp_path: Path) -> None:
    sweep(tmp_path / "missing")
