"""Finds the texts of a file in git that a program may have been built from."""

from __future__ import annotations

import math
import os
from itertools import chain
from typing import TYPE_CHECKING

from alloclens.paths import is_within, name_of
from alloclens.source.fit import fits
from alloclens.source.profiled_text import SourceVersion
from alloclens.symbols.build_info import COMMIT, revisions
from alloclens.workspace import git, git_history, git_texts
from alloclens.workspace.profiled_file import IN_WORKTREE, as_compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from alloclens.series.series import Provenance
    from alloclens.workspace.profiled_file import ProfiledFile

NOT_IN_GIT = "git has no text of this file"
LONGEST_RUN_SECONDS = 365 * 24 * 3600
"""How much older than its profile a program is taken to be at most, if not all texts are known that git had before."""
CLOCKS_APART_SECONDS = 60
"""How far the clocks of the machines that commit and that run a program may be apart."""


class GitVersions:
    """Finds texts in git, and caches what it learns of each repository. Calls git: use it in a thread."""

    def __init__(self, revision: str = "") -> None:
        """Take the revision that was profiled, if the user has set it."""
        self._revision = revision
        self._references: dict[str, git.References | None] = {}
        self._refusals: dict[str, str] = {}
        self._worktrees: dict[str, tuple[str, ...]] = {}
        """All three by repository."""
        self._known: dict[tuple[str, ...], tuple[git_history.FileHistory, ...]] = {}
        """The histories of files by their names."""

    def named(self, path: str, provenance: Provenance) -> Iterator[SourceVersion]:
        """Yield the texts of a file in the revisions that the setting, the binary or a label names."""
        for revision in self._revisions(provenance):
            yield from at(path, revision)

    def of_head(self, path: str) -> tuple[git_history.FileVersion, ...]:
        """Return the versions of a file in the history of HEAD, newest first."""
        references = self._references_of(path)
        return git_history.versions(path, references.head) if references else ()

    def checked_in(self, file: ProfiledFile, until: float) -> Iterator[SourceVersion]:
        """Yield the versions of a file committed until then, under its recorded name, newest first.

        A running program may be built from any of them, because deployments lag behind. If its binary names a commit
        with uncommitted changes, older versions are excluded.
        """
        path, histories, build = file.path, self._histories(file), file.provenance.build
        before = [version for version in _all_of(histories[:1]) if version.seconds <= until]
        named = [version for version in before if name_of(version.path) == name_of(file.recorded)] or before
        commit_of: dict[str, str] = {}
        for version in named:
            commit_of.setdefault(version.blob, version.commit)
        texts = _texts(path, histories)
        oldest = next(at(path, build.revision), None) if build.is_modified else None
        for blob in filter(texts.__contains__, commit_of):
            yield (committed := _of_commit(commit_of[blob], texts[blob], path))
            if oldest and oldest.text == committed.text:
                return

    def not_in_history(self, file: ProfiledFile) -> Iterator[SourceVersion]:
        """Yield the other versions that git had of a file when a snapshot was taken, newest first.

        A program may be built from a branch, a tag, another worktree or a stash, or from a commit that was amended,
        rebased or merged since.
        """
        histories, taken = self._histories(file), file.provenance.seconds
        in_history = {version.blob for version in _all_of(histories[:1]) if version.seconds <= taken}
        commit_of: dict[str, str] = {}
        for version in _all_of(histories):
            committed = min(version.seconds, version.authored)
            if version.blob not in in_history and committed <= taken + CLOCKS_APART_SECONDS:
                commit_of.setdefault(version.blob, version.commit)
        texts = _texts(file.path, histories)
        for blob in filter(texts.__contains__, commit_of):
            yield _of_commit(commit_of[blob], texts[blob], file.path)

    def next_committed(self, file: ProfiledFile) -> SourceVersion | None:
        """Return the first version of a file that was committed after the process began; None if there is none or it is not here."""
        histories = self._histories(file)
        after = [version for version in _all_of(histories[:1]) if version.seconds > file.provenance.begun]
        texts = _texts(file.path, histories)
        if not after or after[-1].blob not in texts:
            return None
        return _of_commit(after[-1].commit, texts[after[-1].blob], file.path)

    def missing(self, file: ProfiledFile) -> str:
        """Say why texts of a file that may have been built were not looked at; "" if all were.

        What was built here was here. What was built elsewhere may be any text that the repository ever had. Without a
        repository there is nothing to compare with: all would be marked, nearly always wrongly.
        """
        if self._references_of(file.path) is None:
            return self._refusal_of(file.path)
        if file.is_at_recorded_path or (file.provenance.build.is_here and not file.is_elsewhere):
            return ""
        histories = self._histories(file)
        if not any(history.versions for history in histories):
            return next((gap.reason for history in histories for gap in history.gaps), NOT_IN_GIT)
        oldest = file.provenance.seconds - LONGEST_RUN_SECONDS
        texts = _texts(file.path, histories)
        gaps = (gap for history in histories for gap in (*history.gaps, *_unread(history, texts)))
        return next((gap.reason for gap in gaps if gap.until > oldest), "")

    def may_be_of_another_file(self, file: ProfiledFile) -> bool:
        """Return whether the profile may name another file, which had this path before today's was added."""
        histories = () if file.place.before else self._histories(file)
        history = [version for version in _all_of(histories[:1]) if version.seconds <= file.provenance.seconds]
        others = tuple(dict.fromkeys(version.blob for version in history if version.is_of_another))
        if not others or all(version.is_of_another for version in history):
            return bool(others)
        texts = _texts(file.path, histories)
        return any(fits(file.lines, as_compiled(texts[blob], file.path)) for blob in others if blob in texts)

    def in_recorded_worktree(self, file: ProfiledFile) -> ProfiledFile:
        """Return the file that was compiled: the one at the recorded path, if that is in another worktree of the repository."""
        repository = git.repository_of(file.path)
        if not repository or not file.is_elsewhere:
            return file
        if repository not in self._worktrees:
            self._worktrees[repository] = git.worktrees(file.path)
        others = (worktree for worktree in self._worktrees[repository] if worktree != repository)
        if not any(is_within(file.recorded, worktree) for worktree in others) or not os.path.isfile(file.recorded):
            return file
        return file._replace(place=file.place._replace(path=file.recorded, rule=IN_WORKTREE, before=""))

    def _revisions(self, provenance: Provenance) -> Iterator[str]:
        if self._revision:
            yield self._revision
        build = provenance.build
        is_told = not build.is_modified and not provenance.is_rebuilt
        # Labels and images often leave out the v that Go wants of a tag.
        is_bare = build.revision[:1].isdigit() and not COMMIT.fullmatch(build.revision)
        told = (build.revision, f"v{build.revision}" if is_bare else "") if is_told else ()
        for revision in filter(None, (*told, *revisions(provenance.label))):
            yield revision if COMMIT.fullmatch(revision) else f"refs/tags/{revision}"

    def _histories(self, file: ProfiledFile) -> tuple[git_history.FileHistory, ...]:
        """Return the histories of a file: that of HEAD, and those of all branches, under each of its names."""
        # A rename that is not committed yet is in no history.
        names = (file.path, file.place.before) if file.place.before else (file.path,)
        if names not in self._known:
            references = self._references_of(file.path)
            self._known[names] = tuple(_listed(names, references)) if references else ()
        return self._known[names]

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


def at(path: str, revision: str) -> Iterator[SourceVersion]:
    """Yield the text of a file in a revision, if git has both."""
    if (commit := git.commit(path, revision)) and (text := git_texts.text_at(path, commit)) is not None:
        yield _of_commit(commit, text, path)


def _of_commit(commit: str, text: str, path: str) -> SourceVersion:
    return SourceVersion(f"as in git's commit {commit[:12]}{commit[40:]}", as_compiled(text, path))


def _listed(names: Sequence[str], references: git.References) -> Iterator[git_history.FileHistory]:
    """Yield what is listed under the names of a file, the history of HEAD first."""
    of_head = (git_history.history(name, references.head, shallow=references.shallow) for name in names)
    yield next((history for history in of_head if history.versions or history.gaps), git_history.FileHistory())
    yield from (git_history.history_anywhere(name, references) for name in names)


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
