"""Which code of two builds is the same: sums of what it owns, over several runs of each.

Lines are matched as everywhere (`tables.alignment`): by comparing the source texts, else by the function. What that leaves
open is summed by what is certain, so that code that moved or was renamed shows no growth:

- lines of a function whose texts are unknown and whose lines differ count together, as their function;
- a function that only the base has, and one that only the head has, are one that was renamed, if their package or their name
  is the same, they have numbers on the same lines from their declarations on, and no other two are so alike;
- all other functions of a package that only one build has count together.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.languages.names import package
from alloclens.stats.growth import SampledValues
from alloclens.tables.alignment import align
from alloclens.tables.growth import sampled_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alloclens.arrays import Ints
    from alloclens.series.comparison import Comparison
    from alloclens.tables.alignment import Alignment, LineMaps
    from alloclens.tables.lines import Lines

BY = ("owned-line", "function", "package")


class Site(NamedTuple):
    """What a row of a table is about. Lines are the head's, as recorded."""

    package: str = ""
    function: str = ""
    file: str = ""
    line: int = 0
    """0 for all of them."""


class _SiteRow(NamedTuple):
    """A line of one run."""

    file: str
    line: int
    """In the head's text; at most 0 if it is not there."""
    function: str
    package: str
    recorded: tuple[str, int]
    """The line in its own build."""
    start: int
    """Where the function is declared in its own build; 0 if unknown."""
    by_text: bool
    """Whether `line` follows from the texts of both builds."""
    own: bool

    @property
    def mark(self) -> tuple[str, int]:
        """What is in doubt if the row is: the line, or without texts all of its function, in all runs of both builds."""
        return self.recorded if self.by_text else (self.function, 0)


@dataclass(frozen=True, eq=False)
class PairOfRuns:
    """A pair of runs, of which the head, the base or both count."""

    comparison: Comparison
    builds: LineMaps | None
    """The maps of the texts of the two builds, of all runs; None if all are of one build."""

    @cached_property
    def _maps(self) -> LineMaps:
        return self.builds or {}

    @cached_property
    def _alignment(self) -> Alignment | None:
        contents = self.comparison.contents
        if self.builds is None or contents.base is None:
            return None
        return align(contents.base, contents.head, self._maps)

    @cached_property
    def head(self) -> list[_SiteRow]:
        """The rows of the head's lines."""
        lines, texts = self.comparison.contents.head, {head for _, head in self._maps}
        places = zip(lines.file.tolist(), lines.line.tolist(), strict=True)
        return [
            _row(lines, i, lines.files[file], line, lines.files[file] in texts) for i, (file, line) in enumerate(places)
        ]

    @cached_property
    def base(self) -> list[_SiteRow]:
        """The rows of the base's lines."""
        lines, head, alignment = self.comparison.contents.base, self.comparison.contents.head, self._alignment
        if lines is None:
            return []
        if alignment is None:
            places = zip((lines.files[file] for file in lines.file.tolist()), lines.line.tolist(), strict=True)
        else:
            files = (head.files[file] if file >= 0 else "" for file in alignment.file.tolist())
            places = zip(files, alignment.line.tolist(), strict=True)
        texts = {base for base, _ in self._maps}
        return [
            _row(lines, i, file, line, lines.files[lines.file[i]] in texts) for i, (file, line) in enumerate(places)
        ]

    def unsaid(self) -> tuple[set[tuple[str, int]], set[tuple[str, int]]]:
        """Return the marks of the rows of the head, and of the base, that may be one another."""
        alignment = self._alignment
        if alignment is None:
            return set(), set()
        masks = (self.head, alignment.unsaid), (self.base, alignment.unsaid_base)
        head, base = ({rows[i].mark for i in np.flatnonzero(mask).tolist()} for rows, mask in masks)
        return head, base


