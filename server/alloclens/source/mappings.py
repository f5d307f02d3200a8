"""Suggests path mappings for files that no rule has found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages.declarations import declared
from alloclens.languages.go.names import outer
from alloclens.languages.names import EVERY_PROGRAM, has_name
from alloclens.paths import canonical, folders_of, join, name_of, rest_within
from alloclens.source.alike import is_rival
from alloclens.source.fit import fits
from alloclens.source.own import is_own
from alloclens.source.places import Place
from alloclens.source.profiled_text import RecordedLines
from alloclens.source.recorded import Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from alloclens.source.places import SourceMap

LinesOf = Callable[[str, str], RecordedLines]
"""From a recorded file and a path here to the file's recorded lines."""
MAX_TRIED_FILES = 50
"""Number of lost files to try, heaviest first, and of files with one name."""
MAX_SUGGESTIONS = 5
"""Number of suggestions."""


class Suggestion(NamedTuple):
    """A mapping, and the value it would place."""

    recorded: str
    here: str
    value: int
    found: frozenset[str]
    """The files here that it would place."""


class _Pair(NamedTuple):
    recorded: str
    here: str


def suggestions(charged: Mapping[str, int], sources: SourceMap, lines_of: LinesOf) -> Iterator[Suggestion]:
    """Yield mappings that find lost files, the most effective first; none if the best is ambiguous.

    `charged` maps all recorded files of the profile to their values.
    """
    lost = {file: value for file, value in charged.items() if sources.origin(file) is Origin.UNKNOWN}
    trial = _Trial(sources, lines_of)
    plausible = trial.of(sorted(lost, key=lambda file: -lost[file])[:MAX_TRIED_FILES], charged)
    for _ in range(MAX_SUGGESTIONS):
        gains = {pair: sum(lost.get(file, 0) for file in files) for pair, files in plausible.items()}
        best = sorted(gains, key=lambda pair: -gains[pair])[:2]
        if not best or gains[best[0]] <= 0 or (len(best) > 1 and gains[best[0]] == gains[best[1]]):
            return
        files = [file for file in plausible[best[0]] if file in lost]
        if trial.has_rival(best[0], files):
            return
        yield Suggestion(*best[0], gains[best[0]], frozenset(_here(best[0], file) for file in files))
        for file in files:
            del lost[file]


def possible(charged: Mapping[str, int], sources: SourceMap, lines_of: LinesOf) -> Suggestion | None:
    """Return a mapping of the heaviest lost file for which there is one file here with its name and functions."""
    trial = _Trial(sources, lines_of)
    lost = {file: value for file, value in charged.items() if value and sources.origin(file) is Origin.UNKNOWN}
    for file in sorted(lost, key=lambda file: -lost[file])[:MAX_TRIED_FILES]:
        if here := trial.here(file):
            recorded, folder = _pair(canonical(file), here)
            recorded, folder = (recorded, folder) if recorded.strip("/") else (file, here)
            return Suggestion(recorded, folder, lost[file], frozenset({here}))
    return None


