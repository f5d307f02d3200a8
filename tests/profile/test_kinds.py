"""What a profile is about: by its sample types, and if they do not show it, by its leaves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from alloclens.profile.formats import read
from alloclens.profile.kinds import ProfileKind, contention_of, is_meant, kind_of
from alloclens.profile.model import ValueType

from tests.support.profiles import CONTENTION, profile

TYPES = {
    "alloc_objects alloc_space inuse_objects inuse_space": ProfileKind.HEAP,
    "objects space": ProfileKind.HEAP,
    "allocations space": ProfileKind.HEAP,
    "allocs size": ProfileKind.HEAP,
    "cpu-time cpu-samples alloc-samples alloc-space": ProfileKind.HEAP,
    "cpu wall-time lock_time alloc-size": ProfileKind.HEAP,
    "heap_live_size": ProfileKind.HEAP,
    "goroutine": ProfileKind.GOROUTINE,
    "goroutineleak goroutine": ProfileKind.GOROUTINE,
    "goroutineleak": ProfileKind.GOROUTINELEAK,
    "contentions delay": ProfileKind.CONTENTION,
    "samples cpu": ProfileKind.CPU,
    "cpu-time": ProfileKind.CPU,
    "threadcreate": ProfileKind.OTHER,
    "exception": ProfileKind.OTHER,
}


@pytest.mark.parametrize("types", TYPES)
def test_sample_types_tell_the_kind(types: str) -> None:
    assert kind_of([ValueType(name, "count") for name in types.split()]) is TYPES[types]


@pytest.mark.parametrize(
    ("leaves", "name", "kind"),
    [
        (["sync.(*Mutex).Unlock"], "1.pb.gz", "mutex"),
        (["sync.(*RWMutex).RUnlock", "runtime._LostContendedRuntimeLock"], "block.pb.gz", "mutex"),
        (["runtime._LostContendedRuntimeLock"], "1.pb.gz", "mutex"),
        (["sync.(*Mutex).Lock", "runtime.chanrecv1", "runtime.selectgo"], "mutex.pb.gz", "block"),
        ([], "mutex-1.pb.gz", "mutex"),
        ([], "Block.pb.gz", "block"),
        ([], "1.pb.gz", ""),
    ],
)
def test_leaves_tell_block_from_mutex_and_else_the_name(leaves: list[str], name: str, kind: str) -> None:
    data = profile(CONTENTION, *(f"{leaf}@/go/src/sync.go:1 < main.unlocker@/w/main.go:2 = 1 8" for leaf in leaves))
    assert contention_of(read(data), name) == kind


@pytest.mark.parametrize(
    ("wanted", "kind", "is_meant_"),
    [
        ("delay", ProfileKind.MUTEX, True),
        ("mutex/delay", ProfileKind.MUTEX, True),
        ("mutex/delay", ProfileKind.BLOCK, False),
        ("mutex/contentions", ProfileKind.MUTEX, False),
        ("mutex", ProfileKind.MUTEX, False),
        ("heap/inuse/delay", ProfileKind.HEAP, False),
    ],
)
def test_a_sample_type_may_be_named_with_its_kind(wanted: str, kind: ProfileKind, is_meant_: bool) -> None:
    assert is_meant(wanted, kind, "delay") == is_meant_


def test_only_contention_has_such_a_kind() -> None:
    assert contention_of(read(profile("samples/count", "sync.Unlock@/a.go:1 = 1")), "mutex") == ""


@pytest.mark.skipif("ALLOCLENS_PROFILES" not in os.environ, reason="needs the profiles in ALLOCLENS_PROFILES")
def test_a_real_block_profile() -> None:
    data = Path(os.environ["ALLOCLENS_PROFILES"], "go/block-raw.pprof").read_bytes()
    assert contention_of(read(data), "block-raw.pprof".replace("block", "1")) == "block"
