"""Finds the `go` statement that started the goroutines waiting in a line of own code."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from alloclens.languages.go.go_statements import Root, Start, started_by, statement_at
from alloclens.paths import clean_path
from alloclens.profile.sample_types import GOROUTINES
from alloclens.source.places import Place
from alloclens.tables import attribution
from alloclens.tables.goroutines import GoroutineOrigin, StartFrames, start_frames
from alloclens.tables.sites import by_source_line
from alloclens.workspace import git, git_texts
from alloclens.workspace.source_copies import oldest_copy, unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alloclens.arrays import Ints
    from alloclens.cache.texts import Texts
    from alloclens.profile.model import Profile
    from alloclens.series.series import Copies
    from alloclens.source.places import Places
    from alloclens.tables.lines import Lines
    from alloclens.tables.sites import RecordedLine


MAX_WAITING_LINES = 30
"""Lines with waiting goroutines, heaviest first."""
MAX_PACKAGE_FILES = 200
"""Go files of a package."""


@dataclass(frozen=True, eq=False)
class ProfiledSources:
    """The source texts at the time of a profile."""

    copies: tuple[Copies, ...]
    """The snapshots of its process up to the profile."""
    until: float
    """When the process was first seen, or its program was built: files written later are not what ran."""
    places: Places
    texts: Texts
    revision: str = ""
    """The commit that its program was built from; "" if unknown."""
    _commits: dict[str, str | None] = field(default_factory=dict)
    """What git had then, by repository."""

    def place(self, recorded: str) -> Place | None:
        """Return the place of a recorded file."""
        place = self.places.get(clean_path(recorded))
        return place if isinstance(place, Place) else None

    def text(self, path: str) -> str | None:
        """Return the text of a file then; None if unknown."""
        if kept := oldest_copy(self.texts, self.copies, path, self.until):
            return kept[1]
        if now := unchanged(path, self.until):
            return now.text
        at = self._commit(path)  # the files of a clone are younger than the profile
        return git_texts.text_at(path, at) if at else None

    def _commit(self, path: str) -> str | None:
        repository = git.repository_of(path)
        if repository and repository not in self._commits:
            built = git.commit(path, self.revision) if self.revision else None
            self._commits[repository] = built or git.commit_until(path, self.until)
        return self._commits.get(repository)

    def package(self, path: str) -> dict[str, str]:
        """Return the texts of the Go files of a file's package."""
        directory = os.path.dirname(path)
        try:
            names = sorted(n for n in os.listdir(directory) if n.endswith(".go") and not n.endswith("_test.go"))
        except OSError:
            return {}
        texts = {f"{directory}/{name}": self.text(f"{directory}/{name}") for name in names[:MAX_PACKAGE_FILES]}
        return {path: text for path, text in texts.items() if text is not None}


def goroutine_origins(profile: Profile, lines: Lines, sources: ProfiledSources) -> dict[RecordedLine, GoroutineOrigin]:
    """Return the origin of the goroutines in each own line, unless it is ambiguous."""
    if not {t.type for t in profile.sample_types} <= set(GOROUTINES):
        return {}
    own = dict(zip(lines.files, lines.own.tolist(), strict=True))
    sites = by_source_line(profile)
    of_site = np.array([own.get(text, False) for text in sites.texts], np.bool_)[sites.file]
    owner = attribution.owned(profile, sites, of_site).site
    at = start_frames(profile, lambda file: own.get(clean_path(file), False))
    counts: dict[int, Counter[tuple[int, int, int]]] = {}
    for site, *rows, count in _grouped(owner, at, np.abs(profile.values[:, -1])):
        counts.setdefault(site, Counter())[rows[0], rows[1], rows[2]] += count
    heaviest = sorted(counts, key=lambda site: -counts[site].total())[:MAX_WAITING_LINES]
    made = {sites.at(site): _one(profile, counts[site], sources) for site in heaviest}
    return {line: origin for line, origin in made.items() if origin}


def _grouped(owner: Ints, at: StartFrames, count: Ints) -> list[list[int]]:
    """Return [site, statement, root, own, goroutines] of each group of goroutines waiting in own code."""
    kinds = np.stack([owner, at.statement, at.root, at.own], axis=1)[owner >= 0]
    distinct, number = np.unique(kinds, axis=0, return_inverse=True)
    sums = np.bincount(number.reshape(-1), weights=count[owner >= 0], minlength=len(distinct)).astype(np.int64)
    out: list[list[int]] = np.column_stack([distinct, sums]).tolist() if len(distinct) else []
    return out


def _one(profile: Profile, kinds: Counter[tuple[int, int, int]], sources: ProfiledSources) -> GoroutineOrigin | None:
    """Return the place where more than half of these goroutines were started."""
    places: Counter[tuple[str, int]] = Counter()
    for (statement, root, own), count in kinds.items():
        starts = _started(profile, statement, root, own, sources)
        if len(starts) == 1:
            places[starts[0].file, starts[0].line] += count
    if not places:
        return None
    ((path, line), count), *_ = places.most_common(1)
    return GoroutineOrigin(path, line, count) if 2 * count > sum(kinds.values()) else None


def _started(profile: Profile, statement: int, root: int, own: int, sources: ProfiledSources) -> list[Start]:
    """Use the dump itself, else calls of the outermost function, else uses of the outermost own function as a value."""
    if statement >= 0:
        frame = profile.frame(statement)
        place = sources.place(frame.file)
        text = sources.text(place.path) if place else None
        is_statement = place is not None and (text is None or statement_at(text, frame.line) is not None)
        return [Start(place.path, frame.line, "go")] if place and is_statement else []
    for row, direct in ((root, True), (own, own == root)):
        candidates = _candidates(profile, row, sources, direct=direct) if row >= 0 else []
        if candidates:
            return candidates
    return []


def _candidates(profile: Profile, row: int, sources: ProfiledSources, *, direct: bool) -> list[Start]:
    frame = profile.frame(row)
    place = sources.place(frame.file)
    texts: Mapping[str, str] = sources.package(place.path) if place else {}
    start_line = int(profile.functions.start_line[profile.frames.function[row]])
    path = place.path if place else frame.file
    return started_by(Root(frame.function, path, frame.line, max(start_line, 0), direct), texts)
