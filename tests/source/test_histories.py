"""Lines carried through releases of real projects, against git's diff algorithms and tree-sitter's functions."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from alloclens.source.fit import fits
from alloclens.source.line_mapping import MappedLines, map_recorded_lines
from alloclens.source.profiled_text import UNKNOWN_VERSION, SourceVersion

from scripts.histories.git_lines import ALGORITHMS, hunks
from tests.support.histories import NAMES, PACKED, projects

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.histories import Pair

pytestmark = pytest.mark.slow  # hundreds of releases of other projects

LOST_OF_UNKNOWN = {"go": 0.01, "python": 0.075, "typescript": 0.085, "rust": 0.015, "cpp": 0.37}
"""What part of the lines that are still there may be lost where only their functions are known, by language.

In C++ these are mostly overloads, whose names are the same.
"""


@pytest.fixture(params=NAMES)
def pairs(request: pytest.FixtureRequest) -> list[Pair]:
    return list(projects()[request.param].pairs.values())


@pytest.mark.slow
def test_there_are_hundreds_of_pairs_of_five_languages() -> None:
    assert set(projects()) == set(NAMES)
    counted = Counter[str]()
    for project in projects().values():
        counted[project.language] += len(project.pairs)
        assert (PACKED.parent / f"LICENSE-{project.name}").read_text()
    assert len(counted) == 5
    assert min(counted.values()) > 90


@pytest.mark.programs
@pytest.mark.parametrize("name", NAMES)
def test_the_installed_git_says_what_is_packed(tmp_path: Path, name: str) -> None:
    for pair in list(projects()[name].pairs.values())[::40]:
        said = [hunks(pair.then.text, pair.now.text, tmp_path, *algorithm) for algorithm in ALGORITHMS]
        assert [one for i, one in enumerate(said) if one not in said[:i]] == pair.hunks


@pytest.mark.slow
def test_of_a_known_text_no_line_is_unmarked_in_another_function(pairs: list[Pair]) -> None:
    """Not where no algorithm puts it."""
    wrong = [one for one in strayed(pairs) if one.there not in one.said]
    assert wrong == []


def test_of_a_known_text_no_line_leaves_a_function_that_is_still_there(pairs: list[Pair]) -> None:
    """Whatever the algorithms say: of two functions that are alike, one was deleted, and another one came."""
    assert [one for one in strayed(pairs) if one.stays] == []


def test_of_a_known_text_hardly_a_line_is_lost(pairs: list[Pair]) -> None:
    """What all algorithms carry has a place, marked or not."""
    lost, there = losses((pair, with_text(pair)) for pair in pairs)
    assert lost <= 0.003 * there


def test_of_an_unknown_text_every_line_is_marked(pairs: list[Pair]) -> None:
    """And few are lost whose functions say where they were declared."""
    found = [(pair, map_recorded_lines(pair.then.marks(start=True), UNKNOWN_VERSION, pair.now.text)) for pair in pairs]
    assert all(one.unsure[one.line > 0].all() for _, one in found)
    lost, there = losses(found)
    assert lost <= LOST_OF_UNKNOWN[pairs[0].then.language] * there


@pytest.mark.slow
def test_the_text_that_was_built_fits(pairs: list[Pair]) -> None:
    assert [pair.path for pair in pairs if not fits(pair.then.marks(start=True), pair.then.text)] == []


@cache
def with_text(pair: Pair) -> MappedLines:
    return map_recorded_lines(
        pair.then.marks(start=pair.then.language == "go"), SourceVersion("known", pair.then.text), pair.now.text
    )


class Strayed(NamedTuple):
    """A line that stands, unmarked, in another function than its own."""

    line: str
    own: str
    there: str
    said: set[str]
    """The functions in which git's algorithms put it; or where they call it changed, the lines of its function."""
    stays: bool
    """Whether its own function is still there, without the line."""


def strayed(pairs: list[Pair]) -> Iterator[Strayed]:
    for pair in pairs:
        found = with_text(pair)
        for (line, function), now, unsure in zip(
            pair.then.called, found.line.tolist(), found.unsure.tolist(), strict=True
        ):
            own, there = function.declared, pair.now.owners[now]
            if now and not unsure and there != own and not renamed(pair, line, now):
                said = after(pair, [line]) or after(pair, [n for n, name in enumerate(pair.then.owners) if name == own])
                still = [one for one in pair.now.functions if one.declared == own]
                yield Strayed(
                    f"{pair.path}:{line}, now {now}",
                    own,
                    there,
                    said,
                    bool(still) and not any(one.first <= now <= one.last for one in still),
                )


def renamed(pair: Pair, line: int, now: int) -> bool:
    """Return whether a line got a comment alone, in a function whose name is gone and one that is new: git says nothing of it."""
    own, there = pair.then.owners[line], pair.now.owners[now]
    commented = pair.now.lines[now].startswith(f"{pair.then.lines[line]}  # ")
    return commented and own not in pair.now.owners and there not in pair.then.owners


def after(pair: Pair, lines: list[int]) -> set[str]:
    """Return the functions in which git's algorithms put some lines."""
    return {pair.now.owners[to] for to in pair.maps[:, lines].ravel().tolist() if to}


def losses(found: Iterator[tuple[Pair, MappedLines]] | list[tuple[Pair, MappedLines]]) -> tuple[int, int]:
    """Return how many lines that all algorithms carry have no place, and how many they carry."""
    lost = there = 0
    for pair, one in found:
        maps = pair.maps[:, [line for line, _ in pair.then.called]]
        agreed = (maps == maps[0]).all(axis=0) & (maps[0] > 0)
        lost += int(np.count_nonzero(agreed & (one.line == 0)))
        there += int(np.count_nonzero(agreed))
    return lost, there
