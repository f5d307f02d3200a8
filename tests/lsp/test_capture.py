"""Over stdio: profiles are captured by a command of the server, and shown."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.kubectl import with_kubectl
from tests.support.processes import children
from tests.support.profiles import heap
from tests.support.repository import Repository
from tests.support.server import profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.editor import Editor
    from tests.support.server import ProfileServer

pytestmark = pytest.mark.programs

CAPTURE, NOW, STOP = (f"alloclens.server.{name}" for name in ("capture", "captureNow", "stopCapture"))
SECRET = "s3cr3t"


@pytest.fixture
def server(folder: Path) -> Iterator[ProfileServer]:
    with profile_server() as running:
        running.body = heap(f"main.keep:10@{folder}/main.go:11 = 3x1048576")
        yield running


async def opened(editor: Editor, folder: Path, **settings: object) -> str:
    """Open a folder without any profile, and wait until the server has looked."""
    await editor.open_folder(folder, **settings)
    uri = editor.open(folder / "main.go")
    assert await editor.hints(uri) == {}

    async def looked() -> bool:
        return "directories: 0" not in await editor.command("alloclens.server.about")

    await editor.until(looked)
    return uri


def captured(folder: Path, directory: str = "profiles") -> list[str]:
    """Return the kinds of the captured files."""
    return sorted(path.name.partition("-")[0] for path in (folder / directory).glob("*.pb.gz"))


async def test_a_capture_is_shown_without_any_setting(any_editor: Editor, folder: Path, server: ProfileServer) -> None:
    editor = any_editor
    uri = await opened(editor, folder)
    assert await editor.command(CAPTURE, server.url) is None
    await editor.until_hints(uri, {11: "3.0MB"})
    assert captured(folder) == ["heap"]
    assert server.asked == ["/debug/pprof/heap"]
    if editor.captures:
        assert [state.running for state in editor.captures] == [False, True, True, False]
        last = editor.captures[-1]
        assert (last.taken, last.error, last.source) == (1, "", f"{server.url}/debug/pprof/heap")
        assert [os.path.dirname(path) for path in last.latest] == [str(folder / "profiles")]
    else:
        assert any("captured" in message for message in editor.messages)


async def test_what_is_asked_for(editor: Editor, folder: Path, server: ProfileServer) -> None:
    await opened(editor, folder)
    server.leaked = b"goroutineleak profile: total 1\n1 @ 0x11\n"
    for options, requests, written in (
        ({"kind": "all"}, ["heap", "goroutine"], ["goroutine", "goroutineleak", "heap"]),
        ({"kind": "heap", "gc": True}, ["heap?gc=1"], ["goroutineleak", "heap"]),
        ({"kind": "goroutine", "gc": True}, ["goroutine"], ["goroutine"]),
        ({"kind": "heap", "seconds": 1}, ["heap?seconds=1"], ["heap"]),
    ):
        server.asked.clear()
        before = captured(folder)
        assert await editor.command(CAPTURE, f"{server.url}/debug/pprof/", options) is None
        assert server.asked == [f"/debug/pprof/{request}" for request in requests]
        assert sorted(before + written) == captured(folder)
        if editor.captures:
            both = " and goroutine" if options["kind"] == "all" else ""
            assert editor.captures[-1].source == f"{server.url}/debug/pprof/{requests[0].partition('?')[0]}{both}"
    assert await editor.command(CAPTURE, f"{server.url}/debug/pprof/allocs") is None
    assert server.asked[-1] == "/debug/pprof/allocs"


async def test_a_series_goes_on_after_an_error_until_it_is_stopped(
    editor: Editor, folder: Path, server: ProfileServer
) -> None:
    await opened(editor, folder)
    assert await editor.command(CAPTURE, server.url, {"every": 1}) is None
    await editor.until(lambda: editor.captures[-1].taken >= 2)
    server.status = 500
    await editor.until(lambda: "answered 500" in editor.captures[-1].error)
    server.status = 200
    await editor.until(lambda: editor.captures[-1].error == "" and editor.captures[-1].taken >= 3)
    assert await editor.command(NOW) is None
    assert editor.captures[-1].running
    await editor.command(STOP)
    assert not editor.captures[-1].running
    assert await editor.command(NOW) is None  # once more, on demand
    assert not editor.captures[-1].running
    assert editor.captures[-1].taken == len(captured(folder))


async def test_errors_are_answers(editor: Editor, folder: Path, server: ProfileServer) -> None:
    await opened(editor, folder)
    assert await editor.command(NOW) == "nothing has been captured in this session yet"
    assert "is not an HTTP URL" in await editor.command(CAPTURE, "ftp://x")
    server.status = 404
    url = server.url.replace("//", f"//me:{SECRET}@")
    error = await editor.command(CAPTURE, f"{url}/debug/pprof/heap?token={SECRET}", {"every": 1})
    assert "404 Not Found" in error
    assert server.seen[-1]["authorization"].startswith("Basic ")
    assert SECRET not in f"{error}{editor.captures}{editor.messages}"
    assert not any(state.running for state in editor.captures[-1:])
    assert not (folder / "profiles").exists()
    server.status = 200
    (folder / "profiles").touch()
    assert "File exists" in await editor.command(CAPTURE, server.url)


async def test_without_a_folder_there_is_nowhere_to_write(editor: Editor, server: ProfileServer) -> None:
    await editor.open_folder(None)
    assert "open a folder" in await editor.command(CAPTURE, server.url)
    assert server.asked == []


async def test_it_lands_in_the_directory_that_is_watched(editor: Editor, folder: Path, server: ProfileServer) -> None:
    (folder / "heaps").mkdir()  # the user's own: whether git has it is not changed
    uri = await opened(editor, folder, profileDirs=["new", "heaps"])
    assert await editor.command(CAPTURE, server.url) is None
    await editor.until_hints(uri, {11: "3.0MB"})
    assert captured(folder, "heaps") == ["heap"]
    assert not (folder / "heaps/.gitignore").exists()


async def test_git_lists_no_capture_as_a_change(editor: Editor, folder: Path, server: ProfileServer) -> None:
    await opened(editor, folder)
    assert await editor.command(CAPTURE, server.url) is None
    changed = Repository(folder).run("status", "--porcelain", "--untracked-files=all")
    assert "profiles" not in changed
    assert captured(folder) == ["heap"]


async def test_stopping_ends_a_slow_answer(editor: Editor, folder: Path, server: ProfileServer) -> None:
    await opened(editor, folder)
    waiting = threading.Event()
    server.pieces, server.pause = _told(waiting), 30.0
    capturing = asyncio.create_task(editor.command(CAPTURE, server.url))
    await asyncio.to_thread(waiting.wait, 30)
    await editor.command(STOP)
    assert await capturing == "the capture was stopped"
    assert not (folder / "profiles").exists()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are looked up in /proc")
async def test_a_pod_is_reached_through_kubectl_which_ends_with_the_capture(
    editor: Editor, folder: Path, server: ProfileServer, tmp_path: Path
) -> None:
    editor.surroundings = {"env": with_kubectl(tmp_path, server.url)}
    await opened(editor, folder)
    listed = await editor.command("alloclens.server.captureTargets", True)
    assert (listed["problem"], listed["kubectl"]) == ("", True)
    assert [(target["url"], target["name"]) for target in listed["targets"]] == [
        ("pod://shop/api-7d9f:6060", "api-7d9f"),
        ("pod://shop/api-7d9f:8080", "api-7d9f"),
    ]
    assert await editor.command(CAPTURE, "pod://shop/api-7d9f:6060", {"every": 1}) is None
    await editor.until(lambda: editor.captures[-1].taken >= 2)
    (forward,) = forwards(editor)
    os.kill(forward, signal.SIGKILL)  # as when its pod ends: the next capture starts another
    taken = editor.captures[-1].taken
    await editor.until(lambda: editor.captures[-1].taken >= taken + 2)
    await editor.command(STOP)
    await editor.until(lambda: not forwards(editor))
    assert "no such pod" in await editor.command(CAPTURE, "pod://shop/gone:6060")
    assert "is not the address of a pod" in await editor.command(CAPTURE, "pod://--kubeconfig=x/gone:6060")


def forwards(editor: Editor) -> list[int]:
    """Return the running `kubectl port-forward` of a server, by pid; on Linux."""
    found = []
    for pid in children(editor.process.pid):
        with suppress(FileNotFoundError):  # it has ended meanwhile
            found += [pid] if b"port-forward" in Path(f"/proc/{pid}/cmdline").read_bytes() else []
    return found


def _told(waiting: threading.Event) -> Iterator[bytes]:
    waiting.set()
    yield b"HTTP/1.1 200 OK\r\n"
    yield b"Content-Length: 5\r\n"
