"""Releases of open-source projects: their texts, and what git and tree-sitter say of them (made by scripts/histories)."""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from alloclens.source.profiled_text import RecordedLines

from scripts.histories.functions import Function
from scripts.histories.git_lines import lines_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.arrays import Ints


PACKED = Path(__file__).parents[1] / "source" / "histories" / "histories.json.xz"
NAMES = ("gin", "go-redis", "click", "werkzeug", "zod", "regex-automata", "hyper", "pybind11", "nanobind")
"""Of the projects."""


ENDINGS = {"go": "go", "python": "py", "typescript": "ts", "rust": "rs", "cpp": "h"}
"""Of the languages' files."""


class Text:
    """A source file of one release."""

    def __init__(self, path: str, text: str, functions: Iterable[list[Any]], language: str) -> None:
        self.path = path
        self.text = text
        self.functions = [Function._make((*known, tuple(calls))) for *known, calls in functions]
        self.language = language

    @cached_property
    def lines(self) -> list[str]:
        """Its lines by number, and "" for line 0."""
        return ["", *self.text.split("\n")]

    @cached_property
    def owners(self) -> list[str]:
        """The declared function that each line is in, by number; "" where there is none."""
        found = [""] * len(self.lines)
        for one in self.functions:
            if one.declared:
                found[one.first : one.last + 1] = [one.declared] * (one.last + 1 - one.first)
        return found

    @cached_property
    def called(self) -> list[tuple[int, Function]]:
        """The lines that a heap profile can name, on which something is called or made, each with its innermost function."""
        return sorted({line: one for one in self.functions for line in one.calls}.items())

    def marks(self, *, start: bool) -> RecordedLines:
        """Return those lines as profiles record them, with or without where each function begins."""
        recorded = [(one.name, one.start if start else 0) for _, one in self.called]
        functions = sorted(set(recorded))
        return RecordedLines(
            np.array([line for line, _ in self.called], np.int64),
            np.array([functions.index(one) for one in recorded], np.int64),
            [name for name, _ in functions],
            np.array([begin for _, begin in functions], np.int64),
            f"it.{ENDINGS[self.language]}",
        )


@dataclass(frozen=True, eq=False)
class Pair:
    """Two texts of a file, of neighbouring releases, and where the lines of the first are in the second."""

    project: str
    path: str
    then: Text
    now: Text
    hunks: Sequence[Sequence[Sequence[int]]]

    @cached_property
    def maps(self) -> Ints:
        """Where each line is now, one row for each answer of git's algorithms; 0 where it is gone."""
        return np.stack([lines_now(len(self.then.lines) - 1, hunks) for hunks in self.hunks])


@dataclass(frozen=True, eq=False)
class Project:
    """A project, and its files as each release had them."""

    name: str
    language: str
    package: str
    versions: Sequence[str]
    files: dict[str, list[Text | None]]
    pairs: dict[tuple[Text, Text], Pair]

    def release(self, number: int) -> dict[str, Text]:
        """Return the files of a release; a negative number counts from the last one back."""
        return {path: texts[number] for path, texts in self.files.items() if texts[number]}

    def lines_after(self, path: str, line: int, then: int, now: int) -> set[int]:
        """Return where a line of one release may be in a later one, from release to release; 0 among them where it may be gone."""
        lines = {line}
        for before, after in pairwise(self.files[path][then : now + 1]):
            if before is not after:
                pair = self.pairs.get((before, after))
                lines = set(pair.maps[:, sorted(lines)].ravel().tolist()) if pair else {0}
        return lines


@cache
def projects() -> dict[str, Project]:
    packed = json.loads(lzma.decompress(PACKED.read_bytes()))
    return {name: _project(name, one) for name, one in packed.items()}


def _project(name: str, packed: dict[str, Any]) -> Project:
    files, pairs = {}, {}
    for path, file in packed["files"].items():
        known = zip(file["texts"], file["functions"], strict=True)
        texts = [Text(path, text, functions, packed["language"]) for text, functions in known]
        files[path] = [None if at is None else texts[at] for at in file["at"]]
        pairs |= {(texts[a], texts[b]): Pair(name, path, texts[a], texts[b], hunks) for a, b, hunks in file["pairs"]}
    return Project(name, packed["language"], packed["package"], packed["versions"], files, pairs)
