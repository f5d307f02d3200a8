"""GitLab's Code Quality report: a list of issues, which merge requests compare with those of the target branch.

Its own subset of Code Climate's format: description, check_name, fingerprint, severity, location.path, location.lines.begin
(docs.gitlab.com/ci/testing/code_quality).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from alloclens.check.outputs.json import ascii_json
from alloclens.check.result import NOWHERE
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


def render(result: Result) -> str:
    """Write an issue for each violation, or the one that nothing was judged."""
    issues = [_issue(violation, mark) for violation, mark in result.of_repository.numbered]
    if result.unjudged:
        mark = hashlib.sha256(result.headline.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        issues.append(_made(result.headline, "unjudged", mark, "blocker", NOWHERE, 1))
    return ascii_json(issues)


def _issue(violation: Violation, mark: str) -> dict[str, Any]:
    at = violation.shown_at
    return _made(violation.shown_message, violation.kind, mark, SEVERITIES[violation.kind], at.path, at.line)


def _made(text: str, name: str, mark: str, severity: str, path: str, line: int) -> dict[str, Any]:
    return {
        "description": printable(text),
        "check_name": name,
        "fingerprint": mark,
        "severity": severity,
        "location": {"path": path, "lines": {"begin": line}},
    }
