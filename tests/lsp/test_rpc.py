"""Over stdio, byte by byte: every request is answered, and an error says what is wrong with it."""

from __future__ import annotations

import asyncio
import gc
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import msgspec
import pytest
from alloclens.lsp.main import make_server
from alloclens.lsp.protocol import Command
from alloclens.lsp.rpc import RefusedError
from alloclens.typed import Message
from alloclens.worker import Worker
from lsprotocol import types as lsp

from tests.support.inside import answer, server_in_session, written
from tests.support.raw import RawClient, frame, raw_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.lsp.server import Server

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601, -32602, -32603
NOT_INITIALIZED, CANCELLED = -32002, -32800

SERVER = make_server(Worker())  # no process is started
METHODS = [
    m for m in {**SERVER.protocol.fm.features, **SERVER.protocol.fm.builtin_features} if lsp.METHOD_TO_TYPES[m][2]
]
REQUESTS = sorted(m for m in METHODS if lsp.METHOD_TO_TYPES[m][1] and m != lsp.INITIALIZE)
NOTIFICATIONS = sorted(m for m in METHODS if not lsp.METHOD_TO_TYPES[m][1] and m != lsp.INITIALIZED)
COMMANDS = sorted(SERVER.protocol.fm.commands)
NO_PARAMS: list[Any] = [None, {}, [], "x", 5, True]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """One session for all tests: whatever one sends, the next is served."""
    with raw_client(tmp_path_factory.mktemp("w")) as made:
        made.start()
        yield made
        assert made.result("shutdown") is None
        made.notify("exit")
        assert made.wait() == 0
        assert not [line for line in made.log if "Traceback" in line]


