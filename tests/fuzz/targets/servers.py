"""Damaged HTTP answers: each becomes a profile or an error that says what came, within the deadline."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from alloclens.sources.address import endpoint
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import fetch

from tests.fuzz.mutate import mutant, packed
from tests.fuzz.target import Outcome, kind_of, measured
from tests.support.profiles import heap

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

BODY = heap("main.f@/w/a.go:1 < main.main@/w/b.go:3 = 2x512")
HEADS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % len(BODY),
    b"HTTP/1.0 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY),
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /debug/pprof/heap\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
)


class Servers:
    """The bytes that a server answers with before it closes the connection."""

    def __init__(self, _folder: Path) -> None:
        self.answer = b""
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.address = endpoint(f"http://127.0.0.1:{self.listening.getsockname()[1]}")
        threading.Thread(target=self.serve, daemon=True).start()

    def made(self, rng: Random) -> bytes:
        head = mutant(rng, HEADS)
        return head + (packed(rng, BODY) if rng.random() < 0.8 else mutant(rng, (BODY,)))

    def outcome(self, data: bytes) -> Outcome:
        self.answer, kind = data, "profile"
        with measured() as clock:
            try:
                fetch(self.address)
            except CaptureError as error:
                kind = kind_of(error)
        return Outcome(kind, clock.seconds)

    def serve(self) -> None:
        with suppress(OSError):  # until it is closed
            while True:
                connection, _ = self.listening.accept()
                with connection, suppress(OSError):
                    connection.recv(1 << 16)
                    connection.sendall(self.answer)

    def close(self) -> None:
        self.listening.close()
