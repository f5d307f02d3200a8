"""Finds the package that an installed or vendored file belongs to, with its version here and in lock files."""

from __future__ import annotations

import glob
import json
import re
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from alloclens.disk import stamp
from alloclens.paths import folders_of, name_of
from alloclens.source.build_roots import NODE_MODULES
from alloclens.source.context import normalized
from alloclens.text import memo
from alloclens.workspace.files import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from alloclens.disk import Stamp

OF_PYTHON = ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "requirements.txt")
LOCK_FILES = {
    name: re.compile(pattern, re.MULTILINE)
    for names, pattern in (
        (
            ("package-lock.json", "npm-shrinkwrap.json", "Pipfile.lock"),
            r'"([^"\n]+)":\s*\{[^{}]*?"version":\s*"=*([^"\n]+)"',
        ),
        (("yarn.lock",), r'^"?(@?[^@"\n]+)@.*:\n +version:? "?([^"\n]+)'),
        (("pnpm-lock.yaml",), r"""^ +['"]?/?((?:@[^@:'"\s/]+/)?[^@:'"\s/]+)[@/](\d[^:'"(_/\n]*)"""),
        (("bun.lock",), r'\["(@?[^@"\n]+)@([^"\n]+)"'),
        (("requirements.txt",), r"^([\w.-]+)(?:\[[^\]]*\])? *== *([^\s;#,\\]+)"),
        ((*OF_PYTHON[:4], "Cargo.lock"), r'^name = "([^"]+)"\nversion = "([^"]+)"'),
        (("go.mod",), r"(\S+) (v\d\S*)"),
    )
    for name in names
}
"""What matches the name of a package and its version in each kind of lock file."""
NODE = re.compile(rf"(?:.*/|^){NODE_MODULES}/((?:@[^/]+/)?[^/@]+)(?=/)", re.DOTALL)
PYTHON = re.compile(r"(.*/(?:site|dist)-packages)/(.+)", re.DOTALL)
VENDOR = re.compile(r"(.*/vendor)/(.+)", re.DOTALL)
LISTED = re.compile(r"^# (?:.* => )?(\S+) (v\S+)$", re.MULTILINE)
"""A module in vendor/modules.txt. One that is replaced with a directory has no version."""
CARGO_PACKAGE = re.compile(r'^name = "([^"]+)"$.*?^version = "([^"]+)"$', re.MULTILINE | re.DOTALL)


class Package(NamedTuple):
    """A package as it is installed here."""

    names: tuple[str, ...]
    """Its names in lock files, of which the first that occurs counts."""
    version: str


def package_of(path: str, recorded: str) -> Package | None:
    """Return the package of a file; None if it is unknown. Both paths are canonical."""
    if match := NODE.match(path):
        return _of_node(match[0], match[1], recorded)
    if match := PYTHON.match(path):
        return _of_python(match[1], match[2])
    if match := VENDOR.match(path):
        return _of_go(match[1], match[2]) or _of_rust(match[1], path)
    return None


def versions_in(lock: str, text: str, package: Package) -> frozenset[str]:
    """Return the versions of a package that the text of a lock file lists."""
    listed = _listed(text, name_of(lock))
    return next((listed[name] for name in package.names if name in listed), frozenset())


@memo
def _listed(text: str, kind: str) -> Mapping[str, frozenset[str]]:
    """Return the versions of each package in the text of a lock file."""
    listed: defaultdict[str, set[str]] = defaultdict(set)
    for name, version in LOCK_FILES[kind].findall(text.replace("\r\n", "\n")):
        listed[normalized(name) if kind in OF_PYTHON else name].add(version)
    return {name: frozenset(versions) for name, versions in listed.items()}


def _of_node(directory: str, name: str, recorded: str) -> Package | None:
    """Return a package of node_modules. A lock file of npm names it by its directory, that of another tool by its name."""
    try:
        manifest = json.loads(text_of(f"{directory}/package.json") or "")
    except (ValueError, RecursionError):
        return None
    version = manifest.get("version") if isinstance(manifest, dict) else None
    there = NODE.match(recorded)
    if not isinstance(version, str) or there is None or there[1] != name:
        return None
    return Package((*_ends(there[0]), name), version)


def _ends(directory: str) -> Iterator[str]:
    """Yield the ends of the path of a Node package that have its node_modules, longest first."""
    elements = directory.split("/")
    last = len(elements) - elements[::-1].index(NODE_MODULES)
    return ("/".join(elements[at:]) for at in range(last))


def _of_python(directory: str, inside: str) -> Package | None:
    seen = stamp(directory)
    for installed, record in _records(directory, seen) if seen else ():
        if f"\n{inside}," in record:
            name, _, version = installed.removesuffix(".dist-info").rpartition("-")
            return Package((normalized(name),), version)
    return None


@lru_cache(4)
def _records(directory: str, seen: Stamp) -> Sequence[tuple[str, str]]:
    """Return the list of the files of each Python distribution, by the name of its .dist-info directory."""
    del seen
    paths = glob.glob(f"{glob.escape(directory)}/*.dist-info/RECORD")
    return [(name_of(path.rpartition("/")[0]), f"\n{text_of(path)}") for path in sorted(paths)]


def _of_go(vendor: str, inside: str) -> Package | None:
    listed = dict(LISTED.findall(text_of(f"{vendor}/modules.txt") or ""))
    module = next(filter(listed.__contains__, folders_of(inside)), None)
    return Package((module,), listed[module]) if module else None


def _of_rust(vendor: str, path: str) -> Package | None:
    for folder in folders_of(path):
        if folder == vendor:
            return None
        if match := CARGO_PACKAGE.search(text_of(f"{folder}/Cargo.toml") or ""):
            return Package((match[1],), match[2])
    return None
