"""From the evidence of all snapshots to where each file lies, and whose it is."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.languages.names import EVERY_PROGRAM
from alloclens.session.reading import Settled
from alloclens.source.build_roots import Learnt
from alloclens.source.evidence import AllEvidence, digest_of
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Kind
from alloclens.source.rules import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.session.reading import Placed, Reader
    from alloclens.source.places import Places

    Run = Callable[..., Any]
    """Calls a function with the arguments that follow, and has as many `seconds` for it: here or in the worker."""


class Settling:
    """Where the files lie that the snapshots name. Worked out by `settle`, after evidence has come or gone."""

    def __init__(self, reader: Reader, run: Run) -> None:
        self.evidence = AllEvidence()
        self.sources = SourceMap(reader.roots, reader.files)
        self._reader, self._run = reader, run
        self._functions: Mapping[str, tuple[str, ...]] = {}
        """By file; all that follows is worked out from them."""
        self._places: Places = {}
        self._builds = Learnt()
        self._names: Mapping[str, str] = {}
        """What a recorded file is called, if that is not its own name."""
        self._several: Mapping[str, Sequence[str]] = {}
        """The recorded files that are one of the user's own, where there are several, by its path here."""
        self._together: dict[int, frozenset[str]] = {}
        """By the digest of the evidence: the paths here of the files that it has by several names."""
        self._kinds = np.zeros(0, np.int64)
        """Of each name, what is settled of its file."""
        self._numbers: dict[str, int] = {}
        """Of functions."""
        self._numbered: Ints | None = None
        """Of each name, that of its function, -1 if it tells no program from another; made when first needed."""
        self._attributions: dict[int, int] = {}
        self._telling: dict[int, Ints] = {}
        """By the digest of the evidence, as the attributions."""

    @property
    def lost(self) -> list[str]:
        """The files that were not found."""
        return [file for file, place in self._places.items() if not isinstance(place, Place)]

    def settle(self, files: Collection[str] = ()) -> bool:
        """Place the files whose functions have changed, and these; return whether one that was placed lies elsewhere now.

        Raises what `run` raises; then nothing is settled.
        """
        changed, functions = self.evidence.changed, self._functions
        if changed:
            functions = dict(self.evidence.functions)
        new = {file for file in changed if file in functions and functions[file] != self._functions.get(file)}
        wanted = [file for file in {*new, *files} if file in functions]
        has_moved = False
        if wanted or len(functions) < len(self._functions):
            placed: Placed = self._run(self._reader.places, functions, wanted, self._builds)
            has_moved = self._take(functions, wanted, placed)
        if has_names := (names := self._one_name()) != self._names:
            self._names, self._attributions = names, {}
        if wanted or changed or has_names:
            self._kinds, self._numbered = self.evidence.column(lambda file, _: self._settled(file)), None
            changed.clear()
        return has_moved or has_names

    def _one_name(self) -> dict[str, str]:
        """Return what a file of the user's own is called that a snapshot has by several names, for each other name of it.

        Two files of a dependency may be two versions, one that is guessed may be of another program, and where one was renamed to
        the other, both have been.
        """
        if not self._several:
            return {}
        key_of = {file: key for key, files in self._several.items() for file in files}
        for digest in self.evidence.digests - self._together.keys():
            found = Counter(filter(None, map(key_of.get, self.evidence.files(digest))))
            self._together[digest] = frozenset(key for key, times in found.items() if times > 1)
        together = frozenset[str]().union(*map(self._together.__getitem__, self.evidence.digests))
        first = {key: min(self._several[key]) for key in together}
        return {file: first[key] for key in together for file in self._several[key] if file != first[key]}

    def _is_one(self, file: str) -> bool:
        place = self._places[file]
        return isinstance(place, Place) and place.own and not place.guessed and place.rule not in ELSEWHERE

    def _settled(self, file: str) -> int:
        """Return what a snapshot depends on: whose a file is, whether it is here, and what it is called."""
        place = self._places[file]
        kind = 2 * place.kind + isinstance(place, Place)
        return (
            digest_of(f"{kind} {self._names[file]}".encode("utf-8", "surrogatepass")) if file in self._names else kind
        )

    def _take(self, functions: Mapping[str, tuple[str, ...]], wanted: Collection[str], placed: Placed) -> bool:
        before = self._places
        found = dict(zip(wanted if placed.builds == self._builds else functions, placed.places, strict=True))
        self._functions, self._builds = functions, placed.builds
        self._places = {file: place for file, place in before.items() if file in functions} | found
        self.sources = SourceMap(self._reader.roots, self._reader.files, functions, self._places)
        own = ((key, [*filter(self._is_one, files)]) for key, files in self.sources.by_place.items() if len(files) > 1)
        if (several := {key: files for key, files in own if len(files) > 1}) != self._several:
            self._several, self._together = several, {}
        has_moved = any(before.get(file, place) != place for file, place in found.items())
        if has_moved:
            self._attributions, self._telling = {}, {}
        return has_moved

    def of(self, digest: int) -> Settled:
        """Return what is settled of the files of a snapshot, given by its evidence."""
        files = self.evidence.files(digest)
        names = {file: self._names[file] for file in files if file in self._names}
        places = {file: self._places[file] for file in (*files, *names.values())}
        return Settled(digest, self.attribution(digest), places, names)

    def attribution(self, digest: int) -> int:
        """Return a digest of whose the files of a snapshot are, given by its evidence."""
        if digest not in self._attributions:
            self._attributions[digest] = digest_of(self._kinds[self.evidence.rows(digest)].tobytes())
        return self._attributions[digest]

    def telling(self, digest: int) -> Ints:
        """Return numbers of the functions of a snapshot, given by its evidence, that tell its program from others."""
        if digest not in self._telling:
            if self._numbered is None:
                self._numbered = self.evidence.column(self._number)
            numbers = self._numbered[self.evidence.rows(digest)]
            self._telling[digest] = numbers[numbers >= 0]
        return self._telling[digest]

    def _number(self, file: str, function: str) -> int:
        if self._places[file].kind not in (Kind.OWN, Kind.UNKNOWN) or EVERY_PROGRAM.match(function):
            return -1
        return self._numbers.setdefault(function, len(self._numbers))

    def drop(self, digest: int) -> None:
        """Take a snapshot's evidence away."""
        self.evidence.drop(digest)
        if digest not in self.evidence:
            self._together.pop(digest, None)
            self._attributions.pop(digest, None)
            self._telling.pop(digest, None)
