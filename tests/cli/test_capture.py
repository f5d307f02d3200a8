"""alloclens capture against a server that answers well and badly."""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.profile.formats import read
from alloclens.sources import retry
from alloclens.sources.rotation import LIST
from click.testing import CliRunner

from scripts.workbench import process
from tests.support import goservice
from tests.support.profiles import heap
from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from click.testing import Result

NAME = re.compile(r"heap-\d{8}T\d{6}\.\d{3}Z\.pb\.gz")
GOOD = heap("main.f@/a.go:1 = 1x8")
ALLOCLENS = [sys.executable, "-m", "alloclens", "capture"]
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProfileServer]:
    monkeypatch.setattr(retry, "PAUSE_SECONDS", 0.01)
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


LEAKED = b"goroutineleak profile: total 1\n1 @ 0x11\n"


def test_leaked_goroutines_beside_a_heap(server: ProfileServer, tmp_path: Path) -> None:
    server.leaked = LEAKED
    result = run(server.url, "--into", tmp_path, "--every", "10ms", "--count", 3, "--keep", 2)
    assert result.exit_code == 0
    names = everything_in(tmp_path)
    assert [name.partition("-")[0] for name in names] == ["goroutineleak", "goroutineleak", "heap", "heap"]
    assert [(tmp_path / name).read_bytes() for name in names] == [LEAKED, LEAKED, GOOD, GOOD]
    assert {str(tmp_path / name) for name in names} < set(result.stdout.split())


@pytest.mark.parametrize("answer", [None, b"<html>", GOOD])
def test_a_server_without_them_is_asked_once(server: ProfileServer, tmp_path: Path, answer: bytes | None) -> None:
    """There is no message: most servers have none."""
    server.leaked = answer
    result = run(server.url, "--into", tmp_path, "--every", "10ms", "--count", 3)
    assert (result.exit_code, result.stderr, server.asked_leaked) == (0, "", 1)
    assert all(NAME.fullmatch(name) for name in everything_in(tmp_path))


@pytest.mark.parametrize("path", ["/debug/pprof/goroutine", "/debug/pprof/allocs", "/profiles/heap"])
def test_they_are_beside_the_heap_of_a_go_program_only(server: ProfileServer, tmp_path: Path, path: str) -> None:
    server.leaked = LEAKED
    run(server.url + path, "--into", tmp_path)
    run(server.url, "--into", tmp_path, "--seconds", 1)
    assert (len(server.asked), server.asked_leaked, len(everything_in(tmp_path))) == (2, 0, 2)


def test_a_series_keeps_the_newest(server: ProfileServer, tmp_path: Path) -> None:
    other = tmp_path / "heap-mine.pb.gz"
    other.write_bytes(b"not a capture")
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 5, "--keep", 2)
    assert result.exit_code == 0
    made = result.output.split()
    assert len(made) == 5
    assert everything_in(tmp_path) == sorted([other.name, *(m.rsplit("/", 1)[1] for m in made[-2:])])


@pytest.mark.parametrize(
    ("status", "body", "words", "tries"),
    [
        (404, b"404 page not found", "404 Not Found .*net/http/pprof", 1),
        (404, b"Unknown profile\n", "404 Not Found .*/debug/pprof/ lists those", 1),
        (401, b"", "401 Unauthorized .*--bearer-file", 1),
        (429, b"", "429", retry.MAX_TRIES),
        (502, b"", "502", retry.MAX_TRIES),
        (200, b"<!doctype html><h1>Login", "not with a profile: .*HTML page", 1),
        (200, GOOD[:-20], "cut off", retry.MAX_TRIES),
    ],
)
def test_a_wrong_answer_is_an_error_with_its_reason(
    server: ProfileServer, tmp_path: Path, status: int, body: bytes, words: str, tries: int
) -> None:
    server.status, server.body = status, body
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert re.search(words, result.output)
    assert len(server.asked) == tries
    assert everything_in(tmp_path) == []


def test_a_program_without_leaked_goroutines_is_built_without_them(server: ProfileServer, tmp_path: Path) -> None:
    """As any of Go 1.26 that is built without the experiment, though it imports net/http/pprof."""
    result = run(f"{server.url}/debug/pprof/goroutineleak", "--into", tmp_path)
    assert "404 Not Found (it takes Go 1.26 and a build with GOEXPERIMENT=goroutineleakprofile" in result.output
    assert "import" not in result.output


