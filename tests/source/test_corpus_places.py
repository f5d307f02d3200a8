"""Real profiles, and their sources laid out as on another machine: every byte that has a file here finds it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alloclens.profile.errors import ProfileError
from alloclens.profile.formats import read
from alloclens.series.contents import Pair
from alloclens.session.setup import setup
from alloclens.source.places import Place

from tests.support.reading import read as read_all

if TYPE_CHECKING:
    from alloclens.tables.lines import Lines

PROFILES = os.environ.get("ALLOCLENS_PROFILES")
needs_profiles = pytest.mark.skipif(not PROFILES, reason="ALLOCLENS_PROFILES names no folder of real profiles")


@dataclass(frozen=True)
class Checkout:
    """What a person who has the sources opens in the editor."""

    recorded: str
    """The folder as the profile names it."""
    module: str = ""
    """Its go.mod's. Then the checkout's folder may be called anything; without one it keeps its name."""
    nested: tuple[str, ...] = ()
    """Folders in it that are modules of their own."""

    @property
    def name(self) -> str:
        return "elsewhere" if self.module else PurePosixPath(self.recorded).name


UMH = Checkout("/workspaces/benthos-umh-topic-processor", "github.com/united-manufacturing-hub/benthos-umh")
NOTES = Checkout("/Users/felix.geisendoerfer/go/src/github.com/felixge/go-profiler-notes")
DATADOG = Checkout("/Users/nick.ripley/dd/dd-trace-go", "gopkg.in/DataDog/dd-trace-go.v1")
PARCA = Checkout("/Users/brancz/src/github.com/parca-dev/parca", "github.com/parca-dev/parca")
OPERATOR = Checkout(  # built by GitHub's runner: so the profile recorded it
    "/home/runner/work/prometheus-operator/prometheus-operator",
    "github.com/prometheus-operator/prometheus-operator",
    ("pkg/apis/monitoring", "pkg/client"),
)
CHECKOUTS = {
    "go/allocs-2025-benthos.prof": (UMH,),
    "go/pair-benthos/heap-before.pprof": (UMH,),
    "go/pair-benthos/heap-after.pprof": (UMH,),
    "go/block-raw.pprof": (Checkout("/Users/nick.ripley/sandbox/go/foo"),),
    "go/cpu-no-mapping-no-address.prof": (Checkout("/Users/jlfwong/code/speedscope"),),
    "go/goroutine-debug1-labels.txt": (NOTES,),
    "go/goroutine-debug2.txt": (NOTES,),
    "go/goroutine-labels.pb.gz": (NOTES,),
    "go/heap-2020-parca-4661-samples.pb.gz": (OPERATOR,),
    "go/heap-2020-vendor.out": (
        Checkout("/Users/muhammet.arslan/go/src/github.com/hellofresh/kangal", "github.com/hellofresh/kangal"),
    ),
    "go/heap-2022-17655-samples-raw.pprof": (DATADOG,),
    "go/pair-ddtrace/heap-before.pprof": (DATADOG,),
    "go/pair-ddtrace/heap-after.pprof": (DATADOG,),
    "go/heap-2022-trimpath-delta.prof": (Checkout("github.com/evmos/evmos/v9", "github.com/evmos/evmos/v9"),),
    "go/heap-2022-windows.pprof": (Checkout("C:/Users/joeti/projects/go/wind-vm-go", "wind-vm-go"),),
    "go/heap-2026-huge-lines.prof": (
        Checkout("/Users/matt.kaniaris/work/baton-sdk", "github.com/conductorone/baton-sdk"),
    ),
    "go/heap-diff-base-label.pb.gz": (
        Checkout("/home/brancz/src/github.com/conprof/conprof", "github.com/conprof/conprof"),
    ),
    "go/series-parca/heap-1644509272.pb.gz": (PARCA,),
    "go/series-parca/heap-1644509290.pb.gz": (PARCA,),
    "go/series-parca/heap-1644509299.pb.gz": (PARCA,),
    "java/heapz-legacy.txt": (Checkout(""),),
    "julia/alloc-profile-raw.pb.gz": (
        Checkout("/Users/daly/Documents/developer/code/book/crafting_interpreters/JuLox"),
    ),
    "native/cpu-and-alloc-anonymised.pprof": (Checkout(""),),
    "node/heap.pb.gz": (
        Checkout("/Users/shaleynikov/Workspace/pyroscope/examples/nodejs/express"),
        Checkout("/Users/shaleynikov/Workspace/pyroscope-nodejs"),
    ),
    "python/jax-device-memory.prof": (Checkout("/home/miyazaki/work/microjax"),),
}
"""All that name any file; of the native one the words were exchanged, so the whole of its tree is the checkout."""
JULIA = "/Users/daly/.julia/juliaup/julia-1.8.5+0.x64.apple.darwin14/lib/julia"
NO_FILE = {
    "go/heap-2022-17655-samples-raw.pprof": {"_testmain.go"},
    "go/pair-ddtrace/heap-before.pprof": {"_testmain.go"},
    "go/pair-ddtrace/heap-after.pprof": {"_testmain.go"},
    "go/heap-2026-huge-lines.prof": {"_testmain.go"},
    "julia/alloc-profile-raw.pb.gz": {"nothing", f"{JULIA}/libjulia-internal.1.8.dylib", f"{JULIA}/sys.dylib"},
    "native/cpu-and-alloc-anonymised.pprof": {"/timing/nebraska/mirror/magazine/indigo/october"},
    "node/heap.pb.gz": {
        *("node:_http_agent", "node:_http_client", "node:_http_common", "node:_http_server", "node:events"),
        *("node:http", "node:internal/net", "node:internal/process/task_queues", "node:internal/stream_base_commons"),
        *("node:internal/streams/duplex", "node:internal/streams/passthrough", "node:internal/streams/readable"),
        *("node:internal/streams/transform", "node:internal/streams/writable", "node:internal/timers", "node:net"),
    },
}
"""What `go test` writes and removes again, what is part of Node's own binary, machine code, and Julia's types.

