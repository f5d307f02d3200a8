"""Asks a source in a process of its own: joining samples would delay what else Python does, and the process can be ended at any time.

It reads one Job as a line of JSON from standard input, and writes a JobReport as a line to standard output whenever it has got further.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal

import msgspec

from alloclens import processes
from alloclens.disk import reason
from alloclens.settings.settings import Source  # noqa: TC001 - msgspec reads the fields of a class
from alloclens.sources import collect
from alloclens.sources.errors import CaptureError
from alloclens.sources.remote import FetchSpan, Overview, RemoteProcess, remote
from alloclens.typed import ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from alloclens.processes import Child


@ready
class Job(msgspec.Struct, frozen=True):
    """What to ask."""

    what: Literal["overview", "processes", "collect"]
    source: Source
    folder: str
    """The workspace that has the source: real."""
    wanted: FetchSpan = FetchSpan(3600, 60)
    into: str = ""
    """The directory for what is collected."""


@ready
class JobReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far it is. A job has ended well when its last report is the one with `ended`."""

    note: str = ""
    """Something that the user should know."""
    done: int = 0
    """Processes of which all is fetched."""
    total: int = 0
    written: int = 0
    """New files."""
    overview: Overview | None = None
    processes: tuple[RemoteProcess, ...] = ()
    ended: bool = False
    error: str = ""
    """Why it failed, for the user."""


class Asking:
    """A job that runs."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._is_ended = False

    def run(self, job: Job, hear: Callable[[JobReport], None]) -> None:
        """Run a job and hear its reports, until it is over or `end` was called. Raises CaptureError if it fails."""
        try:
            self._child = child = processes.start(processes.python(serve), stdin=subprocess.PIPE)
        except OSError as error:
            raise CaptureError(f"no process can be started to ask {job.source.name}: {reason(error)}") from error
        assert child.stdin
        assert child.stdout
        last = JobReport()
        try:
            with suppress(OSError, ValueError):  # ended meanwhile
                child.stdin.write(msgspec.json.encode(job) + b"\n")
                child.stdin.close()
                for line in child.stdout:
                    last = msgspec.json.decode(line, type=JobReport)
                    hear(last)
        finally:
            processes.end(child)
        if self._is_ended:
            raise CaptureError(STOPPED)
        if not last.ended:
            raise CaptureError(last.error or f"the process that asks {job.source.name} has ended; the log may say why")

    def end(self) -> None:
        """End it. Safe from any thread."""
        self._is_ended = True
        if self._child:
            self._child.kill()


STOPPED = "it was stopped; what was fetched before stays"


def serve() -> None:
    """Run the job of standard input."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    out, lock = sys.stdout.buffer, Lock()

    def say(report: JobReport) -> None:
        with lock:
            out.write(msgspec.json.encode(report) + b"\n")
            out.flush()

    try:
        say(msgspec.structs.replace(_result(job, say), ended=True))
    except CaptureError as error:
        say(JobReport(error=str(error)))
    except OSError as error:
        say(JobReport(error=f"{error.filename or job.into}: {reason(error)}"))


def _result(job: Job, say: Callable[[JobReport], None]) -> JobReport:
    """Run a job, and return its last report. Raises CaptureError or OSError."""
    made, span = remote(job.source, job.folder), job.wanted

    def tell(note: str) -> None:
        say(JobReport(note=note))

    if job.what == "overview":
        return JobReport(overview=collect.overview(made))
    if job.what == "processes":
        return JobReport(processes=tuple(collect.processes(made, span.seconds, tell)))
    done, total, files = 0, 0, list[Path]()

    def progress(now: int, of: int) -> None:
        nonlocal done, total
        done, total = now, of
        say(JobReport(done=done, total=total, written=len(files)))

    def written(path: Path) -> None:
        files.append(path)
        say(JobReport(done=done, total=total, written=len(files)))

    into = Path(job.into)
    collect.collect(made, span, into, collect.Watch(written, tell, progress))
    collect.trim(into.parent, tell)
    return JobReport(done=done, total=total, written=len(files))
