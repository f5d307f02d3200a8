"""Recorded lines as lines of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloclens.check.result import CodeLine
from alloclens.paths import canonical, rest_within
from alloclens.session.line_mapper import LineMapper, NamedLine

if TYPE_CHECKING:
    from alloclens.series.comparison import Comparison
    from alloclens.series.findings import Finding
    from alloclens.session.line_mapper import MappedFinding, TextOf
    from alloclens.session.world import World
    from alloclens.tables.stacks import Stack

MAX_FRAMES = 100
"""Frames of a stack that are written: deeper ones are of recursion. The innermost and the outermost are kept."""


class CodePlaces:
    """Maps lines for one answer. Reads files."""

    def __init__(self, world: World, folder: str, text_of: TextOf) -> None:
        self.mapper = LineMapper(world, text_of)
        self._folder = canonical(folder)

    def line(self, comparison: Comparison, recorded: str, line: int, function: str) -> CodeLine:
        """Return where a recorded line is now; as recorded if its file has no place."""
        return self._named(self.mapper.named(comparison, recorded, line), function)

    def finding(self, finding: Finding, placed: MappedFinding) -> CodeLine:
        """Return where a finding is now."""
        return self._named(NamedLine(finding.file, finding.line, placed.at), finding.function)

    def stack(self, comparison: Comparison, stacks: list[Stack]) -> tuple[CodeLine, ...]:
        """Return the frames of the first of some stacks, leaf first."""
        frames = stacks[0].frames if stacks else ()
        if len(frames) > MAX_FRAMES:
            frames = (*frames[: MAX_FRAMES // 2], *frames[-MAX_FRAMES // 2 :])
        return tuple(
            self.line(comparison, frame.file, frame.line, frame.function)._replace(binary=frame.binary)
            for frame in frames
        )

    def path(self, path: str) -> str:
        """Return a path relative to the workspace, if it is in there."""
        here = canonical(path)
        inside = rest_within(here, self._folder)
        return here if inside is None else inside.lstrip("/")

    def _named(self, named: NamedLine, function: str) -> CodeLine:
        at = named.at
        if at is None:
            return CodeLine(named.recorded, named.line, function)
        return CodeLine(self.path(at.path), at.line, function, 0 if at.line else named.line)
