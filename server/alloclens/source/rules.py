"""The rules that map a recorded path to a path here, in order."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from alloclens.languages import language_of
from alloclens.languages.declarations import declares_most
from alloclens.languages.go.platform import demands, excludes
from alloclens.languages.names import has_name
from alloclens.paths import folders_of, is_share, join, name_of, rest_within
from alloclens.source.alike import is_telling, shared_end
from alloclens.source.context import PlacementContext, along, normalized
from alloclens.source.own import is_own
from alloclens.source.recorded import GO_FILE, OF_GO
from alloclens.source.strangers import FOREIGN, in_package, stranger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from alloclens.source.recorded import Recorded

    Groups = Iterator[list[str]]
    """Most likely first; paths in one group are equally likely."""


class PlacementRule(NamedTuple):
    """A rule to find a file."""

    name: str
    groups: Callable[[Recorded, PlacementContext], Groups]
    """Possible paths. If two files of a group fit, it is neither."""
    by_functions: bool = False
    """Whether the file must declare most of the recorded functions."""
    guess: bool = False
    """Whether the rule only guesses: lines are marked unless something proves the place, see `proves`."""
    tells_whose: bool = False
    """Whether its result may be own code whatever the names of the file and its functions, see `stranger`."""


def _mapped(recorded: Recorded, context: PlacementContext) -> Groups:
    for rest, directories in along(recorded.path, context.mapped):
        yield [join(directory, rest) for directory in directories]


def _as_recorded(recorded: Recorded, context: PlacementContext) -> Groups:
    if recorded.absolute:
        path = recorded.path
        there = not is_share(path) and context.files.is_file(path)  # one system call in place of the many of `real`
        yield [path, context.roots.real(path), context.files.real(path) if there else path]


def _module(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find files by module: from a -trimpath path, or from the package of the functions, wherever it was built."""
    if recorded.standard or recorded.vendored:
        return
    bare = VERSION.sub("", recorded.path)
    packages = context.builds.packages(recorded) if recorded.package else ()
    for path in (bare, *(f"{package}/{recorded.name}" for package in packages)):
        for rest, groups in along(path, context.modules):
            for directories in groups if rest else ():
                here = [join(directory, rest) for directory in directories]
                yield [*here, *_other_copies(here, path, context)] if bare != recorded.path else here


def _other_copies(here: Sequence[str], path: str, context: PlacementContext) -> Iterator[str]:
    """Yield the vendored copies of a file of a module that is also in the workspace, if their texts differ.

    A path of -trimpath with a version may be of either.
    """
    texts = {context.files.text(file) for file in here if context.files.is_file(file)}
    for vendor in context.roots.vendors if texts else ():
        copy = join(vendor, path)
        if context.files.is_file(copy) and context.files.text(copy) not in texts:
            yield copy


def _build(recorded: Recorded, context: PlacementContext) -> Groups:
    for rest, directories in along(recorded.path, context.built):
        if rest:
            yield [join(directory, rest) for directory in directories]


def _alike(recorded: Recorded, context: PlacementContext) -> Groups:
    for rest, directories in along(recorded.rooted, context.alike):
        if rest:
            yield [join(directory, rest) for directory in directories]


