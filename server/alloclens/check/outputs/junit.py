"""JUnit's XML, which every CI system shows: a test case for each violation, or one that passed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from alloclens.check.outputs.text import stack
from alloclens.printable import printable

if TYPE_CHECKING:
    from alloclens.check.result import CodeLine, Result

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped (section 2.2)."""


def render(result: Result) -> str:
    """Write one suite."""
    cases = max(len(result.violations) + len(result.accepted) + bool(result.unjudged), 1)
    counts = {
        "tests": str(cases),
        "failures": str(len(result.violations)),
        "errors": str(int(bool(result.unjudged))),
        "skipped": str(len(result.accepted)),
    }
    root = Element("testsuites", {"name": "alloclens check", **counts})
    suite = SubElement(root, "testsuite", {"name": _text(f"alloclens check: {result.subject}"), **counts})
    for violation in result.violations:
        case = _case(suite, violation.kind, violation.at)
        failure = SubElement(case, "failure", {"message": _text(violation.message), "type": violation.kind})
        failure.text = "\n".join(map(_text, filter(None, (violation.at.name, violation.message, stack(violation)))))
    for accepted in result.accepted:
        case = _case(suite, accepted.violation.kind, accepted.violation.at)
        SubElement(case, "skipped", {"message": _text(accepted.reason or "accepted by the baseline")})
    if result.unjudged:
        case = SubElement(suite, "testcase", {"classname": "alloclens", "name": "judged"})
        SubElement(case, "error", {"message": _text(result.headline), "type": "unjudged"})
    if not len(suite):
        SubElement(suite, "testcase", {"classname": "alloclens", "name": _text(result.headline)})
    if result.notes:
        SubElement(suite, "system-out").text = "\n".join(map(_text, result.notes))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _case(suite: Element, kind: str, at: CodeLine) -> Element:
    place = {"file": _text(at.path)} if at.path else {}
    line = {"line": str(at.line)} if at.path and at.line > 0 else {}
    name = _text(f"{kind}: {at.function or at.name} ({at.name})")
    return SubElement(suite, "testcase", {"classname": _text(at.path) or "alloclens", "name": name, **place, **line})


def _text(text: str) -> str:
    return NO_XML.sub("�", printable(text))
