"""The capabilities of the editor. A capability that is not announced is absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from alloclens.lsp.commands import as_command
from alloclens.lsp.protocol import COPY_FOR_AGENT, EXPLAIN, SHOW_STACKS, ShowStackPage, TellWhy

if TYPE_CHECKING:
    from collections.abc import Mapping


class Client:
    """The capabilities of one editor."""

    def __init__(self, capabilities: types.ClientCapabilities | None = None) -> None:
        self._workspace = (capabilities and capabilities.workspace) or types.WorkspaceClientCapabilities()
        self._window = (capabilities and capabilities.window) or types.WindowClientCapabilities()
        self._document = (capabilities and capabilities.text_document) or types.TextDocumentClientCapabilities()
        self._general = (capabilities and capabilities.general) or types.GeneralClientCapabilities()
        self._ours = _ours(capabilities.experimental if capabilities else None)

    @property
    def refreshes_hints(self) -> bool:
        return bool(self._workspace.inlay_hint and self._workspace.inlay_hint.refresh_support)

    @property
    def refreshes_lenses(self) -> bool:
        return bool(self._workspace.code_lens and self._workspace.code_lens.refresh_support)

    @property
    def answers_configuration(self) -> bool:
        return bool(self._workspace.configuration)

    @property
    def applies_edits(self) -> bool:
        return bool(self._workspace.apply_edit)

    @property
    def confirms_edits(self) -> bool:
        """Whether it shows edits to confirm before it makes them."""
        ability = self._workspace.workspace_edit
        return bool(ability and ability.document_changes and ability.change_annotation_support)

    @property
    def registers_configuration(self) -> bool:
        ability = self._workspace.did_change_configuration
        return bool(ability and ability.dynamic_registration)

    @property
    def registers_watched_files(self) -> bool:
        ability = self._workspace.did_change_watched_files
        return bool(ability and ability.dynamic_registration)

    @property
    def shows_progress(self) -> bool:
        return bool(self._window.work_done_progress)

    @property
    def shows_documents(self) -> bool:
        return bool(self._window.show_document and self._window.show_document.support)

    @property
    def asks(self) -> bool:
        return bool(self._window.show_message)

    @property
    def relates_diagnostics(self) -> bool:
        ability = self._document.publish_diagnostics
        return bool(ability and ability.related_information)

    @property
    def returns_data(self) -> bool:
        ability = self._document.publish_diagnostics
        return bool(ability and ability.data_support)

    @property
    def describes_codes(self) -> bool:
        ability = self._document.publish_diagnostics
        return bool(ability and ability.code_description_support)

    @property
    def prefers_markdown(self) -> bool:
        """Whether hovers are shown as Markdown. The editor lists what it can show, the best first."""
        formats = (self._document.hover and self._document.hover.content_format) or ()
        return next(iter(formats), None) == types.MarkupKind.Markdown

    @property
    def folds_markdown(self) -> bool:
        """Whether Markdown may have the HTML element `details`."""
        markdown = self._general.markdown
        return {"details", "summary"} <= set((markdown and markdown.allowed_tags) or ())

    def show_stacks(self, title: str, uri: str, line: int) -> types.Command:
        """Return the command that shows the stacks of a line (0-based): the editor's own, or one that opens a page."""
        if self.has_stacks:
            return types.Command(title, SHOW_STACKS, arguments=[uri, line])
        return as_command(title, ShowStackPage(uri=uri, line=line))

    def explain(self, title: str, uri: str) -> types.Command:
        """Return the command that explains why a document has no numbers: the editor's own, or one that shows a message."""
        return types.Command(title, EXPLAIN, arguments=[uri]) if self.explains else as_command(title, TellWhy(uri=uri))

    @property
    def explains(self) -> bool:
        return EXPLAIN in self._ours.get("commands", ())

    def copy_for_agent(self, title: str, finding: str) -> types.Command | None:
        """Return the editor's command that copies the findings of an id as text; None if it has none: LSP has no clipboard."""
        has_it = COPY_FOR_AGENT in self._ours.get("commands", ())
        return types.Command(title, COPY_FOR_AGENT, arguments=[finding]) if has_it else None

    @property
    def has_stacks(self) -> bool:
        """Whether it shows call stacks in its own way."""
        return SHOW_STACKS in self._ours.get("commands", ())

    @property
    def hovers_diagnostics(self) -> bool:
        """Whether a hover has the line's diagnostics, too: in VS Code. No capability says so."""
        return self.has_stacks

    @property
    def shows_call_details(self) -> bool:
        """Whether the detail of a call hierarchy item is shown: in VS Code. Neovim and Vim show only names, and no capability says so."""
        return self.has_stacks

    @property
    def shows_status(self) -> bool:
        return self._ours.get("status") is True

    @property
    def shows_capture(self) -> bool:
        return self._ours.get("capture") is True

    @property
    def shows_sources(self) -> bool:
        return self._ours.get("sources") is True


def _ours(experimental: Any) -> Mapping[str, Any]:
    """Return the experimental capabilities of alloclens, whatever JSON a client sends."""
    ours = experimental.get("alloclens") if isinstance(experimental, dict) else None
    return ours if isinstance(ours, dict) else {}
