"""Vim with YouCompleteMe, of Debian, with the configuration of docs/editors/vim.md."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.editors import checks, debian, vi
from tests.editors.editor import Check, Editor
from tests.editors.workspace import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Act, Session
    from tests.editors.workspace import Workspace

DEBIAN = """\
set nocompatible noswapfile hidden encoding=utf-8 laststatus=2 shortmess+=I
set runtimepath+=/usr/share/vim-youcompleteme
let g:ycm_server_python_interpreter = '/usr/bin/python3'
filetype plugin indent on
"""
"""Where the plugin is, and the Python that it is for: not the first on PATH, which is this project's."""


def editors() -> list[Editor]:
    """Return Vim; nothing where Debian's packages are not to be had."""
    if not debian.is_here():
        return []
    return [Editor("Vim, YouCompleteMe", debian.version("vim-nox"), _command, vi.leave, CHECKS)]


def _command(config: Path, workspace: Workspace) -> Sequence[str]:
    workspace.add_other()
    settings = config / "vimrc"
    settings.write_text(DEBIAN + recipe("vim.md", "YouCompleteMe"), "utf-8")
    return debian.inside(["vim", "-Nu", settings, workspace.file], workspace.folder)


def at(session: Session, mark: str) -> None:
    """Go to a marked line of leaks.go."""
    vi.commands(session, f":buffer {session.workspace.file.name} | only", f":{session.workspace.lines[mark]}")
    checks.hint(session, mark)


def edit(session: Session) -> None:
    """Type a letter, and take it back."""
    session.screen.keys("i", "x", "BSpace", "Escape")


def typing(command: str) -> Act:
    """Type a command of Vim."""
    return lambda session: session.screen.type(command)


def functions(session: Session) -> None:
    """Hot functions among the symbols of the workspace."""
    at(session, "leak ticker")
    session.screen.write("\\ws")
    session.screen.until(r"^Find Symbol")
    session.screen.write("$session")
    session.screen.until(rf"session.*{checks.BYTES}.*leaks\.go:12")


def kinds(session: Session) -> None:
    """A line with bytes and goroutines: the hover has both, and for its callers there is an error, as the page says."""
    vi.commands(session, f":edit {session.workspace.other_file}", "/goservice: wait")
    session.screen.until(r"goservice: wait +\d+ goroutines cum$", partial(edit, session))
    session.screen.write("\\h")
    session.screen.until(r"\dB cum .* inuse_space")
    vi.commands(session, ":nohlsearch")
    session.screen.keys("j", "k")
    session.screen.write("\\ch")
    session.screen.until(r"Multiple hierarchies were received")


CHECKS = {
    checks.OPENING: Check(checks.numbers),
    checks.ARRIVAL: Check(checks.new_numbers(edit), "after a message, an edit"),
    checks.FINDINGS: Check(
        checks.seen(at, "leak registration", typing(":YcmDiags"), r"leaks\.go\|35 col \d+ \w+\|"), "`:YcmDiags`"
    ),
    checks.HOVER: Check(checks.hovers(at, lambda session: session.screen.write("\\h")), "`<Plug>(YCMHover)`"),
    checks.STACKS: Check(checks.frames(at, typing(":YcmCompleter GoToDeclaration")), "`GoToDeclaration`"),
    checks.CALLERS: Check(
        checks.seen(
            at, "leak registration", typing(":YcmCompleter GoToCallers"), rf"HandlerFunc\.ServeHTTP  {checks.BYTES}"
        ),
        "`GoToCallers`",
    ),
    "hot functions": Check(functions, "`<Plug>(YCMFindSymbolInWorkspace)`, `$`"),
    "several kinds of profiles": Check(kinds, "`<Plug>(YCMHover)`"),
}
