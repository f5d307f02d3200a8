"""When a profile was taken."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Literal, NamedTuple

DAY_SECONDS = 24 * 3600.0
UNIX_TIME = re.compile(r"(?<!\d)(1\d{9})(\d{3}|\d{6}|\d{9})?(?!\d)")
CALENDAR_TIME = re.compile(r"(20\d\d)-?(\d\d)-?(\d\d)[T_.-]?(\d\d)[:-]?(\d\d)[:-]?(\d\d)(?:[.,](\d{1,6}))?")
LOCAL_TIME = re.compile(r"Heap\.\d{8}\.\d{6}\.\d+\.\d+\.\d+\.heapprofile$")
"""How Node names the profiles of --heap-prof: by the time in the zone in which it ran."""
TICK_NANOSECONDS = 10_000_000
"""File systems take the time from the kernel's clock, which may be this coarse: within a tick, names tell the order."""
TimeSource = Literal["profile", "file name", "file's date"]


class TakenAt(NamedTuple):
    """When a profile was taken, and the source of that time."""

    seconds: float
    """Since 1970."""
    source: TimeSource
    is_ahead: bool = False
    """Whether the profile or its name has another time, which lies too far ahead to be believed."""


def taken_at(time_nanos: int, name: str, mtime_ns: int, now: float) -> TakenAt:
    """Return the time in the profile, else in the file's name, else the file's modification time at the end of its tick.

    A time more than a day after `now` is ignored: its snapshot would stay the latest until then. A day allows for wrong
    clocks, and for names with a time in another zone than UTC.
    """
    latest, own, named = now + DAY_SECONDS, time_nanos / 1e9, _time_in_name(name)
    if 0 < own <= latest:
        return TakenAt(own, "profile")
    if named is not None and named <= latest:
        return TakenAt(named, "file name", is_ahead=own > latest)
    is_ahead = max(own, named or 0) > latest
    return TakenAt(-(-mtime_ns // TICK_NANOSECONDS) * TICK_NANOSECONDS / 1e9, "file's date", is_ahead)


def _time_in_name(name: str) -> float | None:
    """Parse a UTC date and time, or seconds (or milli-, micro-, nanoseconds) since 1970."""
    if LOCAL_TIME.match(name):
        return None
    if match := CALENDAR_TIME.search(name):
        *whole, fraction = match.groups(default="0")
        try:
            year, month, day, hour, minute, second = map(int, whole)
            moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
        except ValueError:
            return None
        return moment.timestamp() + float(f"0.{fraction}")
    if match := UNIX_TIME.search(name):
        return float(f"{match[1]}.{match[2] or 0}")
    return None
