"""A series that lies in Pyroscope gives the findings that it gives as files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import read

from tests.support import pyroscope
from tests.support.kept import LEAK, MOMENT, SNAPSHOTS, findings, run, settings, workspace
from tests.support.profiles import drop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow, pytest.mark.timeout(600)]  # the first build compiles the API


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pyroscope.build(tmp_path_factory.mktemp("pyroscope"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return workspace(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "flags", [(), ("-merges",), ("-newer",)], ids=["single profiles", "only merges", "only the newer method"]
)
def test_the_findings_are_those_of_the_files(
    program: Path, folder: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    with pyroscope.serving(program, tmp_path / "kept", *flags) as url:
        settings(folder, url)
        said = run("sources").stdout
        assert re.fullmatch(rf"prod: pyroscope at {url}: 1 service, newest heap {MOMENT}\n", said)
        fetched = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (fetched.exit_code, fetched.stderr) == (0, "")
        assert len(fetched.stdout.splitlines()) == 2 * SNAPSHOTS
        again = run("fetch", "--every", "1s", "--into", tmp_path / "into")
        assert (again.exit_code, again.stdout, again.stderr) == (0, "", "prod: nothing new\n")
    for pod, verdict in (("api-a", "leak"), ("api-b", None)):
        expected = findings(tmp_path / "kept/api" / pod)
        assert findings(tmp_path / "into/api" / pod) == expected
        assert next((f["verdict"] for f in expected if f["line"] == LEAK and f["verdict"] == "leak"), None) == verdict


@pytest.mark.parametrize("first", [slice(10), slice(-10, None)], ids=["newer ones", "older ones"])
def test_snapshots_that_come_later_are_added(program: Path, folder: Path, tmp_path: Path, first: slice) -> None:
    """What was allocated is counted on from the files of the first time, or counted anew in these."""
    every = sorted((tmp_path / "kept/api/api-a").iterdir())
    for path in every[first]:
        drop(tmp_path / "first/api/api-a" / path.name, path.read_bytes())
    for kept, number in (("first", 10), ("kept", SNAPSHOTS - 10)):
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
