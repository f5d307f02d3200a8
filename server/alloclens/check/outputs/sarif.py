"""SARIF 2.1.0, for GitHub's code scanning and for viewers.

Within GitHub's limits: it shows the first 5,000 results, reads at most 1,000 steps of a flow, and takes files of at most 10 MB,
packed. Results are worst first, so what is left out matters least; a notification says how many.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from alloclens import __version__
from alloclens.check.outputs.help import page
from alloclens.check.outputs.json import ascii_json
from alloclens.check.result import TITLES
from alloclens.printable import printable

if TYPE_CHECKING:
    from alloclens.check.result import CodeLine, Result, Violation

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The name of the workspace, to which paths are relative."""
FINGERPRINT = "alloclens/v1"
WARNINGS = ("growing",)
"""The kinds that are warnings; the others are errors."""
MAX_RESULTS = 5000
MAX_FLOWS = 1000
"""Results with a stack: more of them could make the file too large."""
MAX_NAME = 500
"""Characters of a name or a message."""
RULES = list(TITLES)


def render(result: Result) -> str:
    """Write a log with one run."""
    result = result.of_repository
    shown = result.numbered[:MAX_RESULTS]
    results = [_result(violation, mark, flow=i < MAX_FLOWS) for i, (violation, mark) in enumerate(shown)]
    for accepted in result.accepted[: MAX_RESULTS - len(shown)]:
        made = _result(accepted.violation, accepted.violation.fingerprint, flow=False)
        reason = accepted.reason + (f" (until {accepted.expires})" if accepted.expires else "")
        results.append(made | {"suppressions": [{"kind": "external", "justification": _text(reason)}]})
    driver = {"name": "alloclens", "semanticVersion": __version__, "rules": [_rule(kind) for kind in RULES]}
    run = {
        "automationDetails": {"id": f"alloclens/{result.name}"},
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: _base(result.root)},
        "invocations": [_invocation(result)],
        "results": results,
    }
    return ascii_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _base(root: str) -> dict[str, Any]:
    where = {"uri": f"file://{_quoted(root if root.startswith('/') else f'/{root}').rstrip('/')}/"} if root else {}
    return {**where, "description": {"text": "The repository, or without one the workspace."}}


def _rule(kind: str) -> dict[str, Any]:
    markdown = page(kind)
    meaning = markdown.partition("## What it means\n\n")[2].partition("\n\n")[0].replace("\n", " ")
    return {
        "id": kind,
        "shortDescription": {"text": f"{TITLES[kind]}."},
        "fullDescription": {"text": meaning},
        "help": {"text": markdown, "markdown": markdown},
        "defaultConfiguration": {"level": _level(kind)},
        "properties": {"tags": ["memory", "performance"], "precision": "high"},
    }


def _level(kind: str) -> str:
    return "warning" if kind in WARNINGS else "error"


def _invocation(result: Result) -> dict[str, Any]:
    left_out = len(result.violations) - MAX_RESULTS
    told = [("note", note) for note in result.notes]
    told += [("note", f"{left_out} more violations, all less severe, are not listed")] if left_out > 0 else []
    told += [("error", result.headline)] if result.unjudged else []
    return {
        "executionSuccessful": not result.unjudged,
        "exitCode": result.exit_code,
        "toolExecutionNotifications": [{"level": level, "message": {"text": _text(text)}} for level, text in told],
    }


def _result(violation: Violation, mark: str, *, flow: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "ruleId": violation.kind,
        "ruleIndex": RULES.index(violation.kind),
        "level": _level(violation.kind),
        "message": {"text": _text(violation.shown_message)},
        "locations": [_location(violation.shown_at._replace(function=violation.subject))],
        "partialFingerprints": {FINGERPRINT: mark},
        "properties": {
            "sampleType": _text(violation.sample_type),
            "unit": _text(violation.unit),
            "value": violation.amount.value,
            "growth": violation.amount.growth,
        },
    }
    if flow and violation.stack:
        steps = [{"location": _location(frame, named=True)} for frame in reversed(violation.stack)]
        made["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return made


def _location(line: CodeLine, *, named: bool = False) -> dict[str, Any]:
    """Return a location; `named` adds the function as its message, which viewers show for a step."""
    made: dict[str, Any] = {}
    if line.path:
        region = {"region": {"startLine": line.line}} if line.line > 0 else {}
        made["physicalLocation"] = {"artifactLocation": _artifact(line), **region}
    if line.function:
        made["logicalLocations"] = [{"fullyQualifiedName": _text(line.function), "kind": "function"}]
    if named:
        made["message"] = {"text": _text(line.function or line.name)}
    return made


def _artifact(line: CodeLine) -> dict[str, str]:
    if line.is_inside:
        return {"uri": _quoted(line.path), "uriBaseId": ROOT}
    path = posixpath.normpath("/" + line.path.lstrip("/"))  # without .., which viewers refuse
    return {"uri": f"file://{_quoted(path)}"}


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogatepass"))


def _text(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= MAX_NAME else f"{shown[: MAX_NAME - 1]}…"
