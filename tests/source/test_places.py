"""From a recorded path to a file of the workspace: each rule, and what none may do.

The numbers in the names are the threads of reports that the case is from: 1 google/pprof#1009, 2 golang/go#48601,
3 google/pprof#472 and its like, 4 codewind#533, 5 vscode-coverage-gutters#366, 6 pyroscope#4339, 7 remote editing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.languages.declarations import declared
from alloclens.source.own import is_own
from alloclens.source.places import Nowhere, Place, SourceMap
from alloclens.source.recorded import Origin
from alloclens.source.roots import CachedModule, FolderLink, Module, Packages, PrefixMapping, Roots
from alloclens.source.rules import RULES
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.files import FakeFiles, go

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OWN, DEPENDENCY, STANDARD, BUILT_IN, UNKNOWN = Origin
TILL, STOCK = "/w/src/main/kotlin/till.kt", "/w/src/main/scala/Stock.scala"
FILES = {
    "/w/main.go": (OWN, go("main")),
    "/w/run.go": (OWN, go("run")),
    "/w/serve.go": (OWN, go("Serve")),
    "/w/asm_amd64.s": (OWN, "TEXT ·add(SB), $0\n"),
    "/w/http/server.go": (OWN, go("handle", "Serve")),
    "/w/internal/db.go": (OWN, go("Open")),
    "/w/internal/db_test.go": (OWN, go("TestOpen")),
    "/w/pkg/db.go": (OWN, go("Load")),
    "/w/a/cmd/main.go": (OWN, go("main")),
    "/w/b/cmd/main.go": (OWN, go("main")),
    "/w/store/deep/file.go": (OWN, go("load")),
    "/w/tools/gen.go": (OWN, go("Gen")),
    "/w/tools/main.go": (OWN, go("main")),
    "/w/forks/local/l.go": (OWN, go("L")),
    "/w/deep/y.go": (OWN, go("Y")),
    "/w/deeper/x.go": (OWN, go("X")),
    "/w/deep/x.go": (OWN, go("X")),
    "/w/swap/a.go": (OWN, go("A")),
    "/w/swapped/a.go": (OWN, go("A")),
    "/w/real/z.go": (OWN, go("Z")),
    "/w/src/ui.js": (OWN, "export function draw() {}\n"),
    "/w/src/main/java/com/shop/Cart.java": (OWN, "class Cart {\n  void add() {\n  }\n}\n"),
    "/w/src/main/kotlin/till.kt": (
        OWN,
        "package com.shop.till\n\n/** class Shown */\ndata class Coin(val n: Int) {\n  class Side\n}\n\nenum class Kind { A }\n\nfun pay() {\n}\n",
    ),
    "/w/src/main/kotlin/names.kt": (OWN, '@file:JvmName("Names")\n\npackage com.shop.till\n\nfun name() {\n}\n'),
    "/w/src/main/scala/Stock.scala": (OWN, "package com.shop\npackage stock\n\nclass Shelf\nobject Stock {\n}\n"),
    "/w/shop/cart.py": (OWN, "class Cart:\n    def add(self):\n"),
    "/w/shop/cart.rs": (OWN, "pub fn add() {\n"),
    "/w/api/api.pb.go": (DEPENDENCY, go("Marshal")),
    "/w/vendor/example.com/dep/v2/x.go": (DEPENDENCY, go("New")),
    "/w/vendor/github.com/BurntSushi/toml/t.go": (DEPENDENCY, go("Decode")),
    "/w/vendor/gopkg.in/yaml.v3/decode.go": (DEPENDENCY, go("parse")),
    "/w/vendor/golang.org/x/net/http2/hpack/hpack.go": (DEPENDENCY, go("Write")),
    "/w/vendor/golang.org/x/text/unicode/norm/norm.go": (DEPENDENCY, go("init")),
    "/w/.venv/lib/python3.12/site-packages/jax/api.py": (DEPENDENCY, "def vmap():\n"),
    "/w/node_modules/express/lib/router.js": (DEPENDENCY, "function handle() {\n"),
    "/w/node_modules/a/node_modules/b/i.js": (DEPENDENCY, ""),
    "/w/node_modules/c/i.js": (DEPENDENCY, ""),
    "/w/python/pyproject.toml": (OWN, '[project]\nname = "installed-cart"\n'),
    "/w/python/src/installed_cart/add.py": (OWN, "def put():\n    pass\n"),
    "/outside/o.go": (DEPENDENCY, go("O")),
    "/named/l.go": (OWN, go("L")),
    "/cache/github.com/!azure/sdk@v1.0.0/a.go": (DEPENDENCY, go("A")),
    "/cache/github.com/!azure/sdk@v1.0.0/Big/Big.go": (DEPENDENCY, go("B")),
    "/cache/github.com/x/y@v2.7.1+incompatible/z.go": (DEPENDENCY, go("Z")),
    "/cache/github.com/x/y@v0.0.0-20211209113350-3e3f1b382a64/z.go": (DEPENDENCY, go("Z")),
    "/cache/gopkg.in/check.v1@v1.0.0/check.go": (DEPENDENCY, go("C")),
    "/cache/example.com/fork@v1.2.0/old.go": (DEPENDENCY, go("Old")),
    "/cache/example.com/!one@v9.9.9/a.go": (DEPENDENCY, go("A")),
    "/cache/example.com/one@v1.0.10/a.go": (DEPENDENCY, go("A")),
    "/cache/github.com/pkg/errors@v0.9.1/errors.go": (DEPENDENCY, go("New")),
    "/cache/github.com/pkg/errors@v0.9.1/sub/parser.y": (DEPENDENCY, "%%\n"),
    "/goroot/src/net/http/server.go": (STANDARD, go("Serve")),
    "/goroot/src/runtime/malloc.go": (STANDARD, go("mallocgc")),
    "/goroot/src/runtime/asm_amd64.s": (STANDARD, ""),
    "/goroot/src/vendor/golang.org/x/net/http2/hpack/hpack.go": (STANDARD, go("Write")),
    "/cargo/serde-1.0.0/src/lib.rs": (DEPENDENCY, ""),
    "/rust/library/alloc/src/vec/mod.rs": (DEPENDENCY, ""),
    "/gopath/src/github.com/x/y/z.go": (DEPENDENCY, go("Z")),
    "/usr/include/c++/12/vector": (STANDARD, ""),
    "./nptl/pthread_create.c": (STANDARD, ""),
    "linux/x86_64/clone3.S": (STANDARD, ""),
    "/etc/passwd": (UNKNOWN, ""),
    "/etc/secret.go": (UNKNOWN, go("Secret")),
}
"""What is on the machine, and whose it is."""
LINKS = {"/alias": "/w", "/w/linked": "/w/real", "/w/escape": "/etc"}
ROOTS = Roots(
    folders=("/w",),
    modules=(
        Module("example.com/app/tools", "/w/tools"),
        Module("example.com/outside", "/outside", main=False),
        Module("example.com/local", "/w/forks/local", main=False),
        Module("example.com/app", "/w"),
    ),
    vendors=("/w/vendor",),
    renamed=(
        CachedModule("example.com/old", "", "example.com/fork@v1.2.0"),
        CachedModule("example.com/one", "v1.0.1", "example.com/One@v9.9.9"),
    ),
    required=(CachedModule("github.com/pkg/errors", "v0.9.1", "github.com/pkg/errors@v0.9.1"),),
    go_root="/goroot",
    go_version="go1.26.1",
    module_cache="/cache",
    packages=(
        Packages(r"(?:site|dist)-packages/", "/w/.venv/lib/python3.12/site-packages"),
        Packages(r"node_modules/", "/w/node_modules"),
        Packages(r"/registry/src/[^/]+/", "/cargo"),
        Packages(r"^/rustc/[^/]+/|/rustlib/src/rust/", "/rust"),
        Packages(r"^/(?:.*/)?src/(?=[^/]+\.[^/]+/)", "/gopath/src"),
    ),
    links=(FolderLink("/home/me/shop", "/w"),),
    linked=("/w/real",),
    mappings=(
        PrefixMapping("/mapped/deep", "/w/deeper"),
        PrefixMapping("/build/lib", "/named"),
        PrefixMapping("/w/swap", "/w/swapped"),
        PrefixMapping("/mapped", "/w"),
        PrefixMapping("D:/ci", "/w"),
    ),
)


class Case(NamedTuple):
    """A recorded file with one of its functions, and where it must lie, by which rule."""

    recorded: str
    function: str
    path: str
    rule: str


MAPPED, EXACT, MODULE, BUILD, VENDOR = (
    "pathMappings",
    "as recorded",
    "module of the workspace",
    "root of the build",
    "vendor",
)
CACHE, REQUIRED, GOROOT, PACKAGE = "module cache", "required module", "Go's own source", "installed package"
BUNDLED, INSTALLED = "project of a bundler", "installed project"
OF_CLASS = "the file of its class"
RELATIVE, CONTAINER, SUFFIX = "relative to the workspace", "container or CI root", "the only file whose path ends alike"
LIKE_MODULE = "directory named after its module"
GUESSES, PROOFS = {BUNDLED, RELATIVE, CONTAINER, SUFFIX, LIKE_MODULE}, {"com.shop.Cart.add"}
"""Rules whose finds are marked, and functions that say whose they are."""
HACK = "vendor/golang.org/x/net/http2/hpack/hpack.go"
SERVER = "net/http.(*Server).Serve"
FOUND = {
    # what the user says comes first, the longest prefix before others
    "mapping": Case("/mapped/main.go", "", "/w/main.go", MAPPED),
    "mapping, longest": Case("/mapped/deep/x.go", "", "/w/deeper/x.go", MAPPED),
    "mapping, the longest has it not": Case("/mapped/deep/y.go", "", "/w/deep/y.go", MAPPED),
    "mapping before what is there": Case("/w/swap/a.go", "", "/w/swapped/a.go", MAPPED),
    "mapping to a folder that is not open": Case("/build/lib/l.go", "", "/named/l.go", MAPPED),
    "mapping of a Windows path (5)": Case(r"d:\ci\run.go", "", "/w/run.go", MAPPED),
    # the file as it is
    "exact": Case("/w/main.go", "main.main", "/w/main.go", EXACT),
    "exact, not clean": Case("/w/api/../internal//./db.go", "", "/w/internal/db.go", EXACT),
    "exact, generated": Case("/w/api/api.pb.go", "", "/w/api/api.pb.go", EXACT),
    "exact, vendored": Case("/w/vendor/example.com/dep/v2/x.go", "", "/w/vendor/example.com/dep/v2/x.go", EXACT),
    "exact, file URL": Case("file:///w/src/ui.js", "", "/w/src/ui.js", EXACT),
    "exact, file URL with a host": Case("file://localhost/w/src/ui.js", "", "/w/src/ui.js", EXACT),
    "exact, file URL, clean": Case("file:/w/src/ui.js", "", "/w/src/ui.js", EXACT),
    "exact, file URL with escapes": Case("file:///w/%73rc/ui.js", "", "/w/src/ui.js", EXACT),
    "exact, through a link in the workspace": Case("/w/linked/z.go", "", "/w/real/z.go", EXACT),
    "exact, through a link of the system": Case("/alias/main.go", "", "/w/main.go", EXACT),
    "exact, by the link that was opened": Case("/home/me/shop/main.go", "", "/w/main.go", EXACT),
    "exact, GOROOT": Case("/goroot/src/net/http/server.go", SERVER, "/goroot/src/net/http/server.go", EXACT),
    # modules of the workspace
    "-trimpath, main (1, 2)": Case("example.com/app/main.go", "main.main", "/w/main.go", MODULE),
    "-trimpath, package (1, 2)": Case("example.com/app/pkg/db.go", "example.com/app/pkg.Load", "/w/pkg/db.go", MODULE),
    "-trimpath, function unknown": Case("example.com/app/internal/db.go", "", "/w/internal/db.go", MODULE),
    "-trimpath, nested module": Case("example.com/app/tools/gen.go", "", "/w/tools/gen.go", MODULE),
    "go install of a version": Case("example.com/app@v1.2.3/internal/db.go", "", "/w/internal/db.go", MODULE),
    "TeamCity agent (3)": Case(
        "/opt/buildagent/w/27ae/internal/db.go", "example.com/app/internal.Open", "/w/internal/db.go", MODULE
    ),
    "package of the module itself": Case("/somewhere/serve.go", "example.com/app.Serve", "/w/serve.go", MODULE),
    "method of a pointer": Case("/x/db.go", "example.com/app/internal.(*DB).Open.func1", "/w/internal/db.go", MODULE),
    "generic function": Case(
        "/x/db.go", "example.com/app/internal.Map[go.shape.struct { a/b.C }]", "/w/internal/db.go", MODULE
    ),
    "test of another package": Case(
        "/x/db_test.go", "example.com/app/internal_test.TestOpen", "/w/internal/db_test.go", MODULE
    ),
    "Windows build of a module (5)": Case(
        r"C:\Users\ci\app\internal\db.go", "example.com/app/internal.Open", "/w/internal/db.go", MODULE
    ),
    "replace by a directory of the workspace": Case("example.com/local@v0.1.0/l.go", "", "/w/forks/local/l.go", MODULE),
    "replace by a directory elsewhere": Case("/ci/o.go", "example.com/outside.O", "/outside/o.go", MODULE),
    # vendor
    "vendor, version (1)": Case("example.com/dep/v2@v2.1.0/x.go", "", "/w/vendor/example.com/dep/v2/x.go", VENDOR),
    "vendor, no version (1)": Case("example.com/dep/v2/x.go", "", "/w/vendor/example.com/dep/v2/x.go", VENDOR),
    "vendor elsewhere": Case("/ci/job/vendor/example.com/dep/v2/x.go", "", "/w/vendor/example.com/dep/v2/x.go", VENDOR),
    "vendor, from a module cache": Case(
        "/go/pkg/mod/example.com/dep/v2@v2.1.0/x.go", "", "/w/vendor/example.com/dep/v2/x.go", VENDOR
    ),
    "vendor, capitals (1)": Case(
        "/go/pkg/mod/github.com/!burnt!sushi/toml@v1.0.0/t.go", "", "/w/vendor/github.com/BurntSushi/toml/t.go", VENDOR
    ),
    "vendor, Bazel's external": Case(
        "external/com_example_dep/x.go", "example.com/dep/v2.New", "/w/vendor/example.com/dep/v2/x.go", VENDOR
    ),
    "vendor, a dot in the last element": Case(
        "/x/decode.go", "gopkg.in/yaml%2ev3.(*parser).parse", "/w/vendor/gopkg.in/yaml.v3/decode.go", VENDOR
    ),
    # the module cache
    "cache elsewhere": Case(
        "/home/ci/go/pkg/mod/github.com/!azure/sdk@v1.0.0/a.go", "", "/cache/github.com/!azure/sdk@v1.0.0/a.go", CACHE
    ),
    "cache, -trimpath with capitals (1)": Case(
        "github.com/Azure/sdk@v1.0.0/a.go", "", "/cache/github.com/!azure/sdk@v1.0.0/a.go", CACHE
    ),
    "cache, capitals below the module": Case(
        "github.com/Azure/sdk@v1.0.0/Big/Big.go", "", "/cache/github.com/!azure/sdk@v1.0.0/Big/Big.go", CACHE
    ),
    "cache of another name": Case(
        "/ci/cache/github.com/!azure/sdk@v1.0.0/a.go", "", "/cache/github.com/!azure/sdk@v1.0.0/a.go", CACHE
    ),
    "cache on Windows (5)": Case(
        r"C:\Users\ci\go\pkg\mod\github.com\!azure\sdk@v1.0.0\a.go",
        "",
        "/cache/github.com/!azure/sdk@v1.0.0/a.go",
        CACHE,
    ),
    "cache, incompatible": Case(
        "/go/pkg/mod/github.com/x/y@v2.7.1+incompatible/z.go",
        "",
        "/cache/github.com/x/y@v2.7.1+incompatible/z.go",
        CACHE,
    ),
    "cache, no release": Case(
        "github.com/x/y@v0.0.0-20211209113350-3e3f1b382a64/z.go",
        "",
        "/cache/github.com/x/y@v0.0.0-20211209113350-3e3f1b382a64/z.go",
        CACHE,
    ),
    "cache, gopkg.in": Case(
        "/go/pkg/mod/gopkg.in/check.v1@v1.0.0/check.go",
        "gopkg.in/check%2ev1.C",
        "/cache/gopkg.in/check.v1@v1.0.0/check.go",
        CACHE,
    ),
    "replace by a module": Case("example.com/old@v1.0.0/old.go", "", "/cache/example.com/fork@v1.2.0/old.go", CACHE),
    "replace of one version": Case("example.com/one@v1.0.1/a.go", "", "/cache/example.com/!one@v9.9.9/a.go", CACHE),
    "replace of another version": Case(
        "example.com/one@v1.0.10/a.go", "", "/cache/example.com/one@v1.0.10/a.go", CACHE
    ),
    # a dependency without a version, in that which go.mod asks for
    "Bazel's external": Case(
        "/b/execroot/_main/external/com_github_pkg_errors/errors.go",
        "github.com/pkg/errors.New",
        "/cache/github.com/pkg/errors@v0.9.1/errors.go",
        REQUIRED,
    ),
    "a generated parser": Case(
        "sub/parser.y",
        "github.com/pkg/errors/sub.(*yyParserImpl).Parse",
        "/cache/github.com/pkg/errors@v0.9.1/sub/parser.y",
        REQUIRED,
    ),
    # Go itself
    "GOROOT elsewhere (1)": Case(
        "/usr/local/go/src/net/http/server.go", SERVER, "/goroot/src/net/http/server.go", GOROOT
    ),
    "GOROOT, -trimpath": Case("net/http/server.go", SERVER, "/goroot/src/net/http/server.go", GOROOT),
    "GOROOT, Homebrew (3)": Case(
        "/opt/homebrew/Cellar/go/1.26.0/libexec/src/net/http/server.go",
        SERVER,
        "/goroot/src/net/http/server.go",
        GOROOT,
    ),
    "GOROOT, hosted tool cache": Case(
        "/opt/hostedtoolcache/go/1.26.0/x64/src/net/http/server.go", SERVER, "/goroot/src/net/http/server.go", GOROOT
    ),
    "GOROOT, Windows (5)": Case(
        r"C:\Program Files\Go\src\net\http\server.go", SERVER, "/goroot/src/net/http/server.go", GOROOT
    ),
    "toolchain module (1)": Case(
        "/home/ci/go/pkg/mod/golang.org/toolchain@v0.0.1-go1.26.1.linux-amd64/src/net/http/server.go",
        SERVER,
        "/goroot/src/net/http/server.go",
        GOROOT,
    ),
    "toolchain module, -trimpath": Case(
        "golang.org/toolchain@v0.0.1-go1.26.1.linux-amd64/src/net/http/server.go",
        "",
        "/goroot/src/net/http/server.go",
        GOROOT,
    ),
    "linkname: runtime's under another package's name": Case(
        "/usr/local/go/src/runtime/malloc.go", "reflect.unsafe_New", "/goroot/src/runtime/malloc.go", GOROOT
    ),
    "linkname, -trimpath": Case("runtime/malloc.go", "reflect.unsafe_New", "/goroot/src/runtime/malloc.go", GOROOT),
    "assembly": Case("/sdk/go1.19/src/runtime/asm_amd64.s", "runtime.mcall", "/goroot/src/runtime/asm_amd64.s", GOROOT),
    "assembly, no package": Case("runtime/asm_amd64.s", "memeqbody", "/goroot/src/runtime/asm_amd64.s", GOROOT),
    "vendored by Go itself": Case(
        f"/usr/local/go/src/{HACK}",
        "vendor/golang.org/x/net/http2/hpack.(*Decoder).Write",
        f"/goroot/src/{HACK}",
        GOROOT,
    ),
    "vendored by Go itself, -trimpath": Case(
        HACK, "vendor/golang.org/x/net/http2/hpack.(*Decoder).Write", f"/goroot/src/{HACK}", GOROOT
    ),
    # what is installed
    "site-packages": Case(
        "/usr/lib/python3.9/site-packages/jax/api.py", "", "/w/.venv/lib/python3.12/site-packages/jax/api.py", PACKAGE
    ),
    "dist-packages": Case(
        "/usr/lib/python3/dist-packages/jax/api.py", "", "/w/.venv/lib/python3.12/site-packages/jax/api.py", PACKAGE
    ),
    "site-packages on Windows (5)": Case(
        r"C:\Python\Lib\site-packages\jax\api.py", "", "/w/.venv/lib/python3.12/site-packages/jax/api.py", PACKAGE
    ),
    "node_modules": Case(
        "/usr/src/app/node_modules/express/lib/router.js", "", "/w/node_modules/express/lib/router.js", PACKAGE
    ),
    "node_modules of a package": Case(
        "/x/node_modules/a/node_modules/b/i.js", "", "/w/node_modules/a/node_modules/b/i.js", PACKAGE
    ),
    "node_modules, elsewhere of a package": Case(
        "/x/node_modules/a/node_modules/c/i.js", "", "/w/node_modules/c/i.js", PACKAGE
    ),
    "webpack, node_modules (6)": Case(
        "webpack://shop/./node_modules/express/lib/router.js", "", "/w/node_modules/express/lib/router.js", PACKAGE
    ),
    "cargo": Case(
        "/home/ci/.cargo/registry/src/index-6f17d22bba15001f/serde-1.0.0/src/lib.rs",
        "",
        "/cargo/serde-1.0.0/src/lib.rs",
        PACKAGE,
    ),
    "Rust's own": Case(
        "/rustc/9fc6b431/library/alloc/src/vec/mod.rs", "", "/rust/library/alloc/src/vec/mod.rs", PACKAGE
    ),
    "GOPATH": Case("/ci/src/github.com/x/y/z.go", "github.com/x/y.Z", "/gopath/src/github.com/x/y/z.go", PACKAGE),
    # relative to the workspace
    "relative": Case("pkg/db.go", "main.Load", "/w/pkg/db.go", RELATIVE),
    "relative, not clean": Case("./pkg/../pkg/db.go", "main.Load", "/w/pkg/db.go", RELATIVE),
    "relative, backslashes (5)": Case("src\\ui.js", "", "/w/src/ui.js", RELATIVE),
    "relative, webpack (6)": Case("webpack:///./src/ui.js", "", "/w/src/ui.js", RELATIVE),
    "relative, webpack-internal (6)": Case("webpack-internal:///./src/ui.js", "", "/w/src/ui.js", RELATIVE),
    "relative, webpack, clean": Case("webpack:/src/ui.js", "", "/w/src/ui.js", RELATIVE),
    "a project that was installed": Case(
        "/usr/lib/python3/dist-packages/installed_cart/add.py", "put", "/w/python/src/installed_cart/add.py", INSTALLED
    ),
    "webpack with a project": Case("webpack://shop/./src/ui.js", "draw", "/w/src/ui.js", BUNDLED),
    "webpack with a project, clean": Case("webpack:/shop/src/ui.js", "draw", "/w/src/ui.js", BUNDLED),
    "webpack with a project of a scope": Case("webpack:/@me/shop/src/ui.js", "draw", "/w/src/ui.js", BUNDLED),
    "relative, Next.js": Case("webpack-internal:/(rsc)/src/ui.js", "", "/w/src/ui.js", RELATIVE),
    "relative, webpack with a query": Case("webpack:/src/ui.js?1a2b", "", "/w/src/ui.js", RELATIVE),
    "relative, named like Go's own": Case("internal/db.go", "main.Open", "/w/internal/db.go", RELATIVE),
    # what ends so
    "suffix": Case("/some/where/store/deep/file.go", "main.load", "/w/store/deep/file.go", SUFFIX),
    "suffix, Windows (5)": Case(r"D:\some\where\deep\file.go", "main.load", "/w/store/deep/file.go", SUFFIX),
    "suffix, the longest": Case("/elsewhere/a/cmd/main.go", "main.main", "/w/a/cmd/main.go", SUFFIX),
    "suffix, a network share (5)": Case(r"\\server\builds\deep\file.go", "main.load", "/w/store/deep/file.go", SUFFIX),
    "suffix, a closure": Case("/some/where/deep/file.go", "main.load.func1.2", "/w/store/deep/file.go", SUFFIX),
    "suffix, Python": Case("/some/where/shop/cart.py", "Cart.add", "/w/shop/cart.py", SUFFIX),
    "suffix, Rust": Case("/some/where/shop/cart.rs", "shop::cart::add::h0123456789abcdef", "/w/shop/cart.rs", SUFFIX),
    "suffix, Java's package": Case("Cart.java", "com.shop.Cart.add", "/w/src/main/java/com/shop/Cart.java", SUFFIX),
    "Kotlin, a file of functions": Case("com/shop/till/Till.kt", "com/shop/till/TillKt.pay", TILL, OF_CLASS),
    "Kotlin, a class": Case("com/shop/till/Coin.java", "com/shop/till/Coin$Side.<init>", TILL, OF_CLASS),
    "Kotlin, an enum": Case("com/shop/till/Kind.java", "com.shop.till.Kind.<clinit>", TILL, OF_CLASS),
    "Kotlin, the name of a file alone": Case("till.kt", "com.shop.till.TillKt.pay", TILL, OF_CLASS),
    "Kotlin, a named file": Case(
        "com/shop/till/Names.java", "com/shop/till/Names.name", "/w/src/main/kotlin/names.kt", OF_CLASS
    ),
    "Scala, an object": Case("com/shop/stock/Stock.java", "com/shop/stock/Stock$.$anonfun$fill$1", STOCK, OF_CLASS),
    "Scala, a class": Case("com/shop/stock/Shelf.java", "com/shop/stock/Shelf.put", STOCK, OF_CLASS),
    "a checkout with another name here": Case("/some/where/app/run.go", "main.run", "/w/run.go", LIKE_MODULE),
    "the same on Windows (5)": Case(r"D:\some\app\run.go", "main.run.func1", "/w/run.go", LIKE_MODULE),
    "suffix, not Go's http": Case("/src/net/http/server.go", "main.handle", "/w/http/server.go", SUFFIX),
}


def places(recorded: str, function: str, roots: Roots = ROOTS) -> SourceMap:
    return SourceMap(roots, files(), {recorded: (function,)} if function else {})


def files() -> FakeFiles:
    return FakeFiles({path: text for path, (_, text) in FILES.items()}, LINKS)


@pytest.mark.parametrize("case", FOUND.values(), ids=FOUND)
def test_where_a_recorded_file_lies(case: Case) -> None:
    found = places(case.recorded, case.function).find(case.recorded)
    guessed = case.rule in GUESSES and case.function not in PROOFS
    assert found == Place(case.path, case.rule, FILES[case.path][0], guessed)


@pytest.mark.parametrize(
    ("recorded", "function"),
    [
        ("/some/app2/run.go", "main.run"),
        ("/some/app/run.go", "main.stop"),
        ("/some/app/run.go", "example.com/b/app.run"),
    ],
    ids=["another directory", "another function", "another module"],
)
def test_a_checkout_of_another_program_is_not_found(recorded: str, function: str) -> None:
    assert places(recorded, function).place(recorded) is None


@pytest.mark.parametrize("path", ["example.com/old/name/v2", "gopkg.in/name.v3", "name"])
def test_the_directory_of_a_checkout_is_named_as_the_module_without_its_version(path: str) -> None:
    sources = SourceMap(Roots(("/w",), (Module(path, "/w"),)), files(), {"/x/name/run.go": ("main.run",)})
    assert sources.place("/x/name/run.go") == Place("/w/run.go", LIKE_MODULE, OWN, guessed=True)


def test_two_modules_of_the_name_of_a_checkout_are_none() -> None:
    modules = (Module("a.com/name", "/w/a"), Module("b.com/name", "/w/b"))
    disk = FakeFiles({"/w/a/run.go": go("run"), "/w/b/run.go": go("run")})
    assert SourceMap(Roots(("/w",), modules), disk, {"/x/name/run.go": ("main.run",)}).place("/x/name/run.go") is None


OF_RUST = [
    (
        "src/raw_vec/mod.rs",
        ["<alloc::raw_vec::RawVecInner<_>>::reserve::do_reserve_and_handle::<alloc::alloc::Global>"],
    ),
    (
        "src/vec/mod.rs",
        ["alloc::vec::from_elem", "<alloc::vec::Vec<shop::cart::Item>>::push", "<[shop::Item]>::to_vec"],
    ),
    ("alloc/src/slice.rs", ["<[u8]>::to_vec"]),
    ("src/vec/mod.rs", ["<alloc::vec::Vec<shop::Item> as core::clone::Clone>::clone"]),
    ("src/ptr/mod.rs", ["core::ptr::drop_in_place::<core::option::Option<shop::Item>>"]),
    ("src/fmt/num.rs", ["<u64 as core::fmt::Display>::fmt"]),
    ("src/raw/mod.rs", ["hashbrown::raw::RawTable<T,A>::reserve_rehash"]),
    ("/build/rustc-1.80.0-src/library/std/src/io/stdio.rs", ["std::io::stdio::_print"]),
]
NOT_OF_RUST = [
    ("src/vec/mod.rs", ["alloc::vec::from_elem", "shop::vec::add"]),  # files of two crates, whose paths end alike
    ("shop/src/cart.rs", ["<shop::cart::Cart as core::fmt::Display>::fmt"]),
    ("shop/src/lib.rs", ["shop::cart::<impl core::fmt::Display for alloc::vec::Vec<T>>::fmt"]),
    ("shop/src/main.rs", ["main", "<dyn shop::Item>::name"]),
    ("shop/src/from.rs", ["<alloc::string::String as core::convert::From<shop::Item>>::from"]),
    ("shop/src/show.rs", ["<alloc::boxed::Box<shop::Item> as core::fmt::Display>::fmt"]),
    ("shop/src/vec.rs", ["<alloc::vec::Vec<shop::Item> as shop::Sum>::sum::<core::option::Option<u8>>"]),
    ("shop/alloc.py", ["alloc::vec::from_elem"]),
]


@pytest.mark.parametrize(
    ("path", "functions", "origin"),
    [*((*file, STANDARD) for file in OF_RUST), *((*file, UNKNOWN) for file in NOT_OF_RUST)],
)
def test_the_standard_library_of_rust_by_its_functions(path: str, functions: list[str], origin: Origin) -> None:
    """The crate dhat keeps the last three elements of a path, so only the names of functions tell."""
    found = SourceMap(Roots(folders=("/empty",)), FakeFiles({}), {path: functions}).find(path)
    assert (type(found), found.origin) == (Nowhere, origin)


@pytest.mark.parametrize(("name", "origin"), [("core", OWN), ("shop", STANDARD)])
def test_a_crate_here_may_have_the_name_of_a_standard_one(name: str, origin: Origin) -> None:
    here = {"/w/x/Cargo.toml": f'[package]\nname = "{name}"\n', "/w/x/src/cart.rs": "pub fn add() {\n"}
    found = SourceMap(Roots(folders=("/w",)), FakeFiles(here), {"x/src/cart.rs": ["core::cart::add"]}).find(
        "x/src/cart.rs"
    )
    assert found.origin == origin


def test_a_type_of_a_crate_here_makes_no_function_of_a_library_its_own() -> None:
    here = {"/w/Cargo.toml": '[package]\nname = "shop"\n', "/w/src/vec/mod.rs": "pub fn push() {\n}\n"}
    for functions, origin in (["<alloc::vec::Vec<shop::Item>>::push"], STANDARD), (["shop::vec::push"], OWN):
        sources = SourceMap(Roots(folders=("/w",)), FakeFiles(here), {"src/vec/mod.rs": functions})
        assert sources.find("src/vec/mod.rs").origin == origin


@pytest.mark.parametrize(
    ("function", "origin"),
    [
        ("tokio::runtime::task::core::Core<T,S>::poll", DEPENDENCY),
        ("<tokio::task::Task as core::future::Future>::poll", DEPENDENCY),
        ("shop_core::task::poll", UNKNOWN),  # of the workspace, or of one around it
        ("store::task::poll", UNKNOWN),
        ("<tokio::task::Task as shop_core::Poll>::poll", UNKNOWN),
    ],
)
@pytest.mark.parametrize("beside", [{}, {"/w/src/core.rs": "pub fn sum() {\n}\n"}])
def test_what_cargo_lock_has_from_elsewhere_is_a_dependency(
    function: str, origin: Origin, beside: dict[str, str]
) -> None:
    """The crate dhat keeps the last three elements of a path."""
    lock = """[[package]]
