"""The active file: the editor says which it is, or it is the one that the user opened or asked about last."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.disk import real
from alloclens.lsp.documents import opened_path

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def follow_file(ls: Server, uri: str, *, is_active: bool = False) -> None:
    """Show the series of a file that the user looks at, unless a series is chosen.

    `is_active` is whether the editor says that the file is the active one. Requests for hints do not show it: an editor
    sends them for all visible files.
    """
    if is_active:
        ls.choosing.hears_of_files = True
    elif ls.choosing.hears_of_files:
        return
    if path := opened_path(uri):
        ls.choosing.newest = path
        ls.run_task(_follow(ls, path), "following the active file")


async def _follow(ls: Server, path: str) -> None:
    there = await asyncio.to_thread(real, path)
    if ls.choosing.newest == path and ls.choosing.look_at(there) and ls.publisher:
        await ls.publisher.choose_again()
