"""A profile server on the loopback interface that answers what a test tells it to."""

from __future__ import annotations

import contextlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class ProfileServer:
    """Answers every request alike, and remembers what was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.delay = 200, b"", 0.0
        self.cut = 0
        """So many bytes of the promised ones are not sent."""
        self.asked: list[str] = []
        self.url = ""


@contextlib.contextmanager
def profile_server() -> Iterator[ProfileServer]:
    """Serve until the end of the block."""
    state = ProfileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            time.sleep(state.delay)
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.body)))
            self.end_headers()
            self.wfile.write(state.body[: len(state.body) - state.cut])

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
