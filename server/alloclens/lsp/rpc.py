"""JSON-RPC for LSP: reads messages, runs handlers, and sends answers.

pygls keeps the handlers, sends requests to the editor and announces the capabilities. Messages are read, run, answered
and refused here, because pygls 2.1 does not answer requests that it cannot read, and keeps the result of every command
and a task for every notification until the process ends.
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
from alloclens.lsp.base_protocol import Unreadable, Writer
from alloclens.lsp.params import params_of
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
"""pygls would handle these with documents of its own, which read any file and count lines like str.splitlines."""
MAX_MESSAGE_CHARACTERS = 500
"""Length of an error message, and of a method in the log."""


class RefusedError(Exception):
    """The editor answered a request with an error, or not according to LSP."""


class Offered(NamedTuple):
    """A command and the function that answers it."""

    command: type[Command[Any]]
    handler: Callable[[Any, Any], Any]


class Session(LanguageServer):
    """A server of one editor, with its background tasks. All methods belong to the event loop."""

    protocol: Protocol

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.is_shut_down = False
        """Whether the client has requested the shutdown, after which it may only send `exit`."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self.offered: dict[str, Offered] = {}
        """Commands by name."""

    def offer(self, command: type[Command[Answer]], handler: Callable[[Any, Any], Answer | Awaitable[Answer]]) -> None:
        """Register the handler of a command of the protocol: it is called with this server and the command."""
        self.offered[command.name] = Offered(command, handler)
        self.command(command.name)(handler)  # pygls announces it

    def withdraw(self, method: str) -> None:
        """Stop offering a method. Call this before `initialize` is answered, so that the method is not announced."""
        self.protocol.fm.features.pop(method)

    def run_task(self, work: Coroutine[Any, Any, Any], what: str) -> None:
        """Run a background task, and log it if it fails."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # asyncio keeps only a weak reference

        def ended(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, RefusedError):
                log.info("%s: the editor refused: %s", what, error)
            elif error:
                log.error("%s failed", what, exc_info=error)

        task.add_done_callback(ended)

    def stop_tasks(self) -> None:
        """Cancel all background tasks."""
        for task in self._tasks:
            task.cancel()


class Protocol(LanguageServerProtocol):
    """The protocol of one session. All methods belong to the event loop."""

    _server: Session
    writer: Writer

    def __init__(self, server: Session, converter: Converter) -> None:
        super().__init__(server, converter)
        self._initialized = False
        self._running: dict[str | int, asyncio.Task[Any]] = {}
        """Requests of the editor that are not yet answered."""
        for method in DOCUMENTS:
            self.fm.builtin_features.pop(method)
        self.fm.add_builtin_feature(types.WORKSPACE_EXECUTE_COMMAND, self._execute)

    def receive(self, body: bytes | bytearray | Unreadable) -> None:
        """Handle a message from the connection."""
        try:
            message = _decoded(body)
        except JsonRpcParseError as error:
            self._refuse(None, error)
        else:
            self.handle_message(message)

    def handle_message(self, message: Any) -> None:
        """Handle a message, which may be any JSON."""
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
            log.info("ignored %s: there is no session", method[:MAX_MESSAGE_CHARACTERS])
        elif method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1]:
            log.info("ignored %s: it is a request and has no id", method[:MAX_MESSAGE_CHARACTERS])
        elif method == types.CANCEL_REQUEST:
            self._cancel(params)
        else:
            try:
                self._server.run_task(self._work(method, params), method)
            except JsonRpcException as error:  # nobody awaits an answer
                log.info("ignored %s: %s", method[:MAX_MESSAGE_CHARACTERS], error.message[:MAX_MESSAGE_CHARACTERS])

    def _cancel(self, params: Any) -> None:
        number = params.get("id") if isinstance(params, dict) else None
        task = self._running.get(number) if _is_id(number) else None
        if task:  # else it has been answered
            task.cancel()

    def _work(self, method: str, params: Any) -> Coroutine[Any, Any, Any]:
        """Return a coroutine that handles a message. Raises JsonRpcException."""
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
        """Run a handler of pygls, which yields our handlers for us to run."""
        answer = None
        while True:
            try:
                handler, args, _ = steps.send(answer)
            except StopIteration as end:
                return end.value
            answer = await self._run(handler, *args)

    async def _execute(self, params: types.ExecuteCommandParams) -> msgspec.Raw:
        """Return the answer to a command as JSON, without cattrs, since it holds no values of lsprotocol.

        Encoding 2,000 lines takes the event loop half a millisecond; with cattrs and json it takes thirty.
        """
        offered = self._server.offered.get(params.command)
        if offered is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command}")
        log.debug("command %s", params.command)
        command = commands.read(offered.command, params.arguments or ())
        return msgspec.Raw(_encoded(await self._run(offered.handler, self._server, command)))

    def _answer(self, number: str | int, method: str, begun: float, task: asyncio.Task[Any]) -> None:
        del self._running[number]
        log.debug("%s: %.1f ms", method[:MAX_MESSAGE_CHARACTERS], (time.monotonic() - begun) * 1000)
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
            reason = str(fault) or type(fault).__name__
            error = JsonRpcInternalError(f"{method} failed: {reason}; the server's log says where")
        self._refuse(number, error)

    def _refuse(self, number: str | int | None, error: JsonRpcException) -> None:
        response = {"code": error.code, "message": _line(error.message)}
        self._send_data({"jsonrpc": self.VERSION, "id": number, "error": response})

    async def send_request_async(self, method: str, params: Any = None, msg_id: str | int | None = None) -> Any:
        """Send a request, and forget it when it is answered or no longer awaited. Raises RefusedError."""
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
            log.info("the editor answered a request that was not made or is no longer awaited")
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
            raise RefusedError("the editor's answer does not conform to LSP") from fault

    def _send_data(self, data: Any) -> None:
        """Send a message. Raises ValueError, TypeError or another error if a value cannot be encoded as JSON.

        pygls would only log such an error, and the editor would wait for ever.
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
    ):  # a lone surrogate, which file names may hold, or more than 64 bits
        return json.dumps(as_json(answer)).encode()


def _decoded(body: bytes | bytearray | Unreadable) -> Any:
    if isinstance(body, Unreadable):
        raise JsonRpcParseError(f"a message was skipped: {body.reason}")
    try:
        return msgspec.json.decode(body)  # takes a quarter of json's time for a large document
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(body, parse_constant=_no_constant)  # accepts a lone surrogate, which documents may hold
    except (ValueError, RecursionError) as error:
        raise JsonRpcParseError(f"a message is not JSON: {error}") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _fault_of(message: Any) -> str:
    """Return why this is not a JSON-RPC message; "" if it is one."""
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
    return printable(message[:MAX_MESSAGE_CHARACTERS])
