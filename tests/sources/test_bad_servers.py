"""Servers that say why they will not, say nothing, say it too slowly, or say something that is not HTTP."""

from __future__ import annotations

import errno
import itertools
import os
import re
import socket
import ssl
import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
import trustme
from alloclens.sources import fetch as fetching
from alloclens.sources.address import endpoint
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import fetch

from tests.sources.conftest import GOOD
from tests.support.server import ProfileServer, profile_server, silent_listener

if TYPE_CHECKING:
    from collections.abc import Iterator

TOMORROW = datetime.now(timezone.utc) + timedelta(days=1)
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_TIMEOUT_SECONDS", 0.3)


def asked(url: str, seconds: int | None = None) -> bytes:
    return fetch(endpoint(url, seconds)).data


def refusal(url: str) -> str:
    with pytest.raises(CaptureError) as caught:
        asked(url)
    return str(caught.value)


def chunked(*parts: bytes) -> list[bytes]:
    return [OK + b"Transfer-Encoding: chunked\r\n\r\n", *(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)]


NOTHING: Iterator[bytes] = iter(())
ENDLESS = {
    "nothing": NOTHING,
    "a trickled body": [OK + b"Content-Length: 1000000\r\n\r\n", *[b"x"] * 100],
    "a body without an end": itertools.chain([OK + b"\r\n"], itertools.repeat(b"x")),
    "chunks without an end": itertools.chain(chunked(), itertools.repeat(b"1\r\nx\r\n")),
    "a trickled header": itertools.chain([OK + b"X-Slow: "], itertools.repeat(b"x")),
    "trailers": itertools.chain(chunked(b"x"), [b"0\r\n"], (b"X: %d\r\n" % i for i in itertools.count())),
    "a trickled status line": itertools.repeat(b"H"),
    "interim answers": itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("pieces", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_does_not_end(server: ProfileServer, pieces: Iterator[bytes]) -> None:
    server.pieces, server.pause, server.delay = pieces, 0.05, 20 if pieces is NOTHING else 0
    said = refusal(server.url)
    assert re.fullmatch(rf"{server.url}\S+: gave up after 0.3 s while (waiting for|reading) the answer.*", said)
    if pieces is not NOTHING:
        assert server.gone.wait(30), "the connection is still open"


@pytest.mark.parametrize(
    ("piece", "words"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n", "interim answers"),
        (b"X" * 1000, "incomplete or invalid HTTP response"),
        (OK + b"X: " + b"x" * (1 << 20), "incomplete or invalid HTTP response"),
    ],
)
def test_headers_are_bounded(server: ProfileServer, piece: bytes, words: str) -> None:
    server.pieces = itertools.repeat(piece)
    assert words in refusal(server.url)


@pytest.mark.parametrize("pieces", [[OK + b"\r\n"], [OK + b"Content-Length: 1073741824\r\n\r\n"], chunked()])
def test_bodies_are_bounded(server: ProfileServer, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]) -> None:
    monkeypatch.setattr(fetching, "MAX_ANSWER_BYTES", 1 << 20)
    server.pieces = itertools.chain(pieces, itertools.repeat(b"3e8\r\n%s\r\n" % (b"x" * 1000)))
    assert refusal(server.url).endswith(
        "answered with more than 1 MiB (let the process sample less often, as with a larger runtime.MemProfileRate in Go)"
    )


@pytest.mark.usefixtures("_impatient")
def test_a_tls_handshake_that_does_not_end() -> None:
    with silent_listener() as port:
        assert "gave up after 0.3 s while negotiating TLS" in refusal(f"https://127.0.0.1:{port}")


@pytest.mark.usefixtures("_impatient")
def test_a_name_that_is_looked_up_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: ended.wait() and [])
    assert "gave up after 0.3 s while looking up localhost" in refusal("http://localhost:1")
    ended.set()


def test_a_time_out_of_the_system_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert refusal("http://localhost:1").endswith("looking up localhost failed: Connection timed out")


@pytest.mark.usefixtures("_impatient")
def test_redirects_share_one_deadline(server: ProfileServer) -> None:
    server.delay = 0.1
    server.redirects = {f"/{i}": f"/{i + 1}" for i in range(9)}
    assert "gave up after 0.3 s" in refusal(f"{server.url}/0")