def test_an_answer_that_ends_early(server: ProfileServer, tmp_path: Path) -> None:
    server.cut = 5
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert everything_in(tmp_path) == []


@pytest.mark.programs
def test_a_series_goes_on_after_a_wrong_answer(server: ProfileServer, tmp_path: Path) -> None:
    server.status = 503
    alloclens = [*ALLOCLENS, server.url, "--into", str(tmp_path)]
    with subprocess.Popen([*alloclens, "--every", "50ms", "--count", "1"], stderr=subprocess.PIPE, text=True) as child:
        assert "503" in child.stderr.readline()
        server.status = 200
        assert child.wait(20) == 0
    assert len(everything_in(tmp_path)) == 1


def test_nobody_there(tmp_path: Path, server: ProfileServer) -> None:
    del server
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = run(f"http://127.0.0.1:{port}", "--into", tmp_path)
    assert result.exit_code == 1
    assert result.stderr.count("refused") == 2  # the second reason is "the same again"


@pytest.mark.programs
def test_a_service_that_starts_slowly(server: ProfileServer, tmp_path: Path) -> None:
    server.status, server.headers = 503, {"Retry-After": "0"}
    with (
        process([*ALLOCLENS, server.url, "--into", str(tmp_path)], stderr=subprocess.PIPE, text=True) as child,
        child.stderr,
    ):
        assert "503" in child.stderr.readline()
        server.status = 200
        assert child.wait(20) == 0
    assert len(everything_in(tmp_path)) == 1


def test_a_server_that_wants_to_be_left_alone(server: ProfileServer, tmp_path: Path) -> None:
    server.status, server.headers = 429, {"Retry-After": "3600"}
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert "429 Too Many Requests" in result.stderr
    assert "3600 s" in result.stderr
    assert len(server.asked) == 1


