"""What is to be seen in every editor, whatever is done there to see it. An `At` goes to a marked line of leaks.go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.editors.workspace import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.editors.editor import Act, Session

    At = Callable[[Session, str], None]

OPENING, ARRIVAL, FINDINGS, HOVER, STACKS, CALLERS, HOT_LINE = (
    "numbers on opening",
    "numbers of a new snapshot",
    "findings",
    "hover",
    "call stacks by keyboard",
    "callers with bytes",
    "next hot line",
)
EVERYWHERE = (OPENING, ARRIVAL, FINDINGS, HOVER, STACKS, CALLERS, HOT_LINE)
BYTES = r"\d[\d.]*[kMG]?B"
LEAKS = ("leak ticker", "leak goroutine", "leak registration")
"""The marked lines of leaks.go."""


def hint(session: Session, mark: str, snapshot: Path | None = None) -> None:
    """Wait until what a marked line holds is shown beside it. The mark ends the line in the source."""
    comment, number = map(session.screen.literal, (f"alloclens: {mark}", session.workspace.held(mark, snapshot)))
    session.screen.until(rf"{comment} *:? *{number}(?![\w.])")


def numbers(session: Session) -> None:
    """Wait for the numbers of all three leaks."""
    for mark in LEAKS:
        hint(session, mark)


def new_numbers(ask: Act | None = None) -> Act:
    """Let snapshots arrive; if the editor has to ask again, wait for the message that says so first."""

    def check(session: Session) -> None:
        session.workspace.arrive()
        if ask:
            session.screen.until("has new numbers")
            ask(session)
        numbers(session)

    return check


def seen(at: At, mark: str, look: Act, *patterns: str) -> Act:
    """Do something on a marked line, and wait for what is to be seen then."""

    def check(session: Session) -> None:
        at(session, mark)
        look(session)
        for pattern in patterns:
            session.screen.until(pattern)

    return check


def hovers(at: At, look: Act) -> Act:
    """Look at a hover: its names are not escaped."""
    seen_first = seen(at, "leak goroutine", look, r"inuse_space")

    def check(session: Session) -> None:
        seen_first(session)
        shown = session.screen.screen()
        assert not re.search(r"inuse\\_space|\(\\\*shop\)|\\\+", shown), shown

    return check


def frames(at: At, look: Act) -> Act:
    """Look at a list of the frames of the stacks: the library's that allocates, and the standard library's that called."""
    return seen(at, "leak registration", look, r"telemetry\.go\D+56\b", r"server\.go\D+\d{4}\b")


def choosing(at: At, choose: Callable[[Session, str, str], None]) -> Act:
    """Choose another head and another sample type, and the usual ones again."""

    def check(session: Session) -> None:
        at(session, "leak goroutine")
        older = session.workspace.snapshots()[-6]
        choose(session, "head", older.name)
        hint(session, "leak goroutine", older)
        choose(session, "head", "latest")
        hint(session, "leak goroutine")
        choose(session, "sample-type", "alloc_objects")
        session.screen.until(r"leak goroutine +[\d.]+[kM]?( ▲.*)?$")
        choose(session, "sample-type", "inuse_space")
        hint(session, "leak goroutine")

    return check


def focusing(at: At, focus: Callable[[Session, str], None], unfocus: Act) -> Act:
    """Focus on what passes through a function, and take it back."""

    def check(session: Session) -> None:
        at(session, "leak goroutine")
        focus(session, "session")
        session.screen.until(r"// alloclens: leak goroutine$")
        hint(session, "leak ticker")
        unfocus(session)
        hint(session, "leak goroutine")

    return check


def capturing(at: At, capture: Callable[[Session, str], None]) -> Act:
    """Capture the next snapshot from where a program would serve it."""

    def check(session: Session) -> None:
        at(session, "leak goroutine")
        newer, many = session.workspace.next_snapshot(), len(session.workspace.snapshots())
        with serving(newer) as url:
            capture(session, url)
            hint(session, "leak goroutine", newer)
        assert len(session.workspace.snapshots()) == many + 1

    return check