And of the words of the native profile a file and a directory were given the same.
"""
REQUIRED = "require github.com/prometheus/prometheus v1.8.2\n"
"""The only dependency that a profile names without its version: by a `//line` of a generated parser."""
WORDS = r"[A-Za-z_]\w*"
STANDARD = re.compile(r"(?:.*/(?:libexec|x64|go|go1\.19|current)/)?src/(.*)$|((?:[a-z0-9]+/)+\w+\.(?:go|s))$")
DEPENDENCY = re.compile(r"(?:.*/pkg/mod/)?([^/]+\.[^/]+(?:/[^/]+)*@v[^/]+)(/.*)$")


@dataclass(frozen=True)
class Machine:
    """Where things lie here: nothing where it was recorded."""

    root: Path

    def target(self, file: str, functions: set[str], checkouts: tuple[Checkout, ...]) -> Path:
        """Return where a person who has all sources has this one."""
        for checkout in checkouts:
            if checkout.recorded and (file + "/").startswith(checkout.recorded + "/"):
                return self.checkout(checkout) / file[len(checkout.recorded) + 1 :]
        here = self.checkout(checkouts[0])
        return self._dependency(file) or here / self._inside(file, functions)

    def _dependency(self, file: str) -> Path | None:
        """Return where what nobody edits lies."""
        if found := DEPENDENCY.match(file):
            module = re.sub("[A-Z]", lambda letter: "!" + letter[0].lower(), found[1])
            return self.root / "modules" / module / found[2][1:]
        for marker, directory in self.installed.items():
            if marker in file:
                return directory / file.rpartition(marker)[2]
        if file.endswith((".go", ".s")) and (found := STANDARD.match(file)):
            return self.root / "goroot/src" / (found[1] or found[2])
        if file.endswith(".y"):  # its functions say the package: github.com/prometheus/prometheus/promql/parser
            return self.root / "modules/github.com/prometheus/prometheus@v1.8.2" / file
        return None

    @staticmethod
    def _inside(file: str, functions: set[str]) -> str:
        """Return where in a checkout of which all is known but its root: Java's classes lie by their packages."""
        if not file.endswith(".java"):
            return file.lstrip("/")
        package = next(iter(functions)).rpartition(".")[0]
        return f"src/main/java/{package.replace('.', '/')}/{file}"

    @property
    def installed(self) -> dict[str, Path]:
        return {
            "/site-packages/": self.root / "venv/lib/python3.12/site-packages",
            "/share/julia/": self.root / "julia/juliaup/julia-1.8.5/share/julia",
        }

    def checkout(self, checkout: Checkout) -> Path:
        return self.root / "code" / (checkout.name or "project")

    def go_mods(self, checkout: Checkout) -> None:
        folder = self.checkout(checkout)
        folder.mkdir(parents=True, exist_ok=True)
        for inside in ("", *checkout.nested) if checkout.module else ():
            path = "/".join(part for part in (checkout.module, inside) if part)
            (folder / inside).mkdir(parents=True, exist_ok=True)
            (folder / inside / "go.mod").write_text(f"module {path}\n\n{REQUIRED}")


def test_this_list_is_about_all_profiles_that_name_a_file() -> None:
    if not PROFILES:
        pytest.skip("ALLOCLENS_PROFILES names no folder of real profiles")
    files = (path for path in Path(PROFILES).rglob("*") if path.is_file() and path.name != "README.md")
    assert {str(path.relative_to(PROFILES)) for path in files if any(recorded(path))} == set(CHECKOUTS)


