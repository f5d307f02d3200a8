"""A scripted editor at the other end of `alloclens lsp`: a real process over stdio."""

from __future__ import annotations

import ast
import asyncio
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PATIENCE = 30.0
UTF = {8: lsp.PositionEncodingKind.Utf8, 16: lsp.PositionEncodingKind.Utf16, 32: lsp.PositionEncodingKind.Utf32}


def vscode() -> lsp.ClientCapabilities:
    """The capabilities that VS Code announces with our client, as far as they matter to the server."""
    return lsp.ClientCapabilities(
        workspace=lsp.WorkspaceClientCapabilities(
            apply_edit=True,
            workspace_edit=lsp.WorkspaceEditClientCapabilities(
                document_changes=True, change_annotation_support=lsp.ChangeAnnotationsSupportOptions()
            ),
            configuration=True,
            did_change_configuration=lsp.DidChangeConfigurationClientCapabilities(dynamic_registration=True),
            inlay_hint=lsp.InlayHintWorkspaceClientCapabilities(refresh_support=True),
            code_lens=lsp.CodeLensWorkspaceClientCapabilities(refresh_support=True),
            did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
            workspace_folders=True,
        ),
        text_document=lsp.TextDocumentClientCapabilities(
            hover=lsp.HoverClientCapabilities(content_format=[lsp.MarkupKind.Markdown, lsp.MarkupKind.PlainText]),
            inlay_hint=lsp.InlayHintClientCapabilities(dynamic_registration=True),
            publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(
                related_information=True, code_description_support=True, data_support=True
            ),
        ),
        window=lsp.WindowClientCapabilities(
            work_done_progress=True, show_message=lsp.ShowMessageRequestClientCapabilities()
        ),
        general=lsp.GeneralClientCapabilities(
            position_encodings=[UTF[16]],
            markdown=lsp.MarkdownClientCapabilities("marked", allowed_tags=["p", "details", "summary"]),
        ),
        experimental={
            "alloclens": {
                "commands": ["alloclens.showStacks", "alloclens.explain", "alloclens.copyForAgent"],
                "status": True,
                "capture": True,
                "sources": True,
            }
        },
    )


def neovim(utf: int = 8) -> lsp.ClientCapabilities:
    """Neovim 0.11: refreshes hints, no commands of ours, prefers UTF-8."""
    return lsp.ClientCapabilities(
        workspace=lsp.WorkspaceClientCapabilities(
            apply_edit=True,
            configuration=True,
            inlay_hint=lsp.InlayHintWorkspaceClientCapabilities(refresh_support=True),
        ),
        text_document=lsp.TextDocumentClientCapabilities(
            hover=lsp.HoverClientCapabilities(content_format=[lsp.MarkupKind.Markdown]),
            publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(related_information=True),
        ),
        general=lsp.GeneralClientCapabilities(position_encodings=[UTF[utf], UTF[16]]),
    )


def bare() -> lsp.ClientCapabilities:
    """A client that declares nothing, as YouCompleteMe nearly does."""
    return lsp.ClientCapabilities()


NOTHING_SAID = SimpleNamespace(state="", text="", tooltip="", plainTooltip="", focus="", series="", compares=False)
"""The status before the server has sent one."""


