"""Files as runtimes, bundlers and package managers lay them out: other people's, and one's own.

In most of these languages a function's name carries no package, so a file of somebody else may be called like one's own and have
functions called like those in it.
"""

from __future__ import annotations

from typing import NamedTuple

from alloclens.source.roots import Packages, Roots


def python(*functions: str) -> str:
    return "".join(f"def {name}():\n    pass\n\n\n" for name in functions)


def python_class(kind: str, *methods: str) -> str:
    return f"class {kind}:\n" + "".join(f"    def {name}(self):\n        pass\n\n" for name in methods)


def typescript(*functions: str) -> str:
    return "".join(f"export function {name}(): void {{\n}}\n\n" for name in functions)


def cpp(*functions: str) -> str:
    return "#include <vector>\n\n" + "".join(f"void {name}(int n) {{\n}}\n\n" for name in functions)


OWN = {
    "/w/main.py": python("handler", "create_app"),
    "/w/db.py": python("open_session", "close_session"),
    "/w/models.py": python_class("Base", "save"),
    "/w/orders/models.py": python_class("Order", "load", "total"),
    "/w/orders/cart.py": python("fill_cart"),
    "/w/orders/routes.py": python("list_orders", "add_order"),
    "/w/requests/models.py": python_class("Response", "json", "iter_content"),
    "/w/json/decoder.py": python_class("Decoder", "raw_decode"),
    "/w/api/deps/auth.py": python("current_user", "check_token"),
    "/w/numpy/core/multiarray.py": python("concatenate"),
    "/w/tools/report/build.py": python("collect", "render"),
    "/w/packages/web/package.json": '{"name": "@x/web"}',
    "/w/packages/web/src/main.ts": typescript("main", "render"),
    "/w/packages/web/src/cart.ts": typescript("addItem", "removeItem"),
    "/w/packages/web/src/store.ts": typescript("fillStore", "clearStore"),
    "/w/packages/ui/package.json": '{"name": "@x/ui"}',
    "/w/packages/ui/src/button.ts": typescript("drawButton"),
    "/w/packages/shop/package.json": '{"name": "shop"}',
    "/w/packages/shop/src/basket.ts": typescript("fillBasket"),
    "/w/lib/router.js": "function handle() {\n}\n",
    "/w/lib/client.js": "function query() {\n}\n",
    "/w/http/server.ts": typescript("listenAndServe"),
    "/w/src/util/fill.cc": cpp("fill"),
    "/w/src/format.cc": cpp("vformat"),
    "/w/src/core/engine.cc": cpp("turn_over"),
    "/w/src/core/wheel.cc": cpp("spin_up"),
    "/w/deps/lua/src/lapi.c": "void lua_newstate(int n) {\n}\n",
    "/w/Cargo.toml": '[workspace]\nmembers = ["rs"]\n',
    "/w/gen/src/table.rs": "pub fn fill_table() {\n}\n",
    "/w/rs/Cargo.toml": '[package]\nname = "shop-core"\n\n[dependencies]\nserde = "1"\n',
    "/w/rs/src/pool.rs": "pub fn take() {\n}\n",
    "/w/rs/src/queue/mod.rs": "pub fn push_back() {\n}\n",
    "/w/rs/src/bin/worker.rs": "fn work() {\n}\n",
    "/w/src/main/java/com/shop/util/Cache.java": "package com.shop.util;\nclass Cache {\n  void put() {\n  }\n}\n",
}
"""The user's own files. package.json and Cargo.toml are not asked for as source."""
ROOTS = Roots(
    folders=("/w",),
    packages=(
        Packages(r"node_modules/", "/w/node_modules"),
        Packages(r"(?:site|dist)-packages/", "/w/.venv/lib/python3.12/site-packages"),
    ),
)

Profile = dict[str, tuple[str, ...]]


class Layout(NamedTuple):
    """A recorded file with its functions, and others that the same profiles name."""

    recorded: str
    functions: tuple[str, ...]
    beside: Profile = {}  # noqa: RUF012 - never changed