name = "shop-core"
version = "0.1.0"
dependencies = [
 "tokio",
]

[[package]]
name = "tokio"
version = "1.54.1"
source = "registry+https://example.com/index"
"""
    here = {"/w/Cargo.toml": '[package]\nname = "shop-core"\n', "/w/Cargo.lock": lock, **beside}
    found = SourceMap(Roots(folders=("/w",)), FakeFiles(here), {"runtime/task/core.rs": [function]}).find(
        "runtime/task/core.rs"
    )
    assert (type(found), found.origin) == (Nowhere, origin)


ROOTS_OF_BUILDS = [
    *(
        "/home/runner/work/app/app",
        "/Users/runner/work/app/app",
        "/__w/app/app",
        "/github/workspace",
        "D:\\a\\app\\app",
    ),
    *("/home/vsts/work/1/s", "/builds/group/project", "/home/circleci/project", "/workspaces/app", "/root/project"),
    *("/var/lib/jenkins/workspace/nightly", "/var/jenkins_home/workspace/nightly", "/var/task", "/opt/build/repo"),
    *("/root/.cache/bazel/_bazel_root/0a1b/execroot/_main", "/b/execroot/app/bazel-out/k8-fastbuild/bin"),
    *("bazel-out/k8-opt/bin", "/proc/self/cwd", "/proc/self/cwd/bazel-out/k8-opt/genfiles"),
    *("/go/src/app", "/go/src/github.com/me/app", "/go/src", "/usr/src/app", "/usr/src", "/app", "/workspace", "/src"),
    *("/code", "/build", "/project", "/repo", "/srv", "/opt/app", "/srv/app", "/home/node/app", "/var/www/src"),
]


@pytest.mark.parametrize("root", ROOTS_OF_BUILDS)
def test_containers_and_build_services(root: str) -> None:
    """3, 4: main's file at the top of a checkout: nothing but the root shows where it lies."""
    for name, path in (("run.go", "/w/run.go"), ("pkg/db.go", "/w/pkg/db.go")):
        recorded = f"{root}/{name}".replace("/", "\\") if "\\" in root else f"{root}/{name}"
        function = f"main.{'run' if name == 'run.go' else 'Load'}"
        assert places(recorded, function).place(recorded) == Place(path, CONTAINER, OWN, guessed=True)
        assert places(recorded, "main.absent").place(recorded) is None


