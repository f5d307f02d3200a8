"""Real services in Go from the module proxy: fetched, built, and run under load."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import tools
from scripts.workbench import process

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
START_SECONDS = 60.0


@dataclass(frozen=True)
class Service:
    """A module with a program that serves its profiles."""

    name: str
    module: str
    package: str
    """Of its program."""
    arguments: tuple[str, ...]
    """In a folder with the files of `configuration`."""
    port: int
    """Of what the load asks."""
    profiles: str
    """The address of its profiles."""
    file: str
    """A source file that somebody might open first."""


CADDY = Service(
    "caddy",
    "github.com/caddyserver/caddy/v2@v2.11.9",
    "./cmd/caddy",
    ("run", "--config", "Caddyfile"),
    8080,
    "http://localhost:2019",
    "modules/caddyhttp/server.go",
)
NATS = Service(
    "nats-server",
    "github.com/nats-io/nats-server/v2@v2.15.3",
    ".",
    ("--config", "nats.conf"),
    4222,
    "http://localhost:6060",
    "server/client.go",
)


def fetch(service: Service, into: Path) -> Path:
    """Copy the sources of a module from the module proxy, as a repository with one commit."""
    command = [tools.go(), "mod", "download", "-json", service.module]
    told = subprocess.run(command, cwd=into.parent, check=True, capture_output=True, text=True)
    shutil.copytree(json.loads(told.stdout)["Dir"], into, copy_function=shutil.copyfile)
    for path in (into, *into.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)  # the module cache is read-only
    subprocess.run(["git", "init", "-q"], cwd=into, check=True)
    _commit(into, service.module)
    return into


def build(service: Service, source: Path) -> Path:
    """Build the program beside its sources."""
    program = source / service.name
    tools.say(f"building {service.module} …")
    subprocess.run([tools.go(), "build", "-o", program, service.package], cwd=source, check=True)
    return program


def patch(service: Service, source: Path) -> None:
    """Make the service leak, in its own code, by a commit."""
    subprocess.run(["git", "apply", "--unidiff-zero", HERE / f"{service.name}.patch"], cwd=source, check=True)
    _commit(source, "remember the headers of the latest request for each address")


def _commit(source: Path, subject: str) -> None:
    subprocess.run(["git", "add", "-A"], cwd=source, check=True)
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *who, "commit", "-qm", subject], cwd=source, check=True)


@contextlib.contextmanager
def serving(service: Service, program: Path, folder: Path) -> Iterator[None]:
    """Run the program and the load on it."""
    shutil.copytree(HERE / service.name, folder)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    own = os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    load = [sys.executable, "-m", "scripts.services.load", service.name, str(service.port)]
    with process([program, *service.arguments], cwd=folder, env=own, **quiet):
        _wait_for(f"{service.profiles}/debug/pprof/")
        with process(load, cwd=tools.ROOT):
            yield


def _wait_for(url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.2)
    raise SystemExit(f"nothing answers at {url}.")
