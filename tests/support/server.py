"""A profile server on the loopback interface that answers what a test tells it to, well or badly; it can be a proxy, too."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: close at once, with a reset."""

POLL_SECONDS = 0.02


LEAKED = "/debug/pprof/goroutineleak"


class ProfileServer:
    """Answers every request but one for LEAKED alike, and remembers what was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.delay = 200, b"", 0.0
        self.reason: str | None = None
        self.headers: dict[str, str] = {}
        self.cut = 0
        """The number of promised bytes that are not sent."""
        self.redirects: dict[str, str] = {}
        """Where to, by path."""
        self.pieces: Iterable[bytes] | None = None
        """Sent in place of an HTTP answer, until the client is gone, with `pause` seconds after each."""
        self.pause = 0.0
        self.reset = False
        """Whether the connection then ends with a reset."""
        self.tunnel: Callable[[], socket.socket] | None = None
        """What CONNECT leads to."""
        self.asked: list[str] = []
        self.seen: list[dict[str, str]] = []
        """The headers of each request, by lower-case name."""
        self.gone = threading.Event()
        """Set when a client has left before all pieces were sent."""
        self.closed = threading.Event()
        self.url = ""
        self.answers: Callable[[str, bytes], bytes] | None = None
        """What answers a path and the body of a POST, with `status` and `headers`; None to answer every request alike."""
        self.leaked: bytes | None = None
        """What it answers for LEAKED; None if it has no such profile."""
        self.asked_leaked = 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, state: ProfileServer) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.state = state
        super().__init__((host, 0), _Handler)

    def handle_error(self, *_: Any) -> None:
        """Stay silent: clients leave, and that is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path.partition("?")[0].endswith(LEAKED):
            self._answer_leaked(self.server.state)
            return
        state = self._remembered()
        state.closed.wait(state.delay)
        if state.pieces is not None:
            self._send_pieces(state)
        elif (path := self.path.partition("?")[0]) in state.redirects:
            self._answer(302, {"Location": state.redirects[path]}, b"")
        else:
            body = state.answers(self.path, b"") if state.answers else state.body
            self._answer(state.status, state.headers, body)

    def do_POST(self) -> None:
        state = self._remembered()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = state.answers(self.path, body) if state.answers else state.body
        self._answer(state.status, state.headers, answer)

    def _answer_leaked(self, state: ProfileServer) -> None:
        state.asked_leaked += 1
        if state.leaked is None:
            self._answer(404, {}, b"Unknown profile\n")
        else:
            self._answer(200, {}, state.leaked)

    def do_CONNECT(self) -> None:
        state = self._remembered()
        if not state.tunnel:
            self._answer(403, {}, b"no tunnels here\n")
            return
        self.send_response(200)
        self.end_headers()
        with state.tunnel() as other:
            threading.Thread(target=_pump, args=(other, self.connection), daemon=True).start()
            _pump(self.connection, other)

    def _remembered(self) -> ProfileServer:
        state = self.server.state
        state.asked.append(self.path)
        state.seen.append({name.lower(): value for name, value in self.headers.items()})
        return state

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        state = self.server.state
        self.send_response(status, state.reason)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) - state.cut])

    def _send_pieces(self, state: ProfileServer) -> None:
        self.close_connection = True
        try:
            for piece in state.pieces:
                self.wfile.write(piece)
                if state.closed.wait(state.pause):
                    break
        except OSError:
            state.gone.set()
        if state.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()

    def log_message(self, *_args: object) -> None:
        pass


@contextlib.contextmanager
def profile_server(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[ProfileServer]:
    """Serve until the end of the block."""
    state = ProfileServer()
    server = _Server(host, state)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
    name = f"[{host}]" if ":" in host else host
    state.url = f"{'https' if tls else 'http'}://{name}:{server.server_address[1]}"
    try:
        yield state
    finally:
        state.closed.set()
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def silent_listener() -> Iterator[int]:
    """Yield the port of a listener that lets clients connect, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
