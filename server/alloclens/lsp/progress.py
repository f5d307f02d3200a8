"""Shows the progress of reading many profiles, in editors that support it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
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
