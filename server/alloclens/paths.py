r"""Paths as texts, alike on every system: forward slashes, a drive as "C:", one name for one file.

A profile may come from another system: C:\app\main.go is a path here, too, though no file of that name can be.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = re.compile(r"^file:(?:(?://[^/]+/|/*)(?=[A-Za-z]:)|(?://[^/]*)?(?=/))")
"""The scheme of file:///a, of file:///C:/a, and of file:/a, as Go's filepath.Clean and Java write it."""
VITE = re.compile(r"^/@fs/*(?=/|[A-Za-z]:)")
"""What Vite puts before the path of a file outside its project's directory."""
BUNDLE = re.compile(r"^(?:webpack(?:-internal)?|turbopack):/(?:/[^/]*/)?(?:\([^/()]+\)/|\[project\]/)?")
"""The scheme of webpack:///./src/a.js and webpack://shop/./src/a.js, also as filepath.Clean writes it, and a layer's name."""
MAX_SCHEME_CHARACTERS = len("webpack-internal:")
NAMESPACE = re.compile(r"^(?:webpack(?:-internal)?|turbopack):/(?:/([^/][^?]*?)/(?=\.{1,2}/)|/?(@[^/]+/[^/]+)/)([^?]*)")
"""The name of the project that a bundler puts before a path: all before ./ or ../, and that of a package with a scope."""
QUERY = re.compile(r"\?[^/]*$")
DRIVE = re.compile(r"^[A-Za-z]:(?=/|$)")
WINDOWS = re.compile(r"^(?:[A-Za-z]:\\|\\\\)|^[^/]*\\[^/]*$")
"""A drive or a share, or backslashes and no slash: elsewhere a backslash is a letter of a name."""


def canonical(path: str) -> str:
    r"""Return a path without scheme, ".", ".." and backslashes: file:///C:\a\.\b.go -> C:/a/b.go."""
    path = VITE.sub("", path)
    if ":" not in path[:MAX_SCHEME_CHARACTERS]:
        pass
    elif found := FILE.match(path):
        path = unquote(path[found.end() :], errors="surrogateescape")
    elif found := BUNDLE.match(path):
        path = QUERY.sub("", path[found.end() :])
    if WINDOWS.match(path):
        path = path.removeprefix("\\\\?\\").replace("\\", "/")
    if not path:
        return ""
    clean = posixpath.normpath(path)  # keeps the two slashes of a share
    return clean[0].upper() + clean[1:] if DRIVE.match(clean) else clean


def namespace(path: str) -> tuple[str, str]:
    """Return the name of the project that a bundler's path says, with the path in it; ("", "") where it does not say it.

    webpack://@me/shop/./src/a.js -> @me/shop, src/a.js.
    """
    found = NAMESPACE.match(path) if ":" in path[:MAX_SCHEME_CHARACTERS] else None
    return (found[1] or found[2], posixpath.normpath(found[3])) if found else ("", "")


def bundled(path: str) -> Iterator[tuple[str, str]]:
    """Yield what the name of the project in a bundler's path may be, with the path in it: webpack:/shop/src/a.js -> shop, src/a.js.

    webpack://shop/./src/a.js says where the name ends, but filepath.Clean has taken that away.
    """
    project, rest = namespace(path)
    if project:
        yield project, rest
    elif ":" in path[:MAX_SCHEME_CHARACTERS] and BUNDLE.match(path):
        first, *elements = canonical(path).split("/")
        if elements:
            yield first, "/".join(elements)


def is_absolute(path: str) -> bool:
    """Return whether a canonical path begins at a root or a drive."""
    return path.startswith("/") or bool(DRIVE.match(path))


def is_share(path: str) -> bool:
    """Return whether a canonical path is on another machine: even to ask whether it is there would call that one."""
    return path.startswith("//")


def rest_within(path: str, root: str) -> str | None:
    """Return a canonical path as seen from a folder that it lies in: "" for the folder itself; None outside."""
    root = root.rstrip("/")
    if path == root:
        return ""
    return path[len(root) + 1 :] if path.startswith(root + "/") else None


def is_within(path: str, root: str) -> bool:
    """Return whether a canonical path lies in a folder."""
    return path.startswith(root.rstrip("/") + "/")


def folders_of(path: str) -> Iterator[str]:
    """Yield every folder that a canonical path lies in, the innermost first; "" is the root of an absolute path."""
    while (slash := path.rfind("/")) >= 0:
        path = path[:slash]
        yield path


def join(*parts: str) -> str:
    """Join parts of canonical paths; empty ones are left out. The first alone decides where it lies."""
    first, *others = [part for part in parts if part]
    return posixpath.normpath("/".join([first.rstrip("/"), *others]))


def name_of(path: str) -> str:
    """Return the last element of a recorded or canonical path."""
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


def clean_path(path: str) -> str:
    """Return the path as Go's filepath.Clean writes it, so that one file has one name."""
    if not path:
        return ""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned
