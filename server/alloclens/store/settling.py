"""From the evidence of all snapshots to where each file lies, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from alloclens.source.builds import Learnt
from alloclens.source.names import EVERY_PROGRAM
from alloclens.source.places import Place, SourceMap
from alloclens.source.recorded import Kind
from alloclens.store.evidence import AllEvidence, digest_of
from alloclens.store.reading import Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from alloclens.source.places import Nowhere, Places
    from alloclens.store.evidence import Ints
    from alloclens.store.reading import Placed, Reader

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
        if wanted or changed:
            self._kinds, self._numbered = self.evidence.column(lambda file, _: _kind(self._places[file])), None
            changed.clear()
        return has_moved

    def _take(self, functions: Mapping[str, tuple[str, ...]], wanted: Collection[str], placed: Placed) -> bool:
        before = self._places
        found = dict(zip(wanted if placed.builds == self._builds else functions, placed.places, strict=True))
        self._functions, self._builds = functions, placed.builds
        self._places = {file: place for file, place in before.items() if file in functions} | found
        self.sources = SourceMap(self._reader.roots, self._reader.files, functions, self._places)
        has_moved = any(before.get(file, place) != place for file, place in found.items())
        if has_moved:
            self._attributions, self._telling = {}, {}
        return has_moved

    def of(self, digest: int) -> Settled:
        """Return what is settled of the files of a snapshot, given by its evidence."""
        places = {file: self._places[file] for file in self.evidence.files(digest)}
        return Settled(digest, self.attribution(digest), places)

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
            self._attributions.pop(digest, None)
            self._telling.pop(digest, None)


def _kind(found: Place | Nowhere) -> int:
    """Return what a snapshot depends on: whose a file is, and whether it is here."""
    return 2 * found.kind + isinstance(found, Place)
