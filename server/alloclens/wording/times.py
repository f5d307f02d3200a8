"""When a snapshot was taken, in words and in local time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alloclens.series.snapshot import Snapshot

DATE, DAY, TIME, MINUTE = "%Y-%m-%d", "%m-%d", "%H:%M:%S", "%H:%M"


def moment(snapshot: Snapshot) -> str:
    """Return its date and time."""
    return _local(snapshot).strftime(f"{DATE} {TIME}")


def time_of(snapshot: Snapshot, head: Snapshot) -> str:
    """Return its time; with the date if that is not the head's."""
    return _local(snapshot).strftime(TIME) if _is_of_day(snapshot, head) else moment(snapshot)


def shortly(snapshot: Snapshot, head: Snapshot) -> str:
    """Return its hour and minute, or its month and day if that is not the head's: at 14:03, on 11-29."""
    at = _local(snapshot)
    return f"at {at.strftime(MINUTE)}" if _is_of_day(snapshot, head) else f"on {at.strftime(DAY)}"


def _is_of_day(snapshot: Snapshot, head: Snapshot) -> bool:
    return _local(snapshot).date() == _local(head).date()


def _local(snapshot: Snapshot) -> datetime:
    return datetime.fromtimestamp(snapshot.taken_at.seconds).astimezone()