MAIN, MODELS, RESPONSE = ("handler", "create_app"), ("Base.save",), ("Response.json", "Response.iter_content")
DECODER, FILL = ("Decoder.raw_decode",), ("fill",)
ANOTHER_SERVICE: Profile = {
    "/app/main.py": MAIN,
    "/app/db.py": ("open_session",),
    "/app/billing/invoice.py": ("Invoice.send",),
    "/app/billing/routes.py": ("list_invoices",),
}
A_TEMPLATE: Profile = {"/app/main.py": MAIN, "/app/index.py": ("index",), "/app/server.py": ("run", "handle")}
ALIKE = {
    "another service's main": Layout("/app/main.py", MAIN),
    "another service's main, beside its own files": Layout("/app/main.py", MAIN, ANOTHER_SERVICE),
    "another service's database, beside its own files": Layout("/app/db.py", ("open_session",), ANOTHER_SERVICE),
    "another service of one template": Layout("/app/main.py", MAIN, A_TEMPLATE),
    "another service, deployed by hand": Layout("/home/deploy/billing/orders/models.py", ("Order.load",)),
    "another function of Lambda": Layout("/var/task/main.py", ("handler",)),
    "another function of Google Cloud": Layout("/workspace/main.py", ("handler",)),
    "dependencies beside a Lambda function": Layout("/var/task/requests/models.py", RESPONSE),
    "Python's library, frozen": Layout("json/decoder.py", DECODER),
    "a library of Debian's, built with -ffile-prefix-map": Layout("./src/format.cc", ("fmt::v9::vformat",)),
    "a library's own bundle": Layout("webpack:///./lib/router.js", ("handle",)),
    "a package relative to sys.path": Layout("requests/models.py", RESPONSE),
    "a zipapp with its dependencies": Layout("/srv/billing.pyz/requests/models.py", RESPONSE),
    "webpack, another name": Layout("webpack://billing/./lib/router.js", ("handle",)),
    "webpack, another name, clean": Layout("webpack:/billing/lib/router.js", ("handle",)),
    "Vite, another checkout": Layout("/@fs/home/me/billing/lib/router.js", ("handle",)),
}
"""Files of other programs that nothing distinguishes from one's own: if they are placed, their lines are marked."""
FOREIGN = {
    # containers of several services, of which one is open
    "another service in its folder": Layout("/srv/billing/models.py", MODELS),
    # Lambda's layers and runtimes
    "a layer of Lambda": Layout("/opt/python/requests/models.py", RESPONSE),
    "a layer of Lambda, a file of its own": Layout("/opt/python/models.py", MODELS),
    "a layer of Lambda, by version": Layout("/opt/python/lib/python3.12/site-packages/requests/models.py", RESPONSE),
    "a layer of Lambda, Node": Layout("/opt/nodejs/node_modules/express/lib/router.js", ("handle",)),
    "a layer of Lambda, Node by version": Layout("/opt/nodejs/node20/node_modules/pg/lib/client.js", ("query",)),
    "Lambda's runtime": Layout("/var/runtime/json/decoder.py", DECODER),
    "Lambda's runtime, Node": Layout("/var/runtime/lib/router.js", ("handle",)),
    "Lambda's Python": Layout("/var/lang/lib/python3.12/json/decoder.py", DECODER),
    # Python
    "Python's library, in a zip": Layout("/usr/lib/python312.zip/json/decoder.py", DECODER),
    "Python's library, in PyInstaller's zip": Layout("/tmp/_MEI1a2b/base_library.zip/json/decoder.py", DECODER),
    "Python's library, Debian": Layout("/usr/lib/python3/json/decoder.py", DECODER),
    "Python's library, Red Hat": Layout("/usr/lib64/python3.9/json/decoder.py", DECODER),
    "Python's library, pyenv": Layout("/home/ci/.pyenv/versions/3.12.1/lib/python3.12/json/decoder.py", DECODER),
    "Python's library, Nix": Layout("/nix/store/4k6p1q-python3-3.11.6/lib/python3.11/json/decoder.py", DECODER),
    "Python's library, conda": Layout("/opt/conda/envs/prod/lib/python3.11/json/decoder.py", DECODER),
    "Python's library, conda on Windows": Layout(r"C:\ProgramData\Anaconda3\envs\prod\Lib\json\decoder.py", DECODER),
    "Python's library, GitHub's on Windows": Layout(
        r"C:\hostedtoolcache\windows\Python\3.12.1\x64\Lib\json\decoder.py", DECODER
    ),
    "Python's library, uv": Layout(
        r"C:\Users\ci\AppData\Roaming\uv\python\cpython-3.12.1-windows-x86_64-none\Lib\json\decoder.py", DECODER
    ),
    "a wheel of pex": Layout("/home/ci/.pex/installed_wheels/9f2c/requests-2.31.0-py3-none-any.whl/requests/models.py", RESPONSE),
    "an egg": Layout("/usr/lib/python/requests-2.3.egg/requests/models.py", RESPONSE),
    "shiv": Layout("/home/ci/.shiv/billing_3f/site-packages/requests/models.py", RESPONSE),
    "Debian's packages": Layout("/usr/lib/python3/dist-packages/requests/models.py", RESPONSE),
    "a virtual environment": Layout("/srv/app/.venv/lib/python3.11/site-packages/requests/models.py", RESPONSE),
    "conda's packages": Layout("/opt/conda/lib/python3.11/site-packages/numpy/core/multiarray.py", ("concatenate",)),
    "Nix's packages": Layout(
        "/nix/store/9z-python3.11-requests-2.31.0/lib/python3.11/site-packages/requests/models.py", RESPONSE
    ),
    # Node, Deno, bundlers
    "webpack, another package": Layout("webpack://@x/api/./src/main.ts", ("main", "render")),
    "webpack, another package, clean": Layout("webpack:/@x/api/src/main.ts", ("main", "render")),
    "webpack, another package of this workspace": Layout("webpack://@x/ui/./src/cart.ts", ("addItem",)),
    "Vite, a dependency": Layout("/@fs/srv/app/node_modules/express/lib/router.js", ("handle",)),
    "pnpm": Layout("/app/node_modules/.pnpm/express@4.18.2/node_modules/express/lib/router.js", ("handle",)),
    "pnpm's store": Layout("/home/ci/.local/share/pnpm/store/v3/tmp/node_modules/express/lib/router.js", ("handle",)),
    "yarn's zip": Layout("/app/.yarn/cache/express-npm-4.18.2-bb15ff.zip/node_modules/express/lib/router.js", ("handle",)),
    "yarn, unplugged": Layout("/app/.yarn/unplugged/pg-npm-8.11/node_modules/pg/lib/client.js", ("query",)),
    "bun's cache": Layout("/home/ci/.bun/install/cache/express@4.18.2/lib/router.js", ("handle",)),
    "Deno, a module by its address": Layout("https://deno.land/std@0.200.0/http/server.ts", ("listenAndServe",)),
    "Deno, its cache of npm": Layout(
        "/home/ci/.cache/deno/npm/registry.example/express/4.18.2/lib/router.js", ("handle",)
    ),
    # C and C++
    "third_party": Layout("../third_party/o/src/util/fill.cc", FILL),
    "third-party, Buck": Layout("/ci/fb/third-party/o/src/util/fill.cc", FILL),
    "3rdparty": Layout("/build/opencv/3rdparty/o/src/util/fill.cc", FILL),
    "external": Layout("/build/app/external/o/src/util/fill.cc", FILL),
    "Bazel's external": Layout("/home/ci/.cache/bazel/_bazel_ci/0a/execroot/_main/external/o~1.2/src/util/fill.cc", FILL),
    "Bazel's external, generated": Layout("bazel-out/k8-opt/bin/external/o/src/util/fill.cc", FILL),
    "deps": Layout("/ci/app/deps/o/src/util/fill.cc", FILL),
    "Meson's subprojects": Layout("../subprojects/o-1.2/src/util/fill.cc", FILL),
    "CMake's FetchContent": Layout("/app/build/_deps/fmt-src/src/format.cc", ("vformat",)),
    "CPM.cmake": Layout("/home/ci/.cache/CPM/fmt/8f1a/src/format.cc", ("vformat",)),
    "Conan": Layout("/home/ci/.conan/data/fmt/9.1.0/_/_/build/6557f1/src/format.cc", ("vformat",)),
    "Conan 2": Layout("/home/ci/.conan2/p/b/fmt1a2b3c/b/src/format.cc", ("vformat",)),
    "vcpkg": Layout("/opt/vcpkg/buildtrees/fmt/src/9.1.0-5f/src/format.cc", ("vformat",)),
    "vcpkg, by manifest": Layout("/app/vcpkg_installed/x64-linux/src/format.cc", ("vformat",)),
    # Rust and Java: their functions say it
    "another crate": Layout("/build/src/pool.rs", ("r2d2::pool::take", "<r2d2::Pool as core::fmt::Debug>::fmt")),
    "another crate, called like a directory here": Layout("/build/src/queue/mod.rs", ("queue::push_back",)),
    "another crate, relative": Layout("rs/src/pool.rs", ("r2d2::pool::take",)),
    "a jar of another package": Layout(
        "jar:file:/app/lib/guava-31.jar!/com/google/common/util/Cache.java", ("com.google.common.util.Cache.put",)
    ),
}  # fmt: skip
"""Files that are other people's, as their paths or their functions say."""

