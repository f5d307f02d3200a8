"""The profiles that are open beside what is shown, each read once until it changes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cachetools import LRUCache

from alloclens.disk import real_path, stamp
from alloclens.session.world import FilePair, World

if TYPE_CHECKING:
    from collections.abc import Hashable

    from alloclens.lsp.protocol import ProfileFile
    from alloclens.session.loader import Loader

MAX_OPENED = 4
"""Each holds a whole profile."""


class Opened:
    """Reads profiles by path. Only the event loop may use it."""

    def __init__(self) -> None:
        self._worlds: LRUCache[Hashable, asyncio.Task[World]] = LRUCache(MAX_OPENED)

    async def world(self, shown: World, loader: Loader | None, of: ProfileFile) -> World:
        """Return a world that shows a profile; what is shown, if none is named."""
        if not of.path or loader is None:
            return shown
        files, stamps = await asyncio.to_thread(_files, of)
        key = files, of.sample_type, stamps, shown.sources.roots
        if key not in self._worlds:
            self._worlds[key] = asyncio.get_running_loop().create_task(loader.opened(files, of.sample_type))
        reading = self._worlds[key]
        try:
            return await asyncio.shield(reading)  # another request may wait for it
        except Exception:
            self._worlds.pop(key, None)
            raise


def _files(of: ProfileFile) -> tuple[FilePair, Hashable]:
    files = FilePair(real_path(of.base) if of.base else None, real_path(of.path))
    return files, tuple(map(stamp, files.paths))
