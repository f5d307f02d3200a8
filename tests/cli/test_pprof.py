"""alloclens top --json against go tool pprof, to the byte, on real profiles."""

from __future__ import annotations

import gzip
import itertools
import json
import math
import os
import re
import subprocess
from collections import Counter
from functools import cache
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.cli import main
from alloclens.profile.errors import Malformed, Unrecognized
from alloclens.profile.formats import read
from click.testing import CliRunner

from scripts import tools
from tests.support.profiles import Builder, drop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.profile.model import Frame, Profile

PROFILES = os.environ.get("ALLOCLENS_PROFILES")
needs_profiles = pytest.mark.skipif(not PROFILES, reason="ALLOCLENS_PROFILES names no folder of real profiles")
UNREAD = {
    "cpp/jemalloc-heap_v2.txt",
    "go/goroutine-debug2.txt",
    "odd/fuzz-crash-24-bytes",
    "odd/git-lfs-pointer.pb.gz",
}
"""pprof reads none of these; alloclens reads the first two."""
EMPTY = {
    "go/cpu-empty-windows.pprof",
    "go/legacy-heap-debug1-empty.txt",
    "odd/non-packed-repeated.pprof",
}
"""Nothing for a row in any of their sample types."""
PAIRS = [
    ("go/pair-benthos/heap-after.pprof", "go/pair-benthos/heap-before.pprof"),
    ("go/pair-ddtrace/heap-after.pprof", "go/pair-ddtrace/heap-before.pprof"),
    ("go/series-parca/heap-1644509290.pb.gz", "go/series-parca/heap-1644509272.pb.gz"),
    ("go/series-parca/heap-1644509299.pb.gz", "go/series-parca/heap-1644509272.pb.gz"),
    ("go/series-parca/heap-1644509299.pb.gz", "go/series-parca/heap-1644509290.pb.gz"),
]
UNITS = {"nanoseconds": "ns", "microseconds": "us"}
"""pprof's -unit, with which it prints whole numbers; B for all others."""
ROW = re.compile(
    r"\s*(?P<flat>-?\d+)(?:B|ns|us)?\s+\S+%\s+\S+%\s+(?P<cum>-?\d+)(?:B|ns|us)?\s+\S+%  (?P<name>.*?)"
    r"( \((partial-)?inline\))?$"
)
TOTAL = re.compile(r"of (-?\d+)(?:B|ns|us)? total")
SYMBOL = re.compile(rb"^#\t0x.*\n", re.MULTILINE)
"""What Go's text says an address means: pprof drops it, alloclens does not."""

Rows = Counter[tuple[int, int, str]]


@cache
def program() -> str:
    """Return pprof's own program: it starts ten times as fast as through `go tool`, which builds it."""
    subprocess.run([tools.go(), "tool", "pprof", "-h"], capture_output=True, check=False, timeout=300)
    said = subprocess.run([tools.go(), "tool", "-n", "pprof"], capture_output=True, text=True, check=True, timeout=60)
    return said.stdout.strip()


def pprof(head: Path, base: Path | None, sample_type: str, by: str, *more: str, unit: str = "B") -> tuple[int, Rows]:
    """Return the total and the rows of pprof: flat, cum and name, in any order."""
    options = [*pprof_options(base, sample_type, by, unit), *more]
    done = subprocess.run([program(), *options, head], capture_output=True, text=True, check=True, timeout=300)
    return printed_rows(done.stdout)


def pprof_options(base: Path | None, sample_type: str, by: str, unit: str = "B") -> list[str]:
    options = ["-symbolize=none", "-top", f"-{by}s", "-nodefraction=0", "-nodecount=0", f"-unit={unit}"]
    return [*options, f"-sample_index={sample_type}", *([f"-diff_base={base}"] if base else [])]


def printed_rows(said: str) -> tuple[int, Rows]:
    rows = [found for line in said.split("\n") if (found := ROW.match(line))]
    return int(TOTAL.search(said)[1]), Counter((int(r["flat"]), int(r["cum"]), r["name"]) for r in rows)


