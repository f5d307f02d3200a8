"""Messages -> handlers -> answers: JSON-RPC as LSP wants it.

pygls keeps the handlers, asks the editor and states what the server can do. How messages are read, run, answered and
refused is here, because pygls 2.1 leaves requests that it cannot read without an answer, and keeps the result of every
command and a task for every notification until the process ends.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import time
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard, TypeVar

import msgspec
from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcMethodNotFound,
    JsonRpcParseError,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from alloclens.lsp import commands
from alloclens.lsp.params import params_of
from alloclens.lsp.wire import Unreadable, Writer
from alloclens.printable import printable
from alloclens.typed import as_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

    from cattrs import Converter

    from alloclens.lsp.protocol import Command

Answer = TypeVar("Answer")
log = logging.getLogger(__name__)

DOCUMENTS = (
    types.TEXT_DOCUMENT_DID_OPEN,
    types.TEXT_DOCUMENT_DID_CHANGE,
    types.TEXT_DOCUMENT_DID_CLOSE,
    types.NOTEBOOK_DOCUMENT_DID_OPEN,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE,
)
"""What pygls would answer by keeping documents of its own, which read any file and count lines as str.splitlines does."""
LONGEST = 500
"""Characters of an error message."""


class RefusedError(Exception):
    """The editor answered a request of ours with an error, or with what is no answer to it."""


class Offered(NamedTuple):
    """A command and the function that answers it."""

    command: type[Command[Any]]
    handler: Callable[[Any, Any], Any]


class Session(LanguageServer):
    """A server of one editor, with what runs beside its handlers. All methods belong to the event loop."""

    protocol: Protocol

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.is_shut_down = False
        """Whether the client has asked for it; it may only say `exit` then."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self.offered: dict[str, Offered] = {}
        """The commands by their names."""

    def offer(self, command: type[Command[Answer]], handler: Callable[[Any, Any], Answer | Awaitable[Answer]]) -> None:
        """Answer a command of the protocol by what a handler returns, which is called with this server and the command."""
        self.offered[command.name] = Offered(command, handler)
        self.command(command.name)(handler)  # pygls states what the server can do

    def run_task(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        """Run something beside the handlers, and log it if it fails."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # asyncio itself keeps only a weak reference

        def ended(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, RefusedError):
                log.info("%s: the editor refused: %s", what, error)
            elif error:
                log.error("%s failed", what, exc_info=error)

        task.add_done_callback(ended)

    def stop_tasks(self) -> None:
        """Cancel all that runs beside the handlers."""
        for task in self._tasks:
            task.cancel()


class Protocol(LanguageServerProtocol):
    """One session. All methods belong to the event loop."""

    _server: Session
    writer: Writer

    def __init__(self, server: Session, converter: Converter) -> None:
        super().__init__(server, converter)
        self._initialized = False
        self._running: dict[str | int, asyncio.Task[Any]] = {}
        """The editor's requests that are not answered yet."""
        for method in DOCUMENTS:
            self.fm.builtin_features.pop(method)
        self.fm.add_builtin_feature(types.WORKSPACE_EXECUTE_COMMAND, self._execute)

    def receive(self, body: bytes | bytearray | Unreadable) -> None:
        """Take a message from the wire."""
        try:
            message = _decoded(body)
        except JsonRpcParseError as error:
            self._refuse(None, error)
        else:
            self.handle_message(message)

    def handle_message(self, message: Any) -> None:
        """Take a message, whatever JSON it is."""
        if fault := _fault_of(message):
            number = message.get("id") if isinstance(message, dict) else None
            self._refuse(number if _is_id(number) else None, JsonRpcInvalidRequest(fault))
        elif "method" not in message:
            self._take_answer(message)
        elif "id" in message:
            self._take_request(message["id"], message["method"], message.get("params"))
        else:
            self._take_notification(message["method"], message.get("params"))

    def _take_request(self, number: str | int, method: str, params: Any) -> None:
        try:
            self._admit(number, method)
            work = self._work(method, params)
        except JsonRpcException as error:
            self._refuse(number, error)
            return
        self._initialized = True
        task = self._running[number] = asyncio.ensure_future(work)
        task.add_done_callback(partial(self._answer, number, method, time.monotonic()))

    def _admit(self, number: str | int, method: str) -> None:
        if self._server.is_shut_down:
            raise JsonRpcInvalidRequest("the server is shutting down")
        if not self._initialized and method != types.INITIALIZE:
            raise JsonRpcServerNotInitialized("the first request has to be initialize")
        if self._initialized and method == types.INITIALIZE:
            raise JsonRpcInvalidRequest("the session is initialized already")
        if number in self._running:
            raise JsonRpcInvalidRequest(f"the request {json.dumps(number)} is still running")

    def _take_notification(self, method: str, params: Any) -> None:
        if method != types.EXIT and (self._server.is_shut_down or not self._initialized):
            log.info("ignored %s: there is no session", method[:LONGEST])
        elif method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1]:
            log.info("ignored %s: it is a request and has no id", method[:LONGEST])
        elif method == types.CANCEL_REQUEST:
            self._cancel(params)
        else:
            try:
                self._server.run_task(self._work(method, params), method)
            except JsonRpcException as error:  # nobody awaits an answer
                log.info("ignored %s: %s", method[:LONGEST], error.message[:LONGEST])

    def _cancel(self, params: Any) -> None:
        number = params.get("id") if isinstance(params, dict) else None
        task = self._running.get(number) if _is_id(number) else None
        if task:  # else it was answered already
            task.cancel()

    def _work(self, method: str, params: Any) -> Coroutine[Any, Any, Any]:
        """Return what handles a message, not yet begun. Raises JsonRpcException."""
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        if handler is None:
            raise JsonRpcMethodNotFound(f"there is no method {method}")
        return self._run(handler, params_of(method, params, self._converter))

    async def _run(self, handler: Callable[..., Any], *args: Any) -> Any:
        result = handler(*args)
        if inspect.isgenerator(result):
            return await self._steps(result)
        return await result if inspect.isawaitable(result) else result

    async def _steps(self, steps: Generator[Any, Any, Any]) -> Any:
        """Run a handler of pygls, which yields the handler of ours that it wants to be run."""
        answer = None
        while True:
            try:
                handler, args, _ = steps.send(answer)
            except StopIteration as end:
                return end.value
            answer = await self._run(handler, *args)

    async def _execute(self, params: types.ExecuteCommandParams) -> msgspec.Raw:
        """Return the answer to a command as JSON: it holds values of our protocol only, and none of lsprotocol's.

        Writing 2,000 lines takes the event loop half a millisecond; with cattrs and json it takes thirty.
        """
        offered = self._server.offered.get(params.command)
        if offered is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command}")
        log.debug("command %s", params.command)
        asked = commands.read(offered.command, params.arguments or ())
        return msgspec.Raw(_encoded(await self._run(offered.handler, self._server, asked)))

    def _answer(self, number: str | int, method: str, begun: float, task: asyncio.Task[Any]) -> None:
        del self._running[number]
        log.debug("%s: %.1f ms", method[:LONGEST], (time.monotonic() - begun) * 1000)
        try:
            if not task.cancelled():
                result = task.result()
                if isinstance(result, msgspec.Raw):
                    head = json.dumps({"jsonrpc": self.VERSION, "id": number}).encode()
                    self._write(b'%s, "result": %s}' % (head[:-1], bytes(result)))
                else:
                    result = self._converter.unstructure(result)
                    self._send_data({"jsonrpc": self.VERSION, "id": number, "result": result})
                return
            error: JsonRpcException = JsonRpcRequestCancelled("the request was cancelled")
        except JsonRpcException as refused:
            error = refused
        except Exception as fault:
            log.exception("%s failed", method)
            said = str(fault) or type(fault).__name__
            error = JsonRpcInternalError(f"{method} failed: {said}; the server's log says where")
        self._refuse(number, error)

    def _refuse(self, number: str | int | None, error: JsonRpcException) -> None:
        said = {"code": error.code, "message": _line(error.message)}
        self._send_data({"jsonrpc": self.VERSION, "id": number, "error": said})

    async def send_request_async(self, method: str, params: Any = None, msg_id: str | int | None = None) -> Any:
        """Ask the editor, and forget the request when its answer is there or nobody awaits it any more. Raises RefusedError."""
        number = str(uuid.uuid4()) if msg_id is None else msg_id
        try:
            return await asyncio.wrap_future(self.send_request(method, params, msg_id=number))
        finally:
            self._request_futures.pop(number, None)
            self._result_types.pop(number, None)

    def _take_answer(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        future = self._request_futures.get(number) if _is_id(number) else None
        if future is None or future.done():
            log.info("the editor answered a request that nobody made, or that nobody awaits any more")
            return
        try:
            future.set_result(self._result_of(message))
        except RefusedError as error:
            future.set_exception(error)

    def _result_of(self, message: dict[str, Any]) -> Any:
        if "error" in message:
            error = message["error"]
            raise RefusedError(_line(str(error.get("message") if isinstance(error, dict) else error)))
        kind = self._result_types.get(message["id"])
        try:
            return self._converter.structure(message, kind).result if kind else message["result"]
        except Exception as fault:
            raise RefusedError("the editor's answer is not what LSP says") from fault

    def _send_data(self, data: Any) -> None:
        """Send a message. Raises ValueError, TypeError or what else a value that cannot be written as JSON leads to.

        pygls's own logs such a fault, and the editor waits for ever.
        """
        self._write(json.dumps(data, default=self._serialize_message, allow_nan=False).encode())

    def _write(self, body: bytes) -> None:
        self.writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def _encoded(answer: Any) -> bytes:
    try:
        return msgspec.json.encode(answer)
    except (
        UnicodeEncodeError,
        OverflowError,
    ):  # half a surrogate pair, as names on disk may hold, or more than 64 bits
        return json.dumps(as_json(answer)).encode()


def _decoded(body: bytes | bytearray | Unreadable) -> Any:
    if isinstance(body, Unreadable):
        raise JsonRpcParseError(f"a message was passed over: {body.reason}")
    try:
        return msgspec.json.decode(body)  # of a large document in a quarter of the time
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(body, parse_constant=_no_constant)  # takes half a surrogate pair, which documents may hold
    except (ValueError, RecursionError) as error:
        raise JsonRpcParseError(f"a message is not JSON: {error}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _fault_of(message: Any) -> str:
    """Return what makes this no message of JSON-RPC; "" where nothing does."""
    if not isinstance(message, dict):
        return "LSP has no batches" if isinstance(message, list) else "a message is an object"
    if message.get("jsonrpc") != "2.0":
        return 'jsonrpc is not "2.0"'
    if "method" not in message:
        return "" if "result" in message or "error" in message else "there is no method"
    if not isinstance(message["method"], str):
        return "the method is not a string"
    if "id" in message and not _is_id(message["id"]):
        return "the id is neither a string nor an integer"
    return ""


def _is_id(value: Any) -> TypeGuard[str | int]:
    return isinstance(value, (str, int)) and not isinstance(value, bool)


def _line(message: str) -> str:
    return printable(message[:LONGEST])
