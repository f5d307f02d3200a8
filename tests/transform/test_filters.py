"""Filters and pruning against pprof itself, on small profiles that hold everything at once."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.formats import read
from alloclens.tables.top import top
from alloclens.transform.difference import difference, total
from alloclens.transform.filters import FilterError, Filters, filtered
from alloclens.transform.patterns import exact, search, text_of
from alloclens.transform.prune import pruned, unusable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts import tools
from tests.cli.test_pprof import pprof_options, printed, printed_rows
from tests.support.profiles import Builder

if TYPE_CHECKING:
    from pathlib import Path

    from alloclens.profile.model import Profile

FRAMES = [
    "main.a@/w/a.go:1",
    "main.a@/w/a.go:2",
    "main.b@/w/./b.go:3",
    "lib.c@/lib/c.go:4",
    ".malloc@:0",
    "operator new(unsigned long)@/alloc.cc:5",
    "(anonymous namespace)::f(int)@/w/f.cc:6",
    "std::operator()(int)@/w/f.cc:7",
]
PATTERNS = [
    "main",
    r"a\.go",
    r"^main\.b$",
    "/./b.go",
    "lib",
    "^$",
    "zzz",
    "malloc|new",
    "f",
    r"\(",
    r"^std::operator\(\)$",
]
DROPS = [
    r"std::operator\(\)",
    r"malloc|operator new(\[\])?", "main.*", r"lib\.c|(anonymous namespace)::f", r"\(anonymous namespace\)::f",
    "a)|(b", "bad(", r"\.?malloc",
]  # fmt: skip
TAGS = [
    "k=a", "k=a,b", "k=", "a", "k:a,state", "state:idle", "=a", ",", "k=b=c", "zzz", "pprof::base=true", "true",
    "512", "512:", ":1kb", "1kb:64kb", "1:64", "1:64kb", "bytes=1kb", "bytes=1024b", "bytes=:2KB", "n=5", "n=5ms:", "n=1:2s",
    "n=:1hour", "n=-5:5", "n=1kb:3s", "n=5foos", "n=5count", "n=0", "0:", ":", "1:2:3", "request=512bytes",
]  # fmt: skip
NUMBERS = [-5, 0, 1, 5, 512, 1024, 2048, 65536, 5_000_000]
UNITS = ["", "", "kb", "ms", "seconds", "foo", "GB"]

location = st.lists(st.sampled_from(FRAMES), min_size=1, max_size=3).map(" + ".join)
stack = st.lists(location, max_size=5).map(" < ".join)
words = st.tuples(st.sampled_from(["k", "state"]), st.sampled_from(["a", "b", "b=c", "idle"]))
number = st.tuples(
    st.sampled_from(["bytes", "n", "request", "pages"]), st.sampled_from(NUMBERS), st.sampled_from(UNITS)
)
sample = st.tuples(stack, st.integers(1, 2**40), st.lists(words | number, max_size=3))
patterns, tags = st.sampled_from(PATTERNS), st.sampled_from(TAGS)
by_name = st.tuples(st.sampled_from(["focus", "ignore", "hide", "show", "show_from", "prune_from"]), patterns)
by_tag = st.tuples(st.sampled_from(["tag_focus", "tag_ignore"]), tags)
one = by_name | by_name | by_tag | st.just(("no_inlines", True))
filters = st.lists(one, max_size=4).map(lambda some: Filters(**dict(some)))
rarely = st.sampled_from([False] * 7 + [True])
contents = st.tuples(
    st.lists(sample, max_size=6), st.lists(st.tuples(st.integers(0, 2), rarely), min_size=30, max_size=30)
)


def file_of(contents: tuple, *, mapped: bool, drop: str = "", keep: str = "") -> bytes:
    """Return a profile; some of its locations lie in a binary, and some have no lines."""
    made = Builder(("space", "bytes"))
    for text, value, labels in contents[0]:
        made.sample(text, [value])
        for key, *said in labels:
            label = made.message.sample[-1].label.add(key=made.text(key))
            if isinstance(said[0], str):
                label.str = made.text(said[0])
            else:
                label.num, label.num_unit = said[0], made.text(said[1])
    if mapped:
        for i, name in enumerate(("/bin/main", "/usr/lib/libc.so")):
            made.message.mapping.add(id=i + 1, filename=made.text(name))
    for one, (mapping, bare) in zip(made.message.location, contents[1], strict=False):
        one.mapping_id = mapping if mapped else 0
        if bare:
            del one.line[:]
    made.message.drop_frames, made.message.keep_frames = made.text(drop), made.text(keep)
    return made.bytes()


@pytest.fixture(scope="session")
def pprof_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return pprof as a program of its own, which starts ten times as fast as through `go tool`."""
    program = tmp_path_factory.mktemp("pprof") / "pprof"
    subprocess.run([tools.go(), "build", "-o", program, "cmd/pprof"], check=True, capture_output=True)
    return program


