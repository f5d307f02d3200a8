"""The base protocol: bytes in any pieces, headers in every legal form, and what is wrong about either."""

from __future__ import annotations

import os
import threading

import pytest
from alloclens.lsp import base_protocol
from alloclens.lsp.base_protocol import Framing, Unreadable, Writer
from hypothesis import given
from hypothesis import strategies as st

NO_LENGTH = Unreadable("its header has no Content-Length")
HEADERS = (
    "Content-Length: {}\r\n\r\n",
    "content-length: {}\r\n\r\n",
    "CONTENT-LENGTH:{}\r\n\r\n",
    "Content-Length:  {} \r\n\r\n",
    "Content-Length: 00{}\r\n\r\n",
    "Content-Length: {}\n\n",
    "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
    "Content-Length: {}\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
    "X-Other: 5\r\ncontent-Length: {}\r\nX-More: 6\r\n\r\n",
)


def found(data: bytes) -> list[bytes | Unreadable]:
    return list(Framing().feed(data))


@pytest.mark.parametrize("header", HEADERS)
def test_legal_headers(header: str) -> None:
    assert found(header.format(2).encode() + b"{}" + header.format(0).encode()) == [b"{}", b""]


@given(
    st.lists(st.tuples(st.sampled_from(HEADERS), st.binary(max_size=40)), max_size=6),
    st.lists(st.integers(1, 30)),
)
def test_the_pieces_make_no_difference(messages: list[tuple[str, bytes]], sizes: list[int]) -> None:
    data = b"".join(header.format(len(body)).encode() + body for header, body in messages)
    frames, out, at = Framing(), [], 0
    for size in (*sizes, len(data)):
        out += frames.feed(data[at : at + size])
        at += size
    assert out == [body for _, body in messages]


@given(st.lists(st.binary(max_size=100)))
def test_no_bytes_break_it(pieces: list[bytes]) -> None:
    frames = Framing()
    for piece in pieces:
        list(frames.feed(piece))


@pytest.mark.parametrize(
    "header", ["Content-Length: x\r\n\r\n", "Content-Length: -2\r\n\r\n", "\r\n\r\n", "Other: 2\r\n\r\n"]
)
def test_a_header_without_a_length_is_passed_over(header: str) -> None:
    assert found(header.encode() + b"Content-Length: 2\r\n\r\n{}") == [NO_LENGTH, b"{}"]


@pytest.mark.parametrize("said", [1, 5])
def test_a_wrong_length_costs_no_more_than_one_message_after_it(said: int) -> None:
    """Too short: the rest stands before the next header. Too long: the next header has lost its beginning."""
    header, message = f"Content-Length: {said}\r\n\r\n".encode(), b"Content-Length: 4\r\n\r\ntrue"
    assert found(header + b"{}" + 2 * message)[-1] == b"true"


def test_a_message_that_is_too_large_is_passed_over_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_protocol, "MAX_MESSAGE_BYTES", 10)
    frames = Framing()
    assert len(list(frames.feed(b"Content-Length: 1000\r\n\r\n"))) == 1
    for _ in range(10):
        assert list(frames.feed(100 * b"x")) == []
        assert len(frames._data) == 0
    assert [*frames.feed(b"Content-Length: 2\r\n\r\n{}")] == [bytearray(b"{}")]


def test_what_has_no_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_protocol, "MAX_HEADER_BYTES", 100)
    frames = Framing()
    for _ in range(100):
        list(frames.feed(50 * b"x"))
    assert len(frames._data) <= 100
    assert [*frames.feed(b"Content-Length: 2\r\n\r\n{}")] == [bytearray(b"{}")]


def test_an_editor_that_does_not_read_stops_nobody() -> None:
    source, sink = os.pipe()
    writer = Writer(sink, lambda: None)
    data = bytes(1 << 20)  # many times what a pipe holds
    writer.write(data)  # returns, though nobody reads
    writer.write(b"!")
    with open(source, "rb") as file:
        assert file.read(len(data) + 1) == data + b"!"
    writer.close()
    os.close(sink)


def test_an_editor_that_is_gone_is_noticed() -> None:
    source, sink = os.pipe()
    os.close(source)
    gone = threading.Event()
    writer = Writer(sink, gone.set)
    writer.write(b"!")
    assert gone.wait(60)
    writer.close()
    os.close(sink)
