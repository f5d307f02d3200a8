"""A folder whose numbers are known by hand, and servers on it that may die at any moment."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.processes import children, runs, until
from tests.support.profiles import drop, heap
from tests.support.raw import RawClient

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MIB = 1 << 20
SNAPSHOTS = 8
MAIN = """package main

func main() {
	serve()
	hold()
}

func serve() {
	kept = append(kept, make([]byte, 1<<20))
}

func hold() {
	cache = make([]byte, 5<<20)
}
"""
ADDED = "// a comment\n// that was written after the program had been built\n"
"""What moves every line: without the text that was kept of the file, no line is known for certain any more."""
HINTS = {6: "8.0MB cum ▲7.0MB", 7: "5.0MB cum", 11: "8.0MB ▲7.0MB", 15: "5.0MB"}
"""Of the file with what was added: line 9 leaks one MiB from each snapshot to the next, line 13 holds five."""


class Scene:
    """The folder, its profiles, and a cache of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cache = folder / "w", folder / "cache"
        self.profiles, self.main = self.folder / "profiles", self.folder / "main.go"
        self.folder.mkdir()
        self.cache.mkdir()
        (self.folder / "go.mod").write_text("module example.com/app\n")
        self.main.write_text(MAIN)
        for number in range(1, SNAPSHOTS + 1):
            drop(self.profiles / f"heap-{number:03}.pb.gz", self.snapshot(number))

    def snapshot(self, number: int) -> bytes:
        """Return the profile of a moment: the higher the number, the later."""
        serve, hold = f"main.serve:8@{self.main}:9 < main.main:3@{self.main}:4", f"main.hold:12@{self.main}:13"
        return heap(f"{serve} = {number}x{MIB}", f"{hold} < main.main:3@{self.main}:5 = 5x{MIB}")

    def server(self) -> RawClient:
        """Start a server, without a word yet."""
        return RawClient(self.folder, XDG_CACHE_HOME=str(self.cache))

    def started(self) -> RawClient:
        """Start a server on the folder."""
        client = self.server()
        client.start()
        return client

    def shows(self, client: RawClient, wanted: dict[int, str]) -> None:
        """Open the file and wait until exactly these hints are shown. Raises AssertionError."""
        uri, seen = self.open(client), dict[int, str]()
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 1000, "character": 0}}

        def same() -> bool:
            nonlocal seen
            hints = client.result("textDocument/inlayHint", {"textDocument": {"uri": uri}, "range": whole})
            seen = {
                hint["position"]["line"] + 1: "".join(part["value"] for part in hint["label"]) for hint in hints or ()
            }
            return seen == wanted

        try:
            client.until_state(same)
        except AssertionError as error:
            raise AssertionError(f"{seen} is shown, {wanted} was expected; the log:\n{error}") from error

    def open(self, client: RawClient) -> str:
        """Open the file as it is now; return its URI."""
        uri = self.main.as_uri()
        document = {"uri": uri, "languageId": "go", "version": 1, "text": self.main.read_text()}
        client.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    def prepare(self) -> None:
        """Have a server see the snapshots and the text that they are of, then change the text."""
        client = self.started()
        self.shows(client, {line - 2: hint for line, hint in HINTS.items()})
        time.sleep(1)  # what is forgotten is forgotten after what is shown
        ended(client)
        self.main.write_text(ADDED + MAIN)

    def check(self) -> None:
        """Raise AssertionError if anything was lost: a snapshot, a kept text, a number."""
        client = self.started()
        family = [client.process.pid, *children(client.process.pid)]
        try:
            self.shows(client, HINTS)
            assert ended(client) == 0
        finally:
            client.close()
        gone(family)


def ended(client: RawClient) -> int:
    """End a session in order; return the exit code."""
    client.result("shutdown")
    client.notify("exit")
    return client.wait()


def gone(pids: Iterable[int]) -> None:
    """Wait until these processes have ended. Raises AssertionError."""
    left = list(pids)
    assert until(lambda: not any(map(runs, left))), f"still there: {list(filter(runs, left))}"
