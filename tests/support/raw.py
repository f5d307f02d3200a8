"""An editor that sends bytes: what no library would send, and a record of everything that comes back."""

from __future__ import annotations

import contextlib
import itertools
import json
import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

PATIENCE = 60.0
SERVER = ("-m", "alloclens", "lsp")
"""What Python runs as the server."""
CAPABILITIES: dict[str, Any] = {"general": {"positionEncodings": ["utf-16"]}}


def frame(body: bytes | Any, header: str = "Content-Length: {}\r\n\r\n") -> bytes:
    """Return a message as bytes; a body that is not bytes is written as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return header.format(len(data)).encode() + data


class RawClient:
    """A server process, and its three pipes."""

    def __init__(
        self, folder: Path, program: Sequence[str] = SERVER, python: str | Path = sys.executable, **environment: str
    ) -> None:
        import os

        self.process = subprocess.Popen(
            [python, *program],
            cwd=folder,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.folder = folder
        self.log: list[str] = []
        self.received: list[dict[str, Any]] = []
        """Every message of the server so far."""
        self.answers: dict[str, Callable[[Any], Any]] = {}
        """What this editor answers requests of the server by their method; null to all others, nothing to None."""
        self._changed = threading.Condition()
        self._numbers = itertools.count(1000)
        self._ended = False
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._read, self._read_log, self._write)]
        for thread in self._threads:
            thread.start()

    # What is sent

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._outbox.put(data)

    def say(self, message: Any) -> None:
        """Send a message, whatever JSON it is."""
        self.send(frame(message))

    def notify(self, method: str, params: Any = None) -> None:
        self.say({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any = None, number: Any = None) -> dict[str, Any]:
        """Send a request, and return its answer, whole."""
        number = next(self._numbers) if number is None else number
        self.say({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self.answer(number)

    def result(self, method: str, params: Any = None) -> Any:
        """Send a request that must succeed, and return its result."""
        answer = self.ask(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    def refused(self, method: str, params: Any = None) -> tuple[int, str]:
        """Send a request that must fail, and return the error's code and message."""
        answer = self.ask(method, params)
        assert "result" not in answer, answer
        return answer["error"]["code"], answer["error"]["message"]

    def command(self, name: str, *arguments: Any) -> Any:
        return self.result("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    def start(self, capabilities: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
        """Begin a session on the folder, and return what the server can do."""
        capabilities = CAPABILITIES if capabilities is None else capabilities
        uri = self.folder.as_uri()
        given = {"processId": None, "rootUri": uri, "capabilities": capabilities, **params}
        if "workspaceFolders" not in given:
            given["workspaceFolders"] = [{"uri": uri, "name": "w"}]
        result = self.result("initialize", given)
        self.notify("initialized", {})
        return result["capabilities"]

    # What comes back

    def answer(self, number: Any) -> dict[str, Any]:
        """Wait for the answer to a request, and take it off the record."""

        def found() -> dict[str, Any] | None:
            return next((m for m in self.received if "method" not in m and same_id(m.get("id"), number)), None)

        message = self.until(found, f"an answer to {number!r}")
        self.received.remove(message)
        return message

    def until(self, condition: Callable[[], Any], what: str = "this") -> Any:
        """Wait until something holds of what was received; asked again whenever something comes."""
        with self._changed:
            found = self._changed.wait_for(lambda: condition() or self._ended, PATIENCE)
            result = condition()
        assert result, f"{what} did not come; {found=} {self._ended=}\n" + "\n".join(self.log[-20:])
        return result

    def until_state(self, condition: Callable[[], Any]) -> None:
        """Wait until a request shows that something holds of the server; asked again whenever something comes."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "\n".join(self.log[-20:])
            with self._changed:
                self._changed.wait(0.1)

    def until_log(self, part: str) -> str:
        """Wait for a line of the log."""
        return self.until(lambda: next((line for line in self.log if part in line), None), f"{part!r} in the log")

    def sent(self, method: str) -> list[Any]:
        """Return the params of the server's messages with a method, so far."""
        return [message.get("params") for message in self.received if message.get("method") == method]

    @property
    def messages(self) -> list[str]:
        """What was shown to the user so far."""
        return [params["message"] for params in self.sent("window/showMessage")]

    def diagnostics(self) -> dict[str, list[dict[str, Any]]]:
        """Return what is published, by URI."""
        return {params["uri"]: params["diagnostics"] for params in self.sent("textDocument/publishDiagnostics")}

    # The end

    def wait(self) -> int:
        """Wait for the end of the process, and return its exit code."""
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the session; whatever happened in it."""
        if self.process.poll() is None:
            self.notify("exit")
            self._outbox.put(None)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()

    # Threads

    def _write(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while (data := self._outbox.get()) is not None:
                self.process.stdin.write(data)
                self.process.stdin.flush()
            self.process.stdin.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for message in read(self.process.stdout):
                with self._changed:
                    self.received.append(message)
                    self._changed.notify_all()
                if "method" in message and "id" in message:
                    self._reply(message)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _reply(self, message: dict[str, Any]) -> None:
        answer = self.answers.get(message["method"], lambda _params: None)
        if answer is not None:
            self.say({"jsonrpc": "2.0", "id": message["id"], "result": answer(message.get("params"))})

    def _read_log(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self.process.stderr:
                with self._changed:
                    self.log.append(line.decode("utf-8", "replace").rstrip())
                    self._changed.notify_all()


def read(stream: Any) -> Iterator[dict[str, Any]]:
    """Read messages strictly: what is not as the specification says is a failure."""
    while line := stream.readline():
        length = None
        while line.strip():
            name, _, value = line.partition(b": ")
            assert line.endswith(b"\r\n"), line
            length = int(value) if name == b"Content-Length" else length
            line = stream.readline()
        body = stream.read(length)
        if len(body) < length:
            return
        yield json.loads(body, parse_constant=_no_constant)


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is not JSON")


def same_id(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


@contextlib.contextmanager
def raw_client(
    folder: Path, program: Sequence[str] = SERVER, python: str | Path = sys.executable, **environment: str
) -> Iterator[RawClient]:
    """Start a server in a folder, and end it."""
    client = RawClient(folder, program, python, **environment)
    try:
        yield client
    finally:
        client.close()
