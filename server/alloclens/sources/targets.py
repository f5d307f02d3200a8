"""Finds programs that serve profiles: on this machine, in containers, and in pods of Kubernetes.

A pod is named by an address of our own, `pod://NAMESPACE/NAME:PORT`, and reached through `kubectl port-forward`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

import h11

from alloclens import processes
from alloclens.paths import name_of
from alloclens.printable import printable
from alloclens.processes import complaint, output, program
from alloclens.sources.access import NOBODY
from alloclens.sources.address import DEFAULT_PORT, INDEX, Address, parsed
from alloclens.sources.errors import CaptureError
from alloclens.sources.own_ports import own_ports
from alloclens.sources.request import Deadline, TooLargeError, in_time, send

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROBE_SECONDS = 1.5
PROGRAM_SECONDS = 10.0
FORWARD_SECONDS = 20.0
"""Until `kubectl port-forward` listens."""
MAX_TARGETS = 100
MAX_PROBED = 64
MAX_INDEX_BYTES = 1 << 20
NAME = re.compile(r"[\w .+@-]{1,40}")
"""The name of a program, to be read in a narrow list; a page of HTML is none."""
THREADS = 16
PUBLISHED = re.compile(r"(?:[\d.]+|\[[\da-f:]*\]):(\d+)->\d+/tcp")
"""A published port in `docker ps`: 0.0.0.0:8080->6060/tcp."""
POD = re.compile(r"pod://([a-z0-9][a-z0-9-]*)/([a-z0-9][a-z0-9.-]*):(\d{1,5})(/.*)?")
"""Groups: namespace, name, port and path. Nothing in it can be taken for an option."""
FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+) ->")


class Endpoint(NamedTuple):
    """A program that serves profiles, or a pod that may."""

    url: str
    name: str
    detail: str


class Pods(NamedTuple):
    """The running pods with ports, and why there are none."""

    targets: list[Endpoint]
    problem: str


def has_kubectl() -> bool:
    """Return whether pods can be listed."""
    return program("kubectl") is not None


def on_this_machine(folders: Iterable[str] = ()) -> list[Endpoint]:
    """Return the programs that serve profiles, those first whose port the Go code in some folders names.

    The others answer at net/http/pprof's usual port, or at a published port of a container.
    """
    own = [_local(port, f", as {printable(name_of(path))} says") for port, path in own_ports(folders).items()]
    by_url: dict[str, Endpoint] = {}
    for target in [*own, _local(DEFAULT_PORT), *_containers()]:
        by_url.setdefault(target.url, target)
    candidates = list(by_url.values())[:MAX_PROBED]
    with ThreadPoolExecutor(THREADS) as threads:
        return list(filter(None, threads.map(_serving, candidates)))


def _local(port: int, why: str = "") -> Endpoint:
    return Endpoint(f"http://localhost:{port}", f"localhost:{port}", f"on this machine{why}")


def pods() -> Pods:
    """Return the running pods of all namespaces that the user may list, else of the current one."""
    arguments = ("get", "pods", "--field-selector=status.phase=Running", "--output=json", "--request-timeout=8s")
    for scope in (("--all-namespaces",), ()):
        if (listed := _output("kubectl", *arguments, *scope)) is not None:
            with suppress(ValueError, LookupError, TypeError, AttributeError):
                return Pods(list(_pods(json.loads(listed)["items"]))[:MAX_TARGETS], "")
            return Pods([], "kubectl did not answer with a list of pods")
    why = complaint("kubectl", *arguments, env=os.environ, seconds=PROGRAM_SECONDS, last=True)
    return Pods([], f"kubectl cannot list pods: {why}" if why else f"kubectl did not answer in {PROGRAM_SECONDS:g} s")


class Forward:
    """A running `kubectl port-forward` to a pod."""

    def __init__(self, url: str, context: str = "") -> None:
        """Start it and wait until it listens. `context` is one of kubectl's, "" for the current. Raises CaptureError."""
        match = POD.fullmatch(url)
        if not match:
            raise CaptureError(f"{url} is not the address of a pod; use one like pod://default/api-7d9f:6060")
        namespace, name, port, path = match.groups()
        kubectl = program("kubectl")
        if kubectl is None:
            raise CaptureError("kubectl is not on PATH, and a pod is reached through it")
        chosen = [f"--context={context}"] if context else []
        command = [kubectl, "port-forward", *chosen, f"--namespace={namespace}", f"pod/{name}", f":{port}"]
        try:
            self._child = processes.start(command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        except OSError as error:
            raise CaptureError(f"kubectl cannot be started: {error.strerror}") from error
        output: list[str] = []
        listening = threading.Thread(target=self._listen, args=(output,), name="port-forward", daemon=True)
        listening.start()
        listening.join(FORWARD_SECONDS)
        if not (match := FORWARDING.match(output[-1]) if output else None):
            self.end()
            why = output[-1] if output else f"no answer in {FORWARD_SECONDS:g} s"
            raise CaptureError(f"kubectl port-forward to {name}: {why}", passing=True)
        self.url = f"http://127.0.0.1:{match[1]}{path or ''}"

    @property
    def runs(self) -> bool:
        """Whether it has not ended by itself, as it does when its pod ends."""
        return self._child.poll() is None

    def end(self) -> None:
        """End it."""
        processes.end(self._child)

    def _listen(self, output: list[str]) -> None:
        """Take the lines until one says where it listens; the few that follow fit into the pipe's buffer."""
        assert self._child.stdout
        with suppress(ValueError, OSError):  # closed by `end`
            for line in self._child.stdout:
                output.append(line.decode("utf-8", "replace").strip())
                if FORWARDING.match(output[-1]):
                    return


def is_pod(url: str) -> bool:
    """Return whether a URL names a pod."""
    return url.startswith("pod://")


def _containers() -> Iterator[Endpoint]:
    """Yield the published ports of Docker's running containers."""
    for line in (_output("docker", "ps", "--format={{json .}}") or b"").splitlines():
        with suppress(ValueError, LookupError, TypeError, AttributeError):
            container = json.loads(line)
            for port in dict.fromkeys(PUBLISHED.findall(container["Ports"])):
                detail = f"container of the image {container['Image']}, port {port}"
                yield Endpoint(f"http://localhost:{port}", str(container["Names"]), detail)


def _pods(items: Iterable[Any]) -> Iterator[Endpoint]:
    """Yield the TCP ports of pods, those that are named after pprof first."""
    ranked = []
    for item in items:
        namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
        for container in item["spec"]["containers"]:
            for port in container.get("ports", ()):
                number, called = port["containerPort"], str(port.get("name", ""))
                url = f"pod://{namespace}/{name}:{number}"
                if port.get("protocol", "TCP") == "TCP" and POD.fullmatch(url):
                    is_likely = number == DEFAULT_PORT or "pprof" in called or "debug" in called
                    detail = f"pod in {namespace}, port {number}{f' ({called})' if called else ''}"
                    ranked.append((not is_likely, Endpoint(url, name, detail)))
    yield from (target for _, target in sorted(ranked))


def _output(name: str, *arguments: str) -> bytes | None:
    return output(name, *arguments, env=os.environ, seconds=PROGRAM_SECONDS)


def _serving(target: Endpoint) -> Endpoint | None:
    """Return an endpoint with the name of its program, if it tells; None if net/http/pprof's index does not answer there."""
    address = parsed(target.url)
    assert address
    if b"heap" not in (_answer(address._replace(path=f"{INDEX}/")) or b""):
        return None
    named = _program(_answer(address._replace(path=f"{INDEX}/cmdline")) or b"")
    return target._replace(detail=f"{named}, {target.detail}") if named else target


def _program(command: bytes) -> str:
    """Return the name of a program from its command line, whose other words may hold secrets; "" if it is none."""
    name = name_of(command.partition(b"\0")[0].decode(errors="replace"))
    return name if NAME.fullmatch(name) else ""


def _answer(address: Address) -> bytes | None:
    """Return what is served at an address; None if nothing is."""
    deadline = Deadline(PROBE_SECONDS)
    headers = ("Host", address.authority), ("User-Agent", "alloclens"), ("Connection", "close")

    def ask() -> bytes | None:
        answer = send(address, headers, None, NOBODY.context, deadline, MAX_INDEX_BYTES)
        return answer.body if answer.status == HTTPStatus.OK else None

    try:
        return in_time(deadline, ask)
    except (OSError, h11.ProtocolError, TooLargeError):
        return None
