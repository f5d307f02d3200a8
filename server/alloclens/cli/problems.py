"""What is wrong with the World that a command has read, told beside its result or instead of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from alloclens.cli.terminal import tell
from alloclens.wording import shown_series
from alloclens.wording.markdown import plain
from alloclens.wording.nothing import notes
from alloclens.wording.status import is_there, nothing, there, unreadable

if TYPE_CHECKING:
    from alloclens.series.comparison import Comparison
    from alloclens.session.world import World


def tell_problems(known: World) -> None:
    """Print which profiles cannot be read, and what is wrong with the settings file."""
    for problem in known.problems:
        tell(unreadable(problem.name, problem.reason))
    for note in notes(known):
        tell(plain(note))
    for mistake in known.settings_problems:
        tell(str(mistake))


def refuse_unknown(known: World, *given: str | None) -> None:
    """Raise ClickException if there are snapshots, but not one that the command line names."""
    for name in given:
        if name and known.series and not is_there(known, name):
            raise click.ClickException(f"no snapshot is named {name}; {there(known)}")


def shown_in(known: World) -> Comparison:
    """Return the comparison that is shown. Raises ClickException with the reason if there is none."""
    if known.shown is None:
        raise click.ClickException(shown_series.missing(known) or plain(nothing(known)))
    return known.shown
