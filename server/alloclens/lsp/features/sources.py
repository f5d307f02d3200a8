"""Profile servers and buckets: lists them, tests a connection, and fetches from them. Only the user's own command makes it connect."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types
from msgspec import to_builtins

from alloclens.lsp import protocol
from alloclens.lsp.permission import allowed_folder, folder_of
from alloclens.lsp.progress import FetchProgress
from alloclens.lsp.settings_file import add_source
from alloclens.lsp.show import tell
from alloclens.printable import printable
from alloclens.profile.comments import VERSIONS
from alloclens.settings.settings import Source, fields
from alloclens.settings.trust import allowed
from alloclens.sources.apart import Job
from alloclens.sources.collect import SERVICE, count
from alloclens.sources.errors import CaptureError
from alloclens.sources.remote import FetchSpan, RemoteProcess, moment, remote
from alloclens.typed import as_json
from alloclens.wording.amounts import amount, counted
from alloclens.workspace.workspace import fetched_into

if TYPE_CHECKING:
    from alloclens.lsp.server import Server
    from alloclens.sources.remote import Overview

MOST_LISTED = 10_000
"""Processes in one answer."""
MOST_AT_ONCE = 16
"""Processes that are fetched if none is chosen."""
MAX_TOLD = 2
"""Notes in a message to an editor that shows no sources."""
EXACT_SECONDS = 60.0
"""How far off a time may be that is not called the end of a longer time."""
SNAPSHOTS = 60
"""Of one process: enough to judge it, and to see its course."""


def register(server: Server) -> None:
    """Offer the commands."""
    server.fetching.on_change = partial(tell_change, server)
    server.offer(protocol.GetSources, sources)
    server.offer(protocol.TestSource, test_source)
    server.offer(protocol.WriteSource, write_source)
    server.offer(protocol.GetSourceProcesses, source_processes)
    server.offer(protocol.FetchSnapshots, fetch)
    server.offer(protocol.StopFetch, stop)


async def sources(ls: Server, command: protocol.GetSources) -> tuple[protocol.ListedSource, ...]:
    """Return the sources of the settings."""
    del command
    if ls.folders:
        await ls.until_loaded(asks_again=False)  # before that, nothing is known of the settings
    states, listed = dict(ls.fetching.states), ls.world.settings.sources
    folder = await asyncio.to_thread(folder_of, ls)
    return await asyncio.to_thread(lambda: tuple(_listed(source, folder, states.get(source.name)) for source in listed))


async def test_source(ls: Server, command: protocol.TestSource) -> protocol.SourceTest:
    """Return what a source has."""
    try:
        folder = await allowed_folder(ls, command.source)
        found = (await ls.fetching.ask(Job("overview", command.source, folder))).overview
    except CaptureError as error:
        return protocol.SourceTest("", (), "", printable(str(error)))
    return _test(found)


async def write_source(ls: Server, command: protocol.WriteSource) -> str | None:
    """Write a source to the settings file; return the file's path, or None after showing why that failed."""
    given = to_builtins(command.source)
    usual = {field.encode_name: field.default for field in fields(Source)}
    return await add_source(ls, {name: value for name, value in given.items() if value != usual[name]})


async def source_processes(ls: Server, command: protocol.GetSourceProcesses) -> protocol.SourceProcesses:
    """Return the processes of a source."""
    wanted = FetchSpan(command.seconds, 0)
    try:
        folder = await allowed_folder(ls, command.source)
        found = (await ls.fetching.ask(Job("processes", command.source, folder, wanted))).processes
    except CaptureError as error:
        return protocol.SourceProcesses((), 0, printable(str(error)))
    return protocol.SourceProcesses(tuple(map(_process, found[:MOST_LISTED])), max(len(found) - MOST_LISTED, 0), "")


async def fetch(ls: Server, command: protocol.FetchSnapshots) -> str | None:
    """Fetch snapshots; return the error if that fails."""
    source, options = command.source, command.options
    try:
        folder = await allowed_folder(ls, source)
    except CaptureError as error:
        return printable(str(error))
    every = options.every or max(options.seconds // SNAPSHOTS, source.interval)
    wanted = FetchSpan(options.seconds, every, MOST_AT_ONCE, options.processes)
    into = await asyncio.to_thread(fetched_into, folder, source)
    bar = FetchProgress(ls, source.name, lambda: ls.fetching.stop(source.name))
    try:
        return await ls.fetching.fetch(Job("collect", source, folder, wanted, str(into)), bar.update)
    finally:
        bar.end()


def stop(ls: Server, command: protocol.StopFetch) -> None:
    """Stop fetching."""
    ls.fetching.stop(command.source)


def tell_change(ls: Server, before: protocol.SourceState | None, now: protocol.SourceState) -> None:
    """Notify the editor; one that is not notified gets a message at the end."""
    was_error = before.error if before else ""
    if now.written and not now.running:
        ls.choosing.fetched = True
    if ls.loader and (not now.running or not before or now.done > before.done):
        ls.loader.wake()  # a directory may be new, and then nothing watches it
    if ls.is_shut_down:
        return
    if ls.client.shows_sources:
        ls.protocol.notify(protocol.SourceState.method, as_json(now))
    elif not now.running:
        kind = types.MessageType.Warning if now.error else types.MessageType.Info
        what = now.error or counted(now.written, "new snapshot")
        tell(ls, f"{now.name}: {'; '.join((what, *now.notes[:MAX_TOLD]))}", kind)
    if ls.publisher and was_error != now.error:
        ls.run_task(ls.publisher.show_status(), "showing the status")


def _listed(source: Source, folder: str, state: protocol.SourceState | None) -> protocol.ListedSource:
    asks, error, is_allowed, snapshots = "", state.error if state else "", False, 0
    if folder:
        try:
            made = remote(source, folder)
            asks, is_allowed = made.asks, made.grant in allowed()
            snapshots = count(fetched_into(folder, source))
        except CaptureError as wrong:
            error = printable(str(wrong))
    running = bool(state and state.running)
    notes = state.notes if state else ()
    return protocol.ListedSource(source, printable(asks), is_allowed, snapshots, running, error, notes)


def _test(found: Overview | None) -> protocol.SourceTest:
    assert found
    return protocol.SourceTest(printable(found.text), found.services[:MOST_LISTED], found.label, "")


def _process(process: RemoteProcess) -> protocol.SourceProcess:
    labels = dict(process.labels)
    service = next((labels.pop(name) for name in SERVICE if name in labels), "")
    version = " ".join(labels.pop(name) for name, _ in process.labels if name in VERSIONS and name in labels)
    detail = _course(process) if process.now else ""
    return protocol.SourceProcess(process.labels, service, version, " ".join(labels.values()), detail)


def _course(process: RemoteProcess) -> str:
    grown = process.now - process.before
    sign = "+" if grown >= 0 else ""
    course = f"{sign}{amount(grown, 'bytes')}" if process.is_course else "growth unknown"
    about = "before " if process.within > EXACT_SECONDS else ""
    return f"{amount(process.now, 'bytes')}, {course}, newest {about}{moment(process.newest)}"
