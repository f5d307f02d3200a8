"""Asks, once for each, whether paths that leave the workspace may be read, and whether sources may be asked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.disk import real, reason
from alloclens.lsp.rpc import RefusedError
from alloclens.lsp.show import tell
from alloclens.printable import printable
from alloclens.settings.trust import allow, allowed
from alloclens.sources.errors import CaptureError
from alloclens.sources.remote import remote

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.session.world import World
    from alloclens.settings.settings import Source
    from alloclens.settings.trust import Grant, Target

ALLOW, NOT_NOW = "Allow", "Not Now"
WARNING = types.MessageType.Warning
NO_FOLDER = "no folder is open, and what is fetched belongs to one: open a folder"


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


async def allowed_folder(ls: Server, source: Source) -> str:
    """Return the workspace folder of a source that the user has allowed; ask for that once. Raises CaptureError."""
    if not ls.folders:
        raise CaptureError(NO_FOLDER)
    folder = await asyncio.to_thread(folder_of, ls)
    made = await asyncio.to_thread(remote, source, folder)
    if made.grant in await asyncio.to_thread(allowed):
        return folder
    if not await _allows(ls, made.asks):
        raise CaptureError(f"{made.asks} is not asked until you allow it: choose {ALLOW} when you are asked")
    try:
        await asyncio.to_thread(allow, [made.grant])
    except OSError as error:
        raise CaptureError(f"the permission could not be saved: {reason(error)}") from error
    return folder


def folder_of(ls: Server) -> str:
    """Return the folder to which sources belong: the first, real; "" if none is open. Looks at the disk."""
    return next((real(folder) for folder in ls.folders.values()), "")


async def _allows(ls: Server, asks: str) -> bool:
    """Ask the user whether a source may be asked. An editor that cannot show the question refuses it."""
    message = printable(f"alloclens: connect to {asks}? This is asked once in this workspace.")
    actions = [types.MessageActionItem(ALLOW), types.MessageActionItem(NOT_NOW)]
    try:
        answer = await ls.window_show_message_request_async(types.ShowMessageRequestParams(WARNING, message, actions))
    except RefusedError:
        return False
    return bool(answer and answer.title == ALLOW)
