"""However a session ends, the server ends with all that it has started, whatever hangs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import children, runs, until
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.programs,
    pytest.mark.skipif(sys.platform != "linux", reason="asks /proc"),
    pytest.mark.timeout(60),
]


class Session:
    """A server and no editor: only what is sent to the server."""

    def __init__(self, folder: Path, programs: Path, process_id: int | None = None) -> None:
        env = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
        command = [sys.executable, "-m", "alloclens", "lsp"]
        self.server = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        folders = [{"uri": folder.as_uri(), "name": "folder"}]
        self.ask("initialize", {"processId": process_id, "capabilities": {}, "workspaceFolders": folders})
        self.say("initialized", {})

    def say(self, method: str, params: Any = None, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method} | more | ({} if params is None else {"params": params})
        data = json.dumps(message).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.server.stdin.flush()

    def ask(self, method: str, params: Any = None) -> Any:
        """Say it and wait for the answer; whatever the server says before that is not heard."""
        self.say(method, params, id=method)
        while True:
            size = int(self.server.stdout.readline().partition(b":")[2])
            while self.server.stdout.readline().strip():
                pass
            said = json.loads(self.server.stdout.read(size))
            if said.get("id") == method:
                return said

    def started(self) -> list[int]:
        """Wait until the server has started a worker and asked `go`, and return them."""
        assert until(lambda: len(children(self.server.pid)) == 2)
        return children(self.server.pid)


@pytest.fixture
def hanging(tmp_path: Path) -> Path:
    """A directory of programs that never answer."""
    go = tmp_path / "programs" / "go"
    go.parent.mkdir()
    go.write_text("#!/bin/sh\nexec sleep 600\n")
    go.chmod(0o755)
    return go.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    drop(tmp_path / "folder/profiles/a.pb.gz", heap("main.f@/w/main.go:3 = 1x8"))
    return tmp_path / "folder"


@pytest.fixture
def start(folder: Path, hanging: Path) -> Iterator[Callable[..., Session]]:
    """Start sessions, and leave nothing of them."""
    every: list[Session] = []

    def started(process_id: int | None = None) -> Session:
        every.append(Session(folder, hanging, process_id))
        return every[-1]

    yield started
    for session in every:
        session.server.kill()
        with session.server:  # closes its pipes
            pass


def shut_down(session: Session) -> None:
    assert session.ask("shutdown")["result"] is None


def exit_(session: Session) -> None:
    session.say("exit")


def close(session: Session) -> None:
    session.server.stdin.close()


@pytest.mark.parametrize(
    ("steps", "code"),
    [((shut_down, exit_), 0), ((exit_,), 1), ((shut_down, close), 0), ((close,), 0)],
    ids=["shutdown and exit", "exit alone", "shutdown and the end of input", "the end of input alone"],
)
@pytest.mark.parametrize("stop", [False, True], ids=["go hangs", "go and the worker hang"])
def test_the_server_ends_with_all_it_has_started(
    start: Callable[..., Session], steps: tuple, code: int, stop: bool
) -> None:
    session = start()
    started = session.started()
    for pid in started:
        if stop:
            os.kill(pid, signal.SIGSTOP)
    for step in steps:
        step(session)
    assert session.server.wait(20) == code
    assert until(lambda: not any(runs(pid) for pid in started))


def test_the_server_ends_with_the_process_of_its_editor(start: Callable[..., Session]) -> None:
    with subprocess.Popen(["sleep", "600"]) as editor:
        session = start(editor.pid)
        started = session.started()
        editor.kill()
    assert session.server.wait(20) == 0
    assert until(lambda: not any(runs(pid) for pid in started))


@pytest.mark.parametrize("pid", [0, 1 << 31, 1 << 70], ids=str)
def test_a_process_that_is_not_the_editors_is_not_followed(start: Callable[..., Session], pid: int) -> None:
    """It is of another machine, or a container's: the server keeps running."""
    session = start(pid)
    shut_down(session)
    exit_(session)
    assert session.server.wait(20) == 0
