"""What reading and placement depend on: the settings, and what the workspace holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from alloclens.disk import stamp
from alloclens.session.reading import Reader
from alloclens.settings import config, labels, trust
from alloclens.settings.checking import parse
from alloclens.settings.settings import Settings, layered
from alloclens.source.roots import Roots
from alloclens.workspace.files import Disk, walked
from alloclens.workspace.workspace import Workspace, targets, workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alloclens.disk import Stamp
    from alloclens.faults import Problem
    from alloclens.settings.config import Config, ConfigProblem


@dataclass(frozen=True)
class Setup:
    """The settings and the workspace. Two setups are equal if they were made from the same files and settings."""

    folders: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The editor's own settings."""
    stamps: tuple[object, ...] = ()
    """Stamps of the settings files, and of every go.mod and go.work."""
    leads: tuple[object, ...] = ()
    """What is allowed outside the folders, and where the paths of the settings lead."""
    settings: Settings = field(default_factory=Settings)
    file: Config = config.NONE
    """The settings file."""
    where: Workspace = field(default_factory=lambda: Workspace(Roots(), Disk()))
    label_stamps: tuple[tuple[str, Stamp | None], ...] = ()
    """Of the files with labels, with their directories."""
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The user's labels of snapshots, by path."""
    label_problems: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[ConfigProblem, ...]:
        """What is wrong with the settings file, and which of its paths leave the workspace."""
        return (*self.file.problems, *(self.file.refusal(target) for target in self.where.outside))

    @property
    def directories(self) -> tuple[str, ...]:
        """The directories that hold profiles."""
        return self.where.directories

    @property
    def working(self) -> tuple[str, ...]:
        """The directories in which the user's programs may run and write profiles; none if the user names directories."""
        return self.where.roots.folders if self.settings.profile_dirs == Settings().profile_dirs else ()

    @property
    def reader(self) -> Reader:
        """The reader of their profiles."""
        return Reader(self.where.roots, self.where.files, self.where.binaries, self.settings.largest_bytes)

    def renewed(self, folders: tuple[str, ...], given: Mapping[str, Any]) -> Setup:
        """Return the current setup: this one if nothing has changed. Reads the disk: call it from a thread."""
        own = [name for name, value in given.items() if value is not None]
        stamps = config.stamps(folders), _stamps(self.where.files)
        leads = trust.stamp(), targets(folders, self.settings, own)
        if (folders, given, stamps, leads) != (self.folders, self.given, self.stamps, self.leads):
            walk = self.where.files.walk + ((folders, stamps) != (self.folders, self.stamps))
            file = config.read(folders, self.file)
            settings, _ = parse(layered(file.values, given))
            leads = trust.stamp(), targets(folders, settings, own)
            where = workspace(folders, settings, own, walk)
            return Setup(folders, given, (stamps[0], _stamps(where.files)), leads, settings, file, where)
        return self

    def labelled(self, directories: Sequence[str]) -> Setup:
        """Return this setup with the current labels of snapshots in these directories: this one if none has changed."""
        stamps = tuple(zip(directories, labels.stamps(directories), strict=True))
        if stamps == self.label_stamps:
            return self
        current = labels.read(directories, self.where.roots.folders)
        return replace(self, label_stamps=stamps, labels=current.of, label_problems=current.problems)


def _stamps(files: Disk) -> tuple[object, ...]:
    go_files = walked(files.folders, files.walk).go_files if files.folders else []
    return tuple((path, stamp(path)) for path in go_files)


def setup(folders: tuple[str, ...], given: Mapping[str, Any]) -> Setup:
    """Return the current setup of some folders."""
    return Setup().renewed(folders, given)
