"""Runs the server as a process that talks over standard input and output."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from typing import TYPE_CHECKING

from alloclens.lsp import lifecycle
from alloclens.lsp.base_protocol import Writer, read
from alloclens.lsp.ending import end
from alloclens.lsp.features import FEATURES
from alloclens.lsp.server import Server

if TYPE_CHECKING:
    from alloclens.worker import Worker


GC_THRESHOLDS = 2_000, 10, 1_000
"""With Python's defaults the garbage collector, which stops all threads, took 100 ms each time a text of 1 MB was parsed: for the
objects of that text, and for those of the modules, which are now frozen."""
SWITCH_SECONDS = 0.001
"""How long a computing thread may delay the event loop; Python's default is 5 ms."""


def make_server(worker: Worker) -> Server:
    """Return a server with every feature."""
    server = Server(worker)
    for part in (lifecycle, *FEATURES):
        part.register(server)
    return server


def serve(worker: Worker) -> None:
    """Serve one editor until it ends; the worker reads the profiles."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else asyncio would wait for every thread
    sys.setswitchinterval(SWITCH_SECONDS)
    server = make_server(worker)
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    asyncio.run(_session(server))


async def _session(server: Server) -> None:
    """Serve until the process ends; the threads of the connection end it even if no handler can run."""
    writer = Writer(1, end)
    server.protocol.set_writer(writer)

    def ended() -> None:
        writer.close()
        end()

    read(0, server.protocol.receive, ended)
    await asyncio.get_running_loop().create_future()
