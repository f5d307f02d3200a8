"""An editor's documents: their paths, their lines, and positions in the client's own units."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types
from pygls import uris

from alloclens.disk import is_name
from alloclens.source.text import split_lines
from alloclens.store.files import real, text_of

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec, TextDocument, Workspace

    from alloclens.source.roots import Roots


@dataclass(frozen=True)
class Document:
    """The text of a file as the editor has it, else as it is on disk."""

    uri: str
    path: str
    """Real path, canonical."""
    text: str
    lines: tuple[str, ...]
    codec: PositionCodec

    def end_of(self, line: int) -> types.Position:
        """Return the position behind the last character of a line (1-based)."""
        return types.Position(line - 1, self.codec.client_num_units(self.lines[line - 1]))

    def code_of(self, line: int) -> types.Range:
        """Return the range from a line's first visible character to its last."""
        text = self.lines[line - 1]
        indent = text[: len(text) - len(text.lstrip())]
        return types.Range(types.Position(line - 1, self.codec.client_num_units(indent)), self.end_of(line))


def opened_path(uri: str) -> str | None:
    """Return the path a URI means; None for an unsaved buffer, a notebook's cell and the like."""
    path = uris.to_fs_path(uri)
    return path if path and is_name(path) else None


def path_of(uri: str) -> str | None:
    """Return the real path a URI means."""
    path = opened_path(uri)
    return real(path) if path else None


def uri_of(path: str, roots: Roots) -> str:
    """Return the URI by which the editor knows a real path."""
    opened = roots.opened(path)
    try:
        return uris.from_fs_path(opened) or ""
    except UnicodeEncodeError:  # the name is not UTF-8: its bytes are escaped
        return Path(opened).as_uri()


def same(uri: str) -> str:
    """Return a URI as all that mean the same are spelt: editors do not agree on what is written as %40."""
    return unquote(uri)


def opened(workspace: Workspace, uri: str) -> TextDocument | None:
    """Return a document if the editor has it open."""
    found: TextDocument | None = workspace.text_documents.get(same(uri))  # so pygls keeps them
    return found


def document(workspace: Workspace, uri: str) -> Document | None:
    """Return a document; None where there is none to read."""
    path = path_of(uri)
    if path is None:
        return None
    at = opened(workspace, uri)
    text = at.source if at else text_of(path)
    return None if text is None else Document(uri, path, text, split_lines(text), workspace.position_codec)
