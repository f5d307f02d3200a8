"""Finds the source text that a snapshot's lines refer to: our own copy, a version in git, or unknown."""

from __future__ import annotations

import math
import os
import re
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from alloclens.disk import written_at
from alloclens.paths import canonical, folders_of, is_absolute, is_within, name_of, rest_within
from alloclens.source.fit import fits
from alloclens.source.line_mapping import (
    AS_IT_IS,
    UNCHANGING,
    UNKNOWN_RELEASE,
    UNKNOWN_VERSION,
    RecordedLines,
    SourceVersion,
    first_of,
)
from alloclens.source.own import DEPENDENCIES
from alloclens.symbols.build_info import COMMIT, revisions
from alloclens.workspace import git, git_history, git_texts
from alloclens.workspace.files import text_of
from alloclens.workspace.packages import LISTED, LOCK_FILES, package_of, versions_in
from alloclens.workspace.source_copies import BUILT, COMPILED, TICK_SECONDS, unchanged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alloclens.arrays import Ints
    from alloclens.cache.texts import Texts
    from alloclens.profile.build import Build
    from alloclens.series.series import Copies, Provenance
    from alloclens.source.places import Place
    from alloclens.source.roots import Roots
    from alloclens.tables.lines import Lines


VERSION = re.compile(r"@(v\d[^/]*)/")
PLACEHOLDER = re.compile(r"v0\.0\.0|v\d+\.0\.0-00010101000000-0{12}")
"""A version that go.mod requires of a module that it replaces, if there is no release."""
MAJOR_DIRECTORY = re.compile(r"(?:^|/)v\d+$")
FROM_VERSIONED_DIRECTORY = re.compile(r".*(/[^/]+[@-]v?\d+\.\d+\.\d+[^/]*/.*)", re.DOTALL)
"""The end of a path from a directory named after a module, package or crate with its version."""
INSTALLED_PACKAGE = re.compile(r"/(?:node_modules|(?:site|dist)-packages)/")
PNPM = re.compile(r"/([^/]+)@[^/]+/node_modules/(.+)", re.DOTALL)
"""A package in pnpm's store: @scope+name@1.2.3/node_modules/@scope/name/index.js."""
LONE_RETURN = re.compile(r"\r(?!\n)")

AS_RECORDED = "as recorded"
"""The rule for files still at their recorded path."""
IN_WORKTREE = "in another worktree"
"""That of files that are at their recorded path in another worktree of the repository."""
NOW = "as the file is now"
NOT_IN_GIT = "git has no text of this file"
LONGEST_RUN_SECONDS = 365 * 24 * 3600
"""How much older than its profile a program is taken to be at most, if not all texts are known that git had before."""
CLOCKS_APART_SECONDS = 60
"""How far the clocks of the machines that commit and that run a program may be apart."""


