"""Shapes of leaks on the stacks of a real Go program: each line says in a comment what it is."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.languages.go.leak_patterns import Shape, goroutine_shape, shape
from alloclens.profile.formats import read
from alloclens.tables.sites import by_source_line
from alloclens.tables.stacks import through

from scripts import tools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.profile.model import Profile

pytestmark = pytest.mark.timeout(300)  # the first build on a machine compiles Go's own packages
MARK = re.compile(r"// shape: ([\w-]+)$")
UNCLOSED = 20
"""Responses whose bodies the program never closes."""
PART = 0.1
"""Of a line's bytes: a closed connection's last request may stay in the pool with it."""
MODULE = """module example.com/app

go 1.24

require example.com/telemetry v1.0.0

replace example.com/telemetry => ./telemetry
"""
TELEMETRY = """// Package telemetry keeps a table of all instruments.
package telemetry

import "time"

type Instrument struct{ cells [100]int }

var (
	table   []*Instrument
	tickers []*time.Ticker
)

func NewHandler() *Instrument { return register() }

func register() *Instrument {
	in := &Instrument{}
	table = append(table, in)
	return in
}

func NewInstrument() *Instrument { return &Instrument{} }

func Poll() {
	tickers = append(tickers, time.NewTicker(time.Hour))
}
"""
MAIN = """package main

import (
	"bytes"
	"container/list"
	"context"
	"expvar"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/telemetry"
)

type (
	row     struct{ cells [100]int }
	session struct{ id int }
	key     struct{ user, page string }
	store   struct {
		counts map[string]int
		lines  []string
		rows   []*row
	}
)

var (
	url, text       string
	kept            [2000]any
	keptRows        [2000]*row
	keptTexts       [2000]string
	keptBytes       [2000][]byte
	keptMaps        [2000]map[string]int
	tickers         [2000]*time.Ticker
	timers          [2000]*time.Timer
	channels        [2000]<-chan time.Time
	contexts        [2000]context.Context
	responses       [2000]*http.Response
	own             = &store{counts: map[string]int{}}
	numbers         []int
	grown, inserted []int
	seen            = map[key]struct{}{}
	small           = map[int32]bool{}
	sessions        = map[int]*session{}
	groups          = map[string][]string{}
	shared          sync.Map
	buffer          bytes.Buffer
	order           = list.New()
	mux             = http.NewServeMux()
	visits          = expvar.NewMap("visits")
	parent, stop    = context.WithCancel(context.Background())
)

func each(i int) {
	id := fmt.Sprint(i)
	tickers[i] = time.NewTicker(time.Hour)                             // shape: ticker
	channels[i] = time.Tick(time.Hour)                                 // shape: ticker
	timers[i] = time.NewTimer(time.Hour)                               // shape: timer
	timers[i+1000] = time.AfterFunc(time.Hour, func() { fmt.Println(id) }) // shape: timer
	channels[i+1000] = time.After(time.Hour)                           // shape: timer
	telemetry.Poll()                                                   // shape: none
	contexts[i], _ = context.WithCancel(parent)                        // shape: context
	contexts[i+1000], _ = context.WithTimeout(parent, time.Hour)       // shape: context
	kept[i], _ = context.WithCancelCause(parent)                       // shape: context
	kept[i+1000] = context.AfterFunc(parent, func() {})                // shape: context
	kept[i+500], _ = signal.NotifyContext(parent, os.Interrupt)        // shape: context
	kept[i+1500] = context.WithValue(parent, key{id, id}, id)          // shape: none
	telemetry.NewHandler()                                             // shape: registration
	kept[i+200] = telemetry.NewInstrument()                            // shape: none
	expvar.NewInt(id)                                                  // shape: registration
	visits.Add(id, 1)                                                  // shape: label-values
	mux.Handle("/"+id, nothing)                                        // shape: registration
	keptRows[i] = &row{}                                               // shape: none
	keptTexts[i] = strings.Repeat(id, 100)                             // shape: none
	keptTexts[i+1000] = text + id                                      // shape: none
	keptBytes[i] = append([]byte(nil), text...)                        // shape: none
	keptMaps[i] = make(map[string]int, 100)                            // shape: none
	buffer.WriteString(text)                                           // shape: none
	order.PushBack(keptRows[i])                                        // shape: none
	own.counts[id] = i                                                 // shape: map
	seen[key{id, "a"}] = struct{}{}                                    // shape: map
	small[int32(i)] = true                                             // shape: map
	shared.Store(i, i)                                                 // shape: map
	sessions[i] = &session{i}                                          // shape: none
	own.lines = append(own.lines, id)                                  // shape: slice
	numbers = append(numbers, i) // as they come // shape: slice
	groups[id] = append(groups[id], id)                                // shape: slice
	own.rows = append(own.rows, keptRows[i], keptRows[i+1])            // shape: slice
	grown = slices.Grow(grown, 1000)                                   // shape: slice
	inserted = slices.Insert(inserted, 0, i)                           // shape: slice
}

