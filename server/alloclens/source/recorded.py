"""What a recorded path and the functions in it say of themselves, before anything is looked for."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING

from alloclens.languages.names import MAX_NAME_CHARACTERS
from alloclens.paths import bundled, canonical, is_absolute, name_of, namespace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


class Kind(IntEnum):
    """Whose code a file is."""

    OWN = 0
    DEPENDENCY = 1
    STANDARD = 2
    """Of the language itself."""
    BUILT_IN = 3
    """Made by a compiler or part of a runtime: there is no file."""
    UNKNOWN = 4
    """It may be the user's own, but it was not found."""


# fmt: off
STANDARD = frozenset((
    "archive", "arena", "bufio", "builtin", "bytes", "cmp", "compress", "container", "context", "crypto", "database", "debug",
    "embed", "encoding", "errors", "expvar", "flag", "fmt", "go", "hash", "html", "image", "index", "internal", "io", "iter",
    "log", "maps", "math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "simd", "slices", "sort",
    "strconv", "strings", "structs", "sync", "syscall", "testing", "text", "time", "unicode", "unique", "unsafe", "vendor", "weak",
))
# fmt: on
"""What import paths of Go's own packages begin with."""
BUILT_IN = re.compile(
    r"""^$ | ^<.*>$ | ^\[.*\]$ | ^\(.*\)$ | ^_cgo_ | (^|/)_cgo_gotypes\.go$ | \.cgo[12]\.(go|c)$ | (^|/)_testmain\.go$
    | \.(dylib|dll|exe|so(\.[\d.]+)?)$ | ^node: | ^internal/deps/ | ^(native|nothing|none|unknown|evalmachine\.<anonymous>|anonymous|\?+)$ """,
    re.VERBOSE | re.IGNORECASE,
)
STANDARD_PATH = re.compile(
    r"""/(?:python|pypy)3\.\d+t?/(?!site-packages|dist-packages) | /lib(?:64)?/python3/(?!site-packages|dist-packages)
    | ^[A-Z]:/(?:.*/)?[^/]*(?i:python|conda)[^/]*/(?:.*/)?Lib/(?!site-packages) | (?:python3\d+|base_library)\.zip/
    | ^/rustc/ | /rustlib/src/rust/ | ^(?:\./)?(?:boot|Array|Base)\.jl$ | /share/julia/(?:base|stdlib)/
    | /include/c\+\+/ | /libstdc\+\+-v3/ | /lib/gcc/[^/]+/ | /lib/clang/[^/]+/include/ | /VC/Tools/MSVC/ | /\w+\.sdk/usr/
    | ^/build/glibc- | /sysdeps/ """,
    re.VERBOSE,
)
EMBEDDED = re.compile(
    r"(?<![^/])(?:external|third[-_]?party|3rd[-_]?party|subprojects|deps(?=/.*\.(?:c|cc|cpp|cxx|h|hh|hpp|hxx|inl|ipp)$))/"
)
"""What directories are called that hold other people's sources within one's own tree. In Python, deps/ may well be one's own."""
DEPENDENCY_PATH = re.compile(
    rf"""/pkg/mod/ | (^|/)vendor/ | @v\d[^/]*/ | (^|/)node_modules/ | (site|dist)-packages/ | {EMBEDDED.pattern}
    | \.(?:egg|whl)/ | ^/opt/(?:python|nodejs|java|ruby)/ | ^/var/(?:runtime|lang)/ | /\.bun/install/ | /(?:\.cache|Caches|deno-dir)/(?:deno/)?(?:deps|npm|remote)/
    | ^https?:/+(?!localhost|127\.|\[) | /\.conan2?/ | /vcpkg(?:_installed|/(?:buildtrees|installed|packages))/ | /\.cache/CPM/
    | /registry/src/[^/]+/ | /\.cargo/git/checkouts/ | ^[\w-]+-\d+\.\d+\.\d+[^/]*/src/
    | ^/usr/(?:local/)?include/ | (^|/)_deps/[^/]+-src/ | /\.julia/packages/ """,
    re.VERBOSE,
)
MAX_PACKAGE_FUNCTIONS = 9
"""Of a file, that are asked for their package."""
TOOLCHAIN = re.compile(r"(?:^|/)golang\.org/toolchain@[^/]+/src/(.+)$")
GO_FILE = (".go", ".s")
OF_GO = (*GO_FILE, ".y", ".rl", ".qtpl", ".templ")
"""And what Go's generators name in their `//line`."""
JVM_FILE = (".java", ".kt", ".scala", ".groovy")
JVM_STANDARD = re.compile(r"(?:java|javax|jdk|sun|com[./]sun|kotlin|scala|groovy)[./]")
"""What the names of functions of the JVM's own libraries, and of its languages', begin with."""
OF_CLOSURE = re.compile(r"\.func\d+")
"""In the names of Go's functions without names of their own."""
NAMELESS_PACKAGES = re.compile(r"(?:main|command-line-arguments|_/.*)?$")
"""Packages whose name says nothing: of a program, of files given to `go build`, and of a directory outside GOPATH."""


