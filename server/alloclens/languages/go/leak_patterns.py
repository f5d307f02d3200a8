"""Recognizes well-known leaks of Go, such as a ticker that is never stopped, by the stack of the leaking line.

Names are pprof's, of Go. A heap profile that Go writes hides the runtime's own frames at the leaf (runtime.growslice,
runtime.mapassign_faststr), so a map or slice that grows ends at the line itself, and only the line's text tells which it
is; profiles written by others may show them. No other language has shapes.

Source of the names: the stacks of real programs built by Go 1.19, 1.21, 1.23, 1.24, 1.26 and 1.27.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import dropwhile
from typing import TYPE_CHECKING

from alloclens.languages.go.names import has_domain

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_LINE_CHARACTERS = 1000
"""Characters; no person writes a longer line."""


class Shape(Enum):
    """What was forgotten; the value is the code of its diagnostic and the name of its page."""

    TICKER = "ticker"
    """It is not stopped."""
    TIMER = "timer"
    """It is neither stopped nor has it fired."""
    RESPONSE_BODY = "response-body"
    """It is not closed, and its connection is not given back."""
    REGISTRATION = "registration"
    """A table of a dependency gets one more entry each time, and none is removed."""
    LABEL_VALUES = "label-values"
    """Each new name, or set of label values, of a metric is kept."""
    CONTEXT = "context"
    """It is not cancelled, and its parent keeps it."""
    MAP = "map"
    SLICE = "slice"
    GOROUTINE = "goroutine"
    """It does not end; no line is known, for the runtime allocates it on a stack of its own."""
    LIBRARY_GOROUTINE = "library-goroutine"
    """It was started by a dependency and does not end, perhaps because nothing is closed that should be."""


CALLED = (
    dict.fromkeys(("time.NewTicker", "time.Tick"), Shape.TICKER)
    | dict.fromkeys(("time.NewTimer", "time.AfterFunc", "time.After"), Shape.TIMER)
    | dict.fromkeys(
        (
            "context.WithCancel",
            "context.WithCancelCause",
            "context.WithDeadline",
            "context.WithDeadlineCause",
            "context.WithTimeout",
            "context.WithTimeoutCause",
            "context.AfterFunc",
            "os/signal.NotifyContext",
        ),
        Shape.CONTEXT,
    )
    | dict.fromkeys(("sync.(*Map).Store", "sync.(*Map).LoadOrStore", "sync.(*Map).Swap"), Shape.MAP)
    | dict.fromkeys(("slices.Grow", "slices.Insert", "slices.AppendSeq"), Shape.SLICE)
)
"""What the owned line itself must call: others call these, too, and give back what they got."""

EXCHANGE = "net/http.(*persistConn).roundTrip"
"""HTTP/1: what is allocated here is released when the body is closed. A closed response that is kept holds none of it, nor does
a transport with idle connections; HTTP/2 keeps nothing for a body that is not closed."""
EXCHANGE_LOOP = "net/http.(*persistConn).readLoop"
"""It waits in its own frame until a body is closed, and in bufio.(*Reader).Peek for the next response."""

TABLES = frozenset(
    (
        "database/sql.Register",
        "encoding/gob.Register",
        "encoding/gob.RegisterName",
        "expvar.NewFloat",
        "expvar.NewInt",
        "expvar.NewMap",
        "expvar.NewString",
        "expvar.Publish",
        "net/http.(*ServeMux).Handle",
        "net/http.(*ServeMux).HandleFunc",
        "net/http.Handle",
        "net/http.HandleFunc",
        "os/signal.Notify",
    )
)
"""Go's own that register. Its packages use `Register` among themselves, once in a process: that is no leak."""
REGISTERS = re.compile(r"(?:[Mm]ust)?[Rr]egister(?:[A-Z]\w*)?|NewRegistered\w*")
"""The last part of a name that says so, in a package of others."""
INSTRUMENTS = tuple(
    re.compile(pattern)
    for pattern in (
        r"go\.opentelemetry\.io/otel/metric/internal/global\.\(\*[as][fi]InstProvider\)\.\w+",  # until 2022
        r"go\.opentelemetry\.io/otel/(?:internal/global|sdk/metric)\.\(\*meter\)\.(?:Int|Float)64[A-Z]\w*",
        r"go\.opentelemetry\.io/otel/(?:internal/global|sdk/metric)\.\(\*[mM]eterProvider\)\.Meter",
        r"github\.com/prometheus/client_golang/prometheus/promauto\.(?:Factory\.)?New\w+",
    )
)
"""Functions of others that put an instrument into a table, under names that do not say so."""
SERIES = tuple(
    re.compile(pattern)
    for pattern in (
        r"expvar\.\(\*Map\)\.(?:Add|AddFloat|Set)",
        r"go\.opentelemetry\.io/otel/sdk/metric/internal/aggregate\.\(\*.+\)\.measure",
        r"github\.com/prometheus/client_golang/prometheus\.\(\*metricMap\)\.getOrCreateMetricWithLabel(?:s|Values)",
        r"github\.com/VictoriaMetrics/metrics\.(?:\(\*Set\)\.)?GetOrCreate\w+",
        r"[\w-]+\.[\w.-]+/.*\.[gG]etOrRegister\w*",
        r"github\.com/DataDog/datadog-go(?:/v\d+)?/statsd\.\(\*(?:aggregator|bufferedMetricContexts)\)\.\w+",
    )
)
"""Functions that find a metric by its name and label values, and keep a new one for each that is new."""

