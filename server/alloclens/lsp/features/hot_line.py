"""To the next and the previous hot line, in every editor: by line within a file, then on to the next file, round and round."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from lsprotocol import types

from alloclens.lsp.commands import Uinteger
from alloclens.lsp.documents import opened_path, same
from alloclens.lsp.features.hot_lines import DEFAULT, found
from alloclens.lsp.server import Server
from alloclens.lsp.show import shown, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMAND = "alloclens.server.hotLine"


def register(server: Server) -> None:
    """Offer the command."""
    server.command(COMMAND)(hot_line)


async def hot_line(ls: Server, uri: str, line: Uinteger, step: Literal[1, -1]) -> dict[str, Any] | None:
    """Have the editor show the hot line after (step 1) or before (-1) a line (0-based) of a document; return its Location.

    The lines are those of `hot_lines` without options. Returns None where there is none at all.
    """
    rows = await asyncio.to_thread(found, ls.world, ls.documents, DEFAULT)
    row = neighbour(rows, (same(uri), line), step)
    if row is None:
        tell(ls, "no hot line yet")
        return None
    ls.run_task(_show(ls, row), "showing a hot line")  # not before the answer: some editors do one thing at a time
    location: dict[str, Any] = row["location"]
    return location


def neighbour(rows: Sequence[dict[str, Any]], here: tuple[str, int], step: int) -> dict[str, Any] | None:
    """Return the row next to a place, (URI, line); behind the last one comes the first."""
    ordered = sorted(rows, key=_place, reverse=step < 0)
    beyond = (row for row in ordered if (_place(row) < here if step < 0 else _place(row) > here))
    return next(beyond, ordered[0] if ordered else None)


def _place(row: dict[str, Any]) -> tuple[str, int]:
    location = row["location"]
    return same(location["uri"]), location["range"]["start"]["line"]


async def _show(ls: Server, row: dict[str, Any]) -> None:
    uri, line = row["location"]["uri"], row["location"]["range"]["start"]["line"]
    at = types.Position(line, 0)
    if not await shown(ls, uri, types.Range(at, at)):
        tell(ls, f"{opened_path(uri)}:{line + 1}  {row['label']}")
