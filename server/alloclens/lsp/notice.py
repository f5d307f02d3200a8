"""A message, once for each cause, if a large part of a profile is in files or binaries that were not found."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np
from lsprotocol import types

from alloclens.lsp.settings_file import add_mapping
from alloclens.lsp.show import tell
from alloclens.wording.explain import mapping, nameless, unplaced
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import of_head

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.session.world import World
    from alloclens.source.coverage import Coverage

MIN_LOST_SHARE = 0.1
"""Share of the whole from which the message is shown."""
ADD = "Add Path Mapping"


class Notice:
    """Shows the message, and remembers for which files it was shown."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._told: set[str] = set()

    async def show(self, world: World) -> None:
        """Show what was not found, if it is enough and was not shown before."""
        self._show_binaries(world)
        if not _is_enough(world):
            return
        coverage = await asyncio.to_thread(lambda: world.coverage)
        if coverage.lost <= MIN_LOST_SHARE * coverage.total or self._told.issuperset(coverage.lost_roots[:1]):
            return
        self._told.update(coverage.lost_roots)
        await self._tell(world, coverage)

    def _show_binaries(self, world: World) -> None:
        """Show which binaries are missing or refused, if the addresses in them are enough: nothing else on the screen says so."""
        if world.shown is None or self._told.issuperset(names := world.shown.head.unnamed):
            return
        charged = world.shown.lines.charged[:, world.shown.column]
        if charged[-1] > MIN_LOST_SHARE * charged.sum():
            self._told.update(names)
            sentences = of_head(world, world.shown)
            tell(self._ls, nameless(charged[-1], charged.sum(), map(plain, sentences)))

    async def _tell(self, world: World, coverage: Coverage) -> None:
        """Offer to add a mapping in an editor that asks without interrupting the user; elsewhere, only show the message."""
        roots, info = world.sources.roots, types.MessageType.Info
        message = f"alloclens: {unplaced(coverage, roots)}"
        if not (coverage.suggestions and self._ls.client.explains):
            self._ls.window_show_message(types.ShowMessageParams(info, message))
            return
        question = types.ShowMessageRequestParams(info, message, [types.MessageActionItem(ADD)])
        answer = await self._ls.window_show_message_request_async(question)
        if answer and answer.title == ADD:
            await add_mapping(self._ls, *mapping(coverage.suggestions[0], roots))


def _is_enough(world: World) -> bool:
    """Return whether enough is lost, by what the worker counted, so that files need not be placed to tell."""
    if world.shown is None:
        return False
    lines, number = world.shown.lines, world.shown.column
    charged = lines.charged[:, number]
    lost = charged[:-1][lines.lost].sum()
    return bool(lost > MIN_LOST_SHARE * np.sum(charged))
