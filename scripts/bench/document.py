"""python -m scripts.bench.document FILE …: write the tables of files made with `--json` into docs/benchmarks.md.

A part of the page that is written begins with the comment `<!-- NAME -->` and ends with `<!-- end of NAME -->`.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import tools

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE = tools.ROOT / "docs/benchmarks.md"


def main() -> None:
    """Write the parts of each file."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.document", description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="what --json wrote")
    page = PAGE.read_text()
    for file in parser.parse_args().files:
        page = written(page, parts(json.loads(file.read_text())))
    PAGE.write_text(page)


def parts(measured: Mapping[str, Any]) -> dict[str, str]:
    """Return the text of each part by its name. A quick run is refused."""
    if measured["quick"]:
        raise SystemExit("These figures are of a quick run, with smaller files and fewer rounds.")
    on = ", ".join(f"{name} {value}" if name[0].isupper() else value for name, value in measured["machine"].items())
    return {"machine": f"Measured on: {on}.", **{name: of["text"] for name, of in measured["parts"].items()}}


def written(page: str, texts: Mapping[str, str]) -> str:
    """Return the page with other texts of these parts."""
    for name, text in texts.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise SystemExit(f"{PAGE} has no place for {name}: {begin} and {end}")
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        page = re.sub(pattern, lambda _, new=f"{begin}\n\n{text}\n\n{end}": new, page, flags=re.DOTALL)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    main()
