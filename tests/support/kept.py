"""A service that has run in two processes for a while and leaks in one: its workspace, and its snapshots as a server keeps them."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import numpy as np
from alloclens.cli import main
from click.testing import CliRunner

from tests.support.profiles import Builder, drop
from tests.support.sampled import Heap

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from click.testing import Result

LEAK, CACHE = 9, 12
SNAPSHOTS, EVERY = 40, 60.0
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
MAIN = """package main

var kept, cache [][]byte

func main() {
}

func keep() {
	kept = append(kept, make([]byte, 64<<10))
}
func fill() {
	cache = append(cache[1:], make([]byte, 32<<10))
}
"""
WORDS = ("verdict", "file", "line", "value", "growth", "low", "high", "p_value", "retention", "observations")


def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the workspace, and the snapshots in kept/SERVICE/PROCESS, and go there."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "w"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "main.go").write_text(MAIN)
    os.utime(folder / "main.go", (0, 0))
    for pod, leaked in (("api-a", 200), ("api-b", 0)):
        run_pod(folder, tmp_path / "kept" / "api" / pod, leaked)
    return folder


def run_pod(
    folder: Path, into: Path, leaked: int, *, version: str = "", snapshots: int = SNAPSHOTS, ended: float = 0.0
) -> None:
    """Write the snapshots of a process: at one line it keeps so many blocks a minute, at another it fills a cache and replaces.

    It ended so many seconds ago.
    """
    rng, main_go = np.random.default_rng(leaked), folder / "main.go"
    kept, cached = Heap(rng, 64 << 10), Heap(rng, 32 << 10)
    sites = {f"main.keep:8@{main_go}:{LEAK}": kept, f"main.fill:11@{main_go}:{CACHE}": cached}
    begin = time.time() - ended - snapshots * EVERY
    for i in range(snapshots):
        kept.allocate(leaked + 20)
        kept.free(20)
        cached.allocate(300)
        if i:
            cached.free(300)
        made = Builder(
            ("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")
        )
        for stack, site in sites.items():
            allocated, live = (round(n / site.p) for n in (site.sampled_total, site.sampled_live))
            made.sample(stack, [allocated, allocated * site.size, live, live * site.size], bytes=site.size)
        made.message.time_nanos, made.message.period = int((begin + i * EVERY) * 1000) * 10**6, 512 << 10
        if version:
            made.message.comment.append(made.text(f"version={version}"))
        drop(into / f"{i:03}.pb.gz", made.bytes())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def settings(folder: Path, url: str, interval: int = 15, select: str = "", kind: str = "pyroscope") -> None:
    """Write the settings of the workspace, and allow the server that they name."""
    (folder / "alloclens.toml").write_text(
        f'[[sources]]\nname = "prod"\ntype = "{kind}"\nurl = "{url}"\ninterval = {interval}\nselect = \'{select}\'\n'
    )
    assert run("sources", "allow", "prod").exit_code == 0


def findings(directory: Path) -> list[dict]:
    said = run("leaks", directory, "--all", "--json")
    assert said.exit_code == 0, said.output
    return [{word: finding[word] for word in WORDS} for finding in json.loads(said.stdout)["findings"]]