class SourceVersions:
    """Finds the profiled versions of a world's files. Reads the disk: use it in a thread."""

    def __init__(self, roots: Roots, texts: Texts | None, revision: str = "") -> None:
        self._roots = roots
        self._texts = texts
        self._revision = revision
        self._known: dict[tuple[str, str], SourceVersion] = {}
        self._references: dict[str, git.References | None] = {}
        self._refusals: dict[str, str] = {}
        self._worktrees: dict[str, tuple[str, ...]] = {}
        """All three by repository."""

    def of(self, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines) -> SourceVersion:
        """Return the version that a snapshot refers to. `lines` are all its lines of the file."""
        key = provenance.copies[-1].path, place.path
        if key not in self._known:
            version = self._of(place, recorded, provenance, lines)
            self._known[key] = version.guess if place.guessed else version
        return self._known[key]

    def _of(self, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines) -> SourceVersion:
        if self._roots.in_caches(place.path):
            return self._dependency(place, recorded, provenance, lines)
        if self._revision:
            return next(_fitting(_at(place.path, self._revision), lines), UNKNOWN_VERSION)
        if version := _released_version(place, recorded):
            released = next(_fitting(self._released(place, recorded, version), lines), None)
            return released or self._built(place, recorded, provenance, lines).of_unknown_release(version)
        built = self._built(self._compiled(place, recorded), recorded, provenance, lines)
        return UNKNOWN_RELEASE if built is UNKNOWN_VERSION and _is_of_package(place) else built

    def _built(self, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines) -> SourceVersion:
        """Return the version of a file that was built from a checkout."""
        named = next(_fitting(self._told(place, recorded, provenance, lines), lines), None)
        if named:
            return named
        if kept := next(_fitting(self._built_by_the_editor(place, provenance), lines), None):
            return kept
        copies, checked_in = (
            list(self._copy(place, recorded, provenance)),
            list(self._checked_in(place, recorded, provenance, provenance.seconds)),
        )
        elsewhere = is_absolute(canonical(recorded)) and not _is_as_recorded(place, recorded)
        if not copies and _runs_from_here(place, recorded):
            copies = [text if checked_in else text.in_doubt for text in _unmodified(place, provenance)]
        # A program built on another machine was probably built from a commit.
        known = [*checked_in, *copies] if elsewhere else [*copies, *checked_in]
        possible = list(_fitting([*known, *self._not_in_history(place, provenance)], lines))
        exact = [version for version in possible if fits(lines, version.text or "", inlined=False)]
        as_it_is = [] if exact or (possible and not lines.by_function) else [*_as_it_is(place, lines)]
        best = first_of(exact or as_it_is or possible, lines)
        if lines.by_function and not exact and not as_it_is:  # V8's lines, none of which is where a function begins
            best = best.in_doubt
        if missing := self._missing(place, recorded, provenance):
            return best.beside_missing(missing)
        if self._may_be_of_another_file(place, provenance, lines):
            return best.of_another_file
        is_copy = bool(copies) and best.text == copies[0].text
        if not copies and _runs_from_here(place, recorded):
            best = self._beside_later(best, place, provenance, lines)
        return _as_built(best, place, recorded, provenance, checked_in if is_copy else None)

    def _beside_later(
        self, version: SourceVersion, place: Place, provenance: Provenance, lines: RecordedLines
    ) -> SourceVersion:
        """Return a committed text with the lines doubtful that a program may have been built with under other numbers.

        The file was written since the process began. What it was then is between the commit and the first text after that
        which is known: the next commit, or else the file as it is now.
        """
        histories = self._histories(place)
        after = [one for one in _all_of(histories[:1]) if one.seconds > provenance.begun]
        texts = _texts(place.path, histories)
        if after and after[-1].blob in texts:
            later = _of_commit(after[-1].commit, texts[after[-1].blob], place.path)
        elif (text := text_of(place.path)) is not None:
            later = SourceVersion(NOW, _as_compiled(text, place.path))
        else:
            return version
        return version.before(later, lines)

    def _compiled(self, place: Place, recorded: str) -> Place:
        """Return the file that was compiled: the one at the recorded path, if that is in another worktree of the repository."""
        path, repository = canonical(recorded), git.repository_of(place.path)
        if not repository or not is_absolute(path) or _is_as_recorded(place, recorded):
            return place
        if repository not in self._worktrees:
            self._worktrees[repository] = git.worktrees(place.path)
        others = (
            worktree for worktree in self._worktrees[repository] if worktree != repository and is_within(path, worktree)
        )
        return place._replace(path=path, rule=IN_WORKTREE, before="") if any(others) and os.path.isfile(path) else place

    def _missing(self, place: Place, recorded: str, provenance: Provenance) -> str:
        """Say why texts of a file that may have been built were not looked at; "" if all were.

        What was built here was here. What was built elsewhere may be any text that the repository ever had. Without a
        repository there is nothing to compare with: all would be marked, nearly always wrongly.
        """
        if self._references_of(place.path) is None:
            return self._refusal_of(place.path)
        if _is_as_recorded(place, recorded) or (provenance.build.is_here and not is_absolute(canonical(recorded))):
            return ""
        histories = self._histories(place)
        if not any(history.versions for history in histories):
            return next((gap.reason for history in histories for gap in history.gaps), NOT_IN_GIT)
        oldest = provenance.seconds - LONGEST_RUN_SECONDS
        texts = _texts(place.path, histories)
        gaps = (gap for history in histories for gap in (*history.gaps, *_unread(history, texts)))
        return next((gap.reason for gap in gaps if gap.until > oldest), "")

    def _histories(self, place: Place) -> list[git_history.FileHistory]:
        """Return the histories of a file: that of HEAD, and those of all branches, under each of its names."""
        at = self._references_of(place.path)
        if at is None:
            return []
        # A rename that is not committed yet is in no history.
        names = (place.path, place.before) if place.before else (place.path,)
        of_head = (git_history.history(name, at.head, shallow=at.shallow) for name in names)
        return [
            next((history for history in of_head if history.versions or history.gaps), git_history.FileHistory()),
            *(git_history.history_anywhere(name, at) for name in names),
        ]

    def _dependency(self, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines) -> SourceVersion:
        """Return UNCHANGING if something shows that the file has the profiled version, and it does not contradict."""
        if self._is_version(place, recorded, provenance):
            return UNCHANGING
        is_same = _is_untouched(place, provenance) or self._is_locked(place, recorded, provenance)
        text = text_of(place.path) if is_same else None
        if text is None or not fits(lines, compiled := _as_compiled(text, place.path)):
            return UNKNOWN_RELEASE
        return UNCHANGING if compiled == text else UNCHANGING._replace(text=compiled)

    def _is_version(self, place: Place, recorded: str, provenance: Provenance) -> bool:
        """Return whether a file of a dependency or of Go has the version that ran, by paths or the binary."""
        if self._roots.go_root and is_within(place.path, self._roots.go_root):
            version = self._roots.go_version
            named = re.escape(version.removeprefix("go")) + r"(?!\d|\.\d|rc|beta)"
            return bool(version) and (
                provenance.build.go_version == version or bool(re.search(rf"(?<![\d.]){named}", recorded))
            )
        return _has_same_version(place, recorded)

    def _is_locked(self, place: Place, recorded: str, provenance: Provenance) -> bool:
        """Return whether only the version of a package that is here was in its project's lock file until a process began.

        The program may be older than the newest commit.
        """
        package = package_of(place.path, canonical(recorded))
        if package is None:
            return False
        for lock in self._lock_files(place.path):
            per_text = (versions_in(lock, text, package) for text in self._lock_texts(lock, provenance))
            if listed := [*filter(None, per_text)]:
                return all(versions == {package.version} for versions in listed)
        return False

    def _lock_files(self, path: str) -> Iterator[str]:
        """Yield the lock files around the directory of a file's packages, innermost first, then those of the workspace."""
        folders = self._roots.folders
        around = [
            folder
            for folder in folders_of(path)
            if any(
                (inside := rest_within(folder, opened)) is not None and not _is_of_packages(inside)
                for opened in folders
            )
        ]
        paths = (f"{folder}/{name}" for folder in dict.fromkeys((*around, *folders)) for name in LOCK_FILES)
        return filter(os.path.isfile, paths)

    def _lock_texts(self, lock: str, provenance: Provenance) -> Iterable[str]:
        """Return the texts that a lock file had when a program was built, or may have had."""
        for revision in self._revisions(provenance):
            if (at := git.commit(lock, revision)) and (text := git_texts.text_at(lock, at)) is not None:
                return [text]
        references = self._references_of(lock)
        history = git_history.versions(lock, references.head) if references else ()
        blobs = tuple(dict.fromkeys(version.blob for version in history if version.seconds <= provenance.begun))
        copy = None if blobs else unchanged(lock, provenance.begun)
        return [copy.text] if copy else git_texts.texts(lock, blobs).values()

    def _revisions(self, provenance: Provenance) -> Iterator[str]:
        """Yield the revisions that the setting, the binary or a label names."""
        if self._revision:
            yield self._revision
        build = provenance.build
        is_told = not build.is_modified and not _is_rebuilt(provenance)
        named = (build.revision, *revisions(provenance.label)) if is_told else revisions(provenance.label)
        for revision in filter(None, named):
            yield revision if COMMIT.fullmatch(revision) else f"refs/tags/{revision}"

    def _told(
        self, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines
    ) -> Iterator[SourceVersion]:
        """Yield the versions that a source map has, or the binary or a label names."""
        _, snapshot, stamp = provenance.copies[-1]
        if self._texts and (kept := self._texts.of(snapshot, stamp, place.path)) and kept.written_at == BUILT:
            yield SourceVersion("as its source map has it", kept.text)
        is_it = provenance.build.is_here and not _is_rebuilt(provenance)
        if is_it and _is_as_recorded(place, recorded) and COMPILED.search(place.path):
            for copy in self._copy(place, recorded, provenance):
                yield self._vouched(copy, place, recorded, provenance, lines)
        for revision in self._revisions(provenance):
            yield from _at(place.path, revision)

    def _released(self, place: Place, recorded: str, version: str) -> Iterator[SourceVersion]:
        """Yield the versions of a file that its module had in a release, as tags or vendor/modules.txt say."""
        path = place.path
        if vendor := next((candidate for candidate in self._roots.vendors if is_within(path, candidate)), ""):
            yield from self._vendored(path, f"{vendor}/modules.txt", recorded)
        elif place.own:
            top = git.repository_of(path)
            directories = [module.directory for module in self._roots.modules if is_within(path, module.directory)]
            inside = rest_within(max(directories, key=len, default=top), top) or ""
            prefix = MAJOR_DIRECTORY.sub("", inside)  # Go wants the tag lib/v1.0.0 for a module in lib
            is_tag = prefix and not git.PSEUDO_VERSION.match(version)
            yield from _at(path, f"{prefix}/{version}" if is_tag else version)

    def _vendored(self, path: str, listing: str, recorded: str) -> Iterator[SourceVersion]:
        """Yield the texts of a vendored file with which vendor/modules.txt listed the recorded version, newest first."""
        text = text_of(path)
        if text is not None and _lists(text_of(listing) or "", recorded):
            yield SourceVersion("of the version that vendor/modules.txt lists", _as_compiled(text, path))
        references = self._references_of(path)
        versions = git_history.versions(listing, references.head) if references else ()
        listings = git_texts.texts(listing, tuple(dict.fromkeys(version.blob for version in versions)))
        for version in versions:
            if _lists(listings.get(version.blob, ""), recorded):
                yield from _at(path, version.commit)

    def _vouched(
        self, copy: SourceVersion, place: Place, recorded: str, provenance: Provenance, lines: RecordedLines
    ) -> SourceVersion:
        """Return our copy that the binary here was built from, with the lines doubtful that were not committed then.

        No lines are if its build id proves that it ran. Else, if it was rebuilt in place, the process may be older, and of an
        earlier text whose code has the same lines at the profile's addresses. A profile does not say when its process was
        started, but that was after the last snapshot of the process before it.
        """
        build = provenance.build
        if build.is_proven or build.written_at < provenance.follows:
            return copy
        built = build.written_at - 1  # a commit's time is in whole seconds
        stamped = _at(place.path, build.revision) if build.revision else ()
        commit = next(chain(stamped, self._checked_in(place, recorded, provenance, built)), None)
        if commit is None or commit.text == copy.text:
            return copy
        return copy.beside(commit, shifted=fits(lines, commit.text or ""))

    def _copy(self, place: Place, recorded: str, provenance: Provenance) -> Iterator[SourceVersion]:
        """Yield our copy of a file. The copy of a package may be of another version than the package on another machine."""
        if _is_of_package(place) and not (
            _is_as_recorded(place, recorded) or self._is_locked(place, recorded, provenance)
        ):
            return
        until = min(provenance.begun, provenance.build.written_at) if COMPILED.search(place.path) else provenance.begun
        if place.rule == IN_WORKTREE:
            if kept := unchanged(place.path, until):
                yield SourceVersion(f"as it is in {place.path}", _as_compiled(kept.text, place.path))
            return
        for path in filter(None, (place.before, place.path)):
            if self._texts and (copy := oldest_copy(self._texts, provenance.copies, path, until)):
                yield SourceVersion(f"as it was when {copy[0]} came", _as_compiled(copy[1], path))
                return

    def _built_by_the_editor(self, place: Place, provenance: Provenance) -> Iterator[SourceVersion]:
        """Yield our copy of a file from which the editor built a program and ran it: it was written before that."""
        until = provenance.built_after - TICK_SECONDS
        if self._texts and until > 0 and (copy := oldest_copy(self._texts, provenance.copies, place.path, until)):
            yield SourceVersion(f"as it was when {copy[0]} came", _as_compiled(copy[1], place.path))

    def _checked_in(self, place: Place, recorded: str, provenance: Provenance, until: float) -> Iterator[SourceVersion]:
        """Yield the versions of a file committed until then, under its recorded name, newest first.

        A running program may be built from any of them, because deployments lag behind. If its binary names a commit
        with uncommitted changes, older versions are excluded.
        """
        path, histories = place.path, self._histories(place)
        before = [version for version in _all_of(histories[:1]) if version.seconds <= until]
        named = [version for version in before if name_of(version.path) == name_of(canonical(recorded))] or before
        commit_of: dict[str, str] = {}
        for version in named:
            commit_of.setdefault(version.blob, version.commit)
        texts = _texts(path, histories)
        oldest = next(_at(path, provenance.build.revision), None) if provenance.build.is_modified else None
        for blob in filter(texts.__contains__, commit_of):
            yield (committed := _of_commit(commit_of[blob], texts[blob], path))
            if oldest and oldest.text == committed.text:
                return

    def _may_be_of_another_file(self, place: Place, provenance: Provenance, lines: RecordedLines) -> bool:
        """Return whether the profile may name another file, which had this path before today's was added."""
        histories = [] if place.before else self._histories(place)
        history = [version for version in _all_of(histories[:1]) if version.seconds <= provenance.seconds]
        others = tuple(dict.fromkeys(version.blob for version in history if version.is_of_another))
        if not others or all(version.is_of_another for version in history):
            return bool(others)
        texts = _texts(place.path, histories)
        return any(fits(lines, _as_compiled(texts[blob], place.path)) for blob in others if blob in texts)

    def _not_in_history(self, place: Place, provenance: Provenance) -> Iterator[SourceVersion]:
        """Yield the other versions that git had of a file when a snapshot was taken, newest first.

        A program may be built from a branch, a tag, another worktree or a stash, or from a commit that was amended,
        rebased or merged since.
        """
        histories = self._histories(place)
        until = provenance.seconds + CLOCKS_APART_SECONDS
        in_history = {version.blob for version in _all_of(histories[:1]) if version.seconds <= provenance.seconds}
        commit_of: dict[str, str] = {}
        for version in _all_of(histories):
            if version.blob not in in_history and min(version.seconds, version.authored) <= until:
                commit_of.setdefault(version.blob, version.commit)
        texts = _texts(place.path, histories)
        for blob in filter(texts.__contains__, commit_of):
            yield _of_commit(commit_of[blob], texts[blob], place.path)

    def _references_of(self, path: str) -> git.References | None:
        """Return the references of a file's repository; None if it has no commit, or git cannot read it."""
        repository = git.repository_of(path)
        if repository not in self._references:
            self._references[repository] = git.references(path) if repository else None
        return self._references[repository]

    def _refusal_of(self, path: str) -> str:
        """Say why git cannot read a file's repository; "" if it can, or if there is none."""
        repository = git.repository_of(path)
        if repository not in self._refusals:
            self._refusals[repository] = git.refusal(path)
        return self._refusals[repository]


