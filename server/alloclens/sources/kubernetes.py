"""Kubernetes: the running pods of a namespace, each of which serves its profile. kubectl lists and reaches them.

What a pod has is one snapshot, taken when it is asked.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from alloclens.processes import complaint, output
from alloclens.sources.access import NOBODY
from alloclens.sources.address import parsed, shortened
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import HINTS, Body, ask
from alloclens.sources.remote import Overview, RemoteListing, RemoteProcess, RemoteSnapshot, SourceType
from alloclens.sources.targets import PROGRAM_SECONDS, Forward, has_kubectl
from alloclens.typed import ready

if TYPE_CHECKING:
    from alloclens.sources.address import Address
    from alloclens.sources.remote import FetchSpan, Process, Remote

SERVICE = ("app.kubernetes.io/name", "app", "k8s-app")
"""The labels that name the service of a pod, the recommended one first."""
VERSION = ("app.kubernetes.io/version", "version")
"""The labels that name its version."""
HASH = "pod-template-hash"
"""The label with the end of a ReplicaSet's name, which its Deployment does not have."""
WHY = {
    "(Unauthorized)": "log in as for kubectl",
    "(Forbidden)": "the user needs `list` on pods and `create` on pods/portforward in this namespace",
    "context": "`kubectl config get-contexts` lists the contexts",
}
"""What to do about what kubectl says, by a word in it."""
PASSING = ("connect", "connection", "timeout", "Timeout", "(TooManyRequests)", "(ServiceUnavailable)")
"""Words with which kubectl says that it did not reach the cluster, or that the cluster is overloaded."""


@ready
class _Owner(msgspec.Struct):
    name: str = ""


@ready
class _Metadata(msgspec.Struct, rename="camel"):
    name: str = ""
    labels: dict[str, str] = {}
    owner_references: list[_Owner] = []


@ready
class _Port(msgspec.Struct, rename="camel"):
    container_port: int = 0


@ready
class _Container(msgspec.Struct):
    image: str = ""
    ports: list[_Port] = []


@ready
class _Spec(msgspec.Struct):
    containers: list[_Container] = []


@ready
class _Pod(msgspec.Struct):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    spec: _Spec = msgspec.field(default_factory=_Spec)


@ready
class _Pods(msgspec.Struct):
    items: list[_Pod]


def overview(remote: Remote) -> Overview:
    """Return how many pods run. Raises CaptureError."""
    pods = _pods(remote)
    services = sorted({_service(pod) for pod in pods})
    return Overview(f"{len(pods)} running pod{'s' * (len(pods) != 1)}", tuple(services))


def processes(remote: Remote, seconds: float) -> list[RemoteProcess]:
    """Return the running pods. Raises CaptureError."""
    del seconds
    at, now = remote.address, _now()
    found = [RemoteProcess(_process(pod, at), now, 0, 0) for pod in _pods(remote)]
    if not found:
        which = remote.source.select or "any label"
        raise CaptureError(f"{at} has no running pod with {which}: are `url`, `context` and `select` right?")
    return found


def snapshots(remote: Remote, wanted: FetchSpan, process: Process) -> RemoteListing:
    """Return the only snapshot of a pod, to be taken now."""
    del wanted
    at = remote.address
    return RemoteListing(
        (RemoteSnapshot(_now(), process, f"pod://{at.host}/{dict(process)['pod']}:{at.port}{at.path}", 0),), {}
    )


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot) -> list[bytes]:
    """Return the profile of a pod as it is now. Raises CaptureError."""
    del listing
    forward = Forward(snapshot.key, remote.source.context)
    try:
        address = parsed(forward.url)
        assert address
        hints = {**HINTS, 0: f"does a program in the pod serve profiles at port {remote.address.port}?"}
        return [ask(address, NOBODY, Body(None, ()), hints, snapshot.key).body]
    finally:
        forward.end()


def _pods(remote: Remote) -> list[_Pod]:
    """Return the running pods that the source selects. Raises CaptureError."""
    source = remote.source
    if not has_kubectl():
        raise CaptureError(f"{remote.address}: kubectl is not on PATH, and pods are reached through it")
    arguments = ["get", "pods", f"--namespace={remote.address.host}", "--field-selector=status.phase=Running"]
    arguments += [f"--context={source.context}"] if source.context else []
    arguments += [f"--selector={source.select}"] if source.select else []
    arguments += ["--output=json", "--request-timeout=8s"]
    listed = output("kubectl", *arguments, env=os.environ, seconds=PROGRAM_SECONDS)
    if listed is None:
        said = complaint("kubectl", *arguments, env=os.environ, seconds=PROGRAM_SECONDS, last=True)
        raise _problem(remote, said)
    try:
        return msgspec.json.decode(listed, type=_Pods).items
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CaptureError(f"{remote.address}: kubectl did not answer with a list of pods: {error}") from error


def _problem(remote: Remote, said: str) -> CaptureError:
    """Say why kubectl did not list the pods, and what to do about it."""
    if not said:
        return CaptureError(f"{remote.address}: kubectl did not answer in {PROGRAM_SECONDS:g} s", passing=True)
    hint = next((f" ({what})" for word, what in WHY.items() if word in said), "")
    passing = not hint and any(word in said for word in PASSING)
    return CaptureError(f"{remote.address}: kubectl cannot list pods: {shortened(said)}{hint}", passing=passing)


def _process(pod: _Pod, at: Address) -> Process:
    version = _version(pod, at.port)
    labels = ("service_name", _service(pod)), ("namespace", at.host), ("pod", pod.metadata.name)
    return (*labels, ("version", version)) if version else labels


def _service(pod: _Pod) -> str:
    of = pod.metadata
    owner = next((owner.name.removesuffix(f"-{of.labels.get(HASH)}") for owner in of.owner_references), of.name)
    return next((of.labels[label] for label in SERVICE if of.labels.get(label)), owner)


def _version(pod: _Pod, port: int) -> str:
    """Return the version that a label names, else the tag of the image of the container with a port, or of the first."""
    if told := next((pod.metadata.labels[label] for label in VERSION if pod.metadata.labels.get(label)), ""):
        return told
    containers = pod.spec.containers
    serving = [one for one in containers if any(of.container_port == port for of in one.ports)]
    image = next((one.image for one in (*serving, *containers)), "")
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]


def _now() -> int:
    return round(time.time() * 1000)


KUBERNETES = SourceType(overview, processes, snapshots, parts, live=True)
