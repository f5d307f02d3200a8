"""Where recorded files lie here, or why nowhere, and what to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from alloclens.source.places import Place
from alloclens.source.recorded import Kind
from alloclens.wording.amounts import amount, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alloclens.source.coverage import Coverage, CoverageGroup, FileShare
    from alloclens.source.mappings import Suggestion
    from alloclens.source.roots import Roots

WHOSE = {
    (Kind.OWN, True): "in your own code",
    (Kind.DEPENDENCY, True): "in dependencies that are here",
    (Kind.DEPENDENCY, False): "in dependencies that are not here",
    (Kind.STANDARD, True): "in the standard library",
    (Kind.STANDARD, False): "in a standard library that is not here",
    (Kind.BUILT_IN, False): "made by the compiler or the runtime",
    (Kind.UNKNOWN, False): "not found",
}
ROOTS = 3
"""So many directories of what was not found are named."""


def summary(found: Coverage) -> str:
    """Say how much lies on lines that can be opened, and how much elsewhere: one sentence."""
    if not found.total:
        return "The profile is empty: no sample has a value of this type."
    opened = sum(value for part, value in found.parts.items() if part.found)
    said = [f"{share(opened, found.total)} on lines you can open{_whose(found)}"]
    missing = sorted(((v, p) for p, v in found.parts.items() if v and not p.found), reverse=True)
    said += [f"{share(value, found.total)} {_named(part, found)}" for value, part in missing]
    if found.nameless:
        said.append(f"{share(found.nameless, found.total)} on addresses that no binary here gives lines for")
    return "; ".join(said) + "."


def _whose(found: Coverage) -> str:
    opened = sorted(((v, p) for p, v in found.parts.items() if v and p.found), reverse=True)
    each = [f"{share(value, found.total)} {WHOSE[part]}" for value, part in opened]
    return f" ({', '.join(each)})" if each else ""


def _named(part: CoverageGroup, found: Coverage) -> str:
    return f"{WHOSE[part]} ({', '.join(found.lost_roots[:ROOTS])})" if part.kind is Kind.UNKNOWN else WHOSE[part]


def finds(one: Suggestion, total: int) -> str:
    """Say how much a mapping would find."""
    return f"would find {share(one.value, total)} of the profile"


def mapping(one: Suggestion, roots: Roots) -> tuple[str, str]:
    """Return a mapping as a settings file has it: `from` and `to`."""
    folder = next((f for f in roots.folders if one.here == f or one.here.startswith(f + "/")), None)
    return one.recorded, f"${{workspaceFolder}}{one.here[len(folder) :]}" if folder else one.here


def unplaced(found: Coverage, roots: Roots) -> str:
    """Say that much is not found, and what to do: what a person is told unasked, once."""
    where = ", ".join(found.lost_roots[:ROOTS])
    much = f"{share(found.lost, found.total)} of the profile is in files that are not found here ({where})."
    if not found.suggestions:
        return f"{much} Explain Placement in VS Code, `alloclens explain` elsewhere, says why, and what to do."
    recorded, to = mapping(found.suggestions[0], roots)
    return f"{much} Are they in {found.suggestions[0].here}? The path mapping {recorded} → {to} in alloclens.toml would say so."


def of_file(one: FileShare, unit: str) -> list[str]:
    """Say of one recorded file how it was found, or why not: a line, and lines for the candidates."""
    much = amount(one.value, unit)
    if isinstance(one.found, Place):
        rule = f"{one.found.rule}, a guess" if one.found.guessed else one.found.rule
        return [f"{much}  {one.recorded} → {one.found.path} ({rule}; {_kind(one.found)})"]
    candidates = [f"    it may be {candidate}" for candidate in one.found.candidates]
    return [f"{much}  {one.recorded or 'no file name'}: {one.found.reason}", *candidates]


def _kind(place: Place) -> str:
    return {Kind.OWN: "your own code", Kind.STANDARD: "standard library"}.get(place.kind, "not your own code")


def not_read(path: str) -> str:
    """Say why nothing is known of a document that is neither open nor a file that may be read."""
    return f"{path} is not open, and no source file of the workspace or of its dependencies that can be read."


def nothing_of(path: str, named: bool) -> str:
    """Say why a file here has no numbers."""
    if named:
        return f"The profile names files that are called like {path}, but none was found to be this one:"
    return f"The profile names no file that is called like {path}: no sample has a stack through it."


def advice(found: Coverage, roots: Roots) -> Sequence[str]:
    """Say what can be done about what was not found: lines, with what to write into the settings file."""
    said = []
    for one in found.suggestions:
        recorded, to = mapping(one, roots)
        said += [f"A path mapping in alloclens.toml {finds(one, found.total)}:", *_toml(recorded, to)]
    said += [
        f"Only a part of the module in {directory} is open: open {directory} to find its other files."
        for directory in roots.partly_open
        if found.lost
    ]
    if found.lost and not said:
        said = [
            "No file here is sure to be one of those not found.",
            "Open the folder that holds them, or say in alloclens.toml where they lie:",
            *_toml("/how/their/paths/begin", "${workspaceFolder}/where/that/is"),
        ]
    return [*said, *roots.left_out] if found.lost else said


def _toml(recorded: str, to: str) -> list[str]:
    """Write a mapping as TOML, which has JSON's texts."""
    values = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in (("from", recorded), ("to", to)))
    return [f"    {line}" for line in ("[[pathMappings]]", *values)]
