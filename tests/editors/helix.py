"""Helix, of Debian, with the configuration of docs/editors/helix.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.editors import checks, debian, vi
from tests.editors.editor import Check, Editor
from tests.editors.workspace import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Act, Session
    from tests.editors.workspace import Workspace


def editors() -> list[Editor]:
    """Return Helix; nothing where Debian's packages are not to be had."""
    return [Editor("Helix", debian.version("hx"), _command, vi.leave, CHECKS)] if debian.is_here() else []


def _command(config: Path, workspace: Workspace) -> Sequence[str]:
    folder = config / "helix"
    folder.mkdir()
    (folder / "languages.toml").write_text(recipe("helix.md", "Setup"), "utf-8")
    (folder / "config.toml").write_text(recipe("helix.md", "Hints"), "utf-8")
    return debian.inside(["env", f"XDG_CONFIG_HOME={config}", "hx", workspace.file], workspace.folder)


def at(session: Session, mark: str) -> None:
    """Go to a marked line of leaks.go."""
    vi.commands(session, f":open {session.workspace.file}", f":{session.workspace.lines[mark]}")
    session.screen.until(rf"leaks\.go .* {session.workspace.lines[mark]}:\d+")


def opening(session: Session) -> None:
    """Helix requests hints at the first key after the server has started."""
    session.screen.until(r"^●")
    session.screen.keys("j")
    checks.numbers(session)


def edit(session: Session) -> None:
    """Type a blank, and take it back."""
    session.screen.keys("i", "Space", "BSpace", "Escape")


def writing(keys: str) -> Act:
    """Press the keys of these characters."""
    return lambda session: session.screen.write(keys)


def functions(session: Session) -> None:
    """Hot functions among the symbols of the workspace."""
    at(session, "leak ticker")
    session.screen.write(" S")
    session.screen.write("$session")
    session.screen.until(rf"session.*{checks.BYTES}")


CHECKS = {
    checks.OPENING: Check(opening, "after the first key"),
    checks.ARRIVAL: Check(checks.new_numbers(edit), "after a message, an edit"),
    checks.FINDINGS: Check(
        checks.seen(at, "leak registration", writing(" d"), r"(leak +Leak|growing +Growing): "), "`Space d`"
    ),
    checks.HOVER: Check(checks.hovers(at, writing(" k")), "`Space k`"),
    checks.STACKS: Check(checks.frames(at, writing("gD")), "`gD`"),
    "hot functions": Check(functions, "`Space S`, `$`"),
}
