"""What has to hold of any bytes: they become a Profile that fits together, or a ProfileError says why not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import read
from alloclens.symbols.demangle import readable
from alloclens.tables.lines import lines
from alloclens.tables.top import top

from tests.fuzz.target import Outcome, kind_of, measured
from tests.support.judge import own

if TYPE_CHECKING:
    from alloclens.profile.model import Profile

PROFILE = "profile"
EXPANDED = 4 << 20
"""Frames; the stacks of larger profiles are not looked at one by one."""
INT64 = 2**63


def outcome(data: bytes) -> Outcome:
    """Read the bytes, and sum them up as an editor and `alloclens top` do. Raises what must not happen."""
    kind = PROFILE
    with measured() as clock:
        try:
            profile, _ = readable(read(data))
            use(profile)
        except ProfileError as error:
            kind = kind_of(error)
    if kind == PROFILE:
        check(profile)
    return Outcome(kind, clock.seconds)


def use(profile: Profile) -> None:
    lines(profile, own(lambda file: file.startswith("/w")))
    top(profile, len(profile.sample_types) - 1, "line", "flat")


def check(profile: Profile) -> None:
    check_shapes(profile)
    check_references(profile)
    check_texts(profile)
    check_sums(profile)
    if np.diff(profile.locations.frame_at)[profile.location].sum() <= EXPANDED:
        check_stacks(profile)


def check_shapes(profile: Profile) -> None:
    samples, places, labels = len(profile), profile.locations, profile.labels
    assert profile.sample_types
    assert profile.values.shape == (samples, len(profile.sample_types))
    assert profile.is_base.shape == (samples,)
    check_offsets(profile.location_at, samples, len(profile.location))
    check_offsets(places.frame_at, len(places.mapping), len(profile.frames.function))
    assert np.diff(places.frame_at).min(initial=1) >= 1
    assert len(places.address) == len(places.mapping)
    assert len(profile.frames.line) == len(profile.frames.function)
    assert len({len(column) for column in (labels.sample, labels.key, labels.text, labels.number, labels.unit)}) == 1


def check_offsets(at: np.ndarray, rows: int, entries: int) -> None:
    assert at.shape == (rows + 1,)
    assert at[0] == 0
    assert at[-1] == entries
    assert np.diff(at).min(initial=0) >= 0


def check_references(profile: Profile) -> None:
    strings, functions = len(profile.strings), profile.functions
    check_rows(profile.location, len(profile.locations.mapping))
    check_rows(profile.locations.mapping, len(profile.mappings.file), lowest=-1)
    check_rows(profile.frames.function, len(functions.name), lowest=-1)
    columns = (functions.name, functions.system_name, functions.file, profile.mappings.file, profile.mappings.build_id)
    for column in (*columns, profile.labels.key, profile.labels.text, profile.labels.unit):
        check_rows(column, strings)
    check_rows(profile.labels.sample, len(profile))
    assert np.diff(profile.labels.sample).min(initial=0) >= 0


def check_rows(column: np.ndarray, rows: int, lowest: int = 0) -> None:
    assert column.min(initial=lowest) >= lowest
    assert column.max(initial=-1) < rows


def check_texts(profile: Profile) -> None:
    for text in (*profile.strings, *profile.comments, profile.drop_frames, profile.keep_frames):
        text.encode()  # a lone surrogate could not be shown
    assert all(-INT64 <= n < INT64 for n in (profile.time_nanos, profile.duration_nanos, profile.period))


def check_sums(profile: Profile) -> None:
    stacked = np.diff(profile.location_at) > 0
    per_line = lines(profile, own(lambda _: True))
    for column, by in {(0, "line"), (len(profile.sample_types) - 1, "function")}:
        values = profile.values[:, column].tolist()
        assert per_line.total[column] == wrapped(sum(values))
        wanted = sum(profile.values[stacked, column].tolist())
        found = top(profile, column, by, "flat")
        assert wrapped(sum(found.flat.tolist())) == wrapped(wanted)
        assert len(found.rows(100)) == min(len(found), 100)
        size = sum(map(abs, values))
        if size < INT64:
            assert math.isclose(per_line.value.flat[:, column].sum(), wanted, rel_tol=0, abs_tol=1e-9 * size)


def wrapped(value: int) -> int:
    """Return what is left of a sum in 64 bits."""
    return (value + INT64) % (2 * INT64) - INT64


def check_stacks(profile: Profile) -> None:
    width = np.diff(profile.locations.frame_at)
    before = np.append(0, np.cumsum(width[profile.location]))
    assert np.array_equal(profile.frame_at, before[profile.location_at])
    assert len(profile.stack_frames) == profile.frame_at[-1]
    check_rows(profile.stack_frames, len(profile.frames.function))
    first = profile.stack_frames[before[:-1]]
    assert np.array_equal(first, profile.locations.frame_at[profile.location])
    for row in profile.stack_frames[:20].tolist():
        profile.frame(row)
    assert profile.block_size.shape == (len(profile),)
