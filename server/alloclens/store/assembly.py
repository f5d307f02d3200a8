"""From snapshots to the next World. Reads nothing: what it needs is handed to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alloclens.analysis.comparison import Comparison, Pair, compare
from alloclens.analysis.owned import Sites
from alloclens.analysis.series import group
from alloclens.source.places import SourceMap
from alloclens.store.origins import Origins
from alloclens.store.world import Problem, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alloclens.analysis.comparison import Contents
    from alloclens.analysis.filters import Filters
    from alloclens.analysis.series import Snapshot
    from alloclens.store.setup import Setup
    from alloclens.store.texts import Texts
    from alloclens.store.workspace import Workspace


@dataclass
class Known:
    """What has been read so far. Belongs to whoever fills it."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    """By path."""
    problems: dict[str, Problem] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """Why entries of the profile directories cannot be read, or these not be listed, by path."""
    contents: dict[Pair, Contents | None] = field(default_factory=dict)
    sites: Sites = field(default_factory=Sites)
    """Numbers the lines that snapshots own, and remembers their windows."""

    def forget(self, path: str) -> None:
        """Drop all that came from a file."""
        self.snapshots.pop(path, None)
        self.problems.pop(path, None)
        self.contents = {p: v for p, v in self.contents.items() if path not in p}

    def add(self, read: Snapshot | Problem) -> None:
        """Keep what a file turned out to be."""
        self.forget(read.path)
        if isinstance(read, Problem):
            self.problems[read.path] = read
        else:
            self.snapshots[read.path] = read


def assemble(
    known: Known,
    setup: Setup,
    texts: Texts | None,
    read_pair: Callable[[Pair], Contents | None],
    focus: tuple[Filters, ...] = (),
) -> World:
    """Build a world. `read_pair` reads the files that are looked into; only what is in use stays known."""
    series, settings, where = group(known.snapshots.values(), setup.labels), setup.settings, setup.where
    in_use: dict[Pair, Contents | None] = {}
    comparisons: list[Comparison] = []
    for one in series:
        head = one.head(settings.head)
        base = one.base(settings.base, head)
        pair = Pair(head.path, base.path if base else None, focus)
        contents = in_use[pair] = known.contents.get(pair) or read_pair(pair)
        if contents and (compared := compare(one, head, base, settings.sample_type, contents, known.sites)):
            comparisons.append(compared)
    known.contents = in_use
    return World(
        settings=settings,
        settings_problems=setup.problems,
        outside=where.outside,
        directories=setup.directories,
        series=series,
        comparisons=tuple(comparisons),
        problems=(*_problems(known), *setup.label_problems),
        sources=_sources(where, comparisons),
        origins=Origins(where.roots, texts, settings.revision),
        focus=focus,
    )


def _problems(known: Known) -> list[Problem]:
    faults = {path: Problem(path, reason) for path, reason in known.faults.items()}
    return [problem for _, problem in sorted((known.problems | faults).items())]


def _sources(where: Workspace, comparisons: Iterable[Comparison]) -> SourceMap:
    functions: dict[str, Sequence[str]] = {}
    for lines in (comparison.lines for comparison in comparisons):
        _ = lines.by_name  # asked for with every first hint, which is not to wait for it
        functions = {**lines.functions.by_file(lines.files), **functions}
    return SourceMap(where.roots, where.files, functions)
