"""A cluster of Kubernetes on this machine: its API, pods that serve their profiles, and a kubectl that asks and forwards."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.support.server import ProfileServer, profile_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pytest

NAMESPACE, CONTEXT = "shop", "prod"
PORT = 6060
KUBECTL = r"""#!{python} -IS
# Asks the API as the real one does, which has a tunnel through the API where this one connects to the pod itself.
import json, socket, sys, threading

command, *arguments = sys.argv[1:]
options = dict(argument[2:].split("=", 1) for argument in arguments if argument.startswith("--"))
if options["context"] != {context!r}:
    sys.exit('error: context "%s" does not exist' % options["context"])

def asked(path):
    with socket.create_connection({api!r}) as api, api.makefile("rb") as answer:
        api.sendall(b"GET /api/v1/namespaces/%b/pods%b HTTP/1.0\r\n\r\n" % (options["namespace"].encode(), path.encode()))
        head, _, body = answer.read().partition(b"\r\n\r\n")
    status, reason = head.decode().partition("\r\n")[0].split(" ", 2)[1:]
    if status == "401":
        print("E1130 02:03:04.5 12 memcache.go:265] Unauthorized", file=sys.stderr)
        sys.exit("error: You must be logged in to the server (Unauthorized)")
    if status != "200":
        sys.exit("Error from server (%s): %s" % (reason, body.decode()))
    return body.decode()

if command == "get":
    selectors = options["field-selector"], options.get("selector", "")
    print(asked("?fieldSelector=%s&labelSelector=%s" % tuple(text.replace("=", "%3D") for text in selectors)))
else:
    name = next(argument for argument in arguments if argument.startswith("pod/"))[4:]
    (port,) = [argument[1:] for argument in arguments if argument.startswith(":")]
    pod = json.loads(asked("/" + name))
    to = pod["metadata"]["annotations"][port].split(":")
    listener = socket.create_server(("127.0.0.1", 0))
    print("Forwarding from 127.0.0.1:%d -> %s" % (listener.getsockname()[1], port), flush=True)

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    while True:
        client = listener.accept()[0]
        try:
            pod = socket.create_connection((to[0], int(to[1])))
        except OSError as error:
            print("E1130 error forwarding port %s to pod: %s" % (port, error), file=sys.stderr)
            client.close()
            continue
        threading.Thread(target=pump, args=(client, pod), daemon=True).start()
        threading.Thread(target=pump, args=(pod, client), daemon=True).start()
"""


class Cluster:
    """One namespace with pods, each of which serves the profile that a test gives to its server."""

    def __init__(self, api: ProfileServer, pods: dict[str, ProfileServer]) -> None:
        self.api, self.pods = api, pods
        self.items = {name: self._pod(name) for name in pods}
        """What the API says of each pod."""
        api.answers = self._answer

    def _pod(self, name: str) -> dict[str, Any]:
        return {
            "metadata": {
                "name": name,
                "namespace": NAMESPACE,
                "labels": {"app": "api", "pod-template-hash": "7d9f"},
                "annotations": {str(PORT): urlsplit(self.pods[name].url).netloc},
                "ownerReferences": [{"kind": "ReplicaSet", "name": "shop-api-7d9f"}],
            },
            "spec": {
                "containers": [
                    {"name": "proxy", "image": "envoy:1.30"},
                    {
                        "name": "api",
                        "image": "registry.example:5000/shop/api:1.8.2@sha256:00",
                        "ports": [{"containerPort": PORT}],
                    },
                ]
            },
            "status": {"phase": "Running"},
        }

    def _answer(self, path: str, _body: bytes) -> bytes:
        parts = urlsplit(path)
        before, _, name = parts.path.partition(f"/api/v1/namespaces/{NAMESPACE}/pods")
        assert not before
        if name:
            return json.dumps(self.items[name[1:]]).encode()
        query = parse_qs(parts.query)
        assert query["fieldSelector"] == ["status.phase=Running"]
        wanted = dict(pair.split("=") for text in query.get("labelSelector", ()) for pair in text.split(","))
        items = [item for item in self.items.values() if wanted.items() <= item["metadata"]["labels"].items()]
        return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()


@contextlib.contextmanager
def cluster(pods: Sequence[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Run a cluster, whose kubectl is the only one on PATH."""
    with contextlib.ExitStack() as opened:
        api = opened.enter_context(profile_server())
        made = Cluster(api, {name: opened.enter_context(profile_server()) for name in pods})
        programs = folder / "programs"
        programs.mkdir()
        kubectl = programs / "kubectl"
        at = urlsplit(api.url)
        script = KUBECTL.format(python=os.path.realpath(sys.executable), api=(at.hostname, at.port), context=CONTEXT)
        kubectl.write_text(script)
        kubectl.chmod(0o755)
        monkeypatch.setenv("PATH", str(programs))
        yield made
