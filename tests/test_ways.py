"""The five ways of ARCHITECTURE.md, each run once: the functions it names are entered, in its order."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import sys
import threading
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import alloclens
import pytest
from alloclens.cli import main as cli
from alloclens.lsp import protocol
from alloclens.lsp.client import Client
from alloclens.lsp.documents import Documents
from alloclens.lsp.features.focus import focus
from alloclens.lsp.features.inlay_hints import inlay_hints
from alloclens.lsp.lifecycle import follow
from alloclens.lsp.publish import Publisher
from alloclens.profile.formats import read
from alloclens.session import listing, loader, once
from alloclens.session.loader import Loader
from click.testing import CliRunner
from lsprotocol import types

from tests.support.inside import server_in_session
from tests.support.profiles import drop, heap
from tests.support.worker import Here

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import CodeType, FrameType

    from alloclens.lsp.server import Server
    from alloclens.session.world import World

SERVER = Path(alloclens.__file__).parent
ROOT = SERVER.parent.parent
MAX_WAY_FILES = 8
"""A reader who follows one of the five ways opens no more files."""
SNAPSHOTS = 24
MB = 1 << 20
MAIN = "package main\n\nfunc main() { serve() }\n\nfunc serve() {\n\tkeep()\n}\n\nfunc keep() {\n\tx = append(x, make([]byte, 1<<20))\n}\n"
PATIENCE = 30.0


class Hop(NamedTuple):
    """A file of a way, and the function that the way enters in it; a class for any of its methods."""

    file: str
    function: str


def ways() -> dict[str, list[Hop]]:
    """Return the ways by the first two words of their names."""
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("\n## Five ways\n")[2].partition("\n| ")[0]
    parts = re.split(r"^\*\*", text, flags=re.MULTILINE)[1:]
    hops = [re.findall(r"^\d\. `([\w/]+\.py)` \(`([\w.]+)`\): ", part, re.MULTILINE) for part in parts]
    return {" ".join(part.split()[:2]): [Hop(*hop) for hop in of] for part, of in zip(parts, hops, strict=True)}


WAYS = ways()


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((SERVER / file).read_text("utf-8"))


def code_lines(hop: Hop) -> set[int]:
    """Return the first lines of the functions that a hop names, as code objects have them. Fails if there is none."""
    nodes: list[ast.AST] = [tree(hop.file)]
    for name in hop.function.split("."):
        nodes = [n for node in nodes for n in ast.iter_child_nodes(node) if getattr(n, "name", "") == name]
    assert nodes, f"{hop.file} has no {hop.function}"
    inner = [n for node in nodes for n in ([node] if not isinstance(node, ast.ClassDef) else node.body)]
    functions = [n for n in inner if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {min([n.lineno, *(decorator.lineno for decorator in n.decorator_list)]) for n in functions}


@contextmanager
def entered(way: list[Hop]) -> Iterator[list[Hop]]:
    """Collect the hops of a way in the order in which their functions are entered, in threads that start from now on as well."""
    at = {(str(SERVER / hop.file), line): hop for hop in way for line in code_lines(hop)}
    hops: list[Hop] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        code: CodeType = frame.f_code
        if event == "call" and (hop := at.get((code.co_filename, code.co_firstlineno))):
            hops.append(hop)

    before = sys.getprofile()
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield hops
    finally:
        sys.setprofile(before)
        threading.setprofile(None)


def assert_in_order(way: list[Hop], hops: list[Hop]) -> None:
    """Each is entered for the first time in its order, after what a session does on its own."""
    assert list(dict.fromkeys(hops[hops.index(way[0]) :])) == way


def snapshot(folder: Path, number: int) -> bytes:
    main = folder / "main.go"
    return heap(
        f"main.keep:9@{main}:10 < main.serve:5@{main}:6 = {1 + 3 * number}x{MB}",
        f"main.other:1@/elsewhere/x.go:2 < main.serve:5@{main}:6 = 1x{MB}",
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program that leaks, and has not been edited since."""
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "main.go").write_text(MAIN)
    os.utime(tmp_path / "main.go", (1e9, 1e9))
    for i in range(SNAPSHOTS):
        drop(tmp_path / f"profiles/{i:03}.pb.gz", snapshot(tmp_path, i))
    return tmp_path


