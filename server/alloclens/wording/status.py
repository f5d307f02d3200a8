"""The status: what is compared, in one line and in full."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from alloclens.printable import printable
from alloclens.series.series import CHOICES
from alloclens.wording.amounts import amount, signed
from alloclens.wording.kinds import joined, quantity, type_name
from alloclens.wording.markdown import bold, code, escape
from alloclens.wording.times import moment, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.series.comparison import Comparison
    from alloclens.series.snapshot import Snapshot
    from alloclens.session.world import World


MAX_CHARACTERS, MAX_NAME_CHARACTERS = 70, 24
"""Of the line, and of a name in it. VS Code cuts off what takes more than 40 % of the window's width."""
SUFFIX = re.compile(r"\.(pb|pprof|prof|out)(\.gz)?$")
"""Of a profile's name, which says least of it."""
DEFAULTS = {"base": "first", "head": "latest"}


def since(shown: Comparison) -> str:
    """Return when the base was taken, without the date if it is the head's."""
    return time_of(shown.base or shown.head, shown.head)


def with_kinds(text: str, kinds: Iterable[Comparison]) -> str:
    """Add the totals of the kinds of profiles that stand beside what is shown, as many as fit: 620 goroutines, 1.2s blocked."""
    return joined(text, [(quantity(kind.in_focus, kind), "") for kind in kinds if kind.in_focus], MAX_CHARACTERS)


def shortened(name: str) -> str:
    """Return a name of moderate length: names of one directory differ at the end, before the suffix."""
    if len(name) <= MAX_NAME_CHARACTERS:
        return name
    stem = SUFFIX.sub("", name)
    kept = MAX_NAME_CHARACTERS - 1
    return stem if len(stem) <= MAX_NAME_CHARACTERS else f"{stem[: kept // 2]}…{stem[kept // 2 - kept :]}"


def line(shown: Comparison, base: str, head: str) -> str:
    """Return sample type, total, growth and base → head, in few characters: a status bar is narrow."""
    unit, head = shown.sample_type.unit, "" if shown.instead_of else head
    total = f"{type_name(shown)} {_in_focus(shown)}{amount(shown.total, unit)}"
    if shown.base is None:
        return f"{total}, {_word(shown.head, head, shown.head)}"
    pair = f"{_word(shown.base, base, shown.head)} → {_word(shown.head, head, shown.head)}"
    newer = "base is newer · " if is_backwards(shown) else ""  # first: an editor may cut off the rest
    return f"{newer}{total} ({signed(shown.grown or 0, unit)}), {pair}"


def is_backwards(shown: Comparison) -> bool:
    """Return whether the base is newer than the head, so that growth is back in time."""
    return shown.base is not None and shown.head.order < shown.base.order


def backwards(shown: Comparison) -> str:
    """Say that growth is back in time, and whether it is across processes; "" if it is not."""
    if not is_backwards(shown) or shown.base is None:
        return ""
    across = "" if shown.one_process else " and is of another process"
    return f"The base {shown.base.name} is newer than the head {shown.head.name}{across}: growth goes back in time. Choose an older base."


def in_full(shown: Comparison) -> str:
    """Return the same with times and file names, in Markdown."""
    head, base, unit = shown.head, shown.base, shown.sample_type.unit
    process = f", process {shown.series.replica}" if shown.series.replica else ""
    where = f"{bold(type_name(shown))} in {code(PurePath(shown.series.directory).name)}{process}{_empty(shown)}"
    at_head = f"{_in_focus(shown)}{amount(shown.total, unit)} at {moment(head)} ({code(head.name)}{clock(head)})"
    if base is None:
        return f"{where}: {at_head}{_unplaced(shown)}; {_why_alone(shown)}"
    other = "; the base is the later one" if head.order < base.order else ""
    if not shown.one_process:
        other += "; another process, so growth includes the restart"
    grown = signed(shown.grown or 0, unit)
    return f"{where}: {at_head}, {grown} since {moment(base)} ({code(base.name)}){other}{_unplaced(shown)}"


