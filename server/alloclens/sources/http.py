"""A process that serves its profile, as Go's net/http/pprof does: what it has is one snapshot, taken when it is asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from alloclens.profile.errors import Malformed
from alloclens.profile.formats import read
from alloclens.profile.sample_types import allocates
from alloclens.sources.remote import Overview, RemoteListing, RemoteProcess, RemoteSnapshot, SourceType

if TYPE_CHECKING:
    from alloclens.sources.remote import FetchSpan, Process, Remote


def overview(remote: Remote) -> Overview:
    """Return what the process answers. Raises CaptureError and ProfileError."""
    return Overview(", ".join(kind.type for kind in read(remote.get("", {}).body).sample_types))


def processes(remote: Remote, seconds: float) -> list[RemoteProcess]:
    """Return the process, without asking it."""
    del seconds
    labels = (("service_name", remote.source.name), ("instance", remote.address.host))
    return [RemoteProcess(labels, _now(), 0, 0)]


def snapshots(remote: Remote, wanted: FetchSpan, process: Process) -> RemoteListing:
    """Return the only snapshot there is, to be taken now."""
    del remote, wanted
    return RemoteListing((RemoteSnapshot(_now(), process, "", 0),), {})


def parts(remote: Remote, listing: RemoteListing, snapshot: RemoteSnapshot) -> list[bytes]:
    """Return the heap as it is now. Raises CaptureError, and ProfileError if it is none."""
    del listing, snapshot
    data = remote.get("", {}).body
    types = [kind.type for kind in read(data).sample_types]
    if not any(map(allocates, types)):
        raise Malformed(f"it has {', '.join(types)}, and no heap: does the URL name one?")
    return [data]


def _now() -> int:
    return round(time.time() * 1000)


HTTP = SourceType(overview, processes, snapshots, parts, live=True)
