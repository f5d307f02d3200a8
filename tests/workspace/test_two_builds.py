"""Two builds of a program whose code moved in between: what did not grow is not said to have grown, and what did is."""

from __future__ import annotations

import copy
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from alloclens.session import once

from tests.support.profiles import drop, heap
from tests.support.program import Program
from tests.support.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.program import Recorded

pytestmark = pytest.mark.programs

MB = 1 << 20
DAY = 86_400
BEGIN = 1_700_000_000
RELEASES = 12
MAPPED = '[[pathMappings]]\nfrom = "/srv"\nto = "${workspaceFolder}"\n'


def profile(lines: list[Recorded], held: dict[int, int], name: str, seconds: float, *, with_starts: bool) -> bytes:
    """Return a heap in which each line holds so many megabytes."""
    start = (
        "main.{0.function}:{0.start}@/srv/{1}:{0.line} = {2}x{3}"
        if with_starts
        else "main.{0.function}@/srv/{1}:{0.line} = {2}x{3}"
    )
    stacks = (start.format(line, name, held[line.number], MB) for line in lines if line.number in held)
    return heap(*stacks, seconds=seconds, rate=1, build_id="" if with_starts else f"{seconds}")


def release(folder: Path, seed: int, known: str, *, is_go: bool, with_starts: bool) -> Counter[str]:
    """Compare two releases of a program, between which some lines grew by 40 MB, and count what is said of those that both have."""
    dice, name = random.Random(seed), "main.go" if is_go else "main.py"
    program, repository = Program(dice, is_go=is_go), Repository(folder)
    old, commits = copy.deepcopy(program), []
    behind = dice.randint(1, 6)
    for number in range(RELEASES):
        if number == RELEASES - 1 - behind:
            old = copy.deepcopy(program)
        commits.append(repository.check_in({name: program.text()}, BEGIN + number * DAY))
        if number < RELEASES - 1:
            program.edit()
    then, now = old.recorded(), program.recorded()
    lines = sorted({line.number for line in then} | {line.number for line in now})
    before = {number: dice.randint(10, 90) for number in lines if dice.random() < 0.6}
    grew = {number for number in before if dice.random() < 0.2}
    after = {number: held + 40 * (number in grew) for number, held in before.items()}
    drop(
        folder / "profiles/a.pb.gz",
        profile(then, before, name, BEGIN + (RELEASES - 1 - behind) * DAY + 1, with_starts=with_starts),
    )
    drop(folder / "profiles/b.pb.gz", profile(now, after, name, BEGIN + RELEASES * DAY, with_starts=with_starts))
    (folder / "go.mod").write_text("module example.com/app\n")
    (folder / "alloclens.toml").write_text(MAPPED)
    if known == "by labels":
        (folder / "profiles/labels.toml").write_text(
            f'"a.pb.gz" = "{commits[-1 - behind]}"\n"b.pb.gz" = "{commits[-1]}"\n'
        )
    if known == "not":
        (folder / ".git").rename(folder / "git")
        (folder / name).touch()
    world = once.world([str(folder)], None, {"base": "a.pb.gz"})
    shown = world.shown
    assert shown
    found: Counter[str] = Counter()
    was = {line.number: line.line - line.start for line in then}
    row_of = {int(line): row for row, line in enumerate(shown.lines.line.tolist())}
    for line in now:
        if line.number in after and line.number in was:
            said = shown.stats(row_of[line.line]).owned.growth
            what = "moved" if was[line.number] != line.line - line.start else "stayed"
            found[f"{what}"] += 1
            found[f"{what}, grew"] += line.number in grew
            found[f"{what}, said"] += said is not None
            found[f"{what}, wrong"] += said is not None and said != 40 * MB * (line.number in grew)
            found[f"{what}, found"] += said is not None and line.number in grew and said == 40 * MB
    return found


@pytest.mark.parametrize("known", ["by labels", "by git", "not"])
@pytest.mark.parametrize(("is_go", "with_starts"), [(True, True), (False, False)], ids=["Go", "Python"])
def test_releases(tmp_path: Path, known: str, is_go: bool, with_starts: bool) -> None:
    found: Counter[str] = Counter()
    for seed in range(15):
        found += release(tmp_path / str(seed), seed, known, is_go=is_go, with_starts=with_starts)
    assert found["moved"] > 20
    assert found["moved, wrong"] <= 0.01 * found["moved"]
    assert found["stayed, wrong"] <= 0.01 * found["stayed"]
    if known == "by labels":
        assert found["moved, found"] + found["stayed, found"] >= 0.95 * (found["moved, grew"] + found["stayed, grew"])


EDITED = "package main\n\nfunc keep() {{\n\tkept = make([]byte, {})\n}}\n"


@pytest.mark.parametrize(
    ("now", "growth", "was"),
    [
        (EDITED.format("4<<20"), -4 * MB, "kept = make([]byte, 8<<20)"),
        (EDITED.format("8<<20"), -4 * MB, ""),  # the same line holds less
        (EDITED.format("8<<20").replace("kept =", "log.Print(name)\n\tkept ="), -4 * MB, ""),  # it has moved
        (EDITED.format("8<<20").replace("kept = make([]byte, 8<<20)", "pages.Fill(name)"), None, ""),
    ],
)
def test_the_growth_of_a_line_that_was_edited_in_place(tmp_path: Path, now: str, growth: int | None, was: str) -> None:
    repository = Repository(tmp_path)
    commits = [
        repository.check_in({"main.go": text}, BEGIN + number * DAY)
        for number, text in enumerate((EDITED.format("8<<20"), now))
    ]
    last = now[: now.rindex("\n}")].count("\n") + 1
    for name, line, held, at in (("a", 4, 8, BEGIN + 1), ("b", last, 4, BEGIN + DAY + 1)):
        drop(
            tmp_path / f"profiles/{name}.pb.gz",
            heap(f"main.keep:3@/srv/main.go:{line} = {held}x{MB}", seconds=at, rate=1),
        )
    labels = zip("ab", commits, strict=True)
    (tmp_path / "profiles/labels.toml").write_text("".join(f'"{name}.pb.gz" = "{at}"\n' for name, at in labels))
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    (tmp_path / "alloclens.toml").write_text(MAPPED)
    shown = once.world([str(tmp_path)], None, {"base": "a.pb.gz"}).shown
    assert shown
    row = shown.lines.line.tolist().index(last)
    assert (shown.stats(row).owned.growth, shown.was(row)) == (growth, was)
