"""Kate, of Debian, on a screen without a monitor, with the configuration of docs/editors/kate.md."""

from __future__ import annotations

import shutil
import sysconfig
from typing import TYPE_CHECKING

from tests.editors import checks, debian
from tests.editors.display import Display, display
from tests.editors.editor import Check, Editor
from tests.editors.workspace import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Act, Session
    from tests.editors.workspace import Workspace

SETTINGS = """\
[General]
Startup Session=new
Show welcome view for new window=false

[Kate Plugins]
lspclientplugin=true

[lspclient]
AllowedServerCommandLines={server} lsp
InlayHints=true

[KTextEditor Renderer]
Text Font=DejaVu Sans Mono,12,-1,5,50,0,0,0,0,0
"""
"""What a person has chosen in Kate's dialogs: the server may be started, and hints are shown; and letters that can be read."""


def editors() -> list[Editor]:
    """Return Kate; nothing where Debian's packages are not to be had."""
    return [Editor("Kate", debian.version("kate"), _command, _quit, CHECKS, display)] if debian.is_here() else []


def _command(config: Path, workspace: Workspace) -> Sequence[str]:
    folder = config / "kate" / "lspclient"
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(recipe("kate.md", "Setup"), "utf-8")
    server = shutil.which("alloclens", path=sysconfig.get_path("scripts"))
    (config / "katerc").write_text(SETTINGS.format(server=server), "utf-8")
    return ["env", f"XDG_CONFIG_HOME={config}", "kate", "--block", "--startanon", "-n", str(workspace.file)]


def _quit(session: Session) -> None:
    session.screen.keys("Escape", "ctrl+q")
    session.screen.until_ended()


def at(session: Session, mark: str) -> None:
    """Go to a marked line of leaks.go."""
    session.screen.keys("Escape", "ctrl+g")
    session.screen.type(str(session.workspace.lines[mark]))
    session.screen.until(rf"\b{session.workspace.lines[mark]}:\d+ +INSERT")


def pressing(*keys: str) -> Act:
    """Press keys."""
    return lambda session: session.screen.keys(*keys)


def menu(key: str) -> Act:
    """Choose from the menu of the LSP client by the underlined letter."""
    return pressing("alt+l", key)


def click(session: Session, word: str) -> None:
    """Click on a word, such as the name of a view below."""
    assert isinstance(session.screen, Display)
    session.screen.click(word)


def arrival(session: Session) -> None:
    """The message is in a view; then the file is read again."""
    click(session, "Output")
    session.workspace.arrive()
    session.screen.until("has new numbers")
    click(session, "Output")
    session.screen.keys("F5")
    checks.numbers(session)


def findings(session: Session) -> None:
    click(session, "Diagnostics")
    session.screen.until(r"(Leak|Growing): ")
    click(session, "Diagnostics")


def point(session: Session) -> None:
    """Let the mouse rest on the end of the line."""
    assert isinstance(session.screen, Display)
    session.screen.point_at("goroutine")


def page(session: Session) -> None:
    """The page of call stacks, of which a message in a view says where it is."""
    at(session, "leak registration")
    session.screen.keys("alt+Return")
    session.screen.until(r"Show call stacks")
    session.screen.keys("Down", "Return")
    click(session, "Output")
    session.screen.until(r"the call stacks are in /")
    click(session, "Output")


def functions(session: Session) -> None:
    """Hot functions among the symbols of the workspace."""
    session.screen.keys("Escape", "ctrl+alt+p")
    session.screen.write("$session")
    # The list keeps other functions with these letters, too; a picture's every row is not always legible.
    session.screen.until(rf"(?:session|order|catalog).*{checks.BYTES}")
    session.screen.keys("Escape")


FRAMES = checks.seen(at, "leak registration", menu("t"), r"Line: *52\b", r"server\.go")
CHECKS = {
    checks.OPENING: Check(checks.numbers),
    checks.ARRIVAL: Check(arrival, "after a message in *Output*, `F5`"),
    checks.FINDINGS: Check(findings, "*Diagnostics*"),
    checks.HOVER: Check(checks.seen(at, "leak goroutine", point, "Heaviest stack"), "the mouse"),
    "hot functions": Check(functions, "`Ctrl+Alt+P`, `$`"),
    checks.STACKS: Check(FRAMES, "*Go to Declaration*"),
    "call stacks as a page": Check(page, "`Alt+Return`"),
}
