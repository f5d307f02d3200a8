"""How the answers of commands leave, and that they are those of the protocol."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from alloclens.lsp import protocol
from alloclens.lsp.commands import as_command
from alloclens.lsp.document_lines import DocumentLine, location
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from scripts import examples
from scripts import protocol as generator
from tests.support.inside import answer, server_in_session, written

if TYPE_CHECKING:
    from alloclens.lsp.server import Server

ROOT = Path(__file__).resolve().parent.parent.parent


def commands() -> list[type[protocol.Command[Any]]]:
    return [kind for kind in vars(protocol).values() if isinstance(kind, type) and issubclass(kind, protocol.Command)][
        1:
    ]


class Ask(protocol.Command[object], frozen=True):
    name = "test/ask"


async def answered(server: Server, made: object) -> dict[str, Any]:
    server.offer(Ask, lambda _server, _command: made)
    return await answer(server, "workspace/executeCommand", {"command": Ask.name})


def test_every_command_of_the_protocol_is_offered() -> None:
    offered = {name: one.command for name, one in server_in_session().offered.items()}
    assert offered == {command.name: command for command in commands()}
    assert len(commands()) == len({command.name for command in commands()}) > 0


ROWS = [protocol.StackTreeNode("", "▲1.0MB", "", None, own=True, leaf=False)]


async def test_it_leaves_without_a_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    server = server_in_session()
    reads_only = SimpleNamespace(structure=server.protocol._converter.structure)
    monkeypatch.setattr(server.protocol, "_converter", reads_only)
    row = {"id": "", "label": "▲1.0MB", "detail": "", "location": None, "own": True, "leaf": False}
    assert await answered(server, ROWS) == {"jsonrpc": "2.0", "id": 7, "result": [row]}


@pytest.mark.parametrize("made", ["\udc80", {"\ud800": [1 << 70]}, None, 3, "\u2028é"])
async def test_what_msgspec_does_not_write_leaves_too(made: object) -> None:
    assert (await answered(server_in_session(), made))["result"] == made


def test_a_location_is_written_as_lsprotocol_writes_it() -> None:
    at = lsp.Position(6, 0)
    theirs = server_in_session().protocol._converter.unstructure(lsp.Location("file:///w/a.go", lsp.Range(at, at)))
    assert msgspec.to_builtins(location(DocumentLine("file:///w/a.go", 7, unsure=False))) == theirs
    assert location(None) is None


def test_a_command_for_an_editor_to_send() -> None:
    step = protocol.FocusStep(ignore_function="f", stack=("a", "b"))
    made = as_command("title", protocol.AddFocus(step))
    assert (made.title, made.command) == ("title", "alloclens.server.focus")
    assert json.loads(json.dumps(made.arguments)) == [{"ignoreFunction": "f", "stack": ["a", "b"]}]
    assert as_command("", protocol.Unfocus(every=True)).arguments == [True]


def test_the_client_s_types_are_not_stale() -> None:
    assert (ROOT / generator.TYPES).read_text("utf-8") == generator.types(), "run make protocol"


def test_every_command_has_an_example_that_fits_its_types() -> None:
    page = (ROOT / "docs/protocol.md").read_text("utf-8")
    assert examples.check(page) == "", "run make protocol"
    without = page.replace("### `alloclens.server.hotLine`", "### `gone`")
    assert examples.check(without) == "no example of alloclens.server.hotLine"
    for wrong in ('main.go", 0, "1"]}', 'main.go", -1, 1]}'):
        with pytest.raises(JsonRpcException):
            examples.check(page.replace('main.go", 0, 1]}', wrong))
    with pytest.raises(msgspec.ValidationError):
        examples.check(page.replace('"growth": {', '"growth": 3, "x": {'))


@pytest.mark.programs
@pytest.mark.slow
def test_the_examples_are_what_a_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        said = examples.examples()
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (ROOT / "docs/protocol.md").read_text("utf-8").endswith(said), "run make protocol"


def test_a_command_without_arguments_for_its_example(monkeypatch: pytest.MonkeyPatch) -> None:
    others = {command: given for command, given in examples.RUN.items() if command is not protocol.GetFindings}
    monkeypatch.setattr(examples, "RUN", others)
    with pytest.raises(
        examples.NoArgumentsError, match=r"GetFindings: scripts/examples\.py has no arguments; add them to RUN"
    ):
        examples.examples()


def test_types_in_typescript() -> None:
    """What a reader of the specification of LSP would write by hand."""
    text = generator.types()
    for wanted in (
        "  [HOT_LINE]: { arguments: [uri: string, line: number, step: -1 | 1]; answer: Location | null };",
        "  [UNFOCUS]: { arguments: [every?: boolean]; answer: null };",
        "  [LABEL]: { arguments: [path: string, label: string]; answer: string | null };",
        "  [FINDINGS]: { arguments: []; answer: Findings };",
        "export type Severity = 'error' | 'warning' | 'information' | 'hint' | 'off';",
        "  severity: Severity;",
        "  path?: readonly (readonly [string, string])[]; // Name and file of each node on the path from the root to the one to zoom in on",
        "  children: FlameNode[];",
        "export const STATUS = 'alloclens/status';",
    ):
        assert f"{wanted}\n" in text, wanted


@pytest.mark.programs
async def test_answers_are_values_of_the_protocol(tmp_path: Path) -> None:
    """Of every command that an empty session answers, as msgspec reads it by the type that the client is told."""
    server = server_in_session()
    uri = (tmp_path / "a.go").as_uri()
    given = {
        "uri": uri,
        "line": 0,
        "step": 1,
        "direction": "callers",
        "path": [],
        "file": "a.go",
        "url": "no URL",
        "choices": {},
        "function": "f",
        "label": "x",
        "series": "",
        "base": "a",
        "head": "b",
        "id": "none",
        "source": {"name": "prod", "type": "pyroscope", "url": "no URL"},
    }
    for command in commands():
        if command in {
            protocol.AddMapping,
            protocol.TellWhy,
            protocol.WriteChoices,
            protocol.GetCaptureTargets,
            protocol.WriteSource,
        }:  # the last looks at this machine
            continue
        fields = msgspec.structs.fields(command)
        arguments = [
            None
            if not one.required
            else {"focus": "("}
            if one.name == "step" and command is protocol.AddFocus
            else ""
            if one.name == "path" and command is protocol.SetLabel
            else "prod"
            if command is protocol.StopFetch
            else given[one.name]
            for one in fields
        ]
        written(server).clear()
        made = await answer(server, "workspace/executeCommand", {"command": command.name, "arguments": arguments})
        msgspec.convert(made["result"], generator.answer_of(command))
    await asyncio.gather(*server._tasks, return_exceptions=True)
