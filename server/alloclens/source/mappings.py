"""Which path mapping would find files that no rule has found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.paths import canonical, join, name_of, rest_within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alloclens.source.places import SourceMap

LOOKED_AT = 50
"""So many of the heaviest lost files are looked for, and so many files of a name."""
MOST = 5
"""Mappings suggested together."""


class Lost(NamedTuple):
    """A recorded file that was not found."""

    recorded: str
    value: int


class Suggestion(NamedTuple):
    """A mapping, and how much it would find."""

    recorded: str
    here: str
    value: int


class _Pair(NamedTuple):
    recorded: str
    here: str


def suggestions(lost: Sequence[Lost], sources: SourceMap) -> Iterator[Suggestion]:
    """Return mappings that find some of these files, the one that finds most first; none where two find as much."""
    left = sorted(lost, key=lambda one: -one.value)[:LOOKED_AT]
    for _ in range(MOST):
        found = Counter(
            {pair: sum(one.value for one in left if _finds(pair, one, sources)) for pair in _pairs(left, sources)}
        )
        best = found.most_common(2)
        if not best or best[0][1] <= 0 or (len(best) > 1 and best[0][1] == best[1][1]):
            return
        (pair, value), *_ = best
        yield Suggestion(*pair, value)
        left = [one for one in left if not _finds(pair, one, sources)]


def _pairs(lost: Sequence[Lost], sources: SourceMap) -> set[_Pair]:
    """Return the directories that would be one, where a lost file were one of the same name here."""
    out = set()
    for one in lost:
        path = canonical(one.recorded)
        for directory in sources.files.named(name_of(path))[:LOOKED_AT]:
            here = join(directory, name_of(path))
            if sources.declares(here, one.recorded):
                out.add(_pair(path, here))
    return {pair for pair in out if pair.recorded.strip("/") and sources.roots.hold(f"{pair.here}/x")}


def _pair(path: str, here: str) -> _Pair:
    """Take off what two paths have in common at their ends."""
    one, other = path.split("/"), here.split("/")
    while one and other and one[-1] == other[-1]:
        one.pop()
        other.pop()
    return _Pair("/".join(one), "/".join(other))


def _finds(pair: _Pair, one: Lost, sources: SourceMap) -> bool:
    rest = rest_within(canonical(one.recorded), pair.recorded)
    return bool(rest) and sources.files.is_file(join(pair.here, rest or ""))