@dataclass(frozen=True)
class Recorded:
    """A file as profiles name it, and the functions they know in it."""

    path: str
    """Canonical."""
    functions: tuple[str, ...] = ()
    """Sorted."""
    project: str = ""
    """The name of the project that a bundler says the file is of: a package's, or another one that was chosen."""
    bundled: tuple[tuple[str, str], ...] = ()
    """The names of projects that a bundler may have put before the path, each with the path in the project."""

    @property
    def name(self) -> str:
        return name_of(self.path)

    @property
    def absolute(self) -> bool:
        return is_absolute(self.path)

    @cached_property
    def package(self) -> str:
        """The import path of the Go package that the functions say they are in; "" for main and where none says it."""
        return package_among(self.functions) if self.path.endswith(OF_GO) else ""

    @cached_property
    def only_closures(self) -> bool:
        """Whether no function of Go has a name of its own."""
        return all(OF_CLOSURE.search(function) for function in self.functions)

    @cached_property
    def jvm_package(self) -> str:
        """The package that the functions of a file of Java or its like say they are in, such as com.shop; "" of others."""
        if not self.path.endswith(JVM_FILE) or not self.functions:
            return ""
        parts = re.split(r"[./]", self.functions[0])[:-1]
        return ".".join(takewhile(lambda part: not part[:1].isupper(), parts))

    @cached_property
    def end(self) -> str:
        """How the path ends wherever the file lies: Java records its name alone, and its package in its functions."""
        if self.jvm_package and "/" not in self.path:
            return f"{self.jvm_package.replace('.', '/')}/{self.path}"
        return self.path.lstrip("/")

    @cached_property
    def standard(self) -> str:
        """The path below GOROOT/src, for files of Go itself; "" for others."""
        if found := TOOLCHAIN.search(self.path):
            return found[1]
        if not self.path.endswith(GO_FILE) or (self.package and _first(self.package) not in STANDARD):
            return ""
        if not self.package and ((self.functions and self.path.endswith(".go")) or self.absolute):
            return ""  # main, or nothing is known; but of assembly's functions some have no package
        # linkname gives functions of runtime the names of other packages: the path says where it is, not the function
        inside = self.path.rpartition("/src/")[2] if self.package else self.path
        return inside if _first(inside) in STANDARD else ""

    @property
    def vendored(self) -> str:
        """The path below a vendor directory; "" of what lies in none, for other directories may be called so, too."""
        inside = f"/{self.path}".rpartition("/vendor/")[2]
        is_there = f"{self.package}/{self.name}" == inside if self.package and not self.only_closures else True
        return inside if len(inside) <= len(self.path) and is_there else ""

    @property
    def rooted(self) -> str:
        """The path; where a bundler says the name of its project, below that."""
        return f"webpack:{self.project}/{self.bundled[0][1]}" if self.project else self.path

    @property
    def called_standard(self) -> bool:
        """Whether it is called like a file of Python's library: some profilers take the directories of sys.path away."""
        module = self.path.removesuffix(".py").partition("/")[0]
        return self.path.endswith(".py") and module in sys.stdlib_module_names

    @cached_property
    def kind(self) -> Kind:
        """Whose code the file is by its name alone."""
        if BUILT_IN.search(self.path):
            return Kind.BUILT_IN
        if (
            self.standard
            or STANDARD_PATH.search(self.path)
            or (self.jvm_package and JVM_STANDARD.match(self.functions[0]))
        ):
            return Kind.STANDARD
        return Kind.DEPENDENCY if DEPENDENCY_PATH.search(self.path) else Kind.UNKNOWN


def _first(path: str) -> str:
    return path.partition("/")[0]


def recorded(path: str, functions: Iterable[str] = ()) -> Recorded:
    """Take a path as a profile has it, with its functions in an order of their own."""
    known = tuple(sorted(f for f in functions if f and len(f) <= MAX_NAME_CHARACTERS))
    return Recorded(canonical(path), known, namespace(path)[0], tuple(bundled(path)))


def package_among(functions: Collection[str]) -> str:
    """Return the import path that most of the first Go functions say they are in; "" where none says it.

    A function may bear the name of another package, by //go:linkname; a closure, where what it is in was inlined. So closures
    are asked only where no other function says it.
    """
    for of_closures in (False, True):
        said = (package_of(function) for function in functions if bool(OF_CLOSURE.search(function)) is of_closures)
        named = (package for package in said if not NAMELESS_PACKAGES.match(package))
        if found := Counter(islice(named, MAX_PACKAGE_FUNCTIONS)):
            return min(found, key=lambda package: (-found[package], package))
    return ""


def package_of(function: str) -> str:
    """Return the import path in a Go function's name: gopkg.in/yaml%2ev3.(*parser).parse -> gopkg.in/yaml.v3."""
    bare = re.split(r"[\[(]", function, maxsplit=1)[0]
    slash = bare.rfind("/") + 1
    dot = bare.find(".", slash)
    return bare[:dot].replace("%2e", ".").removesuffix("_test") if dot > 0 else ""
