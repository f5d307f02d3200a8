"""Finds functions that moved to another file of their directory while the old file still exists."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import stamp as stamp_of
from alloclens.languages.declarations import declared
from alloclens.languages.go.platform import excludes
from alloclens.languages.names import has_name
from alloclens.source.recorded import OF_GO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.disk import Stamp
    from alloclens.source.places import SourceMap
    from alloclens.tables.lines import Lines


class _Directory(NamedTuple):
    """What was seen of the files of a directory for some lines."""

    stamps: dict[str, Stamp]
    moved: Mapping[int, str]
    whole: frozenset[str]
    """The recorded files that still declare all of their functions: none of these has moved."""


class Moves:
    """Finds moved functions by package and name. Reads the disk: use it in a thread."""

    def __init__(self, sources: SourceMap) -> None:
        self._sources = sources
        self._known: dict[tuple[Lines, str], _Directory] = {}

    def of(self, lines: Lines, path: str) -> Mapping[int, str]:
        """Return the functions (rows) that left this file or one beside it, each with its new file."""
        key = lines, group(path)
        beside = self._sources.files.beside(path)
        stamps = {here: stamp for here in beside if (stamp := stamp_of(here))}
        if key not in self._known or self._known[key].stamps != stamps:
            recorded = {here: numbers for here in beside if (numbers := self._numbers(lines, here))}
            moved, whole = self._found(lines, recorded, beside) if recorded else ({}, frozenset())
            self._known[key] = _Directory(stamps, moved, whole)
        return self._known[key].moved

    def known(self, lines: Lines, path: str) -> Mapping[int, str] | None:
        """Return what is known of these functions, if this file has not changed and still declares all of its own; else None.

        Nothing has left it then, and the files beside it need not be looked at.
        """
        seen = self._known.get((lines, group(path)))
        is_whole = seen is not None and path in seen.whole and seen.stamps.get(path) == stamp_of(path)
        return seen.moved if seen and is_whole else None

    def _numbers(self, lines: Lines, path: str) -> list[int]:
        """Return the indices of the recorded files placed at a path in own code."""
        placed = ((file, self._sources.place(file)) for file in self._sources.at(path))
        numbers = (lines.number(file) for file, place in placed if place and place.own and not place.moved)
        return [number for number in numbers if number is not None]

    def _found(
        self, lines: Lines, recorded: Mapping[str, Sequence[int]], beside: Sequence[str]
    ) -> tuple[dict[int, str], frozenset[str]]:
        texts = {path: text for path in beside if (text := self._sources.files.text(path)) is not None}
        moved: dict[int, str] = {}
        whole = {path for path in recorded if path in texts}
        for path, numbers in recorded.items():
            gone: dict[str, list[int]] = {}
            for function in (f for number in numbers for f in lines.functions.rows_of(number)):
                name = lines.functions.name[function]
                if has_name(name) and path in texts and not declared(texts[path], name, path):
                    whole.discard(path)
                    named = (other for other, text in texts.items() if declared(text, name, other))
                    platform = self._sources.builds.platform
                    others = [other for other in named if not excludes(other, texts[other], platform)]
                    if len(others) == 1:
                        gone.setdefault(others[0], []).append(function)
            for other, functions in gone.items():
                if (
                    path.endswith(OF_GO) or len({lines.functions.name[function] for function in functions}) > 1
                ):  # elsewhere a single name may be a coincidence
                    moved |= dict.fromkeys(functions, other)
        return moved, frozenset(whole)


@lru_cache(10_000)
def group(path: str) -> str:
    """Return what a file has in common with those that its functions may have moved to."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/*{os.path.splitext(name)[1]}"


def moved_to(moves: Mapping[int, str], lines: Lines, recorded: str, line: int) -> str:
    """Return the file that the function of a recorded line moved to; "" if it did not move."""
    row = lines.row_of(recorded, line) if moves else None
    return moves.get(int(lines.functions.of_line[row]), "") if row is not None else ""
