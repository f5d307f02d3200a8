"""Messages of a client that has gone mad: every request is answered, and the server keeps running."""

from __future__ import annotations

import copy
import json
import os
import time
from typing import TYPE_CHECKING, Any

from tests.faults.scene import HINTS, MAIN, Scene
from tests.fuzz.mutate import in_bytes
from tests.fuzz.target import Outcome
from tests.fuzz.targets.commands import name
from tests.support.raw import RawClient, frame

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

REQUESTS = (
    "textDocument/inlayHint", "inlayHint/resolve", "textDocument/hover", "textDocument/codeLens", "textDocument/codeAction",
    "textDocument/documentLink", "textDocument/prepareCallHierarchy", "callHierarchy/incomingCalls",
    "callHierarchy/outgoingCalls", "workspace/symbol", "workspace/executeCommand", "alloclens/nothing", "$/nothing",
)  # fmt: skip
NOTIFICATIONS = (
    "textDocument/didOpen", "textDocument/didChange", "textDocument/didClose", "textDocument/didSave",
    "workspace/didChangeConfiguration", "workspace/didChangeWorkspaceFolders", "workspace/didChangeWatchedFiles",
    "$/cancelRequest", "$/setTrace", "initialized", "window/workDoneProgress/cancel",
)  # fmt: skip
EDGES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**31, 2**63, 10**400, "", "x", "\0", [], {}, [[]], [None], {"a": None}, "file:///", "untitled:Untitled-1",
    "file:///dev/zero", "file://%00", "file:///%ff%fe", "x" * 10_000,
)  # fmt: skip
LIVES = 2000
"""Inputs that one server gets; then another must start and show the right hints."""
INTERNAL = -32603


class Messages:
    """A few messages, each in a line."""

    def __init__(self, folder: Path) -> None:
        self.scene = Scene(folder)
        os.environ["XDG_CACHE_HOME"] = str(self.scene.cache)
        self.uri = self.scene.main.as_uri()
        self.client: RawClient | None = None
        self.left = 0
        self.commands: list[str] = []

    def made(self, rng: Random) -> bytes:
        return b"\n".join(self.message(rng) for _ in range(rng.choice((1, 2, 5))))

    def message(self, rng: Random) -> bytes:
        """Return one message, as a client would send it but for some changes."""
        is_request = rng.random() < 0.8
        method = rng.choice(REQUESTS if is_request else NOTIFICATIONS)
        message: Any = {"jsonrpc": "2.0", "method": method, "params": self.params(rng)}
        if is_request:
            message["id"] = rng.choice((rng.randrange(1 << 16), f"id {rng.randrange(1 << 16)}"))
        for _ in range(rng.choice((0, 1, 1, 2))):
            message["params"] = changed(rng, message["params"])
        data = json.dumps(message).encode()
        return in_bytes(rng, data).replace(b"\n", b" ") if rng.random() < 0.05 else data

    def params(self, rng: Random) -> Any:
        at = {"line": rng.randrange(20), "character": rng.randrange(5)}
        whole = {"start": {"line": 0, "character": 0}, "end": at}
        document = {
            "uri": rng.choice((self.uri, self.uri, str(EDGES[-5]))),
            "version": rng.randrange(9),
            "languageId": "go",
            "text": MAIN,
        }
        return {
            "textDocument": document, "position": at, "range": whole, "context": {"diagnostics": []}, "query": rng.choice(("$", "$m", name(rng))),
            "item": {"name": "main", "kind": 12, "uri": self.uri, "range": whole, "selectionRange": whole, "data": name(rng)},
            "label": "x", "contentChanges": [{"text": MAIN[: rng.randrange(len(MAIN))]}], "id": rng.randrange(9), "token": "x", "value": "off",
            "command": rng.choice(COMMANDS), "arguments": [rng.choice((self.uri, 4, name(rng), *EDGES)) for _ in range(rng.randrange(4))],
            "settings": {"alloclens": {"base": name(rng), "hints": True}}, "event": {"added": [], "removed": []}, "changes": [],
        }  # fmt: skip

    def outcome(self, data: bytes) -> Outcome:
        client = self.client if self.client and self.left else self.started()
        self.left -= 1
        begin, logged = time.monotonic(), len(client.log)
        for line in data.split(b"\n"):
            client.send(frame(line))
        wanted = [number for line in data.split(b"\n") if (number := request_id(line)) is not None]
        answers = [client.answer(number) for number in dict.fromkeys(wanted)]
        answers.append(client.ask("workspace/symbol", {"query": "$"}))
        codes = [answer["error"]["code"] if "error" in answer else "result" for answer in answers]
        assert INTERNAL not in codes, answers
        assert not any(line.startswith("Traceback") for line in client.log[logged:]), "\n".join(client.log[logged:])
        client.received.clear()
        return Outcome(" ".join(sorted(set(map(str, codes)))), time.monotonic() - begin)

    def started(self) -> RawClient:
        """Start a server in place of the one there is, and see that it works."""
        self.close()
        self.client, self.left = self.scene.started(), LIVES
        self.scene.shows(self.client, {line - 2: hint for line, hint in HINTS.items()})
        return self.client

    def close(self) -> None:
        if self.client:
            self.client.close()


COMMANDS = tuple(
    f"alloclens.server.{command}"
    for command in (
        "stacks", "stackTree", "stackPage", "snapshots", "sampleTypes", "flame", "frame", "timeline", "focus", "unfocus", "explain",
        "tellWhy", "mappings", "hotLine", "hotLines", "findings", "series", "nothing",
    )
)  # fmt: skip
"""All but those that write files."""


def changed(rng: Random, value: Any) -> Any:
    """Put something else in the place of some part of a value."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.85:
        out = copy.copy(value)
        key = rng.choice(list(out)) if isinstance(out, dict) else rng.randrange(len(out))
        if rng.random() < 0.1:
            del out[key]
        else:
            out[key] = changed(rng, out[key])
        return out
    return rng.choice(EDGES)


def request_id(line: bytes) -> Any:
    """Return the id of a request; None for anything else."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):  # neither can the server read what is nested so deep
        return None
    is_request = isinstance(message, dict) and isinstance(message.get("method"), str)
    return message.get("id") if is_request and isinstance(message.get("id"), (int, str)) else None
