"""Every profile a real Go program serves, as text and as profile.proto, and on the lines of its source."""

from __future__ import annotations

import re
import signal
import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import main
from alloclens.profile.errors import Unrecognized
from alloclens.profile.formats import read
from alloclens.profile.model import Frame, ValueType
from alloclens.tables.lines import lines
from alloclens.tables.top import top
from alloclens.transform.prune import pruned
from click.testing import CliRunner

from tests.support.goservice import build, known_frames, labels, running, stacks, without_types
from tests.support.judge import own

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alloclens.profile.model import Profile

    from tests.support.goservice import Service

KEPT, SIZE, WAITERS, ROUNDS = 100, 4096, 5, 20
PAUSE = 1_000_000
"""Nanoseconds that each round waits at the least; all as the program's source says."""
WAITING = {"role": "waiter", "odd key": 'a "b" ] {c: d}\té\x01'}
HEAP = [
    ValueType(f"{when}_{what}", unit)
    for when in ("alloc", "inuse")
    for what, unit in (("objects", "count"), ("space", "bytes"))
]
CONTENTION = [ValueType("contentions", "count"), ValueType("delay", "nanoseconds")]
TYPES = {
    "heap": HEAP,
    "allocs": HEAP,
    "goroutine": [ValueType("goroutine", "count")],
    "threadcreate": [ValueType("threadcreate", "count")],
    "block": CONTENTION,
    "mutex": CONTENTION,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("goservice"))


@pytest.fixture(scope="module", params=[1, 20_000], ids=["all", "sampled"])
def service(program: Path, request: pytest.FixtureRequest) -> Iterator[Service]:
    with running(program, request.param) as one:
        yield one


@pytest.fixture(scope="module")
def exact(program: Path) -> Iterator[Service]:
    """Every object is written down."""
    with running(program, 1) as one:
        yield one


@pytest.mark.programs
@pytest.mark.parametrize("kind", TYPES)
def test_the_text_says_what_the_proto_does(service: Service, kind: str) -> None:
    proto, text = map(read, service.beside(kind))
    assert list(text.sample_types) == list(proto.sample_types) == TYPES[kind]
    known, wanted = settled(text, kind), settled(proto, kind)
    assert known.keys() == wanted.keys()
    slack = 1e-8 if kind in ("block", "mutex") else 0  # the text rounds its clock's frequency to whole Hz
    for stack, values in known.items():
        assert values == pytest.approx(wanted[stack], rel=slack, abs=2 * bool(slack)), stack
    if kind != "goroutine":
        assert text.values.sum(axis=0).tolist() == pytest.approx(proto.values.sum(axis=0).tolist(), rel=slack)


@pytest.mark.programs
@pytest.mark.parametrize("kind", ["heap", "allocs", "block", "mutex"])
def test_the_lines_are_the_same(service: Service, kind: str) -> None:
    """By line, flat and cum, without what the files want dropped."""
    proto, text = (pruned(read(data)) for data in service.beside(kind))
    slack = {"rel": 1e-8, "abs": 40} if kind in ("block", "mutex") else {"rel": 0, "abs": 0}
    for column in range(len(text.sample_types)):
        known, wanted = numbers(text, column), numbers(proto, column)
        assert known.keys() == wanted.keys()
        for place, values in known.items():
            assert values == pytest.approx(wanted[place], **slack), place


def settled(profile: Profile, kind: str) -> dict[tuple, list[int]]:
    """Return the stacks; of the goroutines those of the program itself only: a server's come and go."""
    found = stacks(profile)
    own = {s: v for s, v in found.items() if any(str(part[0]).startswith("main.") for part in s)}
    return own if kind == "goroutine" else found


def numbers(profile: Profile, column: int) -> dict[tuple, tuple[int, int]]:
    out: dict[tuple, tuple[int, int]] = {}
    for r in top(profile, column, "line", "flat", 1).rows():
        if r.function and (r.flat or r.cum):
            flat, cum = out.get(place := (without_types(r.function), r.file, r.line), (0, 0))
            out[place] = flat + r.flat, cum + r.cum
    return out


