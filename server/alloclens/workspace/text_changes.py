"""Maps lines between two builds of a program by comparing their source texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.languages import comment_of
from alloclens.series.contents import UNCHANGED, TextChanges
from alloclens.source.edited import edited
from alloclens.source.places import Place
from alloclens.source.text_diff import diff_texts
from alloclens.tables.alignment import are_different_builds, line_pairs
from alloclens.tables.sites import RecordedLine
from alloclens.text import split_lines
from alloclens.time_limit import take_longer
from alloclens.workspace.profiled_file import recorded_lines_in
from alloclens.workspace.source_versions import SourceVersions

if TYPE_CHECKING:
    from alloclens.arrays import Ints
    from alloclens.cache.texts import Texts
    from alloclens.series.contents import BuildPair
    from alloclens.series.series import Provenance
    from alloclens.source.places import Places
    from alloclens.source.profiled_text import SourceVersion
    from alloclens.source.roots import Roots
    from alloclens.tables.lines import Lines


MAX_COMPARED_FILES = 50
"""Files to compare, heaviest first. Each takes a few calls of git."""
FILE_SECONDS = 1


def text_changes(
    base: Lines, head: Lines, builds: BuildPair, places: Places, roots: Roots, texts: Texts
) -> TextChanges:
    """Return what changed in each own file whose text is known in both builds; nothing if the two are of one build."""
    if builds.base is None or (builds.one_process and not are_different_builds(base, head)):
        return UNCHANGED
    own = {file: int(head.charged[row, -1]) for row, file in enumerate(head.files) if head.own[row]}
    pairs = [pair for pair in line_pairs(base, head) if pair[1] in own]
    heaviest = sorted(pairs, key=lambda pair: -own[pair[1]])[:MAX_COMPARED_FILES]
    take_longer(len(heaviest) * FILE_SECONDS)
    then, now = SourceVersions(roots, texts), SourceVersions(roots, texts, builds.revision)
    maps: dict[tuple[str, str], Ints] = {}
    was: dict[RecordedLine, str] = {}
    for pair in heaviest:
        old = _version(then, base, pair[0], builds.base, places)
        new = _version(now, head, pair[1], builds.head, places)
        if old and new and _is_known(old) and _is_known(new):
            maps[pair], edits = _between(old, new, pair[1])
            was |= {RecordedLine(pair[1], line): text for line, text in edits.items()}
    return TextChanges(maps, was)


def _version(versions: SourceVersions, lines: Lines, file: str, of: Provenance, places: Places) -> SourceVersion | None:
    place = places.get(file)
    return (
        versions.of(place, file, of, recorded_lines_in(lines, file, place.path)) if isinstance(place, Place) else None
    )


def _is_known(version: SourceVersion) -> bool:
    return version.text is not None and not version.guessed


def _between(old: SourceVersion, new: SourceVersion, path: str) -> tuple[Ints, dict[int, str]]:
    """Return the new line for 0 and each line of the old text, and the old texts of the new lines that were edited.

    The new line is 0 if the old one is gone or doubtful.
    """
    then, now = old.text or "", new.text or ""
    to = diff_texts(then, now, comment_of(path)).now
    became = np.where(to > 0, 0, edited(then, now, path))
    to = np.where(to > 0, to, became)
    known = ~old.disagrees(np.arange(len(to))) & ~new.disagrees(to)
    lines, rows = split_lines(then), np.flatnonzero(known & (became > 0)).tolist()
    return np.where(known, to, 0), {int(to[row]): lines[row - 1].strip() for row in rows}