def _as_it_is(place: Place, lines: RecordedLines) -> Iterator[SourceVersion]:
    """Yield the current text if every recorded function begins in it where it was recorded.

    A file that was only copied or touched since has no other witness.
    """
    has_starts = len(lines.start) and (lines.by_function or (lines.start > 0).all())
    if place.own and has_starts and (text := text_of(place.path)) is not None and fits(lines, text, inlined=False):
        yield SourceVersion(AS_IT_IS, text)


def _runs_from_here(place: Place, recorded: str) -> bool:
    """Return whether the file here may be what ran, with no binary that would tell when it was built."""
    return not COMPILED.search(place.path) and (
        _is_as_recorded(place, recorded) or not is_absolute(canonical(recorded))
    )


def _unmodified(place: Place, provenance: Provenance) -> Iterator[SourceVersion]:
    """Yield the current text if its time of modification is before the process began, though the file is younger.

    It was copied or moved here with its times since, or replaced by another one of that time.
    """
    try:
        modified = os.stat(place.path).st_mtime
    except OSError:
        return
    if modified <= provenance.begun and (text := text_of(place.path)) is not None:
        yield SourceVersion("as the file is, which was modified before the profile", text)


def recorded_lines(lines: Lines, rows: Ints, path: str) -> RecordedLines:
    """Return rows of a snapshot's lines, all of one file, with their functions."""
    functions, row = np.unique(lines.functions.of_line[rows], return_inverse=True)
    known = functions >= 0
    names = [lines.functions.name[i] for i in functions[known].tolist()]
    return RecordedLines(
        lines.line[rows],
        row - np.count_nonzero(~known),
        names,
        lines.functions.start_line[functions[known]],
        path,
        lines.by_function,
    )


