"""What a workspace's folders hold: Go modules, and where Go keeps its sources on this machine."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from alloclens.source.roots import Link, Module, Roots

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MODULE_LINE = re.compile(r'^module\s+"?([^\s"/]\S*?)"?\s*(?://.*)?$', re.MULTILINE)
SKIPPED = frozenset({"vendor", "node_modules", "site-packages", "testdata"})
INSTALLED = (
    "/usr/local/go",
    "/usr/lib/go",
    "/opt/homebrew/opt/go/libexec",
    "/usr/local/opt/go/libexec",
    "C:/Program Files/Go",
)
"""An editor started from a desktop has not the PATH of a shell."""
MOST_DIRECTORIES = 20_000
"""Bounds the walk in a workspace that is a whole home directory."""


def roots(folders: Sequence[str]) -> Roots:
    """Look once for the modules of these folders and for Go's own sources."""
    real = tuple(dict.fromkeys(os.path.realpath(f) for f in folders))
    modules = {m for folder in real for m in _modules(folder)}
    ordered = tuple(sorted(modules, key=lambda m: (-len(m.path), m)))
    links = tuple(Link(f, os.path.realpath(f)) for f in folders if os.path.realpath(f) != f)
    return Roots(real, ordered, _go_root(), _module_cache(), links)


def under_folders(folders: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the absolute paths a setting means: as they are, or under each folder."""
    wanted = tuple(wanted)
    return tuple(dict.fromkeys(os.path.realpath(os.path.join(f, d)) for f in folders for d in wanted))  # noqa: PTH118


def _modules(folder: str) -> Iterator[Module]:
    for _, (directory, names, files) in zip(range(MOST_DIRECTORIES), os.walk(folder), strict=False):
        names[:] = [n for n in names if n not in SKIPPED and not n.startswith(".")]
        if "go.mod" in files and (path := _module_path(Path(directory, "go.mod"))):
            yield Module(path, directory)


def _module_path(go_mod: Path) -> str | None:
    try:
        found = MODULE_LINE.search(go_mod.read_text("utf-8", "replace"))
    except OSError:
        return None
    return found[1] if found else None


def _go_root() -> str:
    """Return where Go's own sources are: as set, beside the `go` on PATH, or where its installers put them."""
    go = shutil.which("go")
    beside = [str(Path(os.path.realpath(go)).parent.parent)] if go else []
    candidates = [os.environ.get("GOROOT", ""), *beside, *INSTALLED]
    return next((os.path.realpath(c) for c in candidates if c and Path(c, "src", "runtime").is_dir()), "")


def _module_cache() -> str:
    first = os.environ.get("GOPATH", "").split(os.pathsep)[0] or str(Path.home() / "go")
    cache = os.environ.get("GOMODCACHE") or str(Path(first, "pkg", "mod"))
    return os.path.realpath(cache) if Path(cache).is_dir() else ""
