"""The language server: its world, its settings, and what it does with its own faults."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from alloclens import __version__
from alloclens.lsp.client import Client
from alloclens.lsp.configuration import Configuration
from alloclens.lsp.documents import Documents
from alloclens.lsp.labels import written_out
from alloclens.lsp.params import strict_converter
from alloclens.lsp.rpc import Protocol, RefusedError
from alloclens.session.world import World

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from alloclens.lsp.publish import Publisher
    from alloclens.session.loader import Loader
    from alloclens.transform.filters import Filters
    from alloclens.worker import Worker

log = logging.getLogger(__name__)


class Server(LanguageServer):
    """All mutable state of the session; touched by the event loop only."""

    protocol: Protocol

    def __init__(self, worker: Worker) -> None:
        # Full: with incremental edits pygls counts lines as str.splitlines does, and form feeds move every later edit.
        super().__init__(
            "alloclens",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
            converter_factory=lambda: written_out(strict_converter()),
        )
        self.worker = worker
        self.world = World()
        """Replaced whole. A handler reads it once, and never across an await."""
        self.documents = Documents()
        """Replaced whole, as the world is."""
        self.is_shut_down = False
        """Whether the client has asked for it; it may only say `exit` then."""
        self.client = Client()
        self.configuration = Configuration(self)
        self.given: dict[str, Any] = {}
        """The editor's settings; those in force are the world's."""
        self.folders: dict[str, str] = {}
        """The workspace's: URI -> path."""
        self.focus: tuple[tuple[Filters, ...], ...] = ()
        """What the user wants to see only, step by step; all that is in force is the world's."""
        self.loader: Loader | None = None
        self.publisher: Publisher | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def run_task(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        """Run something beside the handlers, and log it if it fails."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # asyncio itself keeps only a weak reference

        def ended(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, RefusedError):
                log.info("%s: the editor refused: %s", what, error)
            elif error:
                log.error("%s failed", what, exc_info=error)

        task.add_done_callback(ended)

    def stop_tasks(self) -> None:
        """Cancel all that runs beside the handlers."""
        for task in self._tasks:
            task.cancel()
