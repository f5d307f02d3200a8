"""A shop whose sessions and audit trail leak; of the pages, only the recent ones are kept. All of them are buffers of a device."""

from __future__ import annotations

from collections import deque

import jax
import jax.numpy as jnp

SESSIONS: dict[int, jax.Array] = {}
AUDIT: list[jax.Array] = []
RECENT: deque[jax.Array] = deque(maxlen=100)


def login(number: int) -> None:
    SESSIONS[number] = jnp.zeros(1024)  # leaks a session


def record(number: int) -> None:
    AUDIT.append(jnp.full(700, number))  # leaks a record


def look() -> None:
    RECENT.append(jnp.ones(1024))  # keeps pages


for _ in range(200):
    look()
for turn in range(12):
    for one in range(30):
        login(turn * 30 + one)
        record(turn * 30 + one)
        for _ in range(5):
            look()
    jax.profiler.save_device_memory_profile(f"profiles/memory-{turn:02}.prof")
