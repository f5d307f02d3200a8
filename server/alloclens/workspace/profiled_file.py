"""A file here with what a snapshot recorded of it, and what follows from both about the text that was profiled."""

from __future__ import annotations

import math
import os
import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from alloclens.disk import written_at
from alloclens.paths import is_absolute
from alloclens.source.own import DEPENDENCIES
from alloclens.source.profiled_text import RecordedLines
from alloclens.source.rules import AS_RECORDED
from alloclens.workspace.source_copies import COMPILED

if TYPE_CHECKING:
    from alloclens.arrays import Ints
    from alloclens.series.series import Provenance
    from alloclens.source.places import Place
    from alloclens.tables.lines import Lines

IN_WORKTREE = "in another worktree"
"""The rule of files that are at their recorded path in another worktree of the repository."""
LONE_RETURN = re.compile(r"\r(?!\n)")


class ProfiledFile(NamedTuple):
    """A file here whose lines a snapshot recorded."""

    place: Place
    recorded: str
    """The recorded path, canonical."""
    provenance: Provenance
    lines: RecordedLines
    """All lines that the snapshot has of the file."""

    @property
    def path(self) -> str:
        """The path here."""
        return self.place.path

    @property
    def is_compiled(self) -> bool:
        """Whether it is compiled, so that the age of the binary tells something."""
        return bool(COMPILED.search(self.path))

    @property
    def is_at_recorded_path(self) -> bool:
        """Whether it is at its recorded path, or was until git renamed it."""
        return self.place.rule in {AS_RECORDED, IN_WORKTREE} or self.place.before == self.recorded

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was recorded at an absolute path other than its own."""
        return is_absolute(self.recorded) and not self.is_at_recorded_path

    @property
    def is_of_package(self) -> bool:
        """Whether it is a dependency in a directory of such."""
        return not self.place.own and is_of_packages(self.path)

    @property
    def is_untouched(self) -> bool:
        """Whether it is at its recorded path and was last written before the process began."""
        return self.place.rule == AS_RECORDED and written(self.path) <= self.provenance.begun

    @property
    def runs_from_here(self) -> bool:
        """Whether it may be what ran, with no binary that would tell when it was built."""
        return not self.is_compiled and not self.is_elsewhere

    @property
    def started_after_its_build(self) -> bool:
        """Whether the process was started after the binary was written that is at its path, as a restart in the series shows.

        So it is the one that ran. A profile itself does not say when its process was started.
        """
        build = self.provenance.build
        is_it = self.is_at_recorded_path and self.is_compiled and not (build.is_gone or build.has_other_lines)
        return is_it and build.written_at < self.provenance.follows

    @property
    def is_newer_than_its_binary(self) -> bool:
        """Whether it was written after a binary that was built here.

        The text at the time of the build may be lost: an edit that was reverted after `go run` was never committed.
        """
        built = self.provenance.build.written_at  # and -trimpath leaves no absolute paths
        if self.is_elsewhere or built == math.inf or not self.is_compiled:
            return False
        return built < written(self.path) < math.inf

    @property
    def may_be_lost(self) -> bool:
        """Whether the program may have been built from a text that was never committed and is lost.

        Either its binary has uncommitted changes, or it was built here and the binary is gone or was replaced.
        """
        build = self.provenance.build
        is_other = build.is_here or build.is_gone or self.provenance.begun < build.written_at < math.inf
        return build.is_modified or (is_other and self.is_at_recorded_path and self.is_compiled)


def is_of_packages(path: str) -> bool:
    """Return whether a path leads into a directory of dependencies."""
    return not DEPENDENCIES.isdisjoint(path.split("/"))


def written(path: str) -> float:
    """Return when a file was written, in seconds since 1970; infinity if there is no such file."""
    try:
        return written_at(os.stat(path))
    except OSError:
        return math.inf


def as_compiled(text: str, path: str) -> str:
    r"""Return a text with the lines that its compiler counts: for Go and Rust, \r alone does not end one, as it does in LSP."""
    return LONE_RETURN.sub(" ", text) if "\r" in text and path.endswith((".go", ".rs")) else text


def recorded_lines(lines: Lines, rows: Ints, path: str) -> RecordedLines:
    """Return rows of a snapshot's lines, all of one file, with their functions."""
    functions, row = np.unique(lines.functions.of_line[rows], return_inverse=True)
    known = functions >= 0
    names = [lines.functions.name[i] for i in functions[known].tolist()]
    return RecordedLines(
        lines.line[rows],
        row - np.count_nonzero(~known),
        names,
        lines.functions.start_line[functions[known]],
        path,
        lines.by_function,
    )


def recorded_lines_in(lines: Lines, recorded: str, path: str) -> RecordedLines:
    """Return the lines of a recorded file that is placed at a path."""
    number = lines.number(recorded)
    rows = np.zeros(0, np.int64) if number is None else lines.rows_in(number)
    return recorded_lines(lines, rows[lines.line[rows] > 0], path)