def pprof(program: Path, head: Path, base: Path | None, by: str, wanted: Filters) -> tuple[tuple, set[str]]:
    """Return the total and rows of pprof, and the filters that it says matched nothing."""
    names = {name: name.replace("tag_", "tag").replace("no_inlines", "noinlines") for name in asdict(wanted)}
    options = [f"-{names[name]}={value}" for name, value in wanted.given().items()]
    command = [program, *pprof_options(base, "space", by), *options, head]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    unmatched = set(re.findall(r"(\w+) expression matched no samples", done.stderr))
    return printed_rows(done.stdout), {re.sub("(?<!^)(?=[A-Z])", "_", name).lower() for name in unmatched}


def ours(head: bytes, base: bytes | None, by: str, wanted: Filters) -> tuple[tuple, set[str]]:
    whole = pruned(difference(read(head), read(base)) if base else read(head))
    found = filtered(whole, wanted)
    consistent(found.profile)
    made = top(found.profile, 0, by, "flat", total(whole, 0))
    rows = Counter((row.flat, row.cum, printed(asdict(row))) for row in made.rows())
    return (made.total, rows), {note.split()[0] for note in found.notes if note.endswith("matched no samples")}


def consistent(profile: Profile) -> None:
    samples, labels, locations = len(profile), profile.labels, profile.locations
    assert len(profile.is_base) == len(profile.location_at) - 1 == samples
    assert profile.location_at[-1] == len(profile.location)
    assert locations.frame_at[-1] == len(profile.frames.line) == len(profile.frames.function)
    assert (np.diff(locations.frame_at) > 0).all()
    assert len(locations.mapping) == len(locations.address) == len(locations.frame_at) - 1
    assert {labels.sample.dtype, profile.location.dtype} == {np.dtype(np.int32)}
    assert not len(labels.sample) or 0 <= labels.sample.min() <= labels.sample.max() < samples
    assert not len(profile.location) or profile.location.max() < len(locations.mapping)


