"""A server in this process, without pipes: for what no editor can make happen."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from alloclens.lsp.main import make_server
from alloclens.worker import Worker

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


class Wire:
    """Keeps the messages that a server writes."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.written.append(json.loads(data.partition(b"\r\n\r\n")[2]))


def server_in_session() -> Server:
    """Return a server that takes requests; no worker process is started. `written` is what it writes."""
    made = make_server(Worker())
    made.protocol.set_writer(Wire())
    made.protocol._initialized = True
    return made


async def answer(server: Server, method: str, params: Any = None) -> dict[str, Any]:
    """Return the answer to a request, whole; its number is 7."""
    message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    server.protocol.receive(json.dumps(message).encode())
    await asyncio.gather(*server.protocol._running.values(), return_exceptions=True)
    return next(m for m in written(server) if m.get("id") == 7)


def written(server: Server) -> list[dict[str, Any]]:
    """Return the messages that a server in session has written."""
    assert isinstance(server.protocol.writer, Wire)
    return server.protocol.writer.written
