"""Maps lines between two builds of a program by comparing their source texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alloclens.source.places import Place
from alloclens.source.text_diff import line_map
from alloclens.tables.alignment import are_different_builds, line_pairs
from alloclens.time_limit import take_longer
from alloclens.workspace.source_versions import SourceVersions, recorded_lines_in

if TYPE_CHECKING:
    from alloclens.arrays import Ints
    from alloclens.cache.texts import Texts
    from alloclens.series.comparison import BuildPair
    from alloclens.series.series import Provenance
    from alloclens.source.line_mapping import SourceVersion
    from alloclens.source.places import Places
    from alloclens.source.roots import Roots
    from alloclens.tables.alignment import LineMaps
    from alloclens.tables.lines import Lines


MAX_COMPARED_FILES = 50
"""Files to compare, heaviest first. Each takes a few calls of git."""
FILE_SECONDS = 1


def line_maps(base: Lines, head: Lines, builds: BuildPair, places: Places, roots: Roots, texts: Texts) -> LineMaps:
    """Return the line map of each own file whose text is known in both builds.

    Returns none if the two are of one build.
    """
    if builds.base is None or (builds.one_process and not are_different_builds(base, head)):
        return {}
    own = {file: int(head.charged[row, -1]) for row, file in enumerate(head.files) if head.own[row]}
    pairs = [pair for pair in line_pairs(base, head) if pair[1] in own]
    heaviest = sorted(pairs, key=lambda pair: -own[pair[1]])[:MAX_COMPARED_FILES]
    take_longer(len(heaviest) * FILE_SECONDS)
    then, now = SourceVersions(roots, texts), SourceVersions(roots, texts, builds.revision)
    maps = {}
    for pair in heaviest:
        old = _version(then, base, pair[0], builds.base, places)
        new = _version(now, head, pair[1], builds.head, places)
        if old and new and _is_known(old) and _is_known(new):
            maps[pair] = _between(old, new)
    return maps


def _version(versions: SourceVersions, lines: Lines, file: str, of: Provenance, places: Places) -> SourceVersion | None:
    place = places.get(file)
    return (
        versions.of(place, file, of, recorded_lines_in(lines, file, place.path)) if isinstance(place, Place) else None
    )


def _is_known(version: SourceVersion) -> bool:
    return version.text is not None and not version.guessed


def _between(old: SourceVersion, new: SourceVersion) -> Ints:
    """Return the new line for 0 and each line of the old text; 0 if it is gone or doubtful."""
    to = line_map(old.text or "", new.text or "").now
    known = ~old.disagrees(np.arange(len(to))) & ~new.disagrees(to)
    return np.where(known, to, 0)
