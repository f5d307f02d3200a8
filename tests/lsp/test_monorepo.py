"""Two real Go services of a monorepo, both captured every second into directories of their own."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.editor import Editor

pytestmark = [pytest.mark.programs, pytest.mark.slow]

SNAPSHOTS = 10
"""Of each service, all written while the first one's file is open."""
LEAK = 24
SERVICE = """package main

import (
	"fmt"
	"net"
	"net/http"
	_ "net/http/pprof"
	"os"
	"time"
)

var kept [][]byte

func main() {
	listener, _ := net.Listen("tcp", "127.0.0.1:0")
	fmt.Printf("http://%s\\n", listener.Addr())
	go http.Serve(listener, nil)
	go NAME()
	os.Stdin.Read(make([]byte, 1)) // until its parent is gone
}

func NAME() {
	for {
		kept = append(kept, make([]byte, 1<<20)) // leaks
		time.Sleep(100 * time.Millisecond)
	}
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Path]:
    """The monorepo, while its services run and are captured."""
    (tmp_path / "go.mod").write_text("module example.com/shop\n\ngo 1.21\n")
    with ExitStack() as running:
        for name in ("api", "web"):
            source = tmp_path / f"services/{name}/main.go"
            source.parent.mkdir(parents=True)
            source.write_text(SERVICE.replace("NAME", f"serve_{name}"))
            program = tmp_path / f"bin-{name}"
            build = [tools.go(), "build", "-o", program, f"./services/{name}"]
            subprocess.run(build, cwd=tmp_path, check=True, env=tools.environment())
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            child = running.enter_context(process([program], **pipes))
            running.callback(child.stdin.close)
            url = re.match(r"http://\S+", child.stdout.readline())[0]
            capture = [sys.executable, "-m", "alloclens", "capture", url, "--every", "1s"]
            into = ["--into", f"profiles/{name}"]
            running.enter_context(process([*capture, *into], cwd=tmp_path, stdout=subprocess.DEVNULL))
        yield tmp_path


@pytest.mark.timeout(300)
async def test_nothing_of_the_second_service_is_shown_until_it_is_chosen(editor: Editor, shop: Path) -> None:
    await editor.open_folder(shop)
    api = editor.open(shop / "services/api/main.go")
    web = (shop / "services/web/main.go").as_uri()
    with_numbers = 0

    async def seen() -> bool:
        """Look at everything that is shown, once; return whether there are enough snapshots."""
        nonlocal with_numbers
        hints = await editor.hints(api)
        assert await editor.hints(web) == {}
        assert with_numbers == 0 or "MB" in hints.get(LEAK, ""), "a hint that was there is missing"
        with_numbers += LEAK in hints
        hot = await editor.command("alloclens.server.hotLines", {"own": False})
        found = (await editor.command("alloclens.server.findings"))["findings"]
        flame = await editor.command("alloclens.server.flame")
        assert not [one for one in (*hot, *found) if "serve_web" in one["function"] or "/web/" in one["file"]]
        assert not editor.diagnostics.get(web)
        assert flame is None or "serve_web" not in str(flame)
        assert with_numbers == 0 or editor.status.series in ("", "api")
        every = (await editor.command("alloclens.server.series"))["series"]
        heaps = {one["name"]: len(one["snapshots"]) for one in every if "inuse_space" in one["sampleTypes"]}
        return len(heaps) == 2 and min(heaps.values()) >= SNAPSHOTS

    await editor.until(seen, 200)
    assert with_numbers >= SNAPSHOTS
    assert await editor.command("alloclens.server.showSeries", "web") is None

    async def web_is_shown() -> bool:
        return "MB" in (await editor.hints(web)).get(LEAK, "")

    await editor.until(web_is_shown)
    assert await editor.hints(api) == {}
