"""Files of the workspace as an agent names them."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from alloclens.agent.pages import MAX_ASKED_CHARACTERS, cut
from alloclens.disk import is_name, real
from alloclens.paths import is_absolute, is_share, join, name_of
from alloclens.printable import printable
from alloclens.session.naming import relative

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alloclens.session.world import World

MAX_NAMED = 8


class UnknownFileError(ValueError):
    """No file that an agent may ask about has this name."""


def resolved(world: World, file: str) -> str:
    """Return the real path of a file named relative to a workspace folder, or in full. Raises UnknownFileError.

    Nothing outside the roots is looked at, wherever links lead.
    """
    roots = world.sources.roots
    named = (file.replace("\\", "/") if os.name == "nt" else file).removeprefix("./")
    if not named or not is_name(named) or is_share(named):
        raise UnknownFileError(_unknown(world, file))
    for candidate in [named] if is_absolute(named) else _inside(roots.folders, named):
        path = real(candidate) if roots.hold(roots.real(candidate)) else ""
        if path and roots.hold(path) and os.path.isfile(path):
            return path
    raise UnknownFileError(_unknown(world, file))


def _inside(folders: tuple[str, ...], named: str) -> Iterator[str]:
    first, _, rest = named.partition("/")
    for folder in folders:
        yield join(folder, named)
        if rest and name_of(folder) == first:  # as `relative` names it
            yield join(folder, rest)


def _unknown(world: World, file: str) -> str:
    having = {
        place.path: None
        for comparison in world.running
        for recorded, is_own in zip(comparison.lines.files, comparison.lines.own.tolist(), strict=True)
        if is_own and (place := world.sources.place(recorded))
    }
    names = ", ".join(relative(path, world.sources.roots) for path in islice(having, MAX_NAMED))
    return printable(
        f"{cut(file, MAX_ASKED_CHARACTERS)} is no file of the workspace; files with numbers: {names or 'none'}"
    )