def wrong(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield a value of a wrong type for each part of a JSON value but `data`, which may be anything, and where it is."""
    yield path, [5] if isinstance(value, (str, dict)) else "x"
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        if name != "data":
            yield from wrong(inner, (*path, name))


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    """Return a JSON value with another one at a path."""
    if not path:
        return new
    copy = json.loads(json.dumps(value))
    at = copy
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = new
    return copy


AT = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
HERE = {"textDocument": {"uri": "file:///a.go"}}
ITEM = {"name": "f", "kind": 12, "uri": "file:///a.go", "range": AT, "selectionRange": AT}
GOOD: dict[str, Any] = {
    "callHierarchy/incomingCalls": {"item": ITEM},
    "callHierarchy/outgoingCalls": {"item": ITEM},
    "inlayHint/resolve": {"position": AT["start"], "label": "1MB", "data": {"uri": "file:///a.go", "line": 1}},
    "textDocument/codeAction": {**HERE, "range": AT, "context": {"diagnostics": [{"range": AT, "message": "m"}]}},
    "textDocument/codeLens": HERE,
    "textDocument/declaration": {**HERE, "position": AT["start"]},
    "textDocument/documentLink": HERE,
    "textDocument/hover": {**HERE, "position": AT["start"]},
    "textDocument/inlayHint": {**HERE, "range": AT},
    "textDocument/prepareCallHierarchy": {**HERE, "position": AT["start"]},
    "workspace/executeCommand": {"command": "alloclens.server.series", "arguments": []},
    "workspace/symbol": {"query": "x"},
}


def test_every_request_has_an_example() -> None:
    assert sorted(GOOD) == REQUESTS


@pytest.mark.programs
@pytest.mark.parametrize("method", REQUESTS)
def test_params_of_a_wrong_type(client: RawClient, method: str) -> None:
    assert "error" not in client.ask(method, GOOD[method])
    for path, value in wrong(GOOD[method]):
        code, message = client.refused(method, put(GOOD[method], path, value))
        assert code == INVALID_PARAMS, (path, value)
        assert "\n" not in message
    for name in [a.name for a in attrs.fields(lsp.METHOD_TO_TYPES[method][2]) if a.default is attrs.NOTHING]:
        key = "".join(part.capitalize() if i else part for i, part in enumerate(name.split("_")))
        without = {k: v for k, v in GOOD[method].items() if k != key}
        assert client.refused(method, without) == (INVALID_PARAMS, f"params.{key} is missing")
    for given in NO_PARAMS:
        assert client.refused(method, given)[0] == INVALID_PARAMS, given


@pytest.mark.programs
@pytest.mark.parametrize("line", [-1, 2**31, 10**30, 1.5])
def test_a_line_that_is_none(client: RawClient, line: float) -> None:
    params = {**HERE, "position": {"line": line, "character": 0}}
    assert client.refused("textDocument/hover", params)[0] == INVALID_PARAMS


@pytest.mark.programs
@pytest.mark.parametrize(
    "data", [None, 5, "x", [], {}, {"uri": 5, "line": 1}, {"uri": "file:///a.go", "line": 2**70}, {"\ud800": 1}]
)
def test_a_hint_of_another_server_stays_as_it_is(client: RawClient, data: Any) -> None:
    hint = {"position": AT["start"], "label": [], "data": data}
    assert client.result("inlayHint/resolve", hint).keys() <= hint.keys()


@pytest.mark.programs
def test_numbers_truths_and_empty_lists_as_some_editors_write_them(client: RawClient) -> None:
    assert client.result("textDocument/hover", {**HERE, "position": {"line": 1.0, "character": 0.0}}) is None
    assert client.result("textDocument/codeAction", {**HERE, "range": AT, "context": {"diagnostics": {}}}) == []
    hint = {"position": AT["start"], "label": "1MB", "paddingLeft": 1}
    assert client.result("inlayHint/resolve", hint)["paddingLeft"] is True


@pytest.mark.programs
@pytest.mark.parametrize("method", NOTIFICATIONS)
def test_a_notification_that_cannot_be_read_is_ignored_in_one_line(client: RawClient, method: str) -> None:
    said = f"ignored {method}: "
    for given in NO_PARAMS:
        before = len(client.log)
        client.notify(method, given)
        client.until(partial(lambda before: [line for line in client.log[before:] if said in line], before))
        assert len(client.log) == before + 1


# Commands


def takes(name: str) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(SERVER.offered[name].command)


def of_command(client: RawClient, name: str, *arguments: Any) -> tuple[int, str]:
    return client.refused("workspace/executeCommand", {"command": name, "arguments": list(arguments)})


@pytest.mark.programs
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_says_what_it_takes(client: RawClient, name: str) -> None:
    parameters = takes(name)
    many = [None] * (len(parameters) + 1)
    code, message = of_command(client, name, *many)
    assert code == INVALID_PARAMS
    assert message.startswith(f"{name}: there are {len(many)} arguments; it takes (")
    required = [p for p in parameters if p.required]
    for missing in ({"command": name}, {"command": name, "arguments": []}, {"command": name, "arguments": [None]}):
        if required:
            code, message = client.refused("workspace/executeCommand", missing)
            assert code == INVALID_PARAMS
            assert all(p.encode_name in message for p in parameters), message
    for number in range(len(parameters)):
        code, message = of_command(client, name, *[None] * number, 1.5)
        assert code == INVALID_PARAMS
        assert message.startswith(f"{name}: "), message
        assert "; it takes (" in message


@pytest.mark.programs
@pytest.mark.parametrize("name", [name for name in COMMANDS if not any(p.required for p in takes(name))])
def test_a_command_that_needs_nothing_takes_null_for_nothing(client: RawClient, name: str) -> None:
    for given in ({}, {"arguments": []}, {"arguments": [None for _ in takes(name)]}):
        assert "error" not in client.ask("workspace/executeCommand", {"command": name, **given})


@pytest.mark.programs
@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        (
            "hotLine",
            ["u", 1, 0],
            "hotLine: step: Invalid enum value 0; it takes (uri: string, line: integer, step: -1 | 1)",
        ),
        ("hotLine", ["u", -1, 1], "line: Expected `int` >= 0"),
        ("hotLine", ["u"], "line is missing"),
        (
            "hotLines",
            [{"sort": "name"}],
            "hotLines: options.sort: Invalid enum value 'name'; it takes (options?: { own?: boolean, sort?: \"cum\" | ",
        ),
        ("stackTree", ["u", 0, "callers", [1]], "path[0]: Expected `str`, got `int`"),
        ("flame", [{"path": [["f"]]}], "options.path[0]: Expected `array` of length 2, got 1"),
        ("focus", [{"stack": "f"}], "step.stack: Expected `array`, got `str`"),
        ("focus", [{"\ud800": "f"}], "step: This is not valid Unicode"),
        ("stackTree", ["u", 0, "\ud800", []], "direction: This is not valid Unicode"),
    ],
)
def test_what_is_wrong_with_an_argument(client: RawClient, name: str, arguments: list[Any], wanted: str) -> None:
    code, message = of_command(client, f"alloclens.server.{name}", *arguments)
    assert code == INVALID_PARAMS
    assert wanted in message


@pytest.mark.programs
def test_a_command_that_there_is_not(client: RawClient) -> None:
    assert of_command(client, "alloclens.server.none\x1b") == (
        INVALID_PARAMS,
        r"there is no command alloclens.server.none\x1b",
    )


# JSON-RPC


def answered_to_nobody(client: RawClient, data: bytes) -> dict[str, Any]:
    """Send bytes that are not a request with an id, and return the error."""
    client.send(data)

    def found() -> dict[str, Any] | None:
        return next((m for m in client.received if "method" not in m and m.get("id", "") is None), None)

    message = client.until(found, f"an answer to {data[:50]!r}")
    client.received.remove(message)
    return message["error"]


@pytest.mark.programs
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nonsense", b'{"a": NaN}', b"\xff", b"\x00", b'{"a": "\xff"}', b"[" * 200_000, b'{"a":' * 50_000],
)
def test_what_is_no_json(client: RawClient, body: bytes) -> None:
    assert answered_to_nobody(client, frame(body))["code"] == PARSE_ERROR


@pytest.mark.programs
@pytest.mark.parametrize(
    "message",
    [
        [],
        [{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}],
        5,
        None,
        {},
        {"jsonrpc": "2.0"},
        {"jsonrpc": "1.0", "method": "x"},
        {"jsonrpc": "2.0", "method": 5},
        {"jsonrpc": "2.0", "method": "x", "id": None},
        {"jsonrpc": "2.0", "method": "x", "id": [1]},
        {"jsonrpc": "2.0", "method": "x", "id": True},
        {"jsonrpc": "2.0", "method": "x", "id": 1.5},
    ],
)
def test_what_is_no_message(client: RawClient, message: Any) -> None:
    assert answered_to_nobody(client, frame(message))["code"] == INVALID_REQUEST


@pytest.mark.programs
@pytest.mark.parametrize("header", ["content-length:{}\r\n\r\n", "Content-Type: x\r\nCONTENT-LENGTH: {}\r\n\r\n"])
def test_a_header_in_another_form(client: RawClient, header: str) -> None:
    client.send(frame({"jsonrpc": "2.0", "id": 5, "method": "nothing"}, header))
    assert client.answer(5)["error"]["code"] == NO_METHOD


@pytest.mark.programs
def test_a_wrong_length_is_told_and_the_session_goes_on(client: RawClient) -> None:
    assert answered_to_nobody(client, frame(b'{"a": 1}', "Content-Length: 3\r\n\r\n"))["code"] == PARSE_ERROR
    assert client.refused("nothing")[0] == NO_METHOD


@pytest.mark.programs
def test_unknown_methods(client: RawClient) -> None:
    assert client.refused("no/such\nmethod") == (NO_METHOD, r"there is no method no/such\nmethod")
    client.notify("$/unknown")  # may be ignored, says LSP
    client.notify("textDocument/hover", {})
    client.until_log("ignored textDocument/hover: it is a request and has no id")
    client.notify("no/such", {"a": [1]})
    client.until_log("ignored no/such: there is no method")
    assert len(client.refused("x" * 100_000)[1]) < 1000


@pytest.mark.programs
@pytest.mark.parametrize("numbers", [(1, "1"), (0, ""), (-1, 2**70), ("\u4f60\ud800", "\x00")])
def test_numbers_and_texts_are_ids(client: RawClient, numbers: tuple[Any, Any]) -> None:
    for number in numbers:
        client.say({"jsonrpc": "2.0", "id": number, "method": "nothing"})
    assert [client.answer(number)["error"]["code"] for number in numbers] == [NO_METHOD] * 2


@pytest.mark.programs
@pytest.mark.parametrize("number", [1, "x", None, [1], {"a": 1}, 1.5, True, 10**30])
def test_any_request_can_be_cancelled_that_is_not_there(client: RawClient, number: Any) -> None:
    client.notify("$/cancelRequest", {"id": number})
    client.notify("$/cancelRequest", number)
    assert client.refused("nothing")[0] == NO_METHOD


@pytest.mark.programs
@pytest.mark.parametrize(
    "answer", [{"result": 1}, {"error": {"code": 1, "message": "m"}}, {"error": 5}, {"result": None}]
)
@pytest.mark.parametrize("number", [1, "x", None, [1]])
def test_answers_that_nobody_awaits(client: RawClient, answer: dict[str, Any], number: Any) -> None:
    client.say({"jsonrpc": "2.0", "id": number, **answer})
    assert client.refused("nothing")[0] == NO_METHOD


@pytest.mark.programs
def test_a_document_may_hold_half_a_surrogate_pair_and_nested_messages(client: RawClient) -> None:
    document = {"uri": "file:///a.go", "languageId": "go", "version": 1, "text": "\ud800"}
    client.notify("textDocument/didOpen", {"textDocument": document})
    nested = {"jsonrpc": "2.0", "id": 1, "method": "shutdown"}  # pygls takes it for a message of its own
    client.notify("workspace/didChangeConfiguration", {"settings": {"alloclens": nested}})
    assert client.refused("nothing")[0] == NO_METHOD


@pytest.mark.programs
def test_every_request_of_many_is_answered_whether_cancelled_or_not(client: RawClient) -> None:
    """In any state: before its handler has begun, while it waits for a thread, and after it was answered."""
    numbers = [f"n{i}" for i in range(200)]
    for number in numbers:
        client.say(
            {"jsonrpc": "2.0", "id": number, "method": "textDocument/hover", "params": GOOD["textDocument/hover"]}
        )
        if hash(number) % 2:
            client.notify("$/cancelRequest", {"id": number})
    answers = [client.answer(number) for number in numbers]
    assert {answer.get("error", {"code": None})["code"] for answer in answers} <= {None, CANCELLED}


@pytest.mark.programs
def test_an_id_that_is_in_use(client: RawClient) -> None:
    """Both are answered: the second is refused, unless the first has been answered meanwhile."""
    message = {"jsonrpc": "2.0", "id": "same", "method": "textDocument/hover", "params": GOOD["textDocument/hover"]}
    client.send(frame(message) + frame(message))
    answers = [client.answer("same") for _ in range(2)]
    assert {answer.get("error", {"code": None})["code"] for answer in answers} <= {None, INVALID_REQUEST}


# The session


@pytest.mark.programs
def test_before_after_and_twice(tmp_path_factory: pytest.TempPathFactory) -> None:
    with raw_client(tmp_path_factory.mktemp("w")) as client:
        assert client.refused("textDocument/hover", GOOD["textDocument/hover"])[0] == NOT_INITIALIZED
        assert client.refused("shutdown")[0] == NOT_INITIALIZED
        client.notify("textDocument/didOpen", {})
        assert client.refused("initialize", {"capabilities": 5})[0] == INVALID_PARAMS
        client.start()
        assert client.refused("initialize", {"capabilities": {}})[0] == INVALID_REQUEST
        assert client.result("shutdown") is None
        assert client.refused("shutdown")[0] == INVALID_REQUEST
        assert client.refused("textDocument/hover", GOOD["textDocument/hover"])[0] == INVALID_REQUEST
        client.notify("exit")
        assert client.wait() == 0


@pytest.mark.programs
def test_the_end_without_shutdown(tmp_path_factory: pytest.TempPathFactory) -> None:
    with raw_client(tmp_path_factory.mktemp("w")) as client:
        client.start()
        client.notify("exit")
        assert client.wait() == 1


# In process: what no editor can make happen


@pytest.fixture
def server() -> Server:
    return server_in_session()


@pytest.mark.parametrize("wrong", [object(), float("nan"), {1: {2}}])
async def test_an_answer_that_cannot_be_written(server: Server, wrong: Any, caplog: pytest.LogCaptureFixture) -> None:
    server.feature("test/wrong")(lambda ls, params: wrong)  # noqa: ARG005 - pygls looks for the name
    error = (await answer(server, "test/wrong"))["error"]
    assert error["code"] == INTERNAL
    assert "Traceback" in caplog.text


async def test_a_fault_is_one_line_for_the_editor_and_whole_in_the_log(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_params: None) -> None:
        raise ValueError("first line\nsecond \x1b[31mline")

    server.feature("test/fails")(fails)
    error = (await answer(server, "test/fails"))["error"]
    assert error == {
        "code": INTERNAL,
        "message": r"test/fails failed: first line\nsecond \x1b[31mline; the server's log says where",
    }
    assert "in fails" in caplog.text
    assert not [m for m in written(server) if m.get("method") == "window/showMessage"]


async def test_a_fault_that_says_nothing_is_called_by_its_type(server: Server) -> None:
    def fails(_params: None) -> None:
        raise KeyError

    server.feature("test/fails")(fails)
    message = (await answer(server, "test/fails"))["error"]["message"]
    assert message == "test/fails failed: KeyError; the server's log says where"


async def test_what_the_editor_refuses_is_no_fault(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    server.run_task(server.workspace_inlay_hint_refresh_async(None), "refreshing hints")
    await asyncio.sleep(0)  # it asks at its first step
    refused = {"error": {"code": NO_METHOD, "message": "not here"}}
    server.protocol.handle_message({"jsonrpc": "2.0", "id": written(server)[0]["id"], **refused})
    await asyncio.gather(*server._tasks, return_exceptions=True)
    assert caplog.messages == ["refreshing hints: the editor refused: not here"]


@pytest.mark.slow
async def test_nothing_is_kept_of_what_is_done(server: Server) -> None:
    def results() -> int:
        return sum(isinstance(one, Kept) for one in gc.get_objects())

    async def command(_server: Server, _command: Keep) -> Kept:
        await asyncio.sleep(0)
        return Kept({"a": 1})

    server.offer(Keep, command)
    for _ in range(20):
        assert (await answer(server, "workspace/executeCommand", {"command": Keep.name}))["result"] == {"a": {"a": 1}}
        written(server).clear()
        server.protocol.receive(b'{"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "off"}}')
    await asyncio.gather(*server._tasks)
    gc.collect()
    assert results() == 0
    assert not server.protocol._request_futures
    assert not server.protocol._result_types


class Kept(Message, frozen=True):
    a: dict[str, int]


class Keep(Command[Kept], frozen=True):
    name = "test/command"


async def test_a_question_that_nobody_awaits_any_more_is_forgotten(server: Server) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(server.workspace_inlay_hint_refresh_async(None), 0.01)
    assert not server.protocol._request_futures
    (asked,) = written(server)
    server.protocol.handle_message({"jsonrpc": "2.0", "id": asked["id"], "result": None})  # after all


@pytest.mark.slow
@pytest.mark.parametrize(
    "wrong",
    [{"error": {"code": -32601, "message": "no\nsuch"}}, {"error": 5}, {"result": 5}, {"result": {"success": "x"}}],
)
async def test_an_editor_that_refuses_or_answers_nonsense(server: Server, wrong: dict[str, Any]) -> None:
    asking = asyncio.ensure_future(server.window_show_document_async(lsp.ShowDocumentParams("file:///a")))
    await asyncio.sleep(0)  # it asks at its first step
    number = written(server)[0]["id"]
    server.protocol.handle_message({"jsonrpc": "2.0", "id": number, **wrong})
    with pytest.raises(RefusedError) as error:
        await asking
    assert "\n" not in str(error.value)
