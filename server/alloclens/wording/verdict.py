"""What a diagnostic says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.wording.units import amount, change, rate

if TYPE_CHECKING:
    from alloclens.analysis.findings import Finding

UNSURE = "The source changed after the program was built: the line may be another one near by."


def message(finding: Finding, since: str, *, unsure: bool = False) -> str:
    """Say what is held, how it grew, and how sure that is. `unsure` is about the line."""
    return f"~ {_message(finding, since)} {UNSURE}" if unsure else _message(finding, since)


def _message(finding: Finding, since: str) -> str:
    unit = finding.sample_type.unit
    error = f" ± {amount(1.96 * finding.error, unit)}" if finding.error else ""
    grown = f"{change(finding.growth, unit)}{error} since {since}"
    held = f"{amount(finding.value, unit)}{_what(finding)} held through this line"
    if finding.code == "leak":
        pace = rate(finding.slope, unit)
        return f"Leak: {held}, and growing: {grown}, {pace} over {finding.observations} snapshots."
    return f"Grew: {held}, {grown}. {finding.observations} snapshots cannot say yet whether it goes on."


def _what(finding: Finding) -> str:
    return " goroutines" if finding.sample_type.type == "goroutine" else ""
