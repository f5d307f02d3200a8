"""Documents, open in the editor or on disk: their paths, their lines, and positions in the editor's units."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
from lsprotocol import types
from pygls import uris

from alloclens.cache import pages
from alloclens.disk import is_name, real
from alloclens.paths import canonical
from alloclens.text import split_lines
from alloclens.typed import ready
from alloclens.wording.stack_page import PageRows
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.source.roots import Roots

ready(PageRows)
DRIVE = re.compile(r"^file:///[A-Z]:")


@dataclass(frozen=True, eq=False)
class Document:
    """A document in the editor, with its unsaved edits, or a file on disk."""

    uri: str
    """As the editor writes it."""
    text: str
    encoding: types.PositionEncodingKind | str = types.PositionEncodingKind.Utf16
    """The unit of the editor's positions."""

    @cached_property
    def path(self) -> str:
        """The real path, canonical; "" if the document is not a file. Reads the disk: use it in a thread."""
        path = opened_path(self.uri)
        return real(path) if path else ""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines. Slow for a large text: use it in a thread."""
        return split_lines(self.text)

    def end_of(self, line: int) -> types.Position:
        """Return the position after the last character of a line (1-based)."""
        return types.Position(line - 1, self.units(self.lines[line - 1]))

    def code_of(self, line: int) -> types.Range:
        """Return the range from a line's first visible character to its last."""
        text = self.lines[line - 1]
        indent = text[: len(text) - len(text.lstrip())]
        return types.Range(types.Position(line - 1, self.units(indent)), self.end_of(line))

    def units(self, text: str) -> int:
        """Return the length of a text in the editor's units."""
        if self.encoding == types.PositionEncodingKind.Utf32:
            return len(text)
        if self.encoding == types.PositionEncodingKind.Utf8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2


@dataclass(frozen=True, eq=False)
class Documents:
    """All documents at one moment. A handler reads `ls.documents` once, like `ls.world`."""

    encoding: types.PositionEncodingKind | str = types.PositionEncodingKind.Utf16
    opened: Mapping[str, Document] = field(default_factory=dict)
    """By `same` of the URI. If several are one file, the first is preferred."""

    def with_text(self, uri: str, text: str) -> Documents:
        """Return the documents with one added, or with another text of it."""
        return replace(self, opened={**self.opened, same(uri): Document(uri, text, self.encoding)})

    def without(self, uri: str) -> Documents:
        """Return the documents without one."""
        return replace(self, opened={key: other for key, other in self.opened.items() if key != same(uri)})

    def before_others(self, uri: str) -> Documents:
        """Return the documents with one of them as the first."""
        first = self.opened.get(same(uri))
        return replace(self, opened={same(uri): first, **self.opened}) if first else self

    def named(self, uri: str, roots: Roots) -> Document | None:
        """Return the document of a URI: any that is open, others only if their file is in the roots.

        May read the file: call it from a thread.
        """
        if document := self.opened.get(same(uri)):
            return document
        path = opened_path(uri)
        return self._read(uri, path) if path and _held(path, roots) else self.page(uri)

    def page(self, uri: str) -> Document | None:
        """Return a page that we wrote. May read the disk: call it from a thread."""
        path = opened_path(uri)
        if path is None or not pages.holds(path):
            return None
        return self.opened.get(same(uri)) or self._read(uri, path)

    def page_rows(self, uri: str) -> PageRows | None:
        """Return what is on the rows of a page of call stacks. Reads the disk: call it from a thread."""
        path, page = opened_path(uri), self.page(uri)
        kept = pages.data(path, page.text) if path and page else None
        try:
            return msgspec.convert(kept, PageRows) if kept else None
        except msgspec.ValidationError:
            return None

    def at(self, path: str, roots: Roots) -> Document | None:
        """Return the document of a real path: an open one, or the file on disk. May read it: call it from a thread."""
        return self.opened_at(path, roots) or self._read(uri_of(path, roots), path)

    def opened_at(self, path: str, roots: Roots) -> Document | None:
        """Return the open document of a real path. Reads the disk: call it from a thread."""
        key = roots.key(path)
        return next((document for document in self.opened.values() if roots.key(document.path) == key), None)

    def duplicates(self, roots: Roots) -> list[Document]:
        """Return the open documents whose file is also an earlier one's: an editor may know it by several names."""
        return [d for d in self.opened.values() if d.path and self.opened_at(d.path, roots) is not d]

    def _read(self, uri: str, path: str) -> Document | None:
        text = text_of(path)
        return None if text is None else Document(uri, text, self.encoding)


def opened_path(uri: str) -> str | None:
    """Return the path of a URI; None for an unsaved buffer, a cell of a notebook and the like."""
    try:
        path = uris.to_fs_path(uri)
    except ValueError:  # such as file://[
        return None
    return path if path and is_name(path) else None


def uri_of(path: str, roots: Roots) -> str:
    """Return the editor's URI of a real path."""
    return _uri_of(roots.opened(path))


@lru_cache(1000)
def _uri_of(path: str) -> str:
    try:
        return uris.from_fs_path(path) or ""
    except UnicodeEncodeError:  # the name is not UTF-8: its bytes are escaped
        return Path(path).as_uri()


def same(uri: str) -> str:
    """Normalize a URI: editors disagree on C: and c%3A, and on @ and %40."""
    return DRIVE.sub(lambda drive: drive[0].lower(), unquote(uri))


def _held(path: str, roots: Roots) -> bool:
    """Return whether a file is in the roots, first by its name, which needs no disk, then by its real path."""
    return roots.hold(roots.real(canonical(path))) and roots.hold(real(path))
