"""Writes settings into the settings file, through the editor if it has the file open, else on disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

from alloclens.disk import check_inside, read_file, real, reason, write_file
from alloclens.lsp.rpc import RefusedError
from alloclens.lsp.show import tell
from alloclens.settings import config, config_text
from alloclens.settings.checking import parse
from alloclens.settings.file_names import OWN
from alloclens.settings.trust import allow
from alloclens.workspace.workspace import targets

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.lsp.server import Server

WARNING = types.MessageType.Warning


class _SettingsEdit(NamedTuple):
    what: str
    edited: Callable[[str, str], str]
    """Returns the new text of a file, given the old one and its path. Raises ValueError."""
    allow: Callable[[tuple[str, ...]], None] = lambda _: None
    """Allows what the user has chosen, in these folders. Raises OSError."""


async def add_mapping(ls: Server, recorded: str, to: str) -> str | None:
    """Add a mapping and show where; return the file's path, or None after showing why that failed."""
    change = _SettingsEdit(
        "the path mapping",
        lambda text, path: config_text.with_mapping(text, config.table_of(path), recorded, to),
        lambda folders: _allow(folders, recorded, to),
    )
    return await _change(ls, change)


async def write_settings(ls: Server, values: dict[str, Any]) -> str | None:
    """Write settings and show where; return the file's path, or None after showing why that failed."""
    return await _change(
        ls,
        _SettingsEdit(
            "what was chosen", lambda text, path: config_text.with_values(text, config.table_of(path), values)
        ),
    )


async def add_source(ls: Server, source: dict[str, Any]) -> str | None:
    """Add a source, or replace the one of its name, and show where; return the file's path, or None after showing why that failed."""
    return await _change(
        ls,
        _SettingsEdit(
            f"the source {source['name']}",
            lambda text, path: config_text.with_source(text, config.table_of(path), source),
        ),
    )


async def _change(ls: Server, change: _SettingsEdit) -> str | None:
    folders = tuple(ls.folders.values())
    if not folders:
        tell(ls, "no folder is open, so there is no place for a settings file", WARNING)
        return None
    path = str(await asyncio.to_thread(config.find, folders) or Path(folders[0], OWN))
    try:
        edit = await asyncio.to_thread(_written, ls, folders, path, change)
        if edit:
            await _apply(ls, edit, change.what)
            tell(ls, f"{path} now has {change.what}; save it to apply it")
    except (OSError, ValueError, RefusedError) as error:
        tell(ls, f"{path} could not be changed: {reason(error)}", WARNING)
        return None
    if ls.loader:
        ls.loader.wake()
    return path


def _written(ls: Server, folders: tuple[str, ...], path: str, change: _SettingsEdit) -> types.WorkspaceEdit | None:
    """Write the change into the file; if that is open in an editor that applies edits, return the edit instead.

    Other editors read a changed file again if it has no unsaved changes. Raises OSError or ValueError.
    """
    check_inside(path, folders)
    document = ls.documents.opened_at(real(path), ls.world.sources.roots)
    edited = document if ls.client.applies_edits else None
    before = edited.text if edited else _text(path)
    if document and document.text != before:
        raise ValueError("it is open and has unsaved changes; save it first")
    after = change.edited(before, path)
    change.allow(folders)
    if edited:
        everything = types.Range(types.Position(0, 0), types.Position(2**31 - 1, 0))
        return types.WorkspaceEdit(changes={edited.uri: [types.TextEdit(everything, after)]})
    write_file(Path(path), after.encode())
    return None


def _allow(folders: tuple[str, ...], recorded: str, to: str) -> None:
    """Allow the path that the user has chosen, even outside the workspace. Raises OSError."""
    settings, _ = parse({"profileDirs": [], "pathMappings": [{"from": recorded, "to": to}]})
    allow(target.grant for target in targets(folders, settings))


def _text(path: str) -> str:
    """Return a file's text, "" if it does not exist. Raises OSError, or ValueError if writing it back would damage it."""
    try:
        return read_file(path, config.LARGEST).decode()
    except FileNotFoundError:
        return ""


async def _apply(ls: Server, edit: types.WorkspaceEdit, what: str) -> None:
    """Have the editor apply an edit, which the user can undo and has to save. Raises ValueError or RefusedError."""
    result = await ls.workspace_apply_edit_async(types.ApplyWorkspaceEditParams(edit, f"Write {what}"))
    if not result.applied:
        raise ValueError(result.failure_reason or "the editor refused the edit")
