"""The editor's settings: sent at the start, requested by us, or sent when they change."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.lsp.rpc import RefusedError
from alloclens.lsp.show import first_of, tell
from alloclens.settings.checking import checked, misspelt, shown

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

log = logging.getLogger(__name__)

SECTION = "alloclens"
ANSWER_SECONDS = 10.0
"""Without an answer after this time, the settings sent at the start apply."""


def take(ls: Server, given: Any) -> None:
    """Use these settings, which may be any JSON, from now on."""
    ls.given, mistakes = read(given)
    ls.mistakes = tuple(mistakes)


async def pull(ls: Server) -> None:
    """Request the editor's settings, if it supports that."""
    if not ls.client.answers_configuration:
        return
    params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
    try:
        answer = await asyncio.wait_for(ls.workspace_configuration_async(params), ANSWER_SECONDS)
    except (RefusedError, asyncio.TimeoutError) as error:
        log.warning("the editor did not send its settings: %s", str(error) or "no answer")
        return
    if answer and answer[0] is not None:  # null: the editor has none of our settings
        take(ls, answer[0])


def tell_mistakes(ls: Server) -> None:
    """Show each mistake in the settings once, and again only if it was corrected in between."""
    fresh = [mistake for mistake in ls.mistakes if mistake not in ls.told]
    ls.told = frozenset(ls.mistakes)
    for mistake in fresh:
        log.warning("the editor's settings: %s", mistake)
    if fresh:
        tell(ls, f"in the editor's settings: {first_of(fresh)}", types.MessageType.Warning)


def read(given: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the valid settings, and what is wrong with the others.

    They may be nested under our name. Editors send keys of their own, so an unknown key is reported only if it resembles
    a setting.
    """
    if isinstance(given, dict):
        given = given.get(SECTION, given)
    if given is None:
        return {}, []
    if not isinstance(given, dict):
        return {}, [f"{shown(given)} is not a table of settings, so it is ignored"]
    good, problems = checked(given)
    return good, [f"{p.wrong}, so it is ignored" for p in problems] + [p.wrong for p in misspelt(given)]
