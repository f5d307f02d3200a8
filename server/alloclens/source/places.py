"""From a recorded file to the file here, by rules tried in order; or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.builds import Builds
from alloclens.source.declarations import declared
from alloclens.source.own import is_own
from alloclens.source.paths import is_share, is_within, join, name_of
from alloclens.source.recorded import Kind, recorded
from alloclens.source.rules import RULES, Ground

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from alloclens.source.builds import Built
    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import Roots


class Place(NamedTuple):
    """Where a recorded file lies here."""

    path: str
    """Real, absolute and canonical."""
    rule: str
    """Which rule found it."""
    kind: Kind

    @property
    def own(self) -> bool:
        """Whether it is the user's own code."""
        return self.kind is Kind.OWN


class Nowhere(NamedTuple):
    """Why a recorded file has no place here."""

    kind: Kind
    reason: str
    """A clause that begins with a small letter."""
    candidates: tuple[str, ...] = ()
    """Files that it might be."""


Places = Mapping[str, Place | Nowhere]
"""By recorded file."""


class SourceMap:
    """Places recorded files, each once, when asked for it.

    An answer depends on what it was made of, and not on the order of anything, nor on what was asked before.
    """

    def __init__(
        self,
        roots: Roots,
        files: Files,
        functions: Mapping[str, Collection[str]] | None = None,
        given: Places | None = None,
    ) -> None:
        """Take the names of the functions that the profiles know in each recorded file, and answers that were found before."""
        self.roots = roots
        self.files = files
        self._functions = functions or {}
        self._ground = Ground(roots, files, Builds(roots, files, self._functions))
        self._given = given or {}
        self._known: dict[str, Place | Nowhere] = {}

    @property
    def builds(self) -> tuple[Built, ...]:
        """Where the programs were built, as far as their functions say; the longest path first."""
        return self._ground.builds.all

    def place(self, path: str) -> Place | None:
        """Return where a recorded file lies; None where no rule finds it within the roots."""
        found = self.find(path)
        return found if isinstance(found, Place) else None

    def find(self, path: str) -> Place | Nowhere:
        """Return where a recorded file lies, or why nowhere."""
        if path in self._given:
            return self._given[path]
        if len(path) > LONGEST_PATH:
            return Nowhere(Kind.UNKNOWN, "its name is longer than any path")
        if path not in self._known:
            self._known[path] = self._find(recorded(path, self._functions.get(path, ())))
        return self._known[path]

    def kind(self, path: str) -> Kind:
        """Return whose code a recorded file is."""
        return self.find(path).kind

    def at(self, path: str, named: Collection[str]) -> list[str]:
        """Return those of some recorded files of one name that lie at a path here.

        Only a top directory may be called otherwise where the program was built, so few of many are looked for; and those
        that are recorded without a directory.
        """
        directory, _, name = path.rpartition("/")
        if self.roots.key(directory) in self.roots.tops or self.roots.renamed:
            return self._at(path, named)
        last, end = _last(directory), f"/{name_of(directory)}/{name}"
        alike = [file for file in named if file.endswith(end)]  # nearly always, and quick
        return self._at(path, alike) or self._at(path, [file for file in named if _last(_directory(file)) == last])

    def _at(self, path: str, candidates: Iterable[str]) -> list[str]:
        wanted = self.roots.key(path)
        places = ((file, self.place(file)) for file in candidates)
        return [file for file, place in places if place and self.roots.key(place.path) == wanted]

    def is_own(self, path: str) -> bool:
        """Return whether a recorded file is found and is the user's own code."""
        return self.kind(path) is Kind.OWN

    def declares(self, path: str, file: str) -> bool:
        """Return whether a file here, which may be opened, declares one of the functions of a recorded one."""
        real = self._real(path)
        return bool(real) and self._declares(real, recorded(file, self._functions.get(file, ())))

    def _find(self, one: Recorded) -> Place | Nowhere:
        if one.kind is Kind.BUILT_IN:
            return Nowhere(Kind.BUILT_IN, "made by a compiler or part of a runtime; there is no file")
        groups = ((rule, group) for rule in RULES for group in rule.groups(one, self._ground))
        for rule, group in groups:
            there = dict.fromkeys(filter(None, map(self._real, group)))
            fitting = [path for path in there if not rule.guess or self._declares(path, one)]
            if len(fitting) > 1:
                return Nowhere(one.kind, f"{len(fitting)} files here fit equally well", tuple(fitting[:MOST]))
            if fitting:
                return Place(fitting[0], rule.name, self._kind(fitting[0]))
        return self._why(one)

    def _real(self, candidate: str) -> str:
        """Return the real path of a file that is there and may be opened; "" of any other."""
        if not (self.roots.hold(candidate) and self.files.is_file(candidate)):
            return ""
        path = self.files.real(candidate)
        return path if self.roots.hold(path) else ""

    def _declares(self, path: str, one: Recorded) -> bool:
        text = self.files.text(path)
        return text is not None and any(declared(text, function) for function in one.functions)

    def _kind(self, path: str) -> Kind:
        if self.roots.go_root and is_within(path, self.roots.go_root):
            return Kind.STANDARD
        return Kind.OWN if is_own(path, self.roots) else Kind.DEPENDENCY

    def _why(self, one: Recorded) -> Nowhere:
        if one.kind is Kind.STANDARD:
            here = f"{self.roots.go_version} here" if self.roots.go_version else "no Go on this machine"
            return Nowhere(one.kind, f"part of the language; {here} has not this file")
        if one.kind is Kind.DEPENDENCY:
            return Nowhere(one.kind, "a dependency that is neither in the module cache nor vendored")
        if same := [join(directory, one.name) for directory in self.files.named(one.name)[:MOST]]:
            why = "here is a file of that name, but it shares no directory with the recorded one or declares none of its functions"
            return Nowhere(one.kind, why, tuple(same))
        return Nowhere(one.kind, self._absent(one.path))

    def _absent(self, path: str) -> str:
        if path.startswith("/") and not is_share(path) and self.files.is_file(path):
            return "it is on this machine, but outside the workspace"
        return "no file of that name in the workspace"


def _directory(path: str) -> str:
    return path[: max(path.rfind("/"), path.rfind("\\"), 0)]


def _last(directory: str) -> str:
    """Return the last element of a directory as all systems and caches would write it."""
    return name_of(directory).partition("@")[0].replace("!", "").casefold()


LONGEST_PATH = 1000
"""Characters: the time of some rules grows with the square of a hostile path."""
MOST = 5
"""So many candidates are named."""