@pytest.mark.programs
def test_known_truth_on_marked_lines(exact: Service) -> None:
    heap, goroutine, block, mutex = (
        on_lines(read(exact.profile(f"{kind}?debug=1")), exact) for kind in ("heap", "goroutine", "block", "mutex")
    )
    assert heap["inlined"] == {"alloc_objects": (KEPT, KEPT), "alloc_space": (KEPT * SIZE, KEPT * SIZE),
                               "inuse_objects": (KEPT, KEPT), "inuse_space": (KEPT * SIZE, KEPT * SIZE)}  # fmt: skip
    assert heap["keep"]["inuse_space"][1] >= KEPT * SIZE
    assert {goroutine[mark]["goroutine"] for mark in ("receive", "wait")} == {(0, WAITERS)}
    for found, mark in ((block, "blocked"), (block, "locked"), (mutex, "unlock")):
        assert found[mark]["contentions"] == (0, ROUNDS)
        assert ROUNDS * PAUSE <= found[mark]["delay"][1] < 1000 * ROUNDS * PAUSE


def on_lines(profile: Profile, service: Service) -> dict[str, dict[str, tuple[float, float]]]:
    """Return flat and cum of the marked lines: {"unlock": {"delay": (0, 20e6)}}."""
    found = lines(pruned(profile), own(lambda file: file == str(service.source)))
    marks = {number: mark for mark, number in service.lines().items()}
    out: dict[str, dict[str, tuple[float, float]]] = {}
    for row, (file, line) in enumerate(zip(found.file.tolist(), found.line.tolist(), strict=True)):
        if found.own[file] and line in marks:
            values = zip(found.sample_types, found.value.flat[row], found.value.cum[row], strict=True)
            out[marks[line]] = {kind.type: (flat, cum) for kind, flat, cum in values}
    return out


@pytest.mark.programs
def test_labels_are_kept(exact: Service) -> None:
    for form in ("", "?debug=1", "?debug=2"):
        profile = read(exact.profile(f"goroutine{form}"))
        waiting = [i for i in range(len(profile)) if any(f.function == "main.wait" for f in known_frames(profile, i))]
        assert int(profile.values[waiting].sum()) == WAITERS
        for i in waiting:
            found = dict(labels(profile, i))
            assert found.pop("state", "chan receive") == "chan receive"
            assert found == WAITING


@pytest.mark.programs
def test_all_goroutines_as_a_crash_prints_them(exact: Service) -> None:
    """The same stacks as the proto's, with the go statement below each; the one that writes is at another line."""
    proto, dump = read(exact.profile("goroutine")), read(exact.profile("goroutine?debug=2"))
    known = [known_frames(dump, i) for i in range(len(dump))]
    waiting = [frames for frames in known if frames[0].function == "main.receive"]
    (wanted,) = [f for i in range(len(proto)) if (f := known_frames(proto, i)) and f[0].function == "main.receive"]
    assert [frames[:-1] for frames in waiting] == [wanted] * WAITERS
    assert {(frames[-1].file, frames[-1].line) for frames in waiting} == {(str(exact.source), exact.lines()["go"])}


HEADERS = {
    "[chan receive]:": {"state": "chan receive"},
    "[chan receive, 5 minutes, locked to thread]:": {"state": "chan receive", "minutes": 5},
    "gp=0xc000002380 m=0 mp=0x5a6d40 [running]:": {"state": "running"},
    '[select labels:{"a": "b ]", "c d": "e"}]:': {"state": "select", "a": "b ]", "c d": "e"},
    '[select, 2 minutes] {a: "b ] {", "c d": e/f}:': {"state": "select", "minutes": 2, "a": "b ] {", "c d": "e/f"},
    "[sync.Mutex.Lock (durable), synctest bubble 1]:": {"state": "sync.Mutex.Lock (durable)"},
}
"""As Go 1.21 to 1.27 write them (runtime/traceback.go), and what they say."""


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("tail", ["+0x2a", "+0x2a fp=0xc000046fd0 sp=0xc000046f80 pc=0x47e8aa"])
def test_every_header_of_a_goroutine(header: str, tail: str) -> None:
    before = f"goroutine 1 [running]:\nmain.main()\n\t/w/main.go:9 {tail}\n\n"
    frames = f"main.(*T).f(0xc, {{0x1, 0x2}}, ...)\n\t/w/a b:c.go:7 {tail}\ncreated by main.main in goroutine 1\n\t/w/main.go:5 {tail}\n"
    profile = read(f"{before}goroutine 7 {header}\n{frames}".encode())
    assert len(profile) == 2
    assert known_frames(profile, 1) == [Frame("main.(*T).f", "/w/a b:c.go", 7), Frame("main.main", "/w/main.go", 5)]
    waited = int(profile.labels.number.sum())
    assert dict(labels(profile, 1)) | ({"minutes": waited} if waited else {}) == HEADERS[header]


