"""gopls, the server of Go, which editors run beside alloclens. Built where a Go of this machine can be."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from scripts.tools import TOOLS, go, say

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = "v0.20.0"
FOLDER = TOOLS / "gopls" / VERSION


def is_here() -> bool:
    """Return whether it is built, after trying to."""
    if (FOLDER / "gopls").exists():
        return True
    say(f"building gopls {VERSION} …")
    environment = os.environ | {"GOBIN": str(FOLDER)}
    install = [go(), "install", f"golang.org/x/tools/gopls@{VERSION}"]
    return subprocess.run(install, check=False, env=environment, stdout=sys.stderr).returncode == 0


def on_path(command: Sequence[str]) -> list[str]:
    """Return a command that runs another one which finds it."""
    return ["sh", "-c", 'PATH="$0:$PATH" exec "$@"', str(FOLDER), *command]
