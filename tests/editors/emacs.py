"""Emacs with Eglot and with lsp-mode, of Debian, with the configurations of docs/editors/emacs.md."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from tests.editors import checks, debian, gopls
from tests.editors.editor import Check, Editor
from tests.editors.workspace import recipe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.editors.editor import Act, Session
    from tests.editors.workspace import Workspace


def editors() -> list[Editor]:
    """Return Emacs with each of its clients; none where Debian's packages are not to be had."""
    if not debian.is_here():
        return []
    emacs, mode = debian.version("emacs-nox"), debian.version("elpa-lsp-mode")
    checked = LSP_MODE | {"two servers": Check(two_servers)}
    beside_gopls = Editor(f"Emacs, lsp-mode {mode} beside gopls", emacs, _beside_gopls, _quit, checked)
    return [
        Editor("Emacs, Eglot", emacs, partial(_command, "Without the package"), _quit, PLAIN),
        Editor("Emacs with alloclens.el", emacs, partial(_command, "With the package"), _quit, PACKAGE),
        Editor(f"Emacs, lsp-mode {mode}", emacs, partial(_command, "lsp-mode"), _quit, LSP_MODE),
        *([beside_gopls] if gopls.is_here() else []),
    ]


def _command(heading: str, config: Path, workspace: Workspace) -> Sequence[str]:
    init = config / "init.el"
    init.write_text(
        f"(package-initialize)\n(setq inhibit-startup-screen t suggest-key-bindings nil)\n{recipe('emacs.md', heading)}",
        encoding="utf-8",
    )
    return debian.inside(["emacs", "-nw", "-q", "-l", init, workspace.file], workspace.folder)


def _beside_gopls(config: Path, workspace: Workspace) -> Sequence[str]:
    return gopls.on_path(_command("lsp-mode", config, workspace))


def _quit(session: Session) -> None:
    session.screen.keys("C-g")
    session.screen.until(r"^Quit$")
    run(session, "kill-emacs")
    session.screen.until_ended()


def run(session: Session, command: str, *answers: str) -> None:
    """Run a command by its name."""
    session.screen.keys("M-x")
    session.screen.until(r"^M-x$")
    session.screen.type(command)
    for answer in answers:
        session.screen.type(answer)


def at(session: Session, mark: str) -> None:
    """Go to a marked line of leaks.go, in one window."""
    session.screen.keys("C-g")
    session.screen.until(r"^Quit$")  # until then, it drops what is typed
    run(session, "delete-other-windows")
    run(session, "switch-to-buffer", session.workspace.file.name)
    session.screen.keys("M-g", "g")
    session.screen.type(str(session.workspace.lines[mark]))
    session.screen.until(rf"leaks\.go .*L{session.workspace.lines[mark]}\b")


def running(command: str, *answers: str) -> Act:
    """Run a command by its name."""
    return lambda session: run(session, command, *answers)


def findings(session: Session) -> None:
    """List the findings when the line is marked: until then, the list is opened for none, and stays two rows high."""
    at(session, "leak registration")
    session.screen.until(r"^! .*alloclens: leak registration")
    run(session, "flymake-show-buffer-diagnostics")
    session.screen.until(r"^ *35 .*(Leak|Growing): ")


def hover(session: Session) -> None:
    """Show the whole text when the echo area shows how it begins: until then, C-h . has that of another line, or none."""
    held = session.workspace.held("leak goroutine")
    session.screen.until(rf": {re.escape(held)} held through this line")
    session.screen.keys("C-h", ".")


def stacks(session: Session) -> None:
    at(session, "leak registration")
    run(session, "eglot-code-actions")
    session.screen.until(r"Execute code action|\[eglot\]")
    session.screen.type("Show call stacks")
    session.screen.until(r"Call stacks through leaks\.go:35")


def stacks_of_lsp_mode(session: Session) -> None:
    at(session, "leak registration")
    run(session, "lsp-execute-code-action")
    session.screen.until(r"Select code action")
    session.screen.type("Show call stacks")
    session.screen.until(r"Call stacks through leaks\.go:35")


def hiding(session: Session) -> None:
    """Hide the hints, and show them again."""
    at(session, "leak ticker")
    run(session, "eglot-inlay-hints-mode")
    session.screen.until(r"// alloclens: leak ticker$")
    run(session, "eglot-inlay-hints-mode")
    run(session, "revert-buffer-quick")
    checks.hint(session, "leak ticker")