def recorded_lines_in(lines: Lines, recorded: str, path: str) -> RecordedLines:
    """Return the lines of a recorded file that is placed at a path."""
    number = lines.number(recorded)
    rows = np.zeros(0, np.int64) if number is None else lines.rows_in(number)
    return recorded_lines(lines, rows[lines.line[rows] > 0], path)


def _is_as_recorded(place: Place, recorded: str) -> bool:
    """Return whether a file is at its recorded path, or was until git renamed it."""
    return place.rule in {AS_RECORDED, IN_WORKTREE} or place.before == canonical(recorded)


def _is_of_package(place: Place) -> bool:
    return not place.own and _is_of_packages(place.path)


def _is_of_packages(path: str) -> bool:
    """Return whether a path leads into a directory of dependencies."""
    return not DEPENDENCIES.isdisjoint(path.split("/"))


def _is_untouched(place: Place, provenance: Provenance) -> bool:
    """Return whether a file is at its recorded path and was last written before the process began."""
    try:
        return place.rule == AS_RECORDED and written_at(os.stat(place.path)) <= provenance.begun
    except OSError:
        return False


def _is_rebuilt(provenance: Provenance) -> bool:
    """Return whether the binary was rebuilt since the process began, so that its commit may be a later one."""
    return provenance.build.is_here and provenance.build.written_at > provenance.begun


