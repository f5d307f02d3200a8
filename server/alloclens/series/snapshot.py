"""One profile file of a series, and when it was taken."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from alloclens.profile.build import UNKNOWN_BUILD, Build

if TYPE_CHECKING:
    from alloclens.profile.model import MemStats, ValueType
    from alloclens.series.owned import OwnedLines


DAY_SECONDS = 24 * 3600.0


TimeSource = Literal["profile", "file name", "file's date"]


class TakenAt(NamedTuple):
    """When a snapshot was taken, and how that is known."""

    seconds: float
    """Since 1970."""
    source: TimeSource


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One profile file of a series."""

    path: str
    taken_at: TakenAt
    is_difference: bool
    default_sample_type: str
    sample_types: tuple[ValueType, ...]
    total: tuple[int, ...]
    """The sum of all samples, for each sample type."""
    owned: OwnedLines
    rate: float = 0.0
    """Bytes between two samples of a heap; 0 where all is counted."""
    build_id: str = ""
    """Of the binary, as it was when the profile was written."""
    code: bytes = b""
    """A sample of which lines lie where in memory; b"" where there is no build id."""
    program: str = ""
    """The name of its binary, without directories; "" where the profile does not say."""
    evidence: int = 0
    """A digest of the functions that it names, and their files."""
    attribution: int = 0
    """A digest of whose these files were when its lines were summed up."""
    build: Build = UNKNOWN_BUILD
    stamp: tuple[int, ...] = ()
    """Of the file as it was read."""
    missing: tuple[str, ...] = ()
    """Binaries, as the profile names them, whose addresses have no lines because the binaries are not here."""
    notes: tuple[str, ...] = ()
    """What hindered the reading and what can be done."""
    mem_stats: MemStats | None = None

    @cached_property
    def kind(self) -> str:
        """What snapshots are parted by, beside their programs: the directory, and what is counted.

        A text, for its hash is remembered: all snapshots are parted anew for each that comes.
        """
        return f"{self.directory}\0{self.sample_types}\0{self.is_difference}"

    @cached_property
    def order(self) -> tuple[float, str]:
        """What a series is sorted by."""
        return self.taken_at.seconds, self.path

    @property
    def directory(self) -> str:
        return os.path.dirname(self.path)  # noqa: PTH120 - paths are texts here

    @property
    def name(self) -> str:
        return self.path[self.path.rfind(os.sep) + 1 :]


def taken_at(time_nanos: int, name: str, mtime_ns: int, now: float) -> TakenAt:
    """Return the time in the profile, else in the file's name, else of the file.

    A time more than a day after `now` is not believed: its snapshot would be the latest for as long. A day, because
    clocks are set wrong by hours, and a name's time may be in another zone than UTC.
    """
    if 0 < time_nanos / 1e9 <= now + DAY_SECONDS:
        return TakenAt(time_nanos / 1e9, "profile")
    if (named := _time_in_name(name)) is not None and named <= now + DAY_SECONDS:
        return TakenAt(named, "file name")
    return TakenAt(mtime_ns / 1e9, "file's date")


UNIX_TIME = re.compile(r"(?<!\d)(1\d{9})(\d{3}|\d{6}|\d{9})?(?!\d)")


CALENDAR_TIME = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)[T_.-]?(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:[.,](\d{1,6}))?")


def _time_in_name(name: str) -> float | None:
    """Read a UTC date and time, or seconds (or milli-, micro-, nanoseconds) since 1970."""
    if found := CALENDAR_TIME.search(name):
        *whole, fraction = found.groups(default="0")
        try:
            moment = datetime(*map(int, whole), tzinfo=timezone.utc)  # type: ignore[misc,arg-type]
        except ValueError:
            return None
        return moment.timestamp() + float(f"0.{fraction}")
    if found := UNIX_TIME.search(name):
        return float(f"{found[1]}.{found[2] or 0}")
    return None