def definitions(session: Session) -> None:
    """M-. asks not the server, but what Emacs has for Go without one: etags."""
    at(session, "leak ticker")
    session.screen.keys("M-<", "M-.")
    session.screen.until(r"^Visit tags table")


def two_servers(session: Session) -> None:
    """Both serve the file."""
    at(session, "leak ticker")
    names = "(mapcar (lambda (one) (lsp--client-server-id (lsp--workspace-client one))) (lsp-workspaces))"
    run(session, "eval-expression", names)
    session.screen.until(r"^\((gopls alloclens|alloclens gopls)\)")


def hot_line(command: str, session: Session) -> None:
    at(session, "leak ticker")
    session.screen.keys("M-<")
    run(session, command)
    session.screen.until(rf"leaks\.go .*L{session.workspace.lines['leak ticker']}\b")


def choose(session: Session, what: str, value: str) -> None:
    """Choose by the name, of a snapshot by its beginning."""
    run(session, f"alloclens-choose-{what}", value + ("\t" if what == "head" else ""))


def focus(session: Session, pattern: str) -> None:
    run(session, "alloclens-focus")
    session.screen.until(r"^Focus on:")  # until then, it drops what is typed
    session.screen.keys("C-a", "C-k")
    session.screen.type(pattern)


def listing(session: Session) -> None:
    """Findings, hot lines and stacks as lists."""
    checks.seen(at, "leak goroutine", running("alloclens-findings"), r"^ *35: ?.*MB")(session)
    checks.seen(at, "leak goroutine", running("alloclens-hot-lines"), r"^ *15: ?.*MB.*session")(session)
    at(session, "leak registration")
    run(session, "alloclens-stacks")
    if session.screen.until(r"through line 35:$|^ *35: ?.*catalog")[0].startswith("through"):  # else there is only one
        session.screen.keys("Tab", "M-Down", "M-Enter")
    session.screen.until(r"^ *35: ?.*catalog")


def heat(session: Session) -> None:
    """The three leaks and nothing else of the file are coloured."""
    at(session, "leak goroutine")
    run(session, "alloclens-heat-mode")
    coloured = "(length (seq-filter (lambda (overlay) (overlay-get overlay 'alloclens)) (overlays-in 1 9999)))"
    run(session, "eval-expression", f"(progn (while (/= {coloured} 3) (sit-for 0.1)) 'three)")
    session.screen.until(r"^three$")


def capture(session: Session, url: str) -> None:
    run(session, "alloclens-capture")
    session.screen.keys("C-a", "C-k")
    session.screen.type(url)
    session.screen.type("")


def move(session: Session) -> None:
    """Press a key that changes nothing."""
    session.screen.keys("C-n")


FINDINGS = Check(findings, "`flymake-show-buffer-diagnostics`")
PLAIN = {
    checks.OPENING: Check(checks.numbers),
    checks.ARRIVAL: Check(checks.new_numbers(running("revert-buffer-quick")), "after a message, `revert-buffer-quick`"),
    "hints off and on": Check(hiding),
    checks.FINDINGS: FINDINGS,
    checks.HOVER: Check(checks.hovers(at, hover), "`C-h .`"),
    checks.STACKS: Check(stacks, "`eglot-code-actions`"),
    checks.HOT_LINE: Check(partial(hot_line, "my-next-hot-line"), "a function of the page"),
}
PACKAGE = PLAIN | {
    checks.ARRIVAL: Check(checks.new_numbers(), "by itself"),
    checks.HOT_LINE: Check(partial(hot_line, "alloclens-next-hot-line"), "`alloclens-next-hot-line`"),
    "base, head, sample type": Check(checks.choosing(at, choose)),
    "focus": Check(checks.focusing(at, focus, running("alloclens-unfocus"))),
    "findings, hot lines and stacks as lists": Check(listing),
    "status line": Check(checks.seen(at, "leak goroutine", move, r"leaks\.go .*MB")),
    "heat": Check(heat),
    "definitions by others": Check(definitions, "`M-.`"),
    "capture": Check(checks.capturing(at, capture)),
}
LSP_MODE = {
    checks.OPENING: Check(checks.numbers),
    checks.ARRIVAL: Check(checks.new_numbers(move), "after a message, any key"),
    checks.FINDINGS: FINDINGS,
    checks.HOVER: Check(checks.hovers(at, running("lsp-describe-thing-at-point")), "`lsp-describe-thing-at-point`"),
    checks.STACKS: Check(stacks_of_lsp_mode, "`lsp-execute-code-action`"),
    checks.HOT_LINE: Check(partial(hot_line, "my-next-hot-line"), "a function of the page"),
}