class Editor:
    """What an editor would know: diagnostics, refreshes, messages, status."""

    def __init__(self, capabilities: lsp.ClientCapabilities) -> None:
        self.capabilities = capabilities
        self.program: tuple[str, ...] = (sys.executable, "-m", "alloclens")
        self.options: tuple[str, ...] = ()
        """Of `alloclens lsp`."""
        self.surroundings: dict[str, Any] = {}
        """Of the server's process: its working directory, its environment."""
        self.settings: dict[str, Any] = {}
        self.diagnostics: dict[str, list[lsp.Diagnostic]] = {}
        self.messages: list[str] = []
        self.questions: list[str] = []
        self.answer = ""
        """The button that a person presses on every question; none if it is empty."""
        self.registered: dict[str, Any] = {}
        """What the server registered for, by method: its options."""
        self.applied: list[lsp.WorkspaceEdit] = []
        self.refuses_edits = False
        self.progress: list[str] = []
        self.bars: dict[str, int | str] = {}
        """The token of every progress bar that was shown, by its title."""
        self.status: Any = NOTHING_SAID
        self.captures: list[Any] = []
        """Every state of capturing that the server has sent."""
        self.fetches: list[Any] = []
        """Every state of fetching from a source."""
        self.refreshes = 0
        self.is_open = False
        self._versions: dict[str, int] = {}
        self._changed = asyncio.Event()
        self.client = LanguageClient("scripted", "1")
        self._listen()

    def _listen(self) -> None:
        self._listen_for_requests()
        feature = self.client.feature

        @feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.diagnostics[params.uri] = list(params.diagnostics)
            self._changed.set()

        @feature(lsp.WORKSPACE_INLAY_HINT_REFRESH)
        def hints(_params: Any) -> None:
            self.refreshes += 1
            self._changed.set()

        @feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
        def lenses(_params: Any) -> None:
            self._changed.set()

        @feature(lsp.WINDOW_SHOW_MESSAGE)
        def message(params: lsp.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self._changed.set()

        @feature(lsp.PROGRESS)
        def progressed(params: lsp.ProgressParams) -> None:
            self.progress.append(_get(params.value, "kind"))
            if self.progress[-1] == "begin":
                self.bars[_get(params.value, "title")] = params.token
            self._changed.set()

        @feature("alloclens/status")
        def status(params: Any) -> None:
            self.status = params
            self._changed.set()

        @feature("alloclens/source")
        def fetched(params: Any) -> None:
            self.fetches.append(params)
            self._changed.set()

        @feature("alloclens/capture")
        def captured(params: Any) -> None:
            self.captures.append(params)
            self._changed.set()

    def _listen_for_requests(self) -> None:
        feature = self.client.feature

        @feature(lsp.WINDOW_SHOW_MESSAGE_REQUEST)
        def question(params: lsp.ShowMessageRequestParams) -> lsp.MessageActionItem | None:
            self.questions.append(params.message)
            self._changed.set()
            return next((action for action in params.actions or () if action.title == self.answer), None)

        @feature(lsp.WORKSPACE_APPLY_EDIT)
        def apply(params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
            self.applied.append(params.edit)
            return lsp.ApplyWorkspaceEditResult(applied=not self.refuses_edits)

        @feature(lsp.WORKSPACE_CONFIGURATION)
        def configuration(params: lsp.ConfigurationParams) -> list[Any]:
            return [self.settings for _ in params.items]

        @feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def registration(params: lsp.RegistrationParams) -> None:
            for one in params.registrations:
                self.registered[one.method] = one.register_options
            self._changed.set()

        @feature(lsp.WINDOW_WORK_DONE_PROGRESS_CREATE)
        def created(_params: lsp.WorkDoneProgressCreateParams) -> None:
            return None

    async def open_folder(self, root: Path | None, **settings: Any) -> None:
        """Start the server on a folder, or on none, with these settings."""
        self.settings, self.is_open = settings, True
        await self.client.start_io(*self.program, "lsp", *self.options, **self.surroundings)
        await self.client.initialize_async(
            lsp.InitializeParams(
                self.capabilities,
                process_id=None,
                root_uri=root.as_uri() if root else None,
                workspace_folders=[lsp.WorkspaceFolder(root.as_uri(), root.name)] if root else [],
                initialization_options=settings,
            )
        )
        self.client.initialized(lsp.InitializedParams())

    async def close(self) -> None:
        """End the session as an editor does, if it has begun."""
        if not self.is_open:
            return
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file; return its URI."""
        item = lsp.TextDocumentItem(path.as_uri(), "go", 1, path.read_text("utf-8") if text is None else text)
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return item.uri

    def edit(self, uri: str, text: str) -> None:
        """Replace the text of an open file, as if it were typed."""
        self._versions[uri] = version = self._versions.get(uri, 1) + 1
        at = lsp.VersionedTextDocumentIdentifier(version, uri)
        whole = lsp.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(at, [whole]))

    def shut(self, uri: str) -> None:
        """Close a file; what was typed is lost."""
        self.client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))

    async def hints(self, uri: str, first: int = 0, last: int = 10_000) -> dict[int, str]:
        """Return the hints of these lines (0-based) by line (1-based)."""
        return {h.position.line + 1: label(h) for h in await self.raw_hints(uri, first, last)}

    async def raw_hints(self, uri: str, first: int = 0, last: int = 10_000) -> list[lsp.InlayHint]:
        asked = lsp.Range(lsp.Position(first, 0), lsp.Position(last, 0))
        params = lsp.InlayHintParams(lsp.TextDocumentIdentifier(uri), asked)
        return list(await self.client.text_document_inlay_hint_async(params) or [])

    async def hover(self, uri: str, line: int) -> str | None:
        """Return the hover of a line (1-based)."""
        params = lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(line - 1, 0))
        found = await self.client.text_document_hover_async(params)
        return found.contents.value if found else None

    async def command(self, name: str, *arguments: Any) -> Any:
        params = lsp.ExecuteCommandParams(name, arguments=list(arguments))
        return await self.client.workspace_execute_command_async(params)

    async def actions(self, uri: str, line: int = 1, diagnostics: Sequence[lsp.Diagnostic] = ()) -> list[lsp.Command]:
        """Return the commands of the code actions at a line (1-based) of a file, for diagnostics there.

        lsprotocol takes every action with a command for a bare command, whose own name is then the real one as a text.
        """
        where = lsp.Range(lsp.Position(line - 1, 0), lsp.Position(line - 1, 0))
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), where, lsp.CodeActionContext(diagnostics))
        found = await self.client.text_document_code_action_async(params) or []
        return [lsp.Command(**ast.literal_eval(one.command)) for one in found]

    def configure(self, **settings: Any) -> None:
        """Change the settings, as an editor does when a person edits them."""
        self.settings = settings
        self.client.workspace_did_change_configuration(lsp.DidChangeConfigurationParams({"alloclens": settings}))

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The server's process."""
        return self.client._server

    async def until(self, condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
        """Wait until something holds. Asks again whenever the server says something, and now and then."""

        async def wait() -> Any:
            while True:
                self._changed.clear()
                found = condition()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                try:
                    await asyncio.wait_for(self._changed.wait(), 0.2)
                except asyncio.TimeoutError:
                    continue

        return await asyncio.wait_for(wait(), patience)

    async def until_hints(self, uri: str, wanted: dict[int, str]) -> None:
        """Wait until exactly these hints are shown."""
        seen: dict[int, str] = {}

        async def same() -> bool:
            nonlocal seen
            seen = await self.hints(uri)
            return seen == wanted

        try:
            await self.until(same)
        except asyncio.TimeoutError:
            assert seen == wanted


def label(hint: lsp.InlayHint) -> str:
    return hint.label if isinstance(hint.label, str) else "".join(part.value for part in hint.label)


def _get(value: Any, name: str) -> Any:
    return value[name] if isinstance(value, dict) else getattr(value, name)


async def ready(editor: Editor, folder: Path, growth: str = "▲40.0MB", **settings: Any) -> str:
    """Open a folder and its main.go, and wait for this growth at line 6; return the file's URI."""
    await editor.open_folder(folder, **settings)
    uri = editor.open(folder / "main.go")

    async def shown() -> bool:
        return growth in (await editor.hints(uri)).get(6, "")

    await editor.until(shown)
    return uri
