"""Plain values -> LSP values. Lines are 1-based there and 0-based here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from alloclens.lsp.documents import uri_of

if TYPE_CHECKING:
    from alloclens.profile.model import Frame
    from alloclens.source.places import SourceMap


def location(frame: Frame, sources: SourceMap) -> types.Location | None:
    """Return where a frame's line lies here; None where it has no place."""
    place = sources.place(frame.file)
    if place is None or frame.line < 1:
        return None
    at = types.Position(frame.line - 1, 0)
    return types.Location(uri_of(place.path, sources.roots), types.Range(at, at))


def link(frame: Frame, sources: SourceMap) -> str | None:
    """Return the address of a frame's line as editors' markdown knows it."""
    found = location(frame, sources)
    return f"{found.uri}#L{frame.line}" if found else None
