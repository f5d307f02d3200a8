"""Decides which files are own code, which the user can change to fix a leak."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from alloclens import expressions
from alloclens.paths import folders_of
from alloclens.source.recorded import BUILD_SCRIPT

if TYPE_CHECKING:
    from pathspec import PathSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    from alloclens.source.roots import Roots

DEPENDENCIES = frozenset({"vendor", "node_modules", "site-packages", "dist-packages", "third_party", "external"})
GENERATED = ("*.pb.go", "*_gen.go", "*_generated.go", "zz_generated*", "bindata.go", "*_pb2.py", "*_pb2_grpc.py")


def is_own(path: str, roots: Roots) -> bool:
    """Return whether a file within the roots is own code."""
    folder = min((f for f in folders_of(path) if f in roots.edited), key=roots.edited.__getitem__, default=None)
    if folder is None:
        return False
    inside = path[len(folder) :].strip("/")
    chosen = _chosen(inside, roots.own_code)
    return _by_rule(path, inside, roots) if chosen is None else chosen


def refused(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first invalid pattern, or all if they are too long together; () if they are valid."""
    if not patterns or _compiles(patterns):
        return ()
    return next(((pattern,) for pattern in patterns if not _compiles((pattern,))), patterns)


def _compiles(patterns: tuple[str, ...]) -> bool:
    try:
        _spec(patterns)
    except Exception:  # noqa: BLE001 - pathspec and its two engines raise different errors
        return False
    return True


def _by_rule(path: str, inside: str, roots: Roots) -> bool:
    if roots.in_caches(path):
        return False
    if BUILD_SCRIPT.search(inside):
        return False
    *directories, name = inside.split("/")
    if any(d in DEPENDENCIES or d.startswith(".") for d in directories):
        return False
    return not any(fnmatchcase(name, pattern) for pattern in GENERATED)


def _chosen(inside: str, patterns: tuple[str, ...]) -> bool | None:
    """Apply the user's patterns to a file, of which the last match wins; None if none matches, or they take too long."""
    try:
        return _spec(patterns).check_file(inside).include if patterns else None
    except TimeoutError:  # without RE2
        return None


@lru_cache(8)
def _spec(patterns: tuple[str, ...]) -> PathSpec[Any]:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - takes 60 ms, and most users have no patterns

    if expressions.are_linear():
        return GitIgnoreSpec.from_lines(patterns, backend="re2")
    return GitIgnoreSpec.from_lines(patterns, _limited, backend="simple")


def _limited(line: str) -> GitIgnoreSpecPattern:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # noqa: PLC0415 - as above

    pattern = GitIgnoreSpecPattern(line)
    if pattern.regex is not None:
        pattern.regex = expressions.Limited(pattern.regex.pattern)  # type: ignore[assignment]  # only its search is called
    return pattern
