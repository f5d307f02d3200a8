"""What a command imports: half of the time of a small one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.profiles import drop, heap

if TYPE_CHECKING:
    from pathlib import Path

SLOW = ("numpy.ma", "pygls", "jinja2", "tomlkit", "google.protobuf.json_format")


@pytest.mark.programs
def test_top_imports_nothing_slow_that_it_does_not_need(tmp_path: Path) -> None:
    """Modules are also imported by functions that are called, such as numpy.ma by numpy.unique."""
    file = drop(tmp_path / "a.pb.gz", heap("main.f@/w/main.go:3 = 3x1024"))
    code = (
        f"import sys; from alloclens.cli import main\ntry: main(['top', {str(file)!r}])\nfinally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    imported = done.stdout.split()
    assert "numpy" in imported
    assert [name for name in SLOW if name in imported] == []


@pytest.mark.programs
def test_the_version_is_printed_without_the_engine() -> None:
    code = "import sys; from alloclens.cli import main\ntry: main(['--version'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    ours = {name for name in done.stdout.split() if name.startswith("alloclens.")}
    assert ours == {"alloclens.cli", "alloclens.cli.terminal", "alloclens.printable"}
