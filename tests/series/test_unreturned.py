"""Which lines hold what often is not given back, by the stacks of one profile."""

from __future__ import annotations

import pytest
from alloclens.profile.formats import read
from alloclens.series.unreturned import unreturned
from alloclens.tables.lines import attributed, unattributed

from tests.support.judge import own
from tests.support.profiles import goroutines, heap

LINE = "main.f@/w/main.go:5"
CANCEL = "context.WithCancel@/go/context.go:9"
MEASURE = "go.opentelemetry.io/otel/sdk/metric/internal/aggregate.(*sum[go.shape.int64]).measure@/m/sum.go:4"


def marked(profile: bytes) -> list[int]:
    """Return the lines of main.go that are marked."""
    tables = unattributed(read(profile))
    lines = attributed(tables, own(lambda file: file.startswith("/w/"))(tables.by_file))
    return lines.line[unreturned(tables.profile, tables.sites, lines)].tolist()


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        (f"{CANCEL} < {LINE}", [5]),
        (f"context.(*cancelCtx).Done@/go/context.go:20 < {CANCEL} < {LINE}", [5]),
        (f"{CANCEL} + {LINE}", [5]),  # inlined
        (f"{CANCEL} < {LINE} < main.main@/w/main.go:2", [5]),
        (f"{CANCEL} < net/http.(*Client).do@/go/client.go:3 < {LINE}", []),  # the library cancels it
        (f"main.g@/w/main.go:7 < context.AfterFunc@/go/context.go:30 < {LINE}", []),  # line 7 owns it
        (f"{MEASURE} < go.opentelemetry.io/otel/sdk/metric.Record@/m/r.go:2 < {LINE}", [5]),
        (f"net/http.(*persistConn).roundTrip@/go/transport.go:8 < net/http.Get@/go/client.go:1 < {LINE}", [5]),
        (f"example.com/metrics.MustRegister@/m/m.go:1 < {LINE}", [5]),
        (f"time.NewTicker@/go/tick.go:2 < {LINE}", [5]),
        (f"sync.(*Map).Store@/go/map.go:2 < {LINE}", []),  # a map may be a cache
        (f"{LINE} < {CANCEL}", []),
        (CANCEL, []),  # no line owns it
    ],
)
def test_the_stack_says_what_is_held(stack: str, expected: list[int]) -> None:
    assert marked(heap(f"{stack} = 2x512")) == expected


@pytest.mark.parametrize(("others", "expected"), [(9, [5]), (10, [])])
def test_it_takes_a_tenth_of_what_the_line_owns(others: int, expected: list[int]) -> None:
    assert marked(heap(f"{CANCEL} < {LINE} = 1x512", f"{LINE} = {others}x512")) == expected


def test_what_was_freed_does_not_count() -> None:
    assert marked(heap(f"{CANCEL} < {LINE} = 0x512/9", f"{LINE} = 1x512")) == []


def test_goroutines_wait_for_responses_when_all_is_well() -> None:
    assert marked(goroutines(f"net/http.(*persistConn).roundTrip@/go/transport.go:8 < {LINE} = 7")) == []
