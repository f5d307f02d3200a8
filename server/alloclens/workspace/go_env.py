"""Finds Go's directories on this machine, with `go env` or in the usual places."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from alloclens.disk import real, real_path
from alloclens.processes import output, program
from alloclens.workspace.files import text_of

WANTED = ("GOROOT", "GOMODCACHE", "GOPATH")
USUAL_GOROOTS = (
    "/usr/local/go",
    "/usr/lib/go",
    "/opt/homebrew/opt/go/libexec",
    "/usr/local/opt/go/libexec",
    "C:/Program Files/Go",
)
"""For editors started from a desktop, without the PATH of a shell."""
GO_TIMEOUT_SECONDS = 10


class GoEnv(NamedTuple):
    """Real paths; "" if there is no such directory."""

    root: str
    version: str
    """Version of `root`, such as go1.26.1."""
    module_cache: str
    sources: str
    """GOPATH/src, for programs built without modules."""


def go_env() -> GoEnv:
    """Return Go's directories, cached by environment."""
    return _go_env(*(os.environ.get(name, "") for name in (*WANTED, "PATH", "HOME")))


@lru_cache(4)
def _go_env(*environment: str) -> GoEnv:
    del environment
    answer = _asked()
    root = _first_directory(
        answer.get("GOROOT", ""), os.environ.get("GOROOT", ""), *_beside_go(), *USUAL_GOROOTS, inside="src/runtime"
    )
    path = (answer.get("GOPATH") or os.environ.get("GOPATH") or os.path.expanduser("~/go")).split(os.pathsep)[0]
    cache = _first_directory(
        answer.get("GOMODCACHE", ""), os.environ.get("GOMODCACHE", ""), str(Path(path, "pkg", "mod"))
    )
    version = (text_of(f"{root}/VERSION") or "").split() if root else []
    return GoEnv(root, version[0] if version else "", cache, _first_directory(str(Path(path, "src"))))


def _asked() -> dict[str, str]:
    """Run `go env` outside any module, where it might download another Go."""
    env = os.environ | {"GOTOOLCHAIN": "local", "GO111MODULE": "", "GOFLAGS": "", "GOWORK": "off"}
    answer = output("go", "env", "-json", *WANTED, env=env, seconds=GO_TIMEOUT_SECONDS)
    try:
        return dict(json.loads(answer or b"{}"))
    except ValueError:
        return {}


def _beside_go() -> list[str]:
    go = program("go")
    return [str(Path(real_path(go)).parent.parent)] if go else []


def _first_directory(*candidates: str, inside: str = "") -> str:
    return next((real(c) for c in candidates if c and os.path.isdir(f"{c}/{inside}")), "")
