"""Helix, of Debian, with the configuration of docs/editors/helix.md."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.editors import checks, debian, gopls, vi
from tests.editors.editor import Check, Editor
from tests.editors.workspace import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Act, Session
    from tests.editors.workspace import Workspace


def editors() -> list[Editor]:
    """Return Helix, alone and beside gopls; nothing where Debian's packages are not to be had."""
    if not debian.is_here():
        return []
    version = debian.version("hx")
    alone = Editor("Helix", version, _command, vi.leave, CHECKS)
    beside = Editor("Helix beside gopls", version, _beside_gopls, vi.leave, CHECKS | BESIDE_GOPLS)
    return [alone, beside] if gopls.is_here() else [alone]


def _command(config: Path, workspace: Workspace) -> Sequence[str]:
    return _with(recipe("helix.md", "Setup"), config, workspace)


def _with(languages: str, config: Path, workspace: Workspace) -> list[str]:
    folder = config / "helix"
    folder.mkdir()
    (folder / "languages.toml").write_text(languages, "utf-8")
    (folder / "config.toml").write_text(recipe("helix.md", "Hints"), "utf-8")
    return debian.inside(["env", f"XDG_CONFIG_HOME={config}", "hx", workspace.file], workspace.folder)


def _beside_gopls(config: Path, workspace: Workspace) -> Sequence[str]:
    """Start it with the hovers of gopls excepted, too, and with two programs, of which one is chosen."""
    workspace.add_other()
    workspace.settings.write_text('series = "profiles"\n', "utf-8")
    setup = recipe("helix.md", "Setup").replace('["inlay-hints"]', '["inlay-hints", "hover"]')
    return gopls.on_path(_with(setup, config, workspace))


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


def page(session: Session) -> None:
    """The page of call stacks, which is offered below what gopls offers."""
    at(session, "leak registration")
    session.screen.write(" a")
    session.screen.until(r"Browse gopls feature documentation")
    session.screen.keys("Up", "Up", "Up", "Enter")
    session.screen.until(r"the call stacks are in /")


def series(session: Session) -> None:
    """Show the series that has the numbers of a file."""
    vi.commands(session, f":open {session.workspace.other_file}", "/goservice: keep")
    session.screen.write(" a")
    session.screen.until(r"Show the series goservice")
    session.screen.keys("Up", "Up", "Enter")
    session.screen.until(rf"goservice: keep +{checks.BYTES}", partial(edit, session))


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
BESIDE_GOPLS = {
    "call stacks as a page": Check(page, "`Space a`"),
    "several series": Check(series, "`Space a`"),
}
