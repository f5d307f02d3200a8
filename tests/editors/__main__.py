"""`make editors`: tries real editors on real captures, and prints what each shows. Ends with 1 if a check fails.

The editors are installed into .tools where packages of them are at hand.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.tools import ROOT
from tests.editors import checks, emacs, helix, kate, neovim, vim
from tests.editors.editor import NOTHING_LEFT, run
from tests.editors.workspace import workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.editors.editor import Outcome

EDITORS = {
    "neovim": neovim.editors,
    "emacs": emacs.editors,
    "helix": helix.editors,
    "vim": vim.editors,
    "kate": kate.editors,
}
PAGE = ROOT / "docs" / "editors.md"
BEGIN, END = "<!-- begin: make editors -->\n", "<!-- end -->\n"


def main() -> int:
    """Try the named editors, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("editors", nargs="*", choices=[*EDITORS, []], help="which to try; by default, all")
    parser.add_argument("--screens", type=Path, help="a directory for the screens, as text")
    parser.add_argument("--write", action="store_true", help="put the table into docs/editors.md")
    given = parser.parse_args()
    opened, results = workspace(), {}
    for name in given.editors or EDITORS:
        for editor in EDITORS[name]():
            results[f"{editor.name}, {editor.version}"] = run(editor, opened)
    opened.rewind()
    if given.screens:
        _keep(results, given.screens)
    sys.stdout.write(table(results))
    if given.write:
        before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}{table(results)}{END}{rest.partition(END)[2]}", "utf-8")
    return int(not results or any(outcome.failure for one in results.values() for outcome in one.values()))


def _keep(results: Mapping[str, Mapping[str, Outcome]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, outcomes in results.items():
        for check, outcome in outcomes.items():
            file = re.sub(r"\W+", "-", f"{name} {check}").lower()
            (folder / f"{file}.txt").write_text(outcome.screen + "\n", "utf-8")


def table(results: Mapping[str, Mapping[str, Outcome]]) -> str:
    """Return a table in Markdown: a row for each editor, a column for each check that is common, and one for the others."""
    common = (*checks.EVERYWHERE, NOTHING_LEFT)
    lines = [["", *common, "also"], ["---"] * (len(common) + 2)]
    for name, outcomes in results.items():
        others = [_other(check, outcome) for check, outcome in outcomes.items() if check not in common]
        cells = [_cell(outcomes[check]) if check in outcomes else "–" for check in common]
        lines.append([name, *cells, "; ".join(others) or "–"])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(outcome: Outcome) -> str:
    return "FAILED" if outcome.failure else outcome.how


def _other(check: str, outcome: Outcome) -> str:
    return check if _cell(outcome) == "yes" else f"{check}: {_cell(outcome)}"


if __name__ == "__main__":
    sys.exit(main())