def _is_replaced(provenance: Provenance) -> bool:
    """Return whether another binary was at the program's path when the process was first seen.

    It has other lines, so the text was edited before, and the file here is probably as it was for the new binary.
    """
    return provenance.build.has_other_lines and provenance.build.written_at <= provenance.begun


def _may_be_lost(place: Place, recorded: str, provenance: Provenance) -> bool:
    """Return whether a program may have been built from a text that was never committed and is lost.

    Either its binary has uncommitted changes, or it was built here and the binary is gone or was replaced.
    """
    build = provenance.build
    is_other = build.is_here or build.is_gone or provenance.begun < build.written_at < math.inf
    return build.is_modified or (is_other and _is_as_recorded(place, recorded) and bool(COMPILED.search(place.path)))


def _is_newer_than_its_binary(place: Place, recorded: str, build: Build) -> bool:
    """Return whether a file was written after a binary that was built here.

    The text at the time of the build may be lost: an edit that was reverted after `go run` was never committed.
    """
    is_trimmed = not is_absolute(canonical(recorded))  # by -trimpath
    built_here = is_trimmed or _is_as_recorded(place, recorded)
    if not built_here or build.written_at == math.inf or not COMPILED.search(place.path):
        return False
    try:
        return written_at(os.stat(place.path)) > build.written_at
    except OSError:
        return False


