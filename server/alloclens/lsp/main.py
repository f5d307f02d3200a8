"""The server as a process: standard input and output are the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens import log
from alloclens.lsp import lifecycle
from alloclens.lsp.features import FEATURES
from alloclens.lsp.server import Server

if TYPE_CHECKING:
    from alloclens.store.worker import Worker


def make_server(worker: Worker) -> Server:
    """Return a server with every feature."""
    server = Server(worker)
    for part in (lifecycle, *FEATURES):
        part.register(server)
    return server


def serve(worker: Worker) -> None:
    """Serve one editor until it goes; the worker reads profiles for it."""
    log.start()
    server = make_server(worker)
    try:
        server.start_io()
    finally:
        lifecycle.stop(server)  # an editor that dies says no shutdown
