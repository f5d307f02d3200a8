"""What a check found, as every output writes it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from alloclens.series.fingerprint import fingerprint
from alloclens.session.line_mapper import MappedLine
from alloclens.wording.frames import in_binary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alloclens.stats.amount import Amount

TITLES = {
    "leak": "A line leaks memory",
    "goroutine-leak": "A line leaks goroutines",
    "growing": "A line grows and may leak",
    "growth": "Code holds or allocates more than before",
    "budget": "Code exceeds its budget",
}
"""The kinds of violations, worst first."""
NOWHERE = "alloclens.toml"
"""The file of what is on no line of the workspace, for formats that require one."""
CLEAN, VIOLATED, UNJUDGED = 0, 1, 2
"""The exit codes of `alloclens check`."""


class CodeLine(NamedTuple):
    """A line of source, as it is now."""

    path: str
    """Relative to the workspace and with slashes; absolute if it is elsewhere, and "" if nothing is known of it."""
    line: int
    """1-based; 0 if unknown."""
    function: str = ""
    was: int = 0
    """Its number as recorded, if it has been changed or deleted since: `line` is then 0."""
    binary: str = ""
    """The file of the mapping; of a frame in a stack."""

    @property
    def is_inside(self) -> bool:
        """Whether the file is in the workspace."""
        is_relative = bool(self.path) and not self.path.startswith("/") and self.path[1:2] != ":"
        return is_relative and ".." not in self.path.split("/")

    def moved(self, folder: str) -> CodeLine:
        """Return it with its path below a folder, if it is in the workspace."""
        return self._replace(path=f"{folder}/{self.path}") if self.is_inside else self

    @property
    def name(self) -> str:
        """cart/cache.go:42, marked if that is where the line was; else the function, else the binary: [libc.so.6]."""
        if self.was:
            return MappedLine(self.path, 0).named(self.path, self.was)
        nowhere = in_binary(self.binary) if self.binary else "?"
        return f"{self.path}:{self.line}" if self.line and self.path else self.path or self.function or nowhere


@dataclass(frozen=True)
class Violation:
    """One reason for a build to fail."""

    kind: str
    """One of TITLES."""
    at: CodeLine
    subject: str
    """Who holds it: a function, a package or a budget. Unlike the line, it does not change when code above it does."""
    message: str
    sample_type: str
    unit: str
    amount: Amount
    """With the growth since the base, and its interval: for findings at 99 % of one line, else of all lines together."""
    points: tuple[float, ...] = ()
    """What it held, in the order of time, or at base and head."""
    stack: tuple[CodeLine, ...] = ()
    """The stack that grew most, leaf first."""

    @property
    def fingerprint(self) -> str:
        """Identifies it in later builds: the line may move."""
        return fingerprint(self.kind, self.subject, self.at.path, self.sample_type)

    def moved(self, folder: str) -> Violation:
        """Return it with the paths of the workspace below a folder."""
        return replace(self, at=self.at.moved(folder), stack=tuple(line.moved(folder) for line in self.stack))

    @property
    def shown_at(self) -> CodeLine:
        """The line on which readers show it that know only the workspace: its own, else the innermost one of its stack in there."""
        inside = (line for line in (self.at, *self.stack) if line.is_inside)
        place = next(inside, CodeLine(NOWHERE, 1))
        return place._replace(line=max(place.line, 1))

    @property
    def shown_message(self) -> str:
        """The message, with the place if that is not where it is shown."""
        return self.message if self.at.is_inside and not self.at.was else f"{self.at.name}: {self.message}"

    @property
    def rank(self) -> tuple[int, float, float]:
        """Sort key: by kind, then by what certainly grew, then by what is held."""
        low = self.amount.low if self.amount.is_judged else 0
        return list(TITLES).index(self.kind), -low, -self.amount.value


class Accepted(NamedTuple):
    """A violation that the baseline accepts."""

    violation: Violation
    reason: str
    expires: str
    """The last day, such as 2026-12-31; "" for never."""


class Change(NamedTuple):
    """One row of the table of what changed most."""

    name: str
    amount: Amount
    unit: str


@dataclass(frozen=True)
class Result:
    """The result of a check."""

    subject: str
    """What was checked, in words."""
    violations: tuple[Violation, ...] = ()
    """Worst first."""
    accepted: tuple[Accepted, ...] = ()
    changes: tuple[Change, ...] = ()
    """What changed most, largest first; empty for a series."""
    notes: tuple[str, ...] = ()
    unjudged: str = ""
    """Why something that was asked for could not be judged, if there is no violation."""
    beside: str = ""
    """The same beside violations, where it is a note: it counts if all of them are accepted."""
    judged: int = 0
    """The number of lines, functions, packages and budgets that were judged."""
    root: str = ""
    """The workspace, to which paths are relative; absolute."""
    below: str = ""
    """The path of the workspace in its repository; "" if it is the whole of it, or in none."""
    name: str = ""
    """What tells this check from others of a build; "" if there are none."""
    link: str = ""
    """Where a report on the same profiles is."""
    numbered: tuple[tuple[Violation, str], ...] = field(init=False, repr=False, compare=False)
    """The violations with their fingerprints, of which those that are alike are numbered: some readers drop equal ones."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbered", tuple(_numbered(self.violations)))

    @property
    def of_repository(self) -> Result:
        """The same with paths relative to the repository, as whatever shows lines of a pull request needs them."""
        if not self.below:
            return self
        violations = tuple(violation.moved(self.below) for violation in self.violations)
        accepted = tuple(one._replace(violation=one.violation.moved(self.below)) for one in self.accepted)
        root = self.root.removesuffix(f"/{self.below}")
        return replace(self, violations=violations, accepted=accepted, root=root, below="")

    @property
    def exit_code(self) -> int:
        """What the command exits with: never CLEAN if something that was asked for was not judged."""
        return UNJUDGED if self.unjudged else VIOLATED if self.violations else CLEAN

    @property
    def headline(self) -> str:
        """The result in one sentence."""
        if self.unjudged:
            return f"Could not judge {self.subject}: {self.unjudged}"
        accepted = f", {len(self.accepted)} accepted by the baseline" if self.accepted else ""
        number = len(self.violations)
        return f"{number or 'No'} {'violation' if number == 1 else 'violations'} in {self.subject}{accepted}"


def _numbered(violations: Iterable[Violation]) -> Iterable[tuple[Violation, str]]:
    seen = Counter[str]()
    for violation in violations:
        mark = violation.fingerprint
        seen[mark] += 1
        yield violation, mark if seen[mark] == 1 else f"{mark}:{seen[mark]}"
