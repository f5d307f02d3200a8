"""Finds the source text that a snapshot's lines refer to: our own copy, a version in git, or unknown."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

from alloclens.paths import canonical
from alloclens.source.fit import fits
from alloclens.source.profiled_text import AS_IT_IS, UNKNOWN_RELEASE, UNKNOWN_VERSION, SourceVersion, first_of
from alloclens.workspace.files import text_of
from alloclens.workspace.git_versions import GitVersions, at
from alloclens.workspace.profiled_file import IN_WORKTREE, ProfiledFile, as_compiled
from alloclens.workspace.releases import Releases, released_version
from alloclens.workspace.source_copies import BUILT, TICK_SECONDS, oldest_copy, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from alloclens.cache.texts import Texts
    from alloclens.series.series import Provenance
    from alloclens.source.places import Place
    from alloclens.source.profiled_text import RecordedLines
    from alloclens.source.roots import Roots

NOW = "as the file is now"


class SourceVersions:
    """Finds the profiled versions of a world's files. Reads the disk: use it in a thread."""

    def __init__(self, roots: Roots, texts: Texts | None, revision: str = "") -> None:
        self._roots = roots
        self._texts = texts
        self._revision = revision
        self._git = GitVersions(revision)
        self._releases = Releases(roots, self._git)
        self._known: dict[tuple[str, str], SourceVersion] = {}

    def of(self, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines) -> SourceVersion:
        """Return the version that a snapshot refers to. `lines` are all its lines of the file."""
        key = provenance.copies[-1].path, place.path
        if key not in self._known:
            version = self._of(ProfiledFile(place, canonical(recorded), provenance, lines))
            self._known[key] = version.guess if place.guessed else version
        return self._known[key]

    def _of(self, file: ProfiledFile) -> SourceVersion:
        if self._roots.in_caches(file.path):
            return self._releases.dependency(file)
        if self._revision:
            return next(_fitting(at(file.path, self._revision), file), UNKNOWN_VERSION)
        if version := released_version(file):
            released = next(_fitting(self._releases.released(file, version), file), None)
            return released or self._built(file).of_unknown_release(version)
        built = self._built(self._git.in_recorded_worktree(file))
        return UNKNOWN_RELEASE if built is UNKNOWN_VERSION and file.is_of_package else built

    def _built(self, file: ProfiledFile) -> SourceVersion:
        """Return the version of a file that was built from a checkout."""
        if told := next(_fitting(self._told(file), file), None):
            return told
        if kept := next(_fitting(self._built_by_the_editor(file), file), None):
            return kept
        copies, checked_in = [*self._copy(file)], [*self._git.checked_in(file, file.provenance.seconds)]
        if not copies and file.runs_from_here:
            copies = [text if checked_in else text.in_doubt for text in _unmodified(file)]
        # A program built on another machine was probably built from a commit.
        known = [*checked_in, *copies] if file.is_elsewhere else [*copies, *checked_in]
        possible = list(_fitting([*known, *self._git.not_in_history(file)], file))
        exact = [version for version in possible if fits(file.lines, version.text or "", inlined=False)]
        as_it_is = [] if exact or (possible and not file.lines.by_function) else [*_as_it_is(file)]
        best = first_of(exact or as_it_is or possible, file.lines)
        if (
            file.lines.by_function and not exact and not as_it_is
        ):  # V8's lines, none of which is where a function begins
            best = best.in_doubt
        if missing := self._git.missing(file):
            return best.beside_missing(missing)
        if self._git.may_be_of_another_file(file):
            return best.of_another_file
        is_copy = bool(copies) and best.text == copies[0].text
        if not copies and file.runs_from_here:
            best = self._beside_later(best, file)
        return _as_built(best, file, checked_in if is_copy else None)

    def _beside_later(self, version: SourceVersion, file: ProfiledFile) -> SourceVersion:
        """Return a committed text with the lines doubtful that a program may have been built with under other numbers.

        The file was written since the process began. What it was then is between the commit and the first text after that
        which is known: the next commit, or else the file as it is now.
        """
        later = self._git.next_committed(file)
        if later is None and (text := text_of(file.path)) is not None:
            later = SourceVersion(NOW, as_compiled(text, file.path))
        return version.before(later, file.lines) if later else version

    def _told(self, file: ProfiledFile) -> Iterator[SourceVersion]:
        """Yield the versions that a source map has, or the binary or a label names."""
        _, snapshot, stamp = file.provenance.copies[-1]
        if self._texts and (kept := self._texts.of(snapshot, stamp, file.path)) and kept.written_at == BUILT:
            yield SourceVersion("as its source map has it", kept.text)
        is_it = file.provenance.build.is_here and not file.provenance.is_rebuilt
        if is_it and file.is_at_recorded_path and file.is_compiled:
            for copy in self._copy(file):
                yield self._vouched(copy, file)
        yield from self._git.named(file.path, file.provenance)
        if file.started_after_its_build:
            yield from self._copy(file)

    def _vouched(self, copy: SourceVersion, file: ProfiledFile) -> SourceVersion:
        """Return our copy that the binary here was built from, with the lines doubtful that were not committed then.

        No lines are if its build id proves that it ran. Else, if it was rebuilt in place, the process may be older, and of an
        earlier text whose code has the same lines at the profile's addresses. A profile does not say when its process was
        started, but that was after the last snapshot of the process before it.
        """
        build = file.provenance.build
        if build.is_proven or file.started_after_its_build:
            return copy
        built = build.written_at - 1  # a commit's time is in whole seconds
        stamped = at(file.path, build.revision) if build.revision else ()
        commit = next(chain(stamped, self._git.checked_in(file, built)), None)
        if commit is None or commit.text == copy.text:
            return copy
        return copy.beside(commit, shifted=fits(file.lines, commit.text or ""))

    def _copy(self, file: ProfiledFile) -> Iterator[SourceVersion]:
        """Yield our copy of a file. The copy of a package may be of another version than the package on another machine."""
        if file.is_of_package and not (file.is_at_recorded_path or self._releases.is_locked(file)):
            return
        provenance = file.provenance
        until = min(provenance.begun, provenance.build.written_at) if file.is_compiled else provenance.begun
        if file.place.rule == IN_WORKTREE:
            if kept := unchanged(file.path, until):
                yield SourceVersion(f"as it is in {file.path}", as_compiled(kept.text, file.path))
            return
        for path in filter(None, (file.place.before, file.path)):
            if copy := self._oldest(path, provenance, until):
                yield copy
                return

    def _built_by_the_editor(self, file: ProfiledFile) -> Iterator[SourceVersion]:
        """Yield our copy of a file from which the editor built a program and ran it: it was written before that."""
        until = file.provenance.built_after - TICK_SECONDS
        if until > 0 and (copy := self._oldest(file.path, file.provenance, until)):
            yield copy

    def _oldest(self, path: str, provenance: Provenance, until: float) -> SourceVersion | None:
        """Return our oldest copy of a file, unless it was written after `until`; None if there is none."""
        copy = oldest_copy(self._texts, provenance.copies, path, until) if self._texts else None
        return SourceVersion(f"as it was when {copy[0]} came", as_compiled(copy[1], path)) if copy else None