SERVICE: Profile = {
    "main.py": MAIN,
    "db.py": ("open_session", "<module>"),
    "orders/models.py": ("Order.load", "Order.total"),
    "orders/routes.py": ("list_orders",),
}
ORDERS: Profile = {"models.py": ("Order.load",), "routes.py": ("list_orders",), "cart.py": ("fill_cart",)}
WEB: Profile = {
    "src/main.ts": ("main", "render"),
    "src/cart.ts": ("addItem",),
    "src/store.ts": ("fillStore",),
    "node_modules/express/lib/router.js": ("handle",),
}
ENGINE: Profile = {
    "src/util/fill.cc": FILL,
    "src/core/engine.cc": ("turn_over",),
    "src/core/wheel.cc": ("spin_up",),
    "third_party/o/src/format.cc": ("vformat",),
}


def at(root: str, service: Profile) -> Profile:
    """Return what a program has in its directory, with what every program has elsewhere."""
    library = {"/usr/lib/python3.12/json/decoder.py": ("JSONDecoder.raw_decode",), "node:net": ("read",)}
    return {f"{root}/{path}": functions for path, functions in service.items()} | library


def windows(profile: Profile) -> Profile:
    return {path.replace("/", "\\"): functions for path, functions in profile.items()}


PROVEN = {
    "a service in a container": (at("/app", SERVICE), "/app", "/w"),
    "a service in a container, another directory": (at("/opt/billing/current", SERVICE), "/opt/billing/current", "/w"),
    "a service in Docker's usual place": (at("/usr/src/app", SERVICE), "/usr/src/app", "/w"),
    "a Lambda function": (at("/var/task", SERVICE), "/var/task", "/w"),
    "a zipapp": (at("/srv/shop.pyz", SERVICE), "/srv/shop.pyz", "/w"),
    "pex, its own code": (at("/home/ci/.pex/unzipped_pexes/3f2a", SERVICE), "/home/ci/.pex/unzipped_pexes/3f2a", "/w"),
    "PyInstaller": (at("/tmp/_MEI1a2b", SERVICE), "/tmp/_MEI1a2b", "/w"),
    "conda, a checkout within": (at("/opt/conda/src/shop", SERVICE), "/opt/conda/src/shop", "/w"),
    "Nix, a checkout": (at("/nix/store/9z-shop-1.2.0/share", SERVICE), "/nix/store/9z-shop-1.2.0/share", "/w"),
    "GitHub's runner": (at("/home/runner/work/shop/shop", SERVICE), "/home/runner/work/shop/shop", "/w"),
    "a home directory": (at("/home/alice/code/shop", SERVICE), "/home/alice/code/shop", "/w"),
    "Windows": (windows(at("D:/deploy/shop", SERVICE)), "D:/deploy/shop", "/w"),
    "one service of a monorepo": (at("/app/packages/web", WEB), "/app/packages/web", "/w/packages/web"),
    "one service of a monorepo in a container": (at("/app", WEB), "/app", "/w/packages/web"),
    "Next.js": (
        {f"webpack://_N_E/./{path}": functions for path, functions in WEB.items()}, "webpack://_N_E/.", "/w/packages/web",
    ),
    "Vite": (at("/@fs/home/ci/shop/packages/web", WEB), "/@fs/home/ci/shop/packages/web", "/w/packages/web"),
    "yarn's virtual folder": (
        at("/app/.yarn/__virtual__/web-virtual-1a/1/packages/web", WEB),
        "/app/.yarn/__virtual__/web-virtual-1a/1/packages/web",
        "/w/packages/web",
    ),
    "Bazel's sandbox": (at("/proc/self/cwd", ENGINE), "/proc/self/cwd", "/w"),
    "Bazel's execroot": (at("/b/execroot/_main", ENGINE), "/b/execroot/_main", "/w"),
    "CMake in a source package": (at("/build/reproducible-path/shop-1.2.0", ENGINE), "/build/reproducible-path/shop-1.2.0", "/w"),
    "Bazel, relative": (ENGINE, "src", "/w/src"),
    "Python, relative to sys.path": (
        {**{f"orders/{path}": functions for path, functions in ORDERS.items()}, "json/decoder.py": ("JSONDecoder.raw_decode",)},
        "orders", "/w/orders",
    ),
    "webpack, without a name": (
        {f"webpack:///./packages/web/{path}": functions for path, functions in WEB.items()},
        "webpack:///./packages/web", "/w/packages/web",
    ),
    "a build of Conan's user": (at("/home/conan/project", ENGINE), "/home/conan/project", "/w"),
}  # fmt: skip
"""Programs of one's own, the directory that each was in, and what that is here. All of their files are found, unmarked."""

