"""Names files of the workspace and findings as others see them: relative paths, and fingerprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.paths import name_of, rest_within
from alloclens.series.fingerprint import fingerprint

if TYPE_CHECKING:
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding
    from alloclens.source.roots import Roots


def relative(path: str, roots: Roots) -> str:
    """Return a path relative to the workspace folder that holds it, the innermost of several; others stay as they are.

    Of several folders, the name of the folder comes first, as in VS Code.
    """
    inside = [(folder, rest) for folder in roots.folders if (rest := rest_within(path, folder))]
    if not inside:
        return path
    folder, rest = min(inside, key=lambda pair: len(pair[1]))
    return f"{name_of(folder)}/{rest}" if len(roots.folders) > 1 else rest


def id_of(finding: Finding, now: MappedFinding, roots: Roots) -> str:
    """Return the fingerprint of a finding. Its file is relative to its own workspace folder, whatever the others are."""
    path = now.at.path if now.at else finding.file
    rests = [rest for folder in roots.folders if (rest := rest_within(path, folder))]
    return fingerprint(finding.code, finding.function, min(rests, key=len, default=path), finding.sample_type.type)