def test_a_single_capture_waits_as_long_as_the_server_asks(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status, server.headers = 503, {"Retry-After": "7"}
    rests: list[float] = []
    monkeypatch.setattr(time, "sleep", rests.append)
    assert run(server.url, "--into", tmp_path).exit_code == 1
    assert rests == [7, 7]


def test_a_series_waits_as_long_as_the_server_asks(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status, server.headers = 503, {"Retry-After": "1"}
    rests = []

    def sleep(seconds: float) -> None:
        rests.append(seconds)
        server.status = 200 if server.asked else 503

    monkeypatch.setattr(time, "sleep", sleep)
    result = run(server.url, "--into", tmp_path, "--every", "100ms", "--count", 1)
    assert result.exit_code == 0
    assert "trying again in 1 s" in result.stderr
    assert rests[0] == 0
    assert rests[1] > 0.8


@pytest.mark.programs
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_partial_file(server: ProfileServer, tmp_path: Path, sign: signal.Signals) -> None:
    server.delay = 0.2
    alloclens = [*ALLOCLENS, server.url, "--into", tmp_path, "--every", "10ms"]
    with subprocess.Popen(alloclens, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        child.stdout.readline()
        time.sleep(0.1)
        child.send_signal(sign)
        assert child.wait(20) == 0
        assert child.stderr.read() == ""
    assert all(NAME.fullmatch(name) for name in everything_in(tmp_path))


STILL = {
    "no answer": [],
    "a trickled header": itertools.chain([OK + b"X: "], itertools.repeat(b"x")),
    "a trickled body": itertools.chain([OK + b"\r\n"], itertools.repeat(b"x")),
}


@pytest.mark.programs
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("pieces", STILL.values(), ids=STILL)
def test_a_single_capture_that_is_stopped(
    server: ProfileServer, tmp_path: Path, sign: signal.Signals, pieces: Iterable[bytes]
) -> None:
    server.pieces, server.pause, server.delay = pieces, 0.02, 0 if pieces else 60
    with subprocess.Popen([*ALLOCLENS, server.url, "--into", str(tmp_path)], stdout=-1, stderr=-1, text=True) as child:
        while not server.asked:
            time.sleep(0.02)
        child.send_signal(sign)
        assert child.communicate(timeout=15) == ("", "")
    assert child.returncode == 128 + sign
    assert everything_in(tmp_path) == []


@pytest.mark.programs
@pytest.mark.skipif("sys.platform == 'win32'", reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_look_up_that_is_stopped(tmp_path: Path, sign: signal.Signals) -> None:
    """The system's resolver cannot be interrupted."""
    program = """
import os, socket, sys, time
def look_up(*_, **__):
    os.write(1, b"looking\\n")  # without the lock of sys.stdout, which Python takes when it ends
    time.sleep(60)
socket.getaddrinfo = look_up
from alloclens.cli import main
main(["capture", "http://localhost:1", "--into", sys.argv[1]])
"""
    with subprocess.Popen([sys.executable, "-c", program, tmp_path], stdout=-1, stderr=-1, text=True) as child:
        child.stdout.readline()
        child.send_signal(sign)
        assert child.communicate(timeout=15) == ("", "")
    assert child.returncode == 128 + sign


def test_a_count_needs_a_series(tmp_path: Path) -> None:
    result = run("http://127.0.0.1:9", "--into", tmp_path, "--count", 3)
    assert result.exit_code == 2
    assert "requires --every" in result.output


@pytest.mark.parametrize("text", ["0s", "0.5ms", "87601h", "9" * 400, "5 s", "1d", "-1s", ""])
def test_no_duration(text: str, tmp_path: Path) -> None:
    result = run("http://127.0.0.1:9", "--into", tmp_path, "--every", text)
    assert result.exit_code == 2
    assert "is not a duration" in result.output


SECRET = "s3cr3t"


@pytest.mark.parametrize("status", [200, 302, 401, 500, 503])
def test_no_secret_is_ever_shown(server: ProfileServer, tmp_path: Path, status: int) -> None:
    server.status, server.headers = status, {"Location": f"http://me:{SECRET}@127.0.0.1:9/?{SECRET}"}
    (tmp_path / "token").write_text(SECRET)
    url = server.url.replace("//", f"//me:{SECRET}@")
    results = [
        run(f"{url}?token={SECRET}", "--into", tmp_path / "a"),
        run(server.url, "--into", tmp_path / "a", "--header", f"X-Key: {SECRET}", "--bearer-file", tmp_path / "token"),
        run(server.url, "--into", tmp_path / "a", "--header", f"X Key: {SECRET}"),
        run(url.replace("127.0.0.1", "127.0.0.1:no"), "--into", tmp_path / "a"),
        run(url, "--into", tmp_path / "a", "--bearer-file", tmp_path / "token"),
    ]
    assert server.seen[0]["authorization"] == "Basic bWU6czNjcjN0"
    assert SECRET not in "".join(result.output for result in results)
    assert SECRET not in "".join(map(str, tmp_path.rglob("*")))


def test_no_secret_is_shown_that_a_server_echoes(server: ProfileServer, tmp_path: Path) -> None:
    server.status = 500
    server.body = f"who is me:{SECRET} with Basic bWU6czNjcjN0, or bWU6czNjcjN0, or {SECRET}?".encode()
    url = server.url.replace("//", f"//me:{SECRET}@")
    results = [
        run(url, "--into", tmp_path),
        run(f"{server.url}?token={SECRET}", "--into", tmp_path),
        run(server.url, "--into", tmp_path, "--header", f"X-Key: {SECRET}"),
    ]
    assert SECRET not in "".join(result.output for result in results)
    assert "bWU6czNjcjN0" not in results[0].output
    assert "who is … with …, or …, or …?" in results[0].output


@pytest.mark.parametrize("url", ["", "http://", "http://127.0.0.1:99999/", "ftp://localhost/"])
def test_a_url_that_is_not_an_address_is_a_wrong_argument(tmp_path: Path, url: str) -> None:
    assert run(url, "--into", tmp_path).exit_code == 2


@pytest.mark.parametrize(
    "options",
    [
        ("--bearer-file", "{token}", "--header", "authorization: Basic x"),
        ("--header", "Authorization: Basic x", "--header", "authorization: Basic y"),
        ("--key", "{token}"),
        ("--header", "nonsense"),
        ("--header", "content-length: 5"),
        ("--bearer-file", "{token}.missing"),
    ],
)
def test_options_that_contradict(server: ProfileServer, tmp_path: Path, options: tuple[str, ...]) -> None:
    (tmp_path / "token").write_text("x")
    result = run(server.url, "--into", tmp_path, *(o.format(token=tmp_path / "token") for o in options))
    assert result.exit_code == 2
    assert server.asked == []


@pytest.mark.parametrize(("status", "body"), [(500, b"a\x1b]0;x\x07b\xc2\x9bc\rd\x00"), (200, b"\x1b]0;x\x07")])
def test_an_answer_is_printed_as_text(server: ProfileServer, tmp_path: Path, status: int, body: bytes) -> None:
    server.pieces = [b"HTTP/1.1 %d O\x1b[31m\xe2\x80\xaeK\r\n\r\n" % status, body]
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", result.output)
    assert len(result.output.splitlines()) == (retry.MAX_TRIES if status == 500 else 1)
    if status == 500:
        assert "500 O\\x1b[31m\\u202eK: a\\x1b]0;x\\x07b\\x9bc\\rd\\x00" in result.output


def test_a_redirect_is_told_once(server: ProfileServer, tmp_path: Path) -> None:
    server.redirects = {"/debug/pprof/heap": "/other"}
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 3)
    assert result.stderr == f"{server.url}/debug/pprof/heap redirects to {server.url}/other\n"
    assert len(everything_in(tmp_path)) == 3


def test_files_of_earlier_versions_stay_and_are_told_once(server: ProfileServer, tmp_path: Path) -> None:
    old = tmp_path / "heap-20260102T030405.678Z.pb.gz"
    old.write_bytes(GOOD)
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 4, "--keep", 2)
    assert len(everything_in(tmp_path)) == 3
    assert old.exists()
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{tmp_path}: ")
    assert line.endswith("not listed: 1 file")


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
    (line,) = result.stderr.splitlines()
    assert line.startswith(str(tmp_path / "labels.toml"))
    assert line.endswith("no capture was removed")


FAULTS = [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO]


class Disk:
    """Fails to write so many times."""

    def __init__(self, fault: int, failures: int) -> None:
        self.fault, self.failures = fault, failures

    def fsync(self, _descriptor: int) -> None:
        if self.failures:
            self.failures -= 1
            raise OSError(self.fault, os.strerror(self.fault))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_disk_ends_a_single_capture(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    monkeypatch.setattr(os, "fsync", Disk(fault, 1).fsync)
    result = run(server.url, "--into", tmp_path)
    assert result.exit_code == 1
    assert result.stderr == f"Error: {tmp_path}: {os.strerror(fault)}\n"
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_disk_does_not_end_a_series(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    monkeypatch.setattr(os, "fsync", Disk(fault, 2).fsync)
    result = run(server.url, "--into", tmp_path, "--every", "20ms", "--count", 1)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [f"{tmp_path}: {os.strerror(fault)}; trying again in 0.02 s"] * 2
    assert len(everything_in(tmp_path)) == 1


def test_a_directory_that_comes_and_goes_does_not_end_a_series(
    server: ProfileServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "profiles"
    between = iter(
        [lambda: None, lambda: shutil.rmtree(into), lambda: (shutil.rmtree(into), into.touch()), into.unlink]
    )
    monkeypatch.setattr(time, "sleep", lambda _seconds: next(between)())
    result = run(server.url, "--into", into, "--every", "1ms", "--count", 3, "--keep", 5)
    assert result.exit_code == 0
    assert result.stderr == f"{into}: File exists; trying again in 0.001 s\n"
    assert everything_in(into) == [result.stdout.split("/")[-1].strip()]


@pytest.mark.programs
def test_a_real_program(tmp_path: Path) -> None:
    program = goservice.build(tmp_path / "program")
    into, names = tmp_path / "profiles", []
    with goservice.running(program, 1) as service:
        for path in (
            "",
            "/debug/pprof/",
            "/debug/pprof/goroutine",
            "/debug/pprof/heap?seconds=1",
            "/debug/pprof/profile?seconds=1",
        ):
            result = run(service.url + path, "--into", into)
            assert result.exit_code == 0, result.output
            names += [name.rpartition("/")[2] for name in result.stdout.split()]
        for path, words in (
            ("/debug/pprof/nothing", "404 Not Found (/debug/pprof/ lists those that there are): Unknown profile"),
            ("/debug/pprof/trace?seconds=1", "not with a profile"),
            ("/debug/pprof/heap?seconds=x", '400 Bad Request: invalid value for "seconds"'),
        ):
            result = run(service.url + path, "--into", tmp_path / "none")
            assert result.exit_code == 1
            assert words in result.output
    assert not (tmp_path / "none").exists()
    taken = [name for name in names if not name.startswith("goroutineleak")]  # since Go 1.27, beside a heap
    assert len(taken) == 5
    assert everything_in(into) == sorted(names)
    assert all(read((into / name).read_bytes()).sample_types for name in names)
