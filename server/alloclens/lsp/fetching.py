"""Fetches snapshots from profile servers and buckets, each in a process of its own that can be stopped."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from msgspec.structs import replace

from alloclens.lsp.protocol import SourceState
from alloclens.printable import printable
from alloclens.sources.apart import STOPPED, Asking, Job, JobReport
from alloclens.sources.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

MAX_NOTES = 10
BUSY = "snapshots are being fetched from it already"


class Fetching:
    """What is fetched in a session. Only the event loop may use it."""

    def __init__(self) -> None:
        self.states: dict[str, SourceState] = {}
        """Of each source that was fetched from, by its name."""
        self.on_change: Callable[[SourceState | None, SourceState], None] = lambda _before, _now: None
        self._running: dict[str, Asking] = {}
        self._others: set[Asking] = set()
        """Those that only ask what there is."""

    @property
    def problems(self) -> list[str]:
        """Why sources could not be fetched from the last time."""
        return [f"{state.name}: {state.error}" for state in self.states.values() if state.error]

    async def ask(self, job: Job) -> JobReport:
        """Return the last report of a job that only asks what there is. Raises CaptureError."""
        reports: list[JobReport] = []
        asking = Asking()
        self._others.add(asking)
        try:
            await _run(asking, job, reports.append)
        finally:
            self._others.discard(asking)
        return reports[-1]

    async def fetch(self, job: Job, show: Callable[[SourceState], None]) -> str | None:
        """Run a job that fetches, and show how far it is; return the error if it fails."""
        name, error = job.source.name, ""
        if name in self._running:
            return BUSY
        asking = self._running[name] = Asking()
        self._say(SourceState(name, running=True, done=0, total=0, written=0, error="", notes=()))

        def hear(report: JobReport) -> None:
            if report.note:
                log.info("%s: %s", name, report.note)
                self._note(name, printable(report.note))
            elif not report.error:
                self._say(replace(self.states[name], done=report.done, total=report.total, written=report.written))
                show(self.states[name])

        try:
            await _run(asking, job, hear)
        except CaptureError as failed:
            error = printable(str(failed))
        finally:
            del self._running[name]
        if error and error != STOPPED:
            log.warning("%s: %s", name, error)
        self._say(replace(self.states[name], running=False, error="" if error == STOPPED else error))
        return error or None

    def stop(self, name: str) -> None:
        """Stop fetching from a source."""
        if asking := self._running.get(name):
            asking.end()

    def stop_all(self) -> None:
        """Stop whatever is asked."""
        for asking in (*self._running.values(), *self._others):
            asking.end()

    def _note(self, name: str, note: str) -> None:
        """Keep the first notes of a fetch, each once; all are in the log."""
        state = self.states[name]
        if note not in state.notes and len(state.notes) < MAX_NOTES:
            self._say(replace(state, notes=(*state.notes, note)))

    def _say(self, state: SourceState) -> None:
        before, self.states[state.name] = self.states.get(state.name), state
        self.on_change(before, state)


async def _run(asking: Asking, job: Job, hear: Callable[[JobReport], None]) -> None:
    """Run a job in a thread, and hear its reports here. Raises CaptureError."""
    loop = asyncio.get_running_loop()

    def heard(report: JobReport) -> None:
        loop.call_soon_threadsafe(hear, report)

    try:
        await asyncio.to_thread(asking.run, job, heard)
    except asyncio.CancelledError:  # of the request
        asking.end()
        raise
    await asyncio.sleep(0)  # what was heard last
