"""The server as a process: standard input and output are the wire."""

from __future__ import annotations

import logging
import sys

from alloclens.lsp import lifecycle
from alloclens.lsp.features import FEATURES
from alloclens.lsp.server import Server


def make_server() -> Server:
    """Return a server with every feature."""
    server = Server()
    for part in (lifecycle, *FEATURES):
        part.register(server)
    return server


def serve() -> None:
    """Serve one editor until it goes."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("pygls").setLevel(logging.WARNING)  # at INFO it writes down every message it sends
    server = make_server()
    try:
        server.start_io()
    finally:
        lifecycle.stop(server)  # an editor that dies says no shutdown
