"""The editor's settings: those of the start, those it tells when it is asked, and those it sends when they change."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.lsp.rpc import RefusedError
from alloclens.lsp.show import first_of, tell
from alloclens.settings.settings import checked, misspelt, shown

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

log = logging.getLogger(__name__)

SECTION = "alloclens"
ANSWER_SECONDS = 10.0
"""After this long without an answer, what was set at the start counts."""


class Configuration:
    """What the editor sets, and which mistakes in it were told."""

    def __init__(self, ls: Server) -> None:
        self._ls = ls
        self._wrong: list[str] = []
        self._told: set[str] = set()

    def take(self, given: Any) -> None:
        """Use these settings from now on, whatever JSON they are."""
        self._ls.given, self._wrong = read(given)

    async def pull(self) -> None:
        """Ask the editor for its settings, if it answers that."""
        if not self._ls.client.answers_configuration:
            return
        asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        try:
            answer = await asyncio.wait_for(self._ls.workspace_configuration_async(asked), ANSWER_SECONDS)
        except (RefusedError, asyncio.TimeoutError) as error:
            log.warning("the editor did not tell its settings: %s", str(error) or "no answer")
            return
        if answer and answer[0] is not None:  # null: an editor that has none of our settings
            self.take(answer[0])

    def tell(self) -> None:
        """Tell each mistake once, until it is mended and made again."""
        fresh = [one for one in self._wrong if one not in self._told]
        self._told = set(self._wrong)
        for one in fresh:
            log.warning("the editor's settings: %s", one)
        if fresh:
            tell(self._ls, f"in the editor's settings: {first_of(fresh)}", types.MessageType.Warning)


def read(given: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the settings that are good, and what is wrong with others.

    They may lie under our name. Editors send keys of their own: a key that is no setting is told only if it is nearly one.
    """
    if isinstance(given, dict):
        given = given.get(SECTION, given)
    if given is None:
        return {}, []
    if not isinstance(given, dict):
        return {}, [f"{shown(given)} is not a table of settings, so it is ignored"]
    good, problems = checked(given)
    return good, [f"{one.wrong}, so it is ignored" for one in problems] + [one.wrong for one in misspelt(given)]
