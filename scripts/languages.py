"""Checks the table of docs/languages/README.md against the last run of tests/exporters, and writes what that ran."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from textwrap import fill
from xml.etree import ElementTree as ET

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "languages" / "README.md"
INSTALLED = ROOT / ".tools" / "exporters"
RUN = INSTALLED / "run.xml"
"""What pytest wrote of the run."""
ROWS = {
    "gperftools": "test_two_leaks_and_an_honest_neighbour[gperftools]",
    "jemalloc": "test_two_leaks_and_an_honest_neighbour[jemalloc]",
    "jemalloc's `heap_v2`": "test_two_leaks_and_an_honest_neighbour[heap_v2]",
    "`jemalloc_pprof`": "test_two_leaks_and_an_honest_neighbour[pprof]",
    "async-profiler": "test_one_recording_in_windows[Java]",
    "`jfrconv`": "test_what_jfrconv_makes_of_a_recording[Java]",
    "V8's sampler": "test_two_leaks_and_an_honest_neighbour[compiled]",
    "`@datadog/pprof`": "test_two_leaks_and_an_honest_neighbour[compiled, @datadog/pprof]",
    "tracemalloc": "test_tracemalloc",
    "ddtrace": "test_ddtrace",
    "JAX": "test_jax",
}
"""The test that shows each row of the table to be so."""
SAID = re.compile(r"Its last run passed .*?\n(?=\n|\Z)", re.DOTALL)


def main() -> None:
    cases = ET.parse(RUN).getroot().findall(".//testcase")
    passed = {str(case.get("name")) for case in cases if not len(case)}
    text = PAGE.read_text("utf-8")
    if lost := [row for row, test in ROWS.items() if f"), {row} |" not in text or test not in passed]:
        sys.exit(f"{PAGE.relative_to(ROOT)}: rows that are not there, or whose test did not pass: {', '.join(lost)}")
    names = [f"{name} {version}" for name, version in versions()]
    said = f"Its last run passed {len(passed)} of {len(cases)} tests, on Linux with {', '.join(names[:-1])} and {names[-1]}."
    PAGE.write_text(SAID.sub(lambda _: fill(said, 132, break_on_hyphens=False) + "\n", text), "utf-8")


def versions() -> list[tuple[str, str]]:
    """Return the exporters that `make languages` installs, with their versions."""
    crates = dict(re.findall(r'name = "(.+)"\nversion = "(.+)"', (INSTALLED / "rust" / "Cargo.lock").read_text()))
    (jar,) = (INSTALLED / "java").glob("async-profiler-*.jar")
    package = json.loads((INSTALLED / "node_modules/@datadog/pprof/package.json").read_text())
    python = {
        path.name.split("-")[0]: path.name.split("-")[1].removesuffix(".dist")
        for path in INSTALLED.glob("python/lib/python*/site-packages/*.dist-info")
    }
    return [
        *((name, crates[name]) for name in ("tikv-jemallocator", "jemalloc_pprof")),
        ("async-profiler", jar.stem.rpartition("-")[2]),
        ("`@datadog/pprof`", str(package["version"])),
        ("ddtrace", python["ddtrace"]),
        ("JAX", python["jax"]),
    ]


if __name__ == "__main__":
    main()
