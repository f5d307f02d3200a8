r"""Paths as strings with the same rules on every system: forward slashes, upper-case drives, one name for one file.

A profile may come from another system, so C:\app\main.go is a path on Linux, too.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = re.compile(r"^file:(?:(?://[^/]+/|/*)(?=[A-Za-z]:)|(?://[^/]*)?(?=/))")
"""The scheme of file:///a and file:///C:/a, and of file:/a as written by Go's filepath.Clean and Java."""
VITE = re.compile(r"^/@fs/*(?=/|[A-Za-z]:)")
"""The prefix that Vite adds to files outside its project directory."""
BUNDLE = re.compile(r"^(?:webpack(?:-internal)?|turbopack):/(?:/[^/]*/)?(?:\([^/()]+\)/|\[project\]/)?")
"""The scheme of webpack:///./src/a.js and webpack://shop/./src/a.js, also after filepath.Clean, with an optional layer
name."""
MAX_SCHEME_CHARACTERS = len("webpack-internal:")
NAMESPACE = re.compile(r"^(?:webpack(?:-internal)?|turbopack):/(?:/([^/][^?]*?)/(?=\.{1,2}/)|/?(@[^/]+/[^/]+)/)([^?]*)")
"""The project name in a bundler's path: everything before ./ or ../, or the name of a scoped package."""
QUERY = re.compile(r"\?[^/]*$")
DRIVE = re.compile(r"^[A-Za-z]:(?=/|$)")
WINDOWS = re.compile(r"^(?:[A-Za-z]:\\|\\\\)|^[^/]*\\[^/]*$")
"""A drive, a share, or backslashes without slashes. Anywhere else a backslash is an ordinary character."""


def canonical(path: str) -> str:
    r"""Remove scheme, ".", ".." and backslashes: file:///C:\a\.\b.go -> C:/a/b.go."""
    path = VITE.sub("", path)
    if ":" not in path[:MAX_SCHEME_CHARACTERS]:
        pass
    elif match := FILE.match(path):
        path = unquote(path[match.end() :], errors="surrogateescape")
    elif match := BUNDLE.match(path):
        path = QUERY.sub("", path[match.end() :])
    if WINDOWS.match(path):
        path = path.removeprefix("\\\\?\\").replace("\\", "/")
    if not path:
        return ""
    clean = posixpath.normpath(path)  # keeps the two slashes of a share
    return clean[0].upper() + clean[1:] if DRIVE.match(clean) else clean


def namespace(path: str) -> tuple[str, str]:
    """Return the project name in a bundler's path and the path within the project; ("", "") if it has none.

    webpack://@me/shop/./src/a.js -> @me/shop, src/a.js.
    """
    match = NAMESPACE.match(path) if ":" in path[:MAX_SCHEME_CHARACTERS] else None
    return (match[1] or match[2], posixpath.normpath(match[3])) if match else ("", "")


def bundled(path: str) -> Iterator[tuple[str, str]]:
    """Yield possible project names in a bundler's path, each with the rest: webpack:/shop/src/a.js -> shop, src/a.js.

    webpack://shop/./src/a.js shows where the name ends, but filepath.Clean removes the "./".
    """
    project, rest = namespace(path)
    if project:
        yield project, rest
    elif ":" in path[:MAX_SCHEME_CHARACTERS] and BUNDLE.match(path):
        first, *elements = canonical(path).split("/")
        if elements:
            yield first, "/".join(elements)


def is_absolute(path: str) -> bool:
    """Return whether a canonical path starts at a root or a drive."""
    return path.startswith("/") or bool(DRIVE.match(path))


def is_share(path: str) -> bool:
    """Return whether a canonical path is on another machine. Even a check for existence would contact it."""
    return path.startswith("//")


def rest_within(path: str, root: str) -> str | None:
    """Return a canonical path relative to a folder: "" for the folder itself, None for a path outside."""
    root = root.rstrip("/")
    if path == root:
        return ""
    return path[len(root) + 1 :] if path.startswith(root + "/") else None


def is_within(path: str, root: str) -> bool:
    """Return whether a canonical path is inside a folder."""
    return path.startswith(root.rstrip("/") + "/")


def folders_of(path: str) -> Iterator[str]:
    """Yield the folders that contain a canonical path, innermost first; "" is the root."""
    while (slash := path.rfind("/")) >= 0:
        path = path[:slash]
        yield path


def join(*parts: str) -> str:
    """Join parts of canonical paths, ignoring empty ones. Later parts never restart the path."""
    first, *others = [part for part in parts if part]
    return posixpath.normpath("/".join([first.rstrip("/"), *others]))


def name_of(path: str) -> str:
    """Return the last element of a recorded or canonical path."""
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


SYSTEM_BINARY = re.compile(
    r"$|(?:/usr)?/lib(?:32|64|exec)?/|/System/|/nix/store/|[A-Z]:/Windows/|\[|//anon|/anon_hugepage"
    r"|(?:.*/)?lib(?:jemalloc|tcmalloc|mimalloc)[\w-]*\.(?:so|dylib)\b",
    re.IGNORECASE,
)


def is_system_binary(path: str) -> bool:
    """Return whether a binary that a profile names is a library of the system, an allocator, or no file: it seldom has lines here."""
    return SYSTEM_BINARY.match(canonical(path)) is not None


@lru_cache(10_000)  # successive snapshots have the same files
def clean_path(path: str) -> str:
    """Normalize a path like Go's filepath.Clean, so that one file has one name."""
    if not path:
        return ""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned
