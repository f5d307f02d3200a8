"""One HTTP/1.1 request and its answer, over sockets that know how much time is left. h11 knows the protocol."""

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
"""Bytes."""
MAX_INTERIM_ANSWERS = 100
"""Answers such as `100 Continue` before the answer."""
READ_BYTES = 64 << 10
"""Bytes."""
TICK_SECONDS = 0.2
T = TypeVar("T")


class TooLarge(Exception):  # noqa: N818 - the state of the answer it is raised for
    """A body that is longer than was allowed."""


class Response(NamedTuple):
    """A whole answer, as it came."""

    status: int
    reason: str
    headers: dict[str, str]
    """By lower-case name; the last of several."""
    body: bytes


class Deadline:
    """When all must have ended, and what is being waited for until then."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.end, self.doing = seconds, time.monotonic() + seconds, "starting"

    def left(self, doing: str) -> float:
        """Return the seconds left for what is done next. Raises TimeoutError if there are none."""
        self.doing = doing
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def in_time(deadline: Deadline, call: Callable[[], T]) -> T:
    """Return what a call returns that minds this deadline itself, or raise what it raises.

    It runs in a thread that can be left behind: no signal and no time-out interrupts the system's resolver, and on Windows Ctrl-C
    does not interrupt a socket.
    """
    returned: list[T] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            returned.append(call())
        except BaseException as error:  # noqa: BLE001 - is raised below
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


def get(
    address: Address,
    headers: Iterable[Header],
    proxy: Proxy | None,
    tls: Callable[[], ssl.SSLContext],
    deadline: Deadline,
    limit: int,
) -> Response:
    """Return the answer to a GET request. Raises OSError, also TimeoutError; h11.ProtocolError; TooLarge."""
    asked, target = (proxy.address if proxy else address), address.target
    host = address.host.partition("%")[0]  # no certificate is for an IPv6 zone
    with ExitStack() as opened:
        connection = opened.enter_context(_connect(asked, deadline))
        if address.scheme == "https":
            if proxy:
                _tunnel(connection, address, proxy, deadline)
            connection.settimeout(deadline.left("negotiating TLS"))
            connection = opened.enter_context(tls().wrap_socket(connection, server_hostname=host))
        elif proxy:
            target, headers = f"{address.origin}{target}", [*proxy.headers, *headers]
        request = h11.Request(method="GET", target=target, headers=[(n.encode(), v.encode()) for n, v in headers])
        return _exchange(connection, request, deadline, limit)


def _tunnel(connection: socket.socket, address: Address, proxy: Proxy, deadline: Deadline) -> None:
    """Ask a proxy for a connection to a server. What it answers is not the server's word. Raises OSError."""
    host = f"[{address.host}]" if ":" in address.host else address.host
    target = f"{host}:{address.port}"
    request = h11.Request(method="CONNECT", target=target, headers=[("Host", target), *proxy.headers])
    answer = _exchange(connection, request, deadline, MAX_HEADER_BYTES)
    if answer.status != HTTPStatus.OK:
        deadline.doing = f"connecting to {target}"
        raise ConnectionError(f"the proxy {proxy.address.origin} answered {answer.status} {answer.reason}")


def _connect(to: Address, deadline: Deadline) -> socket.socket:
    """Try each address that a name has; none may use up the time of the others."""
    deadline.left(f"looking up {to.host}")
    found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    failed = OSError(f"{to.host} has no address")
    for number, (family, kind, protocol, _, at) in enumerate(found):
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:  # a kind of address that this machine does not have
            failed = error
            continue
        try:
            connection.settimeout(deadline.left(f"connecting to {to.authority}") / (len(found) - number))
            connection.connect(at)
        except OSError as error:
            failed = error
            connection.close()
        else:
            return connection
    raise failed


def _exchange(connection: socket.socket, request: h11.Request, deadline: Deadline, limit: int) -> Response:
    protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    data = (protocol.send(request) or b"") + (protocol.send(h11.EndOfMessage()) or b"")
    connection.settimeout(deadline.left("sending the request"))
    connection.sendall(data)
    came = 0

    def receive() -> bytes:
        nonlocal came
        connection.settimeout(
            deadline.left(f"reading the answer after {came} bytes" if came else "waiting for the answer")
        )
        piece = connection.recv(READ_BYTES)
        if not came and not piece:
            raise ConnectionError("the server closed the connection")
        came += len(piece)
        return piece

    return answer(protocol, receive, limit)


def answer(protocol: h11.Connection, receive: Callable[[], bytes], limit: int) -> Response:
    """Read one answer. Raises h11.ProtocolError, TooLarge and what `receive` raises."""
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
                raise TooLarge
            body.append(bytes(event.data))
        else:
            break
    if head is None:
        raise h11.RemoteProtocolError("not an answer to the request")
    headers = {name.decode("ascii"): value.decode("utf-8", "replace") for name, value in head.headers}
    return Response(head.status_code, head.reason.decode("utf-8", "replace"), headers, b"".join(body))
