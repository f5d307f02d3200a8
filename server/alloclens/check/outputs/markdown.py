"""Markdown: for a comment on a pull request, and for the summary of a job.

The first line is a mark that no reader sees, by which a script finds the comment of the last run to replace it. It has the name
of the check, so that each of several has a comment of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from alloclens.check.outputs.text import stack
from alloclens.check.result import TITLES
from alloclens.wording.amounts import amount, signed
from alloclens.wording.markdown import escape
from alloclens.wording.verdict import sparkline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alloclens.check.result import Change, Result, Violation

MAX_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment, and GitLab more."""
MAX_CELL = 400
"""Characters."""
MAX_STACKS = 10
MAX_NOTES = 20
ACTIVE = re.compile(r"[<>]|[@#]|:(?=//)|\bwww(?=\.)", re.IGNORECASE)
"""What GitHub and GitLab make more of than Markdown does: HTML, mentions of people, issues and addresses."""
HTML = {"<": "&lt;", ">": "&gt;"}
ADDRESS = "%/:?#[]@!$&'()*+,;=~"
"""What stays as it is in an address: the rest, such as what ends a link, is escaped."""
APART = "<!-- -->"
"""Ends a text without being seen, so that what follows is no part of a mention or an address."""


def render(result: Result) -> str:
    """Write the headline, a table of violations, the worst stacks, and what changed most; as much as fits into a comment."""
    out, size = [], 0
    for part in _parts(result):
        size += len(part) + 1
        if size > MAX_CHARACTERS:
            out.append("\n… and more.")
            break
        out.append(part)
    return "\n".join(out) + "\n"


def _parts(result: Result) -> Iterator[str]:
    mark = "⚠️" if result.unjudged else "❌" if result.violations else "✅"
    named = f": {result.name}" if result.name else ""
    yield from (f"<!-- alloclens check{named} -->", f"### alloclens{named}", "", f"{mark} {_text(result.headline)}")
    if result.link:
        yield f"\n[Report](<{quote(result.link, safe=ADDRESS)}>)"
    if result.violations:
        yield from ("", "| Where | What | Trend |", "| --- | --- | --- |")
        yield from map(_row, result.violations)
        yield from _details("Stacks", map(_stack, filter(has_stack, result.violations[:MAX_STACKS])))
    if result.changes:
        yield from _details(
            "What changed most",
            ["| Code | Head | Growth (99 %) |", "| --- | ---: | ---: |", *map(_change, result.changes)],
        )
    if result.accepted:
        rows = (
            f"- {_text(one.violation.at.name)}: {_text(one.violation.message)} *{_text(one.reason or 'no reason given')}*"
            + (f" (until {one.expires})" if one.expires else "")
            for one in result.accepted
        )
        yield from _details("Accepted by the baseline", rows)
    if result.notes:
        yield from _details("Notes", (f"- {_text(note)}" for note in result.notes[:MAX_NOTES]))


def has_stack(violation: Violation) -> bool:
    """Return whether a stack is known."""
    return bool(violation.stack)


def _row(violation: Violation) -> str:
    where = f"**{_text(violation.at.name)}**<br>{TITLES[violation.kind]}"
    return f"| {where} | {_text(violation.message)} | {sparkline(violation.points)} |"


def _stack(violation: Violation) -> str:
    return f"- {_text(violation.at.name)}: {_text(stack(violation))}"


def _change(change: Change) -> str:
    of, unit = change.amount, change.unit
    error = f" ({signed(of.low, unit)} to {signed(of.high, unit)})" if of.is_judged else ""
    return f"| {_text(change.name)} | {amount(of.value, unit)} | {signed(of.growth or 0, unit)}{error} |"


def _details(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield f"\n<details><summary>{title}</summary>\n"
    yield from lines
    yield "\n</details>"


def _text(text: str) -> str:
    cut = text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
    marked = re.sub(r"\\([<#])", r"\1", escape(cut)).replace("(*", r"(\*")  # it may be in bold or italics
    return ACTIVE.sub(lambda match: HTML.get(match[0], match[0] + APART), marked)
