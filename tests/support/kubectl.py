"""Stand-ins for docker and kubectl on PATH, which answer as the real ones do."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

PODS = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "metadata": {"name": "api-7d9f", "namespace": "shop"},
            "spec": {
                "containers": [
                    {
                        "name": "api",
                        "ports": [
                            {"containerPort": 8080, "name": "http", "protocol": "TCP"},
                            {"containerPort": 6060, "name": "pprof", "protocol": "TCP"},
                            {"containerPort": 53, "protocol": "UDP"},
                        ],
                    },
                    {"name": "sidecar"},
                ]
            },
        }
    ],
}
KUBECTL = """#!{python}
import sys, time
if sys.argv[1] == "get":
    print({pods!r})
elif "pod/gone" in sys.argv:
    sys.exit('Error from server (NotFound): no such pod "gone"')
else:
    assert sys.argv[1:] == ["port-forward", "--namespace=shop", "pod/api-7d9f", ":6060"], sys.argv
    print("Forwarding from 127.0.0.1:{port} -> 6060", flush=True)
    print("Forwarding from [::1]:{port} -> 6060", flush=True)
    time.sleep(600)
"""
DOCKER = """#!{python}
import sys
assert sys.argv[1:] == ["ps", "--format={{{{json .}}}}"], sys.argv
print({lines!r})
"""


def with_kubectl(folder: Path, url: str) -> dict[str, str]:
    """Return an environment in which every pod's port leads to a server on this machine."""
    port = urlsplit(url).port
    return _with(folder, "kubectl", KUBECTL.format(python=sys.executable, pods=json.dumps(PODS), port=port))


def with_docker(folder: Path, *lines: str) -> dict[str, str]:
    """Return an environment in which `docker ps` prints these lines."""
    return _with(folder, "docker", DOCKER.format(python=sys.executable, lines="\n".join(lines)))


def _with(folder: Path, name: str, script: str) -> dict[str, str]:
    programs = folder / "programs"
    programs.mkdir()
    path = programs / name
    path.write_text(script)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return os.environ | {"PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
