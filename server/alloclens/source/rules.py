"""The rules that map a recorded path to a path here, in order."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from alloclens.languages import language_of
from alloclens.languages.declarations import declares_most
from alloclens.languages.go.platform import demands, excludes
from alloclens.languages.jvm import package_of
from alloclens.languages.names import has_name
from alloclens.paths import folders_of, is_share, join, name_of, rest_within
from alloclens.source.alike import is_telling, shared_end
from alloclens.source.recorded import EMBEDDED, GO_FILE, OF_GO, RUST_STANDARD, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from alloclens.source.build_roots import Builds
    from alloclens.source.files import Files
    from alloclens.source.recorded import Recorded
    from alloclens.source.roots import CachedModule, Roots

    T = TypeVar("T")
    Groups = Iterator[list[str]]
    """Most likely first; paths in one group are equally likely."""


@dataclass(frozen=True, eq=False)
class PlacementContext:
    """What the rules need to know. Large collections are looked up by the folders of a path."""

    roots: Roots
    files: Files
    builds: Builds

    @cached_property
    def mapped(self) -> Mapping[str, Sequence[str]]:
        """The targets of each prefix of the user's mappings."""
        return _grouped((m.recorded, m.here) for m in self.roots.mappings)

    @cached_property
    def modules(self) -> Mapping[str, Sequence[Sequence[str]]]:
        """The directories of each module path: those of main modules before the targets of a `replace`."""
        same = groupby(self.roots.modules, lambda module: (module.path, module.main))
        return _grouped((path, [module.directory for module in modules]) for (path, _), modules in same)

    @cached_property
    def built(self) -> Mapping[str, Sequence[str]]:
        """The counterparts here of each build directory."""
        return _grouped((built.there, built.here) for built in self.builds.all)

    @cached_property
    def alike(self) -> Mapping[str, Sequence[str]]:
        """The same for directories recognized only by the files in them."""
        return _grouped((built.there, built.here) for built in self.builds.alike)

    @cached_property
    def projects(self) -> Mapping[str, Sequence[str]]:
        """The directories of the workspace's packages, by the name in package.json."""
        directories = self.files.named("package.json")[:MAX_PROJECTS]
        return _grouped((name, at) for at in directories if (name := _project(self.files.text(f"{at}/package.json"))))

    @cached_property
    def python_projects(self) -> Mapping[str, Sequence[str]]:
        """The directories of the workspace's Python projects, by the normalized names of what pyproject.toml says is theirs."""
        directories = self.files.named("pyproject.toml")[:MAX_PROJECTS]
        projects = ((at, _python_names(self.files.text(f"{at}/pyproject.toml") or "")) for at in directories)
        return _grouped((name, at) for at, names in projects for name in sorted(names))

    def crates(self, path: str) -> frozenset[str]:
        """Return the possible crate names of a file: from its Cargo.toml, or its own name if it is a program."""
        for folder in filter(self.cargo.__contains__, folders_of(path)):
            if names := CRATE.findall(self.files.text(f"{folder}/Cargo.toml") or ""):
                program = PROGRAM.search(path)
                return frozenset(name.replace("-", "_") for name in (*names, *(program.groups() if program else ())))
        return frozenset()

    @cached_property
    def locked_crates(self) -> frozenset[str]:
        """The crates that Cargo.lock says are from elsewhere: a registry or a repository."""
        locks = (self.files.text(f"{at}/Cargo.lock") or "" for at in self.cargo)
        return frozenset(name.replace("-", "_") for lock in locks for name in LOCKED_CRATE.findall(lock))

    @cached_property
    def jvm_packages(self) -> Collection[str]:
        """The packages of the workspace's sources for the JVM."""
        return frozenset(name.rpartition(".")[0] for name in self.files.of_classes())

    @cached_property
    def cargo(self) -> Collection[str]:
        """The directories with a Cargo.toml."""
        return frozenset(self.files.named("Cargo.toml"))

    @cached_property
    def renamed(self) -> Mapping[str, Sequence[CachedModule]]:
        """The replacements of each module."""
        return _grouped((module.path, module) for module in self.roots.renamed)

    @cached_property
    def import_paths(self) -> Mapping[str, Sequence[str]]:
        """The module paths of each directory."""
        return _grouped((module.directory, module.path) for module in self.roots.modules)

    @cached_property
    def packages(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        """The directories of installed packages, by marker and then by part of the project."""
        packages: dict[str, dict[str, list[str]]] = {}
        for marker, directory, part in self.roots.packages:
            packages.setdefault(marker, {}).setdefault(part, []).append(directory)
        return packages

    @cached_property
    def in_cache(self) -> Mapping[str, Sequence[str]]:
        """The names of each module in the module cache, replacements before required versions."""
        return _grouped((module.path, module.target) for module in (*self.roots.renamed, *self.roots.required))


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = {}
    for root, value in pairs:
        grouped.setdefault(root.rstrip("/"), []).append(value)
    return grouped


def _project(text: str | None) -> str:
    try:
        manifest = json.loads(text or "")
    except (ValueError, RecursionError):
        return ""
    name = manifest.get("name") if isinstance(manifest, dict) else ""
    return name if isinstance(name, str) else ""


def _python_names(text: str) -> Collection[str]:
    """Return the normalized names of a project and its packages in the text of its pyproject.toml."""
    listed = (name for inner in PYTHON_PACKAGES.findall(text) for name in QUOTED.findall(inner))
    return {normalized(re.split(r"[/.]", name)[-1]) for name in listed}.union(
        map(normalized, PYTHON_NAME.findall(text))
    )


def normalized(name: str) -> str:
    """Normalize a name as PEP 503 says."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _along(path: str, grouped: Mapping[str, T]) -> Iterator[tuple[str, T]]:
    """Look up a path and its folders, innermost first; yield the rest of the path and the value."""
    for root in (path, *folders_of(path)):
        if root in grouped:
            yield path[len(root) + 1 :], grouped[root]


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
    for rest, directories in _along(recorded.path, context.mapped):
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
        for rest, groups in _along(path, context.modules):
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
    for rest, directories in _along(recorded.path, context.built):
        if rest:
            yield [join(directory, rest) for directory in directories]


def _alike(recorded: Recorded, context: PlacementContext) -> Groups:
    for rest, directories in _along(recorded.rooted, context.alike):
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
        for rest, targets in _along(recorded.package, context.in_cache):
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
    for rule in rules if recorded.kind not in FOREIGN else ():
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
            if not _is_of_sibling(path, shared[path], recorded, context) and _in_package(path, recorded, context)
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


def _in_package(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file is in the recorded JVM package, by its directory or its package declaration."""
    package = recorded.jvm_package
    if not package or f"/{path}".endswith(f"/{recorded.end}"):
        return True
    return package_of(context.files.text(path) or "") == package


def _of_class(recorded: Recorded, context: PlacementContext) -> Groups:
    """Find the file of a class: in Kotlin and Scala it may have any name, and lie in any directory."""
    if recorded.kind in FOREIGN or not recorded.jvm_classes:
        return
    of_classes = context.files.of_classes()
    named_by_class = recorded.path.rpartition("/")[0] == recorded.jvm_package.replace(".", "/")
    for name in recorded.jvm_classes:
        here = of_classes.get(name, ())
        yield [path for path in here if name_of(path) == recorded.name]
        yield [*here] if named_by_class else []


SURE = (_mapped, _as_recorded, _module, _build, _alike)
"""Rules that look for own code and do not guess."""
RENAMED, MOVED = "renamed since", "moved to another file of its directory"
ELSEWHERE = (RENAMED, MOVED)
"""Rules whose result was recorded in another file."""
RULES = (
    PlacementRule("pathMappings", _mapped, tells_whose=True),
    PlacementRule("as recorded", _as_recorded, tells_whose=True),
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
    PlacementRule("the only file that ends so", _suffix, by_functions=True, guess=True),
    PlacementRule("directory named as its module", _like_module, by_functions=True, guess=True),
    PlacementRule("the file of its class", _of_class, guess=True),
)

FOREIGN = {Kind.STANDARD: "it is part of a standard library", Kind.DEPENDENCY: "it is a dependency's"}
"""Kinds that are never own code, and why."""
MAX_PROJECTS = 1000
"""Number of package.json files to read, and of pyproject.toml files."""
SITE_PACKAGES = re.compile(r".*/(?:site|dist)-packages/(.+\.py)$", re.DOTALL)
PYTHON_NAME = re.compile(r"""^[ \t]*name[ \t]*=[ \t]*["']([\w.-]+)["']""", re.MULTILINE)
PYTHON_PACKAGES = re.compile(r"""^[ \t]*packages[ \t]*=[ \t]*\[([^\]]*)\]""", re.MULTILINE)
"""The packages of a project as setuptools, Hatch and Poetry list them."""
QUOTED = re.compile(r"""["']([\w./-]+)["']""")
CRATE = re.compile(r"""^[ \t]*name[ \t]*=[ \t]*["']([\w-]+)["']""", re.MULTILINE)
"""The names of the package, its library and its programs in Cargo.toml."""
LOCKED_CRATE = re.compile(r'^name = "([\w-]+)"\r?\nversion = "[^"]*"\r?\nsource = ', re.MULTILINE)
"""A package in Cargo.lock that is not of the workspace: those have no source."""
PROGRAM = re.compile(r"/(?:bin|examples|tests|benches)/([^/]+?)(?:/main)?\.rs$")
"""A file that is a crate without an entry in Cargo.toml."""
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


def stranger(path: str, recorded: Recorded, context: PlacementContext) -> str:
    """Return why a recorded file cannot be the own file at a path here, as a clause; "" if it can."""
    if recorded.kind in FOREIGN and not _lies_in_such(path, recorded, context):
        return FOREIGN[recorded.kind]
    project = recorded.project
    if project and (project in context.projects or (project.startswith("@") and context.projects)):
        ((_, inside),) = recorded.bundled
        here = [join(directory, inside) for directory in context.projects.get(project, ())]
        return "" if path in here else f"a bundler says that it is of the package {project}"
    if recorded.crates and (own := context.crates(path)) and recorded.crates.isdisjoint(own):
        return "its functions are of another crate"
    packages = context.builds.packages(recorded)
    others = [package for package in packages if not _may_hold(path, package, recorded, context)]
    return of_no_module(others, context) or (
        f"its package {min(others)} lies elsewhere in the workspace" if others and len(others) == len(packages) else ""
    )


def of_no_module(packages: Iterable[str], context: PlacementContext) -> str:
    """Return that a Go package belongs to no module of the workspace, as a clause; "" if all do."""
    unknown = (package for package in sorted(packages) if next(_along(package, context.modules), None) is None)
    return next((f"its package {package} belongs to no module of the workspace" for package in unknown), "")


def of_no_package(recorded: Recorded, context: PlacementContext) -> str:
    """Return that no source for the JVM here is of a package like the recorded one, as a clause; "" if one is."""
    own = recorded.jvm_package.split(".")[:2]
    packages = context.jvm_packages if recorded.jvm_package else ()
    if not packages or any(package.split(".")[: len(own)] == own for package in packages):
        return ""
    return f"no source here is of a package that begins with {'.'.join(own)}"


def of_locked_crate(recorded: Recorded, context: PlacementContext) -> str:
    """Return that all crates in the names of Rust functions are from elsewhere, as a clause; "" if one may be of the workspace."""
    others = recorded.crates - RUST_STANDARD
    return (
        f"part of the crate {min(others)}, which Cargo.lock has from elsewhere"
        if others and context.locked_crates >= others
        else ""
    )


def proves(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether the recorded functions name a package or crate that contains the file at a path here.

    The file must not be a `stranger`.
    """
    if recorded.jvm_package:
        return _in_package(path, recorded, context)
    if recorded.path.endswith(".rs"):
        return not recorded.crates.isdisjoint(context.crates(path))
    return bool(context.builds.packages(recorded))


def _lies_in_such(path: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file here is in the same third-party directory or crate, which then counts as own code."""
    if recorded.of_rust:
        return not recorded.crates.isdisjoint(context.crates(path))
    return any(path.endswith(f"/{recorded.path[match.start() :]}") for match in EMBEDDED.finditer(recorded.path))


def _may_hold(path: str, package: str, recorded: Recorded, context: PlacementContext) -> bool:
    """Return whether a file here can be in a Go package, by its module, or by its directories without one."""
    directory = path.rpartition("/")[0]
    for inside, modules in _along(directory, context.import_paths):
        return any(join(module, inside) == package for module in modules)
    inside = next(
        (rest for folder in context.roots.folders if (rest := rest_within(directory, folder)) is not None), ""
    )
    depth = len(inside.split("/")) if inside else 0
    shared = shared_end(package.split("/")[::-1], directory.split("/")[::-1])
    return shared > depth or (shared == depth and join(inside, recorded.name) == recorded.path)


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
