"""Profiles that do not say how often the heap was sampled."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from alloclens.profile.formats import profile_pb2 as pb
from alloclens.profile.formats import read
from alloclens.session.profile_file import read_profile
from alloclens.stats.sampling import errors
from alloclens.transform.sampling_rate import NOTE, with_sampling_rate

from tests.support.profiles import Builder, goroutines, heap

if TYPE_CHECKING:
    from pathlib import Path

GO, RUST = "main.f@/w/a.go:1 = 16x65536", "app::f@/w/a.rs:1 = 16x65536"


def in_use_alone(stack: str, size: int, period: int) -> bytes:
    made = Builder(("inuse_space", "bytes"))
    made.sample(stack, [size])
    made.message.period = period
    return made.bytes()


def of_jax(**labels: str) -> bytes:
    made = Builder(("allocations", "count"), ("space", "bytes"))
    made.sample("train@/w/train.py:2", [3, 3 << 20], **labels)
    return made.bytes()


@pytest.mark.parametrize(
    ("data", "period", "notes"),
    [
        (heap(GO, rate=0), 512 << 10, (NOTE,)),
        (in_use_alone("main.f@/w/a.go:1", 1 << 20, 0), 512 << 10, (NOTE,)),
        (heap(GO, rate=64 << 10), 64 << 10, ()),
        (heap(GO, rate=1), 1, ()),
        (heap(RUST, rate=0), 0, ()),
        (goroutines("main.f@/w/a.go:1 = 3"), 0, ()),
        (of_jax(device="gpu:0", kind="buffer"), 1, ()),
        (of_jax(), 0, ()),
    ],
    ids=["go", "go's bytes alone", "a rate", "all", "rust", "goroutines", "JAX", "JAX's types alone"],
)
def test_the_rate_that_is_assumed(data: bytes, period: int, notes: tuple[str, ...]) -> None:
    profile, said = with_sampling_rate(read(data))
    assert (profile.period, said) == (period, notes)


def test_a_snapshot_says_so(tmp_path: Path) -> None:
    path = tmp_path / "heap.pb.gz"
    path.write_bytes(heap(GO, rate=0))
    assert read_profile(str(path), ())[0].messages == (NOTE,)


def test_the_error_is_that_of_a_profile_that_records_go_s_default() -> None:
    recorded = heap(GO)
    message = pb.Profile.FromString(gzip.decompress(recorded))
    message.period = 0
    assumed, _ = with_sampling_rate(read(message.SerializeToString()))
    for one, other in zip(errors(read(recorded)), errors(assumed), strict=True):
        assert (one == other).all()


def test_bytes_alone_have_the_largest_error_of_any_size() -> None:
    """16 objects of 64 kB hold 1 MB. Their variance is at most 1 MB · 512 kB, as if they were very small."""
    alone, known = (read(one) for one in (in_use_alone("main.f@/w/a.go:1", 1 << 20, 512 << 10), heap(GO)))
    assert errors(alone).variance[0, 0] == (1 << 20) * (512 << 10)
    assert errors(known).variance[0, 3] < errors(alone).variance[0, 0]
