"""Profiles of real programs in the formats of other languages' tools. Each program leaks on the line marked `leaks`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from scripts import tools

ROOT = Path(__file__).resolve().parents[2]
NODE_INTERVAL = 16384
"""Bytes."""
CARGO_SECONDS = 500.0
"""A busy machine takes minutes to compile the crate dhat for the first time."""
CARGO_TARGET = ROOT / ".tools" / "cargo"
"""Where all tests have crates compiled: each of them once."""
OLD = time.time() - 3600
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
    with tempfile.TemporaryFile("w+") as said:  # a pipe would be waited for as long as any child of it has it open
        done = subprocess.run(
            list(map(str, command)), cwd=cwd, timeout=seconds, check=False, stdout=said, stderr=subprocess.STDOUT
        )
        said.seek(0)
        text = said.read()
    assert done.returncode == 0, text
    return text


def put(source: Path, target: Path) -> Path:
    """Copy a source file, and make it older than any profile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    os.utime(target, (OLD, OLD))
    return target


def valgrind(folder: Path) -> Made:
    """Run a C program under Valgrind's DHAT."""
    source = put(PROGRAMS / "leak.c", folder / "leak.c")
    run(tool("cc"), "-g", "-O0", "leak.c", "-o", "leak", cwd=folder)
    path = folder / "profiles" / "dhat.out.1"
    path.parent.mkdir(exist_ok=True)
    said = run(tool("valgrind"), "--tool=dhat", "--fullpath-after=", f"--dhat-out-file={path}", "./leak", cwd=folder)
    return Made(path, source, said)


def node(folder: Path, *, bundled: bool = False) -> Made:
    """Run a program in TypeScript, which Node strips of its types, or as esbuild bundles and minifies it."""
    source = put(PROGRAMS / "node" / "shop.ts", folder / "src" / "shop.ts")
    program, profiles = source, folder / "profiles"
    if bundled:
        program = folder / "dist" / "shop.js"
        esbuild = ROOT / "vscode-client" / "node_modules" / "esbuild"
        if not esbuild.exists():
            pytest.skip("the VS Code client's packages are not installed")
        options = {
            "entryPoints": [str(source)],
            "outfile": str(program),
            "bundle": True,
            "minify": True,
            "sourcemap": True,
        }
        run(tools.node(), "-e", f"require({json.dumps(str(esbuild))}).buildSync({json.dumps(options)})", cwd=folder)
    interval = f"--heap-prof-interval={NODE_INTERVAL}"
    said = run(tools.node(), "--heap-prof", interval, f"--heap-prof-dir={profiles}", program, cwd=folder)
    return Made(next(profiles.glob("*.heapprofile")), source, said)


def memray(folder: Path, *, aggregate: bool = False) -> Made:
    """Run a Python program under memray."""
    source, path = put(PROGRAMS / "leak.py", folder / "leak.py"), folder / "profiles" / "leak.bin"
    path.parent.mkdir(exist_ok=True)
    options = ["-q", "-f", *(["--aggregate"] if aggregate else [])]
    said = run(sys.executable, "-m", "memray", "run", *options, "-o", path, source, cwd=folder)
    return Made(path, source, said)


def subtree(call: dict[str, Any]) -> int:
    """Return the bytes of a node of V8's tree and of all below it."""
    return call["selfSize"] + sum(map(subtree, call["children"]))


def heaviest(call: dict[str, Any]) -> dict[str, Any]:
    """Return the node of V8's tree with the largest self size."""
    return max([call, *map(heaviest, call["children"])], key=lambda node: node["selfSize"])


def rust_dhat(folder: Path) -> Made:
    """Run a Rust program with the crate dhat, which cargo downloads."""
    put(PROGRAMS / "rust" / "Cargo.toml", folder / "Cargo.toml")
    source = put(PROGRAMS / "rust" / "src" / "main.rs", folder / "src" / "main.rs")
    run(tool("cargo"), "build", "--quiet", "--target-dir", CARGO_TARGET, cwd=folder, seconds=CARGO_SECONDS)
    path = folder / "profiles" / "dhat-heap.json"
    path.parent.mkdir(exist_ok=True)
    said = run(CARGO_TARGET / "debug" / "leaks", path, cwd=folder)
    return Made(path, source, said)
