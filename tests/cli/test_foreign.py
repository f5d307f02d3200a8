"""Memory of a dependency whose file ends like one of the workspace: it is put on the line that called it, and on no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest
from alloclens.cli import main
from alloclens.session.once import world
from click.testing import CliRunner

from tests.support.placement.goproject import write
from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

MB = 1 << 20
SNAPSHOTS = 20


class Foreign(NamedTuple):
    """A recorded file that is not of the workspace, a function in it, and the file of the workspace that looks like it."""

    recorded: str
    function: str
    alike: str
    text: str
    start: int = 0
    """Where the profile says that the function is declared."""


class Caller(NamedTuple):
    """The user's own file that calls them all, one on each line from 4 on."""

    file: str
    function: str
    line: str
    first: str


GO = Caller("main.go", "main.main", "\tcall{}()", "package main\n\nfunc main() {")
PYTHON = Caller("jobs/run.py", "run", "    call{}()", "import jobs\n\ndef run():")
NODE = Caller("app/index.js", "run", "  call{}();", "'use strict';\n\nfunction run() {")
RUST = Caller("app/main.rs", "shop::main", "    call{}();", "mod shop;\n\nfn main() {")
CPP = Caller("app/main.cpp", "main", "  call{}();", "#include <vector>\n\nint main() {")
JAVA = Caller(
    "app/com/shop/Main.java",
    "com.shop.Main.main",
    "    call{}();",
    "package com.shop;\nclass Main {\n  static void main() {",
)


def go(package: str, *functions: str) -> str:
    return f"package {package}\n\n" + "".join(f"func {function}() {{\n\tkeep()\n}}\n\n" for function in functions)


def python(kind: str, function: str) -> str:
    return f"class {kind}:\n    def {function}(self):\n        keep()\n"


