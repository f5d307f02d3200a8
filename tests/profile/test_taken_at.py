"""When a profile was taken: by the profile, else its name, else the file."""

from __future__ import annotations

import pytest
from alloclens.profile.taken_at import taken_at

NOW = 1_800_000_000


@pytest.mark.parametrize(
    ("nanos", "name", "wanted"),
    [
        (1_500_000_000, "heap-20200101T000000Z", (1.5, "profile")),
        (0, "heap-20200102T030405.250Z.pb.gz", (1577934245.25, "file name")),
        (0, "heap.2020-01-02_03-04-05.pb.gz", (1577934245, "file name")),
        (0, "heap-1577934245.pb.gz", (1577934245, "file name")),
        (0, "Heap.20200102.030405.1118.0.001.heapprofile", (9, "file's date")),
        (0, "1577934245250000000.pb.gz", (1577934245.25, "file name")),
        (0, "pprof.app.alloc_objects.001.pb.gz", (9, "file's date")),
        (0, "heap-20201399T000000.pb.gz", (9, "file's date")),
        (2**63 - 1, "heap-20200102T030405Z.pb.gz", (1577934245, "file name", True)),
        ((NOW + 2 * 86400) * 10**9, "heap.pb.gz", (9, "file's date", True)),
        ((NOW + 80000) * 10**9, "heap.pb.gz", (NOW + 80000, "profile")),
        (0, "heap-20991231T235959Z.pb.gz", (9, "file's date", True)),
        (-1, "heap-1999999999.pb.gz", (9, "file's date", True)),
    ],
)
def test_when_a_profile_was_taken(nanos: int, name: str, wanted: tuple[object, ...]) -> None:
    """The third part: whether a time that lies ahead is not believed."""
    assert taken_at(nanos, name, 9_000_000_000, NOW) == (*wanted, False)[:3]


@pytest.mark.parametrize(("mtime_ns", "seconds"), [(5_000_000_001, 5.01), (5_009_999_999, 5.01), (5_010_000_001, 5.02)])
def test_the_date_of_a_file_is_as_coarse_as_the_kernels_clock(mtime_ns: int, seconds: float) -> None:
    """The end of its tick: a source text that was written in the same tick is not newer than the profile."""
    assert taken_at(0, "heap", mtime_ns, NOW) == (seconds, "file's date", False)
