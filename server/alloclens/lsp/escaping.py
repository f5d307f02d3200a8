"""Escapes control characters in labels, titles and messages, which an editor shows as they are.

`wording/markdown.py` escapes Markdown. Data, such as URIs and the arguments of commands, stays exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from cattrs import Converter

SHOWN: dict[type, tuple[str, ...]] = {
    types.Command: ("title",),
    types.CodeAction: ("title",),
    types.InlayHintLabelPart: ("value",),
    types.DiagnosticRelatedInformation: ("message",),
    types.Diagnostic: ("message",),
    types.CallHierarchyItem: ("name", "detail"),
    types.SymbolInformation: ("name", "containerName"),
}
"""The fields of each type, by their JSON names. A type comes after those that it contains."""
MESSAGES: dict[type, tuple[str, ...]] = {
    types.ShowMessageParams: ("message",),
    types.ShowMessageRequestParams: ("message",),
}
"""The same for messages."""


def with_escapes(converter: Converter) -> Converter:
    """Make a converter escape control characters in everything that is shown."""
    for all_of_a_kind, write in ((SHOWN, printable), (MESSAGES, _without_links)):
        for kind, fields in all_of_a_kind.items():
            converter.register_unstructure_hook(kind, _hook(converter.get_unstructure_hook(kind), fields, write))
    return converter


def _hook(
    as_json: Callable[[Any], dict[str, Any]], fields: tuple[str, ...], write: Callable[[str], str]
) -> Callable[[Any], dict[str, Any]]:
    def made(value: Any) -> dict[str, Any]:
        out = as_json(value)
        return out | {field: write(out[field]) for field in fields if field in out}

    return made


def _without_links(message: str) -> str:
    """Break the links in a message: VS Code shows [text](command:name) as a link that runs the command."""
    return printable(message).replace("](", "] (")
