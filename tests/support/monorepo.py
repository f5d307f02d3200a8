"""Two real Go services of a monorepo, both captured every second into directories of their own."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICES = ("api", "web")
LEAK = 24
"""The line that leaks, in the main.go of each."""
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


@contextlib.contextmanager
def captured(folder: Path) -> Iterator[None]:
    """Write the monorepo into a folder, run its services, and capture them."""
    (folder / "go.mod").write_text("module example.com/shop\n\ngo 1.21\n")
    with contextlib.ExitStack() as running:
        for name in SERVICES:
            source = main_of(folder, name)
            source.parent.mkdir(parents=True)
            source.write_text(SERVICE.replace("NAME", f"serve_{name}"))
            program = folder / f"bin-{name}"
            build = [tools.go(), "build", "-o", program, f"./services/{name}"]
            subprocess.run(build, cwd=folder, check=True, env=tools.environment())
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            child = running.enter_context(process([program], **pipes))
            running.callback(child.stdin.close)
            url = re.match(r"http://\S+", child.stdout.readline())[0]
            capture = [sys.executable, "-m", "alloclens", "capture", url, "--every", "1s"]
            into = ["--into", f"profiles/{name}"]
            running.enter_context(process([*capture, *into], cwd=folder, stdout=subprocess.DEVNULL))
        yield


def main_of(folder: Path, service: str) -> Path:
    """Return the source of a service."""
    return folder / f"services/{service}/main.go"
