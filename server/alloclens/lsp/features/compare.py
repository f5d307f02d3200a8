"""Compares two profiles that the user names, wherever they are."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from alloclens.disk import open_file, real_path, reason
from alloclens.lsp import lifecycle, protocol
from alloclens.printable import printable
from alloclens.session.world import FilePair

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def register(server: Server) -> None:
    """Offer the commands."""
    server.offer(protocol.CompareFiles, compare)
    server.offer(protocol.LeaveComparison, leave)


async def compare(ls: Server, command: protocol.CompareFiles) -> str | None:
    """Show the difference of two files; if they cannot be compared, return why and keep what is shown."""
    pair = await asyncio.to_thread(_pair, command.base, command.head)
    if isinstance(pair, str):
        return printable(pair)
    if ls.loader and (why := await ls.loader.incomparable(command.base or command.head, command.head)):
        return printable(why)
    ls.compared = pair._replace(
        sample_type=command.sample_type, base_begun=command.base_begun, head_begun=command.head_begun
    )
    lifecycle.follow(ls)
    return None


def leave(ls: Server, command: protocol.LeaveComparison) -> None:
    """Show the series again."""
    del command
    lifecycle.leave(ls)


def _pair(base: str, head: str) -> FilePair | str:
    """Return the real paths of two files, or why they cannot be compared, as far as it can be told without reading them.

    Without a base, the head is alone.
    """
    for path in (base, head) if base else (head,):
        if not os.path.isabs(path):
            return f"{path} is not an absolute path"
        try:
            open_file(path).close()
        except OSError as error:
            return f"{path} could not be read: {reason(error)}"
    pair = FilePair(real_path(base) if base else None, real_path(head))
    return f"{base} cannot be compared with itself" if pair.base == pair.head else pair
