"""Profiles of real programs in the formats of other languages' tools. Each program leaks on the line marked `leaks`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

PROGRAMS = Path(__file__).with_name("programs")
MARK = re.compile(r"(?://|/\*|#) (\w+(?: \w+)*)")


class Made(NamedTuple):
    """A profile of a real program."""

    path: Path
    source: Path
    said: str
    """What the tool printed."""

    def line(self, mark: str) -> int:
        """Return the number of the line with this comment."""
        return next(n for n, text in enumerate(self.source.read_text().splitlines(), 1) if mark in MARK.findall(text))


def tool(name: str) -> str:
    """Return a program on PATH; skip the test if it is missing."""
    return shutil.which(name) or pytest.skip(f"{name} is not installed")


def run(*command: str | Path, cwd: Path, seconds: float = 100) -> str:
    """Run a program that must succeed, and return what it printed."""
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, timeout=seconds, check=False, text=True, stdout=-1, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def valgrind(folder: Path) -> Made:
    """Run a C program under Valgrind's DHAT."""
    shutil.copy(PROGRAMS / "leak.c", folder)
    run(tool("cc"), "-g", "-O0", "leak.c", "-o", "leak", cwd=folder)
    path = folder / "profiles" / "dhat.out.1"
    path.parent.mkdir(exist_ok=True)
    said = run(tool("valgrind"), "--tool=dhat", "--fullpath-after=", f"--dhat-out-file={path}", "./leak", cwd=folder)
    return Made(path, folder / "leak.c", said)


def rust_dhat(folder: Path) -> Made:
    """Run a Rust program with the crate dhat, which cargo downloads."""
    shutil.copytree(PROGRAMS / "rust", folder, dirs_exist_ok=True)
    target = folder.parent / "cargo"  # the crates are compiled once
    run(tool("cargo"), "build", "--quiet", "--target-dir", target, cwd=folder)
    path = folder / "profiles" / "dhat-heap.json"
    path.parent.mkdir(exist_ok=True)
    said = run(target / "debug" / "leaks", path, cwd=folder)
    return Made(path, folder / "src" / "main.rs", said)