@pytest.mark.programs
@pytest.mark.timeout(600)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents,
    st.none() | contents,
    st.booleans(),
    st.just("") | st.sampled_from(DROPS),
    st.just("") | st.sampled_from(DROPS),
    filters,
)
def test_against_pprof(
    pprof_program: Path, tmp_path: Path, head: tuple, base: tuple | None, mapped: bool, drop: str, keep: str, filters: Filters
) -> None:  # fmt: skip
    files = [file_of(head, mapped=mapped, drop=drop, keep=keep)]
    if base:
        files.append(file_of(base, mapped=mapped))
    paths = [tmp_path / f"{i}.pb.gz" for i in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    for by in ("line", "function"):
        theirs, unmatched = pprof(pprof_program, paths[0], paths[1] if base else None, by, filters)
        our, said = ours(files[0], files[1] if base else None, by, filters)
        assert our == theirs
        if not (filters.hide or filters.show):  # pprof counts a hidden location of a binary that matches
            assert said == unmatched


EVERYTHING = (
    [
        ("main.a@/w/a.go:1 < main.b@/w/./b.go:3 + main.a@/w/a.go:2 < lib.c@/lib/c.go:4 < main.a@/w/a.go:2", 1, [("k", "a")]),
        (" < ".join(reversed(FRAMES)), 2, [("k", "b"), ("state", "idle"), ("n", 5, "")]),
        (" < ".join(FRAMES), 4, [("bytes", 1024, ""), ("n", 5_000_000, "ns")]),
        (" + ".join(FRAMES) + " < main.a@/w/a.go:1 + lib.c@/lib/c.go:4", 8, [("request", 512, ""), ("k", "b=c")]),
        ("", 16, [("bytes", 65536, ""), ("n", 0, "")]),
        ("lib.c@/lib/c.go:5 < main.b@/w/./b.go:3", 32, [("pages", 512, ""), ("n", 2, "ns")]),
        ("lib.c@/lib/c.go:6", 64, [("pages", 0, ""), ("k", "a"), ("k", "b")]),
        ("lib.c@/lib/c.go:5", 128, [("bytes", 1, "kb"), ("n", 2, "seconds")]),
    ],
    [(mapping, place in {5, 11, 12}) for place, mapping in enumerate([1, 0, 2, 0, 1, 1, 0, 2, 0, 1, 0, 2, 1])],
)  # fmt: skip


@pytest.mark.programs
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize(
    "name", ["focus", "ignore", "hide", "show", "show_from", "prune_from", "tag_focus", "tag_ignore", "drop", "keep"]
)
def test_every_filter_on_everything_against_pprof(pprof_program: Path, tmp_path: Path, name: str, mapped: bool) -> None:
    """With an `ignore` beside it, for the notes: what is ignored is not in focus."""
    for text in {"t": TAGS, "d": DROPS, "k": DROPS}.get(name[0], PATTERNS):
        drops = {"drop": {"drop": text}, "keep": {"drop": ".*(main|alloc|op).*", "keep": text}}.get(name, {})
        data = file_of(EVERYTHING, mapped=mapped, **drops)
        (tmp_path / "a.pb.gz").write_bytes(data)
        for more in ({}, {"ignore": "lib"}):
            wanted = Filters(**more | ({} if drops else {name: text}))
            theirs = pprof(pprof_program, tmp_path / "a.pb.gz", None, "line", wanted)
            assert ours(data, None, "line", wanted) == theirs, (text, more)


def test_samples_without_frames_are_gone_before_their_labels_are_asked() -> None:
    profile = read(file_of(([(FRAMES[0], 1, []), (FRAMES[3], 1, [("k", "a")])], []), mapped=False))
    assert filtered(profile, Filters(show_from="main", tag_focus="k=a")).notes == ("tag_focus matched no samples",)


def test_hostile_patterns_are_quick_and_small() -> None:
    profile = read(file_of(([("a" * 20_000 + "@/w/a.go:1", 1, [])], []), mapped=False, drop="(a*)*b"))
    assert pruned(profile).drop_frames == ""
    for drop, reason in ((r"(\pL{50}){20}", "too large"), ("(" * 9999, "missing )"), ("a|" * 10**6, "longer than")):
        said = unusable(replace(profile, drop_frames=drop))
        assert reason in said
        assert len(said) < 300


def test_what_a_file_wants_dropped_is_dropped_once() -> None:
    """Frames at the root stay, until what was inlined into them has been dropped."""
    text = "main.a@/w/a.go:1 < main.b@/w/./b.go:3 < lib.c@/lib/c.go:4 + main.b@/w/./b.go:3 + main.a@/w/a.go:1"
    profile = pruned(read(file_of(([(text, 1, [])], []), mapped=False, drop="main.b")))
    assert pruned(profile) is profile


def test_a_number_too_large_for_a_label_is_told() -> None:
    with pytest.raises(FilterError, match=r"^tag_focus: 9223372036854775808 is larger"):
        filtered(read(file_of(([], []), mapped=False)), Filters(tag_focus="5:9223372036854775808"))


@pytest.mark.parametrize(
    "name", ["main.serve", "example.com/a-b.(*T[...]).f-fm", "std::vector<int, a>::push_back", "größe"]
)
def test_the_text_of_an_exact_pattern(name: str) -> None:
    assert text_of(exact(name)) == name
    assert search(exact(name))(name)
    assert [text_of(pattern) for pattern in (name, f"^{exact(name)}", f"^{name}.*$")] == [""] * 3
