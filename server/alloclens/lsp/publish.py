"""Tells the editor of a new world: changed diagnostics, refreshes, status, and files that cannot be read."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.lsp import diagnostics
from alloclens.lsp.documents import same
from alloclens.lsp.notice import Notice
from alloclens.lsp.offering import Offering
from alloclens.lsp.permission import Permission
from alloclens.lsp.progress import LoadingProgress
from alloclens.lsp.protocol import Status
from alloclens.lsp.reported import with_findings
from alloclens.lsp.show import first_of, tell
from alloclens.lsp.status_bar import status
from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.typed import as_json
from alloclens.wording.markdown import plain
from alloclens.wording.status import not_used, nothing, unreadable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from alloclens.lsp.server import Server
    from alloclens.series.services import Service
    from alloclens.session.world import World

log = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
"""Without an answer to a refresh after this time, the next world requests another."""
PAUSE_SECONDS = 0.3
"""How long no document may have changed before diagnostics are published."""
HINTS_FIRST_SECONDS = 0.05
"""How long diagnostics wait for the requests that follow a refresh, whose answers they would delay."""

UNHEARD_SECONDS = 1.0
"""VS Code hears no refresh between its request for hints and the time it has taken the answer. One that is sent so soon after a
request, and that no other request follows for as long, is sent again."""

OLD_HINTS = (
    "{name} has new numbers. This editor requests hints only when a file is opened or edited; until then, the lines have "
    "older ones or none."
)


class Publisher:
    """Sends what has changed, and only that."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._published: dict[str, types.PublishDiagnosticsParams] = {}
        """The last diagnostics of every document that had any, by `same` of its URI."""
        self._forgotten: set[str] = set()
        """Documents whose diagnostics the editor may have forgotten."""
        self._timer: asyncio.TimerHandle | None = None
        self._told: set[tuple[str, str]] = set()
        self._refreshing: set[str] = set()
        self._outdated: set[str] = set()
        """What has changed since the editor was last told to request it again."""
        self._one_at_a_time, self._one_world_at_a_time = asyncio.Lock(), asyncio.Lock()
        self._is_told_of_hints = self._is_told_of_nothing = False
        self._progress = LoadingProgress(ls)
        self._notice = Notice(ls)
        self._permission = Permission(ls)
        self._offering = Offering(ls)
        self.chosen = self._offering.chosen

    async def show(self, world: World) -> None:
        """Make this the server's world, with one service shown, and tell the editor."""
        self._ls.choosing.whole = world
        async with self._one_world_at_a_time:
            self._ls.world = await self._ls.choosing.world(self._ls.world)
            await self._show(self._ls.world)

    async def choose_again(self) -> None:
        """Show another service if the user has chosen it or looks at its files."""
        async with self._one_world_at_a_time:
            world = await self._ls.choosing.world(self._ls.world)
            if _choice_of(world) != _choice_of(self._ls.world):
                self._ls.world = world
                await self._show(world)

    async def _show(self, world: World) -> None:
        """Tell the editor of a world: first to ask for hints, which it may do while the rest is prepared."""
        if self._ls.client.refreshes_hints:
            self._refresh_hints()
        else:
            self._tell_of_hints(world)
        try:
            if not world.pending:  # a series that is only half read may be judged wrongly
                self._ls.loaded.set()
                self._ls.reported = await asyncio.to_thread(with_findings, self._ls.reported, world)
                await asyncio.sleep(HINTS_FIRST_SECONDS if self._ls.client.refreshes_hints else 0)
                await self.publish()
                self._ls.run_task(self._notice.show(world), "showing what was not found")
        finally:  # even if publishing fails
            self._tell(world)
            await self.show_status()
            self._progress.update(world)
            self._ls.run_task(self._permission.ask(world), "asking what may be read")
        if self._ls.client.refreshes_lenses:
            self._refresh("lenses", self._ls.workspace_code_lens_refresh_async)

    async def show_status(self) -> None:
        """Send the status, to an editor that shows one."""
        if self._ls.client.shows_status and not self._ls.is_shut_down:
            current = await asyncio.to_thread(
                status, self._ls.world, self._ls.fetching.problems
            )  # the first to ask how all types grew
            self._ls.protocol.notify(Status.method, as_json(current))

    async def found(self) -> str | None:
        """Offer to show profiles that were written before the start; return the path that the user wants to see."""
        await self._ls.loaded.wait()
        return await self._offering.found()

    def has(self, uri: str) -> bool:
        """Return whether a document had findings, even if their lines are now gone from its text."""
        return same(uri) in self._published

    def publish_again(self, uri: str) -> None:
        """Send the diagnostics of a document again, also if they are as before: Emacs forgets them when it reads a file anew."""
        self._forgotten.add(same(uri))

    def publish_soon(self) -> None:
        """Publish once no document has changed for a while; meanwhile, editors move diagnostics with the text."""
        if self._timer:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(PAUSE_SECONDS, lambda: self._ls.run_task(self.publish(), "publishing"))

    async def publish(self) -> None:
        """Publish the diagnostics of the world, for the current text of the documents."""
        async with self._one_at_a_time:  # in the order of the worlds
            ls = self._ls
            self._publish(await asyncio.to_thread(diagnostics.of, ls.world, ls.documents, ls.client, ls.reported))

    def _publish(self, diagnostics: dict[str, list[types.Diagnostic]]) -> None:
        none = {key: types.PublishDiagnosticsParams(before.uri, []) for key, before in self._published.items()}
        now = none | {same(uri): types.PublishDiagnosticsParams(uri, some) for uri, some in diagnostics.items()}
        for key, params in now.items():
            if params != self._published.get(key) or key in self._forgotten:
                self._ls.text_document_publish_diagnostics(params)
        self._forgotten.clear()
        self._published = now

    def _tell(self, world: World) -> None:
        """Show once each file that cannot be read, and each choice that does not apply; without a status also that there is no profile.

        While files are unread, only the first of them are shown at once, and the others when all are read: there may be thousands.
        """
        if world.pending and self._told:
            return
        problems = {(p.path, p.reason): unreadable(p.name, p.reason) for p in world.problems}
        problems |= {("", sentence): sentence for sentence in not_used(world)}
        if fresh := [sentence for problem, sentence in problems.items() if problem not in self._told]:
            tell(self._ls, first_of(fresh), types.MessageType.Warning)
        self._told = {*problems}
        if not (
            world.pending or world.series or world.outside or self._is_told_of_nothing or self._ls.client.shows_status
        ):
            self._is_told_of_nothing = True
            tell(self._ls, plain(nothing(world)))

    def _tell_of_hints(self, world: World) -> None:
        """Tell once, if there are other hints now than the editor has, which cannot be made to request them again."""
        head = world.shown.head if world.shown else None
        are_old = self._ls.hinted not in (None, head) or (self._ls.hinted_too_early and world.settings.hints)
        if head and not world.pending and are_old and not self._is_told_of_hints:
            self._is_told_of_hints = True
            tell(self._ls, OLD_HINTS.format(name=printable(name_of(head.path))), types.MessageType.Info)

    def _refresh_hints(self) -> None:
        self._refresh("hints", self._ls.workspace_inlay_hint_refresh_async)
        self._ls.run_task(self._refresh_unheard(), "refreshing hints again")

    async def _refresh_unheard(self) -> None:
        """Have the editor request hints again if it may not have heard of the last refresh."""
        now, before = asyncio.get_running_loop().time(), self._ls.hints_at
        if now - before < UNHEARD_SECONDS:
            await asyncio.sleep(UNHEARD_SECONDS)
            if self._ls.hints_at == before:
                self._refresh("hints", self._ls.workspace_inlay_hint_refresh_async)

    def _refresh(self, kind: str, ask: Callable[[None], Awaitable[Any]]) -> None:
        """Have the editor request hints or lenses again; one such refresh of a kind at a time, and one more if a world has arrived meanwhile."""
        self._outdated.add(kind)
        if kind in self._refreshing:
            return
        self._refreshing.add(kind)

        async def request() -> None:
            try:
                while kind in self._outdated:
                    self._outdated.remove(kind)
                    await asyncio.wait_for(ask(None), ANSWER_SECONDS)
            except asyncio.TimeoutError:
                log.info("the editor did not answer the refresh of its %s", kind)
            finally:
                self._refreshing.discard(kind)

        self._ls.run_task(request(), f"refreshing {kind}")


def _choice_of(world: World) -> tuple[tuple[Service, ...], str, str]:
    """Return the shown service, or which one is missing."""
    return world.services[:1], world.missing, world.gone
