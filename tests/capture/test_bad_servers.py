"""Addresses that are none, and servers that say why they will not, or say nothing for too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.capture import fetch as fetching
from alloclens.capture.fetch import CaptureError, endpoint, fetch

from tests.support.profiles import heap
from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def server() -> Iterator[ProfileServer]:
    with profile_server() as running:
        running.body = heap("main.f@/a.go:1 = 1x8")
        yield running


@pytest.mark.parametrize("url", ["http://[::1", "http://h:port", "http://h:99999", "http://h:0"])
def test_no_address(url: str) -> None:
    with pytest.raises(CaptureError, match="is no address"):
        endpoint(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/é", "http://a..b/", "http://a b/"])
def test_an_address_that_cannot_be_sent(url: str) -> None:
    with pytest.raises(CaptureError, match="cannot be reached"):
        fetch(url)


def test_a_slow_answer(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PATIENCE_SECONDS", 0.2)
    server.delay = 2
    with pytest.raises(CaptureError, match="timed out"):
        fetch(server.url)


def test_a_difference_is_waited_for(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PATIENCE_SECONDS", 0.2)
    server.delay = 0.5
    assert fetch(server.url, seconds=5) == server.body


def test_an_answer_that_is_too_large(server: ProfileServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "LARGEST_ANSWER", len(server.body) - 1)
    with pytest.raises(CaptureError, match="more than"):
        fetch(server.url)


@pytest.mark.parametrize(
    ("body", "end"),
    [
        (b"profile duration exceeds server's WriteTimeout\n", ": profile duration exceeds server's WriteTimeout"),
        (b"first\nsecond", ": first"),
        (b"<html>login</html>", "Bad Request"),
        (b"\x1f\x8b\x00", "Bad Request"),
        (b"", "Bad Request"),
    ],
)
def test_the_servers_own_words(server: ProfileServer, body: bytes, end: str) -> None:
    server.status, server.body = 400, body
    with pytest.raises(CaptureError) as caught:
        fetch(server.url)
    assert str(caught.value).endswith(end)