@pytest.mark.skipif("sys.platform != 'linux'", reason="a full backlog refuses connections elsewhere")
def test_an_address_that_does_not_answer_leaves_time_for_the_next(
    server: ProfileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(server.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.socket() as first, socket.socket() as second:
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", p)) for p in (full.getsockname()[1], port)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: found)
        monkeypatch.setattr(fetching, "ANSWER_TIMEOUT_SECONDS", 2.0)
        assert asked("http://localhost:1") == GOOD


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize(
    ("path", "seconds"), [("", 5), ("/debug/pprof/heap?seconds=5", None), ("/debug/pprof/profile", None)]
)
def test_the_seconds_of_observation_are_waited_for(server: ProfileServer, path: str, seconds: int | None) -> None:
    server.delay = 0.6
    assert asked(server.url + path, seconds) == GOOD


BROKEN = {
    "a shorter body than promised": (
        [OK + b"Content-Length: 99999\r\n\r\n", GOOD],
        "incomplete or invalid HTTP response",
    ),
    "a chunk cut off": ([*chunked(), b"ffff\r\n" + GOOD], "incomplete or invalid HTTP response"),
    "chunks without the last": (chunked(GOOD), "incomplete or invalid HTTP response"),
    "a chunk without a size": (
        [*chunked(), b"zz\r\n" + GOOD],
        "incomplete or invalid HTTP response: illegal chunk header$",
    ),
    "two lengths": ([OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"], "incomplete or invalid HTTP response"),
    "another protocol": ([b"SSH-2.0-OpenSSH_9.6\r\n"], "incomplete or invalid HTTP response"),
    "no answer": ([], "waiting for the answer failed: the server closed the connection"),
    "an empty answer": ([OK + b"Content-Length: 0\r\n\r\n"], "not with a profile: .*is empty"),
    "no content": ([b"HTTP/1.1 204 No Content\r\n\r\n"], "answered 204 No Content"),
    "a part": ([b"HTTP/1.1 206 Partial Content\r\n\r\n" + GOOD], "answered 206"),
    "a page": ([OK + b"\r\n<!doctype html><title>Login"], "not with a profile: .*HTML page"),
}


@pytest.mark.parametrize(("pieces", "words"), BROKEN.values(), ids=BROKEN)
def test_an_answer_that_is_broken(server: ProfileServer, pieces: list[bytes], words: str) -> None:
    server.pieces = pieces
    assert re.search(words, refusal(server.url))


@pytest.mark.parametrize("pieces", [[], [OK], [OK + b"Content-Length: 99999\r\n\r\n", GOOD], [OK + b"\r\n" + GOOD]])
def test_a_connection_that_is_reset(server: ProfileServer, pieces: list[bytes]) -> None:
    server.pieces, server.reset = pieces, True
    assert re.search("reset by peer|aborted|forcibly closed", refusal(server.url))


@pytest.mark.slow
def test_http_1_0_and_chunks_are_understood(server: ProfileServer) -> None:
    server.pieces = [b"HTTP/1.0 200 OK\r\n\r\n", GOOD[:10], GOOD[10:]]
    assert asked(server.url) == GOOD
    server.pieces = [b"HTTP/1.1 100 Continue\r\n\r\n", *chunked(GOOD[:10], GOOD[10:]), b"0\r\nX: y\r\n\r\n"]
    assert asked(server.url) == GOOD


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (b"profile duration exceeds server's WriteTimeout\n", ": profile duration exceeds server's WriteTimeout"),
        (b"first\nsecond", ": first"),
        (b"<html>login</html>", "Bad Request"),
        (b"\x1f\x8b\x00", "Bad Request"),
        (b"", "Bad Request"),
        (b"x" * 1000, "x" * 299 + "…"),
    ],
)
def test_the_servers_own_words(server: ProfileServer, body: bytes, end: str) -> None:
    server.status, server.body = 400, body
    assert refusal(server.url).endswith(end)


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("7", 7, 7),
        pytest.param(format_datetime(TOMORROW, usegmt=True), 12 * 3600, 24 * 3600, id="tomorrow"),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("²", 0, 0),
        ("9" * 400, 24 * 3600, 24 * 3600),
    ],
)
def test_when_to_ask_again(server: ProfileServer, said: str, low: float, high: float) -> None:
    head = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"
    server.pieces = [head % said.encode()]
    with pytest.raises(CaptureError) as caught:
        asked(server.url)
    assert low <= caught.value.wait <= high


def test_tls_and_http_are_mixed_up(server: ProfileServer) -> None:
    assert "does not speak TLS" in refusal(server.url.replace("http:", "https:"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with profile_server(context) as secure:
        assert "waiting for the answer failed" in refusal(secure.url.replace("https:", "http:"))


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), False),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), True),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), True),
    ],
)
def test_whether_another_try_can_help(monkeypatch: pytest.MonkeyPatch, error: OSError, passing: bool) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(CaptureError) as caught:
        asked("http://localhost:1")
    assert caught.value.passing == passing


@pytest.mark.parametrize(("status", "passing"), [(404, False), (500, True), (501, False), (503, True)])
def test_whether_a_status_may_pass(server: ProfileServer, status: int, passing: bool) -> None:
    server.status = status
    with pytest.raises(CaptureError) as caught:
        asked(server.url)
    assert caught.value.passing == passing


def test_a_server_without_tls_is_asked_once(server: ProfileServer) -> None:
    with pytest.raises(CaptureError) as caught:
        asked(server.url.replace("http:", "https:"))
    assert not caught.value.passing


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert re.search(rf"connecting to 127\.0\.0\.1:{port} failed: .*refused", refusal(f"http://127.0.0.1:{port}"))


def test_no_thread_is_left_behind(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A series must not gather them."""
    monkeypatch.setattr(fetching, "ANSWER_TIMEOUT_SECONDS", 0.1)
    server.delay = 20
    for _ in range(3):
        refusal(server.url)
    for thread in threading.enumerate():
        if thread.name == "capture":
            thread.join()
