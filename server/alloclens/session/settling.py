"""Settles where the files named by the snapshots lie, by the evidence of all of them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from alloclens.languages.names import EVERY_PROGRAM
from alloclens.session.reading import Settled
from alloclens.source.build_roots import LearnedBuilds
from alloclens.source.evidence import AllEvidence, digest_of
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Origin
from alloclens.source.rules import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Any

    from alloclens.arrays import Ints
    from alloclens.session.reading import Placed, Reader
    from alloclens.source.places import Places

    Run = Callable[..., Any]
    """Calls a function with arguments, in this process or in the worker; `seconds` is its deadline."""


class Settling:
    """Where the files named by the snapshots lie. `settle` computes it after evidence was added or dropped."""

    def __init__(self, reader: Reader, run: Run) -> None:
        self.evidence = AllEvidence()
        self.sources = SourceMap(reader.roots, reader.files)
        self._reader, self._run = reader, run
        self._functions: Mapping[str, tuple[str, ...]] = {}
        """By file; everything below follows from them."""
        self._places: Places = {}
        self._builds = LearnedBuilds()
        self._names: Mapping[str, str] = {}
        """Maps recorded files to the name that is used instead of their own."""
        self._several: Mapping[str, Sequence[str]] = {}
        """Maps the path of an own file to its recorded names, if there are several."""
        self._together: dict[int, frozenset[str]] = {}
        """Maps the digest of evidence to the paths of the files that it has by several names."""
        self._codes = np.zeros(0, np.int64)
        """For each name in the evidence: what is settled about its file."""
        self._numbers: dict[str, int] = {}
        """Numbers of functions."""
        self._numbered: Ints | None = None
        """For each name: its function's number, -1 if every program may have it; computed when first needed."""
        self._attributions: dict[int, int] = {}
        self._telling: dict[int, Ints] = {}
        self._latest: dict[int, Settled] = {}
        """All by the digest of the evidence; of the last, only the one that was last asked for."""

    @property
    def latest(self) -> Settled | None:
        """The last result of `of`, if it still holds."""
        return next(iter(self._latest.values()), None)

    @property
    def lost(self) -> list[str]:
        """The recorded files that were not found."""
        return [file for file, place in self._places.items() if not isinstance(place, Place)]

    def settle(self, files: Collection[str] = ()) -> bool:
        """Place `files` and those whose functions have changed; return whether any that was placed lies elsewhere now.

        Raises what `run` raises; then nothing has changed.
        """
        changed, functions = self.evidence.changed, self._functions
        if changed:
            functions = dict(self.evidence.functions)
        new = {file for file in changed if file in functions and functions[file] != self._functions.get(file)}
        to_place = [file for file in {*new, *files} if file in functions]
        has_moved = False
        if to_place or len(functions) < len(self._functions):
            placed: Placed = self._run(self._reader.places, functions, to_place, self._builds)
            has_moved = self._take(functions, to_place, placed)
        if has_names := (names := self._one_name()) != self._names:
            self._names, self._attributions, self._latest = names, {}, {}
        if to_place or changed or has_names:
            self._codes, self._numbered = self.evidence.column(lambda file, _: self._settled(file)), None
            changed.clear()
        return has_moved or has_names

    def _one_name(self) -> dict[str, str]:
        """Map the names of each own file that a snapshot has by several names to one of them.

        Only own files: two files of a dependency may be two versions. A guess may be another program's file, and of two names of
        which one was renamed to the other, both have existed.
        """
        if not self._several:
            return {}
        key_of = {file: key for key, files in self._several.items() for file in files}
        for digest in self.evidence.digests - self._together.keys():
            counts = Counter(filter(None, map(key_of.get, self.evidence.files(digest))))
            self._together[digest] = frozenset(key for key, times in counts.items() if times > 1)
        together = frozenset[str]().union(*map(self._together.__getitem__, self.evidence.digests))
        first = {key: min(self._several[key]) for key in together}
        return {file: first[key] for key in together for file in self._several[key] if file != first[key]}

    def _is_one(self, file: str) -> bool:
        place = self._places[file]
        return isinstance(place, Place) and place.own and not place.guessed and place.rule not in ELSEWHERE

    def _settled(self, file: str) -> int:
        """Return what snapshots depend on: whose a file is, whether it is here, and its name."""
        place = self._places[file]
        code = 2 * place.origin + isinstance(place, Place)
        return (
            digest_of(f"{code} {self._names[file]}".encode("utf-8", "surrogatepass")) if file in self._names else code
        )

    def _take(self, functions: Mapping[str, tuple[str, ...]], to_place: Collection[str], placed: Placed) -> bool:
        before = self._places
        places = dict(zip(to_place if placed.builds == self._builds else functions, placed.places, strict=True))
        self._functions, self._builds = functions, placed.builds
        self._places = {file: place for file, place in before.items() if file in functions} | places
        self.sources = SourceMap(self._reader.roots, self._reader.files, functions, self._places)
        own = ((key, [*filter(self._is_one, files)]) for key, files in self.sources.by_place.items() if len(files) > 1)
        if (several := {key: files for key, files in own if len(files) > 1}) != self._several:
            self._several, self._together = several, {}
        has_moved = any(before.get(file, place) != place for file, place in places.items())
        if has_moved:
            self._attributions, self._telling, self._latest = {}, {}, {}
        return has_moved

    def of(self, digest: int) -> Settled:
        """Return what is settled about the files of a snapshot with this evidence."""
        if digest not in self._latest:
            files = self.evidence.files(digest)
            names = {file: self._names[file] for file in files if file in self._names}
            places = {file: self._places[file] for file in (*files, *names.values())}
            self._latest = {digest: Settled(digest, self.attribution(digest), places, names)}
        return self._latest[digest]

    def attribution(self, digest: int) -> int:
        """Return a digest of whose the files of a snapshot with this evidence are."""
        if digest not in self._attributions:
            self._attributions[digest] = digest_of(self._codes[self.evidence.rows(digest)].tobytes())
        return self._attributions[digest]

    def telling(self, digest: int) -> Ints:
        """Return the numbers of the functions that distinguish the program of a snapshot with this evidence from others."""
        if digest not in self._telling:
            if self._numbered is None:
                self._numbered = self.evidence.column(self._number)
            numbers = self._numbered[self.evidence.rows(digest)]
            self._telling[digest] = numbers[numbers >= 0]
        return self._telling[digest]

    def _number(self, file: str, function: str) -> int:
        if self._places[file].origin not in (Origin.OWN, Origin.UNKNOWN) or EVERY_PROGRAM.match(function):
            return -1
        return self._numbers.setdefault(function, len(self._numbers))

    def drop(self, digest: int) -> None:
        """Remove a snapshot's evidence."""
        self.evidence.drop(digest)
        if digest not in self.evidence:
            self._together.pop(digest, None)
            self._attributions.pop(digest, None)
            self._telling.pop(digest, None)
            self._latest.pop(digest, None)
