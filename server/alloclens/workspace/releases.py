"""Tells which release of a module or package a program was built with, and whether a file here is of it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from alloclens.paths import folders_of, is_within, rest_within
from alloclens.source.fit import fits
from alloclens.source.profiled_text import UNCHANGING, UNKNOWN_RELEASE, SourceVersion
from alloclens.source.rules import MAPPED
from alloclens.workspace import git, git_texts
from alloclens.workspace.files import text_of
from alloclens.workspace.git_versions import at
from alloclens.workspace.packages import LISTED, LOCK_FILES, package_of, versions_in
from alloclens.workspace.profiled_file import as_compiled, is_of_packages
from alloclens.workspace.source_copies import unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alloclens.series.series import Provenance
    from alloclens.source.roots import Roots
    from alloclens.workspace.git_versions import GitVersions
    from alloclens.workspace.profiled_file import ProfiledFile

VERSION = re.compile(r"@(v\d[^/]*)/")
PLACEHOLDER = re.compile(r"v0\.0\.0|v\d+\.0\.0-00010101000000-0{12}")
"""A version that go.mod requires of a module that it replaces, if there is no release."""
MAJOR_DIRECTORY = re.compile(r"(?:^|/)v\d+$")
FROM_VERSIONED_DIRECTORY = re.compile(r".*(/[^/]+[@-]v?\d+\.\d+\.\d+[^/]*/.*)", re.DOTALL)
"""The end of a path from a directory named after a module, package or crate with its version."""
INSTALLED_PACKAGE = re.compile(r"/(?:node_modules|(?:site|dist)-packages)/")
PNPM = re.compile(r"/([^/]+)@[^/]+/node_modules/(.+)", re.DOTALL)
"""A package in pnpm's store: @scope+name@1.2.3/node_modules/@scope/name/index.js."""


class Releases:
    """Compares releases here with those that were profiled. Reads the disk: use it in a thread."""

    def __init__(self, roots: Roots, in_git: GitVersions) -> None:
        self._roots = roots
        self._git = in_git

    def dependency(self, file: ProfiledFile) -> SourceVersion:
        """Return UNCHANGING if something shows that the file has the profiled version, and it does not contradict."""
        if self._is_version(file):
            return UNCHANGING
        text = text_of(file.path) if file.is_untouched or self.is_locked(file) else None
        if text is None or not fits(file.lines, compiled := as_compiled(text, file.path)):
            return UNKNOWN_RELEASE
        return UNCHANGING if compiled == text else UNCHANGING._replace(text=compiled)

    def is_locked(self, file: ProfiledFile) -> bool:
        """Return whether only the version of a package that is here was in its project's lock file until a process began.

        The program may be older than the newest commit.
        """
        package = package_of(file.path, file.recorded)
        if package is None:
            return False
        for lock in self._lock_files(file.path):
            per_text = (versions_in(lock, text, package) for text in self._lock_texts(lock, file.provenance))
            if listed := [*filter(None, per_text)]:
                return all(versions == {package.version} for versions in listed)
        return False

    def released(self, file: ProfiledFile, version: str) -> Iterator[SourceVersion]:
        """Yield the versions of a file that its module had in a release, as tags or vendor/modules.txt say."""
        path = file.path
        if vendor := next((candidate for candidate in self._roots.vendors if is_within(path, candidate)), ""):
            yield from self._vendored(file, f"{vendor}/modules.txt")
        elif file.place.own:
            top = git.repository_of(path)
            directories = [module.directory for module in self._roots.modules if is_within(path, module.directory)]
            inside = rest_within(max(directories, key=len, default=top), top) or ""
            prefix = MAJOR_DIRECTORY.sub("", inside)  # Go wants the tag lib/v1.0.0 for a module in lib
            is_tag = prefix and not git.PSEUDO_VERSION.match(version)
            yield from at(path, f"{prefix}/{version}" if is_tag else version)

    def _vendored(self, file: ProfiledFile, listing: str) -> Iterator[SourceVersion]:
        """Yield the texts of a vendored file with which vendor/modules.txt listed the recorded version, newest first."""
        text = text_of(file.path)
        if text is not None and _lists(text_of(listing) or "", file.recorded):
            yield SourceVersion("of the version that vendor/modules.txt lists", as_compiled(text, file.path))
        versions = self._git.of_head(listing)
        listings = git_texts.texts(listing, tuple(dict.fromkeys(version.blob for version in versions)))
        for version in versions:
            if _lists(listings.get(version.blob, ""), file.recorded):
                yield from at(file.path, version.commit)

    def _is_version(self, file: ProfiledFile) -> bool:
        """Return whether a file of a dependency or of Go has the version that ran, by paths or the binary."""
        if self._roots.go_root and is_within(file.path, self._roots.go_root):
            version = self._roots.go_version
            named = re.escape(version.removeprefix("go")) + r"(?!\d|\.\d|rc|beta)"
            return bool(version) and (
                file.provenance.build.go_version == version or bool(re.search(rf"(?<![\d.]){named}", file.recorded))
            )
        return _has_same_version(file)

    def _lock_files(self, path: str) -> Iterator[str]:
        """Yield the lock files around the directory of a file's packages, innermost first, then those of the workspace."""
        folders = self._roots.folders
        around = [
            folder
            for folder in folders_of(path)
            if any(
                (inside := rest_within(folder, opened)) is not None and not is_of_packages(inside) for opened in folders
            )
        ]
        paths = (f"{folder}/{name}" for folder in dict.fromkeys((*around, *folders)) for name in LOCK_FILES)
        return filter(os.path.isfile, paths)

    def _lock_texts(self, lock: str, provenance: Provenance) -> Iterable[str]:
        """Return the texts that a lock file had when a program was built, or may have had."""
        if named := next(self._git.named(lock, provenance), None):
            return [named.text or ""]
        versions = (version for version in self._git.of_head(lock) if version.seconds <= provenance.begun)
        blobs = tuple(dict.fromkeys(version.blob for version in versions))
        copy = None if blobs else unchanged(lock, provenance.begun)
        return [copy.text] if copy else git_texts.texts(lock, blobs).values()


def released_version(file: ProfiledFile) -> str:
    """Return the version of a Go module in a recorded path, unless the file here is at the same path or mapped to it.

    With -trimpath, a module that go.mod replaces with a directory has the required version in its paths, too. If that is
    a placeholder, it is certain that it was replaced.
    """
    match = VERSION.search(file.recorded)
    if match is None or PLACEHOLDER.fullmatch(match[1]) or file.place.rule == MAPPED:
        return ""
    return "" if _has_same_version(file) else match[1]


def _has_same_version(file: ProfiledFile) -> bool:
    """Return whether a file is at a path with the recorded version."""
    there, here = (FROM_VERSIONED_DIRECTORY.match(f"/{path}") for path in (file.recorded, file.path))
    if there is None or here is None or _plain(there[1]) != _plain(here[1]):
        return False
    stored = PNPM.match(here[1])
    # Else it is the version of what the package was installed for: app-1.2.3/node_modules/x
    return not INSTALLED_PACKAGE.search(here[1]) or bool(
        stored and stored[2].replace("/", "+").startswith(f"{stored[1]}+")
    )


def _lists(modules: str, recorded: str) -> bool:
    """Return whether a vendor/modules.txt lists the version of the module that a recorded path is in."""
    path = _plain(f"/{recorded}")
    return any(_plain(f"/{module}@{version}/") in path for module, version in LISTED.findall(modules))


def _plain(path: str) -> str:
    """Normalize a module cache path, which marks capital letters with `!`."""
    return path.replace("!", "").casefold()