def _vendor(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find a dependency in a vendor directory."""
    if recorded.standard or not context.roots.vendors:
        return
    if recorded.vendored:
        before = recorded.path[: -len(f"vendor/{recorded.vendored}")].rstrip("/")
        for vendors in _nearest(before, context.roots.vendors):
            yield [join(vendor, recorded.vendored) for vendor in vendors]
    bare = VERSION.sub("", _from_domain(recorded.path))
    package = [f"{recorded.package}/{recorded.name}"] if recorded.package else []
    for name in dict.fromkeys((_unescaped(bare), *package)):
        yield [join(vendor, name) for vendor in context.roots.vendors]


def _module_cache(recorded: Recorded, context: PlacementContext) -> Groups:
    cache = context.roots.module_cache
    match = VERSIONED.search(recorded.path)
    if not cache or match is None or is_share(recorded.path):
        return
    module, _, rest = _from_domain(recorded.path).partition("@")
    version, _, rest = rest.partition("/")
    for renamed in context.renamed.get(_unescaped(module), ()):
        if renamed.version in {"", version}:
            yield [join(cache, _escaped(renamed.target), rest)]
    yield [join(cache, _escaped(f"{module}@{version}"), rest)]


def _required(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find a dependency by its functions' package, in the version that go.mod requires, if the path has none."""
    cache = context.roots.module_cache
    if cache and recorded.package and not VERSIONED.search(recorded.path):
        for rest, targets in along(recorded.package, context.in_cache):
            yield from ([join(cache, _escaped(target), rest, recorded.name)] for target in targets)


def _go_root(recorded: Recorded, context: PlacementContext) -> Groups:
    if context.roots.go_root and recorded.standard:
        yield [join(context.roots.go_root, "src", recorded.standard)]


def _packages(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find an installed package, first that of the same part of a project, such as packages/web/node_modules."""
    for marker, parts in context.packages.items():
        for match in re.finditer(marker, recorded.path):  # outermost first: packages are nested
            rest, before = recorded.path[match.end() :], recorded.path[: match.start()].rstrip("/")
            same_part = parts.get(name_of(before), ()) if before else ()
            yield from ([join(directory, rest) for directory in group] for group in _nearest(before, same_part))
            yield from ([join(directory, rest)] for directory in parts.get("", ()))


def _installed_project(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find files of a Python project here that was installed where the program ran, in the layouts with and without src."""
    if match := SITE_PACKAGES.search(recorded.path):
        inside = match[1]
        projects = context.python_projects.get(normalized(inside.partition("/")[0].removesuffix(".py")), ())
        yield [join(directory, layout, inside) for directory in projects for layout in ("", "src")]


def _nearest(before: str, parts: Sequence[str]) -> Groups:
    """Group package directories by how many trailing elements their parent shares with the recorded path."""
    elements = before.split("/")[::-1]
    shared = sorted((-shared_end(elements, part.split("/")[-2::-1]), part) for part in parts)
    yield from ([part for _, part in same] for _, same in groupby(shared, lambda pair: pair[0]))


def _relative(recorded: Recorded, context: PlacementContext) -> Groups:
    if not (recorded.absolute or recorded.standard or recorded.project or recorded.called_standard):
        yield [join(folder, recorded.path) for folder in context.roots.folders]


def _like_standard(recorded: Recorded, context: PlacementContext) -> Groups:
    if recorded.called_standard:
        yield [join(folder, recorded.path) for folder in context.roots.folders]


def _bundled(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find files that a bundler recorded below the name of a package here."""
    for project, path in recorded.bundled:
        yield [join(directory, path) for directory in context.projects.get(project, ())]


def _bundled_elsewhere(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find files that a bundler recorded below another name, which may be a library's own source map."""
    for _, path in recorded.bundled:
        yield [join(folder, path) for folder in context.roots.folders]


def _renamed(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find files that git renamed since, from where other rules look."""
    for group in _gone(recorded, context, SURE):
        now = (context.files.renamed(path) for path in group)
        yield [path for path in now if path and not _is_split(path, recorded, context)]


def _renamed_relative(recorded: Recorded, context: PlacementContext) -> Groups:
    for group in _gone(recorded, context, (_relative,)):
        now = (context.files.renamed(path) for path in group)
        yield [path for path in now if path and not _is_split(path, recorded, context)]


def _is_split(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file that git renamed is one of several that a file became, and not that of the build's platform.

    So it can be in languages that are compiled for a platform. In others, two files often have functions of one name.
    """
    language, is_go = language_of(path), path.endswith(GO_FILE)
    if _is_for(path, context) or not (is_go or (language and language.inlines)):
        return False
    if not (is_go or any(map(is_telling, recorded.functions))):
        return False
    others = (other for other in context.files.beside(path) if other != path)
    return any(declares_most(context.files.text(other) or "", recorded.functions, other) for other in others)


def _is_for(path: str, context: PlacementContext) -> bool:
    """Return whether a Go file is for some platforms only, and the profile's is one of them."""
    return path.endswith(GO_FILE) and demands(path, context.files.text(path) or "", context.builds.platform)


def renamed_from(path: str, recorded: Recorded, context: PlacementContext) -> str:
    """Return where the other rules look for a recorded file that git renamed to this path; "" if unknown."""
    groups = _gone(recorded, context, (*SURE, _relative))
    return next((old for group in groups for old in group if context.files.renamed(old) == path), "")


def is_gone(recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a recorded file is own code that is not here, though version control has it, or had it not long ago."""
    paths = (path for group in _gone(recorded, context, (*SURE, _relative)) for path in group)
    return any(is_own(path, context.roots) and context.files.is_known(path) for path in paths)


def _moved(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find the file in the same directory that now has the functions of a deleted one.

    In Go names are unique within a package and platform; elsewhere a single name may be a coincidence.
    """
    is_proof = recorded.path.endswith(OF_GO) or sum(map(has_name, recorded.functions)) > 1
    platform = context.builds.platform
    for group in _gone(recorded, context, (*SURE, _relative)):
        files = (file for path in group for file in context.files.beside(path))
        beside = [file for file in files if not excludes(file, context.files.text(file) or "", platform)]
        yield [file for file in beside if _is_for(file, context)]
        yield [renamed for path in group if (renamed := context.files.renamed(path)) in beside]
        yield beside if is_proof else []


def _gone(
    recorded: Recorded, context: PlacementContext, rules: Iterable[Callable[[Recorded, PlacementContext], Groups]]
) -> Groups:
    """Yield the paths where some rules look for a file in own code."""
    for rule in rules if recorded.origin not in FOREIGN else ():
        for group in rule(recorded, context):
            yield [path for path in group if context.roots.hold(path) and not stranger(path, recorded, context)]


def _container(recorded: Recorded, context: PlacementContext) -> Groups:
    modules = context.roots.modules if len(context.roots.modules) <= MAX_MODULES else ()
    checkouts = (*context.roots.folders, *(module.directory for module in modules))
    for pattern in CONTAINERS:
        if match := pattern.match(recorded.path):
            yield [join(checkout, recorded.path[match.end() :]) for checkout in checkouts]


def _suffix(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find the workspace's files that share the longest end with the recorded path, at least two elements."""
    elements = [context.roots.key(element) for element in recorded.end.split("/") if element][::-1]
    if len(elements) > 1:
        here = [join(directory, recorded.name) for directory in context.files.named("/".join(elements[1::-1]))]
        here = here if len(here) <= MAX_SAME_NAME_FILES else []
        ends = {path: context.roots.key(path).split("/")[::-1] for path in here}
        shared = {path: shared_end(elements, end) for path, end in ends.items()}
        most = max(shared.values(), default=0)
        longest = [path for path, n in shared.items() if n == most >= 2]
        yield [
            path
            for path in longest
            if not _is_of_sibling(path, shared[path], recorded, context) and in_package(path, recorded, context)
        ]


def _like_module(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find files of a checkout whose directory had the module's name there, as after `git clone`, and has another here."""
    if recorded.absolute and recorded.path.endswith(OF_GO) and len(context.roots.modules) <= MAX_MODULES:
        for folder in folders_of(recorded.path):
            rest, name = recorded.path[len(folder) + 1 :], name_of(folder)
            yield [join(m.directory, rest) for m in context.roots.modules if name_of(MAJOR.sub("", m.path)) == name]


def _is_of_sibling(path: str, shared: int, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a recorded file is of a directory beside that of a file here: services/a/db/db.go, services/b/db/db.go.

    `shared` is the length of their common end. If all of the path within the workspace's folder is common, the recorded one
    may be of another clone; it is another directory's only if the repository has that directory beside the folder.
    """
    there, here = recorded.end.split("/"), path.split("/")
    for folder in context.roots.folders:
        inside = rest_within(path, folder)
        if inside is not None and shared >= len(inside.split("/")):
            return shared == len(inside.split("/")) and context.files.is_beside(folder, "/".join(there[-shared - 1 :]))
    key = context.roots.key
    return [*map(key, there[-shared - 2 : -shared - 1])] == [*map(key, here[-shared - 2 : -shared - 1])] != []


def _of_class(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find the file of a class: in Kotlin and Scala it may have any name, and lie in any directory."""
    if recorded.origin in FOREIGN or not recorded.jvm_classes:
        return
    of_classes = context.files.of_classes()
    named_by_class = recorded.path.rpartition("/")[0] == recorded.jvm_package.replace(".", "/")
    for name in recorded.jvm_classes:
        here = of_classes.get(name, ())
        yield [path for path in here if name_of(path) == recorded.name]
        yield [*here] if named_by_class else []


SURE = (_mapped, _as_recorded, _module, _build, _alike)
"""Rules that look for own code and do not guess."""
MAPPED, AS_RECORDED = "pathMappings", "as recorded"
RENAMED, MOVED = "renamed since", "moved to another file of its directory"
ELSEWHERE = (RENAMED, MOVED)
"""Rules whose result was recorded in another file."""
RULES = (
    PlacementRule(MAPPED, _mapped, tells_whose=True),
    PlacementRule(AS_RECORDED, _as_recorded, tells_whose=True),
    PlacementRule("module of the workspace", _module, tells_whose=True),
    PlacementRule("root of the build", _build),
    PlacementRule("vendor", _vendor),
    PlacementRule("module cache", _module_cache),
    PlacementRule("required module", _required),
    PlacementRule("Go's own source", _go_root),
    PlacementRule("installed package", _packages),
    PlacementRule("installed project", _installed_project, by_functions=True, tells_whose=True),
    PlacementRule("root of the build", _alike, by_functions=True),
    PlacementRule("relative to the workspace", _relative, guess=True),
    PlacementRule("relative to the workspace", _like_standard, by_functions=True, guess=True),
    PlacementRule("project of a bundler", _bundled),
    PlacementRule("project of a bundler", _bundled_elsewhere, by_functions=True, guess=True),
    PlacementRule(RENAMED, _renamed, tells_whose=True),
    PlacementRule(RENAMED, _renamed_relative, guess=True, tells_whose=True),
    PlacementRule(MOVED, _moved, by_functions=True, tells_whose=True),
    PlacementRule("container or CI root", _container, by_functions=True, guess=True),
    PlacementRule("the only file whose path ends alike", _suffix, by_functions=True, guess=True),
    PlacementRule("directory named after its module", _like_module, by_functions=True, guess=True),
    PlacementRule("the file of its class", _of_class, guess=True),
)

SITE_PACKAGES = re.compile(r".*/(?:site|dist)-packages/(.+\.py)$", re.DOTALL)
MAX_MODULES, MAX_SAME_NAME_FILES = 100, 1000
"""Modules to try as a container's checkout, and files of one name to compare; no guess is made among more."""
VERSION = re.compile(r"@v[^/]*(?=/)")
"""The version in a module's path: example.com/x@v1.2.3/y.go."""
MAJOR = re.compile(r"(?:/|\.)v\d+$")
"""The major version at the end of a module's path: example.com/x/v2, gopkg.in/x.v2."""
VERSIONED = re.compile(r"@v\d[^/]*/")
UNESCAPED = re.compile(r"!([a-z])")
DOMAIN = re.compile(r"(?:^|/)((?:[\w~-]+\.)+[A-Za-z][\w-]*/.*)$")
"""The module's part of a path in a module cache: from the first element with a dot on."""
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
        r"/(?:srv|opt|data|mnt|root|var/www|home/[^/]+)/(?:app|workspace|src|code|project|repo)/",
        r"/(?:app|workspace|src|code|build|project|repo|srv|opt/app|root/project|var/task|opt/build/repo)/",
    )
)
"""Where containers, CI services and build systems put a checkout."""


def _from_domain(path: str) -> str:
    """Return the module's part of a path with a version, still with `!` escapes."""
    inside = path.rpartition("/pkg/mod/")[2]
    match = DOMAIN.search(inside) if inside == path else None
    return match[1] if match else inside


def _unescaped(path: str) -> str:
    return UNESCAPED.sub(lambda match: match[1].upper(), path)


def _escaped(module: str) -> str:
    """Escape a module path as the module cache does, for case-insensitive file systems."""
    return re.sub(r"[A-Z]", lambda letter: "!" + letter[0].lower(), module)
