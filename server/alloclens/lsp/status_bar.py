"""The text of a status bar, which LSP lacks: an editor that shows one announces it in its capabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.lsp.protocol import Status
from alloclens.printable import printable
from alloclens.wording import shown_series
from alloclens.wording.focus import words
from alloclens.wording.markdown import escape, plain
from alloclens.wording.nothing import exits, notes
from alloclens.wording.status import in_full, line, not_used, nothing, shortened, unreadable, with_kinds
from alloclens.wording.verdict import goroutine_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.lsp.protocol import State
    from alloclens.session.world import World


def status(world: World, of_sources: Sequence[str] = ()) -> Status:
    """Return the status: what is shown, or why nothing is, and why sources could not be fetched from."""
    state: State
    if world.pending:
        text, state = f"reading {world.pending} profiles", "loading"
    else:
        has_problem = world.problems or not_used(world) or of_sources
        text, state = _text(world), "problem" if has_problem else "ok" if world.shown else "empty"
    tooltip = "\n\n".join((*map(escape, of_sources), _tooltip(world)))
    return Status(
        state,
        printable(text),
        tooltip,
        plain(tooltip),
        _focus(world),
        shown_series.shown(world),
        compares=bool(world.named),
    )


def _focus(world: World) -> str:
    nothing_left = world.focus and world.shown and not world.shown.profile.values.any()
    return f"{words(world.focus)} (no sample)" if nothing_left else words(world.focus)


def _text(world: World) -> str:
    settings = world.settings
    if world.shown:
        ends = ("", "") if world.named else (settings.base, settings.head)
        named = (shortened(shown_series.shown(world)), line(world.shown, *ends))
        return with_kinds(" · ".join(filter(None, named)), world.kinds(world.shown)[1:])
    if missing := shown_series.missing(world):
        return missing
    if world.problems and not world.series:
        return _unreadable(world)
    return "no profiles"


def _unreadable(world: World) -> str:
    more = f" and {len(world.problems) - 1} more" if len(world.problems) > 1 else ""
    return f"{shortened(world.problems[0].name)}{more} could not be read"


def _tooltip(world: World) -> str:
    paragraphs = [escape(note) for note in (*shown_series.notes(world), *not_used(world))]
    paragraphs += map(in_full, world.comparisons)
    if missing := shown_series.missing(world):
        paragraphs.append(escape(missing))
    if world.silent_goroutines and (note := goroutine_note(world.silent_goroutines)):
        paragraphs.append(note)
    paragraphs += [*notes(world), *exits(world)]
    if not world.series:
        paragraphs.append(nothing(world))
    return "\n\n".join(paragraphs + [escape(unreadable(p.name, p.reason)) for p in world.problems])
