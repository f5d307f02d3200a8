"""A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept."""

from __future__ import annotations

from collections import deque
from runpy import run_path

profiler = run_path("profiler.py")
SESSIONS: dict[int, bytearray] = {}
AUDIT: list[str] = []
RECENT: deque[bytearray] = deque(maxlen=1000)


def login(number: int) -> None:
    SESSIONS[number] = bytearray(4096)  # leaks a session


def record(number: int) -> None:
    AUDIT.append(f"{number} " * 700)  # leaks a record


def look() -> None:
    RECENT.append(bytearray(4096))  # keeps pages


profiler["start"]()
for _ in range(2000):
    look()
for turn in range(12):
    for one in range(300):
        login(turn * 300 + one)
        record(turn * 300 + one)
        for _ in range(5):
            look()
    profiler["dump"](turn)
