"""Durations as people write them: 500ms, 5s, 2m, 1h."""

from __future__ import annotations

import re

import click

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}


def duration(text: str) -> float:
    """Return seconds; for use as the type of an option."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|)", text)
    if not found or float(found[1]) == 0:
        raise click.BadParameter(f"{text!r} is not a duration; use one like 500ms, 5s or 2m")
    return float(found[1]) * SECONDS[found[2]]
