"""Sends one HTTP/1.1 request with a deadline, using h11."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import h11

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from alloclens.sources.access import Header
    from alloclens.sources.address import Address
    from alloclens.sources.proxies import Proxy

MAX_HEADER_BYTES = 64 << 10
MAX_INTERIM_ANSWERS = 100
"""Informational answers such as `100 Continue`."""
READ_BYTES = 64 << 10
TICK_SECONDS = 0.2
T = TypeVar("T")


class TooLargeError(Exception):
    """The body exceeds the limit."""


class Response(NamedTuple):
    """A complete answer, as received."""

    status: int
    reason: str
    headers: dict[str, str]
    """By lower-case name; the last value wins."""
    body: bytes


class Deadline:
    """A deadline, and what is currently being waited for."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.end, self.doing = seconds, time.monotonic() + seconds, "starting"

    def left(self, doing: str) -> float:
        """Return the seconds left for the next step. Raises TimeoutError if there are none."""
        self.doing = doing
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def in_time(deadline: Deadline, call: Callable[[], T]) -> T:
    """Run a call that observes the deadline, and return or raise its result.

    It runs in a thread that can be abandoned: nothing interrupts the system's resolver, and on Windows Ctrl-C does not
    interrupt a socket.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    thread = threading.Thread(target=run, name="capture", daemon=True)
    thread.start()
    while thread.is_alive():
        if time.monotonic() > deadline.end + TICK_SECONDS:
            raise TimeoutError
        thread.join(TICK_SECONDS)
    for error in raised:
        raise error
    return returned[0]


def send(
    address: Address,
    headers: Iterable[Header],
    proxy: Proxy | None,
    tls: Callable[[], ssl.SSLContext],
    deadline: Deadline,
    limit: int,
    body: bytes | None = None,
) -> Response:
    """Send a request, a POST if there is a body, and return the answer.

    Raises OSError, including TimeoutError; h11.ProtocolError; TooLargeError.
    """
    peer, target = (proxy.address if proxy else address), address.target
    host = address.host.partition("%")[0]  # certificates have no IPv6 zone
    with ExitStack() as opened:
        connection = opened.enter_context(_connect(peer, deadline))
        if address.scheme == "https":
            if proxy:
                _tunnel(connection, address, proxy, deadline)
            connection.settimeout(deadline.left("negotiating TLS"))
            connection = opened.enter_context(tls().wrap_socket(connection, server_hostname=host))
        elif proxy:
            target, headers = f"{address.origin}{target}", [*proxy.headers, *headers]
        if body is not None:
            headers = [*headers, ("Content-Length", str(len(body)))]
        fields = [(name.encode(), value.encode()) for name, value in headers]
        request = h11.Request(method="GET" if body is None else "POST", target=target, headers=fields)
        return _exchange(connection, request, body or b"", deadline, limit)


def _tunnel(connection: socket.socket, address: Address, proxy: Proxy, deadline: Deadline) -> None:
    """Open a tunnel to a server through a proxy. Raises OSError if the proxy refuses."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    target = f"{host}:{address.port}"
    request = h11.Request(method="CONNECT", target=target, headers=[("Host", target), *proxy.headers])
    answer = _exchange(connection, request, b"", deadline, MAX_HEADER_BYTES)
    if answer.status != HTTPStatus.OK:
        deadline.doing = f"connecting to {target}"
        raise ConnectionError(f"the proxy {proxy.address.origin} answered {answer.status} {answer.reason}")


def _connect(to: Address, deadline: Deadline) -> socket.socket:
    """Try each address of a host with an equal share of the remaining time."""
    deadline.left(f"looking up {to.host}")
    addresses = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    failed = OSError(f"{to.host} has no address")
    for number, (family, kind, protocol, _, at) in enumerate(addresses):
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:  # an address family that this machine lacks
            failed = error
            continue
        try:
            connection.settimeout(deadline.left(f"connecting to {to.authority}") / (len(addresses) - number))
            connection.connect(at)
        except OSError as error:
            failed = error
            connection.close()
        else:
            return connection
    raise failed


def _exchange(connection: socket.socket, request: h11.Request, body: bytes, deadline: Deadline, limit: int) -> Response:
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    events = request, h11.Data(data=body), h11.EndOfMessage()
    data = b"".join(protocol.send(event) or b"" for event in events)
    connection.settimeout(deadline.left("sending the request"))
    connection.sendall(data)
    received = 0

    def receive() -> bytes:
        nonlocal received
        connection.settimeout(
            deadline.left(f"reading the answer after {received} bytes" if received else "waiting for the answer")
        )
        piece = connection.recv(READ_BYTES)
        if not received and not piece:
            raise ConnectionError("the server closed the connection")
        received += len(piece)
        return piece

    return answer(protocol, receive, limit)


def answer(protocol: h11.Connection, receive: Callable[[], bytes], limit: int) -> Response:
    """Read one answer. Raises h11.ProtocolError, TooLargeError, and the errors of `receive`."""
    head: h11.Response | None = None
    body: list[bytes] = []
    left, interim = limit, 0
    while True:
        event = protocol.next_event()
        if event is h11.NEED_DATA:
            protocol.receive_data(receive())
        elif isinstance(event, h11.InformationalResponse):
            interim += 1
            if interim > MAX_INTERIM_ANSWERS:
                raise h11.RemoteProtocolError(f"more than {MAX_INTERIM_ANSWERS} interim answers")
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            left -= len(event.data)
            if left < 0:
                raise TooLargeError
            body.append(bytes(event.data))
        else:
            break
    if head is None:
        raise h11.RemoteProtocolError("not an answer to the request")
    headers = {name.decode("ascii"): value.decode("utf-8", "replace") for name, value in head.headers}
    return Response(head.status_code, head.reason.decode("utf-8", "replace"), headers, b"".join(body))
