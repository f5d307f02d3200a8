"""Keys that editors in the manner of vi share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.editors.editor import Session


def commands(session: Session, *lines: str) -> None:
    """Leave the mode of the editor, whichever it is, and type commands."""
    session.screen.keys("Escape", "Escape")
    for line in lines:
        session.screen.type(line)


def leave(session: Session) -> None:
    """Leave the editor without saving."""
    commands(session, ":qa!")
    session.screen.until_ended()
