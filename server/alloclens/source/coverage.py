"""How much of a profile is placed here, by ownership, and how to place the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.mappings import possible, suggestions
from alloclens.source.places import Place
from alloclens.source.recorded import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.source.mappings import LinesOf, Suggestion
    from alloclens.source.places import Nowhere, SourceMap


class CoverageGroup(NamedTuple):
    """Key of a sum."""

    origin: Origin
    found: bool


class FileShare(NamedTuple):
    """A recorded file and its share of the profile."""

    recorded: str
    value: int
    """The value charged to it, in the unit of the sample type."""
    found: Place | Nowhere


class Unfiled(NamedTuple):
    """What is charged to no file, in the unit of the sample type."""

    addresses: int = 0
    """On addresses without a name."""
    functions: int = 0
    """In functions for which the profile names no file."""


@dataclass(frozen=True)
class Coverage:
    """The distribution of a profile over files. Each sample is charged to one file, see `Lines.charged`."""

    unfiled: Unfiled
    files: tuple[FileShare, ...]
    """Heaviest first."""
    suggestions: tuple[Suggestion, ...]
    """Path mappings that would place lost files, the most effective first."""
    possible: Suggestion | None = None
    """Without suggestions, a mapping of the heaviest lost file to the only one here that is like it."""
    lineless: int = 0
    """Of the own code, what is on no line in the profile."""
    gone: int = 0
    """Of the own code, what is on lines that have no place in the files as they are now."""
    unsure: int = 0
    """Of the own code, what is on lines that may be others nearby."""

    @cached_property
    def total(self) -> int:
        """The whole value."""
        return sum(self.unfiled) + sum(file.value for file in self.files)

    @cached_property
    def parts(self) -> Mapping[CoverageGroup, int]:
        """The value of each group."""
        out: Counter[CoverageGroup] = Counter()
        for file in self.files:
            out[CoverageGroup(file.found.origin, isinstance(file.found, Place))] += file.value
        return out

    @property
    def lost(self) -> int:
        """The value that was not found and may be own code."""
        return self.parts.get(CoverageGroup(Origin.UNKNOWN, found=False), 0)

    @cached_property
    def lost_roots(self) -> tuple[str, ...]:
        """The first two directories of files that were not found, or their bare names; heaviest first."""
        out: Counter[str] = Counter()
        for file in self.files:
            if file.found.origin is Origin.UNKNOWN:
                out[_root(file.recorded)] += file.value
        return tuple(root for root, value in out.most_common() if value)


def _root(recorded: str) -> str:
    directory = "/".join(recorded.replace("\\", "/").split("/")[:-1][:3])
    return f"{directory}/…" if directory else recorded


def coverage(charged: Mapping[str, int], unfiled: Unfiled, sources: SourceMap, lines_of: LinesOf) -> Coverage:
    """Place all files of a profile. `charged` maps recorded files to values."""
    files = [FileShare(file, value, sources.find(file)) for file, value in charged.items()]
    heaviest = tuple(sorted(files, key=lambda f: (-f.value, f.recorded)))
    certain = tuple(suggestions(charged, sources, lines_of))
    return Coverage(unfiled, heaviest, certain, None if certain else possible(charged, sources, lines_of))
