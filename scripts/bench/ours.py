"""What of alloclens is measured, as functions of a file's bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.profile.formats import read
from alloclens.profile.sample_types import column
from alloclens.tables.lines import Lines, lines
from alloclens.tables.top import Top, top

from tests.support.judge import own

if TYPE_CHECKING:
    from alloclens.profile.model import Profile


def load(data: bytes) -> Profile:
    return read(data)


def table(data: bytes) -> Top:
    """As `pprof -top -lines`: all lines, for the sample type the file asks for."""
    profile = read(data)
    number = column(profile.sample_types, profile.default_sample_type)
    if number is None:
        raise ValueError("the file has no sample type")
    return top(profile, number, "line", "flat")


def editor(data: bytes) -> Lines:
    """As the language server: all lines, three measures of every sample type, and the error of each."""
    return lines(read(data), own(lambda _: False))


def shape(data: bytes) -> str:
    """Say what a file holds; depth is the mean number of locations of a sample."""
    profile = read(data)
    depth = len(profile.location) / len(profile)
    return f"{len(profile):,} samples, {depth:.1f} deep, {len(data) / 2**20:.2f} MiB"