ASSIGNMENT = re.compile(r"[\w.]+\[.+\](?:\+\+|--|\s*[-+*/%&|^]?=\s*\d[\w.]*|\s*=\s*(?:[\w.]+|struct\{\}\{\}))")
"""An assignment to an index, of something that allocates nothing itself: then a map grew, because a slice would not. (But a number or text that becomes
an interface in a []any is allocated here, too, and the text does not tell.)"""


OFTEN_KEPT = frozenset(
    (Shape.TICKER, Shape.TIMER, Shape.RESPONSE_BODY, Shape.REGISTRATION, Shape.LABEL_VALUES, Shape.CONTEXT)
)
"""What a stack shows without a text, and what often is not given back."""


def is_kept_by_caller(name: str) -> bool:
    """Return whether the line that calls this function itself gets what often is not given back."""
    return CALLED.get(_bare(name)) in OFTEN_KEPT


def is_kept_inside(name: str) -> bool:
    """Return whether this function holds what often is not given back, however deep an own line calls it."""
    bare = _bare(name)
    return bare == EXCHANGE or any(known.fullmatch(name) for known in SERIES) or _registers(bare)


def shape(functions: Sequence[str], own: Sequence[bool], text: str = "") -> Shape | None:
    """Return the shape that one stack of a heap profile shows, if it shows one.

    `functions` are the names of its frames, leaf first, and `own` says which frames are the user's; `text` is the source of
    the deepest of those, as the snapshot's build had it, if it is Go. It is only looked at where the stack ends in that very
    line.
    """
    mine = next((i for i, is_own in enumerate(own) if is_own), None)
    if mine is None:
        return Shape.GOROUTINE if {"runtime.malg", "runtime.newproc1"} <= set(functions) else None
    text = text if len(text) <= MAX_LINE_CHARACTERS else ""
    called = [*dropwhile(lambda name: not name, functions[:mine])]
    if any(known.fullmatch(name) for name in called for known in SERIES):
        return Shape.LABEL_VALUES
    if called:
        return _called([_bare(name) for name in called], text)
    return _written(text) if "." in functions[mine] else None  # Go's names have their package's


def goroutine_shape(functions: Sequence[str], *, own: bool = True) -> Shape | None:
    """Return the shape that one stack of a goroutine profile shows, if it shows one. Its frames are as those of `shape`.

    A readLoop of net/http waits for the body of a response to be closed; the other goroutine of a connection, writeLoop, waits
    in the same way when all is well, so it shows nothing. `own`: a line of the user's own code is in the stack; then the `go`
    statement says more, and no shape is returned. Other goroutines have a shape if a dependency started them.
    """
    known = [name for name in functions if name and not _of_runtime(name)]
    if known and known[0] == EXCHANGE_LOOP:
        return Shape.RESPONSE_BODY
    return Shape.LIBRARY_GOROUTINE if not own and known and has_domain(known[-1]) else None


def _called(called: Sequence[str], text: str) -> Shape | None:
    """Return the shape by the functions below the owned line, leaf first."""
    if EXCHANGE in called:
        return Shape.RESPONSE_BODY
    if called[-1] in CALLED:
        return CALLED[called[-1]]
    if any(map(_registers, called)):
        return Shape.REGISTRATION
    if called[-1].startswith("runtime.mapassign"):
        return Shape.MAP
    if called[-1] == "runtime.growslice":
        return None if "append([]" in text else Shape.SLICE  # append([]byte(nil), …) is a copy
    return None


def _registers(name: str) -> bool:
    if not has_domain(name):
        return name in TABLES
    last = name.rpartition(".")[2]
    return bool(REGISTERS.fullmatch(last)) or any(known.fullmatch(name) for known in INSTRUMENTS)


def _written(text: str) -> Shape | None:
    """Return the shape by the text of a line that is the leaf itself."""
    statement = text.partition("//")[0].strip()
    target, _, value = statement.partition("=")
    if value.strip().startswith(f"append({target.strip()},"):
        return Shape.SLICE
    return Shape.MAP if ASSIGNMENT.fullmatch(statement) else None


def _bare(name: str) -> str:
    """Return the name without its type parameters, and what follows them: slices.Grow[go.shape.[]int]."""
    return name.partition("[")[0]


def _of_runtime(name: str) -> bool:
    return name.startswith(("runtime.", "internal/runtime/"))
