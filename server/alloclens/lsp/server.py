"""The language server: its world, its settings, and what the editor sent."""

from __future__ import annotations

import asyncio
import math
import typing
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens import __version__
from alloclens.lsp.capturing import Capturing
from alloclens.lsp.choosing import Choosing
from alloclens.lsp.client import Client
from alloclens.lsp.documents import Documents
from alloclens.lsp.escaping import with_escapes
from alloclens.lsp.fetching import Fetching
from alloclens.lsp.opened import Opened
from alloclens.lsp.params import strict_converter
from alloclens.lsp.rpc import Protocol, Session
from alloclens.session.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.reported import Reported
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.loader import Loader
    from alloclens.session.world import FilePair
    from alloclens.transform.filters import Filters
    from alloclens.worker import Worker


FIRST_ANSWER_SECONDS = 5.0
"""How long the first answer to an editor that never asks again may take. Emacs drops one that takes ten."""


class Publishing(typing.Protocol):
    """The part of the publisher that handlers use."""

    def has(self, uri: str) -> bool:
        """Return whether a document has findings."""

    def publish_again(self, uri: str) -> None:
        """Send the diagnostics of a document again with the next that are published."""

    async def show_status(self) -> None:
        """Send the status again."""

    def publish_soon(self) -> None:
        """Publish once no document has changed for a while."""

    async def choose_again(self) -> None:
        """Show another service if the user has chosen it or looks at its files."""

    async def chosen(self, changes: Sequence[types.FileEvent]) -> str | None:
        """Offer to show changed files that are profiles; return the path that the user wants to see."""


class Server(Session):
    """The mutable state of the session. Only the event loop may use it."""

    def __init__(self, worker: Worker) -> None:
        # Full, because for incremental edits pygls counts lines like str.splitlines, and a form feed shifts every later edit.
        super().__init__(
            "alloclens",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Full,
            protocol_cls=Protocol,
            converter_factory=lambda: with_escapes(strict_converter()),
        )
        self.worker = worker
        self.world = World()
        """What is shown. Replaced as a whole. A handler reads it once, and never across an await."""
        self.documents = Documents()
        """Replaced as a whole, like the world."""
        self.choosing = Choosing()
        self.client = Client()
        self.given: dict[str, Any] = {}
        """The editor's settings; the world has those in effect."""
        self.mistakes: tuple[str, ...] = ()
        """What is wrong with them."""
        self.told: frozenset[str] = frozenset()
        """The mistakes that were shown to the user."""
        self.folders: dict[str, str] = {}
        """The paths of the workspace folders, by URI."""
        self.focus: tuple[tuple[Filters, ...], ...] = ()
        """The steps of the focus that the user has chosen; the world has those in effect."""
        self.loaded = asyncio.Event()
        """Set once all profiles have been read for the first time."""
        self.hinted: Snapshot | None = None
        """The head of the hints that the editor requested last."""
        self.hinted_too_early = False
        """Whether it was answered before all profiles had been read: with few hints, or none."""
        self.hints_at = -math.inf
        """When the editor requested hints last, or was answered, by the clock of the event loop."""
        self.compared: FilePair | None = None
        """Two files that the user compares, or one that is shown."""
        self.reported: Reported = ()
        """The findings of this world and those before. Replaced as a whole."""
        self.capturing = Capturing()
        self.fetching = Fetching()
        self.opened = Opened()
        self.loader: Loader | None = None
        self.publisher: Publishing | None = None

    async def until_loaded(self, *, asks_again: bool) -> None:
        """Wait for the first numbers, for an editor that cannot be told to ask for them again, but not for long."""
        if not asks_again:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.loaded.wait(), FIRST_ANSWER_SECONDS)
