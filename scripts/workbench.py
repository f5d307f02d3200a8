"""A real VS Code (code-server) on a folder, on the loopback interface, with everything of the run in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import tools

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60.0
QUIET = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.enableExperiments": False,
    "workbench.reduceMotion": "on",
    "chat.disableAIFeatures": True,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "git.openRepositoryInParentFolders": "never",
    "editor.inlayHints.enabled": "on",
    "editor.minimap.enabled": False,
    "extensions.webWorker": False,  # ours needs none of what a window would load for them
    "editor.fontFamily": "DejaVu Sans Mono, monospace",
    "files.autoSave": "off",
    "problems.defaultViewMode": "table",  # a line for each; the tree shows only what its height has room for
}


class Workbench:
    """A running code-server."""

    def __init__(self, port: int, pid: int, state: Path) -> None:
        self.port = port
        self.pid = pid
        """Of the process that leads all others of the workbench."""
        self.state = state
        """Settings, extensions and logs of the run."""

    def url(self, folder: Path, *files: Path) -> str:
        """Return the address of a folder with these files open."""
        opened = [["openFile", f"vscode-remote://127.0.0.1:{self.port}{file}"] for file in files]
        query = {"folder": str(folder), "payload": json.dumps(opened)}
        return f"http://127.0.0.1:{self.port}/?{urllib.parse.urlencode(query)}"


@contextlib.contextmanager
def workbench(
    vsix: Path | None, settings: dict[str, Any], path: str | None = None, *, trusts: bool = True
) -> Iterator[Workbench]:
    """Run a workbench with an extension, or without any. `settings` are the machine's: they win over the user's; `path` is its PATH.

    It trusts every folder, or asks a person first.
    """
    state = Path(tempfile.mkdtemp(prefix="alloclens-workbench-"))
    try:
        _write_settings(state, settings)
        asked = tools.environment()["PATH"] if path is None else path
        (state / ".profile").write_text(
            f"export PATH={shlex.quote(asked)}\n"
        )  # VS Code asks a login shell for its PATH
        command = [str(tools.node()), str(tools.code_server()), "--config", str(state / "config.yaml")]
        command += ["--user-data-dir", str(state / "data"), "--extensions-dir", str(state / "extensions")]
        with (state / "server.log").open("w") as log:
            options: dict[str, Any] = {
                "env": _environment(state, path),
                "stdout": log,
                "stderr": log,
                "stdin": subprocess.DEVNULL,
            }
            if vsix:
                subprocess.run([*command, "--install-extension", vsix, "--force"], check=True, **options)
            port = _free_port()
            with process([*command, *_arguments(port, trusts)], **options) as child:
                _wait_for(port, child)
                yield Workbench(port, child.pid, state)
    finally:
        shutil.rmtree(state, ignore_errors=True)


def end_on_signals() -> None:
    """Let SIGTERM and SIGHUP end this program as Ctrl-C does: with all that it started."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(sign) != signal.SIG_IGN:  # as nohup asks for
            signal.signal(sign, signal.default_int_handler)


@contextlib.contextmanager
def process(command: list[Any], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program and, at the end, end it with all that it started."""
    child = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield child
    finally:
        _end(child)
        if child.stdout:
            child.stdout.close()


def _end(child: subprocess.Popen[Any]) -> None:
    for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(patience)
    _wait_for_group(child.pid)


def _wait_for_group(group: int) -> None:
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return
        time.sleep(0.05)


def _write_settings(state: Path, machine: dict[str, Any]) -> None:
    """A window of code-server is a remote one: settings of machine scope count in Machine/settings.json only."""
    for place, values in (("User", QUIET), ("Machine", machine)):
        folder = state / "data" / place
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps(values))
    (state / "config.yaml").write_text("auth: none\n")


def _environment(state: Path, path: str | None) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("VSCODE_")}  # a terminal in VS Code sets these
    own = {"HOME": str(state), "XDG_CONFIG_HOME": str(state / "xdg"), "XDG_DATA_HOME": str(state / "xdg")}
    own["PATH"] = os.environ["PATH"] if path is None else path
    own["GOCACHE"] = os.environ.get("GOCACHE") or str(Path.home() / ".cache/go-build")  # Go's library is compiled there
    return inherited | own | {"EXTENSIONS_GALLERY": "{}"}  # no marketplace is asked


def _arguments(port: int, trusts: bool) -> list[str]:
    trust = ["--disable-workspace-trust"] if trusts else []
    quiet = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"]
    return ["--auth", "none", "--bind-addr", f"127.0.0.1:{port}", *trust, *quiet]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, child: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        time.sleep(0.1)
    raise SystemExit(f"code-server did not start (exit status {child.poll()}).")