def paired(runs: Sequence[Comparison]) -> list[PairOfRuns]:
    """Return pairs of runs whose lines are all matched alike.

    Which processes wrote a pair, and so whether its texts are compared, is told by what they had allocated, which may differ
    from pair to pair by a few bytes. If one is of two builds, all are. Maps in which all lines are in doubt say nothing:
    declarations then say more.
    """
    maps = {texts: to for run in runs for texts, to in run.contents.changes.maps.items() if to.any()}
    are_builds = any(run.alignment is not None for run in runs)
    return [PairOfRuns(run, maps if are_builds else None) for run in runs]


def _row(lines: Lines, i: int, file: str, line: int, by_text: bool) -> _SiteRow:
    of, recorded = int(lines.functions.of_line[i]), lines.files[lines.file[i]]
    name = lines.functions.name[of] if of >= 0 else ""
    start = int(lines.functions.start_line[of]) if of >= 0 else 0
    own = bool(lines.own[lines.file[i]])
    return _SiteRow(file, line, name, package(name, recorded), (recorded, int(lines.line[i])), start, by_text, own)


class Table(NamedTuple):
    """What each site owns."""

    sites: tuple[Site, ...]
    base: list[SampledValues]
    """Of each run, with a row for each site."""
    head: list[SampledValues]
    examples: tuple[tuple[str, int, str], ...]
    """A line of each site as recorded in the head, and its function: the one that holds most; "" and 0 if the head has none."""


def table(runs: Sequence[Comparison], bases: int, heads: int, by: str, column: int) -> Table:
    """Sum what sites own in the runs. `column`: what tells the heaviest line.

    Each base is in the first `bases` pairs, each head in the first `heads`: the rest repeats them.
    """
    pairs = paired(runs)
    keys = _Keys(pairs, by)
    number: dict[Site, int] = {}
    of_base = [[_number(number, keys.of_base(row)) for row in pair.base] for pair in pairs[:bases]]
    of_head = [[_number(number, keys.of_head(row)) for row in pair.head] for pair in pairs[:heads]]
    bases_lines = [pair.comparison.contents.base for pair in pairs[:bases]]
    base = [
        _summed(lines, rows, len(number)) for lines, rows in zip(bases_lines, of_base, strict=True) if lines is not None
    ]
    tables = [pair.comparison.contents.head for pair in pairs[:heads]]
    head = [_summed(lines, rows, len(number)) for lines, rows in zip(tables, of_head, strict=True)]
    heaviest: dict[int, tuple[float, tuple[str, int, str]]] = {}
    for lines, pair, rows in zip(tables, pairs, of_head, strict=False):
        owned = lines.value.owned[:, column].tolist()
        for row, site, value in zip(pair.head, rows, owned, strict=True):
            heaviest[site] = max(heaviest.get(site, (0.0, ("", 0, ""))), (value, (*row.recorded, row.function)))
    nowhere = (0.0, ("", 0, ""))
    return Table(tuple(number), base, head, tuple(heaviest.get(i, nowhere)[1] for i in range(len(number))))


def _number(number: dict[Site, int], site: Site) -> int:
    return number.setdefault(site, len(number))


def _summed(lines: Lines, site: list[int], sites: int) -> SampledValues:
    rows: Ints = np.array(site, np.int64)
    out = []
    for column in sampled_values(lines, "owned"):
        total = np.zeros((sites, column.shape[1]))
        np.add.at(total, rows, column)
        out.append(total)
    return SampledValues(*out)