def ours(head: Path, base: Path | None, sample_type: str, by: str, *more: str) -> tuple[int, Rows]:
    arguments = [head, "--json", "--by", by, "--sample-type", sample_type, *(["--base", base] if base else []), *more]
    result = CliRunner().invoke(main, ["top", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    return said["total"], Counter((row["flat"], row["cum"], printed(row)) for row in said["rows"])


def printed(row: dict[str, object]) -> str:
    """Return a row's name as pprof prints it."""
    place = f"{row['file']}:{row['line']}" if row["line"] else row["file"]
    known = " ".join(str(part) for part in (row["function"], place) if part)
    return known or (f"[{Path(str(row['binary'])).name}]" if row["binary"] else "<unknown>")


def assert_equal(head: Path, base: Path | None, without_symbols: Path | None = None) -> int:
    """Compare every sample type by line and by function; return how many rows that were."""
    compared = 0
    for kind in read(head.read_bytes()).sample_types:
        for by in ("line", "function"):
            theirs = pprof(head, base, kind.type, by, unit=UNITS.get(kind.unit, "B"))
            assert ours(without_symbols or head, base, kind.type, by) == theirs, (kind, by)
            compared += len(theirs[1])
    return compared


def there() -> list[str]:
    folder = Path(PROFILES or ".")
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} if PROFILES else set()
    return sorted(found - {"README.md"})


@needs_profiles
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [name for name in there() if name not in UNREAD])
def test_every_file_that_pprof_reads(name: str, tmp_path: Path) -> None:
    head = Path(PROFILES, name)
    bare = tmp_path / head.name
    bare.write_bytes(SYMBOL.sub(b"", head.read_bytes()))
    assert (assert_equal(head, None, bare) == 0) == (name in EMPTY)


@needs_profiles
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("head", "base"), PAIRS, ids=lambda n: n)
def test_with_a_base(head: str, base: str) -> None:
    same = head == "go/series-parca/heap-1644509290.pb.gz"  # the README says so: no GC cycle ended in between
    assert (assert_equal(Path(PROFILES, head), Path(PROFILES, base)) == 0) == same


@pytest.mark.programs
@pytest.mark.parametrize(
    "names", [(b"\xff\xfe bad", b"\xff\xfd bad"), (b"caf\xe9", b"caf\xea"), (b"a\xed\xa0\x80", b"a\xed\xa0\x81")]
)
def test_names_that_are_not_utf_8_stay_apart(names: tuple[bytes, bytes], tmp_path: Path) -> None:
    made = Builder(("inuse_space", "bytes"))
    stand_ins = [b"%c" % (65 + i) * len(name) for i, name in enumerate(names)]
    for stand_in, value in zip(stand_ins, (5, 4), strict=True):
        made.sample(f"{stand_in.decode()}@/w/{stand_in.decode()}:1", [value])
    data = gzip.decompress(made.bytes())
    for stand_in, name in zip(stand_ins, names, strict=True):
        data = data.replace(stand_in, name)
    file = drop(tmp_path / "a.pb", data)
    for by in ("line", "function"):
        theirs = subprocess.run(
            [program(), *pprof_options(None, "inuse_space", by), file], capture_output=True, check=True
        )
        assert ours(file, None, "inuse_space", by) == printed_rows(theirs.stdout.decode("utf-8", "backslashreplace"))


@pytest.mark.programs
def test_functions_without_a_name_are_told_apart_by_where_they_begin(tmp_path: Path) -> None:
    made = Builder(("inuse_space", "bytes"))
    for start, value in ((1, 51), (9, 12), (9, 30)):
        made.sample(f"f{value}:{start}@/w/a.go:{start}", [value])
    for function in made.message.function:
        function.name = function.system_name = function.filename = 0
    for location in made.message.location:
        location.line[0].line = 0
    file = drop(tmp_path / "a.pb.gz", made.bytes())
    for by in ("line", "function"):
        theirs = subprocess.run(
            [program(), *pprof_options(None, "inuse_space", by), file], capture_output=True, check=True, text=True
        )
        rows = printed_rows(theirs.stdout)
        assert sorted(rows[1].elements()) == [(42, 42, "<unknown>"), (51, 51, "<unknown>")]
        assert ours(file, None, "inuse_space", by) == rows


