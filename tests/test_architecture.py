"""What ARCHITECTURE.md and the settings promise, read out of the code."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import alloclens
import pytest

from scripts import settings

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "server" / "alloclens"
BASE = {
    "search_path": set(),
    "arrays": set(),
    "text": set(),
    "paths": set(),
    "printable": set(),
    "typed": set(),
    "expressions": set(),
    "processes": {"search_path"},
    "disk": {"paths"},
    "log": {"disk", "printable"},
    "time_limit": set(),
    "worker": {"disk", "log", "processes", "time_limit"},
    "walk": {"time_limit"},
    "faults": {"disk", "profile"},
}
"""The modules outside of rooms, and what each may import. Every room may import them."""
ROOMS = {
    "profile": set(),
    "transform": {"profile"},
    "stats": {"profile"},
    "tables": {"profile", "transform", "stats"},
    "languages": set(),
    "series": {"profile", "transform", "stats", "tables", "languages"},
    "source": {"languages"},
    "settings": {"languages", "source"},
    "cache": {"profile", "series", "source"},
    "symbols": {"profile", "transform", "languages", "source"},
    "workspace": {"profile", "tables", "series", "languages", "source", "settings", "cache", "symbols"},
    "sources": {"profile", "settings"},
    "session": {
        *("profile", "transform", "tables", "series", "languages", "source"),
        *("settings", "cache", "workspace", "symbols"),
    },
    "wording": {"profile", "transform", "stats", "tables", "languages", "series", "source", "session"},
    "check": {
        *("profile", "transform", "stats", "tables", "languages", "series", "source"),
        *("settings", "session", "wording"),
    },
    "lsp": {
        *("profile", "transform", "stats", "tables", "languages", "series", "source"),
        *("settings", "cache", "workspace", "sources", "session", "wording"),
    },
    "agent": {
        *("profile", "stats", "tables", "series", "source", "settings"),
        *("workspace", "sources", "session", "wording"),
    },
    "cli": {
        *("profile", "transform", "stats", "tables", "series", "source", "settings", "workspace", "symbols"),
        *("sources", "session", "wording", "check", "lsp", "agent"),
    },
}
"""The rooms, in an order in which each imports only from those above it."""
ONLY_IN = {
    "pygls": {"lsp"},
    "lsprotocol": {"lsp"},
    "click": {"cli"},
    "mcp": {"agent"},
    "pydantic": {"agent"},  # of the package mcp
    "watchdog": {"session"},
    "asyncio": {"session", "lsp"},
    "google": {"profile"},
    "wasmtime": {"profile"},
    "isal": {"profile"},
    "re2": {"expressions"},
    "regex": {"expressions"},
    "symbolic": {"symbols"},
    "tree_sitter": {"languages"},
    "sqlite3": {"cache"},
    "subprocess": {"processes", "worker", "sources.apart", "sources.targets"},  # the last three use its constants
    "pathspec": {"source"},
    "msgspec": {"profile", "settings", "cache", "typed", "lsp", "symbols", "sources", "check"},
    "tomlkit": {"settings"},
    "urllib.request": {"sources"},
    "h11": {"sources"},
    "socket": {"sources"},
    "ssl": {"sources"},
    "jinja2": {"cli.report"},
}
"""The rooms and modules that alone may import a package."""
MAX_FUNCTION_LINES = 60

OPENS_FILES = {
    "disk.py": {"open"},
    "profile/compiled.py": {"read_bytes"},  # of the package itself
    "languages/syntax.py": {"read_text"},  # of the package itself
    "cli/report.py": {"read_bytes"},  # of the package itself
    "cli/terminal.py": {"open"},  # the null device
    "check/outputs/help.py": {"read_text"},  # of the package itself
    "symbols/binaries.py": {"open"},  # symbolic opens by name, and is asked to after disk.open_file has
    "worker.py": {"open", "fdopen"},  # the null device, and the pipes it was started with
}
"""Who opens a file otherwise than by alloclens.disk, and why it may."""
OPENING = {
    "open",
    "open_file",
    "read_bytes",
    "read_text",
    "write_bytes",
    "write_text",
    "fdopen",
    "memmap",
    "fromfile",
    "mmap",
}
"""Functions and methods that open a file by its name."""


def modules() -> dict[str, Path]:
    """Return the modules of the package by their names below it; a package by its own."""
    each = {path.relative_to(SERVER).with_suffix(""): path for path in SERVER.rglob("*.py")}
    return {".".join(name.parts).removesuffix("__init__").rstrip("."): path for name, path in each.items()}


@cache
def parsed(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a module, its own first."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def imports(path: Path) -> frozenset[str]:
    """Return all that a module imports, also for types alone."""
    found: set[str] = set()
    for node in parsed(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


def test_imports_follow_the_table() -> None:
    """What a room or a module may import, and which packages it alone may. The order of the table leaves no circle of rooms."""
    order = list(ROOMS)
    assert {p.name for p in SERVER.iterdir() if (p / "__init__.py").exists()} == set(ROOMS)
    assert all(order.index(below) < order.index(room) for room, may in ROOMS.items() for below in may)
    wrong = []
    for name, path in modules().items():
        room = name.partition(".")[0]
        if room in {"", "__main__"}:
            continue
        may = BASE[room] if room in BASE else ROOMS[room] | set(BASE) | {room}
        for imported in imports(path):
            other = re.match(r"alloclens\.(\w+)", imported)
            if other and other[1] in {*ROOMS, *BASE} and other[1] not in may:
                wrong.append(f"{name} must not import {imported}")
            for package, rooms in ONLY_IN.items():
                if f"{imported}.".startswith(f"{package}.") and not {room, name} & rooms:
                    wrong.append(f"{name} must not import {imported}")
    assert wrong == []


def test_the_map_lists_every_room_and_module_in_the_order_of_imports() -> None:
    rooms = (
        (ROOT / "ARCHITECTURE.md")
        .read_text("utf-8")
        .partition("\n    server/alloclens/\n")[2]
        .partition("\n    vscode")[0]
    )
    lines = re.findall(r"^ {6}((?:\w+(?:\.py|/)(?:, )?)+)", rooms, re.MULTILINE)
    listed = [name for line in lines for name in re.findall(r"\w+", line.replace(".py", ""))]
    there = {p.stem for p in SERVER.iterdir() if p.name[0] not in "_." and (p.suffix == ".py" or p.is_dir())}
    assert sorted(listed) == sorted(there)
    may = {**BASE, **ROOMS}
    up = [(name, other) for name, of in may.items() for other in of if listed.index(other) > listed.index(name)]
    assert up == []


def test_who_knows_the_disk_and_the_clock() -> None:
    """Of the rooms from profile to source."""
    pure = list(ROOMS)[: list(ROOMS).index("source") + 1]
    inside = {name: path for name, path in modules().items() if name.partition(".")[0] in pure}
    known = {
        name: {one.removeprefix("alloclens.").partition(".")[0] for one in imports(path)}
        for name, path in inside.items()
    }
    impure = {
        "disk",
        "walk",
        "processes",
        "worker",
        "log",
        "tempfile",
        "shutil",
        "platformdirs",
        "subprocess",
        "time",
        "asyncio",
    }
    assert {name: of & impure for name, of in known.items() if of & impure} == {
        "profile.compiled": {"disk", "platformdirs"},
        "profile.formats.memray": {"tempfile", "worker"},
    }


def test_features_do_not_import_each_other() -> None:
    features = {name: path for name, path in modules().items() if name.startswith("lsp.features.")}
    assert len(features) > 10
    imported = {name: [one for one in imports(path) if ".lsp.features" in one] for name, path in features.items()}
    assert {name: found for name, found in imported.items() if found} == {}


def test_functions_are_short() -> None:
    each = [(name, node) for name, path in modules().items() for node in parsed(path)]
    functions = [(name, n) for name, n in each if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    long = [f"{name}.{n.name}" for name, n in functions if (n.end_lineno or 0) - n.lineno >= MAX_FUNCTION_LINES]
    assert long == []


def test_the_name_of_a_type_means_one_type() -> None:
    """Classes and aliases, at module level or for type checks alone."""
    defined: dict[str, list[str]] = {}
    for name, path in modules().items():
        for node in parsed(path):
            if isinstance(node, ast.ClassDef):
                defined.setdefault(node.name, []).append(name)
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                variable = re.match(r"(TypeVar|ParamSpec)\(", ast.unparse(node.value))
                if re.fullmatch(r"[A-Z]\w*[a-z]\w*", node.targets[0].id) and not variable:
                    defined.setdefault(node.targets[0].id, []).append(name)
    assert {name: places for name, places in defined.items() if len(places) > 1} == {}


def test_no_circles() -> None:
    """Modules import one another in one direction, also for types."""
    every = modules()
    uses: dict[str, set[str]] = {}
    for name, path in every.items():
        whole = {one.removeprefix("alloclens.") for one in imports(path) if one.startswith("alloclens")}
        uses[name] = {one if one in every else one.rpartition(".")[0] for one in whole} - {"", name}
    try:
        TopologicalSorter(uses).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def opened(path: Path) -> set[str]:
    """Return the functions and methods by which a module opens files, but those of alloclens.disk."""
    called = [node.func for node in parsed(path) if isinstance(node, ast.Call)]
    names = {f.id for f in called if isinstance(f, ast.Name)} - {"open_file"}
    return OPENING & (names | {f.attr for f in called if isinstance(f, ast.Attribute)})


@pytest.mark.slow
def test_files_are_opened_in_one_way() -> None:
    every = {str(p.relative_to(SERVER)): opened(p) for p in SERVER.rglob("*.py")}
    assert {name: found for name, found in every.items() if found} == OPENS_FILES


def test_links_are_followed_in_one_way() -> None:
    asked = {p for p in SERVER.rglob("*.py") if "realpath(" in p.read_text("utf-8")}
    may = {SERVER / "disk.py", SERVER / "search_path.py"}  # the latter may not import what disk does
    assert asked == may, "what no file can be called raises ValueError; ask alloclens.disk.real_path"


def outlets(path: Path) -> set[str]:
    """Return by what names a module writes to a terminal."""
    written = {ast.unparse(node) for node in parsed(path) if isinstance(node, (ast.Attribute, ast.Name))}
    return {name for name in written if re.fullmatch(r"print|(\w+\.)?s?echo|sys\.(__)?(stdout|stderr)(__)?", name)}


@pytest.mark.slow
def test_one_module_prints_and_one_logs() -> None:
    found = {str(path.relative_to(SERVER)) for path in SERVER.rglob("*.py") if outlets(path)}
    assert found <= {
        "cli/terminal.py",
        "log.py",
        "sources/apart.py",
        "symbols/symcache.py",
    }  # the last two answer a parent


def test_the_lists_of_settings_are_not_stale() -> None:
    assert settings.stale(ROOT) == [], "run make settings"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (settings.SCHEMA, '"largestProfile": {'),
        (settings.MANIFEST, '"alloclens.largestProfile": {'),
        (settings.PAGE, "| `alloclens.largestProfile` |"),
    ],
)
def test_an_edited_list_of_settings_is_stale(tmp_path: Path, name: str, text: str) -> None:
    for path in settings.outputs(ROOT):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    edited = tmp_path / name
    before = edited.read_text("utf-8")
    edited.write_text(before.replace(text, text.replace("largest", "small")), "utf-8")
    assert settings.stale(tmp_path) == [edited]
    assert settings.outputs(tmp_path)[edited] == before


def test_one_version() -> None:
    package = json.loads((ROOT / "vscode-client/package.json").read_text())
    project = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {package["version"], project[1]} == {alloclens.__version__}


def test_no_registry_in_the_lock_file() -> None:
    for lock in ("vscode-client/package-lock.json", "server/kernel/package-lock.json"):
        assert '"resolved"' not in (ROOT / lock).read_text()


@pytest.mark.slow
def test_no_generic_named_tuple() -> None:
    """Python 3.10 refuses to import one."""
    classes = [n for p in SERVER.rglob("*.py") for n in parsed(p) if isinstance(n, ast.ClassDef)]
    bases = {c.name: {ast.unparse(base).partition("[")[0] for base in c.bases} for c in classes}
    assert [name for name, of in bases.items() if of >= {"NamedTuple", "Generic"}] == []
