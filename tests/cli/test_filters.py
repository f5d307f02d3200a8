"""alloclens top with pprof's filters, against go tool pprof; and what it says about them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alloclens.cli import main
from alloclens.profile.formats import read
from click.testing import CliRunner, Result

from tests.cli.test_pprof import PROFILES, needs_profiles, ours, pprof
from tests.support.profiles import Builder, drop

FILTERS = [
    {"focus": "json|http|Serve|malloc|node"},
    {"ignore": "^runtime|worker"},
    {"hide": "^runtime|^github.com/|libc"},
    {"show": "^main|net/|encoding|bin/"},
    {"show-from": "net/http|main$|start"},
    {"prune-from": r"^(io|bytes|bufio)\.|New|alloc"},
    {"tag-focus": "bytes=1kb:64kb"},
    {"tag-focus": "kind=buffer,exec"},
    {"tag-focus": "process_id"},
    {"tag-ignore": ":1kb"},
    {"tag-ignore": "test_label=.,type=String"},
    {"tag-ignore": "pprof::base=true"},
    {"no-inlines": ""},
    {"focus": "http", "hide": "runtime|reflect", "show-from": "Serve|Handle", "tag-focus": "512b:", "no-inlines": ""},
]
REAL = [
    "go/pair-benthos/heap-after.pprof",
    "go/heap-2022-windows.pprof",
    "go/heap-2026-huge-lines.prof",
    "go/heap-diff-base-label.pb.gz",
    "go/goroutine-labels.pb.gz",
    "go/cpu-stripped-only-mappings.pprof",
    "julia/alloc-profile-raw.pb.gz",
    "native/cpu-and-alloc-anonymised.pprof",
    "python/jax-device-memory.prof",
    "rust/jemalloc-heap-only-mappings.pb.gz",
]


def compare(head: Path, base: Path | None, wanted: dict[str, str]) -> int:
    """Return how many rows were equal."""
    theirs = [
        option(f"-{key.replace('tag-', 'tag').replace('no-', 'no').replace('-', '_')}", wanted[key]) for key in wanted
    ]
    here = [option(f"--{key}", wanted[key]) for key in wanted]
    kind = next(t.type for t in read(head.read_bytes()).sample_types[::-1] if t.unit in {"bytes", "count"})
    said = pprof(head, base, kind, "line", *theirs)
    assert ours(head, base, kind, "line", *here) == said
    return len(said[1])


def option(name: str, value: str) -> str:
    return f"{name}={value}" if value else name


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    """A profile with inlined calls, recursion and labels."""
    made = Builder(("objects", "count"), ("space", "bytes"))
    made.sample(
        "json.grow@/go/json.go:3 + json.Encode@/go/json.go:9 < main.a@/w/a.go:1 < main.main@/w/a.go:5", [1, 100]
    )
    made.sample(
        "json.grow@/go/json.go:3 < main.b@/w/b.go:2 < main.b@/w/b.go:3 < main.main@/w/a.go:6", [1, 40], bytes=4096
    )
    made.sample(
        "main.b@/w/b.go:4 < net/http.Serve@/go/http.go:7 < main.main@/w/a.go:5", [1, 7], bytes=64, kind="buffer"
    )
    return drop(tmp_path / "a.pb.gz", made.bytes())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["top", *map(str, arguments)])


@pytest.mark.programs
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "wanted",
    [
        *({key: "json|b$"} for key in ("focus", "hide", "show", "show-from", "prune-from")),
        *({key: value} for key in ("tag-focus", "tag-ignore") for value in ("1kb:", "bytes=64bytes", "kind=buffer")),
        {"ignore": "b$"},
        {"no-inlines": ""},
        {"focus": "/w/b", "hide": "grow", "show-from": "main.b", "tag-ignore": "kind=buffer", "no-inlines": ""},
    ],
    ids=str,
)
def test_as_pprof_filters(profile: Path, wanted: dict[str, str]) -> None:
    assert compare(profile, None, wanted) > 0


def test_one_hundred_percent_is_the_whole(profile: Path) -> None:
    result = run(profile, "--sample-type", "space", "--focus", "Encode", "--no-inlines")
    assert result.stdout.splitlines()[0] == "space, 147B in all, focus=Encode, no_inlines"
    assert result.stdout.splitlines()[2].split() == ["100B", "68%", "100B", "68%", "json.Encode", "/go/json.go:9"]
    assert result.stderr == ""


def test_json_says_what_was_asked(profile: Path) -> None:
    said = json.loads(run(profile, "--json", "--hide", "json", "--no-inlines").stdout)
    assert said["filters"] == {"hide": "json", "no_inlines": True}
    assert "filters" not in json.loads(run(profile, "--json").stdout)


def test_a_filter_that_matches_nothing_is_told(profile: Path) -> None:
    result = run(profile, "--focus", "nobody", "--tag-ignore", "99kb")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "tag_ignore is taken for a range of numbers, not for a regular expression",
        "focus matched no samples",
        "tag_ignore matched no samples",
    ]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["--focus", "js[on"], "Error: Invalid value for --focus: missing ] at character 3, '[on', in 'js[on'"),
        (["--show-from", "a(b"], "Error: Invalid value for --show-from: missing ) in 'a(b'"),
        (
            ["--tag-focus", "kind=a,b**"],
            "Error: Invalid value for --tag-focus: bad repetition operator at character 2, '**', in 'b**'",
        ),
        (
            ["--tag-ignore", "9" * 20],
            f"Error: Invalid value for --tag-ignore: {'9' * 20} is larger than a label can be",
        ),
    ],
)
def test_a_filter_that_cannot_be_read(profile: Path, given: list[str], reason: str) -> None:
    result = run(profile, *given)
    assert (result.exit_code, result.stdout, result.stderr.splitlines()[-1]) == (2, "", reason)


def dropping(path: Path, drop_frames: str, keep_frames: str) -> Path:
    """Write a C++ heap profile as gperftools' is: every stack ends in the allocator."""
    made = Builder(("space", "bytes"))
    for caller, value in (("f", 5), ("g", 7)):
        inner = "tc::Alloc@/tc.cc:1 < operator new(unsigned long)@/tc.cc:2 + wrap@/w.cc:9"
        made.sample(f"{inner} < {caller}@/m.cc:{value} < main@/m.cc:1", [value])
    made.sample("tc::Alloc@/tc.cc:1 < operator new[]@/tc.cc:3 < f@/m.cc:6", [11])
    made.sample("memalign@/tc.cc:8 < malloc@/tc.cc:4", [13])
    made.message.drop_frames, made.message.keep_frames = made.text(drop_frames), made.text(keep_frames)
    return drop(path, made.bytes())


@pytest.mark.programs
@pytest.mark.timeout(300)
@pytest.mark.parametrize("keep", ["", r"operator new\[\]", "no("])
def test_what_a_file_wants_dropped(tmp_path: Path, keep: str) -> None:
    file = dropping(tmp_path / "a.pb.gz", r"malloc|memalign|operator new(\[\])?", keep)
    assert compare(file, None, {}) > 0
    result = run(file)
    assert result.exit_code == 0
    assert ("operator new(unsigned" in result.stdout) == ("(" in keep)
    assert ("operator new[]" in result.stdout) == bool(keep)
    assert ("drop_frames and keep_frames: missing )" in result.stderr) == ("(" in keep)


@needs_profiles
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", REAL)
def test_real_profiles(name: str) -> None:
    assert sum(compare(Path(PROFILES, name), None, wanted) for wanted in FILTERS) > 0


@needs_profiles
@pytest.mark.timeout(600)
@pytest.mark.parametrize("pair", ["benthos", "ddtrace"])
def test_real_differences(pair: str) -> None:
    head, base = (Path(PROFILES, f"go/pair-{pair}/heap-{when}.pprof") for when in ("after", "before"))
    assert sum(compare(head, base, wanted) for wanted in FILTERS) > 0