MANGLED = """
_ZNSt6vectorIiSaIiEE9push_backEOi _ZNK3foo3barEv _ZN12_GLOBAL__N_13fooEv _ZN3FooC1Ev _ZN3FooD0Ev _ZN3foo3barEi.cold
_ZNSt3mapIiSt6vectorIiSaIiEESt4lessIiESaISt4pairIKiS2_EEEixERS6_ _Znwm _ZdlPv _ZN3foonwEm _ZnwmRKSt9nothrow_t _ZN3FoocvbEv
_ZN3fooltERKS_S1_ _ZN3foolsEi _ZN3fooclEv _ZN3fooptEv _ZN1AaaERKS_ _ZN1AadEv _ZN1AcmERKS_ _ZN1AssERKS_ _Z3fooPFviE _Z1fILi3EEvv
_ZZN3foo3barEvENKUlvE_clEv _ZZN1A1fEiENKUlRKT_iE0_clIiEEDaS2_i _ZZZN1A1fEvENKUlvE_clEvENKUlvE_clEv _ZN1AUt_1fEv
_ZZN1A1fEvENKUlPFviEiE_clES1_i _ZZ4mainENKUlvE_clEv _ZZ4mainENK3$_0clEv _ZZNK1A1fEvENKUlvE_clEv _ZNKR1A1fEv _ZNV1A1fEv
_ZThn8_N3FooIiE3barEi _ZTv0_n24_NSt14basic_ofstreamIcSt11char_traitsIcEED1Ev _ZTW3bar _ZTH3bar ___ZN3foo3barEv_block_invoke
_ZN3foo3barB5cxx11Ev _ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE9_M_appendEPKcm _ZN1AcvPT_IcEEv _Z1fIiEDTcl1gEEv
_ZNSt6thread11_State_implINS_8_InvokerISt5tupleIJZ4mainEUlvE_EEEEE6_M_runEv _Z1fIJidEEvDpT_ __ZN3foo3barEv
_RNvCs1234_7mycrate3foo _RNvMCs1234_7mycrateNtB2_3Bar3new _RNvXCs1234_7mycrateNtB2_3BarNtB2_3Baz3new _RNCNvCs1234_7mycrate3foo0B3_
_RINvCs1234_7mycrate3fooNtB2_3BarE _RNvXs_NtC5alloc3vecINtB4_3VecpENtNtC4core5clone5Clone5clone _RNvYINtC5alloc3VechENtC4core5Clone5clone
_RINvC1a1fFG_RL0_hEuE _RNCINvC1a1fhE0 _RNvC1a4main.llvm.123456 _RNvNvNvCs1_1a4main3foo3bar.cold _RINvNtC3std3mem8align_ofjdE
_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE _ZN5alloc3vec16Vec$LT$T$C$A$GT$4push17h0123456789abcdefE
_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE
_ZN1a4main17h0123456789abcdefE.llvm.123456 _ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE
_Read _Znonsense _Z main.(*Cache[int]).Put
"""


@pytest.mark.programs
def test_mangled_names(tmp_path: Path) -> None:
    """As pprof shows them by default: it takes this for a part of the symbolization."""
    made = Builder(("inuse_space", "bytes"))
    for number, name in enumerate(MANGLED.split(), 1):
        made.sample(f"{name}@/w/a.cc:{number}", [number])
    file = drop(tmp_path / "a.pb.gz", made.bytes())
    for by in ("line", "function"):
        found = ours(file, None, "inuse_space", by)
        assert found == pprof(file, None, "inuse_space", by, "-symbolize=fastlocal")
        assert found[1].total() > 50
        assert any("std::vector::push_back" in name for _, _, name in found[1])


TOP = 2**63


