"""The server as a process: standard input and output are the wire."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from typing import TYPE_CHECKING

from alloclens.lsp import lifecycle
from alloclens.lsp.ending import end
from alloclens.lsp.features import FEATURES
from alloclens.lsp.server import Server
from alloclens.lsp.wire import Writer, read

if TYPE_CHECKING:
    from alloclens.worker import Worker


COLLECTED = 2_000, 10, 1_000
"""The garbage collector's thresholds. It stops all threads: with Python's defaults it took 100 ms at a time to look through the
modules' objects, which are frozen now, and those of a text of 1 MB, each time such a text was parsed."""
SWITCH_SECONDS = 0.001
"""After this long a thread that computes lets the event loop go on; Python's default is 5 ms."""


def make_server(worker: Worker) -> Server:
    """Return a server with every feature."""
    server = Server(worker)
    for part in (lifecycle, *FEATURES):
        part.register(server)
    return server


def serve(worker: Worker) -> None:
    """Serve one editor until it goes; the worker reads profiles for it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else asyncio would wait for every thread
    sys.setswitchinterval(SWITCH_SECONDS)
    server = make_server(worker)
    gc.freeze()
    gc.set_threshold(*COLLECTED)
    asyncio.run(_session(server))


async def _session(server: Server) -> None:
    """Serve until the process ends, which the wire's threads see to even if no handler gets to run any more."""
    writer = Writer(1, end)
    server.protocol.set_writer(writer)

    def ended() -> None:
        writer.close()
        end()

    read(0, server.protocol.receive, ended)
    await asyncio.get_running_loop().create_future()
