"""Reads the World of some folders again for each question, without watching them. What has not changed is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alloclens.session.known import Known, at_once
from alloclens.session.listing import Scan, scan
from alloclens.session.once import assembled, remember_or_read
from alloclens.session.reading import snapshots
from alloclens.session.setup import Setup
from alloclens.settings.checking import parse
from alloclens.settings.settings import layered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.disk import Stamp
    from alloclens.session.settling import Run
    from alloclens.session.world import World


class OnDemand:
    """The profiles of some folders. A scan at each question sees a new snapshot at once. Only one thread may use it."""

    def __init__(self, folders: Sequence[str], given: Mapping[str, Any], run: Run = at_once) -> None:
        """`given` holds settings that override those of the folders' settings file; `run` reads the files."""
        self._folders, self._given, self._run = tuple(folders), given, run
        self._setup = Setup()
        self._known = Known(self._setup.reader)
        self._files: dict[str, Stamp] = {}
        """The files that were read, or tried."""
        self._seen: tuple[Setup, Scan] | None = None
        """What the worlds below were made of."""
        self._worlds: dict[tuple[str, str], World] = {}
        """The last world for the settings, and the last for another pair of base and head."""

    def world(self, base: str = "", head: str = "") -> World:
        """Return everything known now, with another base or head than in the settings if they are given. Raises Lost."""
        before, self._setup = self._setup, self._setup.renewed(self._folders, self._given)
        if self._setup.reader != before.reader or self._seen is None:
            self._known, self._files = Known(self._setup.reader, snapshots(), self._run), {}
        listing = scan(self._setup.directories, self._setup.where.roots.folders, self._setup.settings.profile_depth)
        self._setup = self._setup.labelled(listing.directories)
        if self._seen != (self._setup, listing):
            self._take(listing)
            self._seen, self._worlds = (self._setup, listing), {}
        chosen = base, head
        if chosen not in self._worlds:
            self._worlds = {pair: world for pair, world in self._worlds.items() if pair == ("", "")}
            self._worlds[chosen] = self._assembled(base, head)
        return self._worlds[chosen]

    def _take(self, listing: Scan) -> None:
        """Read what is new, and forget what is gone."""
        known, files = self._known, listing.files
        for path in self._files.keys() - files.keys():
            known.forget(path)
        new = {path: stamp for path, stamp in files.items() if self._files.get(path) != stamp}
        known.take(listing)
        remember_or_read(known, files, new)
        if new:
            known.look_again()
        self._files = dict(files)

    def _assembled(self, base: str, head: str) -> World:
        setup = self._setup
        if chosen := {key: name for key, name in (("base", base), ("head", head)) if name}:
            settings, _ = parse(layered(setup.file.values, {**setup.given, **chosen}))
            setup = replace(setup, settings=settings)
        return assembled(self._known, setup, self._files)
