"""A series that lies in Pyroscope gives the findings that it gives as files."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cli import main
from alloclens.profile.formats import read
from click.testing import CliRunner

from tests.support import pyroscope
from tests.support.profiles import Builder, drop
from tests.support.sampled import Heap

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = [pytest.mark.programs, pytest.mark.slow, pytest.mark.timeout(600)]  # the first build compiles the API
LEAK, CACHE = 9, 12
SNAPSHOTS, EVERY = 40, 60.0
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


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pyroscope.build(tmp_path_factory.mktemp("pyroscope"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace whose service has run in two pods for a while, and leaks in one of them."""
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


def run_pod(folder: Path, into: Path, leaked: int) -> None:
    """Write the snapshots of a process: at one line it keeps so many blocks a minute, at another it fills a cache and replaces."""
    rng, main_go = np.random.default_rng(leaked), folder / "main.go"
    kept, cached = Heap(rng, 64 << 10), Heap(rng, 32 << 10)
    sites = {f"main.keep:8@{main_go}:{LEAK}": kept, f"main.fill:11@{main_go}:{CACHE}": cached}
    begin = time.time() - SNAPSHOTS * EVERY
    for i in range(SNAPSHOTS):
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
        drop(into / f"{i:03}.pb.gz", made.bytes())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def settings(folder: Path, url: str, interval: int = 15, select: str = "") -> None:
    """Write the settings of the workspace, and allow the server that they name."""
    (folder / "alloclens.toml").write_text(
        f'[[sources]]\nname = "prod"\ntype = "pyroscope"\nurl = "{url}"\ninterval = {interval}\nselect = \'{select}\'\n'
    )
    assert run("sources", "allow", "prod").exit_code == 0


def findings(directory: Path) -> list[dict]:
    said = run("leaks", directory, "--all", "--json")
    assert said.exit_code == 0, said.output
    return [{word: finding[word] for word in WORDS} for finding in json.loads(said.stdout)["findings"]]


@pytest.mark.parametrize("flags", [(), ("-merges",)], ids=["single profiles", "only merges"])
def test_the_findings_are_those_of_the_files(
    program: Path, folder: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    with pyroscope.serving(program, tmp_path / "kept", *flags) as url:
        settings(folder, url)
        assert run("sources").stdout == f"prod: pyroscope at {url}: 1 service, heaps\n"
        fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (fetched.exit_code, fetched.stderr) == (0, "")
        assert len(fetched.stdout.splitlines()) == 2 * SNAPSHOTS
        again = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (again.exit_code, again.stdout, again.stderr) == (0, "", "prod: nothing new\n")
    for pod, verdict in (("api-a", "leak"), ("api-b", None)):
        expected = findings(tmp_path / "kept/api" / pod)
        assert findings(tmp_path / "into/api" / pod) == expected
        assert next((f["verdict"] for f in expected if f["line"] == LEAK and f["verdict"] == "leak"), None) == verdict


def test_snapshots_that_come_later_are_added(program: Path, folder: Path, tmp_path: Path) -> None:
    """What was allocated is counted on from the files of the first time."""
    every = sorted((tmp_path / "kept/api/api-a").iterdir())
    early = tmp_path / "early/api/api-a"
    for path in every[:10]:
        drop(early / path.name, path.read_bytes())
    for kept, number in (("early", 10), ("kept", SNAPSHOTS - 10)):
        with pyroscope.serving(program, tmp_path / kept) as url:
            settings(folder, url, select='pod="api-a"')
            fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
            assert (len(fetched.stdout.splitlines()), fetched.stderr) == (number, "")
    assert findings(tmp_path / "into") == findings(tmp_path / "kept/api/api-a")


def test_a_sum_is_never_shown_as_a_snapshot(program: Path, folder: Path, tmp_path: Path) -> None:
    """Each interval of the settings has several snapshots of the collector's."""
    with pyroscope.serving(program, tmp_path / "kept", "-merges") as url:
        settings(folder, url, interval=600)
        fetched = run("fetch", "--since", "10h", "--into", tmp_path / "into")
    largest = max(read(path.read_bytes()).values[:, 3].sum() for path in (tmp_path / "kept/api").rglob("*.gz"))
    sizes = [read(path.read_bytes()).values[:, 3].sum() for path in (tmp_path / "into").rglob("*.gz")]
    assert all(size <= largest for size in sizes)
    assert "are left out, since each has several snapshots, which the server adds up" in fetched.stderr


def test_one_snapshot_of_a_process_in_some_time(program: Path, folder: Path, tmp_path: Path) -> None:
    with pyroscope.serving(program, tmp_path / "kept") as url:
        settings(folder, url, select='service_name="api", pod="api-a"')
        fetched = run("fetch", "--every", "5m", "--into", tmp_path / "into")
    assert len(fetched.stdout.splitlines()) in (SNAPSHOTS // 5, SNAPSHOTS // 5 + 1)


def test_what_is_fetched_is_shown_like_the_profiles_of_the_workspace(
    program: Path, folder: Path, tmp_path: Path
) -> None:
    with pyroscope.serving(program, tmp_path / "kept") as url:
        settings(folder, url, select='{pod="api-a"}')
        (path, *_) = run("fetch", "--every", "1s").stdout.splitlines()
    assert path.startswith(str(tmp_path / "cache"))
    said = run("explain")
    assert "100% on lines you can open" in said.stdout, said.output
    assert "how often the heap was sampled: Go's default" in run("leaks", path.rpartition("/")[0]).stderr
