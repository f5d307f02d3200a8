"""Python: snapshots of tracemalloc as the documentation writes them, ddtrace and JAX, and profiles in their forms."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

from tests.exporters.shops import INSTALLED, KEEPS, LEAKS, SNAPSHOTS, a_minute_apart, assert_found, seen
from tests.support import tools
from tests.support.profiles import BEGIN, Builder, drop

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow]
MB = 1 << 20
DDTRACE = (
    *(("cpu-time", "nanoseconds"), ("cpu-samples", "count"), ("wall-time", "nanoseconds"), ("alloc-samples", "count")),
    *(("alloc-space", "bytes"), ("heap-space", "bytes"), ("gpu-flops", "count"), ("gpu-flops-samples", "count")),
)
JAX = (("allocations", "count"), ("space", "bytes"))


OF_TRACEMALLOC = """
def start():
    tracemalloc.start(10)

def dump(turn):
    write(f"profiles/{turn:02}.pb.gz", tracemalloc.take_snapshot())
"""
OF_DDTRACE = """
from ddtrace.profiling import Profiler

profiler = Profiler()
start = profiler.start

def dump(turn):  # which it does once a minute
    profiler._profiler._scheduler.flush()
"""
ENVIRONMENT = {
    "DD_PROFILING_OUTPUT_PPROF": "profiles/shop",
    "DD_PROFILING_HEAP_SAMPLE_SIZE": "65536",
    "DD_TRACE_ENABLED": "false",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "JAX_PLATFORMS": "cpu",
}
PYTHON = INSTALLED / "python" / "bin" / "python"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    return tools.put(tools.PROGRAMS / "python" / "shop.py", tmp_path / "shop.py")


def line(source: Path, mark: str) -> int:
    return next(n for n, text in enumerate(source.read_text().splitlines(), 1) if text.endswith(f"# {mark}"))


async def test_tracemalloc(tmp_path: Path, source: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (tools.ROOT / "docs" / "formats.md").read_text("utf-8"), re.DOTALL)
    (code,) = (block for block in blocks if "tracemalloc" in block)
    (tmp_path / "profiler.py").write_text(code + OF_TRACEMALLOC)
    tools.run(sys.executable, source, cwd=tmp_path)
    assert len(a_minute_apart(tmp_path / "profiles")) == SNAPSHOTS
    shop = (await seen(tmp_path, [source]))["shop.py"]
    assert_found(shop)


def run_installed(program: Path) -> None:
    """Run a program with the packages that `make languages` installs."""
    if not PYTHON.exists():
        pytest.skip("`make languages` installs ddtrace and JAX")
    settings = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    tools.run("sh", "-c", f"{' '.join(settings)} exec {shlex.quote(str(PYTHON))} {program.name}", cwd=program.parent)


async def test_ddtrace(tmp_path: Path, source: Path) -> None:
    (tmp_path / "profiler.py").write_text(OF_DDTRACE)
    run_installed(source)
    assert len(a_minute_apart(tmp_path / "profiles", "*.pprof")) == SNAPSHOTS + 1  # it writes one as it ends
    assert_found((await seen(tmp_path, [source]))["shop.py"])


async def test_jax(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    source = tools.put(tools.PROGRAMS / "python" / "buffers.py", tmp_path / "buffers.py")
    run_installed(source)
    assert len(a_minute_apart(tmp_path / "profiles")) == SNAPSHOTS
    assert_found((await seen(tmp_path, [source]))["buffers.py"])


@pytest.mark.parametrize("types", [DDTRACE, JAX], ids=["ddtrace", "JAX"])
async def test_profilers_that_record_no_rate(tmp_path: Path, source: Path, types: tuple[tuple[str, str], ...]) -> None:
    labels = {"device": "gpu:0", "kind": "buffer"} if types == JAX else {"thread name": "MainThread"}
    for i in range(SNAPSHOTS):
        made = Builder(*types)
        for mark, megabytes in ((LEAKS[0], 4 + 4 * i), (LEAKS[1], 3 + 3 * i), (KEEPS, 20 + i % 2)):
            held = {"space": megabytes * MB, "allocations": megabytes, "heap-space": megabytes * MB, "alloc-space": MB}
            stack = f"work@{source}:{line(source, mark)} < <module>@{source}:30"
            made.sample(stack, [held.get(name, 0) for name, _ in types], **labels)
        made.message.time_nanos, made.message.duration_nanos = (BEGIN + 60 * i) * 10**9, 60 * 10**9
        drop(tmp_path / f"profiles/{i:02}.pb.gz", made.bytes())
    shop = (await seen(tmp_path, [source]))["shop.py"]
    assert shop.findings == dict.fromkeys(LEAKS, "growing")
    assert {mark: shop.hints[mark] for mark in (*LEAKS, KEEPS)} == {
        LEAKS[0]: "48.0MB ▲44.0MB",
        LEAKS[1]: "36.0MB ▲33.0MB",
        KEEPS: "21.0MB ▲1.0MB" if types == JAX else "21.0MB",  # JAX counts exactly
    }