def world(folder: Path) -> World:
    return once.world([str(folder)], [str(folder / "profiles")], {})


class Following(NamedTuple):
    """A server whose loader follows a folder, in this process."""

    ls: Server
    shown: asyncio.Event
    """Set when a world is shown in which every file has been read."""
    rests: asyncio.Event
    """Set while the loader waits for something to happen."""

    async def next_world(self) -> None:
        await asyncio.wait_for(self.shown.wait(), PATIENCE)
        self.shown.clear()

    async def rest(self) -> None:
        """Wait until everything is read. What was written just before the start may have been shown twice."""
        await self.next_world()
        await asyncio.wait_for(self.rests.wait(), PATIENCE)
        self.shown.clear()


@pytest.fixture
async def following(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Following]:
    monkeypatch.setattr(loader, "POLL_SECONDS", PATIENCE)  # only events wake it
    monkeypatch.setattr(listing, "LONG_SCAN_SECONDS", PATIENCE)  # a scan on a busy machine is no long one
    ls, shown = server_in_session(), asyncio.Event()
    ls.client, ls.documents = Client(types.ClientCapabilities()), Documents()
    ls.folders = {folder.as_uri(): str(folder)}
    publisher = Publisher(ls)

    async def show(world: World) -> None:
        await publisher.show(world)
        if not world.pending:
            shown.set()

    class Resting(Loader):
        async def _next_wake(self) -> bool:
            if not self._woken.is_set():
                rests.set()
            is_woken = await super()._next_wake()
            rests.clear()
            return is_woken

    rests = asyncio.Event()
    ls.loader = Resting(show, Here())
    task = asyncio.ensure_future(ls.loader.run())
    yield Following(ls, shown, rests)
    task.cancel()
    ls.loader.stop()


def test_each_way_crosses_few_files() -> None:
    assert len(WAYS) == 5
    for name, way in WAYS.items():
        assert 1 < len({hop.file for hop in way}) == len(way) <= MAX_WAY_FILES, name
        assert all(code_lines(hop) for hop in way), name


def test_bytes_to_a_profile(tmp_path: Path) -> None:
    way = WAYS["Bytes to"]
    with entered(way) as hops:
        read(snapshot(tmp_path, 0))
    assert list(dict.fromkeys(hops)) == way


@pytest.mark.slow
async def test_a_directory_event_to_a_new_world(folder: Path, following: Following) -> None:
    way = WAYS["A directory"]
    with entered(way) as hops:
        follow(following.ls)
        await following.rest()
        hops.clear()
        drop(folder / "profiles/later.pb.gz", snapshot(folder, SNAPSHOTS))
        await following.next_world()
    assert following.ls.world.shown.head.path.endswith("later.pb.gz")
    assert_in_order(way, hops)


async def test_a_hint_request_to_its_label(folder: Path) -> None:
    ls, uri, way = server_in_session(), (folder / "main.go").as_uri(), WAYS["A hint"]
    ls.client, ls.world = Client(types.ClientCapabilities()), world(folder)
    ls.documents = Documents().with_text(uri, f"// edited\n{MAIN}")
    ls.loaded.set()
    everywhere = types.Range(types.Position(0, 0), types.Position(50, 0))
    with entered(way) as hops:
        hints = await inlay_hints(ls, types.InlayHintParams(types.TextDocumentIdentifier(uri), everywhere))
    assert [hint.position.line for hint in hints] == [6, 10]
    assert list(dict.fromkeys(hops)) == way


@pytest.mark.slow
async def test_a_focus_pattern_to_changed_numbers(following: Following) -> None:
    way = WAYS["A focus"]
    with entered(way) as hops:
        follow(following.ls)
        await following.rest()
        whole = following.ls.world.shown
        hops.clear()
        focus(following.ls, protocol.AddFocus(protocol.FocusStep(focus="other")))
        await following.next_world()
    assert following.ls.world.shown.in_focus == MB < whole.in_focus == whole.total
    assert_in_order(way, hops)


@pytest.mark.slow
def test_a_series_to_a_verdict(folder: Path) -> None:
    way = WAYS["A series"]
    with entered(way) as hops:
        found = CliRunner().invoke(cli, ["leaks", str(folder / "profiles"), "--workspace", str(folder)])
    assert "  Leak: " in found.output
    assert list(dict.fromkeys(hops)) == way
