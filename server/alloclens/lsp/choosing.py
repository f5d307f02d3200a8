"""Remembers the series that the user chose and the active file, and decides from them which service is shown."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alloclens.session.choice import Choice, matching, with_chosen
from alloclens.session.world import World

if TYPE_CHECKING:
    from alloclens.series.services import Service


class Choosing:
    """What the user chose in this session. Only the event loop may use it."""

    def __init__(self) -> None:
        self.name: str | None = None
        """Of the series; None if the setting decides, "" if the series follows the active file."""
        self.hears_of_files = False
        """Whether the editor says which file is active. If not, it is the one that was opened or asked about last."""
        self.whole = World()
        """The world with all services."""
        self.newest = ""
        """The path of the last file that was looked at, as the editor writes it."""
        self.fetched = False
        """Whether snapshots were fetched, and no instance with a finding is shown since then."""
        self._active = ""
        self._before: Service | None = None
        """The service that was shown last, also while two files are compared."""
        self._folders: tuple[str, ...] = ()
        """The folders that were open when everything was read."""
        self._setting = ""
        self._decided: object = None
        """The name, the active file and the folders for which the shown service was chosen, when everything was read."""

    def look_at(self, path: str) -> bool:
        """Take a file as the active one; return whether another service may have to be shown."""
        is_other, self._active = path != self._active, path
        return is_other and bool(self.whole.services)

    async def world(self, shown: World) -> World:
        """Return the world with the service that is to be shown now."""
        whole = self.whole
        if whole.settings.series != self._setting:  # the newest choice wins
            self.name, self._setting = None, whole.settings.series
        folders = whole.sources.roots.folders
        if not whole.pending:
            if self.name and not {*self._folders} <= {*folders} and not matching(whole, self.name):
                self.name = None  # its folder was closed
            self._folders = folders
        name = self._setting if self.name is None else self.name
        if shown.comparisons and not shown.named:
            self._before = shown.services[0]
        decided = name, self._active, folders
        choice = Choice(name, self._active, self._before, stays=decided == self._decided, fetched=self.fetched)
        made = await asyncio.to_thread(with_chosen, whole, choice)
        self._decided = None if whole.pending else decided
        if self.fetched and not whole.pending:
            self.fetched = not await asyncio.to_thread(made.findings)
        return made
