"""Two builds of a real Go program: what leaks is found on its line, and what moved or was renamed is not."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

import pytest
from alloclens.check.outputs import OUTPUTS

from tests.support import built
from tests.support.checked import Program
from tests.support.profiles import RATE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.programs, pytest.mark.slow]
REPETITIONS, MOST = 200, 6
"""Of so many comparisons, each of which fails with a chance of 1 %, more fail once in 200 times."""
RUNS = 3
"""Each samples eight times as often as by default: then the leak is beyond doubt, however much the runs happen to differ."""


class Shop(NamedTuple):
    """The workspace, with the profiles of each build in a directory, and one of all allocations of the last."""

    program: Program
    exact: bytes

    def at(self, build: str) -> str:
        """Return the directory with the profiles of a build."""
        return str(self.program.folder.parent / build)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    root = tmp_path_factory.mktemp("built")
    folder = root / "shop"
    for build in (built.base, built.harmless, built.leaking):
        made = build(folder)
        for number in range(RUNS):
            made.run(root / build.__name__ / f"{number}.pb.gz", "-rate", str(RATE // 8))
    exact = made.run(root / "exact.pb.gz", "-rate", "1").read_bytes()
    return Shop(Program(folder), exact)


@pytest.mark.parametrize("by", ["owned-line", "function", "package"])
def test_code_that_moved_and_was_renamed_passes(shop: Shop, by: str) -> None:
    assert shop.program.where("--base", shop.at("base"), "--head", shop.at("harmless"), "--by", by) == []


@pytest.mark.parametrize("run", ["", "/0.pb.gz"])
def test_the_line_that_leaks_is_found_in_every_output(shop: Shop, run: str) -> None:
    """And no other line of the workspace is reported, though a function has moved and one was renamed."""
    arguments = ("--base", shop.at("base") + run, "--head", shop.at("leaking") + run)
    line = built.line_of_the_leak(shop.program.folder)
    assert shop.program.where(*arguments) == [("growth", "main.go", line)]
    for name in OUTPUTS:
        done = shop.program.check(*arguments, "--format", name)
        assert done.exit_code == 1
        found = re.search(rf"main\.go(?::|\D{{1,60}}){line}\b", unquote(done.stdout))
        assert found, (name, done.stdout)


def test_without_git_the_same_is_found(shop: Shop, tmp_path: Path) -> None:
    """By the functions alone: nothing tells the text of the base."""
    hidden = tmp_path / "git"
    shutil.move(shop.program.folder / ".git", hidden)
    try:
        assert shop.program.where("--base", shop.at("base"), "--head", shop.at("harmless")) == []
        line = built.line_of_the_leak(shop.program.folder)
        assert shop.program.where("--base", shop.at("harmless"), "--head", shop.at("leaking")) == [
            ("growth", "main.go", line)
        ]
    finally:
        shutil.move(hidden, shop.program.folder / ".git")


def test_an_unchanged_program_fails_at_most_once_in_a_hundred(shop: Shop, tmp_path: Path) -> None:
    """What one recorded heap is as Go's sampling sees it, again and again; without any limit but the error. `make gate` says how many."""
    assert built.failures(shop.program.folder, shop.exact, tmp_path, REPETITIONS) <= MOST


def test_real_runs_of_an_unchanged_program_pass(shop: Shop) -> None:
    files = [f"{shop.at('leaking')}/{number}.pb.gz" for number in range(RUNS)]
    for base in files:
        for head in files:
            assert shop.program.check("--base", base, "--head", head, "--max-growth", "0%").exit_code == 0
