"""Files of other people, each recorded so that a file of the workspace ends alike and declares the same function."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from alloclens.source.roots import Module, Packages, Roots

from tests.support.files import go

if TYPE_CHECKING:
    from collections.abc import Collection

DB = go("New", "Query")
PYTHON = "class Decoder:\n    def decode(self):\n        pass\n"
OWN = {
    "/w/db/db.go": DB,
    "/w/cmd/tool/main.go": go("main", "run"),
    "/w/start.go": go("start"),
    "/w/left.go": go("parseLeft"),
    "/w/right.go": go("parseRight"),
    "/w/middle.go": go("parseMiddle"),
    "/w/sort/sort.go": go("Sort"),
    "/w/services/s3/data/data.go": go("New"),
    "/w/services/s3/cmd/serve.go": go("serve"),
    "/w/services/s17/store/store.go": go("Open"),
    "/w/express/lib/router.js": "function handle() {\n}\n",
    "/w/src/ui.js": "function draw() {\n}\nfunction clear() {\n}\n",
    "/w/json/decoder.py": PYTHON,
    "/w/secrets.py": PYTHON,
    "/w/requests/api.py": "def get():\n    pass\n",
    "/w/src/lib.rs": "pub fn parse() {\n}\n",
    "/w/alloc/src/vec/mod.rs": "impl Vec {\n    pub fn push(&mut self) {\n    }\n}\n",
    "/w/bits/stl_vector.h": "void push_back(int x) {\n}\n",
    "/w/src/format.cc": "void vformat(int x) {\n}\n",
    "/w/boost/any.hpp": "void swap(int x) {\n}\n",
    "/w/src/main/java/com/shop/util/HashMap.java": "package com.shop.util;\nclass HashMap {\n  void put() {\n  }\n}\n",
    "/w/src/main/java/com/shop/util/Cache.java": "package com.shop.util;\nclass Cache {\n  void put() {\n  }\n}\n",
}
ROOTS = Roots(
    folders=("/w",),
    modules=(
        Module("example.com/mono/services/s3", "/w/services/s3"),
        Module("example.com/mono/services/s17", "/w/services/s17"),
        Module("example.com/mono", "/w"),
    ),
    packages=(
        Packages(r"node_modules/", "/w/node_modules"),
        Packages(r"(?:site|dist)-packages/", "/w/.venv/x/site-packages"),
    ),
)


class Foreign(NamedTuple):
    """A recorded file with a function, and others of the same profile."""

    recorded: str
    function: str
    beside: dict[str, Collection[str]] = {}  # noqa: RUF012 - never changed


NEW, S17 = "github.com/x/y/db.New", "example.com/other/s17"
FOREIGN = {
    "module cache": Foreign("/go/pkg/mod/github.com/x/y@v1.2.3/db/db.go", NEW),
    "module cache of another name": Foreign("/ci/cache/github.com/x/y@v1.2.3/db/db.go", NEW),
    "module cache, a program": Foreign("/go/pkg/mod/github.com/x/y@v1.2.3/cmd/tool/main.go", "main.run"),
    "vendor": Foreign("/ci/job/vendor/github.com/x/y/db/db.go", NEW),
    "vendor, -trimpath": Foreign("example.com/other/vendor/github.com/x/y/db/db.go", NEW),
    "-trimpath, a dependency": Foreign("github.com/x/y@v1.2.3/db/db.go", NEW),
    "-trimpath, another module": Foreign("github.com/x/y/db/db.go", NEW),
    "-trimpath, a program of another module": Foreign("github.com/x/y/cmd/tool/main.go", "main.run"),
    "-trimpath, a program of a module with a path of one word": Foreign("billing/cmd/tool/main.go", "main.run"),
    "-trimpath, all files of a module with a path of one word": Foreign(
        "billing/start.go",
        "main.start",
        {
            "billing/cmd/tool/main.go": ("main.run",),
            "billing/left.go": ("main.parseLeft",),
            "billing/right.go": ("main.parseRight",),
            "billing/middle.go": ("main.parseMiddle",),
        },
    ),
    "another module": Foreign("/home/ci/y/db/db.go", NEW),
    "another module in a container": Foreign("/app/db/db.go", NEW),
    "another module, Bazel": Foreign("/proc/self/cwd/db/db.go", NEW),
    "another module, relative": Foreign("db/db.go", NEW),
    "another module, a closure": Foreign("/app/db/db.go", "github.com/x/y/db.New.func1"),
    "GOPATH of another machine": Foreign("/ci/src/github.com/x/y/db/db.go", NEW),
    "GOROOT": Foreign("/usr/local/go/src/sort/sort.go", "sort.Sort"),
    "GOROOT, -trimpath": Foreign("sort/sort.go", "sort.Sort"),
    "a program in the root of another module": Foreign(
        "/app/start.go", "main.start", {"/app/store/store.go": (f"{S17}/store.Open",)}
    ),
    "a program of another module": Foreign(
        "/src/s17/cmd/tool/main.go", "main.run", {"/src/s17/store/store.go": (f"{S17}/store.Open",)}
    ),
    "a service's file that is gone": Foreign(
        "/app/services/s17/data/data.go", "example.com/mono/services/s17/data.New"
    ),
    "a service's program that is gone": Foreign("/build/services/s17/cmd/serve.go", "main.serve"),
    "a service's program that is gone, with its root": Foreign(
        "/app/cmd/serve.go", "main.serve", {"/app/store/store.go": ("example.com/mono/services/s17/store.Open",)}
    ),
    "node_modules": Foreign("/srv/app/node_modules/express/lib/router.js", "handle"),
    "node_modules, pnpm": Foreign("/srv/app/node_modules/.pnpm/express@4/node_modules/express/lib/router.js", "handle"),
    "node_modules, webpack": Foreign("webpack:///./node_modules/express/lib/router.js", "handle"),
    "a library that was bundled": Foreign("webpack:/lib/src/ui.js", "render"),
    "another Node project": Foreign(
        "/srv/other/src/ui.js",
        "render",
        {"/srv/other/node_modules/a/i.js": ("a",), "/srv/other/src/ui.js": ("render", "mount", "draw")},
    ),
    "site-packages": Foreign("/usr/lib/python3.9/site-packages/requests/api.py", "get"),
    "dist-packages": Foreign("/usr/lib/python3/dist-packages/requests/api.py", "get"),
    "Python's library": Foreign("/usr/lib/python3.12/json/decoder.py", "Decoder.decode"),
    "Python's library, relative to sys.path": Foreign("json/decoder.py", "JSONDecoder.raw_decode"),
    "a module of Python's library, relative to sys.path": Foreign("secrets.py", "token_bytes"),
    "Python's library, free-threaded": Foreign("/opt/lib/python3.13t/json/decoder.py", "Decoder.decode"),
    "Python's library, Windows": Foreign(
        r"C:\Users\me\Programs\Python\Python312\Lib\json\decoder.py", "Decoder.decode"
    ),
    "Python's library, PyPy": Foreign("/usr/lib/pypy3.10/json/decoder.py", "Decoder.decode"),
    "cargo's registry": Foreign("/home/ci/.cargo/registry/src/registry-6f17/serde-1.0.0/src/lib.rs", "serde::parse"),
    "cargo's checkouts": Foreign("/home/ci/.cargo/git/checkouts/serde-0a1b/9fc6/src/lib.rs", "serde::parse"),
    "cargo, trimmed paths": Foreign("serde-1.0.0/src/lib.rs", "serde::parse"),
    "Rust's library": Foreign("/rustc/9fc6b431/library/alloc/src/vec/mod.rs", "alloc::vec::Vec<T,A>::push"),
    "Rust's library, installed": Foreign(
        "/home/ci/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs",
        "alloc::vec::Vec<T,A>::push",
    ),
    "C++'s library": Foreign("/usr/include/c++/12/bits/stl_vector.h", "std::vector<int>::push_back"),
    "C++'s library of a compiler's own": Foreign(
        "/opt/gcc/include/c++/12/bits/stl_vector.h", "std::vector<int>::push_back"
    ),
    "a header of the system": Foreign("/usr/include/boost/any.hpp", "boost::any::swap"),
    "a header of Homebrew": Foreign("/opt/homebrew/include/boost/any.hpp", "boost::any::swap"),
    "what a build script of cargo wrote": Foreign(
        "/srv/app/target/release/build/jemalloc-sys-1fb7633f3daa1d9f/out/build/src/prof_sys.c", "prof_backtrace_impl"
    ),
    "CMake's fetched content": Foreign("/build/out/_deps/fmt-src/src/format.cc", "fmt::vformat"),
    "the JVM's library": Foreign("HashMap.java", "java.util.HashMap.put"),
    "a library of the JVM": Foreign("Cache.java", "com.google.common.util.Cache.put"),
}

TRUE = {
    "a container": Foreign("/app/cmd/tool/main.go", "main.run"),
    "a container that held one service": Foreign(
        "/app/cmd/serve.go", "main.serve", {"/app/data/data.go": ("example.com/mono/services/s3/data.New",)}
    ),
    "a file given to go build": Foreign("/somewhere/cmd/tool/main.go", "command-line-arguments.run"),
    "outside GOPATH": Foreign("/somewhere/cmd/tool/main.go", "_/somewhere/cmd/tool.run"),
    "most functions are of the module": Foreign(
        "/x/db/db.go",
        "",
        {"/x/db/db.go": ("example.com/mono/db.New", "example.com/mono/db.Query", "another/name.linked")},
    ),
    "a package in a container": Foreign("/app/db/db.go", "example.com/mono/db.New"),
    "Python in a container": Foreign("/app/json/decoder.py", "Decoder.decode"),
    "a Python package called like one of the library": Foreign("json/decoder.py", "Decoder.decode"),
    "a Python module called like one of the library": Foreign("secrets.py", "Decoder.decode"),
    "Rust in a container": Foreign("/usr/src/app/src/lib.rs", "shop::parse"),
    "a source package": Foreign("/home/ci/rpmbuild/BUILD/shop-1.2.0/src/lib.rs", "shop::parse"),
    "Java by its package": Foreign("HashMap.java", "com.shop.util.HashMap.put"),
    "Kotlin's way to leave the first directories out": Foreign("Cart.kt", "com.shop.cart.Cart.add"),
    "a Node project": Foreign(
        "/srv/app/src/ui.js",
        "draw",
        {"/srv/app/node_modules/a/i.js": ("a",), "/srv/app/src/ui.js": ("draw", "clear", "(anonymous)")},
    ),
}
