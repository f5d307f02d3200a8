"""The life of a session, from initialize to exit, and changes of settings and folders."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.client import Client
from alloclens.lsp.configuration import SECTION, pull, take, tell_mistakes
from alloclens.lsp.documents import Documents, opened_path
from alloclens.lsp.ending import end, follow_process
from alloclens.lsp.offering import registrations
from alloclens.lsp.publish import Publisher
from alloclens.session.loader import Loader, Wanted
from alloclens.session.world import FilePair

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alloclens.lsp.server import Server

STOP_SECONDS = 1.0


def register(server: Server) -> None:
    """Register the handlers."""
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_folders)
    server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(did_change_watched_files)
    server.feature(types.SHUTDOWN)(shutdown)
    server.feature(types.EXIT)(exit_)


def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Take the client's capabilities, folders and settings. Must not raise, which would end the session."""
    ls.client = Client(params.capabilities)
    follow_process(params.process_id)
    ls.documents = Documents(ls.workspace.position_encoding or types.PositionEncodingKind.Utf16)
    ls.folders = _folders(params)
    take(ls, params.initialization_options)
    if ls.client.shows_documents or ls.client.has_stacks:
        ls.withdraw(types.TEXT_DOCUMENT_DECLARATION)  # they have the page of call stacks, or a view


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    """Start following the directories, with the client's current settings."""
    del params
    ls.publisher = publisher = Publisher(ls)
    ls.loader = Loader(publisher.show, ls.worker)
    ls.run_task(ls.loader.run(), "following the profile directories")
    if all_registrations := [*_of_configuration(ls), *registrations(ls)]:
        asking = ls.client_register_capability_async(types.RegistrationParams(all_registrations))
        ls.run_task(asking, "asking for changes of settings and files")
    await pull(ls)
    follow(ls)
    tell_mistakes(ls)
    if registrations(ls):
        ls.run_task(_offer(ls, publisher.found()), "offering a profile")


def _of_configuration(ls: Server) -> list[types.Registration]:
    if not ls.client.registers_configuration:
        return []
    return [types.Registration("configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": SECTION})]


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Use the new settings: request them if the client supports that, else use those in the notification."""
    if ls.client.answers_configuration:
        await pull(ls)
    else:
        take(ls, params.settings)
    follow(ls)
    tell_mistakes(ls)


def did_change_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    """Follow the folders that are now open."""
    for folder in params.event.removed:
        ls.folders.pop(folder.uri, None)
    ls.folders |= {f.uri: path for f in params.event.added if (path := opened_path(f.uri))}
    follow(ls)


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Offer to show what is a profile."""
    if ls.publisher:
        ls.run_task(_offer(ls, ls.publisher.chosen(params.changes)), "offering a profile")


async def _offer(ls: Server, asking: Awaitable[str | None]) -> None:
    if path := await asking:
        ls.compared = FilePair(None, path)
        follow(ls)


async def shutdown(ls: Server, params: None) -> None:
    """Stop the worker and the loader, without waiting for long: the process ends soon."""
    del params
    ls.is_shut_down = True
    ls.stop_tasks()
    ls.capturing.stop()
    ls.fetching.stop_all()
    stopping = [asyncio.to_thread(stop) for stop in (ls.worker.stop, *([ls.loader.stop] if ls.loader else []))]
    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*stopping), STOP_SECONDS)


def exit_(ls: Server, params: None) -> None:
    """End the process."""
    del params
    ls.protocol.writer.close()
    end(0 if ls.is_shut_down else 1)


def _folders(params: types.InitializeParams) -> dict[str, str]:
    given = [f.uri for f in params.workspace_folders or ()] or [u for u in (params.root_uri,) if u]
    return {uri: path for uri in given if (path := opened_path(uri))}


def leave(ls: Server) -> None:
    """Show the series again instead of the files that the user named."""
    if ls.compared:
        ls.compared = None
        follow(ls)


def follow(ls: Server) -> None:
    """Tell the loader what to follow."""
    if ls.loader:
        ls.loader.want(Wanted(tuple(ls.folders.values()), ls.given, tuple(chain(*ls.focus)), ls.compared))
