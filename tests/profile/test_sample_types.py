"""Which sample type is shown first, and which columns belong together."""

from __future__ import annotations

import pytest
from alloclens.profile.model import ValueType
from alloclens.profile.sample_types import columns, leading_column

UNITS = {"objects": "count", "samples": "count", "time": "nanoseconds", "cpu": "nanoseconds"}


def types(names: str) -> list[ValueType]:
    return [ValueType(name, next((u for part, u in UNITS.items() if part in name), "bytes")) for name in names.split()]


@pytest.mark.parametrize(
    ("names", "default", "empty", "shown"),
    [
        ("alloc_objects alloc_space inuse_objects inuse_space", "", "", "inuse_space"),
        ("alloc_objects alloc_space inuse_objects inuse_space", "alloc_space", "", "alloc_space"),  # Go's allocs
        ("inuse_objects inuse_space alloc_objects alloc_space", "", "", "inuse_space"),
        ("alloc_objects alloc_space inuse_objects inuse_space", "", "inuse_objects inuse_space", "alloc_space"),
        ("cpu alloc-samples alloc-size lock_time", "", "lock_time", "alloc-size"),  # .NET
        ("cpu alloc-samples alloc-size lock_time", "", "", "alloc-size"),
        ("sample wall-time cpu-time alloc-samples alloc-size", "cpu-time", "cpu-time", "alloc-size"),  # PHP
        ("wall-time cpu-time alloc-samples alloc-size", "cpu-time", "alloc-samples alloc-size", "cpu-time"),
        ("alloc-space heap-space gpu-flops-samples", "", "gpu-flops-samples", "heap-space"),  # Python
        ("heap-live-samples heap-live-size cpu-time", "", "", "heap-live-size"),  # Ruby
        ("objects space", "", "", "space"),
        ("samples cpu", "", "", "cpu"),
        ("agg-time self-time", "agg-time", "", "agg-time"),
        ("agg-time self-time", "", "self-time", "agg-time"),
        ("samples cpu", "", "samples cpu", "cpu"),  # nothing has a value: pprof's
    ],
)
def test_what_allocates_is_shown_first_and_nothing_empty(names: str, default: str, empty: str, shown: str) -> None:
    given = types(names)
    assert given[leading_column(given, default, lambda kind: kind.type in empty.split())].type == shown


@pytest.mark.parametrize(
    ("names", "wanted", "allocated", "objects", "space"),
    [
        ("alloc_objects alloc_space inuse_objects inuse_space", "inuse_space", 1, 2, 3),
        ("alloc_objects alloc_space inuse_objects inuse_space", "alloc_objects", 0, 0, 1),
        ("inuse_space", "inuse_space", None, None, 0),
        ("live_count live_bytes", "live_bytes", None, 0, 1),
        ("heap_live_objects heap_live_size", "heap_live_objects", None, 0, 1),
        ("heap-live-samples heap-live-size", "heap-live-size", None, None, 1),  # samples may be unscaled
        ("samples cpu", "cpu", None, 1, 1),
    ],
)
def test_columns_of_bytes_and_their_counts(
    names: str, wanted: str, allocated: int | None, objects: int | None, space: int | None
) -> None:
    given = types(names)
    found = columns(given, next(kind for kind in given if kind.type == wanted))
    assert (found.allocated, found.objects, found.space) == (allocated, objects, space)