DUMP = """goroutine 1 [running]:
main.crash(...)
\t/w/main.go:9
main.main()
\t/w/main.go:5 +0x2a

goroutine 7 [chan send (leaked)]:
main.send()
\t/w/main.go:7 +0x2a
created by main.main in goroutine 1
\t/w/main.go:4 +0x11
"""
CRASHED = [
    (Frame("main.crash", "/w/main.go", 9), Frame("main.main", "/w/main.go", 5)),
    (Frame("main.send", "/w/main.go", 7), Frame("main.main", "/w/main.go", 4)),
]
LOG = "2024-01-02T03:04:05Z INFO goroutine 9 [of many] is busy\nmain.noise\n\t/w/noise.go:1\n"
"""The last two lines are a stack as loggers write one."""
LOGS = {
    "panic": f"panic: it is full [recovered]\n\tpanic: again\n\n{DUMP}exit status 2\n",
    "signal": f"SIGQUIT: quit\nPC=0x47 m=0 sigcode=0\n\n{DUMP}\nrax    0x0\nrip    0x47\n",
    "fatal error": f"fatal error: all goroutines are asleep - deadlock!\n\n{DUMP}",
    "runtime stack": f"runtime: out of memory\n\nruntime stack:\nruntime.throw({{0x1, 0x2}})\n\t/go/panic.go:1 +0x4d\n\n{DUMP}",
    "log lines around": f"{LOG}{DUMP}\n{LOG}",
    "a log line without a blank one": f"{LOG}{DUMP}2024-01-02T03:04:05Z INFO bye\n",
    "an older list before": f"{LOG}{DUMP.replace('main.go:7', 'main.go:77')}\n{LOG}{DUMP}",
    "spaces for tabs": f"panic: x\n\n{DUMP}".replace("\t", "        "),
    "line ends of Windows": f"panic: x\n\n{DUMP}".replace("\n", "\r\n"),
    "elided": DUMP.replace("main.main()\n", "...23 frames elided...\nmain.main()\n").replace(
        "created", "...additional frames elided...\ncreated"
    ),
    "ancestors": DUMP.rstrip()
    + "\n[originating from goroutine 1]:\nmain.old(...)\n\t/w/main.go:3 +0x1\ncreated by main.older\n\t/w/main.go:2 +0x1\n",
    "stack unavailable": DUMP + "\ngoroutine 8 [running]:\n\tgoroutine running on other thread; stack unavailable\n",
}


@pytest.mark.parametrize("name", LOGS)
def test_crashes_in_logs(name: str) -> None:
    profile = read(LOGS[name].encode())
    found = [tuple(known_frames(profile, i)) for i in range(len(profile))]
    assert found == [*CRASHED, *([()] if name == "stack unavailable" else [])]


def test_a_log_without_a_crash_is_no_profile() -> None:
    with pytest.raises(Unrecognized):
        read(LOG.encode())