@needs_profiles
@pytest.mark.parametrize("name", CHECKOUTS)
def test_every_byte_of_a_real_profile_is_placed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, checkouts = Machine(tmp_path / "here"), CHECKOUTS[name]
    wanted = laid_out(machine, recorded(Path(PROFILES, name)), name)
    another_machine(monkeypatch, machine.root)
    here = setup(tuple(str(machine.checkout(one)) for one in checkouts), {})
    profile = Path(PROFILES, name)
    known = read_all(profile, reader=here.reader)
    lines = known.pair(Pair(str(profile), None)).head
    found = {file: known.sources.find(file) for file in lines.files}
    wrong = {f: p for f, p in found.items() if (p.path if isinstance(p, Place) else None) != wanted.get(f)}
    assert not wrong
    assert shares(lines, set(wanted), NO_FILE.get(name, set())) == {(1.0, 1.0)}


def recorded(path: Path) -> dict[str, dict[str, int]]:
    """Return the files of a profile with the functions of each, and where these begin."""
    files: dict[str, dict[str, int]] = defaultdict(dict)
    try:
        profile = read(path.read_bytes())
    except ProfileError:
        return {}
    for row in range(len(profile.functions.file)):
        file, name = (profile.strings[column[row]] for column in (profile.functions.file, profile.functions.name))
        if file:
            files[file][name] = int(profile.functions.start_line[row])
    return files


def laid_out(machine: Machine, files: dict[str, dict[str, int]], name: str) -> dict[str, str]:
    """Write a file for each recorded one that has one, and return where."""
    absent = NO_FILE.get(name, set())
    assert absent <= files.keys()
    for checkout in CHECKOUTS[name]:
        machine.go_mods(checkout)
    targets = {f: machine.target(f, set(files[f]), CHECKOUTS[name]) for f in files.keys() - absent}
    for file, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text(target.suffix, files[file]))
    return {file: str(target) for file, target in targets.items()}


def text(suffix: str, functions: dict[str, int]) -> str:
    """Return a source that declares each function where the profile says, or after all others."""
    lines = {1: "package x"} if suffix == ".go" else {}
    for name, start in sorted(functions.items(), key=lambda item: item[1] == 0):
        lines.setdefault(start or max(lines, default=0) + 1, declaration(suffix, name))
    return "\n".join(lines.get(number, "") for number in range(1, max(lines) + 1)) + "\n"


def declaration(suffix: str, name: str) -> str:
    """Return what declares a function in its language, as a person would read its name."""
    if suffix == ".go":
        name = re.sub(r"\[[^\]]*\]+", "", name).rpartition("/")[2].partition(".")[2]
        receiver, plain, value, method = re.match(
            rf"(?:\((\*{WORDS})\)\.({WORDS})|({WORDS})(?:\.({WORDS}))?|.*)", name
        ).groups()
        if receiver:
            return f"func (t {receiver}) {plain}() {{}}"
        closure = not method or re.fullmatch(r"func\d+|gowrap\d+|deferwrap\d+", method)
        return f"func {value}() {{}}" if closure else f"func (t {value}) {method}() {{}}"
    if "(anonymous)" in name:
        return "app.get('/', (req, res) => {"
    words = re.findall(WORDS, re.sub(r"\(.*", "", name)) or ["x"]
    return {".py": f"def {words[-1]}():", ".jl": f"function {words[-1]}()"}.get(suffix, f"function {words[-1]}() {{")


def another_machine(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Leave no program and no directory but those laid out."""
    for name, path in {
        "GOROOT": "goroot",
        "GOMODCACHE": "modules",
        "VIRTUAL_ENV": "venv",
        "JULIA_DEPOT_PATH": "julia",
    }.items():
        monkeypatch.setenv(name, str(root / path))
    for name in ("PATH", "HOME", "GOPATH", "CARGO_HOME", "RUSTUP_HOME"):
        monkeypatch.setenv(name, str(root / "nothing"))
    (root / "goroot/src/runtime").mkdir(parents=True, exist_ok=True)
    (root / "modules").mkdir(exist_ok=True)


def shares(lines: Lines, placed: set[str], absent: set[str]) -> set[tuple[float, float]]:
    """Return for each sample type which part of the bytes is charged to placed files, and has its leaf there.

    Of those bytes that are charged to a file, or have their leaf in one, at all.
    """
    here = np.array([file in placed for file in lines.files])
    somewhere = np.array([bool(file) and file not in absent for file in lines.files])
    charged_to = lines.charged[: len(lines.files)]
    leaf = np.zeros(charged_to.shape)
    np.add.at(leaf, lines.file, np.abs(lines.value.flat))
    parts = [(of[here].sum(axis=0), of[somewhere].sum(axis=0)) for of in (charged_to, leaf)]
    charged, flat = ([f / t if t else 1.0 for f, t in zip(*part, strict=True)] for part in parts)
    return set(zip(charged, flat, strict=True))
