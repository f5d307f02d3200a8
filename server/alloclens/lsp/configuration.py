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


def take(ls: Server, given: Any) -> None:
    """Use these settings from now on, whatever JSON they are."""
    ls.given, mistakes = read(given)
    ls.mistakes = tuple(mistakes)


async def pull(ls: Server) -> None:
    """Ask the editor for its settings, if it answers that."""
    if not ls.client.answers_configuration:
        return
    asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        answer = await asyncio.wait_for(ls.workspace_configuration_async(asked), ANSWER_SECONDS)
    except (RefusedError, asyncio.TimeoutError) as error:
        log.warning("the editor did not tell its settings: %s", str(error) or "no answer")
        return
    if answer and answer[0] is not None:  # null: an editor that has none of our settings
        take(ls, answer[0])


def tell_mistakes(ls: Server) -> None:
    """Tell the user of each mistake once, until it is mended and made again."""
    fresh = [one for one in ls.mistakes if one not in ls.told]
    ls.told = frozenset(ls.mistakes)
    for one in fresh:
        log.warning("the editor's settings: %s", one)
    if fresh:
        tell(ls, f"in the editor's settings: {first_of(fresh)}", types.MessageType.Warning)


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