def _as_built(
    version: SourceVersion,
    place: Place,
    recorded: str,
    provenance: Provenance,
    checked_in: Sequence[SourceVersion] | None,
) -> SourceVersion:
    """Return a version with the lines doubtful that may be of a text which nobody kept.

    `checked_in` are the committed texts if the version is our copy, else None.
    """
    may_be_lost, build = _may_be_lost(place, recorded, provenance), provenance.build
    if _is_replaced(provenance) and COMPILED.search(place.path):
        return version.in_doubt
    if checked_in is not None and not (build.is_here or build.is_modified):
        return _unvouched(version, checked_in, may_be_lost=may_be_lost)
    if checked_in is None and _is_newer_than_its_binary(place, recorded, build):
        return version.in_doubt
    return version.in_doubt if may_be_lost else version


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


def _released_version(place: Place, recorded: str) -> str:
    """Return the version of a Go module in a recorded path, unless the file here is at the same path or mapped to it.

    With -trimpath, a module that go.mod replaces with a directory has the required version in its paths, too. If that is
    a placeholder, it is certain that it was replaced.
    """
    match = VERSION.search(canonical(recorded))
    if match is None or PLACEHOLDER.fullmatch(match[1]) or place.rule == "pathMappings":
        return ""
    return "" if _has_same_version(place, recorded) else match[1]


