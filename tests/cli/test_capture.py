"""alloclens capture against a server that answers well and badly."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from alloclens.capture.fetch import CaptureError, endpoint
from alloclens.capture.rotation import LIST
from alloclens.cli import capture, main
from click.testing import CliRunner

from tests.support.profiles import heap
from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

NAME = re.compile(r"heap-\d{8}T\d{6}\.\d{3}Z\.pb\.gz")
GOOD = heap("main.f@/a.go:1 = 1x8")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProfileServer]:
    monkeypatch.setattr(capture, "PAUSE_SECONDS", 0.01)
    with profile_server() as running:
        running.body = GOOD
        yield running


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["capture", *map(str, arguments)])


def everything_in(folder: Path) -> list[str]:
    """Return the names of all files but the list of captures."""
    return sorted(p.name for p in folder.iterdir() if p.name != LIST) if folder.exists() else []


def test_one_profile(server: ProfileServer, tmp_path: Path) -> None:
    into = tmp_path / "new" / "profiles"
    result = run(server.url, "--into", into)
    assert result.exit_code == 0
    (name,) = everything_in(into)
    assert NAME.fullmatch(name)
    assert result.output.strip() == str(into / name)
    assert (into / name).read_bytes() == GOOD
    assert server.asked == ["/debug/pprof/heap"]


def test_a_series_keeps_the_newest(server: ProfileServer, tmp_path: Path) -> None:
    other = tmp_path / "heap-mine.pb.gz"
    other.write_bytes(b"not a capture")
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 5, "--keep", 2)
    assert result.exit_code == 0
    made = result.output.split()
    assert len(made) == 5
    assert everything_in(tmp_path) == sorted([other.name, *(m.rsplit("/", 1)[1] for m in made[-2:])])


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b"404 page not found", "404 Not Found .*net/http/pprof"),
        (502, b"", "502"),
        (200, b"<!doctype html><h1>Login", "not with a profile: .*HTML page"),
        (200, GOOD[:-20], "cut off"),
    ],
)
def test_a_wrong_answer_is_an_error_with_its_reason(
    server: ProfileServer, tmp_path: Path, status: int, body: bytes, words: str
) -> None:
    server.status, server.body = status, body
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert re.search(words, result.output)
    assert len(server.asked) == capture.TRIES
    assert everything_in(tmp_path) == []


def test_an_answer_that_ends_early(server: ProfileServer, tmp_path: Path) -> None:
    server.cut = 5
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert everything_in(tmp_path) == []


def test_a_series_goes_on_after_a_wrong_answer(server: ProfileServer, tmp_path: Path) -> None:
    server.status = 503
    alloclens = [sys.executable, "-m", "alloclens", "capture", server.url, "--into", tmp_path]
    with subprocess.Popen([*alloclens, "--every", "50ms", "--count", "1"], stderr=subprocess.PIPE, text=True) as child:
        assert "503" in child.stderr.readline()
        server.status = 200
        assert child.wait(20) == 0
    assert len(everything_in(tmp_path)) == 1


def test_nobody_there(tmp_path: Path, server: ProfileServer) -> None:
    del server
    result = run("http://127.0.0.1:9", "--into", tmp_path)
    assert result.exit_code == 1
    assert "cannot be reached" in result.output


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_partial_file(server: ProfileServer, tmp_path: Path, sign: signal.Signals) -> None:
    server.delay = 0.2
    alloclens = [sys.executable, "-m", "alloclens", "capture", server.url, "--into", tmp_path, "--every", "10ms"]
    with subprocess.Popen(alloclens, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        child.stdout.readline()
        time.sleep(0.1)
        child.send_signal(sign)
        assert child.wait(20) == 0
        assert child.stderr.read() == ""
    assert all(NAME.fullmatch(name) for name in everything_in(tmp_path))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_single_capture_that_is_stopped(server: ProfileServer, tmp_path: Path, sign: signal.Signals) -> None:
    server.delay = 20
    alloclens = [sys.executable, "-m", "alloclens", "capture", server.url, "--into", tmp_path]
    with subprocess.Popen(alloclens, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        while not server.asked:
            time.sleep(0.02)
        child.send_signal(sign)
        assert child.communicate(timeout=15) == ("", "")
    assert child.returncode == 128 + sign
    assert everything_in(tmp_path) == []


def test_a_count_needs_a_series(tmp_path: Path) -> None:
    result = run("http://127.0.0.1:9", "--into", tmp_path, "--count", 3)
    assert result.exit_code == 2
    assert "needs --every" in result.output


@pytest.mark.parametrize(
    ("url", "seconds", "wanted"),
    [
        ("http://h:6060", None, "http://h:6060/debug/pprof/heap"),
        ("http://h:6060/", None, "http://h:6060/debug/pprof/heap"),
        ("h:6060", 30, "http://h:6060/debug/pprof/heap?seconds=30"),
        ("https://h/x/goroutine?gc=1#top", 5, "https://h/x/goroutine?gc=1&seconds=5"),
    ],
)
def test_the_address(url: str, seconds: int | None, wanted: str) -> None:
    assert endpoint(url, seconds) == wanted


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://h/x", "http://"])
def test_no_address(url: str) -> None:
    with pytest.raises(CaptureError, match="no address"):
        endpoint(url)


@pytest.mark.parametrize("text", ["0s", "5 s", "1d", "-1s", ""])
def test_no_duration(text: str, tmp_path: Path) -> None:
    result = run("http://127.0.0.1:9", "--into", tmp_path, "--every", text)
    assert result.exit_code == 2
    assert "no duration" in result.output


def test_files_of_earlier_versions_stay_and_are_told_once(server: ProfileServer, tmp_path: Path) -> None:
    old = tmp_path / "heap-20260102T030405.678Z.pb.gz"
    old.write_bytes(GOOD)
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 4, "--keep", 2)
    assert len(everything_in(tmp_path)) == 3
    assert old.exists()
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{tmp_path}: ")
    assert line.endswith("not listed as one: 1 file")


def test_what_an_earlier_run_captured_goes(server: ProfileServer, tmp_path: Path) -> None:
    run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 3)
    result = run(server.url, "--into", tmp_path, "--keep", 1)
    assert result.stderr == ""
    assert [str(tmp_path / name) for name in everything_in(tmp_path)] == result.stdout.split()


def test_nothing_is_removed_while_it_is_not_known_what_was_chosen(server: ProfileServer, tmp_path: Path) -> None:
    (tmp_path / "labels.toml").mkdir()
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 3, "--keep", 1)
    assert result.exit_code == 0
    assert len(everything_in(tmp_path)) == 4
    for line in result.stderr.splitlines():
        assert line.startswith(str(tmp_path / "labels.toml"))
        assert line.endswith("no capture was removed")