def nothing(world: World) -> str:
    """Say that there is no profile, where we looked, and what to do."""
    looked = ", ".join(map(code, world.directories)) or "no folder is open"
    sentences = [f"No profile in {looked}.", *not_listed(world.closed)]
    return " ".join([*sentences, "Put heap profiles there, or run `alloclens capture URL --into DIR`."])


def not_listed(closed: Iterable[str]) -> list[str]:
    """Say that sub-directories are not listed because of source code, and what to do."""
    return [
        f"The sub-directories of {code(directory)} are not read, because it holds source code: move that elsewhere, or name "
        "the sub-directories in the setting `profileDirs`."
        for directory in closed
    ]


def unreadable(name: str, reason: str) -> str:
    """Say which file could not be read, and why."""
    return f"{name} could not be read: {reason}"


def not_used(world: World) -> list[str]:
    """Say which chosen base or head does not apply to what is shown, and why."""
    if world.named or world.pending or world.shown is None:
        return not_there(world)
    sentences = [
        f"{choice} is not the {what} here: it is of another program or directory"
        for what in DEFAULTS
        if (choice := getattr(world.settings, what)) not in CHOICES
        and is_there(world, choice)
        and not world.services[0].has_chosen(choice)
    ]
    return [*not_there(world), *map(printable, sentences)]


def not_there(world: World) -> list[str]:
    """Say which chosen base or head does not exist, what is used instead, and what can be chosen."""
    if world.named or world.pending or not world.series:
        return []
    choices = ((what, getattr(world.settings, what), default) for what, default in DEFAULTS.items())
    return [
        printable(f"no snapshot is named {choice}, so the {what} is {default}; {there(world)}")
        for what, choice, default in choices
        if not is_there(world, choice)
    ]


def is_there(world: World, choice: str) -> bool:
    """Return whether a base or head that is chosen by its name, or by a word such as first, can be found."""
    return choice in CHOICES or any(series.named(choice) for series in world.series)


def there(world: World) -> str:
    """Say what a base or head can be. There must be a snapshot."""
    return f"there are {', '.join(CHOICES)} and {world.series[0].snapshots[0].name} …"


def _in_focus(shown: Comparison) -> str:
    return f"{amount(shown.in_focus, shown.sample_type.unit)} of " if shown.focus else ""


def _word(snapshot: Snapshot, setting: str, head: Snapshot) -> str:
    """Return the word of the settings for a snapshot, else its name; if it was chosen and has no room, its time, as lists have it."""
    if setting in ("first", "previous", "latest"):
        return setting
    name = shortened(snapshot.name)
    return time_of(snapshot, head) if setting and "…" in name else name


def _empty(shown: Comparison) -> str:
    """Name the sample types that have values, if the shown one has none."""
    if shown.total or not (others := [kind.type for kind in shown.head.sample_types if shown.head.total_of(kind)]):
        return ""
    return f" is empty; the setting `sampleType` can be {escape(', '.join(others))}"


def clock(snapshot: Snapshot) -> str:
    """Say where the time of a snapshot is from, unless it is from the profile itself."""
    source = snapshot.taken_at.source
    return "" if source == "profile" else f", time by the {source}"


def _unplaced(comparison: Comparison) -> str:
    """Say how much is on no line."""
    nowhere = int(comparison.lines.unplaced[comparison.column])
    return f"; {amount(nowhere, comparison.sample_type.unit)} of it on no line" if nowhere else ""


def _why_alone(comparison: Comparison) -> str:
    if comparison.head.is_difference:
        return "the file is already a difference"
    if comparison.series.without_names.intersection(comparison.series.process(comparison.head)):
        return "nothing to compare with: the earlier snapshots of the process have no names"
    if len(comparison.series.snapshots) > 1 and comparison.head is comparison.series.snapshots[0]:
        return "nothing to compare with: no snapshot is older"
    if len(comparison.series.snapshots) > 1:
        return "nothing to compare with: the process restarted just before; choose an older base to compare anyway"
    return "nothing to compare with yet"
