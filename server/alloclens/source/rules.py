"""The rules by which a recorded path becomes a path here, in the order in which they are tried."""

from __future__ import annotations

import re
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.paths import is_share, join, rest_within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alloclens.source.builds import Builds
    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import Roots

    Groups = Iterator[list[str]]
    """The likeliest first; what is in one group is equally likely."""


class Ground(NamedTuple):
    """All that rules may ask."""

    roots: Roots
    files: Files
    builds: Builds


class Rule(NamedTuple):
    """One way to find a file."""

    name: str
    groups: Callable[[Recorded, Ground], Groups]
    """Where a file may be. If there are two in a group, it is neither."""
    guess: bool = False
    """Whether the file must declare one of the recorded functions before it is believed."""


def _mapped(recorded: Recorded, ground: Ground) -> Groups:
    for prefix, mappings in groupby(ground.roots.mappings, lambda mapping: mapping.recorded):
        if (rest := rest_within(recorded.path, prefix)) is not None:
            yield [join(mapping.here, rest) for mapping in mappings]


def _as_recorded(recorded: Recorded, ground: Ground) -> Groups:
    if recorded.absolute:
        path = recorded.path
        yield [path, ground.roots.real(path), path if is_share(path) else ground.files.real(path)]


def _module(recorded: Recorded, ground: Ground) -> Groups:
    """Find what names its module: a path of -trimpath, or the package of its functions wherever it was built."""
    bare = VERSION.sub("", recorded.path)
    inside = f"{recorded.package}/{recorded.name}" if recorded.package else ""
    for path in (bare, inside):
        for (name, _), modules in groupby(ground.roots.modules, lambda module: (module.path, module.main)):
            if path and (rest := rest_within(path, name)):
                yield [join(module.directory, rest) for module in modules]


def _build(recorded: Recorded, ground: Ground) -> Groups:
    for there, builds in groupby(ground.builds.all, lambda build: build.there):
        if rest := rest_within(recorded.path, there):
            yield [join(build.here, rest) for build in builds]


def _vendor(recorded: Recorded, ground: Ground) -> Groups:
    """Find a dependency, by whatever names it, among those that the workspace has copies of."""
    if recorded.standard or not ground.roots.vendors:
        return
    bare = VERSION.sub("", _from_domain(recorded.path))
    after = [recorded.path.rpartition("/vendor/")[2]] if "/vendor/" in recorded.path else []
    package = [f"{recorded.package}/{recorded.name}"] if recorded.package else []
    for name in dict.fromkeys((*after, _unescaped(bare), *package)):
        yield [join(vendor, name) for vendor in ground.roots.vendors]


def _module_cache(recorded: Recorded, ground: Ground) -> Groups:
    cache = ground.roots.module_cache
    found = VERSIONED.search(recorded.path)
    if not cache or found is None or is_share(recorded.path):
        return
    module, _, rest = _from_domain(recorded.path).partition("@")
    version, _, rest = rest.partition("/")
    for renamed in ground.roots.renamed:
        if renamed.path == _unescaped(module) and renamed.version in {"", version}:
            yield [join(cache, _escaped(renamed.target), rest)]
    yield [join(cache, _escaped(f"{module}@{version}"), rest)]


def _required(recorded: Recorded, ground: Ground) -> Groups:
    """Find a dependency that its functions name, and its path without a version, in the version that go.mod asks for."""
    roots = ground.roots
    if roots.module_cache and recorded.package and not VERSIONED.search(recorded.path):
        for module in (*roots.renamed, *roots.required):
            if (rest := rest_within(recorded.package, module.path)) is not None:
                yield [join(roots.module_cache, _escaped(module.target), rest, recorded.name)]


def _go_root(recorded: Recorded, ground: Ground) -> Groups:
    if ground.roots.go_root and recorded.standard:
        yield [join(ground.roots.go_root, "src", recorded.standard)]


def _packages(recorded: Recorded, ground: Ground) -> Groups:
    for marker, directory in ground.roots.packages:
        for found in re.finditer(marker, recorded.path):  # the outermost first: packages hold packages
            yield [join(directory, recorded.path[found.end() :])]


