"""A path mapping -> the settings file, by the editor where the file is open, else on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.disk import read_file, reason, write_file
from alloclens.lsp.documents import opened, uri_of
from alloclens.lsp.show import tell
from alloclens.store import config
from alloclens.store.settings import parse
from alloclens.store.trust import allow
from alloclens.store.workspace import targets

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

NAME = "alloclens.toml"
WARNING = types.MessageType.Warning


async def add_mapping(ls: Server, recorded: str, to: str) -> str | None:
    """Add a mapping and say where; return the file's path, None where it could not be done and was told why."""
    folders = tuple(ls.folders.values())
    if not folders:
        tell(ls, "no folder is open, so there is no place for a settings file", WARNING)
        return None
    path = str(config.find(folders) or Path(folders[0], NAME))
    document = opened(ls.workspace, uri_of(path, ls.world.sources.roots))
    try:
        before = document.source if document else await asyncio.to_thread(_text, path)
        after = await asyncio.to_thread(config.with_mapping, before, path, recorded, to)
        await asyncio.to_thread(_allow, folders, recorded, to)
        if document:
            await _replace(ls, document.uri, after)
            tell(ls, f"{path} has the path mapping now; save it, and it holds")
        else:
            await asyncio.to_thread(write_file, Path(path), after.encode())
    except (OSError, ValueError) as error:
        tell(ls, f"{path} could not be changed: {reason(error)}", WARNING)
        return None
    if ls.loader:
        ls.loader.poke()
    return path


def _allow(folders: tuple[str, ...], recorded: str, to: str) -> None:
    """Take what the user says for a permission, too, wherever it leads. Raises OSError."""
    settings, _ = parse({"profileDirs": [], "pathMappings": [{"from": recorded, "to": to}]})
    allow(target.grant for target in targets(folders, settings))


def _text(path: str) -> str:
    """Return a file's text, "" if there is none. Raises OSError or ValueError for one that writing it back would damage."""
    try:
        return read_file(path, config.LARGEST).decode()
    except FileNotFoundError:
        return ""


async def _replace(ls: Server, uri: str, text: str) -> None:
    """Have the editor replace a document's text: an edit that a person can undo, and saves.

    Raises ValueError if the editor refuses.
    """
    everything = types.Range(types.Position(0, 0), types.Position(2**31 - 1, 0))
    edit = types.WorkspaceEdit(changes={uri: [types.TextEdit(everything, text)]})
    done = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, "Add a path mapping"))
    if not done.applied:
        raise ValueError(done.failure_reason or "the editor refused the edit")
