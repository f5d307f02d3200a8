"""Captures profiles of running programs, and finds such programs. Only the user's own command makes it connect."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp import protocol
from alloclens.lsp.show import tell
from alloclens.printable import printable
from alloclens.sources import targets
from alloclens.typed import as_json

if TYPE_CHECKING:
    from alloclens.lsp.server import Server


def register(server: Server) -> None:
    """Offer the commands."""
    server.capturing.on_change = partial(tell_change, server)
    server.offer(protocol.StartCapture, start)
    server.offer(protocol.CaptureNow, now)
    server.offer(protocol.StopCapture, stop)
    server.offer(protocol.GetCaptureTargets, capture_targets)


async def start(ls: Server, command: protocol.StartCapture) -> str | None:
    """Begin to capture; return the error if the first capture fails."""
    return await ls.capturing.start(command.url, command.options, ls.world.directories)


async def now(ls: Server, command: protocol.CaptureNow) -> str | None:
    """Capture once more from the last program."""
    del command
    return await ls.capturing.now()


def stop(ls: Server, command: protocol.StopCapture) -> None:
    """Stop capturing."""
    del command
    ls.capturing.stop()


async def capture_targets(ls: Server, command: protocol.GetCaptureTargets) -> protocol.CaptureTargets:
    """Return the programs that can be captured from."""
    folders = ls.world.sources.roots.folders
    has_kubectl = await asyncio.to_thread(targets.has_kubectl)
    programs = (
        await asyncio.to_thread(targets.pods)
        if command.pods
        else targets.Pods(await asyncio.to_thread(targets.on_this_machine, folders), "")
    )
    listed = [protocol.CaptureTarget(*target) for target in programs.targets]
    return protocol.CaptureTargets(listed, has_kubectl, printable(programs.problem))


def tell_change(ls: Server, before: protocol.CaptureState, now: protocol.CaptureState) -> None:
    """Notify the editor; one that is not notified gets a message for the first capture, and for each new error of a series."""
    if ls.loader and now.taken > before.taken:
        ls.loader.wake()  # the directory may be new, and then nothing watches it
    if ls.is_shut_down:
        return
    if ls.client.shows_capture:
        ls.protocol.notify(protocol.CaptureState.method, as_json(now))
    elif now.taken > before.taken == 0:
        tell(ls, printable(f"captured {' and '.join(now.latest)}"))
    elif now.taken and now.error not in ("", before.error):
        tell(ls, now.error, types.MessageType.Warning)
