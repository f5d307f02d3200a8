"""A leak that a restart interrupts, in a file that was edited meanwhile: what the line did before is known where it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alloclens.series.verdicts import Rule
from alloclens.session import once

from tests.support.profiles import drop, heap
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.programs

MB = 1 << 20
DAY = 86_400
BEGIN = 1_700_000_000
C_LIKE = "void keep(int size)\n{\n    check(size);\n    kept = add(kept, make(8, size));\n    count = count + 1;\n}\n"
PYTHON = "def keep(size):\n    global kept, count\n    check(size)\n    kept = add(kept, make(8, size))\n    count = count + 1\n"
MAKES = "    kept = add(kept, make(8, size))"
LINE = 4
MAPPED = '[[pathMappings]]\nfrom = "/srv"\nto = "${workspaceFolder}"\n'
FILES = ("main.go", "main.rs", "main.cpp", "main.js", "main.py", "Main.java")


def rule(folder: Path, name: str, texts: tuple[str, str], lines: tuple[int, int]) -> Rule:
    """Return the rule of what leaks in the second of two processes, each of which was built from a text and leaks on a line."""
    repository = Repository(folder)
    commits = [
        repository.check_in({name: text, "go.mod": "module example.com/app\n"}, BEGIN + number * DAY)
        for number, text in enumerate(texts)
    ]
    for number, (line, observations) in enumerate(zip(lines, (20, 8), strict=True)):
        for i in range(observations):
            stack = f"main.keep@/srv/{name}:{line} = {1 + 9 * i}x{MB}"
            taken = BEGIN + number * DAY + 3600 + 60 * i
            drop(folder / f"profiles/{number}-{i:02}.pb.gz", heap(stack, seconds=taken, rate=1, build_id=f"{number}"))
    labels = f'"0-19.pb.gz" = "{commits[0]}"\n"1-07.pb.gz" = "{commits[1]}"\n'
    (folder / "profiles/labels.toml").write_text(labels)
    (folder / "alloclens.toml").write_text(MAPPED)
    (shown,) = once.world([str(folder)], None, {}).comparisons
    row = shown.lines.row_of(f"/srv/{name}", lines[1])
    assert row is not None
    found = shown.finding(row)
    assert found
    return found.rule


@pytest.mark.parametrize("name", FILES)
def test_the_line_moved(tmp_path: Path, name: str) -> None:
    """A rise that went on until the end of the previous process is not the first one."""
    text = PYTHON if name.endswith(".py") else C_LIKE
    later = text.replace("    check(size)", "    check(count)\n    check(size)")
    assert rule(tmp_path / "same", name, (text, later), (LINE, LINE + 1)) is Rule.UNSETTLED
    assert rule(tmp_path / "other", name, (text, later), (LINE, LINE)) is Rule.EARLY  # what is there now did not leak


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("    kept = add(kept, make(16, size))", Rule.UNSETTLED),  # hints say that it was edited in place
        ("    pages.fill(names, by_country)", Rule.EARLY),
    ],
)
def test_the_line_was_edited(tmp_path: Path, now: str, expected: Rule) -> None:
    assert rule(tmp_path, "main.py", (PYTHON, PYTHON.replace(MAKES, now)), (LINE, LINE)) is expected