def _relative(recorded: Recorded, ground: Ground) -> Groups:
    if not recorded.absolute and not recorded.standard:
        yield [join(folder, recorded.path) for folder in ground.roots.folders]


def _container(recorded: Recorded, ground: Ground) -> Groups:
    checkouts = (*ground.roots.folders, *(module.directory for module in ground.roots.modules))
    for pattern in CONTAINERS:
        if found := pattern.match(recorded.path):
            yield [join(checkout, recorded.path[found.end() :]) for checkout in checkouts]


def _suffix(recorded: Recorded, ground: Ground) -> Groups:
    """Find the files of the workspace that share the longest end with the recorded path, two elements at least."""
    wanted = [ground.roots.key(element) for element in recorded.end.split("/") if element][::-1]
    if len(wanted) > 1:
        here = [join(directory, recorded.name) for directory in ground.files.named("/".join(wanted[1::-1]))]
        shared = [_shared(wanted, ground.roots.key(path).split("/")[::-1]) for path in here]
        yield [path for path, n in zip(here, shared, strict=True) if n >= 2 and n == max(shared)]


def _shared(wanted: list[str], path: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(wanted, path, strict=False)))


RULES = (
    Rule("pathMappings", _mapped),
    Rule("as recorded", _as_recorded),
    Rule("module of the workspace", _module),
    Rule("root of the build", _build),
    Rule("vendor", _vendor),
    Rule("module cache", _module_cache),
    Rule("required module", _required),
    Rule("Go's own source", _go_root),
    Rule("installed package", _packages),
    Rule("relative to the workspace", _relative),
    Rule("container or CI root", _container, guess=True),
    Rule("the only file that ends so", _suffix, guess=True),
)

VERSION = re.compile(r"@v[^/]*(?=/)")
"""The version in a module's path: example.com/x@v1.2.3/y.go."""
VERSIONED = re.compile(r"@v\d[^/]*/")
UNESCAPED = re.compile(r"!([a-z])")
DOMAIN = re.compile(r"(?:^|/)((?:[\w~-]+\.)+[A-Za-z][\w-]*/.*)$")
"""From where on a path of a module cache is a module's: its first element with a dot, wherever the cache lies."""
CONTAINERS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:/(?:home|Users)/runner/work|/home/vsts/work|[A-Z]:/a)/[^/]+/[^/]+/",
        r"/__w/[^/]+/[^/]+/",
        r"/github/workspace/",
        r"/builds/[^/]+/[^/]+/",
        r"/home/circleci/[^/]+/",
        r"/workspaces/[^/]+/",
        r"(?:.*/)?jenkins[^/]*/workspace/[^/]+/",
        r".*/execroot/[^/]+/(?:bazel-out/[^/]+/(?:bin|genfiles)/)?",
        r"(?:/proc/self/cwd/)?bazel-out/[^/]+/(?:bin|genfiles)/",
        r"/proc/self/cwd/",
        r"/go/src/(?:[^/]+\.[^/]+/[^/]+/[^/]+/|[^/]+/)",
        r"/go/src/",
        r"/usr/src/app/",
        r"/usr/src/",
        r"/(?:app|workspace|src|code|build|project|repo|srv|opt/app|root/project|var/task|opt/build/repo)/",
    )
)
"""Where containers, CI services and build systems put a checkout."""


def _from_domain(path: str) -> str:
    """Return what of a path with a module's version is the module's own, as in its import path but for `!`."""
    inside = path.rpartition("/pkg/mod/")[2]
    found = DOMAIN.search(inside) if inside == path else None
    return found[1] if found else inside


def _unescaped(path: str) -> str:
    return UNESCAPED.sub(lambda found: found[1].upper(), path)


def _escaped(module: str) -> str:
    """Return a module as the cache writes it, for file systems that have no upper case."""
    return re.sub(r"[A-Z]", lambda letter: "!" + letter[0].lower(), module)
