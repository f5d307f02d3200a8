"""Offers, once for each file, to show profiles that tests write beside their packages, or wrote within the last day."""

from __future__ import annotations

import asyncio
import time
from fnmatch import fnmatch
from os.path import basename
from pathlib import PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.disk import check_inside, real_path, stamp
from alloclens.lsp.documents import opened_path
from alloclens.printable import printable
from alloclens.profile.taken_at import DAY_SECONDS
from alloclens.session.profile_file import is_profile, written_since
from alloclens.walk import MAX_WALK_SECONDS
from alloclens.worker import Lost, seconds_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.server import Server

NAMES = ("mem.out", "mem.prof", "memprofile.out", "*.memprof", "*.mprof")
"""What `go test -memprofile` is usually told to write."""
SHOW, NOT_NOW = "Show It", "Not Now"
MAX_FOUND = 3
"""Files written before the start that are offered."""


def registrations(ls: Server) -> list[types.Registration]:
    """Return the request to be told of such files; none of an editor that cannot watch files, or cannot ask the user."""
    if not (ls.client.registers_watched_files and ls.client.asks):
        return []
    watchers = [types.FileSystemWatcher(f"**/{name}") for name in NAMES]
    options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
    return [types.Registration("test profiles", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)]


class Offering:
    """Asks the questions, and remembers for which files they were asked in this session."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._asked: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    async def chosen(self, changes: Sequence[types.FileEvent]) -> str | None:
        """Ask for each new profile in turn whether to show it, until one is wanted; return its real path."""
        if not self._ls.client.asks:
            return None
        uris = [change.uri for change in changes if change.type != types.FileChangeType.Deleted]
        paths = [path for path in map(opened_path, uris) if path and _is_named(path)]
        return await self._wanted(paths, len(paths))

    async def found(self) -> str | None:
        """Do the same for the newest files that were written in the day before the start, once the directories are known."""
        folders, since = tuple(self._ls.folders.values()), time.time() - DAY_SECONDS
        try:
            paths = await asyncio.to_thread(
                self._ls.worker.run, written_since, folders, NAMES, since, seconds=MAX_WALK_SECONDS
            )
        except Lost:
            return None
        return await self._wanted(paths, MAX_FOUND)

    async def _wanted(self, paths: Sequence[str], most: int) -> str | None:
        """Ask for each new profile of these in turn, at most `most` times, until one is wanted; return its real path."""
        for path in paths:
            real = await asyncio.to_thread(real_path, path)
            if await self._is_new(real):
                if await self._is_wanted(path):
                    return real
                if not (most := most - 1):
                    break
        return None

    async def _is_new(self, path: str) -> bool:
        """Return, once for each file, whether it is a profile in the workspace that is in no profile directory.

        A file that is still being written is not a profile yet.
        """
        async with self._one_at_a_time:
            is_new = path not in self._asked and await self._is_profile(path)
            if is_new:
                self._asked.add(path)
            return is_new

    async def _is_profile(self, path: str) -> bool:
        folders, largest = tuple(self._ls.folders.values()), self._ls.world.settings.largest_bytes
        try:
            await asyncio.to_thread(check_inside, path, folders)
            there = await asyncio.to_thread(stamp, path)
            limit = seconds_for(there.size if there else 0)
            holds_profile = await asyncio.to_thread(self._ls.worker.run, is_profile, path, largest, seconds=limit)
        except (OSError, Lost):
            return False
        world = self._ls.world
        is_loaded = world.generation > 0  # only then the directories are known
        return (
            holds_profile
            and is_loaded
            and not any(PurePath(path).is_relative_to(directory) for directory in world.directories)
        )

    async def _is_wanted(self, path: str) -> bool:
        message = printable(f"alloclens: {path} is a profile. Show it on the source lines?")
        actions = [types.MessageActionItem(SHOW), types.MessageActionItem(NOT_NOW)]
        question = types.ShowMessageRequestParams(types.MessageType.Info, message, actions)
        answer = await self._ls.window_show_message_request_async(question)
        return bool(answer and answer.title == SHOW)


def _is_named(path: str) -> bool:
    return any(fnmatch(basename(path), name) for name in NAMES)
