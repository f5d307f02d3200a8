"""What an editor shows as it is: labels, titles and messages, in which names must neither steer a display nor begin a row.

Markdown is made by `wording/markdown.py`; what is data, such as URIs and the arguments of commands, stays exact.
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
"""By type, the fields, as they are called on the wire. A type stands behind those that it holds."""
MESSAGES: dict[type, tuple[str, ...]] = {
    types.ShowMessageParams: ("message",),
    types.ShowMessageRequestParams: ("message",),
}
"""The same of messages."""


def written_out(converter: Converter) -> Converter:
    """Have a converter write control characters out in all that is shown, whoever has made it."""
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
    """Return a message as text: VS Code would make a link of [text](command:name), and run that command at a click."""
    return printable(message).replace("](", "] (")