def _has_same_version(place: Place, recorded: str) -> bool:
    """Return whether a file is at a path with the recorded version."""
    there, here = (FROM_VERSIONED_DIRECTORY.match(f"/{path}") for path in (canonical(recorded), place.path))
    if there is None or here is None or _plain(there[1]) != _plain(here[1]):
        return False
    stored = PNPM.match(here[1])
    # Else it is the version of what the package was installed for: app-1.2.3/node_modules/x
    return not INSTALLED_PACKAGE.search(here[1]) or bool(
        stored and stored[2].replace("/", "+").startswith(f"{stored[1]}+")
    )


def _lists(modules: str, recorded: str) -> bool:
    """Return whether a vendor/modules.txt lists the version of the module that a recorded path is in."""
    path = _plain(f"/{canonical(recorded)}")
    return any(_plain(f"/{module}@{version}/") in path for module, version in LISTED.findall(modules))


def _plain(path: str) -> str:
    """Normalize a module cache path, which marks capital letters with `!`."""
    return path.replace("!", "").casefold()


def oldest_copy(texts: Texts, copies: Iterable[Copies], path: str, until: float) -> tuple[str, str] | None:
    """Return the oldest copy of a file from a process's snapshots, with the snapshot's name.

    Copies of files written after `until` are ignored: they were edited while the program ran.
    """
    kept = ((name, texts.of(snapshot, stamp, path)) for name, snapshot, stamp in copies)
    return next(((name, copy.text) for name, copy in kept if copy and copy.written_at <= until), None)


def _fitting(texts: Iterable[SourceVersion], lines: RecordedLines) -> Iterator[SourceVersion]:
    return (version for version in texts if fits(lines, version.text or ""))


def _texts(path: str, histories: Iterable[git_history.FileHistory]) -> Mapping[str, str]:
    """Return the texts of a file's histories by blob."""
    return git_texts.texts(path, tuple(dict.fromkeys(version.blob for version in _all_of(histories))))


def _all_of(histories: Iterable[git_history.FileHistory]) -> Iterator[git_history.FileVersion]:
    return chain.from_iterable(history.versions for history in histories)


def _unread(history: git_history.FileHistory, texts: Mapping[str, str]) -> Iterator[git_history.Gap]:
    """Yield the newest text of a history that is not here, as in a partial clone, or is beyond the limit of size."""
    until = math.inf
    for version in history.versions:
        if version.blob not in texts:
            yield git_history.Gap(
                until, "not all texts of the file that git lists are here, or they are too large together"
            )
            return
        until = version.seconds


def _at(path: str, revision: str) -> Iterator[SourceVersion]:
    if (at := git.commit(path, revision)) and (text := git_texts.text_at(path, at)) is not None:
        yield _of_commit(at, text, path)


def _of_commit(at: str, text: str, path: str) -> SourceVersion:
    return SourceVersion(f"as in git's commit {at[:12]}{at[40:]}", _as_compiled(text, path))


def _as_compiled(text: str, path: str) -> str:
    r"""Return a text with the lines that its compiler counts: for Go and Rust, \r alone does not end one, as it does in LSP."""
    return LONE_RETURN.sub(" ", text) if "\r" in text and path.endswith((".go", ".rs")) else text
