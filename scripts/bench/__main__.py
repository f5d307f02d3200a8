"""python -m scripts.bench: measure time and memory, compared with gunzip and pprof, and print a table for each part."""

from __future__ import annotations

import argparse
import json
import pkgutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scripts import tools
from scripts.bench.machine import machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.bench.section import Section

SECTIONS = ("reading", "placement", "series", "flame", "typing", "requests", "refresh")
"""The modules here whose `measure` is a part of the benchmarks."""


def main() -> None:
    """Measure, print."""
    given = _arguments()
    parts: dict[str, object] = {}
    print("; ".join(f"{name} {value}" for name, value in machine().items()))
    for name in given.sections:
        measure: Callable[..., Section] = pkgutil.resolve_name(f"scripts.bench.{name}:measure")
        began = time.monotonic()
        section = measure(quick=given.quick)
        tools.say(f"{name}: measured in {time.monotonic() - began:.0f} s")
        print(f"\n## {name}\n\n{section.text}", flush=True)
        parts[name] = {"text": section.text, "figures": section.figures}
        if given.json:
            measured = {"machine": machine(), "quick": given.quick, "parts": parts}
            given.json.write_text(json.dumps(measured, indent=1) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.bench", description=__doc__)
    parser.add_argument(
        "sections",
        nargs="*",
        type=_section,
        default=SECTIONS,
        metavar="PART",
        help=f"only these: {', '.join(SECTIONS)}",
    )
    parser.add_argument("--quick", action="store_true", help="smaller files and fewer rounds: a minute and a half")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="also write the tables, and the figures of each round, to a file"
    )
    return parser.parse_args()


def _section(name: str) -> str:
    if name not in SECTIONS:
        raise argparse.ArgumentTypeError(f"there is no part {name}; choose from {', '.join(SECTIONS)}")
    return name


if __name__ == "__main__":
    main()
