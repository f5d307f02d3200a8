"""Examines a workspace: Go modules, installed packages, files by name, and paths in settings."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, field, replace
from itertools import islice, product
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from alloclens.cache.folder import fetched
from alloclens.disk import real, real_path, reason
from alloclens.paths import canonical, is_absolute, is_share, is_within, join, name_of
from alloclens.settings.trust import Target, allowed
from alloclens.source.build_roots import NODE_MODULES
from alloclens.source.roots import CachedModule, FolderLink, Module, Packages, PrefixMapping, Roots
from alloclens.workspace import go_mod
from alloclens.workspace.files import Disk, folds_case, walked
from alloclens.workspace.go_env import go_env

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from alloclens.settings.settings import Settings, Source
    from alloclens.workspace.go_mod import GoMod

    T = TypeVar("T")

VIRTUAL_ENVIRONMENTS = (
    ".venv/lib/python3*/site-packages",
    "venv/lib/python3*/site-packages",
    ".venv/Lib/site-packages",
)
PACKAGE_FOLDERS = frozenset({"site-packages", "dist-packages", NODE_MODULES})
NODE_MARKER = rf"{NODE_MODULES}/"
SITE_PACKAGES = r"(?:site|dist)-packages/"
MAX_MODULES = 1000
"""Directories named by `use` and `replace`."""
MAX_REQUIRED_MODULES = 10_000
"""Required modules, and as many replaced ones."""
MAX_GO_BYTES = 8 << 20
"""Total size of go.mod and go.work files: takes about three seconds."""
MAX_VENDORS = MAX_PACKAGES = 100
"""Each may contain any file of a dependency."""


class Workspace(NamedTuple):
    """Where files may be, and the disk."""

    roots: Roots
    files: Disk
    directories: tuple[str, ...] = ()
    """Directories with profiles."""
    binaries: tuple[str, ...] = ()
    """Files and directories to search for binaries."""
    outside: tuple[Target, ...] = ()
    """Targets outside the folders that are not allowed."""


@dataclass
class _Go:
    """The combined contents of go.mod and go.work files, bounded. The dictionaries are ordered sets."""

    modules: dict[Module, None] = field(default_factory=dict)
    renamed: dict[CachedModule, None] = field(default_factory=dict)
    required: dict[CachedModule, None] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    bytes_left: int = MAX_GO_BYTES

    def read(self, path: str) -> GoMod | None:
        """Read one file; None if it is missing or the limit is exceeded."""
        if self.bytes_left < 0:
            return None
        try:
            parsed = go_mod.read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.left_out.add(f"{path} was not read: {reason(error)}.")
            return None
        self.bytes_left -= parsed.size
        if self.bytes_left < 0:
            self.left_out.add(f"Only the first {MAX_GO_BYTES >> 20} MiB of go.mod files were read.")
        return parsed

    def first(self, some: Iterable[T], most: int, what: str) -> tuple[T, ...]:
        """Return the first items, with a note if there are more."""
        items = tuple(islice(some, most + 1))
        if len(items) > most:
            self.left_out.add(f"Only the first {most:,} {what} were looked at.")
        return items[:most]


def workspace(folders: Sequence[str], settings: Settings, own: Collection[str] = (), walk: int = 0) -> Workspace:
    """Examine these folders. Walks them once for each number: use it in a thread.

    `own` names the user's own settings, whose paths may lead anywhere.
    """
    inside = tuple(dict.fromkeys(real(f) for f in folders))
    result, go = walked(inside, walk), go_env()
    parsed = _go_files([*(path for path in result.go_files if _holds(inside, real(path))), *_above(inside)], inside)
    roots = Roots(
        folders=inside,
        modules=tuple(sorted(parsed.modules, key=lambda m: (-len(m.path), not m.main, m))),
        vendors=parsed.first(result.vendors, MAX_VENDORS, "vendor directories"),
        renamed=parsed.first(parsed.renamed, MAX_REQUIRED_MODULES, "replaced modules"),
        required=tuple(
            sorted(parsed.first(parsed.required, MAX_REQUIRED_MODULES, "required modules"), key=lambda m: -len(m.path))
        ),
        go_root=go.root,
        go_version=go.version,
        module_cache=go.module_cache,
        packages=parsed.first(
            _packages(inside, result.packages, go.sources), MAX_PACKAGES, "directories of installed packages"
        ),
        links=tuple(FolderLink(canonical(f), real(f)) for f in folders if real(f) != canonical(f)),
        linked=tuple(result.linked),
        own_code=settings.own_code,
        left_out=tuple(sorted(parsed.left_out | result.left_out)),
        folds_case=any(map(folds_case, inside)),
    )
    grants, all_targets = allowed(), targets(folders, settings, own)
    passed = {t for t in all_targets if t.setting in own or roots.hold(f"{canonical(t.path)}/x") or t.grant in grants}
    return Workspace(
        replace(roots, mappings=_mappings(settings, [t for t in all_targets if t in passed])),
        Disk(inside, walk),
        (
            *(t.path for t in all_targets if t in passed and t.setting == "profileDirs"),
            *(str(fetched_into(folder, source)) for folder in inside for source in settings.sources),
        ),
        tuple(t.path for t in all_targets if t in passed and t.setting == "binaries"),
        tuple(t for t in all_targets if t not in passed),
    )


def fetched_into(folder: str, source: Source) -> Path:
    """Return the directory of what the user has fetched from a source of a workspace; it may not exist. The folder is real."""
    return Path(real_path(str(fetched(folder, source.name, source.type, source.url, source.tenant, source.select))))


def named_binaries(folders: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """Return what the setting `binaries` names, as far as it may be read, without examining the workspace."""
    grants, inside = allowed(), [real(folder) for folder in folders]
    named = (target for target in targets(folders, settings) if target.setting == "binaries")
    return tuple(t.path for t in named if t.grant in grants or _holds(inside, canonical(t.path)))


def targets(folders: Iterable[str], settings: Settings, own: Collection[str] = ()) -> tuple[Target, ...]:
    """Return the current targets of the settings' paths, relative to each folder."""
    distinct: dict[tuple[object, str], Target] = {}
    for (at, text), folder in product(_paths(settings), dict.fromkeys(map(real, folders))):
        setting = str(at[0])
        if is_share(canonical(text)) and setting not in own:  # a check for existence would contact another machine
            path = text
        else:
            path = _mapped(folder, text) if setting == "pathMappings" else real_path(os.path.join(folder, text))
        distinct.setdefault((at, path), Target(folder, setting, path, text, at))
    return tuple(distinct.values())


