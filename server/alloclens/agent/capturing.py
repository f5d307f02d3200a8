"""Captures a profile on behalf of an agent: only from hosts that the user allowed, redirects included."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from alloclens.agent.pages import page
from alloclens.sources.address import endpoint
from alloclens.sources.capture import Plan, fault, take
from alloclens.sources.errors import CaptureError
from alloclens.sources.fetch import ANSWER_TIMEOUT_SECONDS
from alloclens.worker import SECONDS, Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OBSERVED_SECONDS = 300
"""How long a program may be observed for one profile: an agent waits for it."""


class CaptureAccess(NamedTuple):
    """From where an agent may capture: this machine, and these hosts."""

    hosts: frozenset[str] = frozenset()


def capture(url: str, directories: Sequence[str], access: CaptureAccess) -> str:
    """Capture once into the first profile directory that exists, else the first. Raises CaptureError and Lost."""
    into = next((Path(d) for d in (*filter(os.path.isdir, directories), *directories)), None)
    if into is None:
        raise CaptureError("there is no directory to capture into: name one in `profileDirs` in alloclens.toml")
    address = endpoint(url)
    if address.seconds > MAX_OBSERVED_SECONDS:
        raise CaptureError(f"{address}: at most {MAX_OBSERVED_SECONDS} seconds can be observed")
    plan = Plan((address,), address.beside, into, hosts=access.hosts)
    worker = Worker()  # of its own: a slow answer must not delay the reading of profiles
    try:
        taken = worker.run(take, plan, seconds=SECONDS + 2 * (ANSWER_TIMEOUT_SECONDS + address.seconds))
    except OSError as error:
        raise CaptureError(fault(error, into)) from error
    finally:
        worker.stop()
    return page({"from": str(address), "notes": taken.notes}, "written", [str(path) for path in taken.paths])