@dataclass(frozen=True)
class _Trial:
    """Tests mappings on all files of a profile."""

    sources: SourceMap
    lines_of: LinesOf
    known: dict[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)

    def of(self, lost: Iterable[str], files: Collection[str]) -> dict[_Pair, list[str]]:
        """Return the plausible mappings, with the lost files that each finds."""
        pairs = {pair for file in lost for pair in self._pairs(file)}
        roots = {pair.recorded for pair in pairs}
        inside: dict[str, list[str]] = {}
        for file in files:
            for root in roots.intersection(folders_of(canonical(file))):
                inside.setdefault(root, []).append(file)
        taken = {place.path: file for file in files if (place := self.sources.place(file))}
        return {pair: recovered for pair in pairs if (recovered := self._found(pair, inside[pair.recorded], taken))}

    def has_rival(self, pair: _Pair, files: Collection[str]) -> bool:
        """Return whether a mapping of the same directory to another one here may be right, too."""
        others = {other for file in files for other in self._pairs(file) if other.recorded == pair.recorded} - {pair}
        most, *counts = (
            len(frozenset().union(*(self._common(_here(candidate, file), file) or () for file in files)))
            for candidate in (pair, *others)
        )
        return any(is_rival(count, most) for count in counts)

    def _pairs(self, file: str) -> Iterator[_Pair]:
        """Yield the mappings from a lost file to each file here with the same name and functions."""
        for here in self._like(file):
            pair = _pair(canonical(file), here)
            if pair.recorded.strip("/") and self.sources.roots.hold(f"{pair.here}/x") and self._shared(here, file):
                yield pair

    def here(self, file: str) -> str:
        """Return the only file here with a lost file's name and functions; "" if there is none or more."""
        like = [here for here in self._like(file) if self._shared(here, file)]
        return like[0] if len(like) == 1 else ""

    def _like(self, file: str) -> Iterator[str]:
        """Yield the files here with a recorded file's name."""
        name = name_of(canonical(file))
        yield from (join(directory, name) for directory in self.sources.files.named(name)[:MAX_TRIED_FILES])

    def _found(self, pair: _Pair, inside: Iterable[str], taken: Mapping[str, str]) -> list[str]:
        """Return the lost files that a mapping finds; none unless it is certain.

        It is wrong if it maps a placed file elsewhere, two files to one, or foreign code onto own code.
        """
        recovered: list[str] = []
        supported: list[frozenset[str]] = []
        absent = 0
        for file in inside:
            here = _here(pair, file)
            there, place = self.sources.opened(here), self.sources.find(file)
            if isinstance(place, Place) and place.path == there:
                supported += [frozenset({file})] if place.own else []
            elif place.origin is not Origin.UNKNOWN:
                if there and (isinstance(place, Place) or is_own(there, self.sources.roots)):
                    return []
            elif self.sources.stranger(here, file):
                return []
            elif not there:
                absent += 1
            elif there in taken or (shared := self._shared(here, file)) is None:
                return []
            else:
                recovered.append(file)
                supported += [shared] if shared else []
        enough = len(supported) > 1 and len(frozenset().union(*supported)) > 1
        sure = enough or any(self._is_exact(pair, file) for file in recovered)
        return recovered if sure and absent <= len(recovered) + len(supported) else []

    def _shared(self, here: str, file: str) -> frozenset[str] | None:
        """Return the shared distinctive functions if a file here has most of a recorded file's; else None."""
        shared = self._common(here, file)
        return shared if shared is not None and 2 * len(shared) >= len(self._named(file)) else None

    def _named(self, file: str) -> frozenset[str]:
        return frozenset(map(outer, filter(_tells, self.sources.functions(file))))

    def _common(self, here: str, file: str) -> frozenset[str] | None:
        """Return the distinctive functions that a recorded file shares with a file here; None if it cannot be that file."""
        if (here, file) not in self.known:
            text, there = None, self.sources.opened(here)
            if there and not self.sources.stranger(there, file):
                text = self.sources.files.text(there)
            shared = frozenset(name for name in self._named(file) if text is not None and declared(text, name, there))
            self.known[here, file] = shared if text is not None else None
        return self.known[here, file]

    def _is_exact(self, pair: _Pair, file: str) -> bool:
        """Return whether the file here has all distinctive functions at their recorded lines."""
        there = self.sources.opened(_here(pair, file))
        lines, text = self.lines_of(file, there), self.sources.files.text(there)
        starts = [start for name, start in zip(lines.names, lines.start.tolist(), strict=True) if _tells(name)]
        return text is not None and bool(starts) and min(starts) > 0 and fits(lines, text)


def _tells(function: str) -> bool:
    return has_name(function) and not EVERY_PROGRAM.match(function)


def _here(pair: _Pair, file: str) -> str:
    """Apply a mapping to a recorded file."""
    return join(pair.here, rest_within(canonical(file), pair.recorded) or "")


def _pair(path: str, here: str) -> _Pair:
    """Remove the common end of two paths."""
    there, local = path.split("/"), here.split("/")
    while there and local and there[-1] == local[-1]:
        there.pop()
        local.pop()
    return _Pair("/".join(there), "/".join(local))
