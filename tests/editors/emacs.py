"""Emacs with Eglot, from Debian's packages, with the configurations of docs/editors/emacs.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.tools import TOOLS, say
from tests.editors.editor import LEAKS, Editor
from tests.editors.workspace import recipe, serving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.editors.editor import Session
    from tests.editors.workspace import Workspace

OLDEST = 30
"""The first version with a public interface to execute commands."""
PACKAGES = ("emacs-nox", "elpa-go-mode")
SOURCES = Path("/etc/apt/sources.list.d")


def editors() -> list[Editor]:
    """Return Emacs, installed from backports if this is root on Debian; none if it is too old or not to be had."""
    if _version() < (OLDEST,) and not _installed():
        return []
    version = ".".join(map(str, _version()))
    return [
        Editor("Emacs, Eglot", version, partial(_command, "Without the package"), _quit, PLAIN),
        Editor("Emacs with alloclens.el", version, partial(_command, "With the package"), _quit, PACKAGE),
    ]


def _version() -> tuple[int, ...]:
    if not shutil.which("emacs"):
        return (0,)
    said = subprocess.run(["emacs", "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.findall(r"\d+", said.split("\n")[0])))


def _installed() -> bool:
    """Install it, with sources and lists of our own: the machine's stay as they are."""
    debian = SOURCES / "debian.sources"
    if os.geteuid() != 0 or not debian.exists():
        return False
    say("installing Emacs …")
    ours = TOOLS / "apt"
    (ours / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    main = debian.read_text().strip().split("\n\n")[0]
    (suite,) = re.findall(r"^Suites: (\w+)", main, re.MULTILINE)
    backports = re.sub(r"^Suites: .*", f"Suites: {suite}-backports", main, flags=re.MULTILINE)
    (ours / "debian.sources").write_text(f"{debian.read_text().strip()}\n\n{backports}\n")
    options = [f"Dir::Etc::SourceParts={ours}", f"Dir::State::Lists={ours}/lists", f"Dir::Etc::SourceList={os.devnull}"]
    apt = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
    install = [*apt, "install", "-y", "--no-install-recommends", "-t", f"{suite}-backports", *PACKAGES]
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*apt, "update"], install):
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=quiet)
    return _version() >= (OLDEST,)


def _command(heading: str, config: Path, workspace: Workspace) -> Sequence[str]:
    init = config / "init.el"
    init.write_text(
        f"(package-initialize)\n(setq inhibit-startup-screen t suggest-key-bindings nil)\n{recipe('emacs.md', heading)}",
        encoding="utf-8",
    )
    return ["emacs", "-nw", "-q", "-l", str(init), str(workspace.file)]


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


def numbers(session: Session) -> None:
    for mark in LEAKS:
        session.hint(mark)


def new_snapshot(session: Session) -> None:
    """Eglot asks again for what is read again."""
    session.workspace.arrive()
    session.screen.until(r"has new numbers")
    run(session, "revert-buffer-quick")
    numbers(session)


def refreshed(session: Session) -> None:
    session.workspace.arrive()
    numbers(session)


def findings(session: Session) -> None:
    at(session, "leak registration")
    run(session, "flymake-show-buffer-diagnostics")
    session.screen.until(r"^ *35 .*Leak: ")


def hover(session: Session) -> None:
    at(session, "leak goroutine")
    run(session, "eldoc-doc-buffer")
    session.screen.until(r"inuse_space")
    assert r"inuse\_space" not in session.screen.screen()


def stacks(session: Session) -> None:
    at(session, "leak registration")
    run(session, "eglot-code-actions")
    session.screen.until(r"Execute code action|\[eglot\]")
    session.screen.type("Show call stacks")
    session.screen.until(r"Call stacks through leaks\.go:35")


def hot_line(command: str, session: Session) -> None:
    at(session, "leak ticker")
    session.screen.keys("M-<")
    run(session, command)
    session.screen.until(rf"leaks\.go .*L{session.workspace.lines['leak ticker']}\b")


def choosing(session: Session) -> None:
    at(session, "leak goroutine")
    older = session.workspace.snapshots()[-6]
    run(session, "alloclens-choose-head", older.name + "\t")
    session.hint("leak goroutine", older)
    run(session, "alloclens-choose-head", "latest\t")
    session.hint("leak goroutine")
    run(session, "alloclens-choose-sample-type", "alloc_objects")
    session.screen.until(r"leak goroutine +[\d.]+[kM]?( ▲.*)?$")
    run(session, "alloclens-choose-sample-type", "inuse_space")
    session.hint("leak goroutine")


def focusing(session: Session) -> None:
    at(session, "leak goroutine")
    run(session, "alloclens-focus")
    session.screen.keys("C-a", "C-k")
    session.screen.type("session")
    session.screen.until(r"// alloclens: leak goroutine$")
    session.hint("leak ticker")
    run(session, "alloclens-unfocus")
    session.hint("leak goroutine")


def listing(session: Session) -> None:
    """Findings, hot lines and stacks as lists."""
    at(session, "leak goroutine")
    run(session, "alloclens-findings")
    session.screen.until(r"^ *35: ?.*MB")
    at(session, "leak goroutine")
    run(session, "alloclens-hot-lines")
    session.screen.until(r"^ *15: ?.*MB.*session")
    at(session, "leak registration")
    run(session, "alloclens-stacks")
    session.screen.until(r"through line 35:$")
    session.screen.keys("Tab", "M-Down", "M-Enter")
    session.screen.until(r"^ *35: ?.*catalog")


def state(session: Session) -> None:
    at(session, "leak goroutine")
    session.screen.until(r"leaks\.go .*MB")


def heat(session: Session) -> None:
    """The three leaks and nothing else of the file are coloured."""
    at(session, "leak goroutine")
    run(session, "alloclens-heat-mode")
    coloured = "(length (seq-filter (lambda (overlay) (overlay-get overlay 'alloclens)) (overlays-in 1 9999)))"
    run(session, "eval-expression", f"(progn (while (/= {coloured} 3) (sit-for 0.1)) 'three)")
    session.screen.until(r"^three$")


def capturing(session: Session) -> None:
    at(session, "leak goroutine")
    newer, many = session.workspace.next_snapshot(), len(session.workspace.snapshots())
    with serving(newer) as url:
        run(session, "alloclens-capture")
        session.screen.keys("C-a", "C-k")
        session.screen.type(url)
        session.screen.type("")
        session.hint("leak goroutine", newer)
    assert len(session.workspace.snapshots()) == many + 1


PLAIN = {
    "numbers on opening": numbers,
    "numbers of a new snapshot": new_snapshot,
    "findings": findings,
    "hover": hover,
    "call stacks by keyboard": stacks,
    "next hot line": partial(hot_line, "my-next-hot-line"),
}
PACKAGE = PLAIN | {
    "numbers of a new snapshot": refreshed,
    "next hot line": partial(hot_line, "alloclens-next-hot-line"),
    "base, head, sample type, series": choosing,
    "focus": focusing,
    "findings, hot lines, stacks as lists": listing,
    "status line": state,
    "heat": heat,
    "capture": capturing,
}