def _fitting(texts: Iterable[SourceVersion], file: ProfiledFile) -> Iterator[SourceVersion]:
    return (version for version in texts if fits(file.lines, version.text or ""))


def _as_it_is(file: ProfiledFile) -> Iterator[SourceVersion]:
    """Yield the current text if every recorded function begins in it where it was recorded.

    A file that was only copied or touched since has no other witness.
    """
    lines = file.lines
    has_starts = len(lines.start) and (lines.by_function or (lines.start > 0).all())
    if file.place.own and has_starts and (text := text_of(file.path)) is not None and fits(lines, text, inlined=False):
        yield SourceVersion(AS_IT_IS, text)


def _unmodified(file: ProfiledFile) -> Iterator[SourceVersion]:
    """Yield the current text if its time of modification is before the process began, though the file is younger.

    It was copied or moved here with its times since, or replaced by another one of that time.
    """
    try:
        modified = os.stat(file.path).st_mtime
    except OSError:
        return
    if modified <= file.provenance.begun and (text := text_of(file.path)) is not None:
        yield SourceVersion("as the file is, which was modified before the profile", text)


def _as_built(version: SourceVersion, file: ProfiledFile, checked_in: Sequence[SourceVersion] | None) -> SourceVersion:
    """Return a version with the lines doubtful that may be of a text which nobody kept.

    `checked_in` are the committed texts if the version is our copy, else None.
    """
    build = file.provenance.build
    if file.provenance.is_replaced and file.is_compiled:
        return version.in_doubt
    if checked_in is not None and not (build.is_here or build.is_modified):
        return _unvouched(version, checked_in, may_be_lost=file.may_be_lost)
    if checked_in is None and file.is_newer_than_its_binary:
        return version.in_doubt
    return version.in_doubt if file.may_be_lost else version


def _unvouched(copy: SourceVersion, checked_in: Sequence[SourceVersion], *, may_be_lost: bool) -> SourceVersion:
    """Return our copy with doubtful lines, because the last edit may be older or younger than the program.

    A committed text probably ran. Else the lines edited since the newest commit are doubtful, and without a commit all
    lines of a compiled program. Scripts without a repository are trusted, or all of them would be doubtful.
    """
    if any(version.text == copy.text for version in checked_in):
        return copy
    if checked_in:
        return copy.beside(checked_in[0], shifted=True)
    return copy.in_doubt if may_be_lost else copy