def _paths(settings: Settings) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from ((("profileDirs",), path) for path in settings.profile_dirs)
    yield from ((("binaries",), path) for path in settings.binaries)
    yield from ((("pathMappings", i, "to"), mapping.to) for i, mapping in enumerate(settings.path_mappings))


def _mapped(folder: str, to: str) -> str:
    to = re.sub(r"^\$\{workspaceFolder\}[/\\]?", "", to)
    path = canonical(os.path.expanduser(to))
    return real(path if path and is_absolute(path) else join(folder, path))


def _mappings(settings: Settings, passed: Iterable[Target]) -> tuple[PrefixMapping, ...]:
    """Return the user's path mappings, longest first."""
    recorded = [canonical(mapping.from_) for mapping in settings.path_mappings]
    made = [PrefixMapping(recorded[int(t.at[1])], t.path) for t in passed if t.setting == "pathMappings"]
    return tuple(sorted(made, key=lambda m: -len(m.recorded)))


def _above(folders: Iterable[str]) -> Iterator[str]:
    """Yield the nearest go.mod and go.work above each opened folder."""
    for folder, name in product(folders, ("go.mod", "go.work")):
        above = (join(parent, name) for parent in map(str, PurePosixPath(folder).parents))
        yield from islice(filter(os.path.isfile, above), 1)