FOREIGN = {
    GO: {
        "module cache": Foreign("/home/ci/go/pkg/mod/github.com/x/y@v1.2.3/db/db.go", "github.com/x/y/db.New", "db/db.go", go("db", "New"), 3),
        "module cache, escaped": Foreign("/home/ci/go/pkg/mod/github.com/!masterminds/sql@v1.0.0/table/table.go", "github.com/Masterminds/sql/table.Make", "table/table.go", go("table", "Make")),
        "module cache in a folder of its own": Foreign("/cache/gomod/github.com/x/y@v1.2.3/pool/pool.go", "github.com/x/y/pool.(*Pool).Get", "pool/pool.go", go("pool", "(p *Pool) Get"), 3),
        "-trimpath": Foreign("github.com/x/y@v1.2.3/kv/kv.go", "github.com/x/y/kv.Open", "kv/kv.go", go("kv", "Open"), 3),
        "-trimpath, vendored": Foreign("github.com/x/z/queue/queue.go", "github.com/x/z/queue.Push", "queue/queue.go", go("queue", "Push"), 3),
        "vendor": Foreign("/build/app/vendor/github.com/x/z/log/log.go", "github.com/x/z/log.New", "log/log.go", go("log", "New"), 3),
        "another module in a container": Foreign("/app/cmd/serve.go", "example.com/other/cmd.Serve", "cmd/serve.go", go("cmd", "Serve"), 3),
        "another service": Foreign("/srv/build/services/s17/db/rows.go", "example.com/shop/services/s17/db.Rows", "services/s3/db/rows.go", go("db", "Rows"), 3),
        "a module whose path begins alike": Foreign("/ci/shop-tools/cache/cache.go", "example.com/shop-tools/cache.Fill", "cache/cache.go", go("cache", "Fill"), 3),
        "GOPATH": Foreign("/home/ci/go/src/github.com/q/r/wire/wire.go", "github.com/q/r/wire.Read", "wire/wire.go", go("wire", "Read"), 3),
        "Bazel": Foreign("external/com_github_q_s/codec/codec.go", "github.com/q/s/codec.Decode", "codec/codec.go", go("codec", "Decode"), 3),
        "Go's own": Foreign("/usr/local/go/src/net/http/server.go", "net/http.(*Server).Serve", "net/http/server.go", go("http", "(s *Server) Serve")),
        "Go's own, -trimpath": Foreign("strings/builder.go", "strings.(*Builder).grow", "strings/builder.go", go("strings", "(b *Builder) grow")),
        "a closure": Foreign("/app/hook/hook.go", "example.com/other/hook.Run.func1.2", "hook/hook.go", go("hook", "Run"), 4),
        "type arguments": Foreign("/workspace/set/set.go", "example.com/other/set.Of[...]", "set/set.go", go("set", "Of[T any]"), 3),
    },
    PYTHON: {
        "site-packages": Foreign("/usr/local/lib/python3.12/site-packages/orm/api/models.py", "Model.load", "api/models.py", python("Model", "load")),
        "dist-packages": Foreign("/usr/lib/python3/dist-packages/orm/web/views.py", "View.render", "web/views.py", python("View", "render")),
        "the standard library": Foreign("/usr/lib/python3.11/json/decoder.py", "JSONDecoder.decode", "json/decoder.py", python("JSONDecoder", "decode")),
        "the standard library of a framework": Foreign("/Library/Frameworks/Python.framework/Versions/3.12/lib/python3.12/email/message.py", "Message.walk", "email/message.py", python("Message", "walk")),
        "the standard library on Windows": Foreign(r"C:\Users\ci\AppData\Local\Programs\Python\Python312\Lib\http\client.py", "HTTPResponse.read", "http/client.py", python("HTTPResponse", "read")),
        "the standard library of pyenv": Foreign("/home/ci/.pyenv/versions/3.11.7/lib/python3.11/logging/config.py", "Configurator.convert", "logging/config.py", python("Configurator", "convert")),
        "the standard library in a zip": Foreign("/usr/lib/python312.zip/csv/reader.py", "Reader.next_row", "csv/reader.py", python("Reader", "next_row")),
        "the standard library of conda on Windows": Foreign(r"C:\Users\ci\miniconda3\envs\a\Lib\xml\sax.py", "Parser.parse", "xml/sax.py", python("Parser", "parse")),
        "a layer of Lambda": Foreign("/opt/python/requests/sessions.py", "Session.send", "requests/sessions.py", python("Session", "send")),
        "Lambda's runtime": Foreign("/var/runtime/boot/events.py", "Event.load", "boot/events.py", python("Event", "load")),
        "a wheel of pex": Foreign("/home/ci/.pex/installed_wheels/9f/orm-2.0-py3-none-any.whl/orm/query.py", "Query.all_rows", "orm/query.py", python("Query", "all_rows")),
    },
    NODE: {
        "node_modules": Foreign("/app/node_modules/express/lib/router.js", "handle", "lib/router.js", "'use strict';\n\nfunction handle() {\n}\n"),
        "node_modules of webpack": Foreign("webpack:///./node_modules/express/lib/route.js", "dispatch", "lib/route.js", "'use strict';\n\nfunction dispatch() {\n}\n"),
        "pnpm": Foreign("/app/node_modules/.pnpm/cache@1.0.0/node_modules/cache/src/store.ts", "fill", "src/store.ts", "export const z = 1;\n\nexport function fill(): void {\n}\n"),
        "a workspace of yarn": Foreign("/home/ci/app/.yarn/__virtual__/pg/0/cache/pg.zip/node_modules/pg/lib/client.js", "query", "lib/client.js", "'use strict';\n\nfunction query() {\n}\n"),
        "a layer of Lambda": Foreign("/opt/nodejs/node_modules/pg/lib/pool.js", "connect", "lib/pool.js", "'use strict';\n\nfunction connect() {\n}\n"),
        "bun's cache": Foreign("/home/ci/.bun/install/cache/koa@2.15.0/lib/context.js", "respond", "lib/context.js", "'use strict';\n\nfunction respond() {\n}\n"),
        "Deno": Foreign("https://deno.land/std@0.200.0/http/listen.ts", "listen", "http/listen.ts", "export const z = 1;\n\nexport function listen(): void {\n}\n"),
        "another package, of webpack": Foreign("webpack://@x/api/./src/serve.ts", "serveAll", "src/serve.ts", "export const z = 1;\n\nexport function serveAll(): void {\n}\n"),
        "Vite, a dependency": Foreign("/@fs/srv/a/node_modules/vue/src/draw.ts", "drawAll", "src/draw.ts", "export const z = 1;\n\nexport function drawAll(): void {\n}\n"),
        "Node's own": Foreign("node:internal/streams/readable", "push", "internal/streams/readable", "function push() {\n}\n"),
    },
    RUST: {
        "cargo's registry": Foreign("/home/ci/.cargo/registry/src/index.crates-6f17d22b/hashbrown-0.14.0/src/raw/mod.rs", "hashbrown::raw::RawTable<T,A>::reserve_rehash", "src/raw/mod.rs", "impl Raw {\n\n    fn reserve_rehash(&mut self) {\n    }\n}\n"),
        "cargo's git": Foreign("/home/ci/.cargo/git/checkouts/dep-0123456789abcdef/89abcde/src/pool/mod.rs", "dep::pool::take", "src/pool/mod.rs", "use x;\n\npub fn take() {\n}\n"),
        "another crate": Foreign("/build/src/queue/mod.rs", "crossbeam::queue::push", "src/queue/mod.rs", "use x;\n\npub fn push() {\n}\n"),
        "Rust's own": Foreign("/rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/alloc/src/raw_vec.rs", "alloc::raw_vec::finish_grow", "src/raw_vec.rs", "use x;\n\nfn finish_grow() {\n}\n"),
        "Rust's own, of rustup": Foreign("/home/ci/.rustup/toolchains/stable-x86_64-unknown-linux-gnu/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs", "alloc::vec::Vec<T,A>::with_capacity_in", "src/vec/mod.rs", "impl Vec {\n\n    fn with_capacity_in() {\n    }\n}\n"),
    },
    CPP: {
        "the standard library": Foreign("/usr/include/c++/12/bits/new_allocator.h", "std::__new_allocator<char>::allocate", "bits/new_allocator.h", "struct x {\n\nchar* allocate(int n) {\n}\n};\n"),
        "the standard library of clang": Foreign("/usr/lib/llvm-17/bin/../include/c++/v1/__memory/allocator.h", "std::__1::allocator<char>::allocate", "__memory/allocator.h", "struct x {\n\nchar* allocate(int n) {\n}\n};\n"),
        "Bazel": Foreign("/proc/self/cwd/external/com_google_absl/absl/strings/cord.cc", "absl::NewTree", "strings/cord.cc", "int x;\n\nchar* NewTree(int n) {\n}\n"),
        "third_party": Foreign("../third_party/o/src/util/fill.cc", "o::fill", "src/util/fill.cc", "int x;\n\nchar* fill(int n) {\n}\n"),
        "Meson": Foreign("../subprojects/o-1.2/src/util/drain.cc", "o::drain", "src/util/drain.cc", "int x;\n\nchar* drain(int n) {\n}\n"),
        "Conan": Foreign("/home/ci/.conan2/p/b/fmt1a2b/b/src/src/format.cc", "fmt::vformat", "src/format.cc", "int x;\n\nchar* vformat(int n) {\n}\n"),
        "vcpkg": Foreign("/opt/vcpkg/buildtrees/re2/src/2023-1f/re2/dfa.cc", "re2::RunDfa", "re2/dfa.cc", "int x;\n\nchar* RunDfa(int n) {\n}\n"),
        "libc": Foreign("/build/glibc-ArtIv1/glibc-2.31/string/strdup.c", "strdup", "string/strdup.c", "int x;\n\nchar* strdup(const char* s) {\n}\n"),
    },
    JAVA: {
        "the standard library": Foreign("HashMap.java", "java.util.HashMap.resize", "emulation/java/util/HashMap.java", "package java.util;\nclass HashMap {\n  void resize() {\n  }\n}\n"),
        "the standard library by module": Foreign("java.base/java/util/ArrayList.java", "java.util.ArrayList.grow", "emulation/java/util/ArrayList.java", "package java.util;\nclass ArrayList {\n  void grow() {\n  }\n}\n"),
    },
}  # fmt: skip
KEPT = 5
"""Megabytes of every foreign function at first; each grows."""


