"""How much of a profile has a place here, whose it is, and what could be done about the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.mappings import suggestions
from alloclens.source.places import Place
from alloclens.source.recorded import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.source.mappings import LinesOf, Suggestion
    from alloclens.source.places import Nowhere, SourceMap


class CoverageGroup(NamedTuple):
    """What is summed up together."""

    kind: Kind
    found: bool


class FileShare(NamedTuple):
    """One recorded file."""

    recorded: str
    value: int
    """What is charged to it, in the unit of the sample type."""
    found: Place | Nowhere


@dataclass(frozen=True)
class Coverage:
    """Where the bytes of a profile are. Each sample is charged to one file, see `Lines.charged`."""

    nameless: int
    """Charged to no file at all: the stacks have only addresses."""
    files: tuple[FileShare, ...]
    """Heaviest first."""
    suggestions: tuple[Suggestion, ...]
    """Mappings that would find what was not found, the one that finds most first."""

    @cached_property
    def total(self) -> int:
        """All there is."""
        return self.nameless + sum(file.value for file in self.files)

    @cached_property
    def parts(self) -> Mapping[CoverageGroup, int]:
        """The value of each part."""
        out: Counter[CoverageGroup] = Counter()
        for file in self.files:
            out[CoverageGroup(file.found.kind, isinstance(file.found, Place))] += file.value
        return out

    @property
    def lost(self) -> int:
        """What was not found and may be the user's own."""
        return self.parts.get(CoverageGroup(Kind.UNKNOWN, found=False), 0)

    @cached_property
    def lost_roots(self) -> tuple[str, ...]:
        """Where the files were that are not found: the first two directories of each, or its bare name; heaviest first."""
        out: Counter[str] = Counter()
        for file in self.files:
            if file.found.kind is Kind.UNKNOWN:
                out[_root(file.recorded)] += file.value
        return tuple(root for root, value in out.most_common() if value)


def _root(recorded: str) -> str:
    directory = "/".join(recorded.replace("\\", "/").split("/")[:-1][:3])
    return f"{directory}/…" if directory else recorded


def coverage(charged: Mapping[str, int], nameless: int, sources: SourceMap, lines_of: LinesOf) -> Coverage:
    """Place all files of a profile. `charged` is by recorded file."""
    files = [FileShare(file, value, sources.find(file)) for file, value in charged.items()]
    heaviest = tuple(sorted(files, key=lambda f: (-f.value, f.recorded)))
    return Coverage(nameless, heaviest, tuple(suggestions(charged, sources, lines_of)))
