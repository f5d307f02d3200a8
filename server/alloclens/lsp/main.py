"""The server as a process: standard input and output are the wire."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from alloclens import log
from alloclens.lsp import lifecycle
from alloclens.lsp.ending import Input, end
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
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at a terminal; pygls would wait for another line of input
    server = make_server(worker)
    server.start_io(stdin=Input())
    end()
