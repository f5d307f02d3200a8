"""The language server: its world, its settings, and what the editor told it."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens import __version__
from alloclens.lsp.client import Client
from alloclens.lsp.documents import Documents
from alloclens.lsp.labels import written_out
from alloclens.lsp.params import strict_converter
from alloclens.lsp.rpc import Protocol, Session
from alloclens.session.world import World

if TYPE_CHECKING:
    from alloclens.session.loader import Loader
    from alloclens.transform.filters import Filters
    from alloclens.worker import Worker


class Publishing(typing.Protocol):
    """What handlers ask of the publisher of diagnostics."""

    def has(self, uri: str) -> bool:
        """Return whether a document has findings."""

    def publish_soon(self) -> None:
        """Publish when no document has changed for a while."""


class Server(Session):
    """All mutable state of the session; touched by the event loop only."""

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
        self.client = Client()
        self.given: dict[str, Any] = {}
        """The editor's settings; those in force are the world's."""
        self.mistakes: tuple[str, ...] = ()
        """In those settings."""
        self.told: frozenset[str] = frozenset()
        """Those of the mistakes that the user has been told."""
        self.folders: dict[str, str] = {}
        """The workspace's: URI -> path."""
        self.focus: tuple[tuple[Filters, ...], ...] = ()
        """What the user wants to see only, step by step; all that is in force is the world's."""
        self.loader: Loader | None = None
        self.publisher: Publishing | None = None
