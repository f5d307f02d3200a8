"""Asks, once for each path, whether paths that leave the workspace may be read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.disk import reason
from alloclens.lsp.show import tell
from alloclens.settings.trust import allow

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.session.world import World
    from alloclens.settings.trust import Grant, Target

ALLOW, NOT_NOW = "Allow", "Not Now"
WARNING = types.MessageType.Warning


class Permission:
    """Asks the questions, and remembers which were asked in this session."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._asked: set[Grant] = set()
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, world: World) -> None:
        """Ask for each path in turn, until the answer is no."""
        async with self._one_at_a_time:
            for target in world.outside:
                if target.grant in self._asked:
                    continue
                self._asked.add(target.grant)
                if await self._allows(target):
                    await self._allow(target)
                else:
                    self._asked.update(other.grant for other in world.outside)

    async def _allow(self, target: Target) -> None:
        try:
            await asyncio.to_thread(allow, [target.grant])
        except OSError as error:
            tell(self._ls, f"the permission could not be saved: {reason(error)}", WARNING)
        if self._ls.loader:
            self._ls.loader.wake()

    async def _allows(self, target: Target) -> bool:
        if not self._ls.client.asks:
            tell(self._ls, target.refusal, WARNING)
            return False
        actions = [types.MessageActionItem(ALLOW), types.MessageActionItem(NOT_NOW)]
        question = types.ShowMessageRequestParams(WARNING, f"alloclens: {target.question}", actions)
        answer = await self._ls.window_show_message_request_async(question)
        return bool(answer and answer.title == ALLOW)
