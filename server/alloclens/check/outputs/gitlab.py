"""GitLab's Code Quality report: a list of issues, which merge requests compare with those of the target branch.

Its own subset of Code Climate's format: description, check_name, fingerprint, severity, location.path, location.lines.begin
(docs.gitlab.com/ci/testing/code_quality).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from alloclens.check.outputs.json import ascii_json
from alloclens.printable import printable

if TYPE_CHECKING:
    from alloclens.check.result import Result, Violation

SEVERITIES = {
    "leak": "critical",
    "goroutine-leak": "critical",
    "growing": "minor",
    "growth": "major",
    "budget": "major",
}
NOWHERE = "alloclens.toml"
"""The file of what is on no line: an issue needs one."""


def render(result: Result) -> str:
    """Write an issue for each violation, or the one that nothing was judged."""
    issues = [_issue(violation, mark) for violation, mark in result.numbered]
    if result.unjudged:
        mark = hashlib.sha256(result.headline.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        issues.append(_made(result.headline, "unjudged", mark, "blocker", NOWHERE, 1))
    return ascii_json(issues)


def _issue(violation: Violation, mark: str) -> dict[str, Any]:
    here = [line for line in (violation.at, *violation.stack) if line.is_inside]
    path, line = (here[0].path, max(here[0].line, 1)) if here else (NOWHERE, 1)
    text = violation.message if violation.at.is_inside else f"{violation.at.name}: {violation.message}"
    return _made(text, violation.kind, mark, SEVERITIES[violation.kind], path, line)


def _made(text: str, name: str, mark: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": printable(text),
        "check_name": name,
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    }