class _Keys:
    """The site of each row, by all runs together: sampling misses a line in one and not in another."""

    def __init__(self, runs: Sequence[PairOfRuns], by: str) -> None:
        self._by = by
        sides = [run.unsaid() for run in runs]
        self._unsaid_head, self._unsaid_base = (set[tuple[str, int]]().union(*of) for of in zip(*sides, strict=True))
        functions = {mark for mark in self._unsaid_head | self._unsaid_base if not mark[1]}
        self._unsaid_head |= functions
        self._unsaid_base |= functions
        heads, bases = [row for run in runs for row in run.head], [row for run in runs for row in run.base]
        self._in_head, self._in_base = _functions(heads), _functions(bases)
        self._at = {(row.file, row.line): row for row in heads}
        # Lines of the head's texts that are in the base's, too.
        kept = {(file, line) for (_, file), to in (runs[0].builds or {}).items() for line in to.tolist()}
        is_gone = (row for row in bases if row.function not in self._in_head and not (row.by_text and row.line > 0))
        is_new = (row for row in heads if row.function not in self._in_base and row.recorded not in kept)
        gone, new = _shapes(is_gone), _shapes(is_new)
        self._now = _renamed(gone, new)
        """The new name of each function that was renamed, and its declaration."""
        self._renamed = {function for function, _ in self._now.values()}
        self._example = {row.function: row for row in heads}

    def of_head(self, row: _SiteRow) -> Site:
        """Return the site of a row of the head."""
        is_new = row.function not in self._in_base and not row.by_text and row.function not in self._renamed
        return self._site(row, is_loose=bool(row.function) and is_new, unsaid=row.mark in self._unsaid_head)

    def of_base(self, row: _SiteRow) -> Site:
        """Return the site of a row of the base, in the head's terms."""
        unsaid = row.mark in self._unsaid_base
        there = self._at.get((row.file, row.line)) if row.by_text else None
        if there:
            return self._site(there, is_loose=False, unsaid=unsaid)
        if row.function in self._in_head:
            return self._site(row._replace(package=self._example[row.function].package), is_loose=False, unsaid=unsaid)
        if now := self._now.get(row.function):
            name, start = now
            of = self._example[name]
            moved = row._replace(file=of.file, line=start + row.recorded[1] - row.start, function=name)
            return self._site(moved._replace(package=of.package), is_loose=False, unsaid=False)
        return self._site(row, is_loose=bool(row.function), unsaid=unsaid)

    def _site(self, row: _SiteRow, *, is_loose: bool, unsaid: bool) -> Site:
        if self._by == "package" or is_loose:
            return Site(row.package) if self._by == "package" else Site(row.package, "*")
        if self._by == "function" or unsaid:
            return Site(row.package, row.function or row.file)
        return Site(row.package, row.function, row.file, row.line) if row.line > 0 else Site(row.package, row.function)


def _functions(rows: Iterable[_SiteRow]) -> set[str]:
    return {row.function for row in rows}


class _Shape(NamedTuple):
    """What a function is recognized by."""

    name: str
    offsets: frozenset[int]
    """Its lines that have numbers, from its declaration on."""
    package: str
    start: int


def _shapes(rows: Iterable[_SiteRow]) -> list[_Shape]:
    by_name: dict[str, list[_SiteRow]] = {}
    for row in rows:
        if row.own and row.function and row.start > 0:
            by_name.setdefault(row.function, []).append(row)
    return [
        _Shape(name, frozenset(row.recorded[1] - row.start for row in of), of[0].package, of[0].start)
        for name, of in by_name.items()
    ]


def _renamed(gone: list[_Shape], new: list[_Shape]) -> dict[str, tuple[str, int]]:
    """Return the new name and declaration of each function that is alike exactly one, and that one no other."""
    by_offsets: dict[frozenset[int], list[_Shape]] = {}
    for now in new:
        by_offsets.setdefault(now.offsets, []).append(now)
    alike = [(old, now) for old in gone for now in by_offsets.get(old.offsets, ()) if _alike(old, now)]
    olds, news = Counter(old.name for old, _ in alike), Counter(now.name for _, now in alike)
    return {old.name: (now.name, now.start) for old, now in alike if olds[old.name] == 1 == news[now.name]}


def _alike(old: _Shape, now: _Shape) -> bool:
    return old.package == now.package or old.name.rpartition(".")[2] == now.name.rpartition(".")[2]