def _go_files(paths: Iterable[str], folders: Sequence[str]) -> _Go:
    go, named = _Go(), dict[Module, None]()
    for path in paths:
        if parsed := go.read(path):
            go.modules |= {Module(parsed.module, path.rpartition("/")[0]): None} if parsed.module else {}
            go.renamed |= dict.fromkeys(parsed.renamed)
            go.required |= dict.fromkeys(parsed.required)
            named |= dict.fromkeys((*parsed.replaced, *(Module("", directory) for directory in parsed.used)))
    used: dict[str, set[str]] = {}
    for module in go.first(named, MAX_MODULES, "directories that go.mod and go.work files name"):
        directory = "" if is_share(module.directory) else real(module.directory)
        if not _holds(folders, directory) and not _is_module(directory):
            continue
        if module.path:
            go.modules[module._replace(directory=directory)] = None
        elif (parsed := go.read(join(directory, "go.mod"))) and parsed.module:
            go.modules[Module(parsed.module, directory)] = None
            used.setdefault(parsed.module, set()).add(directory)
    unused = [m for m in go.modules if m.main and real(m.directory) not in used.get(m.path, {real(m.directory)})]
    for module in unused:  # a copy beside the one that go.work uses
        del go.modules[module]
    return go


def _holds(folders: Iterable[str], path: str) -> bool:
    return any(path == folder or is_within(path, folder) for folder in folders)


def _is_module(directory: str) -> bool:
    """Return whether a directory outside the workspace is a Go module, but not a disk or a parent of homes.

    Otherwise a line in a go.mod could open any file of this machine.
    """
    home = real(os.path.expanduser("~"))
    wide = "/" not in directory.rstrip("/") or directory == home or is_within(home, directory)
    return not wide and os.path.isfile(join(directory, "go.mod"))


def _packages(folders: Sequence[str], parts: Iterable[str], go_sources: str) -> Iterator[Packages]:
    """Yield directories of installed packages: in the workspace's environments, and of cargo, rustup and others."""
    for folder in folders:
        for pattern in VIRTUAL_ENVIRONMENTS:
            yield from (Packages(SITE_PACKAGES, path) for path in _installed(folder, pattern))
        yield from (Packages(NODE_MARKER, path) for path in _installed(folder, NODE_MODULES))
    if environment := _from_environment("VIRTUAL_ENV"):
        yield from (Packages(SITE_PACKAGES, path) for path in _installed(environment, "lib/python3*/site-packages"))
    home = os.path.expanduser("~")  # Path.home raises without a home directory
    cargo = _from_environment("CARGO_HOME") or f"{home}/.cargo"
    yield from (Packages(r"/registry/src/[^/]+/", path) for path in _matching(cargo, "registry/src/*"))
    rustup = _from_environment("RUSTUP_HOME") or f"{home}/.rustup"
    rust = _matching(rustup, "toolchains/*/lib/rustlib/src/rust")
    yield from (Packages(r"^/rustc/[^/]+/|/rustlib/src/rust/", path) for path in rust)
    julia = _from_environment("JULIA_DEPOT_PATH") or f"{home}/.julia"
    yield from (Packages(r"/share/julia/", path) for path in _matching(julia, "juliaup/*/share/julia"))
    if go_sources:
        yield Packages(r"^/(?:.*/)?src/(?=[^/]+\.[^/]+/)", go_sources)
    for above in (part.rpartition("/")[0] for part in parts):
        if above not in folders:
            yield from (Packages(NODE_MARKER, path, name_of(above)) for path in _installed(above, NODE_MODULES))


def _installed(folder: str, pattern: str) -> Iterator[str]:
    """Return matching package directories. A link counts only if its target also has such a name."""
    return (path for path in _matching(folder, pattern) if name_of(path) in PACKAGE_FOLDERS)


def _matching(folder: str, pattern: str) -> Iterator[str]:
    """Return the real paths of the directories that match a pattern, ignoring unreadable ones."""
    return map(real, sorted(glob.glob(f"{glob.escape(folder)}/{pattern}/")))


def _from_environment(name: str) -> str:
    """Return the first directory of an environment variable; "" if it is relative to the working directory."""
    path = os.environ.get(name, "").split(os.pathsep)[0]
    return path if is_absolute(canonical(path)) else ""