FOUND = {
    # what names its package is sure
    "webpack": (Layout("webpack://@x/web/./src/main.ts", ("main",)), "/w/packages/web/src/main.ts", False),
    "webpack, clean": (Layout("webpack:/@x/web/src/cart.ts", ("addItem",)), "/w/packages/web/src/cart.ts", False),
    "webpack, a package beside": (
        Layout("webpack://@x/web/../ui/src/button.ts", ("drawButton",)), "/w/packages/ui/src/button.ts", False,
    ),
    "webpack, without a scope": (Layout("webpack://shop/./src/basket.ts", ("fillBasket",)), "/w/packages/shop/src/basket.ts", False),
    "webpack, without a scope, clean": (Layout("webpack:/shop/src/basket.ts", ("fillBasket",)), "/w/packages/shop/src/basket.ts", False),
    "a crate in a container": (Layout("/build/src/pool.rs", ("shop_core::pool::take",)), "/w/rs/src/pool.rs", False),
    "a file of no crate": (Layout("/build/gen/src/table.rs", ("generated::fill_table",)), "/w/gen/src/table.rs", True),
    "a program of a crate": (Layout("/build/src/bin/worker.rs", ("worker::work",)), "/w/rs/src/bin/worker.rs", False),
    "a crate, a method of another one's type": (
        Layout("/build/src/pool.rs", ("shop_core::pool::take", "<alloc::vec::Vec<T> as shop_core::Held>::drop")),
        "/w/rs/src/pool.rs", False,
    ),
    "a fat jar": (
        Layout("jar:file:/app/shop.jar!/com/shop/util/Cache.java", ("com.shop.util.Cache.put",)),
        "/w/src/main/java/com/shop/util/Cache.java", False,
    ),
    # one file alone is found, and marked
    "webpack, without a name": (Layout("webpack:///./lib/router.js", ("handle",)), "/w/lib/router.js", True),
    "a lone relative path": (Layout("src/core/wheel.cc", ("spin_up",)), "/w/src/core/wheel.cc", True),
    "a relative path of a script without functions": (Layout("tools/report/build.py", ("<module>",)), "/w/tools/report/build.py", True),
    "Next.js": (Layout("webpack://_N_E/./lib/router.js", ("handle",)), "/w/lib/router.js", True),
    "a lone file in a container": (Layout("/app/main.py", MAIN), "/w/main.py", True),
    "a lone file elsewhere": (Layout("/home/ci/shop/orders/models.py", ("Order.load",)), "/w/orders/models.py", True),
    "a lone file of Lambda": (Layout("/var/task/main.py", ("handler",)), "/w/main.py", True),
    "a package called like one of Python's library": (Layout("json/decoder.py", DECODER), "/w/json/decoder.py", True),
    "two files of a container": (
        Layout("/app/orders/models.py", ("Order.load",), {"/app/main.py": MAIN}), "/w/orders/models.py", True,
    ),
    "deps/ of Python": (Layout("/app/api/deps/auth.py", ("check_token",)), "/w/api/deps/auth.py", True),
    "deps/ that is kept here": (Layout("/ci/app/deps/lua/src/lapi.c", ("lua_newstate",)), "/w/deps/lua/src/lapi.c", True),
    "a browser's bundle, served here": (Layout("http://localhost:5173/lib/router.js", ("handle",)), "/w/lib/router.js", True),
    "a dependency called like it beside": (
        Layout("/app/orders/routes.py", ("add_order",), {"/app/.venv/lib/python3.12/site-packages/orders/routes.py": ("add_order",)}),
        "/w/orders/routes.py", True,
    ),
}  # fmt: skip
"""Files of one's own, where each is here, and whether it is marked, as nothing proves it."""
