"""What a comparison is made from: two files, the source versions they were built from, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alloclens.tables.alignment import NO_MAPS, LineMaps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.arrays import Ints, Mask
    from alloclens.profile.model import Profile
    from alloclens.series.series import Provenance
    from alloclens.tables.goroutines import GoroutineOrigin
    from alloclens.tables.lines import Lines
    from alloclens.tables.sites import RecordedLine
    from alloclens.transform.filters import Filters


class Pair(NamedTuple):
    """The files of a comparison and their filters."""

    head: str
    base: str | None
    focus: tuple[Filters, ...] = ()
    """Applied one after the other."""
    builds: BuildPair | None = None
    """Which source versions the two were built from."""
    is_backwards: bool = False
    """Whether the base was taken after the head."""
    previous: str | None = None
    """The last file of the previous process, if that may be of another build and the head's process is too young to be judged alone."""
    since: BuildPair | None = None
    """Which source versions the head and that were built from."""


class BuildPair(NamedTuple):
    """Which source versions a head and its base were built from."""

    head: Provenance
    base: Provenance | None
    """None if it is of the head's build."""
    revision: str
    """The revision of the head, if the user set it."""
    one_process: bool
    """Whether they are of one process, unless their code shows otherwise."""


class TextChanges(NamedTuple):
    """What changed in the source texts between two builds."""

    maps: LineMaps
    """From the base's lines to the head's."""
    was: Mapping[RecordedLine, str]
    """The text at the base of each of the head's lines that was edited in place."""


UNCHANGED = TextChanges(NO_MAPS, {})


class Contents(NamedTuple):
    """The contents of a comparison's files, filtered by the focus."""

    head: Lines
    base: Lines | None
    profile: Profile
    """The head, or head - base."""
    whole: Lines
    """The unfiltered head: a verdict is about everything that a line owns."""
    goroutine_origins: Mapping[RecordedLine, GoroutineOrigin]
    """Where the goroutines that wait in a line were started, if known."""
    focus: tuple[Filters, ...]
    changes: TextChanges = UNCHANGED
    """From the base's source texts to the head's, if they are two builds."""
    restarted: bool = False
    """Whether what their stacks allocated shows that they are of two processes, wherever the base is in the series."""
    unreturned: Mask | None = None
    """Which lines of `whole` hold what often is not given back; None for none."""
    was: Ints | None = None
    """The key of each line of `whole` in the previous process, see `series.owned.keys_in`; None if it has the same there."""