@pytest.fixture(params=list(FOREIGN), ids=lambda caller: caller.file.rpartition(".")[2])
def caller(request: pytest.FixtureRequest) -> Caller:
    return request.param


@pytest.fixture
def folder(tmp_path: Path, caller: Caller) -> Path:
    """A workspace with a file like each foreign one, and its profiles."""
    cases = FOREIGN[caller].values()
    calls = [caller.line.format(number) for number in range(len(cases))]
    own = {caller.file: "\n".join([caller.first, *calls, "}"])}
    modules = {
        "go.mod": "module example.com/shop\n\ngo 1.24\n",
        "services/s3/go.mod": "module example.com/shop/services/s3\n",
    }
    packages = {"package.json": '{"name": "@x/web"}', "Cargo.toml": '[package]\nname = "shop"\n'}
    more = {GO: modules, NODE: packages, RUST: packages}.get(caller, {})
    write(tmp_path, own | {one.alike: one.text for one in cases} | more)
    for i in range(SNAPSHOTS):
        stacks = [
            f"{one.function}{f':{one.start}' if one.start else ''}@{one.recorded}:4 < {caller.function}@{tmp_path / caller.file}:{4 + n}"
            f" = {KEPT + 9 * i}x{MB}"
            for n, one in enumerate(cases)
        ]
        drop(tmp_path / f"profiles/{i}.pb.gz", heap(*stacks))
    return tmp_path


def test_it_stands_on_no_line_of_the_workspace(folder: Path, caller: Caller) -> None:
    known = world([str(folder)], [str(folder / "profiles")], {})
    placed = {name: known.sources.find(one.recorded) for name, one in FOREIGN[caller].items()}
    assert {name: one for name, one in placed.items() if getattr(one, "path", "").startswith(f"{folder}/")} == {}
    assert [known.file(str(folder / one.alike)) for one in FOREIGN[caller].values()] == [None] * len(placed)


def test_a_leak_is_named_where_the_users_own_code_calls(folder: Path, caller: Caller) -> None:
    arguments = ["leaks", str(folder / "profiles"), "--workspace", str(folder), "--json"]
    said = json.loads(CliRunner().invoke(main, arguments, catch_exceptions=False).stdout)["findings"]
    found = sorted((one["file"], one["line"], one["verdict"]) for one in said)
    assert found == [(str(folder / caller.file), 4 + n, "leak") for n in range(len(FOREIGN[caller]))]
