"""Shows the progress of reading and fetching many profiles, in editors that support it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.wording.amounts import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.lsp.protocol import SourceState
    from alloclens.lsp.server import Server
    from alloclens.session.world import World


class LoadingProgress:
    """A progress bar, from the first world with unread files to the first without."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._token: str | None = None
        self._begun = False
        self._total = 0

    def update(self, world: World) -> None:
        """Begin, advance or end the bar."""
        if not self._ls.client.shows_progress:
            return
        if world.pending and self._token is None:
            self._total, self._token = world.pending, str(uuid.uuid4())  # pygls accepts a token only once
            self._ls.run_task(self._begin(self._token), "showing progress")
        elif world.pending and self._token:
            done = 100 * (self._total - world.pending) // self._total
            self._report(types.WorkDoneProgressReport(percentage=done, message=f"{world.pending} to go"))
        elif self._token:
            self._report(types.WorkDoneProgressEnd())
            self._ls.work_done_progress.tokens.pop(self._token, None)
            self._token, self._begun = None, False

    async def _begin(self, token: str) -> None:
        await self._ls.work_done_progress.create_async(token)
        if token == self._token:
            self._begun = True
            self._report(types.WorkDoneProgressBegin("alloclens: reading profiles", percentage=0))

    def _report(self, value: object) -> None:
        if self._token and self._begun:  # an editor may be slow to confirm the bar
            self._ls.protocol.notify(types.PROGRESS, types.ProgressParams(self._token, value))


class FetchProgress:
    """A progress bar while snapshots are fetched, in which the user can cancel."""

    def __init__(self, ls: Server, source: str, cancel: Callable[[], None]) -> None:
        self._ls, self._source, self._cancel = ls, source, cancel
        self._token: str | None = None
        self._shown = (-1, -1)
        self._is_ended = False
        if ls.client.shows_progress:
            ls.run_task(self._begin(str(uuid.uuid4())), "showing progress")

    def update(self, state: SourceState) -> None:
        """Advance the bar."""
        if self._token and self._shown != (state.done, state.written):
            self._shown = state.done, state.written
            words = f"{counted(state.written, 'snapshot')}; {state.done} of {state.total} processes done"
            percentage = 100 * state.done // state.total if state.total else 0
            self._report(types.WorkDoneProgressReport(percentage=percentage, message=words))

    def end(self) -> None:
        """Remove the bar."""
        self._is_ended = True
        if self._token:
            self._report(types.WorkDoneProgressEnd())
            self._ls.work_done_progress.tokens.pop(self._token, None)

    async def _begin(self, token: str) -> None:
        await self._ls.work_done_progress.create_async(token)
        cancelled = self._ls.work_done_progress.tokens[token]
        if self._is_ended:
            self._ls.work_done_progress.tokens.pop(token, None)
            return
        self._token = token
        cancelled.add_done_callback(lambda _: self._cancel())
        title = f"alloclens: fetching from {self._source}"
        self._report(types.WorkDoneProgressBegin(title, cancellable=True, percentage=0))

    def _report(self, value: object) -> None:
        if self._token and not self._ls.is_shut_down:
            self._ls.protocol.notify(types.PROGRESS, types.ProgressParams(self._token, value))
