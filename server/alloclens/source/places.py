"""Places recorded files: finds the file here by rules tried in order, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.declarations import declares_most
from alloclens.paths import is_share, is_within, join, name_of
from alloclens.source.build_roots import Builds
from alloclens.source.context import PlacementContext
from alloclens.source.own import is_own
from alloclens.source.recorded import Origin, recorded
from alloclens.source.rules import MOVED, RENAMED, RULES, is_gone, renamed_from
from alloclens.source.strangers import of_locked_crate, of_no_module, of_no_package, proves, stranger

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from alloclens.source.build_roots import LearnedBuilds
    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import Roots
    from alloclens.source.rules import PlacementRule


class Place(NamedTuple):
    """The file here that a recorded file refers to."""

    path: str
    """Real, absolute and canonical."""
    rule: str
    """The rule that found it."""
    origin: Origin
    guessed: bool = False
    """Whether it is unproven: another program may have a file with such a path and functions."""
    before: str = ""
    """The path here from which git renamed the file since; "" if its rule is another."""

    @property
    def own(self) -> bool:
        """Whether it is own code."""
        return self.origin is Origin.OWN

    @property
    def moved(self) -> bool:
        """Whether the functions were recorded in another file, so that no version of this one applies."""
        return self.rule == MOVED


class Nowhere(NamedTuple):
    """The reason why a recorded file was not placed."""

    origin: Origin
    reason: str
    """A clause in lower case."""
    candidates: tuple[str, ...] = ()
    """Possible files."""


Places = Mapping[str, Place | Nowhere]
"""By recorded file."""


class SourceMap:
    """Places recorded files on demand and caches the answers.

    An answer depends only on the constructor's arguments, not on order or on earlier questions.
    """

    def __init__(
        self,
        roots: Roots,
        files: Files,
        functions: Mapping[str, Collection[str]] | None = None,
        given: Places | None = None,
    ) -> None:
        """Take the recorded functions of each file, and answers that are already known."""
        self.roots = roots
        self.files = files
        self._functions = functions or {}
        self._context = PlacementContext(roots, files, Builds(roots, files, self._functions))
        self._given = given or {}
        self._known: dict[str, Place | Nowhere] = {}

    @property
    def builds(self) -> LearnedBuilds:
        """Where the programs were built, as inferred from their functions."""
        return self._context.builds.learned

    @property
    def recorded_files(self) -> Collection[str]:
        """The recorded files that the profiles name."""
        return self._functions.keys()

    def place(self, path: str) -> Place | None:
        """Return the place of a recorded file; None if no rule finds it within the roots."""
        place = self.find(path)
        return place if isinstance(place, Place) else None

    def find(self, path: str) -> Place | Nowhere:
        """Return the place of a recorded file, or why it has none."""
        if path in self._given:
            return self._given[path]
        if len(path) > MAX_RECORDED_CHARACTERS:
            return Nowhere(Origin.UNKNOWN, "its name is longer than any path")
        if path not in self._known:
            self._known[path] = self._find(recorded(path, self._functions.get(path, ())))
        return self._known[path]

    def origin(self, path: str) -> Origin:
        """Return where the code of a recorded file is from."""
        return self.find(path).origin

    def at(self, path: str) -> Sequence[str]:
        """Return the recorded files that are placed at a path here."""
        return self.by_place.get(self.roots.key(path), ())

    @cached_property
    def by_place(self) -> Mapping[str, Sequence[str]]:
        """The recorded files by the key of their places. Places all files."""
        by_key: dict[str, list[str]] = {}
        for file in self._functions:
            if place := self.place(file):
                by_key.setdefault(self.roots.key(place.path), []).append(file)
        return by_key

    def is_own(self, path: str) -> bool:
        """Return whether a recorded file was found and is own code."""
        return self.origin(path) is Origin.OWN

    def functions(self, file: str) -> Collection[str]:
        """Return the recorded functions of a file."""
        return self._functions.get(file, ())

    def opened(self, path: str) -> str:
        """Return the real path of a file that exists and may be opened; else ""."""
        return self._real(path, {})

    def stranger(self, path: str, file: str) -> str:
        """Return why a recorded file cannot be the own file at a path, which need not exist; "" if it can."""
        return stranger(path, recorded(file, self.functions(file)), self._context)

    def _find(self, file: Recorded) -> Place | Nowhere:
        if file.origin is Origin.BUILT_IN:
            return Nowhere(Origin.BUILT_IN, "made by a compiler or part of a runtime; there is no file")
        refused: dict[str, str] = {}
        groups = ((rule, group) for rule in RULES for group in rule.groups(file, self._context))
        for rule, group in groups:
            there = dict.fromkeys(filter(None, (self._real(candidate, refused) for candidate in group)))
            fitting = [path for path in there if self._fits(path, file, rule, refused)]
            if len(fitting) > 1:
                return Nowhere(
                    file.origin, f"{len(fitting)} files here fit equally well", tuple(fitting[:MAX_CANDIDATES])
                )
            if fitting:
                is_proven = (
                    proves(fitting[0], file, self._context) or (file.path, fitting[0]) in self._context.builds.in_full
                )
                guessed = rule.guess and not is_proven
                before = renamed_from(fitting[0], file, self._context) if rule.name == RENAMED else ""
                return Place(fitting[0], rule.name, self._origin(fitting[0]), guessed, before)
        if is_gone(file, self._context):
            return Nowhere(Origin.OWN, "your own code that is not here now: git has it, or had it not long ago")
        return self._why(file, refused)

    def _real(self, candidate: str, refused: dict[str, str]) -> str:
        """Return the real path of a file that exists and may be opened; else "", perhaps with a reason in `refused`."""
        if not self.roots.hold(candidate):
            for module in self.roots.partly_open:
                if is_within(candidate, module):
                    refused[candidate] = (
                        f"it would be in {module}, a module of which only a part is open: open all of it"
                    )
            return ""
        if not self.files.is_file(candidate):
            return ""
        path = self.files.real(candidate)
        if self.roots.hold(path):
            return path
        refused[candidate] = (
            "it is behind a symbolic link that leads out of the workspace: open the folder it leads to, too"
        )
        return ""

    def _fits(self, path: str, file: Recorded, rule: PlacementRule, refused: dict[str, str]) -> bool:
        """Return whether a file here can be the recorded one; if its rule needs checks that fail, say why."""
        if not rule.tells_whose and (why := stranger(path, file, self._context)) and is_own(path, self.roots):
            refused[path] = why
        elif rule.by_functions and not self._declares(path, file):
            if rule.name != MOVED:
                refused[path] = "a file here ends alike, but does not declare most of its functions"
        else:
            return True
        return False

    def _declares(self, path: str, file: Recorded) -> bool:
        text = self.files.text(path)
        return text is not None and declares_most(text, file.functions, path)

    def _origin(self, path: str) -> Origin:
        if self.roots.go_root and is_within(path, self.roots.go_root):
            return Origin.STANDARD
        return Origin.OWN if is_own(path, self.roots) else Origin.DEPENDENCY

    def _why(self, file: Recorded, refused: Mapping[str, str]) -> Nowhere:
        if file.origin is Origin.STANDARD:
            return Nowhere(file.origin, self._not_standard(file))
        if (crate := of_locked_crate(file, self._context)) or file.origin is Origin.DEPENDENCY:
            missing = "a dependency that is neither installed, nor in the module cache, nor vendored here"
            return Nowhere(Origin.DEPENDENCY, crate or missing)
        if refused:
            why = next(iter(refused.values()))
            return Nowhere(
                file.origin, why, tuple(path for path, reason in refused.items() if reason == why)[:MAX_CANDIDATES]
            )
        if unknown := of_no_module(self._context.builds.packages(file), self._context):
            return Nowhere(file.origin, unknown)
        if same := self.files.named(file.name):
            end = file.end.split("/")
            near = [directory for directory in same if end[-2:-1] == [name_of(directory)]]
            if near:
                why = "a file here ends alike, but it may be that of another directory"
            elif len(end) > 1:
                why = "a file here has that name, but it shares no directory with the recorded one"
            else:
                why = "the profile records only its name, and no directory; a file here has that name"
            return Nowhere(
                file.origin, why, tuple(join(directory, file.name) for directory in (near or same)[:MAX_CANDIDATES])
            )
        foreign = of_no_package(file, self._context)
        return Nowhere(Origin.DEPENDENCY if foreign else file.origin, foreign or self._absent(file.path))

    def _not_standard(self, file: Recorded) -> str:
        if not file.standard:
            is_here = self._is_on_this_machine(file.path)
            return f"part of a standard library {'outside the workspace' if is_here else 'that is not installed here'}"
        if self.roots.go_version:
            return f"part of Go's standard library, but not of {self.roots.go_version}, which is installed here"
        return "part of Go's standard library; no Go was found on this machine"

    def _absent(self, path: str) -> str:
        if self._is_on_this_machine(path):
            return "it is on this machine, but outside the workspace"
        return "no file of that name in the workspace"

    def _is_on_this_machine(self, path: str) -> bool:
        return path.startswith("/") and not is_share(path) and self.files.is_file(path)


MAX_RECORDED_CHARACTERS = 1000
"""The time of some rules is quadratic in the path."""
MAX_CANDIDATES = 5
"""Number of candidates to name."""