PREFIXES = [
    "Jan 02 03:04:05 host app[123]: ",
    "app-1  | ",
    "2024-01-02T03:04:05.678901234Z stderr F ",
    "I0102 main.go:9] ",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_crash_behind_the_prefixes_of_a_log_collector_is_told(prefix: str) -> None:
    lines_of_it = "".join(f"{prefix}{line}\n" for line in f"panic: x\n\n{DUMP}".splitlines())
    with pytest.raises(Unrecognized, match="prefix") as told:
        read(lines_of_it.encode())
    assert f"“{prefix.strip()}”" in str(told.value)


@pytest.mark.programs
@pytest.mark.skipif(sys.platform == "win32", reason="no SIGQUIT")
@pytest.mark.parametrize("traceback", ["all", "system"])
def test_what_a_program_writes_when_it_crashes(program: Path, traceback: str, tmp_path: Path) -> None:
    """The goroutines of the program itself, as debug=2 says them."""
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        with running(program, 1, stderr=stderr, GOTRACEBACK=traceback) as service:
            stderr.write(b"2024/01/02 03:04:05 INFO a line before\n")
            stderr.flush()
            dump = read(service.profile("goroutine?debug=2"))
            service.child.send_signal(signal.SIGQUIT)
            service.child.wait(60)
        stderr.write(b"a line behind\n")
    crash = read(log.read_bytes())
    wanted, found = (Counter(map(tuple, own_goroutines(profile))) for profile in (dump, crash))
    assert wanted.total() == WAITERS
    assert found == wanted


def own_goroutines(profile: Profile) -> list[list[Frame]]:
    """Return the stacks of those that a function of main started, without the frames that only one of the two shows."""
    known = (
        [f for f in known_frames(profile, i) if not f.function.startswith("runtime.") and ".gowrap" not in f.function]
        for i in range(len(profile))
    )
    return [frames for frames in known if len(frames) > 1 and all(f.function.startswith("main.") for f in frames)]


@pytest.mark.programs
def test_memory_statistics_are_kept(exact: Service) -> None:
    for kind in ("heap", "allocs"):
        text = exact.profile(f"{kind}?debug=1")
        said = {name: int(value) for name, value in re.findall(rb"^# (\w+) = (\d+)", text, re.MULTILINE)}
        wanted = [said[name] for name in (b"HeapInuse", b"HeapIdle", b"Stack", b"Sys", b"NextGC")]
        found = read(text).mem_stats
        kept = [found.heap_in_use, found.heap_idle, found.stack_in_use, found.sys, found.next_gc]
        assert kept == [
            *wanted[:-1],
            wanted[-1] if wanted[-1] < 10**18 else 0,
        ]  # the service collects when it is asked to


@pytest.mark.programs
def test_a_processors_second(exact: Service) -> None:
    ended = threading.Event()
    threading.Thread(target=lambda: (exact.get("burn?seconds=2"), ended.set()), daemon=True).start()
    profile = read(exact.profile("profile?seconds=1"))
    assert profile.sample_types == (ValueType("samples", "count"), ValueType("cpu", "nanoseconds"))
    burnt = on_lines(profile, exact)["burn"]["cpu"]
    assert burnt[0] < burnt[1]
    assert burnt[1] > 0.2e9
    assert ended.wait(30)


@pytest.mark.programs
def test_what_go_itself_subtracts_is_known_for_a_difference(exact: Service) -> None:
    """Of memory that stands still nothing is negative: only the way it is written tells."""
    assert read(exact.profile("heap?seconds=1")).is_difference
    assert not read(exact.profile("heap")).is_difference


@pytest.mark.programs
@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "sample_type", "mark", "hint"),
    [
        ("goroutine", "", "receive", r"5 goroutines"),
        ("goroutine?debug=2", "", "receive", r"5 goroutines"),
        ("mutex", "delay", "unlock", r"[\d.]+ms contended"),
        ("mutex", "contentions", "unlock", r"20 mutex contentions"),
        ("block", "delay", "blocked", r"[\d.]+ms blocked"),
        ("heap", "inuse_space", "inlined", r"400kB"),
    ],
)
def test_annotated(exact: Service, tmp_path: Path, kind: str, sample_type: str, mark: str, hint: str) -> None:
    """The whole way: the text in a folder, and each number beside its line in its own unit."""
    text = exact.profile(kind if "?" in kind else f"{kind}?debug=1")
    (tmp_path / f"{kind.partition('?')[0]}.txt").write_bytes(text)
    arguments = [exact.source, "--profiles", tmp_path, *(["--sample-type", sample_type] if sample_type else [])]
    result = CliRunner().invoke(main, ["annotate", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    (line,) = [
        line
        for line in result.output.split("\n")
        if re.search(rf" {exact.lines()[mark]}  .*// goservice: {mark}$", line)
    ]
    assert re.fullmatch(rf"\s*{hint}", line.partition(f" {exact.lines()[mark]}  ")[0].rstrip()), line
