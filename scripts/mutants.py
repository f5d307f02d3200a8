"""Changes the code of the rooms that only compute, a little at a time, and says which changes no test notices.

    python -m scripts.mutants [--sample N] [--seed S] [--processes N] [MODULE ...]

mutmut makes the changes (`x < y` becomes `x <= y`, an argument becomes None) and runs the tests that reach each of them.
There are thousands; a sample of a thousand tells within two percent how many are noticed. `mutmut show NAME`, in
`.tools/mutants`, shows one. tests/mutants.md lists those that survive, and why they may.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from scripts.tools import ROOT

WORK = ROOT / ".tools" / "mutants"
ROOMS = ("stats", "series", "tables", "source")
SELECTED = ["-m", "not e2e and not programs", "-p", "no:cacheprovider", "-p", "no:xdist"]
TESTS = [f"tests/{room}" for room in (*ROOMS, "transform", "languages", "workspace", "wording", "session", "cli")]
REQUIRED = 0.9
"""The share of all changes that tests have to notice."""
SKIPPED = 34
"""mutmut's exit code for a change that is not tried."""
NOTICED = ("killed", "timeout", "segfault")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="such as stats/trend.py; by default, all of the rooms"
    )
    parser.add_argument("--sample", type=int, default=1000, help="how many changes are tried; 0 tries all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    prepare(arguments.modules or [f"{room}/*" for room in ROOMS])
    os.chdir(WORK)  # mutmut reads its configuration and writes its results where it is started
    generate(arguments.processes)
    choose(arguments.sample, arguments.seed)
    mutmut = Path(sys.executable).with_name("mutmut")
    subprocess.run([mutmut, "run", "--max-children", str(arguments.processes)], check=True)
    return report(mutmut)


def prepare(modules: list[str]) -> None:
    """Lay out the project as mutmut wants it: the package below src, and tests that import it from there."""
    shutil.rmtree(WORK, ignore_errors=True)
    for name, original in {"src/alloclens": "server/alloclens", "tests": "tests", "scripts": "scripts"}.items():
        shutil.copytree(ROOT / original, WORK / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    for page in ROOT.glob("*.md"):
        shutil.copy(page, WORK)
    own = (ROOT / "pyproject.toml").read_text("utf-8")
    configuration = {
        "source_paths": ["src/alloclens"],
        "only_mutate": [f"src/alloclens/{module}" for module in modules],
        "also_copy": ["scripts", *(page.name for page in ROOT.glob("*.md"))],
        "pytest_add_cli_args": [*SELECTED, "--hypothesis-profile=quick"],
        "pytest_add_cli_args_test_selection": TESTS,
        "process_isolation": "forkserver",  # no test has run in it: what is remembered of one would hide a change
        "timeout_multiplier": 5.0,  # of the time that the tests took once, and of the seconds below: the machine may be busy
        "timeout_constant": 10.0,
    }
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in configuration.items()]
    (WORK / "pyproject.toml").write_text(own + "\n[tool.mutmut]\n" + "".join(lines), "utf-8")


def generate(processes: int) -> None:
    """Write all changes, as `mutmut run` does first."""
    from mutmut.__main__ import create_mutants  # noqa: PLC0415 - it reads its configuration when it is imported
    from mutmut.utils.file_utils import copy_also_copy_files, copy_src_dir  # noqa: PLC0415 - as above

    copy_src_dir()
    copy_also_copy_files()
    create_mutants(processes)


def choose(sample: int, seed: int) -> None:
    """Mark all changes but a sample as skipped."""
    results = {path: json.loads(path.read_text("utf-8")) for path in Path("mutants").rglob("*.py.meta")}
    names = sorted(name for result in results.values() for name in result["exit_code_by_key"])
    chosen = set(random.Random(seed).sample(names, min(sample or len(names), len(names))))
    for path, result in results.items():
        result["exit_code_by_key"] = {
            name: code if name in chosen else SKIPPED for name, code in result["exit_code_by_key"].items()
        }
        path.write_text(json.dumps(result), "utf-8")
    print(f"{len(chosen)} of {len(names)} changes are tried.", flush=True)


def report(mutmut: Path) -> int:
    """Print which changes survived, and for each room how many did not; return 1 if too many did."""
    lines = subprocess.run([mutmut, "results", "--all", "1"], check=True, capture_output=True, text=True).stdout
    counts: dict[str, Counter[str]] = {}
    for name, _, status in (line.strip().partition(": ") for line in lines.splitlines()):
        if status != "skipped":
            counts.setdefault(name.split(".")[1], Counter())[status] += 1
            if status not in NOTICED:
                print(f"{status}: {name}")
    total = sum(counts.values(), Counter[str]())
    for room, count in [*counts.items(), ("all", total)]:
        noticed = sum(count[status] for status in NOTICED)
        print(f"{room}: {noticed} of {count.total()} changes were noticed ({noticed / count.total():.1%})")
    return int(sum(total[status] for status in NOTICED) < REQUIRED * total.total())


if __name__ == "__main__":
    sys.exit(main())
