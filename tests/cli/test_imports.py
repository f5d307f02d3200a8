"""What a command imports: half of the time of a small one."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alloclens.cli import COMMANDS
from alloclens.profile import formats

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

SLOW = (
    *(
        "numpy.ma",
        "pygls",
        "jinja2",
        "tomlkit",
        "tree_sitter",
        "google.protobuf.json_format",
        *(f"alloclens.profile.formats.{name}" for name in formats.FORMATS if name not in ("proto", "goroutine_dump")),
        "regex",
        "http.client",
        "sqlite3",
        "asyncio",
    ),
    *("alloclens.settings.config_text", "alloclens.settings.settings", "alloclens.workspace.workspace"),
    *("alloclens.workspace.git", "tomllib", "subprocess", "msgspec", "importlib.resources"),
    *("alloclens.series", "alloclens.cache", "alloclens.session.reading", "alloclens.lsp"),
)


@pytest.mark.programs
def test_top_imports_nothing_slow_that_it_does_not_need(tmp_path: Path) -> None:
    """Modules are also imported by functions that are called, such as numpy.ma by numpy.unique."""
    file = drop(tmp_path / "a.pb.gz", heap("main.f@/w/main.go:3 = 3x1024"))
    code = (
        f"import sys; from alloclens.cli import main\ntry: main(['top', {str(file)!r}])\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=tmp_path)
    imported = done.stdout.split()
    assert "numpy" in imported
    assert [name for name in SLOW if name in imported] == []


@pytest.mark.programs
@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_version_and_the_help_are_printed_without_the_engine(option: str) -> None:
    code = f"import sys; from alloclens.cli import main\ntry: main([{option!r}])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    ours = {name for name in done.stdout.split() if name.startswith("alloclens.")}
    assert ours == {"alloclens.cli", "alloclens.cli.terminal", "alloclens.printable"}


@pytest.mark.programs
def test_garbage_is_looked_for_only_after_the_imports(tmp_path: Path) -> None:
    """The modules, which are no garbage, are never looked at again."""
    file = drop(tmp_path / "a.pb.gz", heap("main.f@/w/main.go:3 = 3x1024"))
    code = (
        f"import gc, sys; from alloclens.__main__ import main; sys.argv = ['alloclens', 'top', {str(file)!r}]\n"
        "try: main()\nfinally: print(gc.isenabled(), gc.get_freeze_count())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=tmp_path)
    enabled, frozen = done.stdout.split()[-2:]
    assert enabled == "True"
    assert int(frozen) > 10_000


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_lists_what_a_command_says_of_itself(name: str) -> None:
    command = importlib.import_module(f"alloclens.cli.{name}").command
    assert " ".join((command.help or "").partition("\n\n")[0].split()) == COMMANDS[name]