var nothing = http.NotFoundHandler()

func ask(i int) {
	left, _ := http.Get(url) // shape: response-body
	fmt.Sscan(left.Status, new(int))
	request, _ := http.NewRequest("GET", url, nil)
	again, _ := (&http.Client{Timeout: time.Hour}).Do(request) // shape: response-body
	fmt.Sscan(again.Status, new(int))
	closed, _ := http.Get(url) // shape: none
	io.Copy(io.Discard, closed.Body)
	closed.Body.Close()
	responses[i] = closed
	idle, _ := (&http.Client{Transport: &http.Transport{}}).Get(url) // shape: none
	io.Copy(io.Discard, idle.Body)
	idle.Body.Close()
}

// idle counts the connections that are given back: one of the ten closed requests in turn, and ten of a transport each.
func idle() int {
	var dump strings.Builder
	pprof.Lookup("goroutine").WriteTo(&dump, 2)
	return strings.Count(dump.String(), "http.(*persistConn).Read(")
}

func main() {
	runtime.MemProfileRate = 1
	text = strings.Repeat("text", 1000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 100_000))
	}))
	url = server.URL
	for i := range 100 {
		each(i)
	}
	for i := range 10 {
		ask(i)
	}
	for range 200 {
		go func() { select {} }()
	}
	for idle() < 11 {
		time.Sleep(time.Millisecond)
	}
	runtime.GC()
	runtime.GC()
	for _, name := range []string{"heap", "goroutine"} {
		for debug := range 3 {
			file, _ := os.Create(fmt.Sprintf("%s/%s.%d", os.Args[1], name, debug))
			pprof.Lookup(name).WriteTo(file, debug)
			file.Close()
		}
	}
	runtime.KeepAlive([]any{&kept, &keptRows, &keptTexts, &keptBytes, &keptMaps, &tickers, &timers, &channels, &contexts})
	runtime.KeepAlive([]any{&responses, own, numbers, grown, inserted, seen, small, sessions, groups, &shared, order, mux, visits})
}
"""


@pytest.fixture(scope="module")
def profiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the program and run it: heap.0, heap.1, goroutine.0, goroutine.1 and goroutine.2 are what it wrote."""
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "telemetry").mkdir()
    files = {
        "go.mod": MODULE,
        "main.go": MAIN,
        "telemetry/go.mod": "module example.com/telemetry\n\ngo 1.24\n",
        "telemetry/telemetry.go": TELEMETRY,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    subprocess.run([tools.go(), "build", "-o", "app", "."], cwd=folder, check=True, env=tools.environment())
    subprocess.run([folder / "app", folder], check=True, timeout=60)
    return folder


class Marked(NamedTuple):
    line: int
    wanted: str
    text: str


def marked() -> Iterator[Marked]:
    for number, text in enumerate(MAIN.split("\n"), 1):
        if mark := MARK.search(text):
            yield Marked(number, mark[1], text)


FORMS = pytest.mark.parametrize("form", [0, 1], ids=["proto", "text"])


@pytest.mark.programs
@FORMS
def test_what_the_stacks_of_a_real_program_show(profiles: Path, form: int) -> None:
    profile = read((profiles / f"heap.{form}").read_bytes())
    found = {mark: sorted(shapes(profile, mark)) for mark in marked()}
    assert {mark: names for mark, names in found.items() if names != [mark.wanted]} == {}


def shapes(profile: Profile, mark: Marked) -> Iterator[str]:
    """Yield what a good part of a line's bytes shows; "none" only where nothing is named."""
    sites = by_source_line(profile)
    here = [i for i, file in enumerate(sites.texts) if file.endswith("/main.go")]
    site = np.flatnonzero(np.isin(sites.file, here) & (sites.line == mark.line)).tolist()
    total: Counter[str] = Counter()
    column = profile.sample_types.index(("inuse_space", "bytes"))
    for stack in through(profile, sites, site, column, 1000):
        names = [frame.function for frame in stack.frames]
        known = shape(names, [name.startswith("main.") for name in names], mark.text)
        total[known.value if known else "none"] += int(stack.amount.value)
    assert total, mark
    large = {name for name, value in total.items() if value > PART * total.total()}
    yield from large - {"none"} or large


@pytest.mark.programs
@FORMS
def test_goroutines_in_a_heap(profiles: Path, form: int) -> None:
    """The program starts 200 by hand; threads have stacks made by the same function, and are none."""
    profile = read((profiles / f"heap.{form}").read_bytes())
    objects = Counter()
    for i, names in enumerate(stacks(profile)):
        if shape(names, [False] * len(names)) is Shape.GOROUTINE:
            objects["goroutine"] += int(profile.values[i, profile.sample_types.index(("inuse_objects", "count"))])
        elif "runtime.malg" in names:
            objects["thread"] += 1
    assert 200 <= objects["goroutine"] <= 400
    assert objects["thread"]


@pytest.mark.programs
@pytest.mark.parametrize("form", [0, 1, 2], ids=["proto", "text", "list"])
def test_connections_in_a_list_of_goroutines(profiles: Path, form: int) -> None:
    """Those that wait for a body to be closed; not idle ones, nor the other goroutine of each."""
    profile = read((profiles / f"goroutine.{form}").read_bytes())
    found: Counter[Shape | None] = Counter()
    for i, names in enumerate(stacks(profile)):
        found[goroutine_shape(names)] += int(profile.values[i, 0])
    assert found.keys() == {Shape.RESPONSE_BODY, None}
    assert found[Shape.RESPONSE_BODY] == UNCLOSED
    assert found[None] >= 200 + 2 * UNCLOSED


def stacks(profile: Profile) -> Iterator[list[str]]:
    for i in range(len(profile)):
        rows = profile.stack_frames[profile.frame_at[i] : profile.frame_at[i + 1]].tolist()
        yield [profile.frame(row).function for row in rows]


OTEL = "go.opentelemetry.io/otel"
OTELHTTP = "go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
AGGREGATE = f"{OTEL}/sdk/metric/internal/aggregate"
STATSD = "github.com/DataDog/datadog-go/v5/statsd"
PROMETHEUS = "github.com/prometheus/client_golang/prometheus"
SEEN = [  # all by real programs; some frames between are left out
    # Go 1.19 and 1.23, where a writer shows the runtime's frames
    ("runtime.makeBucketArray < runtime.hashGrow < runtime.mapassign_faststr < main.f", "map"),
    ("runtime.(*hmap).newoverflow < runtime.evacuate < runtime.growWork < runtime.mapassign < main.f", "map"),
    ("runtime.makeBucketArray < runtime.makemap < main.f", None),
    ("context.propagateCancel < context.WithCancel < main.f", "context"),
    ("time.AfterFunc < context.WithDeadline < context.WithTimeout < main.f", "context"),
    ("time.startTimer < time.NewTicker < time.Tick < main.f", "ticker"),
    ("runtime.malg < runtime.newproc1 < runtime.newproc.func1 < runtime.systemstack", "goroutine"),
    # Go 1.24 and 1.26
    ("internal/runtime/maps.newGroups < internal/runtime/maps.(*Map).growToSmall < runtime.mapassign_fast64 < main.f", "map"),
    ("internal/runtime/maps.newTable < internal/runtime/maps.NewMap < runtime.makemap < main.f", None),
    ("runtime.mallocgc < runtime.growslice < main.f", "slice"),
    ("runtime.mallocgc < runtime.growslice < lib.f < main.f", None),
    ("runtime.mallocgc < runtime.slicebytetostring < fmt.Sprint < main.f", None),
    # net/http, Go 1.19 to 1.27: HTTP/1, and HTTP/2 whose responses are kept though they were closed
    ("net/http.(*persistConn).roundTrip < net/http.(*Transport).roundTrip < net/http.(*Client).do < main.f", "response-body"),
    ("net/http.http2configureTransports < net/http.(*Transport).roundTrip < net/http.(*Client).do < main.f", None),
    ("net/http.(*http2ClientConn).roundTrip < net/http.(*Transport).roundTrip < net/http.(*Client).do < main.f", None),
    ("net/http/internal/http2.(*ClientConn).roundTrip < net/http.http2RoundTrip < net/http.(*Client).do < main.f", None),
    ("net/http.(*Transport).RegisterProtocol < net/http.(*Transport).roundTrip < net/http.(*Client).do < main.f", None),
    ("internal/godebug.(*Setting).register < net.(*ListenConfig).Listen < net.Listen < main.f", None),
    # otelhttp of October 2022, and OpenTelemetry without and with its SDK today
    (f"{OTEL}/metric/internal/global.(*siInstProvider).Counter < {OTELHTTP}.(*Handler).createMeasures < main.f", "registration"),
    (f"fmt.Sprintf < {OTEL}/semconv/internal.(*SemanticConventions).f < {OTELHTTP}.(*Handler).ServeHTTP < main.f", None),
    (f"container/list.(*List).PushBack < {OTEL}/internal/global.(*meter).RegisterCallback < main.f", "registration"),
    (f"{OTEL}/internal/global.(*meter).Int64Counter < main.f", "registration"),
    (f"{OTEL}/sdk/metric.(*cache[go.shape.string]).Lookup < {OTEL}/sdk/metric.(*meter).Int64Counter < main.f", "registration"),
    (f"{OTEL}/internal/global.(*meterProvider).Meter < {OTEL}.Meter < main.f", "registration"),
    (f"{OTEL}/sdk/metric.(*int64Inst).aggregate < {OTEL}/sdk/metric.(*int64Inst).Record < main.f", None),
    (f"{PROMETHEUS}.(*Registry).Register < {PROMETHEUS}.(*Registry).MustRegister < main.f", "registration"),
    (f"{PROMETHEUS}.NewCounter < main.f", None),
    (f"{PROMETHEUS}.NewCounter < {PROMETHEUS}/promauto.Factory.NewCounter < {PROMETHEUS}/promauto.NewCounter < main.f", "registration"),
    (f"{PROMETHEUS}.MakeLabelPairs < {PROMETHEUS}.(*metricMap).getOrCreateMetricWithLabelValues < main.f", "label-values"),
    ("github.com/rcrowley/go-metrics.NewCounter < github.com/rcrowley/go-metrics.NewRegisteredCounter < main.f", "registration"),
    ("reflect.Value.Call < github.com/rcrowley/go-metrics.(*StandardRegistry).GetOrRegister < main.f", "label-values"),
    (f"{PROMETHEUS}.v2.NewCounterVec.func1 < {PROMETHEUS}.(*metricMap).getOrCreateMetricWithLabels < {PROMETHEUS}.(*CounterVec).With < main.f", "label-values"),
    (f"{AGGREGATE}.newBuckets[go.shape.float64] < {AGGREGATE}.(*histValues[go.shape.float64]).measure < {OTEL}/sdk/metric.(*float64Inst).Record < main.f", "label-values"),
    (f"sync.(*Map).LoadOrStore < {AGGREGATE}.(*cumulativeSum[go.shape.int64]).measure < {OTEL}/sdk/metric.(*int64Inst).Add < main.f", "label-values"),
    (f"{OTEL}/attribute.computeDataFixed < {OTEL}/attribute.NewSet < {OTEL}/metric.WithAttributes < main.f", None),
    (f"{STATSD}.copySlice < {STATSD}.newCountMetric < {STATSD}.(*aggregator).count < {STATSD}.(*Client).Count < main.f", "label-values"),
    (f"{STATSD}.newSetMetric < {STATSD}.(*aggregator).setWithContextBuffer < {STATSD}.(*Client).Set < main.f", "label-values"),
    (f"{STATSD}.newStatsdBuffer < {STATSD}.newBufferPool < {STATSD}.NewWithWriter < main.f", None),
    ("github.com/rcrowley/go-metrics.newExpDecaySampleHeap < github.com/rcrowley/go-metrics.GetOrRegisterTimer < main.f", "label-values"),
    ("github.com/rcrowley/go-metrics.NewCounter < reflect.Value.Call < github.com/rcrowley/go-metrics.(*StandardRegistry).GetOrRegister < main.f", "label-values"),
    ("github.com/VictoriaMetrics/metrics.(*Set).GetOrCreateCounter < main.f", "label-values"),
    ("example.com/lib.Unregister < main.f", None),
    ("example.com/lib.registers < main.f", None),
    ("example.com/lib.NewPool < main.f", None),
    # a caller of the owned line proves nothing, nor does another language
    ("main.f < time.NewTicker < lib.f", None),
    ("malloc < operator new(unsigned long) < main", None),
]  # fmt: skip


@pytest.mark.parametrize(("stack", "wanted"), SEEN)
def test_stacks_as_other_versions_and_libraries_have_them(stack: str, wanted: str | None) -> None:
    names = stack.split(" < ")
    known = shape(names, [name.startswith("main.") for name in names])
    assert (known.value if known else None) == wanted


@pytest.mark.parametrize(
    ("stack", "wanted"),
    [
        ("runtime.gopark < io.(*pipe).read < github.com/sirupsen/logrus.(*Entry).writerScanner < runtime.goexit", "library-goroutine"),
        ("runtime.gopark < runtime.chanrecv < gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun", "library-goroutine"),
        ("runtime.gopark < runtime.selectgo < net/http.(*persistConn).readLoop", "response-body"),
        ("runtime.gopark < internal/poll.(*FD).Read < net/http.(*conn).serve", None),  # a client keeps it open
        ("runtime.gopark", None),
    ],
)  # fmt: skip
def test_goroutines_without_a_line_of_the_users(stack: str, wanted: str | None) -> None:
    known = goroutine_shape(stack.split(" < "), own=False)
    assert (known.value if known else None) == wanted
    assert goroutine_shape(stack.split(" < ")) in {None, Shape.RESPONSE_BODY}


TEXTS = [
    ("\tm[k] = v", "map"),
    ("s.hits[r.URL.Path]++", "map"),
    ("s.total[name] += 1 // so far", "map"),
    ("m[a][b] = struct{}{}", "map"),
    ("m[k], ok = v, true", None),
    ("a[i] += s", None),
    ("a[i] = &x", None),
    ("a[i] = string(b)", None),
    ("a[i] = b[j]", None),
    ("a[i] = <-c", None),
    ("x := m[k]", None),
    ("if m[k] == v {", None),
    ("s.jobs = append(s.jobs, job) // all", "slice"),
    ("a = append(b, c)", None),
    ("a := append(a, c)", None),
    ("a = append(ab, c)", None),
    ("// a = append(a, c)", None),
    ("return append(a, c)", None),
    ("m[k] = v" + " " * 1000, None),
    ("", None),
]


@pytest.mark.parametrize(("text", "wanted"), TEXTS)
def test_the_text_of_a_line_that_is_the_leaf(text: str, wanted: str | None) -> None:
    for nameless, own in product(([], ["", ""]), (True, False)):
        known = shape([*nameless, "main.f"], [*map(bool, nameless), own], text)
        assert (known.value if known else None) == (wanted if own else None)
    assert shape(["fmt.Sprint", "main.f"], [False, True], text) is None


def test_the_text_of_another_language_tells_nothing() -> None:
    assert shape(["handle"], [True], "d[k] = v") is None


def test_a_copy_is_no_slice_that_grows() -> None:
    names, own = ["runtime.growslice", "main.f"], [False, True]
    assert shape(names, own, "s = append(s, x)") is Shape.SLICE
    assert shape(names, own, "return append([]byte(nil), x...)") is None
