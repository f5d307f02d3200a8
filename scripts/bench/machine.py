"""What the numbers were measured on, without the name of the machine."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from scripts import tools
from scripts.bench.prepare import GOPPROF


def machine() -> dict[str, str]:
    """Return its parts by their names."""
    return {
        "CPU": f"{_model()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "numpy": version("numpy"),
        "Go": _go(),
        "google/pprof": _module(),
    }


def _model() -> str:
    """Return the processor's model as the system calls it."""
    info = Path("/proc/cpuinfo")
    match = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return " ".join(match[1].split()) if match else platform.processor() or "unknown"


def _go() -> str:
    done = subprocess.run([tools.go(), "env", "GOVERSION"], check=True, capture_output=True, text=True)
    return done.stdout.strip().removeprefix("go")


def _module() -> str:
    """Return the date in the version of the module our own program is built on."""
    match = re.search(r"github\.com/google/pprof v\S*?-(\d{4})(\d\d)(\d\d)", (GOPPROF / "go.mod").read_text())
    return "-".join(match.groups()) if match else "unknown"
