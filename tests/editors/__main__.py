"""`make editors`: tries real editors on real captures, and prints what each shows. Ends with 1 if a check fails.

The editors are installed where packages of them are at hand: into .tools, or as root by apt-get.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tests.editors import emacs, neovim
from tests.editors.editor import run, seen
from tests.editors.workspace import workspace

EDITORS = {"neovim": neovim.editors, "emacs": emacs.editors}


def main() -> int:
    """Try the named editors, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("editors", nargs="*", choices=[*EDITORS, []], help="which to try; by default, all")
    parser.add_argument("--screens", type=Path, help="a directory for the screens, as text")
    given = parser.parse_args()
    opened, results = workspace(), {}
    for name in given.editors or EDITORS:
        for editor in EDITORS[name]():
            results[editor.name, editor.version] = run(editor, opened)
    opened.rewind()
    for (name, check), screen in seen.items() if given.screens else ():
        given.screens.mkdir(parents=True, exist_ok=True)
        (given.screens / (re.sub(r"\W+", "-", f"{name} {check}").lower() + ".txt")).write_text(screen + "\n", "utf-8")
    sys.stdout.write(table(results) + "\n")
    return int(not results or any(failure for checks in results.values() for failure in checks.values()))


def table(results: dict[tuple[str, str], dict[str, str]]) -> str:
    """Return a table in Markdown: a row for each check, a column for each editor."""
    checks = dict.fromkeys(check for one in results.values() for check in one)
    head = ["", *(f"{name} {version}" for name, version in results)]
    rows = [
        [check, *("–" if check not in one else "FAILED" if one[check] else "yes" for one in results.values())]
        for check in checks
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