class Refused(NamedTuple):
    """What must have no place, and the reason that is given."""

    recorded: str
    function: str
    origin: Origin
    reason: str
    candidates: tuple[str, ...] = ()


MAINS = ("/w/a/cmd/main.go", "/w/b/cmd/main.go")
NAMED_MAIN = ("/w/main.go", *MAINS, "/w/tools/main.go")
LOST = "a dependency that is neither installed, nor in the module cache, nor vendored here"
NO_DIRECTORY = "a file here has that name, but it shares no directory with the recorded one"
NO_FUNCTION = "a file here ends alike, but does not declare most of its functions"
REFUSED = {
    "two that end alike": Refused("/x/cmd/main.go", "main.main", UNKNOWN, "2 files here fit equally well", MAINS),
    "a function that is not there (4)": Refused("/x/a/cmd/main.go", "main.lost", UNKNOWN, NO_FUNCTION, MAINS[:1]),
    "no function to tell by": Refused("/x/a/cmd/main.go", "", UNKNOWN, NO_FUNCTION, MAINS[:1]),
    "the same name elsewhere (4)": Refused("/x/y/main.go", "main.main", UNKNOWN, NO_DIRECTORY, NAMED_MAIN),
    "only a name": Refused(
        "cart.py", "lost", UNKNOWN, "the profile records only its name, and no directory", ("/w/shop/cart.py",)
    ),
    "no such name (4)": Refused("/project/user-app/app.js", "x", UNKNOWN, "no file of that name in the workspace"),
    "half an element of a mapping": Refused("/mappedx/run.go", "main.run", UNKNOWN, NO_DIRECTORY, ("/w/run.go",)),
    "half an element of a module": Refused("example.com/application/run.go", "", UNKNOWN, "belongs to no module"),
    "-trimpath, a module with a path of one word": Refused(
        "billing/run.go", "main.run", UNKNOWN, "its package billing belongs to no module of the workspace"
    ),
    "Go's own, not in this version": Refused(
        "net/http/gone.go",
        "net/http.Gone",
        STANDARD,
        "part of Go's standard library, but not of go1.26.1, which is installed here",
    ),
    "Go's own server.go, and ours": Refused(
        "/go/src/net/rpc/server.go", "net/rpc.Serve", STANDARD, "part of Go's standard library"
    ),
    "Go's own vendor, and ours": Refused(
        "vendor/golang.org/x/text/unicode/norm/norm.go",
        "vendor/golang.org/x/text/unicode/norm.init",
        STANDARD,
        "part of Go's standard library",
    ),
    "another version in the cache": Refused("github.com/Azure/sdk@v1.0.9/a.go", "", DEPENDENCY, LOST),
    "another version than go.mod's": Refused(
        "github.com/pkg/errors@v0.8.0/errors.go", "github.com/pkg/errors.New", DEPENDENCY, LOST
    ),
    "a module cache on a share": Refused("//server/github.com/Azure/sdk@v1.0.0/zz.go", "", DEPENDENCY, LOST),
    "a class that is only in a comment": Refused(
        "com/shop/till/Shown.java", "com/shop/till/Shown.put", UNKNOWN, "no file of that name"
    ),
    "a class within another": Refused(
        "com/shop/till/Side.java", "com/shop/till/Side.put", UNKNOWN, "no file of that name"
    ),
    "a class, and another file's name": Refused(
        "coins.kt", "com.shop.till.Coin.put", UNKNOWN, "no file of that name in the workspace"
    ),
    "a library of the JVM": Refused(
        "okhttp3/internal/RealCall.java",
        "okhttp3/internal/RealCall.execute",
        DEPENDENCY,
        "no source here is of a package that begins with okhttp3.internal",
    ),
    "another part of the same project": Refused(
        "com/shop/admin/Users.java", "com/shop/admin/Users.add", UNKNOWN, "no file of that name"
    ),
    "another class of the same name": Refused(
        "Cart.java", "com.other.Cart.add", UNKNOWN, NO_DIRECTORY, ("/w/src/main/java/com/shop/Cart.java",)
    ),
    "outside all roots": Refused(
        "/etc/secret.go", "main.Secret", UNKNOWN, "on this machine, but outside the workspace"
    ),
    "a header of the system": Refused(
        "/usr/include/c++/12/vector", "", STANDARD, "part of a standard library outside the workspace"
    ),
    "a header of another system": Refused(
        "/usr/include/c++/13/vector", "", STANDARD, "part of a standard library that is not installed here"
    ),
    "out of the roots by dots": Refused("/w/../etc/passwd", "", UNKNOWN, "on this machine, but outside the workspace"),
    "out of the roots by relative dots": Refused("../etc/passwd", "", UNKNOWN, "no file of that name"),
    "out of a module by dots": Refused("example.com/app/../../etc/passwd", "", UNKNOWN, "no file of that name"),
    "out of a container by dots": Refused("/app/../../etc/passwd", "", UNKNOWN, "on this machine, but outside"),
    "of a module, out of the roots by a link": Refused(
        "example.com/app/escape/secret.go",
        "example.com/app/escape.Secret",
        UNKNOWN,
        "a symbolic link that leads out",
        ("/w/escape/secret.go",),
    ),
    "in a container, out of the roots by a link": Refused(
        "/app/escape/secret.go", "main.Secret", UNKNOWN, "a symbolic link that leads out", ("/w/escape/secret.go",)
    ),
    "a package of no module": Refused(
        "/x/store/deep/file.go",
        "github.com/x/deep.load",
        UNKNOWN,
        "its package github.com/x/deep belongs to no module of the workspace",
        ("/w/store/deep/file.go",),
    ),
    "a package of a module, not in its directory": Refused(
        "/x/store/deep/file.go",
        "example.com/app/deep.load",
        UNKNOWN,
        "its package example.com/app/deep lies elsewhere in the workspace",
        ("/w/store/deep/file.go",),
    ),
    "out of the roots by a link": Refused(
        "/w/escape/secret.go", "main.Secret", UNKNOWN, "a symbolic link that leads out", ("/w/escape/secret.go",)
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_what_has_no_place(case: Refused) -> None:
    found = places(case.recorded, case.function).find(case.recorded)
    assert isinstance(found, Nowhere), found
    assert (found.origin, found.candidates) == (case.origin, case.candidates)
    assert case.reason in found.reason


BESIDE = "a file here ends alike, but it may be that of another directory"


@pytest.mark.parametrize(
    ("recorded", "in_repository", "reason"),
    [
        ("/home/me/old/shop/cart.py", (), ""),  # another clone beside this one
        ("/home/you/new/shop/cart.py", (), ""),  # the same clone of another user
        ("/home/me/old/shop/cart.py", ("/home/me/old/shop/cart.py",), BESIDE),  # another part of the repository
        ("/home/me/old/shop/cart.py", ("/home/me/old/shop/till.py",), ""),
        ("/home/me/new/b/shop/cart.py", (), ""),
        ("/home/me/new/b/src/cart.py", (), BESIDE),  # another directory of the folder: a/src and b/src
    ],
)
def test_the_end_of_a_path_in_another_clone(recorded: str, in_repository: Sequence[str], reason: str) -> None:
    here = {"/home/me/new/shop/cart.py": "def add():\n", "/home/me/new/a/src/cart.py": "def add():\n"}
    disk = FakeFiles(here, folder="/home/me/new/", repository=in_repository)
    found = SourceMap(Roots(folders=("/home/me/new",)), disk, {recorded: ("add",)}).find(recorded)
    if reason:
        assert isinstance(found, Nowhere)
        (candidate,) = (path for path in here if path.split("/")[-2] == recorded.split("/")[-2])
        assert (found.reason, found.candidates) == (reason, (candidate,))
    else:
        assert found == Place("/home/me/new/shop/cart.py", SUFFIX, OWN, guessed=True)


BUILT_INS = [
    *("", "<autogenerated>", "_cgo_gotypes.go", "example.com/app/_cgo_gotypes.go", "_cgo_export.c", "main.cgo1.go"),
    *(
        "_testmain.go",
        "/tmp/go-build1/b001/_testmain.go",
        "node:internal/timers",
        "node:events",
        "internal/deps/cjs-lexer.js",
    ),
    *(
        "<frozen importlib._bootstrap>",
        "<string>",
        "<stdin>",
        "[anon]",
        "(native)",
        "native",
        "evalmachine.<anonymous>",
    ),
    *(
        "??",
        "?",
        "nothing",
        "none",
        "unknown",
        "/lib/x86_64-linux-gnu/libc.so.6",
        "/opt/julia/sys.dylib",
        r"C:\x\ntdll.dll",
    ),
]


@pytest.mark.parametrize("recorded", BUILT_INS)
def test_what_has_no_file_at_all(recorded: str) -> None:
    found = places(recorded, "main.main").find(recorded)
    assert (type(found), found.origin) == (Nowhere, BUILT_IN)


@pytest.mark.parametrize("recorded", ["//server/w/main.go", r"\\server\w\main.go", "file:////server/w/main.go"])
def test_another_machine_is_never_asked(recorded: str) -> None:
    """To ask whether a file of a share is there would call the machine that a profile names."""
    disk = files()
    assert not isinstance(SourceMap(ROOTS, disk, {recorded: ("main.lost",)}).find(recorded), Place)
    assert not [path for path in disk.asked if path.startswith(("//", "\\"))]


def test_nothing_outside_the_roots_is_even_asked_for() -> None:
    for recorded in ("../../etc/passwd", "example.com/app/../../../etc/passwd", "/app/../etc/passwd"):
        disk = files()
        assert SourceMap(ROOTS, disk).place(recorded) is None
        assert not [path for path in disk.asked if path.startswith("/etc") and not recorded.startswith("/")]


def test_gos_own_file_never_lands_in_ours_where_there_is_no_go() -> None:
    """Ours declares a function of that name, too, and the last two elements are the same."""
    roots = replace(ROOTS, go_root="", go_version="")
    for recorded in ("/usr/local/go/src/net/http/server.go", "net/http/server.go"):
        found = places(recorded, SERVER, roots).find(recorded)
        assert found == Nowhere(STANDARD, "part of Go's standard library; no Go was found on this machine")


def test_the_root_of_a_build_is_learnt_from_its_packages() -> None:
    """3: main's functions say nothing of where they are from; another package's do."""
    functions = {
        "/srv/ci/27/pkg/db.go": ("example.com/app/pkg.Load",),
        "/srv/ci/27/tools/gen.go": ("example.com/app/tools.Gen",),
    }
    lost = ("/srv/ci/27/main.go", "/srv/ci/27/asm_amd64.s", "/srv/ci/27/tools/main.go")
    of_main = dict.fromkeys(lost, ("main.main",))
    assert [SourceMap(ROOTS, files(), of_main).place(path) for path in lost[:2]] == [None, None]
    sources = SourceMap(ROOTS, files(), of_main | functions)
    found = [
        Place("/w/main.go", BUILD, OWN),
        Place("/w/asm_amd64.s", BUILD, OWN),
        Place("/w/tools/main.go", BUILD, OWN),
    ]
    assert [sources.place(path) for path in lost] == found
    assert sources.place("/srv/ci/28/main.go") is None


def test_a_closure_that_was_inlined_into_another_package() -> None:
    """It bears the name of what it was inlined into; where the file lay is known from others."""
    others = {"/srv/ci/pkg/db.go": ("example.com/app/pkg.Load",)}
    for inside in (
        "internal/db.go",
        "http/server.go",
    ):  # of the first there is one of that name in the other package, too
        closure = {f"/srv/ci/{inside}": ("example.com/app/pkg.Load.Open.func1",)}
        assert SourceMap(ROOTS, files(), closure | others).place(f"/srv/ci/{inside}").path == f"/w/{inside}"


def test_the_order_of_files_and_functions_says_nothing() -> None:
    """A file of C says nothing of its package, whatever its functions are called; nor does a name too long to be one."""
    functions = {
        "/srv/ci/pkg/a.c": ["example.com/app/pkg.load"],
        "/srv/ci/pkg/db.go": ["main.x", "example.com/app/pkg.Load", "example.com/app/pkg." + 10_000 * "y"],
        "/srv/ci/main.go": ["main.main", "main.run"],
    }
    forward = SourceMap(ROOTS, files(), functions)
    backward = SourceMap(ROOTS, files(), {file: functions[file][::-1] for file in reversed(functions)})
    assert forward.builds == backward.builds
    assert forward.builds.roots
    assert forward.builds.import_paths
    assert [forward.find(file) for file in functions] == [backward.find(file) for file in functions]


def test_the_deepest_root_of_a_build_is_the_right_one() -> None:
    functions = {
        "/srv/ci/pkg/db.go": ("example.com/app/pkg.Load",),
        "/srv/ci/ext/o.go": ("example.com/outside.O",),
        "/srv/ci/ext/main.go": ("main.main",),
    }
    disk = FakeFiles({"/w/ext/main.go": go("main"), "/outside/main.go": go("main")})
    assert SourceMap(ROOTS, disk, functions).place("/srv/ci/ext/main.go") == Place(
        "/outside/main.go", BUILD, DEPENDENCY
    )


def test_the_root_of_a_build_on_windows() -> None:
    functions = {r"C:\ci\27\pkg\db.go": ("example.com/app/pkg.Load",), r"C:\ci\27\main.go": ("main.main",)}
    assert SourceMap(ROOTS, files(), functions).place(r"C:\ci\27\main.go") == Place("/w/main.go", BUILD, OWN)


def test_a_package_that_is_not_where_its_name_says_teaches_nothing() -> None:
    functions = {"/srv/x/other/db.go": ("example.com/app/pkg.Load",), "/srv/x/main.go": ("main.main",)}
    assert SourceMap(ROOTS, files(), functions).place("/srv/x/main.go") is None


def test_where_a_node_project_was_is_learnt_from_its_packages() -> None:
    """4: handlers without a name confirm nothing."""
    functions = {
        "/p/user-app/node_modules/express/lib/router.js": ("handle",),
        "/p/user-app/src/ui.js": ("(anonymous)",),
    }
    disk = files()
    assert SourceMap(ROOTS, disk, functions).place("/p/user-app/src/ui.js") == Place("/w/src/ui.js", BUILD, OWN)
    twice = replace(ROOTS, packages=(*ROOTS.packages, Packages(r"node_modules/", "/w/b/node_modules")))
    other = {"/w/b/node_modules/express/lib/router.js": "", "/w/b/src/ui.js": ""}
    both = FakeFiles({path: text for path, (_, text) in FILES.items()} | other)
    assert SourceMap(twice, both, functions).place("/p/user-app/src/ui.js") is None


NODE = Roots(
    folders=("/w",),
    packages=(
        Packages(r"node_modules/", "/w/node_modules"),
        Packages(r"node_modules/", "/w/packages/web/node_modules", "web"),
        Packages(r"node_modules/", "/w/tools/web/node_modules", "web"),
        Packages(r"node_modules/", "/w/packages/api/node_modules", "api"),
    ),
)
NODE_FILES = {
    "/w/node_modules/react/i.js": "",
    "/w/node_modules/hoisted/i.js": "",
    "/w/packages/web/node_modules/react/i.js": "",
    "/w/packages/web/src/ui.js": "function draw() {\n}\n",
    "/w/tools/web/node_modules/react/i.js": "",
    "/w/packages/api/node_modules/koa/i.js": "",
}


@pytest.mark.parametrize(
    ("recorded", "path"),
    [
        ("/ci/packages/web/node_modules/react/i.js", "/w/packages/web/node_modules/react/i.js"),
        ("webpack:///./packages/web/node_modules/react/i.js", "/w/packages/web/node_modules/react/i.js"),
        ("/ci/packages/web/node_modules/hoisted/i.js", "/w/node_modules/hoisted/i.js"),
        ("/ci/node_modules/react/i.js", "/w/node_modules/react/i.js"),
        ("/ci/packages/api/node_modules/react/i.js", "/w/node_modules/react/i.js"),
        ("/ci/node_modules/koa/i.js", None),  # another project may have put another version there
        ("/ci/web/node_modules/react/i.js", None),  # of two parts of that name
    ],
)
def test_the_node_modules_of_a_part_of_a_project(recorded: str, path: str | None) -> None:
    place = SourceMap(NODE, FakeFiles(NODE_FILES), {}).place(recorded)
    assert (place.path if place else None) == path


def test_a_container_that_held_a_part_of_a_node_project() -> None:
    functions = {"/app/node_modules/react/i.js": ("a",), "/app/src/ui.js": ("draw",)}
    sources = SourceMap(NODE, FakeFiles(NODE_FILES), functions)
    assert sources.place("/app/src/ui.js").path == "/w/packages/web/src/ui.js"
    assert sources.place("/app/node_modules/react/i.js").path == "/w/packages/web/node_modules/react/i.js"


WINDOWS = Roots(
    folders=("C:/w",),
    modules=(Module("example.com/app", "C:/w"),),
    vendors=("C:/w/vendor",),
    go_root="C:/Program Files/Go",
    go_version="go1.26.1",
    module_cache="C:/Users/Me/go/pkg/mod",
    mappings=(PrefixMapping("/mnt/build", "C:/w"), PrefixMapping("D:/build", "C:/w")),
    folds_case=True,
)
WINDOWS_FILES = {
    "C:/w/Main.go": go("main"),
    "C:/w/run.go": go("run"),
    "C:/w/pkg/db.go": go("Load"),
    "C:/w/store/deep/file.go": go("load"),
    "C:/w/vendor/example.com/dep/x.go": go("New"),
    "C:/Program Files/Go/src/net/http/server.go": go("Serve"),
    "C:/Users/Me/go/pkg/mod/github.com/!azure/sdk@v1.0.0/a.go": go("A"),
    "C:/Windows/win.go": go("Win"),
}
ON_WINDOWS = {
    "exact": Case(r"C:\w\Main.go", "", "C:/w/Main.go", EXACT),
    "exact in another case": Case(r"c:\W\MAIN.GO", "", "C:/w/Main.go", EXACT),
    "exact, long form": Case(r"\\?\C:\w\Main.go", "", "C:/w/Main.go", EXACT),
    "exact, file URL": Case("file:///c:/w/Main.go", "", "C:/w/Main.go", EXACT),
    "exact, file URL, clean": Case("file:/c:/w/Main.go", "", "C:/w/Main.go", EXACT),
    "mapping of a Linux path": Case("/mnt/build/run.go", "", "C:/w/run.go", MAPPED),
    "mapping of a Windows path": Case(r"d:\build\run.go", "", "C:/w/run.go", MAPPED),
    "-trimpath": Case("example.com/app/run.go", "main.run", "C:/w/run.go", MODULE),
    "Linux build": Case("/srv/x/pkg/db.go", "example.com/app/pkg.Load", "C:/w/pkg/db.go", MODULE),
    "Linux container": Case("/app/run.go", "main.run", "C:/w/run.go", CONTAINER),
    "Linux vendor": Case("/app/vendor/example.com/dep/x.go", "", "C:/w/vendor/example.com/dep/x.go", VENDOR),
    "Linux GOROOT": Case(
        "/usr/local/go/src/net/http/server.go", SERVER, "C:/Program Files/Go/src/net/http/server.go", GOROOT
    ),
    "Linux module cache": Case(
        "/go/pkg/mod/github.com/!azure/sdk@v1.0.0/a.go",
        "",
        "C:/Users/Me/go/pkg/mod/github.com/!azure/sdk@v1.0.0/a.go",
        CACHE,
    ),
    "Linux suffix": Case("/some/where/deep/file.go", "main.load", "C:/w/store/deep/file.go", SUFFIX),
    "relative": Case("pkg\\db.go", "main.Load", "C:/w/pkg/db.go", RELATIVE),
}


def windows(recorded: str, function: str = "") -> SourceMap:
    disk = FakeFiles(WINDOWS_FILES, folds_case=True)
    return SourceMap(WINDOWS, disk, {recorded: (function,)} if function else {})


@pytest.mark.parametrize("case", ON_WINDOWS.values(), ids=ON_WINDOWS)
def test_a_workspace_on_windows(case: Case) -> None:
    found = windows(case.recorded, case.function).place(case.recorded)
    assert found
    assert (found.path, found.rule) == (case.path, case.rule)


@pytest.mark.parametrize("recorded", [r"C:\Windows\win.go", r"c:\w\..\Windows\win.go", "/w/main.go", r"D:\w\Main.go"])
def test_a_workspace_on_windows_refuses(recorded: str) -> None:
    assert windows(recorded, "main.Lost").place(recorded) is None


def test_the_same_case_matters_elsewhere() -> None:
    assert places("/w/MAIN.go", "").place("/w/MAIN.go") is None


EQUAL = Roots(
    folders=("/w", "/v"),
    modules=(Module("example.com/app", "/v"), Module("example.com/app", "/w")),
    vendors=("/v/vendor", "/w/vendor"),
)


@pytest.mark.parametrize(
    ("recorded", "function", "inside"),
    [
        pytest.param("example.com/app/a.go", "", "a.go", id="two checkouts of one module"),
        pytest.param("/srv/build/db/a.go", "example.com/app/db.Open", "db/a.go", id="two packages of one name"),
        pytest.param("example.com/dep@v1.0.0/a.go", "", "vendor/example.com/dep/a.go", id="two vendored copies"),
        pytest.param("cmd/a.py", "run", "cmd/a.py", id="two folders, a relative path"),
        pytest.param("/app/a.py", "run", "a.py", id="two folders, a container's root"),
    ],
)
def test_of_two_that_fit_equally_well_none_is_taken(recorded: str, function: str, inside: str) -> None:
    text = go("Open") if inside.endswith(".go") else "def run():\n"
    for here in (["/v"], ["/w"], ["/v", "/w"]):
        files = FakeFiles({f"{folder}/{inside}": text for folder in here})
        found = SourceMap(EQUAL, files, {recorded: [function]}).find(recorded)
        if len(here) == 1:
            assert found.path == f"{here[0]}/{inside}"
        else:
            assert set(found.candidates) == {f"/v/{inside}", f"/w/{inside}"}
            assert "2 files here fit equally well" in found.reason


def test_of_two_guesses_the_one_that_declares_the_function_is_taken() -> None:
    files = FakeFiles({"/v/a.py": "def other():\n", "/w/a.py": "def run():\n"})
    assert SourceMap(EQUAL, files, {"/app/a.py": ["run"]}).place("/app/a.py").path == "/w/a.py"


LIB, COPY, OTHER_COPY = (
    "/w/lib/lib.go",
    "/w/svc/vendor/example.com/lib/lib.go",
    "/w/job/vendor/example.com/lib/lib.go",
)
VENDORED = Roots(
    folders=("/w",),
    modules=(
        Module("example.com/svc", "/w/svc"),
        Module("example.com/job", "/w/job"),
        Module("example.com/lib", "/w/lib", main=False),
    ),
    vendors=("/w/job/vendor", "/w/svc/vendor"),
)


@pytest.mark.parametrize(
    ("recorded", "here", "path"),
    [
        ("/ci/svc/vendor/example.com/lib/lib.go", (LIB, COPY), COPY),
        ("/ci/svc/vendor/example.com/lib/lib.go", (LIB, COPY, OTHER_COPY), COPY),
        ("/ci/job/vendor/example.com/lib/lib.go", (LIB, COPY, OTHER_COPY), OTHER_COPY),
        ("/ci/job/vendor/example.com/lib/lib.go", (LIB, COPY), COPY),  # the only one
        ("/build/vendor/example.com/lib/lib.go", (LIB, COPY, OTHER_COPY), ""),
        ("/ci/svc/vendor/example.com/lib/lib.go", (LIB,), ""),
        ("vendor/example.com/lib/lib.go", (LIB, COPY), COPY),
        ("/home/vendor/src/lib/lib.go", (LIB, COPY), LIB),  # a directory called so that holds no copies
        ("/ci/lib/lib.go", (LIB, COPY), LIB),
        ("example.com/lib/lib.go", (LIB, COPY), LIB),
        ("example.com/lib@v0.0.0/lib.go", (LIB, COPY), ""),
        ("example.com/lib@v0.0.0/lib.go", (COPY,), COPY),
        ("example.com/lib@v0.0.0/lib.go", (LIB,), LIB),
    ],
)
def test_a_module_of_the_workspace_that_is_vendored_too(recorded: str, here: tuple[str, ...], path: str) -> None:
    """What a vendor directory held when it was built is a copy, which may be another version."""
    files = FakeFiles({one: go("Fill") + f"// {one}\n" for one in here})
    found = SourceMap(VENDORED, files, {recorded: ["example.com/lib.Fill"]}).find(recorded)
    assert (found.path if isinstance(found, Place) else "") == path


def test_a_vendored_copy_that_does_not_differ_is_the_module() -> None:
    files = FakeFiles({LIB: go("Fill"), COPY: go("Fill")})
    recorded = "example.com/lib@v0.0.0/lib.go"
    assert SourceMap(VENDORED, files, {recorded: ["example.com/lib.Fill"]}).place(recorded).path == LIB


def test_a_vendored_copy_does_not_say_where_its_module_was() -> None:
    """What lies beside it is not taken for the module's."""
    functions = {
        "/ci/svc/vendor/example.com/lib/lib.go": ["example.com/lib.Fill"],
        "/ci/svc/vendor/example.com/lib/cmd/main.go": ["main.main"],
    }
    files = FakeFiles({LIB: go("Fill"), "/w/lib/cmd/main.go": go("main")})
    sources = SourceMap(VENDORED, files, functions)
    assert [sources.place(file) for file in functions] == [None, None]


RENAMED, MOVED = "renamed since", "moved to another file of its directory"
RENAMES = {
    "/w/db/old.go": "/w/db/new.go",
    "/w/db/gone.go": "/w/db/gone_too.go",
    "/w/db/foreign.go": "/w/db/new.go",
    "/w/py/old.py": "/w/py/new.py",
    "/w/db/out.go": "/etc/secret.go",
}
SINCE = {
    "/w/db/new.go": go("Open"),
    "/w/db/more.go": go("Close", "Flush"),
    "/w/py/new.py": "def load():\n    pass\n",
    "/w/py/more.py": "class Cart:\n    def add(self):\n        pass\n\n    def drop(self):\n        pass\n",
    "/etc/secret.go": go("Secret"),
}


@pytest.mark.parametrize(
    ("recorded", "functions", "path", "rule"),
    [
        ("/ci/db/old.go", ("example.com/app/db.Open",), "/w/db/new.go", RENAMED),
        ("/w/db/old.go", (), "/w/db/new.go", RENAMED),
        ("example.com/app/db/old.go", (), "/w/db/new.go", RENAMED),
        ("py/old.py", ("load",), "/w/py/new.py", RENAMED),
        ("/ci/db/gone.go", ("example.com/app/db.Close",), "/w/db/more.go", MOVED),
        ("/ci/db/unknown.go", ("example.com/app/db.Close", "example.com/app/db.Flush"), "/w/db/more.go", MOVED),
        ("py/unknown.py", ("Cart.add", "Cart.drop", "<module>"), "/w/py/more.py", MOVED),
        ("py/unknown.py", ("Cart.add",), None, ""),  # many files may have one such function
        ("/ci/db/unknown.go", ("example.com/app/db.Close", "example.com/app/db.A", "example.com/app/db.B"), None, ""),
        ("db/foreign.go", ("github.com/x/y/db.Open",), None, ""),
        ("github.com/x/y/db/old.go", ("github.com/x/y/db.Open",), None, ""),
        ("/go/pkg/mod/github.com/x/y@v1.0.0/db/old.go", ("github.com/x/y/db.Open",), None, ""),
        ("example.com/app/db/out.go", (), None, ""),
    ],
)
def test_a_file_that_was_renamed_or_whose_functions_moved(
    recorded: str, functions: tuple[str, ...], path: str | None, rule: str
) -> None:
    found = SourceMap(ROOTS, FakeFiles(SINCE, renames=RENAMES), {recorded: functions}).find(recorded)
    if path is None:
        assert isinstance(found, Nowhere)
    else:
        guessed = rule == RENAMED and not recorded.startswith("/") and not recorded.endswith(".go")
        before = next(old for old, new in RENAMES.items() if new == path) if rule == RENAMED else ""
        assert found == Place(path, rule, OWN, guessed, before)
        assert found.moved == (rule == MOVED)


@pytest.mark.parametrize(
    ("recorded", "function", "origin"),
    [
        ("/ci/http/gone.go", "example.com/app/http.old", OWN),
        ("example.com/app/http/gone.go", "example.com/app/http.old", OWN),
        ("/w/http/gone.go", "main.old", OWN),
        ("/ci/http/never.go", "example.com/app/http.old", UNKNOWN),  # such as generated during the build
        ("/ci/http/gone.pb.go", "example.com/app/http.old", UNKNOWN),
        ("/ci/http/gone.go", "github.com/x/y/http.old", UNKNOWN),
        ("/go/pkg/mod/example.com/app@v1.0.0/http/gone.go", "example.com/app/http.old", DEPENDENCY),
    ],
)
def test_a_file_that_was_deleted_is_as_much_own_code(recorded: str, function: str, origin: Origin) -> None:
    disk = FakeFiles({path: text for path, (_, text) in FILES.items()}, gone=["/w/http/gone.go", "/w/http/gone.pb.go"])
    found = SourceMap(
        ROOTS, disk, {recorded: [function], "/ci/internal/db.go": ["example.com/app/internal.Open"]}
    ).find(recorded)
    assert isinstance(found, Nowhere)
    assert found.origin is origin


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in FOUND.values()} | {BUILD, CONTAINER, RENAMED, MOVED} == {rule.name for rule in RULES}
    assert len(FOUND) + len(REFUSED) + len(ON_WINDOWS) >= 60


@pytest.mark.parametrize(
    ("path", "recorded"),
    [
        ("/w/pkg/db.go", {"/w/pkg/db.go", "example.com/app/pkg/db.go", "/ci/pkg/db.go"}),
        ("/w/run.go", {"/app/run.go", "/w/run.go", r"D:\a\x\x\run.go", "run.go"}),
        ("/cache/example.com/fork@v1.2.0/old.go", {"example.com/old@v1.0.0/old.go"}),
        ("/cache/github.com/pkg/errors@v0.9.1/errors.go", {"external/com_github_pkg_errors/errors.go"}),
        ("/cache/github.com/!azure/sdk@v1.0.0/a.go", {"github.com/Azure/sdk@v1.0.0/a.go"}),
        ("/w/src/main/java/com/shop/Cart.java", {"Cart.java"}),
        ("/w/real/z.go", {"/w/linked/z.go", "/w/real/z.go"}),
        ("/w/src/ui.js", {"webpack:/src/ui.js?1a2b", "file:/w/%73rc/ui.js"}),
        ("/outside/o.go", {"/ci/o.go"}),
        ("/w/.venv/lib/python3.12/site-packages/jax/api.py", {"/usr/lib/python3/dist-packages/jax/api.py"}),
        ("/w/http/server.go", set()),
    ],
)
def test_the_recorded_files_of_a_file_here(path: str, recorded: set[str]) -> None:
    functions = {
        "/ci/pkg/db.go": "example.com/app/pkg.Load",
        "/app/run.go": "main.run",
        r"D:\a\x\x\run.go": "main.run",
        "run.go": "main.run",
        "external/com_github_pkg_errors/errors.go": "github.com/pkg/errors.New",
        "Cart.java": "com.shop.Cart.add",
        "/ci/o.go": "example.com/outside.O",
        "/other/run.go": "main.run",
        "/usr/local/go/src/net/http/server.go": SERVER,
    }
    everything = {*functions, *recorded, "/w/main.go", "/other/pkg/db.go"}
    sources = SourceMap(ROOTS, files(), {name: (functions[name],) if name in functions else () for name in everything})
    assert set(sources.at(path)) == recorded


def test_files_of_a_file_system_without_case() -> None:
    disk = FakeFiles(WINDOWS_FILES, folds_case=True)
    recorded = {"/ci/PKG/db.go": ("example.com/app/pkg.Load",), r"c:\w\PKG\db.go": (), r"C:\w\pkg\db.go": ()}
    sources = SourceMap(WINDOWS, disk, recorded)
    assert sources.at("C:/w/pkg/db.go") == sources.at("C:/W/pkg/DB.go") == list(recorded)
    by_end = SourceMap(replace(WINDOWS, modules=()), disk, {"/elsewhere/PKG/DB.go": ("main.Load",)})
    assert by_end.place("/elsewhere/PKG/DB.go") == Place("C:/w/pkg/db.go", SUFFIX, OWN, guessed=True)


def test_what_the_editor_calls_a_folder_that_was_opened_by_a_link() -> None:
    assert ROOTS.opened("/w/main.go") == "/home/me/shop/main.go"
    assert ROOTS.real("/home/me/shop/main.go") == "/w/main.go"
    assert ROOTS.opened("/goroot/src/net/http/server.go") == "/goroot/src/net/http/server.go"


def owned(paths: Iterable[str], *patterns: str, **more: object) -> list[str]:
    roots = replace(ROOTS, own_code=patterns, **more)
    return [path for path in paths if is_own(path, roots)]


def test_which_code_is_the_users_own() -> None:
    paths = (
        *FILES,
        "/w/a_gen.go",
        "/w/zz_generated.deepcopy.go",
        "/w/x/third_party/y.go",
        "/w/.cache/z.go",
        "/w/x_pb2.py",
    )
    assert owned(paths) == [path for path, (origin, _) in FILES.items() if origin is OWN]


def test_patterns_add_own_code_and_take_it_away() -> None:
    paths = ("/w/main.go", "/w/legacy/a.go", "/w/legacy/keep/b.go", "/w/third_party/ours/c.go", "/w/third_party/d.go")
    patterns = ("third_party/ours/**", "!legacy/**", "legacy/keep/**")
    assert owned(paths, *patterns) == ["/w/main.go", "/w/legacy/keep/b.go", "/w/third_party/ours/c.go"]
    assert owned(["/w/api/api.pb.go"], "*.pb.go") == ["/w/api/api.pb.go"]
    assert owned(["/goroot/src/net/http/server.go", "/etc/passwd"], "**") == []


def test_a_checkout_in_gopath_is_own_and_what_is_beside_it_is_not() -> None:
    roots = Roots(folders=("/gopath/src/github.com/me/app",), packages=(Packages(r"src/", "/gopath/src"),))
    own, other = "/gopath/src/github.com/me/app/main.go", "/gopath/src/github.com/x/y/z.go"
    assert [is_own(path, roots) for path in (own, other)] == [True, False]
    assert [roots.in_caches(path) for path in (own, other)] == [False, True]


def test_a_module_elsewhere_is_own_if_go_work_uses_it() -> None:
    used = (*ROOTS.modules, Module("example.com/used", "/used"))
    assert owned(["/used/u.go", "/outside/o.go"], modules=used) == ["/used/u.go"]


def test_a_folder_opened_below_its_module_holds_only_itself() -> None:
    roots = Roots(folders=("/w/pkg",), modules=(Module("example.com/app", "/w"),))
    disk = files()
    sources = SourceMap(roots, disk, {})
    assert sources.place("example.com/app/pkg/db.go") == Place("/w/pkg/db.go", MODULE, OWN)
    for elsewhere in ("example.com/app/main.go", "/w/main.go"):
        found = sources.find(elsewhere)
        assert isinstance(found, Nowhere)
        assert "it would be in /w, a module of which only a part is open" in found.reason
    disk.asked.clear()
    assert SourceMap(roots, disk, {}).place("example.com/app/main.go") is None
    assert "/w/main.go" not in disk.asked


ELEMENTS = st.sampled_from(
    [
        *("..", ".", "", "w", "app", "go", "src", "pkg", "mod", "etc", "passwd", "main.go", "run.go", "secret.go"),
        *("example.com", "example.com/app", "dep@v1.0.0", "C:", "node_modules", "vendor", "escape", "mapped"),
    ]
)
BEGINNINGS = st.sampled_from(["", "/", "//", "file:///", "\\\\?\\"])


@st.composite
def paths(draw: st.DrawFn) -> str:
    return draw(BEGINNINGS) + draw(st.sampled_from(["/", "\\"])).join(draw(st.lists(ELEMENTS, max_size=8)))


@given(recorded=paths() | st.text(), function=st.sampled_from(["main.main", "main.run", "main.Secret"]) | st.text())
@example(recorded="C:", function="main.main")
@example(recorded="/w/a\0b.go", function="main.main")
def test_no_text_raises_or_leads_out_of_the_roots(recorded: str, function: str) -> None:
    found = places(recorded, function).find(recorded)
    assert isinstance(found, Nowhere) or FILES[found.path][0] is not UNKNOWN
    assert isinstance(found, Place) or found.reason


HOSTILE = ("a", "/", "a/", ".a", "/src/", "@v", "[", "(", "<", "{{", ".func1", "-fm", "\\", "a b(", "jenkins/", "a-.")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", HOSTILE)
def test_long_names_take_no_time(unit: str) -> None:
    """Some of these would take minutes: patterns that try every beginning are bounded by the length of a name."""
    name = unit * 100_000
    text = "def f(x):\n  pass\n" * 1000 + "a " * 500_000 + "("
    files = FakeFiles({"/w/a.go": text})
    for recorded in (name, f"{name}/a.go", f"/w/{name}.go"):
        assert SourceMap(ROOTS, files, {recorded: [name, "main.f"]}).place(recorded) is None
    assert [declared(text, name, f"/w/a{ending}") for ending in (".go", ".py", ".js", ".rs", ".java", ".rb")] == [
        []
    ] * 6


@pytest.mark.timeout(20)
def test_patterns_that_take_a_backtracking_engine_hours() -> None:
    roots = Roots(folders=("/w",), own_code=("*a" * 50 + "b",))
    assert is_own("/w/vendor/" + "a" * 250, roots) is False
    assert is_own("/w/vendor/" + "a" * 250 + "b", roots) is True
