"""Which files are the user's own code: those they can change to end a leak."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from alloclens.source.roots import is_within

if TYPE_CHECKING:
    from alloclens.source.roots import Roots

DEPENDENCIES = frozenset({"vendor", "node_modules", "site-packages", "third_party"})
GENERATED = ("*.pb.go", "*_gen.go", "*_generated.go", "zz_generated*", "bindata.go")


def is_own(path: str, roots: Roots) -> bool:
    """Return whether a placed file is the user's own code."""
    folder = next((f for f in roots.folders if is_within(path, f)), None)
    if folder is None or any(is_within(path, cache) for cache in (roots.go_root, roots.module_cache) if cache):
        return False
    *directories, name = path[len(folder) :].strip("/").split("/")
    if any(d in DEPENDENCIES or d.startswith(".") for d in directories):
        return False
    return not any(fnmatchcase(name, pattern) for pattern in GENERATED)
