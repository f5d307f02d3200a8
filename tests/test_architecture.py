"""What ARCHITECTURE.md and the settings promise, read out of the code."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import alloclens
import pytest

from scripts import settings

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "server" / "alloclens"
MAY_IMPORT = {
    "profile": set(),
    "analysis": {"profile"},
    "source": set(),
    "store": {"source", "analysis", "profile"},
    "capture": {"profile"},
    "wording": {"source", "analysis", "profile"},
    "lsp": {"store", "source", "analysis", "profile", "wording"},
    "cli": {"lsp", "store", "capture", "source", "analysis", "profile", "wording"},
}
ONLY_IN = {
    "pygls": {"lsp"},
    "lsprotocol": {"lsp"},
    "click": {"cli"},
    "watchdog": {"store"},
    "asyncio": {"store", "lsp"},
    "google": {"profile"},
    "wasmtime": {"profile"},
    "isal": {"profile"},
    "re2": {"analysis"},
    "symbolic": {"store"},
    "sqlite3": {"store"},
    "subprocess": {"store"},
    "pathspec": {"source"},
    "msgspec": {"store", "lsp"},
    "tomlkit": {"store"},
    "urllib.request": {"capture"},
    "h11": {"capture"},
    "socket": {"capture"},
    "ssl": {"capture"},
}
"""Who alone may import a module."""
OPENS_FILES = {
    "disk.py": {"open"},
    "profile/kernel.py": {"read_bytes"},  # of the package itself
    "cli/report.py": {"read_bytes"},  # of the package itself
    "cli/terminal.py": {"open"},  # the null device
    "symbols/binaries.py": {"open"},  # symbolic opens by name, and is asked to after disk.open_file has
    "cache/pages.py": {"write_text"},  # read-only files, one kept for each name: atomic by its own way
    "worker.py": {"open", "fdopen"},  # the null device, and the pipes it was started with
    "sources/files.py": {"open"},  # atomic by its own way
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


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules() -> list[Path]:
    return sorted(p for p in SERVER.rglob("*.py") if p.parent != SERVER and "_pb2" not in p.name)


def test_every_room_is_known() -> None:
    assert {p.name for p in SERVER.iterdir() if (p / "__init__.py").exists()} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SERVER)))
def test_imports_point_down(path: Path) -> None:
    room = path.relative_to(SERVER).parts[0]
    for name in imports(path):
        other = re.match(r"alloclens\.(\w+)", name)
        if other and other[1] in MAY_IMPORT and other[1] != room:
            assert other[1] in MAY_IMPORT[room], f"{room} must not import {name}"
        for package, rooms in ONLY_IN.items():
            if name == package or name.startswith(package + "."):
                assert room in rooms, f"{room} must not import {name}"


def opened(path: Path) -> set[str]:
    """Return the functions and methods by which a module opens files, but those of alloclens.disk."""
    tree = ast.parse(path.read_text("utf-8"))
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {f.id for f in called if isinstance(f, ast.Name)} - {"open_file"}
    return OPENING & (names | {f.attr for f in called if isinstance(f, ast.Attribute)})


def test_files_are_opened_in_one_way() -> None:
    every = {str(p.relative_to(SERVER)): opened(p) for p in SERVER.rglob("*.py")}
    assert {name: found for name, found in every.items() if found} == OPENS_FILES


def test_links_are_followed_in_one_way() -> None:
    asked = {p for p in SERVER.rglob("*.py") if "realpath(" in p.read_text("utf-8")}
    may = {SERVER / "disk.py", SERVER / "search_path.py"}  # the latter may not import what disk does
    assert asked == may, "what no file can be called raises ValueError; ask alloclens.disk.real_path"


def outlets(path: Path) -> set[str]:
    """Return by what names a module writes to a terminal."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    written = {ast.unparse(node) for node in nodes if isinstance(node, (ast.Attribute, ast.Name))}
    return {name for name in written if re.fullmatch(r"print|(\w+\.)?s?echo|sys\.(__)?(stdout|stderr)(__)?", name)}


def test_one_module_prints_and_one_logs() -> None:
    found = {str(path.relative_to(SERVER)) for path in SERVER.rglob("*.py") if outlets(path)}
    assert found <= {"cli/terminal.py", "log.py", "symbols/symcache.py"}  # the last: a helper answers its parent


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


def test_no_generic_named_tuple() -> None:
    """Python 3.10 refuses to import one."""
    classes = [
        n
        for p in SERVER.rglob("*.py")
        for n in ast.walk(ast.parse(p.read_text("utf-8")))
        if isinstance(n, ast.ClassDef)
    ]
    bases = {c.name: {ast.unparse(base).partition("[")[0] for base in c.bases} for c in classes}
    assert [name for name, of in bases.items() if of >= {"NamedTuple", "Generic"}] == []
