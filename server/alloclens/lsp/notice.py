"""One quiet word, once for each cause, when much of a profile is in files that are not found."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types

from alloclens.lsp.mapping import add_mapping
from alloclens.wording.explain import mapping, unplaced

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.session.world import World
    from alloclens.source.coverage import Coverage

MUCH = 0.1
"""Of the whole: from here on it is worth a word."""
ADD = "Add Mapping"


class Notice:
    """What has been told."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._told: set[str] = set()

    async def show(self, world: World) -> None:
        """Tell what is not found, if it is much and was not told before."""
        if not _much(world):
            return
        found = await asyncio.to_thread(lambda: world.coverage)
        if found.lost <= MUCH * found.total or self._told.issuperset(found.lost_roots[:1]):
            return
        self._told.update(found.lost_roots)
        await self._tell(world, found)

    async def _tell(self, world: World, found: Coverage) -> None:
        """Ask where the editor shows questions in a corner; elsewhere a question would stop the person who works."""
        roots, info = world.sources.roots, types.MessageType.Info
        said = f"alloclens: {unplaced(found, roots)}"
        if not (found.suggestions and self._ls.client.explains):
            self._ls.window_show_message(types.ShowMessageParams(info, said))
            return
        asked = types.ShowMessageRequestParams(info, said, [types.MessageActionItem(ADD)])
        answer = await self._ls.window_show_message_request_async(asked)
        if answer and answer.title == ADD:
            await add_mapping(self._ls, *mapping(found.suggestions[0], roots))


def _much(world: World) -> bool:
    """Return whether more than a tenth is lost, from what the worker has counted."""
    if world.shown is None:
        return False
    lines, number = world.shown.lines, world.shown.column
    charged = lines.charged[:, number]
    lost = charged[:-1][lines.lost].sum()
    return bool(lost > MUCH * np.sum(charged))