@pytest.mark.programs
@pytest.mark.parametrize(
    "values",
    [
        (TOP - 1,),
        (-TOP,),
        (TOP - 1, 1),
        (-TOP, -1),
        (TOP // 2, TOP // 2, -TOP),
        (TOP - 1, TOP - 1, TOP - 1, 5),
        (-TOP, -TOP),
    ],
)
@pytest.mark.parametrize("has_base", [False, True])
def test_sums_beyond_64_bits_wrap_around(values: tuple[int, ...], has_base: bool, tmp_path: Path) -> None:
    made = Builder(("space", "bytes"))
    for i, value in enumerate(values):
        made.sample(f"main.f{i // 2}@/w/a.go:{i // 2} < main.g@/w/a.go:{10 + i}", [value])  # pprof merges equal stacks
    head = drop(tmp_path / "a.pb.gz", made.bytes())
    other = Builder(("space", "bytes"))
    other.sample("main.g@/w/a.go:9", [-TOP])
    base = drop(tmp_path / "b.pb.gz", other.bytes()) if has_base else None
    for by in ("line", "function"):
        assert rounded(*ours(head, base, "space", by)) == rounded(*pprof(head, base, "space", by))


def rounded(total: int, rows: Rows) -> tuple[float, Counter[tuple[float, float, str]]]:
    """Return the numbers as exact as pprof prints them: by way of a float."""
    return float(total), Counter((float(flat), float(cum), name) for flat, cum, name in rows.elements())


@pytest.mark.programs
@pytest.mark.parametrize("types", [65, 300])
def test_many_sample_types(types: int, tmp_path: Path) -> None:
    made = Builder(*((f"t{i}", "count") for i in range(types)))
    made.sample("main.f@/w/a.go:1", list(range(types)))
    made.sample("main.g@/w/a.go:2", [7] * types)
    file = drop(tmp_path / "a.pb.gz", made.bytes())
    for kind in ("t1", "t64", f"t{types - 1}"):
        assert ours(file, None, kind, "line") == pprof(file, None, kind, "line")


@pytest.mark.programs
def test_sample_types_of_one_name_and_of_none(tmp_path: Path) -> None:
    """pprof drops them, and refuses a file that has no others; the same values under good names are the second source."""
    odd, good = ("cpu", "cpu", "", "cpu", ""), "abcde"
    files = []
    for names in (odd, good):
        made = Builder(*((name, "bytes") for name in names))
        made.sample("main.f@/w/a.go:1", [1, 20, 300, 4000, 50_000])
        files.append(drop(tmp_path / f"{len(files)}.pb.gz", made.bytes()))
    for name, known in zip(("cpu", "cpu (2)", "unnamed", "cpu (3)", "unnamed (2)"), good, strict=True):
        assert ours(files[0], None, name, "line") == pprof(files[1], None, known, "line")
        assert ours(files[0], files[0], name, "line")[1] == Counter()
    assert ours(files[0], None, "", "line") == pprof(files[1], None, "", "line")


@pytest.mark.programs
def test_the_difference_of_differences(tmp_path: Path) -> None:
    """Only where it is asked for; the head has a base of its own, which counts to the base."""
    made = Builder(("inuse_space", "bytes"))
    made.sample("main.f@/w/a.go:1", [500])
    made.sample("main.g@/w/a.go:2", [-70], pprof__base="true")
    head = drop(tmp_path / "head.pb.gz", made.bytes())
    other = Builder(("inuse_space", "bytes"))
    other.sample("main.f@/w/a.go:1", [-30])
    other.sample("main.h@/w/a.go:3", [9])
    base = drop(tmp_path / "base.pb.gz", other.bytes())
    theirs = pprof(head, base, "inuse_space", "line")
    assert theirs[0] == 109
    assert ours(head, base, "inuse_space", "line", "--not-a-difference") == theirs


@needs_profiles
def test_no_file_is_forgotten() -> None:
    table = re.findall(r"^\| `([^`]+)` \|", Path(PROFILES, "README.md").read_text(), re.MULTILINE)
    assert there() == sorted(table)
    assert set(table) > UNREAD | EMPTY


@needs_profiles
@pytest.mark.parametrize("name", sorted(UNREAD))
def test_pprof_reads_none_of_the_others(name: str) -> None:
    done = subprocess.run([program(), "-top", Path(PROFILES, name)], capture_output=True, text=True, check=False)
    assert done.returncode, done.stdout
    assert "parsing profile" in done.stderr


@needs_profiles
@pytest.mark.parametrize(
    ("name", "error"), [("fuzz-crash-24-bytes", Malformed), ("git-lfs-pointer.pb.gz", Unrecognized)]
)
def test_what_is_broken_or_no_profile_is_told(name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(Path(PROFILES, "odd", name).read_bytes())


@needs_profiles
def test_jemallocs_heap() -> None:
    """The README's sums, and a plain loop over the lines: each stack un-sampled as jeprof does it."""
    data = Path(PROFILES, "cpp/jemalloc-heap_v2.txt").read_bytes()
    profile = read(data)
    assert [t.type for t in profile.sample_types] == ["inuse_objects", "inuse_space"]
    assert len(profile) == 471
    wanted = np.array([unsampled(count, size) for count, size in jemallocs_stacks(data.decode())])
    assert np.abs(profile.values - wanted).max() < 1
    assert (
        profile.values.sum(axis=0).tolist() == wanted.sum(axis=0).astype(int).tolist() == [12_526_533, 182_546_748_483]
    )


def jemallocs_stacks(text: str) -> Iterator[tuple[int, int]]:
    lines = text.split("\n")
    for line, below in itertools.pairwise(lines):
        if line.startswith("@"):
            count, size = re.match(r"  t\*: (\d+): (\d+) \[0: 0\]", below).groups()
            yield int(count), int(size)


def unsampled(count: int, size: int, rate: int = 1 << 20) -> tuple[float, float]:
    scale = 1 / (1 - math.exp(-(size / count) / rate)) if count else 0
    return count * scale, size * scale


@needs_profiles
def test_the_goroutines_of_one_program_in_three_forms() -> None:
    """The proto is the reference; the one goroutine that wrote them stood on another line for each."""
    proto, text, dump = (read_goroutines(name) for name in ("labels.pb.gz", "debug1-labels.txt", "debug2.txt"))
    assert proto.values.sum() == text.values.sum() == dump.values.sum() == 9
    assert labelled(text) == labelled(proto)
    wanted = waiting(proto)
    assert wanted.total() == 8
    assert waiting(text) == wanted
    assert Counter(stack[:-1] for stack in waiting(dump).elements()) == wanted  # the last is the go statement


def read_goroutines(name: str) -> Profile:
    return read(Path(PROFILES, "go", f"goroutine-{name}").read_bytes())


def waiting(profile: Profile) -> Counter[tuple[Frame, ...]]:
    """Return how many goroutines wait at a stack, without what the text leaves out: runtime's leaves, and goexit."""
    out: Counter[tuple[Frame, ...]] = Counter()
    for i, (count,) in enumerate(profile.values.tolist()):
        rows = profile.stack_frames[profile.frame_at[i] : profile.frame_at[i + 1]].tolist()
        known = [frame for row in rows if (frame := profile.frame(row)).function]
        out[tuple(dropwhile(lambda frame: frame.function.startswith("runtime."), known))] += count
    return Counter({s: n for s, n in out.items() if "main.writeProfiles" not in {frame.function for frame in s}})


def labelled(profile: Profile) -> int:
    """Return how many goroutines carry the program's one label."""
    names = zip(profile.text(profile.labels.key), profile.text(profile.labels.text), strict=True)
    given = zip(profile.labels.sample.tolist(), names, strict=True)
    return int(profile.values[[sample for sample, name in given if name == ("test_label", "test_value")]].sum())


@pytest.mark.programs
@pytest.mark.timeout(300)
def test_fresh_profiles_of_the_leaky_example(leaky_profiles: list[Path]) -> None:
    first, *_, last = leaky_profiles
    assert assert_equal(last, None) > 0
    assert assert_equal(last, first) > 0
